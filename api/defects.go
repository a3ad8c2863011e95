package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/edge"
	"yunwei/lang"
)

// caseDesk is what the API asks of the desk about cases.
type caseDesk interface {
	Submit(ctx context.Context, by desk.Caller, s defect.Submission, idempotencyKey string) (v desk.View, created bool, err error)
	MaySubmit(by desk.Caller) error
	Defect(ctx context.Context, by desk.Caller, number string) (desk.View, error)
	Defects(ctx context.Context, by desk.Caller, q defect.Query) (desk.Page, error)
	Similar(ctx context.Context, by desk.Caller, title, system string) ([]desk.View, error)
	Events(ctx context.Context, by desk.Caller, number string, after, limit int) (events []defect.Event, more bool, err error)
	Act(ctx context.Context, by desk.Caller, number string, a defect.Action, in defect.Input, version *int, idempotencyKey string) (desk.View, error)
	MayAct(ctx context.Context, by desk.Caller, number string, a defect.Action) error
	Names(usernames ...string) map[string]string
}

func (a *api) maySubmit(r *request) error { return a.desk.MaySubmit(r.by) }

// submit files a report.
func (a *api) submit(r *request) (any, error) {
	var s defect.Submission
	if err := bind(r.body, &s); err != nil {
		return nil, err
	}
	v, created, err := a.desk.Submit(r, r.by, s, r.key)
	if err != nil {
		return nil, err
	}
	r.Header("Location", prefix+"/defects/"+v.Number)
	if !created {
		r.status = http.StatusOK
	}
	return defectOf(v), nil
}

func (a *api) read(r *request) (any, error) {
	v, err := a.desk.Defect(r, r.by, r.Param("number"))
	if err != nil {
		return nil, err
	}
	return defectOf(v), nil
}

// act takes a step.
func (a *api) act(r *request, action defect.Action) (any, error) {
	var in struct {
		defect.Input
		Version *int `json:"version"`
	}
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	v, err := a.desk.Act(r, r.by, r.Param("number"), action, in.Input, in.Version, r.key)
	if err != nil {
		return nil, err
	}
	return defectOf(v), nil
}

// unknownAction answers for a case that the caller may not see before it does for the action.
func (a *api) unknownAction(r *request) (any, error) {
	if _, err := a.desk.Defect(r, r.by, r.Param("number")); err != nil {
		return nil, err
	}
	return nil, apperr.New(apperr.NotFound, apperr.ReasonActionUnknown, apperr.Args{"action": defect.Printable(r.Param("action"))})
}

// list lists cases.
func (a *api) list(r *request) (any, error) {
	q := defect.Query{
		Category: defect.Category(r.text("category")), Assignee: r.text("assignee"), Reporter: r.text("reporter"), System: r.text("system"),
		AssetID: r.text("asset_id"), Overdue: r.boolean("overdue"), Waiting: r.boolean("waiting"), Text: r.text("q"),
		From: r.time("from"), To: r.time("to"), Sort: defect.Sort(r.text("sort")),
		Page: r.integer("page", 1), Size: r.integer("page_size", defect.DefaultPageSize), After: r.text("after"),
	}
	for _, s := range r.list("stage") {
		q.Stages = append(q.Stages, defect.Stage(fmt.Sprint(s)))
	}
	for _, s := range r.list("severity") {
		if f, ok := s.(float64); ok {
			q.Severities = append(q.Severities, defect.Severity(f))
		}
	}
	if err := checkList(r, q); err != nil {
		return nil, err
	}
	if r.text("format") == formatXLSX {
		return nil, a.download(r, "defects").XLSX(r.Context, a.cases(r, q))
	}
	page, err := a.desk.Defects(r, r.by, q)
	if err != nil {
		return nil, err
	}
	answer := listBody{Items: make([]defectBody, 0, len(page.Items)), Total: page.Total, TotalExact: page.TotalExact, PageSize: q.Size, Next: given(page.Next)}
	if q.After == "" {
		answer.Page = &q.Page
	}
	for _, v := range page.Items {
		answer.Items = append(answer.Items, defectOf(v))
	}
	return answer, nil
}

// similar lists the open cases like one that is about to be reported.
func (a *api) similar(r *request) (any, error) {
	found, err := a.desk.Similar(r, r.by, r.text("title"), r.text("system"))
	if err != nil {
		return nil, err
	}
	answer := similarBody{Items: make([]defectBody, 0, len(found))}
	for _, v := range found {
		answer.Items = append(answer.Items, defectOf(v))
	}
	return answer, nil
}

// cases is what a query finds as a table, from its first page and as far as a page reaches.
func (a *api) cases(r *request, q defect.Query) edge.Table {
	l := language(r.Context)
	return edge.Table{Name: l.Term(string(lang.HeadingCases)), Headings: l.CaseHeadings(), Rows: func(yield func([]any) error) error {
		whole, err := desk.EachCase(r, a.desk, r.by, q, func(v desk.View) error {
			return yield(l.CaseRow(&v.Case, cmp.Or(a.desk.Names(v.Assignee)[v.Assignee], v.Assignee), a.desk.Zone()))
		})
		if err == nil && !whole {
			err = yield(l.CasesCut(defect.MaxDepth))
		}
		return err
	}}
}

// checkList checks what one parameter means for another.
func checkList(r *request, q defect.Query) error {
	var wrong apperr.Fields
	if q.After != "" && r.query["page"] != nil {
		wrong.Add("after", apperr.FieldExclusive, apperr.Args{"other": "page"})
	}
	if q.Page*q.Size > defect.MaxDepth {
		wrong.Add("page", apperr.FieldDepth, apperr.Args{"limit": strconv.Itoa(defect.MaxDepth)})
	}
	return wrong.Err()
}

// time returns a time of the query; CheckFields has seen that it is one.
func (r *request) time(name string) time.Time {
	at, err := time.Parse(time.RFC3339, r.text(name))
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

func (r *request) list(name string) []any {
	values, _ := r.query[name].([]any)
	return values
}

// events tells the timeline of a case.
func (a *api) events(r *request) (any, error) {
	events, more, err := a.desk.Events(r, r.by, r.Param("number"), r.integer("after", 0), r.integer("page_size", maxEvents))
	if err != nil {
		return nil, err
	}
	answer := eventsBody{Items: make([]eventBody, 0, len(events))}
	l := language(r.Context)
	for _, e := range events {
		b, err := eventOf(e, l)
		if err != nil {
			return nil, err
		}
		answer.Items = append(answer.Items, b)
	}
	if more {
		answer.Next = &answer.Items[len(answer.Items)-1].Seq
	}
	return answer, nil
}

// assignmentBody is why somebody got a case without being named.
type assignmentBody struct {
	*defect.Assignment
	Text string `json:"text"`
}

func eventOf(e defect.Event, l lang.Lang) (eventBody, error) {
	b := eventBody{Seq: e.Seq, Kind: e.Kind, At: e.At, Data: map[string]any{}}
	if e.Actor != (defect.Actor{}) {
		b.Actor = &actorBody{Username: e.Actor.Username, Name: e.Actor.Name, Role: e.Actor.Role}
	}
	for _, part := range []any{e.Submission, e.Input, e.Timing, e.Refusal} {
		if err := addData(b.Data, part); err != nil {
			return b, err
		}
	}
	if e.Timing != nil { // durations are seconds here
		b.Data["late_by"] = e.Timing.LateBy.Seconds()
	}
	if e.Input != nil && e.Input.Assignment != nil {
		why := e.Input.Assignment
		b.Data["assignment"] = assignmentBody{Assignment: why, Text: l.Text(apperr.Reason("assignment."+string(why.Code)), why.Args)}
	}
	if e.OnBehalfOf != "" {
		b.Data["on_behalf_of"] = e.OnBehalfOf
	}
	return b, nil
}

// addData adds the fields that a part of an event was given, by their names in the API.
func addData(data map[string]any, part any) error {
	text, err := json.Marshal(part)
	if err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	if slices.Equal(text, []byte("null")) {
		return nil
	}
	if err := json.Unmarshal(text, &data); err != nil {
		return fmt.Errorf("read an event: %w", err)
	}
	return nil
}
