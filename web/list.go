package web

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/lang"
)

// caseDesk is what the pages ask of the desk about cases and the people in them.
type caseDesk interface {
	Submit(ctx context.Context, by desk.Caller, s defect.Submission, idempotencyKey string) (v desk.View, created bool, err error)
	MaySubmit(by desk.Caller) error
	Defect(ctx context.Context, by desk.Caller, number string) (desk.View, error)
	Defects(ctx context.Context, by desk.Caller, q defect.Query) (desk.Page, error)
	Events(ctx context.Context, by desk.Caller, number string, after, limit int) (events []defect.Event, more bool, err error)
	Act(ctx context.Context, by desk.Caller, number string, a defect.Action, in defect.Input, version *int, idempotencyKey string) (desk.View, error)
	Names(usernames ...string) map[string]string
	Assignable(by desk.Caller) []defect.Person
}

func (p *pages) listRoutes(e *gin.Engine) {
	e.GET(listPath, p.known(p.list))
	e.GET(exportPath, p.known(p.export))
}

const (
	listPath = "/defects"
	// listSize is how many cases a page of the list has.
	listSize = 50
	// openStages stands in an address for every stage in which something can still happen.
	openStages = "open"
)

// casePath returns where a case is.
func casePath(number string) string { return listPath + "/" + number }

// caseRow is a case in a list.
type caseRow struct {
	desk.View
	Promise      *clockView
	AssigneeName string
}

// caseRows puts cases into lists.
func (p *pages) caseRows(l lang.Lang, views []desk.View) []caseRow {
	var usernames []string
	for _, v := range views {
		usernames = append(usernames, v.Assignee)
	}
	names := p.desk.Names(usernames...)
	out := make([]caseRow, 0, len(views))
	for _, v := range views {
		r := caseRow{View: v}
		if v.Assignee != "" {
			r.AssigneeName = nameIn(names, v.Assignee)
		}
		if k, ok := v.MostUrgent(); ok {
			told := p.clockOf(l, &v.Case, k)
			r.Promise = &told
		}
		out = append(out, r)
	}
	return out
}

// listPage is the list of cases with its filters.
type listPage struct {
	anyCases

	Stages, Severities, Assignees, Sorts []option
	Categories                           []option
	Typed                                map[string]string // what the other filters say
	Staff                                bool              // cases of others are seen, too
	Further                              bool              // one of the filters that few ask for is set
	Wrong                                string            // with the filters
	Bad                                  map[string]string // what is wrong with one of them, by its name
	Heads                                []head
	Rows                                 []caseRow
	Total                                int
	TotalExact                           bool
	Pager                                pager
	Export                               string // all that is filtered, as a file
	Filtered                             bool
	First                                *firstSteps
	Away                                 *away
}

// Bound is how many cases a file has at most.
func (listPage) Bound() int { return exportRows }

// typedFilters are the filters that are typed, and those that are chosen between yes, no and both.
var typedFilters = []string{"q", "overdue", "system", "reporter", "asset_id", "waiting", "from", "to"}

// further are the filters that few ask for.
var further = []string{"category", "system", "reporter", "asset_id", "waiting", "from", "to"}

// list shows the cases that a person may see. All that narrows it stands in its address.
func (p *pages) list(c *gin.Context, by desk.Caller) {
	l, values := language(c), c.Request.URL.Query()
	maps.DeleteFunc(values, func(_ string, said []string) bool { return strings.Join(said, "") == "" }) // a form sends what was left blank, too
	q, err := p.readQuery(values)
	out := listPage{anyCases: p.anyCases(c), Staff: defect.SeesAll(by.Person), Heads: heads(l, values, q.Sort), Export: addressOf(exportPath, values, "", "")}
	p.filters(&out, l, by, values)
	status := http.StatusOK
	if err == nil {
		var page desk.Page
		if page, err = p.desk.Defects(c, by, q); err == nil {
			out.Rows, out.Total, out.TotalExact = p.caseRows(l, page.Items), page.Total, page.TotalExact
			out.Pager = casePager(values, q, page)
			if len(out.Rows) == 0 && !out.Filtered {
				out.First = p.first(l, by)
			}
		}
	}
	switch {
	case apperr.Is(err, apperr.Invalid):
		status = p.refuse(c, err)
		out.tell(l, forPeople(c, err))
	case apperr.Is(err, apperr.Unavailable):
		status, out.Away = p.refuse(c, err), awayFrom(c, by, err)
	case err != nil:
		p.fail(c, err)
		return
	}
	p.show(c, status, "list", l.Term("web.list.title"), out)
}

// tell says what is wrong with the filters.
func (out *listPage) tell(l lang.Lang, err error) {
	out.Bad = map[string]string{}
	for _, f := range apperr.Of(err).Fields {
		out.Wrong = l.Text(f.Reason, f.Args)
		out.Bad[f.Field] = out.Wrong
	}
}

// filters draws the filters as they are set.
func (p *pages) filters(out *listPage, l lang.Lang, by desk.Caller, values url.Values) {
	add := func(to *[]option, name, value, label string) {
		chosen := slices.Contains(strings.Split(strings.Join(values[name], ","), ","), value)
		*to = append(*to, option{Value: value, Label: label, Chosen: chosen})
		out.Filtered = out.Filtered || chosen && name != "sort"
	}
	add(&out.Stages, "stage", openStages, l.Term("web.list.open"))
	for _, s := range defect.Stages() {
		add(&out.Stages, "stage", string(s), l.Term("stage."+string(s)))
	}
	for n := 1; n <= 4; n++ {
		value := strconv.Itoa(n)
		add(&out.Severities, "severity", value, l.Term("severity."+value))
	}
	for _, person := range p.desk.Assignable(by) {
		add(&out.Assignees, "assignee", person.Username, person.Name)
	}
	for _, category := range []defect.Category{defect.Technical, defect.Business, defect.Operation} {
		add(&out.Categories, "category", string(category), l.Term("category."+string(category)))
	}
	for _, s := range defect.Sorts() {
		add(&out.Sorts, "sort", string(s), l.Term("sort."+string(s)))
	}
	out.Typed = map[string]string{}
	for _, name := range typedFilters {
		out.Typed[name] = values.Get(name)
		out.Filtered = out.Filtered || out.Typed[name] != ""
	}
	out.Further = slices.ContainsFunc(further, func(name string) bool { return values.Get(name) != "" })
}

// head is what stands above a column of the list.
type head struct {
	Label string
	URL   string // sorts by it; empty where it cannot be sorted by
	Order string // as assistive technology calls it; empty when the list is not sorted by it
	Wide  bool   // only where there is room
}

// heads returns what stands above the columns, with the order that each leads to.
func heads(l lang.Lang, values url.Values, by defect.Sort) []head {
	sorted := func(label string, wide bool, order string, sort defect.Sort) head {
		h := head{Label: label, URL: addressOf(listPath, values, "sort", string(sort)), Wide: wide}
		if by == sort {
			h.Order = order
		}
		return h
	}
	submitted := sorted(l.Term("web.sign.submitted"), true, "descending", defect.SortNewest)
	switch by { // it goes both ways
	case defect.SortNewest:
		submitted.URL = addressOf(listPath, values, "sort", string(defect.SortOldest))
	case defect.SortOldest:
		submitted.Order = "ascending"
	case defect.SortUpdated, defect.SortDue, defect.SortSeverity:
	}
	return []head{
		{Label: l.Term("web.list.case")},
		sorted(l.Term("web.list.severity"), false, "ascending", defect.SortSeverity),
		{Label: l.Term("web.list.stage")},
		sorted(l.Term("web.list.promise"), false, "ascending", defect.SortDue),
		{Label: l.Term("web.list.assignee")},
		{Label: l.Term("input.category"), Wide: true},
		{Label: l.Term("web.case.reporter"), Wide: true},
		submitted,
		sorted(l.Term("web.list.updated"), false, "descending", defect.SortUpdated),
	}
}

// casePager leads to the pages around one of the list of cases: by page as far as pages reach, by cursor behind.
func casePager(values url.Values, q defect.Query, page desk.Page) pager {
	if q.After != "" {
		return pager{Before: addressOf(listPath, values, "", ""), Next: around(listPath, values, "", page.Next).Next}
	}
	out := pager{Page: q.Page}
	if q.Page > 1 {
		out.Before = addressOf(listPath, values, "page", strconv.Itoa(q.Page-1))
	}
	switch {
	case page.Next == "":
	case (q.Page+1)*q.Size <= defect.MaxDepth:
		out.Next = addressOf(listPath, values, "page", strconv.Itoa(q.Page+1))
	default:
		out.Next = addressOf(listPath, values, "after", page.Next)
	}
	return out
}

// filterFields describe what an address may ask of the list.
func filterFields() []defect.Field {
	var sorts []string
	for _, s := range defect.Sorts() {
		sorts = append(sorts, string(s))
	}
	return []defect.Field{
		{Name: "assignee", Type: defect.TypeUser, Max: defect.MaxText},
		{Name: "reporter", Type: defect.TypeUser, Max: defect.MaxText},
		{Name: "category", Type: defect.TypeText, Enum: []string{string(defect.Technical), string(defect.Business), string(defect.Operation)}},
		{Name: "system", Type: defect.TypeText, Max: defect.MaxText},
		{Name: "asset_id", Type: defect.TypeText, Max: defect.MaxText},
		{Name: "overdue", Type: defect.TypeBool},
		{Name: "waiting", Type: defect.TypeBool},
		{Name: "from", Type: defect.TypeDate},
		{Name: "to", Type: defect.TypeDate},
		{Name: "q", Type: defect.TypeText, Max: defect.MaxTitle},
		{Name: "sort", Type: defect.TypeText, Enum: sorts},
		{Name: "page", Type: defect.TypeInteger, Min: 1, Max: defect.MaxDepth / listSize},
		{Name: "after", Type: defect.TypeText, Max: defect.MaxText},
	}
}

// readQuery reads the filters of an address; Invalid for what is none.
func (p *pages) readQuery(values url.Values) (defect.Query, error) {
	var in struct {
		Assignee, Reporter, System, Q, After, From, To string
		Asset                                          string `json:"asset_id"`
		Category                                       defect.Category
		Overdue, Waiting                               *bool
		Sort                                           defect.Sort
		Page                                           int
	}
	q := defect.Query{Page: 1, Size: listSize, Sort: defect.SortNewest}
	var wrong apperr.Fields
	doc := readFields(filterFields(), values, "", nil)
	defect.CheckFields(filterFields(), doc, &wrong)
	q.Stages = readStages(values["stage"], &wrong)
	for _, text := range strings.FieldsFunc(strings.Join(values["severity"], ","), isComma) {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 4 {
			wrong.Add("severity", apperr.FieldRange, apperr.Args{"min": "1", "max": "4"})
			break
		}
		q.Severities = append(q.Severities, defect.Severity(n))
	}
	if err := wrong.Err(); err != nil {
		return q, err
	}
	if err := bind(doc, &in); err != nil {
		return q, err
	}
	q.Assignee, q.Reporter, q.System, q.AssetID, q.Category = in.Assignee, in.Reporter, in.System, in.Asset, in.Category
	q.Text, q.After, q.Overdue, q.Waiting = in.Q, in.After, in.Overdue, in.Waiting
	q.From, q.To = p.dayOf(in.From, 0), p.dayOf(in.To, 1) // with its last day
	if !q.From.IsZero() && !q.To.IsZero() && !q.To.After(q.From) {
		wrong.Add("to", apperr.FieldPeriod, nil)
		return q, wrong.Err()
	}
	if in.Sort != "" {
		q.Sort = in.Sort
	}
	if in.Page > 0 && in.After == "" {
		q.Page = in.Page
	}
	return q, nil
}

// dayOf returns when a day begins at the site, so many days later; zero for no day. CheckFields has seen that it is one.
func (p *pages) dayOf(text string, later int) time.Time {
	day, err := time.ParseInLocation(time.DateOnly, text, p.zone)
	if err != nil {
		return time.Time{}
	}
	return day.AddDate(0, 0, later)
}

func isComma(r rune) bool { return r == ',' }

func readStages(values []string, wrong *apperr.Fields) []defect.Stage {
	var out []defect.Stage
	for _, text := range strings.FieldsFunc(strings.Join(values, ","), isComma) {
		switch {
		case text == openStages:
			out = append(out, defect.OpenStages()...)
		case slices.Contains(defect.Stages(), defect.Stage(text)):
			out = append(out, defect.Stage(text))
		default:
			wrong.Add("stage", apperr.FieldEnum, apperr.Args{"accepted": openStages})
			return nil
		}
	}
	return out
}
