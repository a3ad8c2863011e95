package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"time"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/desk"
)

// holidayDesk is what the API asks of the desk about holidays.
type holidayDesk interface {
	HolidaySets(ctx context.Context, by desk.Caller) ([]desk.HolidaySet, error)
	HolidayYear(ctx context.Context, by desk.Caller, set string, year int) (desk.HolidayYear, error)
	HolidayRevisions(ctx context.Context, by desk.Caller, set string, after, limit int) (list []calendar.Revision, next int, err error)
	MayChangeHolidays(by desk.Caller) error
	ChangeHolidays(ctx context.Context, by desk.Caller, set string, c desk.HolidayChange, idempotencyKey string) (r calendar.Revision, made bool, err error)
	PreviewHolidays(ctx context.Context, by desk.Caller, set string, c desk.HolidayChange, after string, limit int) (desk.HolidayEffect, error)
	HolidayEffect(ctx context.Context, by desk.Caller, set string, n int, after string, limit int) (desk.HolidayEffect, error)
	ApplyHolidays(ctx context.Context, by desk.Caller, set string, n int, why string, s desk.Selection) (desk.HolidaysApplied, error)
}

const (
	maxRevisions     = 50 // revisions an answer: one can hold a thousand days
	defaultRevisions = 20
	maxPapers        = 20
	maxAddress       = 500 // characters of a paper's address
)

var (
	fieldWhy    = defect.Field{Name: "why", Type: defect.TypeText, Max: defect.MaxText, Required: true}
	dateField   = defect.Field{Name: "date", Type: defect.TypeText, Max: 10, Required: true}
	dayName     = defect.Field{Name: "name", Type: defect.TypeText, Max: 40, Required: true}
	fieldReason = []defect.Field{fieldWhy}

	// noticeFields are those of a notice in the form of the source of the shipped ones; calendar.ParseNotice reads it.
	noticeFields = []defect.Field{
		{Name: "$schema", Type: defect.TypeText, Max: maxAddress}, {Name: "$id", Type: defect.TypeText, Max: maxAddress},
		{Name: "year", Type: defect.TypeInteger, Min: 2000, Max: 2100, Required: true},
		{Name: "papers", Type: defect.TypeList, Max: maxPapers, Item: &defect.Field{Type: defect.TypeText, Max: maxAddress}},
		{Name: "days", Type: defect.TypeList, Max: calendar.MaxNoticeDays, Required: true, Item: &defect.Field{Type: defect.TypeObject, Fields: []defect.Field{
			dayName, dateField, {Name: "isOffDay", Type: defect.TypeBool, Required: true},
		}}},
	}
	// changeFields are those of a change: exactly one of them is given.
	changeFields = []defect.Field{
		{Name: "document", Type: defect.TypeObject, Fields: noticeFields},
		{Name: "days", Type: defect.TypeList, Max: calendar.MaxNoticeDays, Item: &defect.Field{Type: defect.TypeObject, Fields: []defect.Field{
			dateField, {Name: "off", Type: defect.TypeBool, Required: true}, dayName,
		}}},
		{Name: "reverts", Type: defect.TypeInteger, Min: 1, Max: 1_000_000},
	}
	applyFields = []defect.Field{
		fieldWhy,
		{Name: "numbers", Type: defect.TypeList, Max: desk.MaxApplied, Item: &defect.Field{Type: defect.TypeCase, Max: 40}},
		{Name: "unmoved", Type: defect.TypeBool},
		{Name: "after", Type: defect.TypeText, Max: 200},
	}
)

func (a *api) holidayRoutes() []route {
	const tag = "holidays"
	may := func(r *request) error { return a.desk.MayChangeHolidays(r.by) }
	effect := []param{
		{Field: defect.Field{Name: "after", Type: defect.TypeText, Max: 200}, summary: "The `next` of the answer before."},
		pageSize(defect.MaxPageSize, "Cases an answer, 20 when none is given."),
	}
	return []route{
		{method: http.MethodGet, path: "/holidays", id: "holiday-sets", tag: tag, summary: "The sets of holidays that the calendars follow.", status: http.StatusOK, answer: holidaySetsBody{}, handle: a.holidaySets},
		{method: http.MethodGet, path: "/holidays/:set", id: "holidays", tag: tag, summary: "The days off and make-up workdays of a year in force; provisional past the last known notice.", query: yearParams(), status: http.StatusOK, answer: holidayYearBody{}, handle: a.holidayYear},
		{method: http.MethodGet, path: "/holidays/:set/revisions", id: "holiday-revisions", tag: tag, summary: "How a set came about: who changed what, when and why.", query: revisionParams(), status: http.StatusOK, answer: revisionsBody{}, handle: a.holidayRevisions},
		{method: http.MethodPost, path: "/holidays/:set/revisions", id: "change-holidays", tag: tag, summary: "Make a revision: of a notice, of single days, or one that takes an earlier one back. New cases count on it; open cases do when it is applied to them.", once: true, body: append(fieldReason, changeFields...), status: http.StatusCreated, also: []int{http.StatusOK}, answer: revisionBody{}, handle: a.changeHolidays, may: may},
		{method: http.MethodPost, path: "/holidays/:set/revisions/file", id: "import-holidays", tag: tag, summary: "Make a revision of a notice in a JSON or iCalendar file.", once: true, upload: true, form: fieldReason, status: http.StatusCreated, also: []int{http.StatusOK}, answer: revisionBody{}, handle: a.importHolidays, may: may},
		{method: http.MethodPost, path: "/holidays/:set/preview", id: "preview-holidays", tag: tag, summary: "What a change would do, to the set and to the promises of open cases. Nothing is changed.", query: effect, body: changeFields, status: http.StatusOK, answer: effectBody{}, handle: a.previewHolidays, may: may},
		{method: http.MethodPost, path: "/holidays/:set/preview/file", id: "preview-holidays-file", tag: tag, summary: "The same of a JSON or iCalendar file.", query: effect, upload: true, status: http.StatusOK, answer: effectBody{}, handle: a.previewFile, may: may},
		{method: http.MethodGet, path: "/holidays/:set/revisions/:n/effect", id: "holiday-effect", tag: tag, summary: "Which promises of open cases would move if this revision were applied to them.", query: effect, status: http.StatusOK, answer: effectBody{}, handle: a.holidayEffect},
		{method: http.MethodPost, path: "/holidays/:set/revisions/:n/apply", id: "apply-holidays", tag: tag, summary: "Apply the latest revision to open cases: a step in each. At most 50 a request; go on with `next`.", body: applyFields, status: http.StatusOK, answer: appliedBody{}, handle: a.applyHolidays, may: may},
	}
}

func yearParams() []param {
	return []param{{Field: defect.Field{Name: "year", Type: defect.TypeInteger, Min: 2000, Max: 2100}, summary: "The year; this one when none is given."}}
}

func revisionParams() []param {
	return []param{
		{Field: defect.Field{Name: "after", Type: defect.TypeInteger, Min: 0, Max: 1_000_000}, summary: "Revisions after this number."},
		pageSize(maxRevisions, "Revisions an answer, 20 when none is given."),
	}
}

type holidaySetsBody struct {
	Items []HolidaySetBody `json:"items"`
}

// HolidaySetBody is how a set of holidays stands. It is exported for the reason that ResultsBody is.
type HolidaySetBody struct {
	Set          string  `json:"set"`
	BuildsOn     *string `json:"builds_on" doc:"The set that this one begins with."`
	Revision     int     `json:"revision" doc:"The number of the latest revision; 0 for the set as it ships."`
	Base         int     `json:"base_revision" doc:"The same of the set that it builds on."`
	KnownThrough *string `json:"known_through" doc:"The last day that a notice rules."`
}

type holidayYearBody struct {
	HolidaySetBody
	Year        int              `json:"year"`
	Provisional bool             `json:"provisional" doc:"No notice rules the whole year yet."`
	Days        []holidayDayBody `json:"days"`
}

type holidayDayBody struct {
	Date string `json:"date"`
	Off  bool   `json:"off" doc:"A day off; a make-up workday when false."`
	Name string `json:"name"`
}

func holidaySetOf(s desk.HolidaySet) HolidaySetBody {
	return HolidaySetBody{Set: s.Set, BuildsOn: given(s.BuildsOn), Revision: s.Revision, Base: s.Base, KnownThrough: given(s.KnownThrough.String())}
}

func daysOf(days []calendar.Exception) []holidayDayBody {
	out := make([]holidayDayBody, 0, len(days))
	for _, d := range days {
		out = append(out, holidayDayBody{Date: d.Date.String(), Off: d.Off, Name: d.Name})
	}
	return out
}

func (a *api) holidaySets(r *request) (any, error) {
	sets, err := a.desk.HolidaySets(r, r.by)
	if err != nil {
		return nil, err
	}
	answer := holidaySetsBody{Items: make([]HolidaySetBody, 0, len(sets))}
	for _, s := range sets {
		answer.Items = append(answer.Items, holidaySetOf(s))
	}
	return answer, nil
}

func (a *api) holidayYear(r *request) (any, error) {
	y, err := a.desk.HolidayYear(r, r.by, r.Param("set"), r.integer("year", 0))
	if err != nil {
		return nil, err
	}
	return holidayYearBody{HolidaySetBody: holidaySetOf(y.HolidaySet), Year: y.Year, Provisional: y.Provisional, Days: daysOf(y.Days)}, nil
}

type revisionsBody struct {
	Items []revisionBody `json:"items"`
	Next  *int           `json:"next" doc:"The number to go on after; null after the last."`
}

type revisionBody struct {
	Set      string           `json:"set"`
	Revision int              `json:"revision"`
	Kind     string           `json:"kind" enum:"notice,days,revert"`
	Years    []int            `json:"years" doc:"The years of a notice."`
	Papers   []string         `json:"papers" doc:"Where a notice was published."`
	Days     []holidayDayBody `json:"days" doc:"Days by hand."`
	Reverts  *int             `json:"reverts" doc:"The revision that is taken back."`
	Document *string          `json:"document" doc:"The name of the file that it came in."`
	By       string           `json:"by"`
	Why      string           `json:"why"`
	At       time.Time        `json:"at"`
	Effect   setEffectBody    `json:"effect"`
}

type setEffectBody struct {
	Days               []dayChangeBody `json:"days"`
	KnownThrough       *string         `json:"known_through"`
	KnownThroughBefore *string         `json:"known_through_before"`
}

type dayChangeBody struct {
	Date   string  `json:"date"`
	Before *string `json:"before" enum:"off,workday" doc:"Null where the week ruled."`
	After  *string `json:"after" enum:"off,workday" doc:"Null where the week rules again."`
	Name   string  `json:"name"`
}

func revisionOf(v calendar.Revision) revisionBody {
	b := revisionBody{
		Set: v.Set, Revision: v.N, Kind: "days", Years: []int{}, Papers: []string{}, Days: daysOf(v.Change.Days), Document: given(v.Document),
		By: v.By, Why: v.Why, At: v.At, Effect: setEffectOf(v.Effect),
	}
	for _, y := range v.Change.Years {
		b.Kind, b.Years, b.Papers = "notice", append(b.Years, y.Year), append(b.Papers, y.Papers...)
	}
	if n := v.Change.Reverts; n > 0 {
		b.Kind, b.Reverts = "revert", &n
	}
	return b
}

func setEffectOf(e calendar.Effect) setEffectBody {
	b := setEffectBody{Days: make([]dayChangeBody, 0, len(e.Days)), KnownThrough: given(e.Through.String()), KnownThroughBefore: given(e.Before.String())}
	for _, d := range e.Days {
		b.Days = append(b.Days, dayChangeBody{Date: d.Date.String(), Before: given(d.Before), After: given(d.After), Name: d.Name})
	}
	return b
}

func (a *api) holidayRevisions(r *request) (any, error) {
	list, next, err := a.desk.HolidayRevisions(r, r.by, r.Param("set"), r.integer("after", 0), r.integer("page_size", defaultRevisions))
	if err != nil {
		return nil, err
	}
	answer := revisionsBody{Items: make([]revisionBody, 0, len(list))}
	for _, v := range list {
		answer.Items = append(answer.Items, revisionOf(v))
	}
	if next > 0 {
		answer.Next = &next
	}
	return answer, nil
}

// changeOf reads a change from a body that CheckFields has found right.
func changeOf(body map[string]any) (desk.HolidayChange, error) {
	var in struct {
		Why  string `json:"why"`
		Days []struct {
			Date string `json:"date"`
			Off  bool   `json:"off"`
			Name string `json:"name"`
		} `json:"days"`
		Document map[string]any `json:"document"`
		Reverts  int            `json:"reverts"`
	}
	if err := bind(body, &in); err != nil {
		return desk.HolidayChange{}, err
	}
	c := desk.HolidayChange{Why: in.Why, Reverts: in.Reverts}
	if in.Document != nil {
		text, err := json.Marshal(in.Document)
		if err != nil {
			return c, fmt.Errorf("write the notice again: %w", err)
		}
		c.Document = text
	}
	if in.Days != nil {
		c.Days = []calendar.Exception{}
	}
	for _, d := range in.Days {
		date, err := calendar.ParseDate(d.Date)
		if err != nil {
			date = calendar.Date{} // the desk says which date is none
		}
		c.Days = append(c.Days, calendar.Exception{Date: date, Off: d.Off, Name: d.Name})
	}
	return c, nil
}

func (a *api) changeHolidays(r *request) (any, error) {
	c, err := changeOf(r.body)
	if err != nil {
		return nil, err
	}
	return a.makeRevision(r, c)
}

func (a *api) importHolidays(r *request) (any, error) {
	c, err := a.formOf(r, fieldReason)
	if err != nil {
		return nil, err
	}
	return a.makeRevision(r, c)
}

func (a *api) makeRevision(r *request, c desk.HolidayChange) (any, error) {
	v, made, err := a.desk.ChangeHolidays(r, r.by, r.Param("set"), c, r.key)
	if err != nil {
		return nil, err
	}
	if !made {
		r.status = http.StatusOK
	}
	r.Header("Location", fmt.Sprintf("%s/holidays/%s/revisions?after=%d&page_size=1", prefix, v.Set, v.N-1))
	return revisionOf(v), nil
}

// formOf reads the form that a notice's file comes in. Who may not send one is told before it is read.
func (a *api) formOf(r *request, fields []defect.Field) (desk.HolidayChange, error) {
	var c desk.HolidayChange
	if err := a.desk.MayChangeHolidays(r.by); err != nil {
		return c, err
	}
	r.Request.Body = http.MaxBytesReader(r.Writer, r.Request.Body, calendar.MaxNotice+formOverhead)
	form, err := r.Request.MultipartReader()
	if err != nil {
		return c, apperr.New(apperr.UnsupportedMediaType, apperr.ReasonMediaType, apperr.Args{"accepted": "multipart/form-data"})
	}
	texts := map[string]any{}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = readPart(part, texts, &c)
		}
		if err != nil {
			return c, unreadableForm(err)
		}
	}
	var wrong apperr.Fields
	defect.CheckFields(fields, texts, &wrong)
	if c.Document == nil {
		wrong.Add("file", apperr.FieldFile, nil)
	}
	c.Why, _ = texts["why"].(string)
	return c, wrong.Err()
}

// readPart reads the file, or a text.
func readPart(part *multipart.Part, texts map[string]any, c *desk.HolidayChange) error {
	text, err := io.ReadAll(part)
	if err != nil {
		return err
	}
	if part.FormName() == "file" {
		c.Document, c.File = text, part.FileName()
		if c.File == "" {
			c.File = "file"
		}
		return nil
	}
	texts[part.FormName()] = string(text)
	return nil
}

func unreadableForm(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return apperr.New(apperr.TooLarge, apperr.ReasonTooLarge, apperr.Args{"limit": "1 MiB"})
	}
	return errUnreadable
}

type effectBody struct {
	Set      string            `json:"set"`
	Revision int               `json:"revision" doc:"Of a preview: the number that it would get."`
	Effect   setEffectBody     `json:"effect"`
	Cases    []HolidayCaseBody `json:"cases" doc:"Open cases with promises that would move, the oldest first."`
	Unread   []string          `json:"unread" doc:"Numbers of open cases that cannot be read as they are stored, and were not looked at."`
	Next     *string           `json:"next" doc:"Go on with this as after; null when all open cases were looked at. A page may be short, even empty, and still not be the last."`
}

// HolidayCaseBody is an open case whose promises would move. It is exported for the reason that ResultsBody is.
type HolidayCaseBody struct {
	Number   string          `json:"number"`
	Title    string          `json:"title"`
	Severity defect.Severity `json:"severity"`
	Stage    defect.Stage    `json:"stage"`
	Promises []moveBody      `json:"promises"`
}

type moveBody struct {
	Clock             string     `json:"clock" doc:"The clock's name, or auto_close: when silence is consent."`
	Cycle             int        `json:"cycle"`
	Paused            bool       `json:"paused" doc:"It stands still: both times are those of a promise that ran on now."`
	DueBefore         *time.Time `json:"due_before"`
	DueAfter          *time.Time `json:"due_after"`
	ProvisionalBefore bool       `json:"provisional_before"`
	ProvisionalAfter  bool       `json:"provisional_after"`
	Breaks            bool       `json:"breaks" doc:"It would be over at once."`
}

func holidayCaseOf(c desk.HolidayCase) HolidayCaseBody {
	b := HolidayCaseBody{Number: c.Number, Title: c.Title, Severity: c.Severity, Stage: c.Stage, Promises: make([]moveBody, 0, len(c.Moves))}
	for _, m := range c.Moves {
		name := string(m.Clock)
		if name == "" {
			name = string(defect.KindAutoClose)
		}
		b.Promises = append(b.Promises, moveBody{
			Clock: name, Cycle: m.Cycle, Paused: m.Paused, DueBefore: moment(m.Before), DueAfter: moment(m.After),
			ProvisionalBefore: m.ProvisionalBefore, ProvisionalAfter: m.ProvisionalAfter, Breaks: m.Breaks,
		})
	}
	return b
}

func effectOf(e desk.HolidayEffect) effectBody {
	b := effectBody{Set: e.Set, Revision: e.Revision, Effect: setEffectOf(e.Effect), Cases: make([]HolidayCaseBody, 0, len(e.Cases)), Unread: append([]string{}, e.Unread...), Next: given(e.Next)}
	for _, c := range e.Cases {
		b.Cases = append(b.Cases, holidayCaseOf(c))
	}
	return b
}

func (a *api) previewHolidays(r *request) (any, error) {
	c, err := changeOf(r.body)
	if err != nil {
		return nil, err
	}
	return a.preview(r, c)
}

func (a *api) previewFile(r *request) (any, error) {
	c, err := a.formOf(r, nil)
	if err != nil {
		return nil, err
	}
	return a.preview(r, c)
}

func (a *api) preview(r *request, c desk.HolidayChange) (any, error) {
	e, err := a.desk.PreviewHolidays(r, r.by, r.Param("set"), c, r.text("after"), r.integer("page_size", defect.DefaultPageSize))
	if err != nil {
		return nil, err
	}
	return effectOf(e), nil
}

// revisionNumber reads the number of a revision; what is none, is no revision's.
func (r *request) revisionNumber() int {
	n, err := strconv.Atoi(r.Param("n"))
	if err != nil {
		return 0
	}
	return n
}

func (a *api) holidayEffect(r *request) (any, error) {
	e, err := a.desk.HolidayEffect(r, r.by, r.Param("set"), r.revisionNumber(), r.text("after"), r.integer("page_size", defect.DefaultPageSize))
	if err != nil {
		return nil, err
	}
	return effectOf(e), nil
}

type appliedBody struct {
	Items     []appliedCaseBody `json:"items" doc:"The cases that a step was taken in, or was to be."`
	Next      *string           `json:"next" doc:"Go on with this as after; null when all open cases were looked at."`
	Left      int               `json:"left" doc:"Open cases that were not looked at yet."`
	LeftExact bool              `json:"left_exact" doc:"False when there are more."`
}

type appliedCaseBody struct {
	HolidayCaseBody
	Result desk.Result `json:"result" enum:"done,unchanged,failed"`
	Code   *string     `json:"code" doc:"Why it failed, for programs."`
	Detail *string     `json:"detail" doc:"Why it failed, in the caller's language."`
}

func (a *api) applyHolidays(r *request) (any, error) {
	var in struct {
		Why     string   `json:"why"`
		Numbers []string `json:"numbers"`
		Unmoved bool     `json:"unmoved"`
		After   string   `json:"after"`
	}
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	done, err := a.desk.ApplyHolidays(r, r.by, r.Param("set"), r.revisionNumber(), in.Why, desk.Selection{Numbers: in.Numbers, Unmoved: in.Unmoved, After: in.After})
	if err != nil {
		return nil, err
	}
	answer := appliedBody{Items: make([]appliedCaseBody, 0, len(done.Items)), Next: given(done.Next), Left: min(done.Left, defect.MaxDepth), LeftExact: done.Left <= defect.MaxDepth}
	for _, item := range done.Items {
		b := appliedCaseBody{HolidayCaseBody: holidayCaseOf(item.HolidayCase), Result: item.Result}
		if e := item.Err; e != nil {
			b.Code, b.Detail = given(e.Code), given(language(r.Context).Text(e.Reason, e.Args))
		}
		answer.Items = append(answer.Items, b)
	}
	return answer, nil
}
