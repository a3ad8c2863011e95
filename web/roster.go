package web

import (
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/edge"
	"yunwei/lang"
	"yunwei/roster"
)

// rosterTab is one of the pages of a roster.
type rosterTab string

// The pages of a roster; the week is the first.
const (
	tabWeek      rosterTab = "week"
	tabChanges   rosterTab = "changes"
	tabLog       rosterTab = "log"
	tabHandOvers rosterTab = "hand-overs"
	tabPresence  rosterTab = "presence"
	tabFindings  rosterTab = "findings"
	tabTable     rosterTab = "table"
	tabVersions  rosterTab = "versions"
)

func rosterTabs() []rosterTab {
	return []rosterTab{tabWeek, tabChanges, tabLog, tabHandOvers, tabPresence, tabFindings, tabTable, tabVersions}
}

// path returns where the page of a roster is.
func (t rosterTab) path(name string) string {
	if t == tabWeek {
		return dutyPath + "/" + name
	}
	return dutyPath + "/" + name + "/" + string(t)
}

// rosterPage is a roster as one of its pages shows it.
type rosterPage struct {
	Tab             rosterTab
	Tabs            []navItem
	Name            string
	Retired         bool
	Saved           roster.Roster
	SavedByName     string
	Plan            planView
	Version         int  // that the page shows when it is not the latest; 0 for the latest
	MayPlan, Serves bool // what the reader may do with rosters
	Did             dutyAct
	Alarm           string   // why a step was refused
	Mistakes        []string // of a duty table, by cell
	Forms           map[string]stepForm
	Away            bool // what only SQL has cannot be shown
	First, Next     string
	Outdated        bool // the roster has to be saved with the present calendar
	Offset          string

	Week      weekView
	Notes     []findingView // what is wrong with the roster as a whole
	Now, Then []dutyView
	Present   *presenceView

	Overrides                []overrideView
	Swaps                    []swapView
	Part                     string // which list of changes a page goes on with; empty for the beginning of both
	MoreSwaps, MoreOverrides string

	Log      []logView
	From, To string

	HandOvers []handOverView
	Pending   bool

	Presences []presenceView
	Here      bool // only who is there

	Findings []findingView
	Total    int
	Weeks    int
	Spans    []option

	Versions []versionView

	tried *dutyAttempt // the step that was refused
}

// readRoster shows one of the pages of a roster.
func (p *pages) readRoster(c *gin.Context, by desk.Caller) {
	tab := rosterTab(c.Param("tab"))
	if tab == "" {
		tab = tabWeek
	}
	if !slices.Contains(rosterTabs(), tab) || c.Param("tab") == string(tabWeek) {
		p.nowhere(c)
		return
	}
	p.showRoster(c, by, http.StatusOK, tab, nil)
}

// showRoster shows a page of a roster; with a step that was refused, its form as it was filled in.
func (p *pages) showRoster(c *gin.Context, by desk.Caller, status int, tab rosterTab, tried *dutyAttempt) {
	r, err := p.desk.Roster(c, by, c.Param("name"), 0)
	if err != nil {
		p.fail(c, err)
		return
	}
	l := language(c)
	out := p.rosterHead(l, by, r, tab)
	if did := dutyAct(c.Query("did")); slices.Contains(dutyActs(), did) {
		out.Did = did
	}
	if err := p.fillTab(c, l, by, r, &out); err != nil {
		p.fail(c, err)
		return
	}
	if err := p.dutyForms(c, l, by, r, tried, &out); err != nil {
		p.fail(c, err)
		return
	}
	p.show(c, status, "roster", r.Name+" · "+l.Term("web.roster_tab."+strings.ReplaceAll(string(tab), "-", "_")), out)
}

// rosterHead is what every page of a roster shows.
func (p *pages) rosterHead(l lang.Lang, by desk.Caller, r roster.Roster, tab rosterTab) rosterPage {
	out := rosterPage{
		Tab: tab, Name: r.Name, Retired: r.Retired, Saved: r, SavedByName: nameIn(p.desk.Names(r.SavedBy), r.SavedBy),
		MayPlan: p.desk.MayDuty(by, roster.TaskPlan) == nil, Serves: p.desk.MayDuty(by, roster.TaskServe) == nil, Forms: map[string]stepForm{},
	}
	for _, t := range rosterTabs() {
		out.Tabs = append(out.Tabs, navItem{URL: t.path(r.Name), Label: l.Term("web.roster_tab." + strings.ReplaceAll(string(t), "-", "_")), Here: t == tab})
	}
	if _, offset := p.now().In(p.zone).Zone(); int(r.Timezone) != offset {
		out.Offset = r.Timezone.String()
	}
	return out
}

// fillTab fills in what only one of the pages shows. While SQL is away a page does without what only SQL has.
func (p *pages) fillTab(c *gin.Context, l lang.Lang, by desk.Caller, r roster.Roster, out *rosterPage) error {
	var err error
	switch out.Tab {
	case tabWeek:
		err = p.fillWeek(c, l, by, r, out)
	case tabChanges:
		err = p.fillChanges(c, l, by, r, out)
	case tabLog:
		err = p.fillLog(c, by, r, out)
	case tabHandOvers:
		err = p.fillHandOvers(c, by, out)
	case tabPresence:
		err = p.fillPresence(c, by, out)
	case tabFindings:
		err = p.fillFindings(c, l, by, r, out)
	case tabVersions:
		err = p.fillVersions(c, by, out)
	case tabTable:
		out.Spans = weekOptions(roster.CheckedWeeks, desk.MaxTableWeeks)
	}
	return ifNotAway(err, &out.Away)
}

func (p *pages) fillWeek(c *gin.Context, l lang.Lang, by desk.Caller, r roster.Roster, out *rosterPage) error {
	out.Plan = p.planOf(l, r.Plan)
	findings, err := p.desk.RosterFindings(c, by, r.Name, roster.CheckedWeeks)
	if err != nil {
		return err
	}
	for _, f := range findings {
		if slices.Contains(whole, f.Problem) {
			out.Notes = append(out.Notes, p.findingViews(l, []roster.Finding{f})...)
		}
		out.Outdated = out.Outdated || f.Problem == roster.ProblemOutdated
	}
	if out.Week, err = p.week(c, l, by, r, findings); err != nil {
		return err
	}
	now := p.now()
	list, err := p.desk.DutyBetween(c, by, r.Name, now, now.Add(nextWithin))
	if err != nil {
		return err
	}
	on, next := nowAndNext(list, now)
	out.Now, out.Then = p.dutyViews(l, by, on, r.Timezone), p.dutyViews(l, by, next, r.Timezone)
	out.Present, err = p.present(c, by)
	return err
}

// presenceView is a stay on duty as it is told.
type presenceView struct {
	roster.Presence
	Name string
}

// present returns where somebody has signed on, nil for nowhere.
func (p *pages) present(c *gin.Context, by desk.Caller) (*presenceView, error) {
	list, _, err := p.desk.Presences(c, by, desk.PresenceFilter{Username: me(by), Present: true}, "", 1)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &presenceView{list[0], by.Name}, nil
}

func (p *pages) fillPresence(c *gin.Context, by desk.Caller, out *rosterPage) error {
	out.Here = c.Query("here") == "true"
	list, next, err := p.desk.Presences(c, by, desk.PresenceFilter{Roster: out.Name, Present: out.Here}, c.Query("after"), dutyShown)
	if err != nil {
		return err
	}
	out.around(c, url.Values{"here": c.Request.URL.Query()["here"]}, next)
	var usernames []string
	for _, one := range list {
		usernames = append(usernames, one.Username)
	}
	names := p.desk.Names(usernames...)
	for _, one := range list {
		out.Presences = append(out.Presences, presenceView{one, nameIn(names, one.Username)})
	}
	out.Present, err = p.present(c, by)
	return err
}

// around leads to the first page of a tab's list, and to the next.
func (out *rosterPage) around(c *gin.Context, keep url.Values, next string) {
	at := func(after string) string {
		to := url.Values{}
		for k, v := range keep {
			if len(v) > 0 && v[0] != "" {
				to[k] = v
			}
		}
		if after != "" {
			to.Set("after", after)
		}
		if len(to) == 0 {
			return out.Tab.path(out.Name)
		}
		return out.Tab.path(out.Name) + "?" + to.Encode()
	}
	if c.Query("after") != "" {
		out.First = at("")
	}
	if next != "" {
		out.Next = at(next)
	}
}

// overrideView is an override as it is told.
type overrideView struct {
	roster.Override
	Span, ByName, InsteadName, CancelledByName string
	PeopleNames                                []string
	Over, Cancel                               bool // it has no effect any more; the reader may cancel it
}

// swapView is a swap as it is told.
type swapView struct {
	roster.Swap
	Roster, ByName, WithName, GiveSpan, TakeSpan, CancelledByName string
	State                                                         string // as people read it: taken back is a state of its own
	Answer, Cancel                                                bool
}

// The lists of changes; a page goes on with one of them at a time.
const (
	partSwaps     = "swaps"
	partOverrides = "overrides"
)

func (p *pages) fillChanges(c *gin.Context, l lang.Lang, by desk.Caller, r roster.Roster, out *rosterPage) error {
	after := ""
	if part := c.Query("part"); part == partSwaps || part == partOverrides {
		out.Part, after = part, c.Query("after")
	}
	if out.Part != partOverrides {
		swaps, next, err := p.desk.Swaps(c, by, r.Name, after, dutyShown)
		if err != nil {
			return err
		}
		out.Swaps = p.swapViews(l, by, r, swaps)
		out.around(c, url.Values{"part": {partSwaps}}, next)
		out.MoreSwaps = out.Next
	}
	out.Next = ""
	if out.Part != partSwaps {
		overrides, next, err := p.desk.Overrides(c, by, r.Name, after, dutyShown)
		if err != nil {
			return err
		}
		out.Overrides = p.overrideViews(l, by, r, overrides)
		out.around(c, url.Values{"part": {partOverrides}}, next)
		out.MoreOverrides = out.Next
	}
	if out.Next = ""; out.Part != "" {
		out.First = out.Tab.path(out.Name)
	}
	return nil
}

// spanOf writes a stretch of time in the zone of a roster.
func spanOf(l lang.Lang, zone roster.Zone, from, to time.Time) string {
	return dayLabel(l, zone.Date(from)) + " " + hoursOf(l, zone, from, to)
}

func (p *pages) overrideViews(l lang.Lang, by desk.Caller, r roster.Roster, list []roster.Override) []overrideView {
	var usernames []string
	for _, o := range list {
		usernames = append(usernames, append([]string{o.By, o.Instead, o.CancelledBy}, o.People...)...)
	}
	names := p.desk.Names(usernames...)
	out := make([]overrideView, 0, len(list))
	for _, o := range list {
		v := overrideView{
			Override: o, Span: spanOf(l, r.Timezone, o.From, o.To), ByName: nameIn(names, o.By), InsteadName: nameIn(names, o.Instead),
			CancelledByName: nameIn(names, o.CancelledBy), Over: !o.Live(p.now()), Cancel: p.desk.MayCancelOverride(by, o) == nil,
		}
		for _, person := range o.People {
			v.PeopleNames = append(v.PeopleNames, nameIn(names, person))
		}
		out = append(out, v)
	}
	return out
}

func (p *pages) swapViews(l lang.Lang, by desk.Caller, r roster.Roster, list []roster.Swap) []swapView {
	var usernames []string
	for _, w := range list {
		usernames = append(usernames, w.By, w.With, w.CancelledBy)
	}
	names := p.desk.Names(usernames...)
	out := make([]swapView, 0, len(list))
	for _, w := range list {
		v := swapView{
			Swap: w, Roster: r.Name, ByName: nameIn(names, w.By), WithName: nameIn(names, w.With), CancelledByName: nameIn(names, w.CancelledBy),
			GiveSpan: spanOf(l, r.Timezone, w.Give.From, w.Give.To), TakeSpan: spanOf(l, r.Timezone, w.Take.From, w.Take.To),
			State: string(w.State), Answer: p.desk.MayAnswerSwap(by, w) == nil, Cancel: p.desk.MayCancelSwap(by, w) == nil,
		}
		if !w.CancelledAt.IsZero() {
			v.State = "cancelled"
		}
		out = append(out, v)
	}
	return out
}

// logView is a line of the duty log as it is told.
type logView struct {
	roster.LogEntry
	ByName string
}

func (p *pages) fillLog(c *gin.Context, by desk.Caller, r roster.Roster, out *rosterPage) error {
	out.From, out.To = c.Query("from"), c.Query("to")
	var from, to time.Time
	if d, err := calendar.ParseDate(out.From); err == nil {
		from = r.Timezone.At(d, 0)
	}
	if d, err := calendar.ParseDate(out.To); err == nil {
		to = r.Timezone.At(d.AddDays(1), 0)
	}
	list, next, err := p.desk.DutyLog(c, by, r.Name, from, to, c.Query("after"), dutyShown)
	if err != nil {
		return err
	}
	out.around(c, url.Values{"from": {out.From}, "to": {out.To}}, next)
	var usernames []string
	for _, e := range list {
		usernames = append(usernames, e.By)
	}
	names := p.desk.Names(usernames...)
	for _, e := range list {
		out.Log = append(out.Log, logView{e, nameIn(names, e.By)})
	}
	return nil
}

// handOverView is a hand-over as it is told.
type handOverView struct {
	roster.HandOver
	FromName, ToName string
	Acknowledge      bool
}

func (p *pages) fillHandOvers(c *gin.Context, by desk.Caller, out *rosterPage) error {
	out.Pending = c.Query("pending") == "true"
	list, next, err := p.desk.HandOvers(c, by, out.Name, out.Pending, c.Query("after"), dutyShown)
	if err != nil {
		return err
	}
	out.around(c, url.Values{"pending": c.Request.URL.Query()["pending"]}, next)
	out.HandOvers = p.handOverViews(by, list)
	return nil
}

func (p *pages) handOverViews(by desk.Caller, list []roster.HandOver) []handOverView {
	var usernames []string
	for _, h := range list {
		usernames = append(usernames, h.From, h.To)
	}
	names := p.desk.Names(usernames...)
	out := make([]handOverView, 0, len(list))
	for _, h := range list {
		out = append(out, handOverView{HandOver: h, FromName: nameIn(names, h.From), ToName: nameIn(names, h.To), Acknowledge: p.desk.MayAcknowledge(by, h) == nil})
	}
	return out
}

// maxWeeks is how far ahead a roster is looked through.
const maxWeeks = 26

func (p *pages) fillFindings(c *gin.Context, l lang.Lang, by desk.Caller, r roster.Roster, out *rosterPage) error {
	out.Weeks = roster.CheckedWeeks
	if asked := number(c.Query("weeks")); asked >= 1 && asked <= maxWeeks {
		out.Weeks = asked
	}
	out.Spans = weekOptions(out.Weeks, maxWeeks)
	list, err := p.desk.RosterFindings(c, by, r.Name, out.Weeks)
	if err != nil {
		return err
	}
	out.Total = len(list)
	out.Outdated = slices.ContainsFunc(list, func(f roster.Finding) bool { return f.Problem == roster.ProblemOutdated })
	first := min(number(c.Query("after")), len(list))
	last := min(first+dutyShown, len(list))
	next := ""
	if last < len(list) {
		next = strconv.Itoa(last)
	}
	out.around(c, url.Values{"weeks": c.Request.URL.Query()["weeks"]}, next)
	out.Findings = p.findingViews(l, list[first:last])
	return nil
}

// weekOptions are the numbers of weeks that one may choose from.
func weekOptions(chosen, most int) []option {
	var out []option
	for _, n := range []int{1, 2, 4, roster.CheckedWeeks, desk.MaxTableWeeks, maxWeeks} {
		if n <= most {
			out = append(out, option{Value: strconv.Itoa(n), Label: strconv.Itoa(n), Chosen: n == chosen})
		}
	}
	return out
}

// versionView is a save of a roster as it is told.
type versionView struct {
	desk.RosterVersion
	ByName string
}

func (p *pages) fillVersions(c *gin.Context, by desk.Caller, out *rosterPage) error {
	list, more, err := p.desk.RosterVersions(c, by, out.Name, number(c.Query("after")), dutyShown)
	if err != nil {
		return err
	}
	next := ""
	if more {
		next = strconv.Itoa(list[len(list)-1].Version)
	}
	out.around(c, nil, next)
	out.Versions = p.versionViews(list)
	return nil
}

func (p *pages) versionViews(list []desk.RosterVersion) []versionView {
	var usernames []string
	for _, v := range list {
		usernames = append(usernames, v.SavedBy)
	}
	names := p.desk.Names(usernames...)
	out := make([]versionView, 0, len(list))
	for _, v := range list {
		out = append(out, versionView{v, nameIn(names, v.SavedBy)})
	}
	return out
}

// readVersion shows a roster as it was saved once.
func (p *pages) readVersion(c *gin.Context, by desk.Caller) {
	version := number(c.Param("version"))
	if version == 0 {
		p.nowhere(c)
		return
	}
	r, err := p.desk.Roster(c, by, c.Param("name"), version)
	if err != nil {
		p.fail(c, err)
		return
	}
	l := language(c)
	out := p.rosterHead(l, by, r, tabVersions)
	out.Version, out.Plan = version, p.planOf(l, r.Plan)
	p.show(c, http.StatusOK, "roster", r.Name+" · "+l.Text("web.roster.version", apperr.Args{"n": strconv.Itoa(version)}), out)
}

// planView is a plan as it is told.
type planView struct {
	Calendar string
	Retired  bool
	Shifts   []shiftView
	Holidays []shiftView
	Entries  int // people for single days
	Last     string
}

// shiftView is a shift of a plan as it is told.
type shiftView struct {
	roster.Shift
	DayNames, Hours, Turn string
	Groups                [][]string
}

func (p *pages) planOf(l lang.Lang, plan roster.Plan) planView {
	out := planView{Calendar: plan.Calendar, Retired: plan.Retired, Entries: len(plan.Entries)}
	if n := len(plan.Entries); n > 0 {
		out.Last = plan.Entries[n-1].Date.String()
	}
	names := p.desk.Names(plan.People()...)
	tell := func(list []roster.Shift) []shiftView {
		var told []shiftView
		for _, s := range list {
			told = append(told, shiftOf(l, s, names))
		}
		return told
	}
	out.Shifts, out.Holidays = tell(plan.Shifts), tell(plan.Holidays)
	return out
}

func shiftOf(l lang.Lang, s roster.Shift, names map[string]string) shiftView {
	v := shiftView{Shift: s, Hours: s.Start.String() + "–" + s.End.String(), DayNames: l.Term("web.roster.every_day")}
	if s.End <= s.Start {
		v.Hours = l.Text("web.duty.hours_next", apperr.Args{"from": s.Start.String(), "to": s.End.String()})
	}
	var days []string
	for _, d := range s.Days {
		days = append(days, l.Term("weekday."+string(d)))
	}
	if len(days) > 0 {
		v.DayNames = strings.Join(days, l.Term("list.separator"))
	}
	v.Shift.Minimum = max(s.Minimum, 1)
	v.Turn = turnOf(l, s.Rotation)
	for _, g := range s.Rotation.Groups {
		group := make([]string, len(g))
		for i, person := range g {
			group[i] = nameIn(names, person)
		}
		v.Groups = append(v.Groups, group)
	}
	return v
}

// turnOf says how long a group stays.
func turnOf(l lang.Lang, r roster.Rotation) string {
	args := apperr.Args{"n": strconv.Itoa(r.Length), "unit": "@turn." + string(r.Every), "anchor": r.Anchor.String()}
	switch {
	case r.Length > 1:
		return l.Text("web.roster.turn", args)
	case r.Every == roster.Daily:
		return l.Text("web.roster.turn_day", args)
	}
	return l.Text("web.roster.turn_week", args)
}

// exportRoster sends the coming weeks as a duty table, to be filled in and sent back.
func (p *pages) exportRoster(c *gin.Context, by desk.Caller) {
	weeks := number(c.Query("weeks"))
	if weeks == 0 {
		weeks = roster.CheckedWeeks
	}
	name := c.Param("name")
	table, err := p.desk.ExportRoster(c, by, name, weeks, language(c) == lang.English)
	if err != nil {
		p.fail(c, err)
		return
	}
	c.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name + ".xlsx"}))
	c.Data(http.StatusOK, edge.XLSXType, table)
}

// upcoming returns what is to come of a roster, as the choices of a swap: the reader's own, and the others'.
func (p *pages) upcoming(c *gin.Context, l lang.Lang, by desk.Caller, r roster.Roster) (mine, others []option, err error) {
	now := p.now()
	// From the beginning of what goes on and to its end, so that a choice is whole and stays the same while somebody fills in
	// the form.
	last := now.Add(mineWithin)
	list, err := p.desk.DutyBetween(c, by, r.Name, now.Add(-24*time.Hour), last.Add(24*time.Hour))
	if apperr.Is(err, apperr.Unavailable) {
		list, err = p.desk.DutyBetween(c, by, r.Name, now, last.Add(24*time.Hour))
	}
	if err != nil {
		return nil, nil, err
	}
	names := p.desk.Names(roster.People(list)...)
	for _, a := range list {
		if !a.To.After(now) || !a.From.Before(last) {
			continue
		}
		label := spanOf(l, r.Timezone, a.From, a.To) + " " + a.Shift
		for _, person := range a.People {
			value := strings.Join([]string{person, a.From.Format(time.RFC3339Nano), a.To.Format(time.RFC3339Nano)}, spanSeparator)
			if person == me(by) {
				mine = append(mine, option{Value: value, Label: label})
				continue
			}
			if len(others) < maxChoices {
				others = append(others, option{Value: value, Label: nameIn(names, person) + " · " + label})
			}
		}
	}
	slices.SortStableFunc(others, func(a, b option) int { return strings.Compare(a.Label, b.Label) })
	return mine, others, nil
}

// maxChoices is how many shifts of others a swap may choose from, the next ones first: a page stays small.
const maxChoices = 300

// spanSeparator stands between the parts of a choice of a swap.
const spanSeparator = "|"

// readSpan reads a choice of a swap; false for what is none.
func readSpan(value string) (person string, span roster.Span, ok bool) {
	parts := strings.Split(value, spanSeparator)
	if len(parts) != 3 {
		return "", roster.Span{}, false
	}
	from, errFrom := time.Parse(time.RFC3339Nano, parts[1])
	to, errTo := time.Parse(time.RFC3339Nano, parts[2])
	return parts[0], roster.Span{From: from, To: to}, errFrom == nil && errTo == nil
}

// peopleOptions are those who go on duty, to choose from.
func peopleOptions(people []defect.Person) []option {
	out := make([]option, len(people))
	for i, person := range people {
		out[i] = option{Value: strings.ToLower(person.Username), Label: person.Name}
	}
	return out
}
