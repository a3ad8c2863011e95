package web

import (
	"context"
	"fmt"
	"maps"
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
	"yunwei/lang"
)

// policyDesk is what the pages ask of the desk about what was promised, and on which days.
type policyDesk interface {
	Policy(ctx context.Context, by desk.Caller) defect.Policy
	Due(ctx context.Context, by desk.Caller, name string, from time.Time, limit calendar.Limit) (desk.Due, error)
	holidayDesk
}

// policyPath is where everybody reads what was promised.
const policyPath = "/policy"

func (p *pages) policyRoutes(e *gin.Engine) {
	e.GET(policyPath, p.known(p.policy))
	p.holidayRoutes(e)
}

// policyPage is the policy in force.
type policyPage struct {
	Name, Hash string
	Zone       string
	Severities []severityView
	Others     []termView
	Pauses     []pauseView
	WarnAt     string
	Rules      []string
	Calendars  []calendarView
	Form       []control
	Wrong      string
	Due        *dueView
	Opens      bool // the reader may look into the holidays
}

// severityView is what is promised for a severity.
type severityView struct {
	Severity                defect.Severity
	Name, Calendar          string
	Response, Plan, Resolve string
	SignOffs                int
}

// termView is a promise that does not depend on the severity.
type termView struct{ Name, Limit, Calendar string }

// pauseView says which promises stand still while the case waits for something.
type pauseView struct{ Waiting, Clocks string }

// calendarView is a calendar: its hours, and the days of this year and the next that do not follow the week.
type calendarView struct {
	Name, Set string
	Always    bool
	Week      []weekView
	Years     []yearView
	Through   string // the last day that a notice rules; empty for a calendar that follows no holidays
}

// weekView is the hours of days of the week that have the same.
type weekView struct{ Days, Hours string }

// yearView is the days of a year.
type yearView struct {
	Year        int
	Provisional bool // no notice rules the whole of it
	Days        []exceptionView
}

// exceptionView is a day that does not follow the week, or several in a row.
type exceptionView struct {
	From, To string
	Off      bool
	Name     string
}

// dueView is when something would fall due, and why then.
type dueView struct {
	At          time.Time
	Provisional bool
	Intervals   []intervalView
	Cut         bool // there are more intervals than are shown
}

// intervalView is a stretch of time, with what counts of it.
type intervalView struct {
	From, To time.Time
	Counted  string // empty for what does not count
	Why      string
}

// intervalsShown is how many stretches of time are explained on a page.
const intervalsShown = 100

// policy shows what was promised, and works out when something would be due that its address asks for.
func (p *pages) policy(c *gin.Context, by desk.Caller) {
	l := language(c)
	out := p.policyOf(l, p.desk.Policy(c, by))
	out.Opens = defect.SeesAll(by.Person)
	status, err := p.calculate(c, l, by, &out)
	if err != nil {
		p.fail(c, err)
		return
	}
	p.show(c, status, "policy", l.Term("web.policy.title"), out)
}

func (p *pages) policyOf(l lang.Lang, is defect.Policy) policyPage {
	out := policyPage{Name: is.Name, Hash: is.Hash, Zone: time.Unix(0, 0).In(is.Zone()).Format("-07:00"), WarnAt: percents(l, is.WarnAt)}
	for _, s := range slices.Sorted(maps.Keys(is.Severities)) {
		t := is.Severities[s]
		cal := is.Calendars[t.Calendar]
		name := t.Name[string(l)]
		if strings.Contains(l.Term(fmt.Sprintf("severity.%d", s)), name) { // said already
			name = ""
		}
		out.Severities = append(out.Severities, severityView{
			Severity: s, Name: name, Calendar: t.Calendar, SignOffs: t.SignOffs,
			Response: limitWords(l, t.Response, cal), Plan: limitWords(l, t.Plan, cal), Resolve: limitWords(l, t.Resolve, cal),
		})
	}
	for _, o := range []struct {
		name string
		term defect.Term
	}{{"clock.onsite", is.Onsite}, {"clock.spare_part", is.SparePart}, {"clock.report", is.ServiceReport}, {"event.auto_close", is.AutoClose}} {
		if !o.term.Limit.IsZero() {
			v := termView{Name: l.Term(o.name), Calendar: o.term.Calendar, Limit: limitWords(l, o.term.Limit, is.Calendars[o.term.Calendar])}
			out.Others = append(out.Others, v)
		}
	}
	for _, waiting := range slices.Sorted(maps.Keys(is.Pause)) {
		if clocks := is.Pause[waiting]; len(clocks) > 0 {
			out.Pauses = append(out.Pauses, pauseView{Waiting: l.Term("waiting." + string(waiting)), Clocks: terms(l, "clock.", clocks)})
		}
	}
	for _, r := range is.Escalation {
		out.Rules = append(out.Rules, ruleWords(l, r))
	}
	year := p.now().In(is.Zone()).Year()
	for _, name := range slices.Sorted(maps.Keys(is.Calendars)) {
		out.Calendars = append(out.Calendars, calendarOf(l, is.Calendars[name], year))
	}
	return out
}

func percents(l lang.Lang, list []int) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.Itoa(n) + "%"
	}
	return strings.Join(words, l.Term("list.separator"))
}

// limitWords says how long a promise is. Counted days are days only where the calendar never closes.
func limitWords(l lang.Lang, limit calendar.Limit, on calendar.Calendar) string {
	var words []string
	say := func(key apperr.Reason, n int) {
		if n > 0 {
			words = append(words, l.Text(key, apperr.Args{"n": strconv.Itoa(n)}))
		}
	}
	say("web.limit.workdays", limit.Days)
	counted := limit.Counted
	if days := counted / (24 * time.Hour); on.Always && days > 2 { // 48 hours are said as such
		say("web.limit.days", int(days))
		counted -= days * 24 * time.Hour
	}
	say("web.limit.hours", int(counted/time.Hour))
	say("web.limit.minutes", int(counted%time.Hour/time.Minute))
	say("web.limit.seconds", int(counted%time.Minute/time.Second))
	return strings.Join(words, " ")
}

// ruleWords says when a rule calls, whom, and what else it does.
func ruleWords(l lang.Lang, r defect.Rule) string {
	args := apperr.Args{"clock": "@clock." + string(r.Clock), "percent": strconv.Itoa(r.At), "limit": limitWords(l, r.After, calendar.Calendar{})}
	when := l.Text("web.rule.at", args)
	switch {
	case r.At == 100:
		when = l.Text("web.rule.due", args)
	case r.At == 0:
		when = l.Text("web.rule.after", args)
	}
	var whom []string
	for _, n := range r.Notify {
		username, isUser := strings.CutPrefix(n, defect.NotifyUser)
		switch {
		case isUser:
			whom = append(whom, username)
		case n == defect.NotifyAssignee:
			whom = append(whom, l.Term("web.rule.assignee"))
		case n == defect.NotifyOnDuty:
			whom = append(whom, l.Term("web.rule.on_duty"))
		default:
			whom = append(whom, l.Term("role."+n))
		}
	}
	words := []string{when}
	if len(whom) > 0 {
		words = append(words, l.Text("web.rule.calls", apperr.Args{"whom": strings.Join(whom, l.Term("list.separator"))}))
	}
	if !r.Repeat.IsZero() {
		words = append(words, l.Text("web.rule.again", apperr.Args{"limit": limitWords(l, r.Repeat, calendar.Calendar{}), "times": strconv.Itoa(r.Times)}))
	}
	if r.Level != "" {
		words = append(words, l.Text("web.rule.level", apperr.Args{"level": "@level." + string(r.Level)}))
	}
	return strings.Join(words, l.Term("web.rule.separator"))
}

func calendarOf(l lang.Lang, c calendar.Calendar, year int) calendarView {
	out := calendarView{Name: c.Name, Set: c.Set(), Always: c.Always, Through: c.KnownThrough.String()}
	if c.Always {
		return calendarView{Name: c.Name, Always: true}
	}
	days := map[string][]string{}
	var hours []string // each once, from Monday on
	for i := range c.Week {
		day := (i + 1) % 7
		spans := make([]string, len(c.Week[day]))
		for j, s := range c.Week[day] {
			spans[j] = s.String()
		}
		written := strings.Join(spans, l.Term("list.separator"))
		if written == "" {
			continue
		}
		if days[written] == nil {
			hours = append(hours, written)
		}
		days[written] = append(days[written], l.Term(weekdayKey(time.Weekday(day))))
	}
	for _, written := range hours {
		out.Week = append(out.Week, weekView{Days: strings.Join(days[written], l.Term("list.separator")), Hours: written})
	}
	if !c.KnownThrough.IsZero() || len(c.Exceptions) > 0 {
		for _, y := range []int{year, year + 1} {
			out.Years = append(out.Years, yearView{
				Year: y, Days: daysOf(c.Exceptions, y), Provisional: !c.KnownThrough.IsZero() && c.KnownThrough.Before(calendar.Date{Year: y, Month: time.December, Day: 31}),
			})
		}
	}
	return out
}

// daysOf returns the days of a year; neighbours of one holiday are one.
func daysOf(days []calendar.Exception, year int) []exceptionView {
	var out []exceptionView
	var last calendar.Date
	for _, e := range days {
		if e.Date.Year != year {
			continue
		}
		n := len(out)
		if n > 0 && out[n-1].Off == e.Off && out[n-1].Name == e.Name && last.AddDays(1) == e.Date {
			out[n-1].To = e.Date.String()
		} else {
			out = append(out, exceptionView{From: e.Date.String(), Off: e.Off, Name: e.Name})
		}
		last = e.Date
	}
	return out
}

// whyKeys name the reasons why time counts or does not.
var whyKeys = map[calendar.Why]string{
	calendar.Hours: "web.why.hours", calendar.Always: "web.why.always", calendar.MakeUpDay: "web.why.make_up_day",
	calendar.Closed: "web.why.closed", calendar.Weekend: "web.why.weekend", calendar.Holiday: "web.why.holiday",
}

// calculate draws the calculator, and works out what the address asks for. It returns the status of the page.
func (p *pages) calculate(c *gin.Context, l lang.Lang, by desk.Caller, out *policyPage) (int, error) {
	values := c.Request.URL.Query()
	f := plainForm{l: l, id: "due", wrong: map[string]string{}}
	status := http.StatusOK
	if values.Has("limit") {
		due, err := p.dueOf(c, by, values)
		switch {
		case apperr.Is(err, apperr.Invalid), apperr.Is(err, apperr.NotFound):
			f.wrong, out.Wrong = faults(l, forPeople(c, err), "limit", "from", "calendar")
			status = statusOf(apperr.Of(err).Code)
		case err != nil:
			return 0, err
		default:
			out.Due = dueWords(l, due)
		}
	}
	from := values.Get("from")
	if from == "" {
		from = p.now().In(p.zone).Format(localForm)
	}
	calendars := make([]option, len(out.Calendars))
	for i, one := range out.Calendars {
		calendars[i] = option{Value: one.Name, Label: one.Name, Chosen: one.Name == values.Get("calendar")}
	}
	f.add(control{Name: "calendar", Label: l.Term("web.policy.calendar"), Kind: kindSelect, Options: calendars})
	f.add(control{Name: "from", Label: l.Term("web.policy.from"), Kind: kindTime, Value: from, Required: true})
	f.add(control{Name: "limit", Label: l.Term("web.policy.limit"), Kind: kindLine, Value: values.Get("limit"), Required: true, Max: 40, Hint: l.Term("web.policy.limit_form")})
	out.Form = f.list
	return status, nil
}

func (p *pages) dueOf(c *gin.Context, by desk.Caller, values url.Values) (desk.Due, error) {
	var wrong apperr.Fields
	limit, err := calendar.ParseLimit(strings.TrimSpace(values.Get("limit")))
	if err != nil {
		wrong.Add("limit", apperr.FieldDuration, nil)
	}
	from, given := p.localTime(values, "from", &wrong)
	if !given {
		wrong.Add("from", apperr.FieldRequired, nil)
	}
	if err := wrong.Err(); err != nil {
		return desk.Due{}, err
	}
	return p.desk.Due(c, by, values.Get("calendar"), from, limit)
}

func dueWords(l lang.Lang, d desk.Due) *dueView {
	out := &dueView{At: d.At, Provisional: d.Provisional, Cut: len(d.Intervals) > intervalsShown}
	for _, i := range d.Intervals[:min(len(d.Intervals), intervalsShown)] {
		v := intervalView{From: i.From, To: i.To, Why: l.Term(whyKeys[i.Why])}
		if i.Name != "" {
			v.Why = fmt.Sprintf("%s %s", v.Why, i.Name)
		}
		if i.Counted > 0 {
			v.Counted = limitWords(l, calendar.Limit{Counted: i.Counted.Round(time.Second)}, calendar.Calendar{Always: true})
		}
		out.Intervals = append(out.Intervals, v)
	}
	return out
}
