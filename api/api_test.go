package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"yunwei/api"
	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/edge"
	"yunwei/notice"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// fakeDesk is a desk with one case, which records what it is asked and answers with fail when that is set.
type fakeDesk struct {
	fakeRegister
	fail  error
	may   error // what MayAct and MaySubmit answer
	panic bool
	asked []string
	c     defect.Case
	in    defect.Input
	s     defect.Submission
	q     defect.Query
	key   string
	vers  *int
	file  string
	left  time.Duration // that Submit had

	change   desk.HolidayChange
	promises []defect.CasePromise
	page     func(after string, limit int) ([]defect.CasePromise, string) // of the promises, where they are too many to look through
	duty     dutyAsked
	found    *defect.Assignment // of the last event

	settings notice.Settings
}

func newFake() *fakeDesk {
	f := &fakeDesk{}
	f.c, _ = defect.Open("7K3M-Q9XT-WA5C", defect.Submission{Title: "t", Description: "d", Severity: 2, System: "OA", Reporter: defect.Reporter{Username: "reporter", Name: "王芳"}},
		defect.DefaultPolicy(), defect.Person{Username: "reporter", Name: "王芳"}, now, defect.Keyed{})
	return f
}

func (f *fakeDesk) ask(what string) error {
	f.asked = append(f.asked, what)
	if f.panic {
		panic("secret inside")
	}
	return f.fail
}

func (f *fakeDesk) view() desk.View {
	return desk.View{Case: f.c, Allowed: []defect.Action{defect.ActComment}}
}

func (f *fakeDesk) SignIn(_ context.Context, _, username, password string) (desk.Session, error) {
	if password != "right" {
		return desk.Session{}, apperr.New(apperr.Unauthenticated, apperr.ReasonBadCredentials, nil)
	}
	return desk.Session{Token: "token", ExpiresAt: now, User: defect.Person{Username: username}}, f.ask("sign in")
}
func (f *fakeDesk) SignOut(context.Context, desk.Caller) error { return f.ask("sign out") }
func (f *fakeDesk) Authenticate(_ context.Context, token string) (desk.Caller, error) {
	if token != "token" {
		return desk.Caller{}, apperr.New(apperr.Unauthenticated, apperr.ReasonUnauthenticated, nil)
	}
	return desk.Caller{Person: defect.Person{Username: "agent", Name: "a", Roles: []defect.Role{defect.RoleAgent}}}, nil
}
func (f *fakeDesk) Submit(ctx context.Context, _ desk.Caller, s defect.Submission, key string) (desk.View, bool, error) {
	f.s, f.key = s, key
	deadline, _ := ctx.Deadline()
	f.left = time.Until(deadline)
	return f.view(), key != "again", f.ask("submit")
}
func (f *fakeDesk) MaySubmit(desk.Caller) error { return f.may }
func (f *fakeDesk) Defect(_ context.Context, _ desk.Caller, number string) (desk.View, error) {
	return f.view(), f.ask("read " + number)
}
func (f *fakeDesk) Defects(_ context.Context, _ desk.Caller, q defect.Query) (desk.Page, error) {
	f.q = q
	page := desk.Page{Items: []desk.View{f.view()}, Total: 1, TotalExact: true, Next: "n"}
	if q.After == "n" {
		page.Next = ""
	}
	return page, f.ask("list")
}
func (f *fakeDesk) Similar(_ context.Context, _ desk.Caller, title, system string) ([]desk.View, error) {
	return []desk.View{f.view()}, f.ask("similar " + title + " " + system)
}

func (f *fakeDesk) Names(...string) map[string]string { return map[string]string{"t": "技术一"} }
func (f *fakeDesk) Events(_ context.Context, _ desk.Caller, number string, after, limit int) ([]defect.Event, bool, error) {
	return []defect.Event{
		{Seq: after + 1, Kind: defect.KindSubmit, At: now, Actor: defect.Actor{Username: "r"}, Submission: &defect.Submission{Title: "t"}},
		{Seq: after + 2, Kind: defect.KindBreach, At: now, Timing: &defect.Timing{Clock: defect.ClockPlan, Cycle: 1, DueAt: now, LateBy: 90 * time.Second}},
		{Seq: after + 3, Kind: "comment", At: now, Input: &defect.Input{Message: "m", Assignment: f.found}, OnBehalfOf: "李雷"},
	}, limit == 3, f.ask("events " + number)
}
func (f *fakeDesk) ExplainClock(_ context.Context, _ desk.Caller, number string, name defect.ClockName, nth int) (defect.Explanation, error) {
	x, ok := f.c.Explain(name, nth, now.Add(time.Minute))
	if !ok {
		return x, apperr.New(apperr.NotFound, apperr.ReasonClockUnknown, nil)
	}
	return x, f.ask("explain " + number + " " + string(name))
}
func (f *fakeDesk) Act(_ context.Context, _ desk.Caller, number string, a defect.Action, in defect.Input, version *int, key string) (desk.View, error) {
	f.in, f.vers, f.key = in, version, key
	return f.view(), f.ask("act " + number + " " + string(a))
}
func (f *fakeDesk) Inbox(_ context.Context, _ desk.Caller, unread bool, before int64, limit int) (desk.NoticePage, error) {
	n := f.notice()
	n.Channel = notice.Inbox
	return desk.NoticePage{Items: []notice.Notice{n}, Unread: 1, Next: 7}, f.ask(fmt.Sprint("inbox ", unread, " ", before, " ", limit))
}
func (f *fakeDesk) ReadNotices(_ context.Context, _ desk.Caller, upTo int64) (int, error) {
	return 2, f.ask(fmt.Sprint("read up to ", upTo))
}
func (f *fakeDesk) NoticeSettings(context.Context, desk.Caller) (notice.Settings, error) {
	return f.settings, f.ask("settings")
}
func (f *fakeDesk) SetNoticeSettings(_ context.Context, _ desk.Caller, s notice.Settings) error {
	f.settings = s
	return f.ask("set settings")
}
func (f *fakeDesk) Notices(_ context.Context, _ desk.Caller, q desk.NoticeQuery) (desk.NoticePage, error) {
	return desk.NoticePage{Items: []notice.Notice{f.notice()}}, f.ask(fmt.Sprintf("notices %+v", q))
}
func (f *fakeDesk) MayReadNotices(desk.Caller) error { return f.may }
func (f *fakeDesk) RetryNotice(_ context.Context, _ desk.Caller, id int64) (notice.Notice, error) {
	return f.notice(), f.ask(fmt.Sprint("retry ", id))
}
func (f *fakeDesk) notice() notice.Notice {
	return notice.Notice{
		ID: 7, About: f.c.Number, Seq: 3, Severity: 2, At: now, Topic: notice.Breach, Username: "agent", Channel: notice.Mail, Address: "a@example.org", State: notice.Failed, Tries: 2,
		Error: "down: refused", DueAt: now.Add(time.Minute), CreatedAt: now,
		Args: notice.Args{notice.ArgTitle: "t", notice.ArgSystem: "OA", notice.ArgClock: "plan", notice.ArgDueAt: "2026-11-23T17:00:00+08:00", notice.ArgAt: "2026-11-23T17:00:05+08:00"},
	}
}
func (f *fakeDesk) MayAct(context.Context, desk.Caller, string, defect.Action) error { return f.may }
func (f *fakeDesk) Attach(_ context.Context, _ desk.Caller, _, name string, body io.Reader) (defect.Attachment, error) {
	b, err := io.ReadAll(body)
	if err != nil {
		return defect.Attachment{}, apperr.Wrap(err, apperr.Unreadable, apperr.ReasonUnreadable)
	}
	f.file = name + " " + string(b)
	return defect.Attachment{File: defect.File{ID: "id", Name: name}}, f.ask("attach")
}
func (f *fakeDesk) Attachments(context.Context, desk.Caller, string, string, int) ([]defect.Attachment, string, error) {
	return []defect.Attachment{{File: defect.File{ID: "id"}}}, "", f.ask("attachments")
}
func (f *fakeDesk) Attachment(context.Context, desk.Caller, string) (desk.Content, error) {
	return desk.Content{Attachment: defect.Attachment{File: defect.File{Name: "报告.html", Type: "text/html", Size: 4, Sum: "abc"}}, Body: io.NopCloser(strings.NewReader("<b/>"))}, f.ask("attachment")
}
func (f *fakeDesk) Calendars(context.Context, desk.Caller) []calendar.Calendar {
	return []calendar.Calendar{defect.DefaultPolicy().Calendars["5x8"]}
}
func (f *fakeDesk) Due(_ context.Context, _ desk.Caller, name string, from time.Time, limit calendar.Limit) (desk.Due, error) {
	c := defect.DefaultPolicy().Calendars[name]
	return desk.Due{At: c.Add(from, limit.On(c)), Intervals: c.Explain(from, limit.On(c))}, f.ask("due")
}
func (f *fakeDesk) Substitute(_ context.Context, _ desk.Caller, sub defect.Substitution) (defect.Substitution, error) {
	sub.ID, sub.By = 7, "agent"
	return sub, f.ask("substitute " + sub.Substitute + " for " + sub.Username)
}
func (f *fakeDesk) Substitutions(_ context.Context, _ desk.Caller, before int64, limit int) ([]defect.Substitution, bool, error) {
	return []defect.Substitution{{ID: 6, From: now, Until: now.Add(time.Hour)}}, true, f.ask(fmt.Sprint("substitutions ", before, limit))
}
func (f *fakeDesk) EndSubstitution(_ context.Context, _ desk.Caller, id int64) error {
	return f.ask(fmt.Sprint("end substitution ", id))
}
func (f *fakeDesk) HolidaySets(context.Context, desk.Caller) ([]desk.HolidaySet, error) {
	return []desk.HolidaySet{holidaySet("site")}, f.ask("holidays site")
}
func (f *fakeDesk) HolidayYear(_ context.Context, _ desk.Caller, set string, year int) (desk.HolidayYear, error) {
	y := desk.HolidayYear{HolidaySet: holidaySet(set), Year: year, Provisional: year != 2026}
	y.Days = slices.DeleteFunc(slices.Clone(y.Exceptions), func(e calendar.Exception) bool { return e.Date.Year != year })
	return y, f.ask(fmt.Sprintf("holidays %s %d", set, year))
}
func holidaySet(set string) desk.HolidaySet {
	n, _ := calendar.Holidays(set)
	return desk.HolidaySet{HolidayState: defect.HolidayState{Set: set, Revision: 2, Base: 1}, BuildsOn: calendar.BaseOf(set), Notice: n}
}
func (f *fakeDesk) HolidayRevisions(_ context.Context, _ desk.Caller, set string, after, limit int) ([]calendar.Revision, int, error) {
	return []calendar.Revision{revision(set, after+1)}, limit, f.ask("revisions " + set)
}
func (f *fakeDesk) MayChangeHolidays(desk.Caller) error { return f.may }
func (f *fakeDesk) ChangeHolidays(_ context.Context, _ desk.Caller, set string, c desk.HolidayChange, key string) (calendar.Revision, bool, error) {
	f.change, f.key = c, key
	return revision(set, 1), key != "again", f.ask("change " + set)
}
func (f *fakeDesk) PreviewHolidays(_ context.Context, _ desk.Caller, set string, c desk.HolidayChange, after string, _ int) (desk.HolidayEffect, error) {
	f.change = c
	return holidayEffect(set), f.ask("preview " + set + " " + after)
}
func (f *fakeDesk) HolidayEffect(_ context.Context, _ desk.Caller, set string, n int, after string, _ int) (desk.HolidayEffect, error) {
	return holidayEffect(set), f.ask(fmt.Sprintf("effect %s %d %s", set, n, after))
}
func (f *fakeDesk) ApplyHolidays(_ context.Context, _ desk.Caller, set string, n int, why string, s desk.Selection) (desk.HolidaysApplied, error) {
	return desk.HolidaysApplied{
		Items: []desk.HolidayResult{
			{HolidayCase: holidayEffect(set).Cases[0], Result: desk.ResultDone},
			{HolidayCase: desk.HolidayCase{Number: "x"}, Result: desk.ResultFailed, Err: apperr.New(apperr.NotFound, apperr.ReasonNumber, nil)},
		},
		Next: "n", Left: 7,
	}, f.ask(fmt.Sprintf("apply %s %d %s %v %v %s", set, n, why, s.Numbers, s.Unmoved, s.After))
}
func (f *fakeDesk) Ready(context.Context) []desk.Dependency {
	return []desk.Dependency{{Name: "temporal", OK: f.fail == nil, Err: f.fail}}
}

// site is the API on a fake desk, with what it logged.
type site struct {
	*fakeDesk
	t   testing.TB
	h   http.Handler
	log *bytes.Buffer
}

func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{fakeDesk: newFake(), t: t, log: &bytes.Buffer{}}
	log := slog.New(slog.NewTextHandler(s.log, nil))
	front, err := edge.New(edge.Options{Log: log, Registry: prometheus.NewRegistry()})
	require.NoError(t, err)
	s.h, err = api.NewHandler(api.Options{
		Desk: s.fakeDesk, Log: log, Edge: front, Metrics: http.NotFoundHandler(), Version: "test", Now: func() time.Time { return now },
	})
	require.NoError(t, err)
	return s
}

// ask makes a request as somebody who is signed in; header holds names and values in turn, an empty value takes one away.
func (s *site) ask(method, path, body string, header ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer token")
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	return w
}

type problem struct {
	Type, Title, Code, Detail string
	Status                    int
	Errors                    []struct{ Field, Message string }
}

func (s *site) refused(w *httptest.ResponseRecorder, status int, code string) problem {
	s.t.Helper()
	require.Equal(s.t, status, w.Code, w.Body)
	require.Equal(s.t, "application/problem+json", w.Header().Get("Content-Type"))
	require.NotEmpty(s.t, w.Header().Get("X-Request-ID"))
	var p problem
	require.NoError(s.t, json.Unmarshal(w.Body.Bytes(), &p))
	require.Equal(s.t, code, p.Code)
	require.Equal(s.t, status, p.Status)
	require.NotEmpty(s.t, p.Title)
	require.NotEmpty(s.t, p.Detail)
	return p
}

const good = `{"title":"t","description":"d","severity":2,"system":"OA"}`

// realNumber is a case number with the right check character.
var realNumber = defect.NewNumber([8]byte{1})

func TestRoutes_AnswerAsDocumented(t *testing.T) {
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		asked              string
	}{
		"sign in":       {"POST", "/api/v1/sessions", `{"username":"u","password":"right"}`, 201, "sign in"},
		"sign out":      {"DELETE", "/api/v1/sessions/current", "", 204, "sign out"},
		"me":            {"GET", "/api/v1/me", "", 200, ""},
		"submit":        {"POST", "/api/v1/defects", good, 201, "submit"},
		"list":          {"GET", "/api/v1/defects", "", 200, "list"},
		"read":          {"GET", "/api/v1/defects/7K3M-Q9XT-WA5C", "", 200, "read 7K3M-Q9XT-WA5C"},
		"events":        {"GET", "/api/v1/defects/7K3M-Q9XT-WA5C/events", "", 200, "events 7K3M-Q9XT-WA5C"},
		"explain":       {"GET", "/api/v1/defects/x/clocks/plan/explain?nth=1", "", 200, "explain x plan"},
		"act":           {"POST", "/api/v1/defects/7K3M-Q9XT-WA5C/actions/withdraw", `{"reason":"r","version":3}`, 200, "act 7K3M-Q9XT-WA5C withdraw"},
		"no body":       {"POST", "/api/v1/defects/x/actions/acknowledge", "", 200, "act x acknowledge"},
		"attachments":   {"GET", "/api/v1/defects/x/attachments", "", 200, "attachments"},
		"substitute":    {"POST", "/api/v1/substitutions", `{"substitute":"liaison","username":"supervisor","until":"2026-11-24T00:00:00Z"}`, 201, "substitute liaison for supervisor"},
		"substitutions": {"GET", "/api/v1/substitutions?before=8&page_size=3", "", 200, "substitutions 8 3"},
		"end of one":    {"DELETE", "/api/v1/substitutions/7", "", 204, "end substitution 7"},
		"calendars":     {"GET", "/api/v1/calendars", "", 200, ""},
		"due":           {"GET", "/api/v1/calendars/5x8/due?from=2026-11-23T09:00:00Z&limit=2h", "", 200, "due"},
		"healthz":       {"GET", "/healthz", "", 200, ""},
		"readyz":        {"GET", "/readyz", "", 200, ""},
		"docs":          {"GET", "/api/docs", "", 200, ""},
		"document":      {"GET", "/api/openapi.json", "", 200, ""},
		"sets":          {"GET", "/api/v1/holidays", "", 200, "holidays site"},
		"holidays":      {"GET", "/api/v1/holidays/cn?year=2026", "", 200, "holidays cn 2026"},
		"this year":     {"GET", "/api/v1/holidays/cn", "", 200, "holidays cn 0"},
		"revisions":     {"GET", "/api/v1/holidays/cn/revisions?after=1&page_size=5", "", 200, "revisions cn"},
		"change":        {"POST", "/api/v1/holidays/cn/revisions", `{"why":"w","reverts":1}`, 201, "change cn"},
		"preview":       {"POST", "/api/v1/holidays/cn/preview?after=a", `{"reverts":1}`, 200, "preview cn a"},
		"effect":        {"GET", "/api/v1/holidays/cn/revisions/3/effect?after=a", "", 200, "effect cn 3 a"},
		"no revision":   {"GET", "/api/v1/holidays/cn/revisions/x/effect", "", 200, "effect cn 0 "},
		"apply":         {"POST", "/api/v1/holidays/cn/revisions/3/apply", `{"why":"w","numbers":["` + realNumber + `"],"unmoved":true}`, 200, "apply cn 3 w [" + realNumber + "] true "},
		"apply on":      {"POST", "/api/v1/holidays/cn/revisions/3/apply", `{"why":"w","after":"a"}`, 200, "apply cn 3 w [] false a"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			w := s.ask(c.method, c.path, c.body)
			require.Equal(t, c.status, w.Code, w.Body)
			if c.asked != "" {
				require.Equal(t, []string{c.asked}, s.asked)
			}
		})
	}
}

func TestRefusals_EachWithItsStatus(t *testing.T) {
	deep := `{"title":` + strings.Repeat("[", 30) + strings.Repeat("]", 30) + `}`
	for name, c := range map[string]struct {
		method, path, body string
		header             []string
		status             int
		code, field        string
	}{
		"no token":               {"GET", "/api/v1/me", "", []string{"Authorization", ""}, 401, "unauthenticated", ""},
		"a wrong token":          {"GET", "/api/v1/me", "", []string{"Authorization", "Bearer x"}, 401, "unauthenticated", ""},
		"another scheme":         {"GET", "/api/v1/me", "", []string{"Authorization", "Basic token"}, 401, "unauthenticated", ""},
		"no such address":        {"GET", "/api/v1/nothing", "", nil, 404, "not_found", ""},
		"outside the API":        {"GET", "/nothing", "", nil, 404, "not_found", ""},
		"another method":         {"PUT", "/api/v1/defects", "", nil, 405, "method_not_allowed", ""},
		"no JSON":                {"POST", "/api/v1/defects", `{"title"`, nil, 400, "unreadable", ""},
		"a list":                 {"POST", "/api/v1/defects", `[]`, nil, 400, "unreadable", ""},
		"two objects":            {"POST", "/api/v1/defects", `{}{}`, nil, 400, "unreadable", ""},
		"nested too deeply":      {"POST", "/api/v1/defects", deep, nil, 400, "unreadable", ""},
		"broken UTF-8":           {"POST", "/api/v1/defects", "{\"title\":\"\xff\"}", nil, 400, "unreadable", ""},
		"another content type":   {"POST", "/api/v1/defects", good, []string{"Content-Type", "text/plain"}, 415, "unsupported_media_type", ""},
		"too much":               {"POST", "/api/v1/defects", `{"title":"` + strings.Repeat("a", 1<<20) + `"}`, nil, 413, "too_large", ""},
		"no time":                {"POST", "/api/v1/defects", strings.Replace(good, "{", `{"occurred_at":"",`, 1), nil, 422, "invalid", "occurred_at"},
		"no reporter":            {"POST", "/api/v1/defects", strings.Replace(good, "{", `{"reporter":"",`, 1), nil, 422, "invalid", "reporter"},
		"an offset of a day":     {"POST", "/api/v1/defects", strings.Replace(good, "{", `{"occurred_at":"2026-11-23T08:30:00+24:00",`, 1), nil, 422, "invalid", "occurred_at"},
		"the first of all times": {"POST", "/api/v1/defects", strings.Replace(good, "{", `{"occurred_at":"0001-01-01T00:00:00Z",`, 1), nil, 422, "invalid", "occurred_at"},
		"a version of nothing":   {"POST", "/api/v1/defects/x/actions/withdraw", `{"reason":"r","version":""}`, nil, 422, "invalid", "version"},
		"no hours":               {"POST", "/api/v1/defects/x/actions/report", `{"summary":"s","work_hours":""}`, nil, 422, "invalid", "work_hours"},
		"an unknown field":       {"POST", "/api/v1/defects", `{"title":"t","description":"d","severity":2,"system":"s","colour":"red"}`, nil, 422, "invalid", "colour"},
		"a field twice":          {"POST", "/api/v1/defects", `{"title":"t","title":"u","description":"d","severity":2,"system":"s"}`, nil, 422, "invalid", "title"},
		"a wrong type":           {"POST", "/api/v1/defects", `{"title":7,"description":"d","severity":2,"system":"s"}`, nil, 422, "invalid", "title"},
		"a severity of half":     {"POST", "/api/v1/defects", `{"title":"t","description":"d","severity":2.5,"system":"s"}`, nil, 422, "invalid", "severity"},
		"a severity as text":     {"POST", "/api/v1/defects", `{"title":"t","description":"d","severity":"2","system":"s"}`, nil, 422, "invalid", "severity"},
		"severity five":          {"POST", "/api/v1/defects", `{"title":"t","description":"d","severity":5,"system":"s"}`, nil, 422, "invalid", "severity"},
		"no title":               {"POST", "/api/v1/defects", `{"description":"d","severity":2,"system":"s"}`, nil, 422, "invalid", "title"},
		"a control character":    {"POST", "/api/v1/defects", `{"title":"a\u0000b","description":"d","severity":2,"system":"s"}`, nil, 422, "invalid", "title"},
		"a long title":           {"POST", "/api/v1/defects", `{"title":"` + strings.Repeat("标", 201) + `","description":"d","severity":2,"system":"s"}`, nil, 422, "invalid", "title"},
		"a reporter's field":     {"POST", "/api/v1/defects", `{"title":"t","description":"d","severity":2,"system":"s","reporter":{"name":"n","username":"admin"}}`, nil, 422, "invalid", "reporter.username"},
		"a bad key":              {"POST", "/api/v1/defects", good, []string{"Idempotency-Key", "a b"}, 422, "invalid", "Idempotency-Key"},
		"a long key":             {"POST", "/api/v1/defects", good, []string{"Idempotency-Key", strings.Repeat("k", 201)}, 422, "invalid", "Idempotency-Key"},
		"an unknown action":      {"POST", "/api/v1/defects/x/actions/fly", "{}", nil, 404, "not_found", ""},
		"another's field":        {"POST", "/api/v1/defects/x/actions/withdraw", `{"reason":"r","plan":"p"}`, nil, 422, "invalid", "plan"},
		"a bad version":          {"POST", "/api/v1/defects/x/actions/withdraw", `{"reason":"r","version":"1"}`, nil, 422, "invalid", "version"},
		"a large page":           {"GET", "/api/v1/defects?page_size=201", "", nil, 422, "invalid", "page_size"},
		"a page that is none":    {"GET", "/api/v1/defects?page=x", "", nil, 422, "invalid", "page"},
		"a deep page":            {"GET", "/api/v1/defects?page=501", "", nil, 422, "invalid", "page"},
		"page and cursor":        {"GET", "/api/v1/defects?page=2&after=x", "", nil, 422, "invalid", "after"},
		"a broken escape":        {"GET", "/api/v1/defects?q=100%", "", nil, 400, "unreadable", ""},
		"another separator":      {"GET", "/api/v1/defects?stage=closed;severity=1", "", nil, 400, "unreadable", ""},
		"a severity of nothing":  {"GET", "/api/v1/defects?severity=%20", "", nil, 422, "invalid", "severity"},
		"a stage of nothing":     {"GET", "/api/v1/defects?stage=%20", "", nil, 422, "invalid", "stage"},
		"before all times":       {"GET", "/api/v1/defects?to=0001-01-01T00:00:00Z", "", nil, 422, "invalid", "to"},
		"an unknown parameter":   {"GET", "/api/v1/defects?colour=red", "", nil, 422, "invalid", "colour"},
		"an unknown stage":       {"GET", "/api/v1/defects?stage=analysis,lunch", "", nil, 422, "invalid", "stage"},
		"an unknown order":       {"GET", "/api/v1/defects?sort=colour", "", nil, 422, "invalid", "sort"},
		"a time that is none":    {"GET", "/api/v1/defects?from=yesterday", "", nil, 422, "invalid", "from"},
		"a truth that is none":   {"GET", "/api/v1/defects?overdue=perhaps", "", nil, 422, "invalid", "overdue"},
		"a limit that is none":   {"GET", "/api/v1/calendars/5x8/due?from=2026-11-23T09:00:00Z&limit=soon", "", nil, 422, "invalid", "limit"},
		"no start":               {"GET", "/api/v1/calendars/5x8/due?limit=2h", "", nil, 422, "invalid", "from"},
		"a form that is none":    {"POST", "/api/v1/defects/x/attachments", "{}", nil, 415, "unsupported_media_type", ""},
		"no reason":              {"POST", "/api/v1/holidays/cn/revisions", `{"reverts":1}`, nil, 422, "invalid", "why"},
		"no list":                {"POST", "/api/v1/holidays/cn/revisions", `{"why":"w","days":{}}`, nil, 422, "invalid", "days"},
		"a list too long":        {"POST", "/api/v1/holidays/cn/revisions/1/apply", `{"why":"w","numbers":[` + strings.Repeat(`"`+realNumber+`",`, 50) + `"x"]}`, nil, 422, "invalid", "numbers"},
		"a hole in a list":       {"POST", "/api/v1/holidays/cn/revisions/1/apply", `{"why":"w","numbers":["` + realNumber + `",null]}`, nil, 422, "invalid", "numbers[1]"},
		"a number that is none":  {"POST", "/api/v1/holidays/cn/revisions/1/apply", `{"why":"w","numbers":["` + realNumber + `","x"]}`, nil, 422, "invalid", "numbers[1]"},
		"half a day":             {"POST", "/api/v1/holidays/cn/revisions", `{"why":"w","days":[{"date":"2026-11-24","off":true,"name":"n"},{"date":"2026-11-25","name":"n"}]}`, nil, 422, "invalid", "days[1].off"},
		"half a notice":          {"POST", "/api/v1/holidays/cn/preview", `{"document":{"year":2027,"days":[{"name":"n","date":"2027-01-01"}]}}`, nil, 422, "invalid", "document.days[0].isOffDay"},
		"a notice as no form":    {"POST", "/api/v1/holidays/cn/revisions/file", "{}", nil, 415, "unsupported_media_type", ""},
		"no password":            {"POST", "/api/v1/sessions", `{"username":"u"}`, []string{"Authorization", ""}, 422, "invalid", "password"},
		"a wrong password":       {"POST", "/api/v1/sessions", `{"username":"u","password":"wrong"}`, []string{"Authorization", ""}, 401, "unauthenticated", ""},
		"a password of the type": {"POST", "/api/v1/sessions", `{"username":"u","password":1234567}`, []string{"Authorization", ""}, 422, "invalid", "password"},
	} {
		t.Run(name, func(t *testing.T) {
			for language, marker := range map[string]string{"": "zh", "en": "en"} {
				s := newSite(t)
				w := s.ask(c.method, c.path, c.body, append(slices.Clone(c.header), "Accept-Language", language)...)
				p := s.refused(w, c.status, c.code)
				require.Equal(t, marker, w.Header().Get("Content-Language"))
				require.NotContains(t, w.Body.String(), "1234567", "values are never repeated")
				if c.field != "" {
					require.NotEmpty(t, p.Errors)
					require.Equal(t, c.field, p.Errors[0].Field)
					require.NotRegexp(t, `^field\.`, p.Errors[0].Message)
				}
				require.Empty(t, slices.DeleteFunc(s.asked, func(a string) bool { return strings.HasPrefix(a, "read") }))
			}
		})
	}
}

func TestErrors_OfTheDesk(t *testing.T) {
	for code, status := range map[apperr.Code]int{
		apperr.Forbidden: 403, apperr.NotFound: 404, apperr.WrongStage: 409, apperr.StaleVersion: 409, apperr.StaleProposal: 409, apperr.Conflict: 409,
		apperr.Invalid: 422, apperr.TooManyRequests: 429, apperr.Internal: 500, apperr.Unavailable: 503,
	} {
		s := newSite(t)
		s.fail = &apperr.Error{Code: code, Reason: apperr.ReasonBusy, RetryAfter: 1500 * time.Millisecond}
		w := s.ask("GET", "/api/v1/defects/x", "")
		s.refused(w, status, string(code))
		require.Equal(t, "2", w.Header().Get("Retry-After"))
	}
	s := newSite(t)
	s.fail = apperr.New(apperr.Unavailable, apperr.ReasonBusy, nil)
	require.NotEmpty(t, s.ask("GET", "/api/v1/defects/x", "").Header().Get("Retry-After"), "a 503 always says when to come back")

	s = newSite(t)
	s.fail = errors.New("dial tcp 10.0.0.1: secret")
	w := s.ask("GET", "/api/v1/defects/x", "")
	s.refused(w, 500, "internal")
	require.NotContains(t, w.Body.String(), "secret")
	require.Contains(t, s.log.String(), "secret", "it is in the log")

	s = newSite(t)
	s.panic = true
	w = s.ask("GET", "/api/v1/defects/x", "")
	s.refused(w, 500, "internal")
	require.NotContains(t, w.Body.String(), "secret")
}

func TestMistakes_AreToldToWhomItConcerns(t *testing.T) {
	s := newSite(t)
	s.may = apperr.New(apperr.Forbidden, apperr.ReasonMaySubmit, nil)
	s.refused(s.ask("POST", "/api/v1/defects", `{}`), 403, "forbidden")
	s.refused(s.ask("POST", "/api/v1/defects/x/actions/sign", `{}`), 403, "forbidden")
	s.may = apperr.New(apperr.WrongStage, apperr.ReasonStage, nil)
	s.refused(s.ask("POST", "/api/v1/defects/x/actions/sign", `{}`), 409, "wrong_stage")
}

func TestMistakes_RepeatNoLongKey(t *testing.T) {
	s := newSite(t)
	key := strings.Repeat("k", 200<<10)
	w := s.ask("POST", "/api/v1/defects", fmt.Sprintf(`{%q:1,%q:2,"reporter":{%q:{"a":1,"a":2}}}`, key, key, key))
	s.refused(w, 422, "invalid")
	require.Less(t, w.Body.Len(), 4096)
}

func TestSubmit_PassesOnWhatWasSaid(t *testing.T) {
	s := newSite(t)
	w := s.ask("POST", "/api/v1/defects", `{"title":"t","description":"d","severity":2.0,"system":"OA","occurred_at":"2026-11-23T08:00:00+08:00","channel":"phone","impact":null,"reporter":{"name":"李雷","email":"a@b.cn"}}`, "Idempotency-Key", "k")
	require.Equal(t, 201, w.Code, w.Body)
	require.Equal(t, "/api/v1/defects/7K3M-Q9XT-WA5C", w.Header().Get("Location"))
	require.Equal(t, "k", s.key)
	require.True(t, s.s.OccurredAt.Equal(now.Add(-9*time.Hour)))
	s.s.OccurredAt = time.Time{}
	require.Equal(t, defect.Submission{Title: "t", Description: "d", Severity: 2, System: "OA", Channel: "phone", Reporter: defect.Reporter{Name: "李雷", Email: "a@b.cn"}}, s.s)
	require.Equal(t, 200, s.ask("POST", "/api/v1/defects", good, "Idempotency-Key", "again").Code)
}

func TestDefect_HasEveryDocumentedKey(t *testing.T) {
	s := newSite(t)
	var body map[string]any
	require.NoError(t, json.Unmarshal(s.ask("GET", "/api/v1/defects/x", "").Body.Bytes(), &body))
	for _, key := range strings.Fields(`number title description severity system module channel impact asset_id occurred_at reporter stage category assignee level waiting_for
		version cycle clocks proposal sign_offs change_record verification service_report answer allowed_actions created_at updated_at closed_at close_reason`) {
		require.Contains(t, body, key)
	}
	require.Equal(t, []any{}, body["waiting_for"])
	clock, ok := body["clocks"].([]any)[0].(map[string]any)
	require.True(t, ok)
	for _, key := range strings.Fields("name cycle target calendar started_at due_at state met_at breached_at late_by paused_for") {
		require.Contains(t, clock, key)
	}
	require.InDelta(t, 1800, clock["target"], 0)
	require.Equal(t, "2026-11-23T09:30:00Z", clock["due_at"])
}

func TestAct_PassesOnWhatWasSaid(t *testing.T) {
	s := newSite(t)
	require.Equal(t, 200, s.ask("POST", "/api/v1/defects/x/actions/verify", `{"passed":false,"method":"m","version":7}`, "Idempotency-Key", "k").Code)
	require.False(t, *s.in.Passed)
	require.Equal(t, 7, *s.vers)
	require.Equal(t, "k", s.key)
	require.Equal(t, 200, s.ask("POST", "/api/v1/defects/x/actions/report", `{"summary":"s","work_hours":1.5}`).Code)
	require.InDelta(t, 1.5, s.in.WorkHours, 0)
	require.Nil(t, s.vers)
}

func TestList_PassesOnWhatWasAsked(t *testing.T) {
	s := newSite(t)
	w := s.ask("GET", "/api/v1/defects?stage=analysis,reply&stage=replied&severity=1,2&overdue=true&q=%E7%BD%91%E7%BB%9C&from=2026-11-01T00:00:00%2B08:00&sort=next_due&page=2&page_size=50", "")
	require.Equal(t, 200, w.Code, w.Body)
	require.Equal(t, []defect.Stage{"analysis", "reply", "replied"}, s.q.Stages)
	require.Equal(t, []defect.Severity{1, 2}, s.q.Severities)
	require.True(t, *s.q.Overdue)
	require.Nil(t, s.q.Waiting)
	require.Equal(t, "网络", s.q.Text)
	require.True(t, s.q.From.Equal(time.Date(2026, 10, 31, 16, 0, 0, 0, time.UTC)))
	require.Equal(t, defect.SortDue, s.q.Sort)
	require.Equal(t, []int{2, 50}, []int{s.q.Page, s.q.Size})
	var body map[string]any
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
	require.Equal(t, "n", body["next"])
	require.Equal(t, true, body["total_exact"])
}

func TestEvents_DataAsDocumented(t *testing.T) {
	s := newSite(t)
	var body struct {
		Items []struct {
			Seq   int
			Kind  string
			Actor map[string]any
			Data  map[string]any
		}
		Next *int
	}
	require.NoError(t, json.Unmarshal(s.ask("GET", "/api/v1/defects/x/events?after=4&page_size=3", "").Body.Bytes(), &body))
	require.Equal(t, 5, body.Items[0].Seq)
	require.Equal(t, "t", body.Items[0].Data["title"])
	require.Nil(t, body.Items[1].Actor)
	require.Equal(t, map[string]any{"clock": "plan", "cycle": 1.0, "due_at": "2026-11-23T09:00:00Z", "late_by": 90.0}, body.Items[1].Data)
	require.Equal(t, map[string]any{"message": "m", "on_behalf_of": "李雷"}, body.Items[2].Data)
	require.Equal(t, 7, *body.Next)
}

func TestExplain_AddsUpToTheTarget(t *testing.T) {
	s := newSite(t)
	w := s.ask(http.MethodGet, "/api/v1/defects/x/clocks/plan/explain", "")
	var got struct {
		Clock           struct{ Target float64 }
		Nth, Of         int
		Used, Left      float64
		Sums            map[string]float64
		Intervals       []struct{ Counted float64 }
		CountedTogether float64
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
	for _, i := range got.Intervals {
		got.CountedTogether += i.Counted
	}
	require.InDelta(t, got.Clock.Target, got.CountedTogether, 0)
	require.InDelta(t, got.Clock.Target, got.Used+got.Left, 0)
	require.Equal(t, map[string]float64{"contractor": 60, "client": 0, "spare_part": 0}, got.Sums)
	require.Equal(t, []int{1, 1}, []int{got.Nth, got.Of})

	s.refused(s.ask(http.MethodGet, "/api/v1/defects/x/clocks/onsite/explain", ""), http.StatusNotFound, "not_found")
	s.refused(s.ask(http.MethodGet, "/api/v1/defects/x/clocks/plan/explain?nth=0", ""), http.StatusUnprocessableEntity, "invalid")
}

func TestAttachment_UpAndDown(t *testing.T) {
	s := newSite(t)
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	require.NoError(t, m.WriteField("note", "x"))
	part, err := m.CreateFormFile("file", "报告.txt")
	require.NoError(t, err)
	_, err = part.Write([]byte("content"))
	require.NoError(t, errors.Join(err, m.Close()))
	w := s.ask("POST", "/api/v1/defects/x/attachments", form.String(), "Content-Type", m.FormDataContentType())
	require.Equal(t, 201, w.Code, w.Body)
	require.Equal(t, "报告.txt content", s.file)
	require.Equal(t, "/api/v1/attachments/id", w.Header().Get("Location"))

	w = s.ask("GET", "/api/v1/attachments/id", "")
	require.Equal(t, 200, w.Code)
	require.Equal(t, "<b/>", w.Body.String())
	require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	require.Contains(t, w.Header().Get("Content-Security-Policy"), "sandbox")
	require.True(t, strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment;"))
	require.Equal(t, 304, s.ask("GET", "/api/v1/attachments/id", "", "If-None-Match", `"abc"`).Code)

	for _, kept := range []int{form.Len() - 20, 80} { // cut short in the file, and before it
		p := s.refused(s.ask("POST", "/api/v1/defects/x/attachments", form.String()[:kept], "Content-Type", m.FormDataContentType(), "Accept-Language", "en"), 400, "unreadable")
		require.Contains(t, p.Detail, "multipart/form-data")
	}

	form.Reset()
	m = multipart.NewWriter(&form)
	require.NoError(t, errors.Join(m.WriteField("note", "x"), m.Close()))
	p := s.refused(s.ask("POST", "/api/v1/defects/x/attachments", form.String(), "Content-Type", m.FormDataContentType()), 422, "invalid")
	require.Equal(t, "file", p.Errors[0].Field)
}

func TestSignIn_KeepsThePasswordOutOfTheLog(t *testing.T) {
	s := newSite(t)
	s.refused(s.ask("POST", "/api/v1/sessions", `{"username":"u","password":"wrong"}`), 401, "unauthenticated")
	require.NotContains(t, s.log.String(), "wrong")
}

func TestRequestID_TakenWhenSane(t *testing.T) {
	s := newSite(t)
	require.Equal(t, "abc-1", s.ask("GET", "/healthz", "", "X-Request-ID", "abc-1").Header().Get("X-Request-ID"))
	require.NotContains(t, s.ask("GET", "/healthz", "", "X-Request-ID", "a\"b c").Header().Get("X-Request-ID"), " ")
	s.ask("GET", "/api/v1/defects?q=geheim", "", "X-Request-ID", "found-again")
	require.Contains(t, s.log.String(), "found-again")
	require.NotContains(t, s.log.String(), "geheim")
}

func TestReady_TellsWhichButNotWhy(t *testing.T) {
	s := newSite(t)
	s.fail = errors.New("dial tcp: secret")
	w := s.ask("GET", "/readyz", "")
	require.Equal(t, 503, w.Code)
	require.JSONEq(t, `{"status":"unavailable","dependencies":[{"name":"temporal","ok":false}]}`, w.Body.String())
}

func TestDocument_DescribesEveryAddress(t *testing.T) {
	s := newSite(t)
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct {
					Schema struct {
						Required             []string
						Properties           map[string]any
						AdditionalProperties *bool
					}
				}
			}
			Responses map[string]any
		}
		Components struct{ Schemas map[string]any }
	}
	text := s.ask("GET", "/api/openapi.json", "").Body.Bytes()
	require.NoError(t, json.Unmarshal(text, &doc))
	require.Equal(t, "3.1.0", doc.OpenAPI)
	for _, path := range []string{
		"/sessions", "/sessions/current", "/me", "/defects", "/defects/{number}", "/defects/{number}/events", "/defects/{number}/attachments",
		"/attachments/{id}", "/calendars", "/calendars/{name}/due",
	} {
		require.Contains(t, doc.Paths, "/api/v1"+path)
	}
	for _, action := range defect.Actions() {
		if action == defect.ActAttach {
			continue
		}
		op := doc.Paths["/api/v1/defects/{number}/actions/"+string(action)]["post"]
		schema := op.RequestBody.Content["application/json"].Schema
		require.Len(t, schema.Properties, len(defect.InputFields(action))+1, action)
		require.False(t, *schema.AdditionalProperties)
		require.Contains(t, op.Responses, "200")
		require.Contains(t, op.Responses, "default")
	}
	require.Contains(t, doc.Components.Schemas, "Defect")
	require.Contains(t, doc.Components.Schemas, "Problem")
	require.NotContains(t, string(text), "#/components/schemas/\"")

	page := s.ask("GET", "/api/docs", "").Body.String()
	for _, outside := range []string{"src=\"http", "href=\"http", "//cdn", "unpkg"} {
		require.NotContains(t, page, outside, "the page works offline")
	}
}

func FuzzSubmission(f *testing.F) {
	f.Add(good)
	f.Add(`{"title":"\ud800","severity":1e400,"reporter":[]}`)
	f.Add(`{"title":"geheim","severity":9}`)
	fuzz(f, "/api/v1/defects")
}

func FuzzAction(f *testing.F) {
	f.Add(`{"proposal":1,"decision":"approve","version":1e3}`)
	f.Add(`{"proposal":-1,"proposal":2,"decision":null}`)
	fuzz(f, "/api/v1/defects/7K3M-Q9XT-WA5C/actions/sign")
}

func fuzz(f *testing.F, path string) {
	f.Helper()
	s := newSite(f)
	f.Fuzz(func(t *testing.T, body string) {
		s.t = t
		w := s.ask("POST", path, body)
		require.Contains(t, []int{200, 201, 400, 413, 415, 422}, w.Code, w.Body)
		require.True(t, json.Valid(w.Body.Bytes()))
	})
}

// TestAnswer_ThatCannotBeWritten: a time of the year 10000 has no form in JSON, and what cannot be written is no success.
func TestAnswer_ThatCannotBeWritten(t *testing.T) {
	s := newSite(t)
	s.c.CreatedAt = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	s.refused(s.ask("GET", "/api/v1/defects/x", ""), 500, "internal")
	require.Contains(t, s.log.String(), "write the answer of read")
}
