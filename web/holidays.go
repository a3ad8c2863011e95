package web

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/lang"
)

// holidayDesk is what the pages ask of the desk about holidays.
type holidayDesk interface {
	HolidayYear(ctx context.Context, by desk.Caller, set string, year int) (desk.HolidayYear, error)
	HolidayRevisions(ctx context.Context, by desk.Caller, set string, after, limit int) (list []calendar.Revision, next int, err error)
	MayChangeHolidays(by desk.Caller) error
	ChangeHolidays(ctx context.Context, by desk.Caller, set string, c desk.HolidayChange, idempotencyKey string) (r calendar.Revision, made bool, err error)
	PreviewHolidays(ctx context.Context, by desk.Caller, set string, c desk.HolidayChange, after string, limit int) (desk.HolidayEffect, error)
	HolidayEffect(ctx context.Context, by desk.Caller, set string, n int, after string, limit int) (desk.HolidayEffect, error)
	ApplyHolidays(ctx context.Context, by desk.Caller, set string, n int, why string, s desk.Selection) (desk.HolidaysApplied, error)
}

const (
	holidaysPath = policyPath + "/holidays"
	// revisionsShown is how many revisions stand on a page, casesMoved how many cases of a change's effect.
	revisionsShown = 20
	casesMoved     = 50
	// daysTyped is how many days the form has room for; who has more sends a file.
	daysTyped = 5
	// maxNoticeFile bounds a notice's file: it travels along, in the page that shows its effect.
	maxNoticeFile = 128 << 10
)

func (p *pages) holidayRoutes(e *gin.Engine) {
	e.GET(holidaysPath+"/:set", p.known(p.holidays))
	e.POST(holidaysPath+"/:set/preview", p.known(p.previewHolidays))
	e.GET(holidaysPath+"/:set/preview", p.known(above))
	e.POST(holidaysPath+"/:set", p.known(p.saveHolidays))
	e.GET(holidaysPath+"/:set/revisions/:n", p.known(p.revision))
	e.POST(holidaysPath+"/:set/revisions/:n/apply", p.posted(p.applyHolidays))
	e.GET(holidaysPath+"/:set/revisions/:n/apply", p.known(above))
}

func setPath(set string) string { return holidaysPath + "/" + url.PathEscape(set) }

func revisionPath(set string, n int) string { return setPath(set) + "/revisions/" + strconv.Itoa(n) }

// holidaysPage is a set of holidays: its days, how it came about, and the form of a change.
type holidaysPage struct {
	Set, BuildsOn string
	Revision      int
	Through       string
	Years         []yearView
	Before, After int // the years around
	Revisions     []revisionView
	Away          bool // revisions cannot be had while SQL is away
	Older         int  // the revision up to which the next page goes; 0 when these are all
	MayChange     bool
	Rows          []dayRow
	Wrong         string
}

// dayRow is a line of the form: a day, and what it becomes.
type dayRow struct {
	N                int
	Date, Kind, Name string
	Error            string
}

// revisionView is a revision as it is told.
type revisionView struct {
	calendar.Revision
	Maker string
	What  string
}

// The kinds of days in the form.
const (
	kindOff  = "off"
	kindWork = "work"
)

func (p *pages) holidays(c *gin.Context, by desk.Caller) {
	p.showHolidays(c, by, http.StatusOK, filled{})
}

// showHolidays shows a set, with a change that was refused as it was filled in.
func (p *pages) showHolidays(c *gin.Context, by desk.Caller, status int, was filled) {
	set, l := c.Param("set"), language(c)
	year, err := p.desk.HolidayYear(c, by, set, countOf(c.Query("year")))
	if err == nil && (year.Year < 2000 || year.Year > 2100) {
		err = apperr.New(apperr.NotFound, apperr.ReasonUnknownPath, nil)
	}
	if err != nil {
		p.fail(c, err)
		return
	}
	out := holidaysPage{
		Set: set, BuildsOn: year.BuildsOn, Revision: year.Revision, Through: year.KnownThrough.String(), Before: year.Year - 1, After: year.Year + 1,
		MayChange: p.desk.MayChangeHolidays(by) == nil,
	}
	for _, n := range []int{year.Year, year.Year + 1} {
		y, err := p.desk.HolidayYear(c, by, set, n)
		if err != nil {
			p.fail(c, err)
			return
		}
		out.Years = append(out.Years, yearView{Year: n, Provisional: y.Provisional, Days: daysOf(y.Days, n)})
	}
	if err := p.revisions(c, l, by, &out); err != nil {
		p.fail(c, err)
		return
	}
	out.Rows, out.Wrong = dayRows(l, was)
	p.show(c, status, "holidays", l.Text("web.holiday.title", apperr.Args{"set": set}), out)
}

// revisions lists the revisions of a set, the latest first.
func (p *pages) revisions(c *gin.Context, l lang.Lang, by desk.Caller, out *holidaysPage) error {
	upTo := countOf(c.Query("upto"))
	if upTo == 0 || upTo > out.Revision {
		upTo = out.Revision
	}
	out.Older = max(0, upTo-revisionsShown)
	if upTo == 0 {
		return nil
	}
	list, _, err := p.desk.HolidayRevisions(c, by, out.Set, out.Older, upTo-out.Older)
	if err := ifNotAway(err, &out.Away); err != nil {
		return err
	}
	for _, r := range slices.Backward(list) {
		out.Revisions = append(out.Revisions, p.revisionOf(l, r))
	}
	return nil
}

func (p *pages) revisionOf(l lang.Lang, r calendar.Revision) revisionView {
	v := revisionView{Revision: r, Maker: nameIn(p.desk.Names(r.By), r.By)}
	switch {
	case r.Change.Reverts > 0:
		v.What = l.Text("web.holiday.reverted", apperr.Args{"n": strconv.Itoa(r.Change.Reverts)})
	case len(r.Change.Years) > 0:
		years := make([]string, len(r.Change.Years))
		for i, y := range r.Change.Years {
			years[i] = strconv.Itoa(y.Year)
		}
		v.What = l.Text("web.holiday.notice", apperr.Args{"years": strings.Join(years, l.Term("list.separator"))})
	default:
		v.What = l.Text("web.holiday.by_hand", apperr.Args{"n": strconv.Itoa(len(r.Change.Days))})
	}
	return v
}

// dayRows draws the lines of the form as they were filled in, each with what is wrong with it.
func dayRows(l lang.Lang, was filled) ([]dayRow, string) {
	rows := make([]dayRow, daysTyped)
	var days []int // the lines that hold one
	for i := range rows {
		rows[i] = dayRow{N: i + 1, Date: nth(was.values, "date", i), Kind: nth(was.values, "kind", i), Name: nth(was.values, "name", i)}
		if rows[i].Date != "" || rows[i].Name != "" {
			days = append(days, i)
		}
	}
	wrong, others := lineFaults(l, was.err, map[string][]int{"days": days})
	for i, text := range wrong["days"] {
		rows[i].Error = text
	}
	_, rest := wrongFields(l, others, nil)
	return rows, rest
}

// nth returns the nth of a field that a form has several times.
func nth(values url.Values, name string, n int) string {
	if list := values[name]; n < len(list) {
		return strings.TrimSpace(list[n])
	}
	return ""
}

// changeIn reads a change from a form: days, a notice's file or its text that a page carried along, or the revision that is
// taken back.
func changeIn(c *gin.Context) (desk.HolidayChange, error) {
	values := c.Request.PostForm
	change := desk.HolidayChange{Why: values.Get("why"), Reverts: countOf(values.Get("reverts"))}
	text, name, err := noticeIn(c)
	if err != nil {
		return change, err
	}
	if name != "" {
		change.Document, change.File = text, name
		return change, nil
	}
	for i := range values["date"] {
		date, name := nth(values, "date", i), nth(values, "name", i)
		if date == "" && name == "" {
			continue
		}
		day, err := calendar.ParseDate(date)
		if err != nil {
			day = calendar.Date{} // the desk says which date is none
		}
		change.Days = append(change.Days, calendar.Exception{Date: day, Off: nth(values, "kind", i) != kindWork, Name: name})
	}
	return change, nil
}

// noticeIn returns the text and the name of a notice; no name where there is none.
func noticeIn(c *gin.Context) (text []byte, name string, err error) {
	if document := c.PostForm("document"); document != "" {
		return []byte(document), c.PostForm("file_name"), nil
	}
	file, header, err := c.Request.FormFile("file")
	if err != nil {
		return nil, "", nil // there is none, which is one of the ways to fill in the form
	}
	defer file.Close()
	if text, err = io.ReadAll(io.LimitReader(file, maxNoticeFile+1)); err != nil {
		return nil, "", unreadable(err)
	}
	if len(text) > maxNoticeFile {
		return nil, "", tooLarge(maxNoticeFile)
	}
	if len(text) == 0 {
		return nil, "", nil
	}
	return text, header.Filename, nil
}

// readChangeForm reads a form that may bring a file.
func readChangeForm(c *gin.Context) error {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxForm)
	err := c.Request.ParseMultipartForm(maxForm)
	switch {
	case err == nil, errors.Is(err, http.ErrNotMultipart):
		return nil
	case errors.As(err, new(*http.MaxBytesError)):
		return tooLarge(maxNoticeFile)
	}
	return unreadable(err)
}

// previewPage shows what a change would do before it is made.
type previewPage struct {
	Set      string
	Revision int      // the number that it would get
	Fields   []option // the change, to be sent along
	Effect   setEffectView
	Cases    []movedCase
	Unread   []string
	After    string // where this page of cases began
	Next     string // where the next one does
	Key      string
	Why      string
	Wrong    string
}

// setEffectView is what a change does to a set.
type setEffectView struct {
	Days    []dayChangeView
	Through string
}

// dayChangeView is a day that becomes another.
type dayChangeView struct{ Date, Name, Before, After string }

// movedCase is an open case whose promises would move.
type movedCase struct {
	Number, Title string
	Severity      defect.Severity
	Stage         defect.Stage
	Moves         []moveView
	Result        string // what became of it; empty of a case that was not touched
	Failed        bool
}

// moveView is a promise that moves.
type moveView struct {
	defect.Move
	Name, Notes string
}

func setEffectOf(l lang.Lang, e calendar.Effect) setEffectView {
	var out setEffectView
	ruling := func(r calendar.Ruling) string {
		switch r {
		case calendar.DayOff:
			return l.Term("web.policy.off")
		case calendar.Workday:
			return l.Term("web.policy.on")
		}
		return l.Term("web.holiday.week")
	}
	for _, d := range e.Days {
		out.Days = append(out.Days, dayChangeView{Date: d.Date.String(), Name: d.Name, Before: ruling(d.Before), After: ruling(d.After)})
	}
	if e.Through != e.Before {
		out.Through = l.Text("web.holiday.through", apperr.Args{"before": e.Before.String(), "after": e.Through.String()})
	}
	return out
}

func movedOf(l lang.Lang, list []desk.HolidayCase) []movedCase {
	out := make([]movedCase, 0, len(list))
	for _, one := range list {
		v := movedCase{Number: one.Number, Title: one.Title, Severity: one.Severity, Stage: one.Stage}
		for _, m := range one.Moves {
			v.Moves = append(v.Moves, moveOf(l, m))
		}
		out = append(out, v)
	}
	return out
}

func moveOf(l lang.Lang, m defect.Move) moveView {
	v := moveView{Move: m, Name: l.Term("event.auto_close")}
	if m.Clock != "" {
		v.Name = l.Term("clock." + string(m.Clock))
	}
	var notes []string
	if m.Paused {
		notes = append(notes, l.Term("clock_state.paused"))
	}
	if m.ProvisionalAfter {
		notes = append(notes, l.Term("web.clock.may_move"))
	}
	if m.Breaks {
		notes = append(notes, l.Term("web.holiday.breaks"))
	}
	v.Notes = strings.Join(notes, l.Term("list.separator"))
	return v
}

// previewHolidays shows what a change would do. Nothing is changed; a refusal shows the form again as it was filled in.
func (p *pages) previewHolidays(c *gin.Context, by desk.Caller) {
	if change, ok := p.sentChange(c, by); ok {
		p.showPreview(c, by, http.StatusOK, change, filled{})
	}
}

// sentChange reads the change that a form sends; false when it was refused, which has been answered.
func (p *pages) sentChange(c *gin.Context, by desk.Caller) (change desk.HolidayChange, ok bool) {
	if err := readChangeForm(c); err != nil {
		p.fail(c, err)
		return change, false
	}
	change, err := changeIn(c)
	if err != nil {
		p.refuseChange(c, by, err)
	}
	return change, err == nil
}

// refuseChange shows the set with the form of a change as it was filled in.
func (p *pages) refuseChange(c *gin.Context, by desk.Caller, err error) {
	switch code := apperr.Of(err).Code; code {
	case apperr.Invalid, apperr.Conflict, apperr.TooLarge:
		status, was := p.refused(c, c.Request.PostForm, err)
		p.showHolidays(c, by, status, was)
	default:
		p.fail(c, err)
	}
}

// showPreview shows the effect of a change on a set and on open cases; with what was wrong when it was to be saved.
func (p *pages) showPreview(c *gin.Context, by desk.Caller, status int, change desk.HolidayChange, was filled) {
	l, set, after := language(c), c.Param("set"), c.PostForm("after")
	e, err := p.desk.PreviewHolidays(c, by, set, change, after, casesMoved)
	if err != nil {
		p.refuseChange(c, by, err)
		return
	}
	out := previewPage{
		Set: set, Revision: e.Revision, Fields: changeFields(change), Effect: setEffectOf(l, e.Effect), Cases: movedOf(l, e.Cases), Unread: e.Unread, After: after, Next: e.Next,
		Key: cmp.Or(c.PostForm(fieldKey), newKey()), Why: change.Why, Wrong: reasonWrong(l, was),
	}
	p.show(c, status, "preview", l.Term("web.holiday.preview"), out)
}

// reasonWrong says why a form was refused whose only field is why something is done.
func reasonWrong(l lang.Lang, was filled) string {
	wrong, rest := faults(l, was.err, "why")
	return cmp.Or(wrong["why"], rest)
}

// changeFields are the hidden fields that carry a change along.
func changeFields(change desk.HolidayChange) []option {
	var out []option
	add := func(name, value string) { out = append(out, option{Value: name, Label: value}) }
	if change.Document != nil {
		add("document", string(change.Document))
		add("file_name", change.File)
	}
	if change.Reverts > 0 {
		add("reverts", strconv.Itoa(change.Reverts))
	}
	for _, d := range change.Days {
		kind := kindWork
		if d.Off {
			kind = kindOff
		}
		add("date", d.Date.String())
		add("kind", kind)
		add("name", d.Name)
	}
	return out
}

// saveHolidays makes the revision that was previewed.
func (p *pages) saveHolidays(c *gin.Context, by desk.Caller) {
	change, ok := p.sentChange(c, by)
	if !ok {
		return
	}
	set := c.Param("set")
	r, _, err := p.desk.ChangeHolidays(c, by, set, change, c.PostForm(fieldKey))
	switch {
	case apperr.Is(err, apperr.Invalid):
		status, was := p.refused(c, nil, err)
		p.showPreview(c, by, status, change, was)
	case err != nil:
		p.refuseChange(c, by, err)
	default:
		c.Redirect(http.StatusSeeOther, revisionPath(set, r.N)+"?did=saved")
	}
}

// revisionPage is a revision, and what it would move of the open cases.
type revisionPage struct {
	revisionView
	Effect    setEffectView
	Cases     []movedCase
	Unread    []string
	After     string
	Next      string
	Latest    bool
	MayChange bool
	Did       string
	Reason    string // why, as it was filled in
	Wrong     string
	All       int // how many cases a request takes at most
}

func (p *pages) revision(c *gin.Context, by desk.Caller) {
	p.showRevision(c, by, http.StatusOK, filled{})
}

func (p *pages) showRevision(c *gin.Context, by desk.Caller, status int, was filled) {
	l, set, n := language(c), c.Param("set"), countOf(c.Param("n"))
	after := c.Query("after")
	e, err := p.desk.HolidayEffect(c, by, set, n, after, casesMoved)
	if err != nil {
		p.fail(c, err)
		return
	}
	list, _, err := p.desk.HolidayRevisions(c, by, set, n-1, 1)
	if err == nil && len(list) == 0 {
		err = apperr.New(apperr.NotFound, apperr.ReasonHolidayRevision, apperr.Args{"set": set, "revision": strconv.Itoa(n)})
	}
	var now desk.HolidayYear
	if err == nil {
		now, err = p.desk.HolidayYear(c, by, set, 0)
	}
	if err != nil {
		p.fail(c, err)
		return
	}
	out := revisionPage{
		revisionView: p.revisionOf(l, list[0]), Effect: setEffectOf(l, list[0].Effect), Cases: movedOf(l, e.Cases), Unread: e.Unread, After: after, Next: e.Next,
		Latest: now.Revision == n, MayChange: p.desk.MayChangeHolidays(by) == nil, Did: didOf(c, l), Reason: was.values.Get("why"), Wrong: reasonWrong(l, was), All: desk.MaxApplied,
	}
	p.show(c, status, "revision", l.Text("web.holiday.revision", apperr.Args{"set": set, "n": strconv.Itoa(n)}), out)
}

// appliedPage says what became of the open cases that a revision was applied to.
type appliedPage struct {
	Set   string
	N     int
	Cases []movedCase
	Why   string
	Next  string // where to go on
	Left  int
}

// applyHolidays applies the latest revision to the chosen cases, or to as many of all as one request can.
func (p *pages) applyHolidays(c *gin.Context, by desk.Caller) {
	values := c.Request.PostForm
	set, n, l := c.Param("set"), countOf(c.Param("n")), language(c)
	s := desk.Selection{After: values.Get("after")}
	var wrong apperr.Fields
	if values.Get("which") == "chosen" {
		if s.Numbers = values["number"]; len(s.Numbers) == 0 {
			wrong.Add("numbers", apperr.FieldChosen, nil)
		}
		s.After = ""
	}
	err := wrong.Err()
	var done desk.HolidaysApplied
	if err == nil {
		done, err = p.desk.ApplyHolidays(c, by, set, n, values.Get("why"), s)
	}
	switch code := apperr.Of(err); {
	case err == nil:
	case code.Code == apperr.Invalid, code.Code == apperr.Conflict:
		status, was := p.refused(c, values, err)
		p.showRevision(c, by, status, was)
		return
	default:
		p.fail(c, err)
		return
	}
	out := appliedPage{Set: set, N: n, Why: values.Get("why"), Next: done.Next, Left: done.Left}
	for _, item := range done.Items {
		v := movedOf(l, []desk.HolidayCase{item.HolidayCase})[0]
		v.Result, v.Failed = l.Term(resultKeys[item.Result]), item.Result == desk.ResultFailed
		if item.Err != nil {
			v.Result += " " + said(l, forPeople(c, item.Err))
		}
		out.Cases = append(out.Cases, v)
	}
	p.show(c, http.StatusOK, "applied", l.Term("web.holiday.applied"), out)
}

// resultKeys name what became of a case.
var resultKeys = map[desk.Result]string{
	desk.ResultDone: "web.result.done", desk.ResultUnchanged: "web.result.unchanged", desk.ResultFailed: "web.result.failed",
}
