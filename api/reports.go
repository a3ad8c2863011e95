package api

import (
	"context"
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
)

// reportDesk is what the API asks of the desk about reports.
type reportDesk interface {
	MayReport(by desk.Caller) error
	PromiseReport(ctx context.Context, by desk.Caller, q defect.PromiseQuery) (defect.PromiseReport, error)
	Promises(ctx context.Context, by desk.Caller, q defect.PromiseQuery, after string, limit int) (list []defect.CasePromise, next string, err error)
	Zone() *time.Location
}

func (a *api) mayReport(r *request) error { return a.desk.MayReport(r.by) }

// promiseReport answers with the figures of a period, as JSON page by page, or whole as a file.
func (a *api) promiseReport(r *request) (any, error) {
	if err := a.mayReport(r); err != nil { // before what their mistakes are
		return nil, err
	}
	q, err := promiseQuery(r)
	if err != nil {
		return nil, err
	}
	if r.text("format") == formatXLSX {
		return nil, a.sendReport(r, q)
	}
	report, err := a.desk.PromiseReport(r, r.by, q)
	if err != nil {
		return nil, err
	}
	if r.text("format") == formatCSV {
		return nil, a.download(r, "promises").CSV(r.Context, a.figures(r, q, func() defect.PromiseReport { return report }))
	}
	page, next, err := groupsAfter(report.Groups, r.text("after"), r.integer("page_size", defect.MaxPageSize))
	if err != nil {
		return nil, err
	}
	answer := promiseReportBody{
		From: moment(q.From), To: moment(q.To), By: q.By, Clock: given(string(q.Clock)), Next: given(next),
		Groups: make([]promiseGroupBody, 0, len(page)), Totals: promiseGroupOf(q, report.Total),
	}
	for _, g := range page {
		one := q
		one.Key, one.Keyed = g.Key, true
		answer.Groups = append(answer.Groups, promiseGroupOf(one, g))
	}
	return answer, nil
}

// sendReport sends a workbook of figures and of the promises behind them. The figures are those of the very promises that
// the other sheet shows, whatever happens meanwhile.
func (a *api) sendReport(r *request, q defect.PromiseQuery) error {
	var sums defect.PromiseSums
	cases := a.behind(r, q, func(p defect.Promise) { sums.Add(p.Key(q.By), p.Figure()) })
	return a.download(r, "promises").XLSX(r.Context, a.figures(r, q, sums.Report), cases)
}

// promises answers with the promises behind a figure.
func (a *api) promises(r *request) (any, error) {
	if err := a.mayReport(r); err != nil { // before what their mistakes are
		return nil, err
	}
	q, err := promiseQuery(r)
	if err != nil {
		return nil, err
	}
	if r.text("format") == formatCSV {
		return nil, a.download(r, "promises-cases").CSV(r.Context, a.behind(r, q, func(defect.Promise) {}))
	}
	list, next, err := a.desk.Promises(r, r.by, q, r.text("after"), r.integer("page_size", defect.DefaultPageSize))
	if err != nil {
		return nil, err
	}
	answer := promisesBody{Items: make([]promiseBody, 0, len(list)), Next: given(next)}
	for _, p := range list {
		answer.Items = append(answer.Items, promiseOf(p))
	}
	return answer, nil
}

// promiseQuery reads what both ask for: a list has a group and an outcome beside.
func promiseQuery(r *request) (defect.PromiseQuery, error) {
	q := defect.PromiseQuery{
		From: r.time("from"), To: r.time("to"), Clock: defect.ClockName(r.text("clock")), By: defect.Dimension(r.text("by")),
		Key: r.text("key"), Outcome: defect.Outcome(r.text("outcome")),
	}
	none := r.boolean("none")
	timed := r.boolean("timed")
	q.Keyed = q.Key != "" || none != nil && *none
	q.Timed = timed != nil && *timed
	var wrong apperr.Fields
	if q.Key != "" && none != nil && *none {
		wrong.Add("key", apperr.FieldExclusive, apperr.Args{"other": "none"})
	}
	if q.Keyed && q.By == "" {
		wrong.Add("by", apperr.FieldNeeds, apperr.Args{"other": "key, none"})
	}
	if q.By == "" {
		q.By = defect.Dimensions()[0]
	}
	return q, wrong.Err()
}

// groupsAfter returns a page of groups.
func groupsAfter(groups []defect.PromiseGroup, after string, size int) (page []defect.PromiseGroup, next string, err error) {
	if after != "" {
		key, err := base64.RawURLEncoding.Strict().DecodeString(after)
		name, ok := strings.CutPrefix(string(key), groupCursor)
		if err != nil || !ok {
			var wrong apperr.Fields
			wrong.Add("after", apperr.FieldCursor, nil)
			return nil, "", wrong.Err()
		}
		i, found := slices.BinarySearchFunc(groups, name, func(g defect.PromiseGroup, key string) int { return strings.Compare(g.Key, key) })
		if found {
			i++
		}
		groups = groups[i:]
	}
	if len(groups) > size {
		groups = groups[:size]
		next = base64.RawURLEncoding.EncodeToString([]byte(groupCursor + groups[size-1].Key))
	}
	return groups, next, nil
}

// groupCursor begins a cursor of groups, so that no other passes for one.
const groupCursor = "group:"

// casesAddress returns the address of the promises that q asks for.
func casesAddress(q defect.PromiseQuery) string {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("from", stamp(q.From))
	set("to", stamp(q.To))
	set("clock", string(q.Clock))
	set("outcome", string(q.Outcome))
	if q.Keyed {
		set("by", string(q.By))
		set("key", q.Key)
		if q.Key == "" {
			set("none", "true")
		}
	}
	if q.Timed {
		set("timed", "true")
	}
	address := prefix + "/reports/promises/cases"
	if len(v) > 0 {
		address += "?" + v.Encode()
	}
	return address
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}

// promiseGroupOf shows a group with the addresses of the promises behind its figures, which are those that q asks for.
func promiseGroupOf(q defect.PromiseQuery, g defect.PromiseGroup) promiseGroupBody {
	of := func(outcome defect.Outcome, timed bool) string {
		q.Outcome, q.Timed = outcome, timed
		return casesAddress(q)
	}
	b := promiseGroupBody{
		Key: given(g.Key), Promised: g.Promised, Met: g.Met, Broken: g.Broken, Running: g.Running, Cancelled: g.Cancelled, Timed: g.Timed,
		Sums: sumsBody{Contractor: g.Sides.Contractor.Seconds(), Client: g.Sides.Client.Seconds(), SparePart: g.Sides.SparePart.Seconds()},
		Links: promiseLinksBody{
			Met: of(defect.OutcomeMet, false), Broken: of(defect.OutcomeBroken, false), Running: of(defect.OutcomeRunning, false),
			Cancelled: of(defect.OutcomeCancelled, false), Timed: of("", true),
		},
		Cases: of("", false),
	}
	if rate, ok := g.Rate(); ok {
		b.Rate = &rate
	}
	if g.Timed > 0 {
		p50, p90, longest := g.P50.Seconds(), g.P90.Seconds(), g.Longest.Seconds()
		b.P50, b.P90, b.Longest = &p50, &p90, &longest
	}
	return b
}

func promiseOf(p defect.CasePromise) promiseBody {
	b := promiseBody{
		Number: p.Number, Clock: p.Clock, Nth: p.Nth, Cycle: p.Cycle, Severity: p.Severity, System: given(p.System), Unit: given(p.Unit), Person: given(p.Person),
		StartedAt: p.StartedAt, DueAt: moment(p.DueAt), EndedAt: moment(p.EndedAt), State: p.State, Outcome: p.Outcome, Counted: p.Counted.Seconds(),
		Sums:    sumsBody{Contractor: p.Sides.Contractor.Seconds(), Client: p.Sides.Client.Seconds(), SparePart: p.Sides.SparePart.Seconds()},
		Explain: prefix + "/defects/" + url.PathEscape(p.Number) + "/clocks/" + string(p.Clock) + "/explain?nth=" + strconv.Itoa(p.Nth),
	}
	if p.Outcome == defect.OutcomeBroken && !p.EndedAt.IsZero() {
		late := p.LateBy.Seconds()
		b.LateBy = &late
	}
	return b
}
