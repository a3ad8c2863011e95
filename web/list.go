package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

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

const (
	// listSize is how many cases a page of the list has.
	listSize = 50
	// openStages stands in an address for every stage in which something can still happen.
	openStages = "open"
)

// row is a case in a list.
type row struct {
	desk.View
	Promise      *clockView
	AssigneeName string
}

// rows puts cases into lists.
func (p *pages) rows(l lang.Lang, views []desk.View) []row {
	var usernames []string
	for _, v := range views {
		usernames = append(usernames, v.Assignee)
	}
	names := p.desk.Names(usernames...)
	out := make([]row, 0, len(views))
	for _, v := range views {
		r := row{View: v}
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
	Stages, Severities, Assignees, Sorts []option
	Text, Overdue                        string
	Wrong                                string // with the filters
	Rows                                 []row
	Total                                int
	TotalExact                           bool
	Page                                 int    // from 1; 0 behind the pages, where a cursor leads on
	Before, Next                         string // the pages around, where there are any
	Filtered                             bool
}

func (listPage) watches() liveOn { return liveOn{} }

// list shows the cases that a person may see. All that narrows it stands in its address.
func (p *pages) list(c *gin.Context, by desk.Caller) {
	l, values := language(c), c.Request.URL.Query()
	q, err := readQuery(values)
	out := listPage{Text: values.Get("q"), Overdue: values.Get("overdue"), Page: q.Page}
	p.filters(&out, l, by, values)
	status := http.StatusOK
	if err == nil {
		var page desk.Page
		if page, err = p.desk.Defects(c, by, q); err == nil {
			out.Rows, out.Total, out.TotalExact = p.rows(l, page.Items), page.Total, page.TotalExact
			out.around(values, q, page)
		}
	}
	if apperr.Is(err, apperr.Invalid) {
		status = http.StatusUnprocessableEntity
		for _, f := range apperr.Of(forPeople(c, err)).Fields {
			out.Wrong = l.Text(f.Reason, f.Args)
		}
	} else if err != nil {
		p.fail(c, err)
		return
	}
	p.show(c, status, "list", l.Term("web.list.title"), out)
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
	for _, s := range defect.Sorts() {
		add(&out.Sorts, "sort", string(s), l.Term("sort."+string(s)))
	}
	out.Filtered = out.Filtered || out.Text != "" || out.Overdue != ""
}

// around leads to the pages before and after: by page as far as pages reach, by cursor behind.
func (out *listPage) around(values url.Values, q defect.Query, page desk.Page) {
	at := func(name, value string) string {
		to := url.Values{}
		for k, v := range values {
			if k != "page" && k != "after" && k != "lang" {
				to[k] = v
			}
		}
		if value != "" {
			to.Set(name, value)
		}
		return "/defects?" + to.Encode()
	}
	switch {
	case q.After != "":
		out.Page, out.Before = 0, at("", "")
	case q.Page > 1:
		out.Before = at("page", strconv.Itoa(q.Page-1))
	}
	switch {
	case page.Next == "":
	case q.After == "" && (q.Page+1)*q.Size <= defect.MaxDepth:
		out.Next = at("page", strconv.Itoa(q.Page+1))
	default:
		out.Next = at("after", page.Next)
	}
}

// filterFields describe what an address may ask of the list.
func filterFields() []defect.Field {
	var sorts []string
	for _, s := range defect.Sorts() {
		sorts = append(sorts, string(s))
	}
	return []defect.Field{
		{Name: "assignee", Type: defect.TypeUser, Max: defect.MaxText},
		{Name: "overdue", Type: defect.TypeBool},
		{Name: "q", Type: defect.TypeText, Max: defect.MaxTitle},
		{Name: "sort", Type: defect.TypeText, Enum: sorts},
		{Name: "page", Type: defect.TypeInteger, Min: 1, Max: defect.MaxDepth / listSize},
		{Name: "after", Type: defect.TypeText, Max: defect.MaxText},
	}
}

// readQuery reads the filters of an address; Invalid for what is none.
func readQuery(values url.Values) (defect.Query, error) {
	var in struct {
		Assignee, Q, After string
		Overdue            *bool
		Sort               defect.Sort
		Page               int
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
	q.Assignee, q.Text, q.After, q.Overdue = in.Assignee, in.Q, in.After, in.Overdue
	if in.Sort != "" {
		q.Sort = in.Sort
	}
	if in.Page > 0 && in.After == "" {
		q.Page = in.Page
	}
	return q, nil
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
