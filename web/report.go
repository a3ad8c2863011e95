package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/edge"
	"yunwei/lang"
)

// reportDesk is what the pages ask of the desk about reports on promises.
type reportDesk interface {
	MayReport(by desk.Caller) error
	PromiseReport(ctx context.Context, by desk.Caller, q defect.PromiseQuery) (defect.PromiseReport, error)
	Promises(ctx context.Context, by desk.Caller, q defect.PromiseQuery, after string, limit int) (list []defect.CasePromise, next string, err error)
}

const (
	reportPath  = "/reports/promises"
	behindPath  = reportPath + "/cases"
	groupsShown = 100 // on a page of a report
)

func (p *pages) reportRoutes(e *gin.Engine) {
	e.GET(reportPath, p.known(p.promiseReport))
	e.GET(behindPath, p.known(p.promisesBehind))
	e.GET(reportPath+"/export", p.known(p.exportReport))
}

// askFields describe what an address may ask of a report, and of the list of promises behind one of its figures.
func askFields() []defect.Field {
	return []defect.Field{
		{Name: "from", Type: defect.TypeDate},
		{Name: "to", Type: defect.TypeDate},
		{Name: "by", Type: defect.TypeText, Enum: namesOf(defect.Dimensions())},
		{Name: "clock", Type: defect.TypeText, Enum: namesOf(defect.ClockNames())},
		{Name: "key", Type: defect.TypeText, Max: defect.MaxText},
		{Name: "none", Type: defect.TypeBool},
		{Name: "outcome", Type: defect.TypeText, Enum: namesOf(defect.Outcomes())},
		{Name: "timed", Type: defect.TypeBool},
		{Name: "page", Type: defect.TypeInteger, Min: 1, Max: defect.MaxDepth},
		{Name: "after", Type: defect.TypeText, Max: defect.MaxText},
	}
}

func namesOf[T ~string](terms []T) []string {
	out := make([]string, len(terms))
	for i, t := range terms {
		out[i] = string(t)
	}
	return out
}

// reportAsk is what an address asks for. Days are those of the site, the last included; a missing one bounds nothing.
type reportAsk struct {
	From, To    calendar.Date
	By          defect.Dimension
	Clock       defect.ClockName
	Key, After  string
	None, Timed bool
	Outcome     defect.Outcome
	Page        int
}

// readAsk reads what an address asks for; Invalid for what is none. An address that names no day asks for this month.
func (p *pages) readAsk(values url.Values) (reportAsk, error) {
	if !values.Has("from") && !values.Has("to") {
		quick := p.quickPeriods()[0]
		values.Set("from", quick.from.String())
		values.Set("to", quick.to.String())
	}
	ask := reportAsk{By: defect.Dimensions()[0], Page: 1}
	doc := readFields(askFields(), values, "", nil)
	var wrong apperr.Fields
	defect.CheckFields(askFields(), doc, &wrong)
	if err := wrong.Err(); err != nil {
		return ask, err
	}
	err := bind(doc, &ask)
	return ask, err
}

// query is what the desk is asked.
func (r reportAsk) query(zone *time.Location) defect.PromiseQuery {
	q := defect.PromiseQuery{Clock: r.Clock, By: r.By, Key: r.Key, Keyed: r.Key != "" || r.None, Outcome: r.Outcome, Timed: r.Timed}
	at := func(d calendar.Date) time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone).UTC() }
	if !r.From.IsZero() {
		q.From = at(r.From)
	}
	if !r.To.IsZero() {
		q.To = at(r.To.AddDays(1))
	}
	return q
}

// address returns what asks for the same again.
func (r reportAsk) address() url.Values {
	out := url.Values{"from": {r.From.String()}, "to": {r.To.String()}, "by": {string(r.By)}}
	set := func(name, value string) {
		if value != "" {
			out.Set(name, value)
		}
	}
	set("clock", string(r.Clock))
	set("key", r.Key)
	set("outcome", string(r.Outcome))
	if r.None {
		out.Set("none", "true")
	}
	if r.Timed {
		out.Set("timed", "true")
	}
	return out
}

// period is one of those that people ask for most.
type period struct {
	name     string
	from, to calendar.Date
}

// quickPeriods returns the periods that can be asked for at once; the first is the one that a report begins with.
func (p *pages) quickPeriods() []period {
	now := p.now().In(p.zone)
	first := func(year int, month time.Month) time.Time { return time.Date(year, month, 1, 0, 0, 0, 0, time.UTC) }
	months := func(name string, begin time.Time, n int) period {
		return period{name, calendar.DateOf(begin), calendar.DateOf(begin.AddDate(0, n, 0)).AddDays(-1)}
	}
	month := first(now.Year(), now.Month())
	quarter := first(now.Year(), (now.Month()-1)/3*3+1)
	return []period{
		months("this_month", month, 1), months("last_month", month.AddDate(0, -1, 0), 1),
		months("this_quarter", quarter, 3), months("last_quarter", quarter.AddDate(0, -3, 0), 3),
		months("this_year", first(now.Year(), time.January), 12), {name: "all"},
	}
}

// reportPage is a report with its filters.
type reportPage struct {
	Filters reportFilters
	Groups  []reportRow
	Total   reportRow
	By      defect.Dimension
	Period  string
	MadeAt  time.Time
	Export  string
	Pager   pager
	Away    bool // SQL does not answer
	Audits  bool // the reader may see the nightly audits
}

// reportFilters are the filters of a report as they are set.
type reportFilters struct {
	From, To    string
	Bys, Clocks []option
	Quick       []navItem
	Wrong       map[string]string
	Rest        string // what is wrong elsewhere
}

// reportRow is a row of a report. Each count leads to the promises that it counts.
type reportRow struct {
	Name                                             string
	Promised, Met, Broken, Running, Cancelled, Timed linkedCount
	Rate                                             string // the share that was kept, empty while none was decided
	Share                                            float64
	P50, P90, Longest, Contractor, Client, SparePart string
}

// linkedCount is a count with the way to what it counts.
type linkedCount struct {
	N   int
	URL string
}

func (p *pages) promiseReport(c *gin.Context, by desk.Caller) {
	if err := p.desk.MayReport(by); err != nil { // before what their mistakes are
		p.fail(c, err)
		return
	}
	l, values, status := language(c), c.Request.URL.Query(), http.StatusOK
	ask, err := p.readAsk(values)
	out := reportPage{By: ask.By, MadeAt: p.now(), Audits: p.desk.MayAudit(by) == nil}
	if err == nil {
		var report defect.PromiseReport
		if report, err = p.desk.PromiseReport(c, by, ask.query(p.zone)); err == nil {
			p.fillReport(&out, l, ask, report)
		}
	}
	out.Filters = p.reportFilters(l, values, ask, forPeople(c, err))
	switch {
	case apperr.Is(err, apperr.Unavailable):
		out.Away, status = true, p.refuse(c, err)
	case apperr.Is(err, apperr.Invalid):
		status = p.refuse(c, err)
	case err != nil:
		p.fail(c, err)
		return
	}
	p.show(c, status, "report", l.Term("web.report.title"), out)
}

// fillReport puts the figures of a report on its page.
func (p *pages) fillReport(out *reportPage, l lang.Lang, ask reportAsk, report defect.PromiseReport) {
	var usernames []string
	if ask.By == defect.ByPerson {
		for _, g := range report.Groups {
			usernames = append(usernames, g.Key)
		}
	}
	names := p.desk.Names(usernames...)
	first := min((ask.Page-1)*groupsShown, len(report.Groups))
	last := min(first+groupsShown, len(report.Groups))
	for _, g := range report.Groups[first:last] {
		one := ask
		one.Key, one.None = g.Key, g.Key == ""
		out.Groups = append(out.Groups, reportRowOf(l, one, groupName(l, ask.By, g.Key, names), g))
	}
	out.Total = reportRowOf(l, ask, l.Term("web.report.total"), report.Total)
	out.Period = periodOf(l, ask)
	out.Export = reportPath + "/export?" + ask.address().Encode()
	if ask.Page > 1 {
		out.Pager.Before = addressOf(reportPath, ask.address(), "page", strconv.Itoa(ask.Page-1))
	}
	if last < len(report.Groups) {
		out.Pager.Next = addressOf(reportPath, ask.address(), "page", strconv.Itoa(ask.Page+1))
	}
}

// periodOf says which days a report is about.
func periodOf(l lang.Lang, ask reportAsk) string {
	if ask.From.IsZero() && ask.To.IsZero() {
		return l.Term("web.report.all")
	}
	args := apperr.Args{"from": ask.From.String(), "to": ask.To.String()}
	switch {
	case ask.From.IsZero():
		return l.Text("web.report.until", args)
	case ask.To.IsZero():
		return l.Text("web.report.since", args)
	}
	return l.Text("web.report.between", args)
}

// reportFilters draws the filters as they are set, with what is wrong with them.
func (p *pages) reportFilters(l lang.Lang, values url.Values, ask reportAsk, err error) reportFilters {
	out := reportFilters{From: values.Get("from"), To: values.Get("to")}
	for _, d := range defect.Dimensions() {
		out.Bys = append(out.Bys, option{Value: string(d), Label: l.Term("dimension." + string(d)), Chosen: d == ask.By})
	}
	for _, k := range defect.ClockNames() {
		out.Clocks = append(out.Clocks, option{Value: string(k), Label: l.Term("clock." + string(k)), Chosen: k == ask.Clock})
	}
	for _, q := range p.quickPeriods() {
		to := url.Values{"from": {q.from.String()}, "to": {q.to.String()}, "by": {string(ask.By)}}
		if ask.Clock != "" {
			to.Set("clock", string(ask.Clock))
		}
		here := out.From == q.from.String() && out.To == q.to.String()
		out.Quick = append(out.Quick, navItem{URL: reportPath + "?" + to.Encode(), Label: l.Term("web.period." + q.name), Here: here})
	}
	if apperr.Is(err, apperr.Invalid) {
		out.Wrong, out.Rest = wrongFields(l, err, []control{{Name: "from"}, {Name: "to"}})
	}
	return out
}

// groupName is what people read of a group's key.
func groupName(l lang.Lang, by defect.Dimension, key string, names map[string]string) string {
	if key == "" {
		return l.Term("web.report.unnamed")
	}
	switch by {
	case defect.BySeverity:
		return l.Term("severity." + key)
	case defect.ByClock:
		return l.Term("clock." + key)
	case defect.ByPerson:
		return nameIn(names, key)
	case defect.ByMonth:
		if len(key) == len("202611") {
			return key[:4] + "-" + key[4:]
		}
	case defect.BySystem, defect.ByUnit:
	}
	return key
}

// reportRowOf tells a group. Its counts lead to the promises that ask names.
func reportRowOf(l lang.Lang, ask reportAsk, name string, g defect.PromiseGroup) reportRow {
	count := func(n int, outcome defect.Outcome, timed bool) linkedCount {
		ask.Outcome, ask.Timed = outcome, timed
		return linkedCount{N: n, URL: behindPath + "?" + ask.address().Encode()}
	}
	v := reportRow{
		Name: name, Promised: count(g.Promised, "", false), Met: count(g.Met, defect.OutcomeMet, false), Broken: count(g.Broken, defect.OutcomeBroken, false),
		Running: count(g.Running, defect.OutcomeRunning, false), Cancelled: count(g.Cancelled, defect.OutcomeCancelled, false), Timed: count(g.Timed, "", true),
		Contractor: span(l, g.Sides.Contractor), Client: span(l, g.Sides.Client), SparePart: span(l, g.Sides.SparePart),
	}
	if rate, ok := g.Rate(); ok {
		v.Share, v.Rate = rate, fmt.Sprintf("%.1f%%", rate*100)
	}
	if g.Timed > 0 {
		v.P50, v.P90, v.Longest = span(l, g.P50), span(l, g.P90), span(l, g.Longest)
	}
	return v
}

// behindPage is the promises behind a figure.
type behindPage struct {
	Report        string // the way back
	Period        string
	Which         []string // what they have in common
	Promises      []casePromiseView
	Pager         pager
	Wrong         string
	Away, Listing bool // SQL does not answer; there is a list, be it empty
}

// casePromiseView is a promise as it is told.
type casePromiseView struct {
	defect.CasePromise
	PersonName                      string
	Tone                            tone
	Took, Late                      string
	Contractor, Client, SpareWaited string
}

func (p *pages) promisesBehind(c *gin.Context, by desk.Caller) {
	if err := p.desk.MayReport(by); err != nil {
		p.fail(c, err)
		return
	}
	l, status := language(c), http.StatusOK
	ask, err := p.readAsk(c.Request.URL.Query())
	out := p.behindOf(l, ask)
	if err == nil {
		var list []defect.CasePromise
		var next string
		if list, next, err = p.desk.Promises(c, by, ask.query(p.zone), ask.After, listSize); err == nil {
			out.Promises, out.Listing = p.casePromiseViews(l, list), true
			out.Pager = around(behindPath, ask.address(), ask.After, next)
		}
	}
	switch {
	case apperr.Is(err, apperr.Unavailable):
		out.Away, status = true, p.refuse(c, err)
	case apperr.Is(err, apperr.Invalid):
		_, out.Wrong = wrongFields(l, forPeople(c, err), nil)
		status = p.refuse(c, err)
	case err != nil:
		p.fail(c, err)
		return
	}
	p.show(c, status, "promises", l.Term("web.report.behind"), out)
}

// behindOf says what the promises behind a figure have in common.
func (p *pages) behindOf(l lang.Lang, ask reportAsk) behindPage {
	back := ask
	back.Key, back.None, back.Outcome, back.Timed = "", false, "", false
	out := behindPage{Report: reportPath + "?" + back.address().Encode(), Period: periodOf(l, ask)}
	if ask.Key != "" || ask.None {
		out.Which = append(out.Which, l.Text("web.report.group", apperr.Args{"by": "@dimension." + string(ask.By), "name": groupName(l, ask.By, ask.Key, p.desk.Names(ask.Key))}))
	}
	if ask.Clock != "" {
		out.Which = append(out.Which, l.Term("clock."+string(ask.Clock)))
	}
	if ask.Outcome != "" {
		out.Which = append(out.Which, l.Term("outcome."+string(ask.Outcome)))
	}
	if ask.Timed {
		out.Which = append(out.Which, l.Term("web.report.timed"))
	}
	return out
}

// outcomeTones give what became of a promise the shape of what it is like.
var outcomeTones = map[defect.Outcome]tone{
	defect.OutcomeMet: toneDone, defect.OutcomeBroken: toneLate, defect.OutcomeRunning: toneCalm, defect.OutcomeCancelled: toneRest,
}

func (p *pages) casePromiseViews(l lang.Lang, list []defect.CasePromise) []casePromiseView {
	var usernames []string
	for _, one := range list {
		usernames = append(usernames, one.Person)
	}
	names := p.desk.Names(usernames...)
	out := make([]casePromiseView, 0, len(list))
	for _, one := range list {
		v := casePromiseView{
			CasePromise: one, PersonName: nameIn(names, one.Person), Tone: outcomeTones[one.Outcome],
			Contractor: span(l, one.Sides.Contractor), Client: span(l, one.Sides.Client), SpareWaited: span(l, one.Sides.SparePart),
		}
		if one.Met || one.Outcome != defect.OutcomeRunning {
			v.Took = span(l, one.Counted)
		}
		if one.Outcome == defect.OutcomeBroken && !one.EndedAt.IsZero() {
			v.Late = span(l, one.LateBy)
		}
		out = append(out, v)
	}
	return out
}

// exportReport sends a workbook of figures and of the promises behind them. The figures are those of the very promises that
// the other sheet shows, whatever happens meanwhile.
func (p *pages) exportReport(c *gin.Context, by desk.Caller) {
	if err := p.desk.MayReport(by); err != nil {
		p.fail(c, err)
		return
	}
	ask, err := p.readAsk(c.Request.URL.Query())
	if err != nil {
		p.fail(c, err)
		return
	}
	l, q := language(c), ask.query(p.zone)
	var sums defect.PromiseSums
	figures := edge.Table{Name: l.Term(string(lang.HeadingFigures)), Headings: l.FigureHeadings(q.By), Rows: func(yield func([]any) error) error {
		for _, row := range l.FigureRows(q.By, sums.Report()) {
			if err := yield(row); err != nil {
				return err
			}
		}
		return nil
	}}
	behind := edge.Table{Name: l.Term(string(lang.HeadingCases)), Headings: l.PromiseHeadings(), Rows: func(yield func([]any) error) error {
		return desk.EachPromise(c, p.desk, by, q, func(one defect.CasePromise) error {
			sums.Add(one.Key(q.By), one.Figure())
			return yield(l.PromiseRow(one, p.zone))
		})
	}}
	if err := (edge.Download{Log: p.log, Name: "promises", Language: string(l)}).XLSX(c, figures, behind); err != nil {
		p.fail(c, err)
	}
}
