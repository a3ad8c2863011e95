package web

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/lang"
	"yunwei/roster"
)

// dutyDesk is what the pages ask of the desk about rosters and the duty book.
type dutyDesk interface {
	MayDuty(by desk.Caller, task roster.Task) error
	DutyPeople(by desk.Caller) []defect.Person
	DutyPerson(by desk.Caller, who string) (username string, known bool)
	Calendars(ctx context.Context, by desk.Caller) []calendar.Calendar

	Rosters(ctx context.Context, by desk.Caller, after string, limit int) (list []roster.Roster, next string, err error)
	Roster(ctx context.Context, by desk.Caller, name string, version int) (roster.Roster, error)
	RosterVersions(ctx context.Context, by desk.Caller, name string, before, limit int) (list []desk.RosterVersion, more bool, err error)
	SaveRoster(ctx context.Context, by desk.Caller, name string, plan roster.Plan, version int, reason string) (roster.Roster, []roster.Finding, error)
	RenewRoster(ctx context.Context, by desk.Caller, name, reason string) (roster.Roster, []roster.Finding, error)
	ImportRoster(ctx context.Context, by desk.Caller, name string, body io.Reader, reason string) (roster.Roster, []roster.Finding, error)
	ExportRoster(ctx context.Context, by desk.Caller, name string, weeks int, english bool) ([]byte, error)
	RosterFindings(ctx context.Context, by desk.Caller, name string, weeks int) ([]roster.Finding, error)

	OnDuty(ctx context.Context, by desk.Caller, at time.Time) ([]roster.Assignment, error)
	DutyBetween(ctx context.Context, by desk.Caller, name string, from, to time.Time) ([]roster.Assignment, error)

	AddOverride(ctx context.Context, by desk.Caller, name string, o roster.Override) (roster.Override, error)
	MayCancelOverride(by desk.Caller, o roster.Override) error
	CancelOverride(ctx context.Context, by desk.Caller, name, id string) error
	Overrides(ctx context.Context, by desk.Caller, name, after string, limit int) (list []roster.Override, next string, err error)
	AskSwap(ctx context.Context, by desk.Caller, name string, w roster.Swap) (roster.Swap, error)
	MayAnswerSwap(by desk.Caller, w roster.Swap) error
	AnswerSwap(ctx context.Context, by desk.Caller, name, id string, agree bool) (roster.Swap, error)
	MayCancelSwap(by desk.Caller, w roster.Swap) error
	CancelSwap(ctx context.Context, by desk.Caller, name, id string) error
	Swaps(ctx context.Context, by desk.Caller, name, after string, limit int) (list []roster.Swap, next string, err error)

	SignOnDuty(ctx context.Context, by desk.Caller, name, shift, note string) (roster.Presence, error)
	SignOffDuty(ctx context.Context, by desk.Caller, note string) (roster.Presence, error)
	Presences(ctx context.Context, by desk.Caller, f desk.PresenceFilter, after string, limit int) (list []roster.Presence, next string, err error)
	WriteLog(ctx context.Context, by desk.Caller, e roster.LogEntry) (roster.LogEntry, error)
	DutyLog(ctx context.Context, by desk.Caller, name string, from, to time.Time, after string, limit int) (list []roster.LogEntry, next string, err error)
	HandOver(ctx context.Context, by desk.Caller, h roster.HandOver) (roster.HandOver, error)
	MayAcknowledge(by desk.Caller, h roster.HandOver) error
	AcknowledgeHandOver(ctx context.Context, by desk.Caller, id, remark string) (roster.HandOver, error)
	HandOvers(ctx context.Context, by desk.Caller, name string, pending bool, after string, limit int) (list []roster.HandOver, next string, err error)
}

const (
	dutyPath      = "/duty"
	newRosterPath = "/rosters/new" // no roster can be called like a page there
	// rostersShown is how many rosters the page of duty has, each of which is asked who is next; dutyShown how many rows any
	// other list.
	rostersShown = 20
	dutyShown    = 50
	// nextWithin is how far ahead it is looked for who comes next, mineWithin for what somebody has.
	nextWithin = 7 * 24 * time.Hour
	mineWithin = 28 * 24 * time.Hour
	mineShown  = 8
)

func (p *pages) dutyRoutes(e *gin.Engine) {
	e.GET(dutyPath, p.known(p.duty))
	e.GET(newRosterPath, p.known(p.newRoster))
	e.POST(newRosterPath, p.posted(p.savePlan))
	e.GET(dutyPath+"/:name", p.known(p.readRoster))
	e.POST(dutyPath+"/:name", p.posted(p.dutyStep))
	e.GET(dutyPath+"/:name/:tab", p.known(p.readRoster))
	e.GET(dutyPath+"/:name/plan", p.known(p.editRoster))
	e.POST(dutyPath+"/:name/plan", p.posted(p.savePlan))
	e.GET(dutyPath+"/:name/export", p.known(p.exportRoster))
	e.POST(dutyPath+"/:name/import", p.known(p.importRoster))
	e.GET(dutyPath+"/:name/versions/:version", p.known(p.readVersion))
}

// assignmentView is a shift of somebody as it is told, in the zone of its roster.
type assignmentView struct {
	Roster, Shift string
	Kind          roster.Kind
	Day, Hours    string // the day that it begins on; from when until when
	Until         string // when it ends, as seen from now
	From          time.Time
	People        []string // names
	Changed, Mine bool     // an override or a swap made it so; the reader has it
}

// assignmentViews tells assignments.
func (p *pages) assignmentViews(l lang.Lang, by desk.Caller, list []roster.Assignment, zone roster.Zone) []assignmentView {
	names := p.desk.Names(roster.People(list)...)
	out := make([]assignmentView, 0, len(list))
	for _, a := range list {
		v := assignmentView{
			Roster: a.Roster, Shift: a.Shift, Kind: a.Kind, Day: dayLabel(l, zone.Date(a.From)), Hours: hoursOf(l, zone, a.From, a.To), From: a.From, Until: p.until(l, zone, a.To),
			Changed: len(a.Changes) > 0, Mine: slices.Contains(a.People, me(by)),
		}
		for _, person := range a.People {
			v.People = append(v.People, nameIn(names, person))
		}
		out = append(out, v)
	}
	return out
}

// until writes when something ends: the time alone where that is today.
func (p *pages) until(l lang.Lang, zone roster.Zone, at time.Time) string {
	if day := zone.Date(at); day != zone.Date(p.now()) {
		return dayLabel(l, day) + " " + zone.Clock(at).String()
	}
	return zone.Clock(at).String()
}

// me is a caller as rosters name them.
func me(by desk.Caller) string { return strings.ToLower(by.Username) }

// dayLabel writes a day with its day of the week.
func dayLabel(l lang.Lang, d calendar.Date) string {
	return l.Text("web.duty.day", apperr.Args{"date": d.String()[len("2026-"):], "weekday": "@" + weekdayKey(d.Weekday())})
}

// hoursOf writes from when until when, with how many days later that is.
func hoursOf(l lang.Lang, zone roster.Zone, from, to time.Time) string {
	args := apperr.Args{"from": zone.Clock(from).String(), "to": zone.Clock(to).String()}
	switch first := zone.Date(from); zone.Date(to) {
	case first:
		return l.Text("web.duty.hours", args)
	case first.AddDays(1):
		if zone.Clock(to) == 0 {
			args["to"] = "24:00"
			return l.Text("web.duty.hours", args)
		}
		return l.Text("web.duty.hours_next", args)
	}
	args["to"] = zone.Date(to).String()[len("2026-"):] + " " + args["to"]
	return l.Text("web.duty.hours", args)
}

// dutyPage is who is on duty, and what of that is the reader's.
type dutyPage struct {
	Rosters         []rosterRow
	Mine            []assignmentView
	HandOvers       []handOverView // that wait for the reader
	Swaps           []swapView     // that wait for the reader
	Present         *presenceView  // where the reader has signed on
	MayPlan, Serves bool
	Pager           pager
	Away            bool // SQL does not answer: only who is on duty is known
}

// rosterRow is a roster with who is on duty by it.
type rosterRow struct {
	Name      string
	Retired   bool
	Now, Next []assignmentView
	Version   int
	SavedAt   time.Time
	SavedBy   string
}

// duty shows who is on duty now and next, and what waits for the reader.
func (p *pages) duty(c *gin.Context, by desk.Caller) {
	if err := p.desk.MayDuty(by, roster.TaskRead); err != nil {
		p.fail(c, err)
		return
	}
	l, after := language(c), c.Query("after")
	out := dutyPage{MayPlan: p.desk.MayDuty(by, roster.TaskPlan) == nil, Serves: p.desk.MayDuty(by, roster.TaskServe) == nil}
	list, next, err := p.desk.Rosters(c, by, after, rostersShown)
	switch {
	case apperr.Is(err, apperr.Unavailable):
		out.Away = true
		list, err = p.rostersOnDuty(c, by)
	case err == nil:
		out.Pager = around(dutyPath, nil, after, next)
	}
	if err != nil {
		p.fail(c, err)
		return
	}
	for _, r := range list {
		row, mine, err := p.rosterRow(c, l, by, r)
		if err != nil {
			p.fail(c, err)
			return
		}
		out.Rosters, out.Mine = append(out.Rosters, row), append(out.Mine, mine...)
	}
	slices.SortStableFunc(out.Mine, func(a, b assignmentView) int { return a.From.Compare(b.From) })
	out.Mine = out.Mine[:min(len(out.Mine), mineShown)]
	if out.Serves && !out.Away {
		if err := p.awaits(c, l, by, list, &out); err != nil {
			p.fail(c, err)
			return
		}
	}
	p.show(c, http.StatusOK, "duty", l.Term("web.nav.duty"), out)
}

// rostersOnDuty returns the rosters by which somebody is on duty now: what is known without SQL.
func (p *pages) rostersOnDuty(c *gin.Context, by desk.Caller) ([]roster.Roster, error) {
	on, err := p.desk.OnDuty(c, by, p.now())
	if err != nil {
		return nil, err
	}
	var out []roster.Roster
	for _, a := range on {
		if slices.ContainsFunc(out, func(r roster.Roster) bool { return r.Name == a.Roster }) {
			continue
		}
		r, err := p.desk.Roster(c, by, a.Roster, 0)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// rosterRow tells who is on duty by a roster, who comes next, and what of the coming weeks is the reader's.
func (p *pages) rosterRow(c *gin.Context, l lang.Lang, by desk.Caller, r roster.Roster) (rosterRow, []assignmentView, error) {
	row := rosterRow{Name: r.Name, Retired: r.Retired, Version: r.Version, SavedAt: r.SavedAt, SavedBy: nameIn(p.desk.Names(r.SavedBy), r.SavedBy)}
	now := p.now()
	list, err := p.desk.DutyBetween(c, by, r.Name, now, now.Add(mineWithin))
	if err != nil {
		return row, nil, err
	}
	on, next := nowAndNext(list, now)
	row.Now, row.Next = p.assignmentViews(l, by, on, r.Timezone), p.assignmentViews(l, by, next, r.Timezone)
	return row, p.assignmentViews(l, by, slices.DeleteFunc(list, func(a roster.Assignment) bool { return !slices.Contains(a.People, me(by)) }), r.Timezone), nil
}

// nowAndNext returns who is on duty, and of each shift who comes next within a week.
func nowAndNext(list []roster.Assignment, now time.Time) (on, next []roster.Assignment) {
	for _, a := range list {
		switch {
		case !a.From.After(now):
			on = append(on, a)
		case a.From.After(now.Add(nextWithin)), slices.ContainsFunc(next, func(b roster.Assignment) bool { return b.Shift == a.Shift }):
		default:
			next = append(next, a)
		}
	}
	return on, next
}

// awaits fills in what waits for the reader: hand-overs and swaps that they have to answer, and whether they are there.
func (p *pages) awaits(c *gin.Context, l lang.Lang, by desk.Caller, list []roster.Roster, out *dutyPage) error {
	var err error
	if out.Present, err = p.present(c, by); err != nil {
		return ifNotAway(err, &out.Away)
	}
	waiting, _, err := p.desk.HandOvers(c, by, "", true, "", dutyShown)
	if err != nil {
		return ifNotAway(err, &out.Away)
	}
	waiting = slices.DeleteFunc(waiting, func(h roster.HandOver) bool { return p.desk.MayAcknowledge(by, h) != nil })
	out.HandOvers = p.handOverViews(by, waiting)
	for _, r := range list {
		if !r.Names(me(by)) {
			continue
		}
		swaps, _, err := p.desk.Swaps(c, by, r.Name, "", dutyShown)
		if err != nil {
			return ifNotAway(err, &out.Away)
		}
		swaps = slices.DeleteFunc(swaps, func(w roster.Swap) bool { return p.desk.MayAnswerSwap(by, w) != nil })
		out.Swaps = append(out.Swaps, p.swapViews(l, by, r, swaps)...)
	}
	return nil
}
