package web_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/notice"
)

// people are who can sign in, each with the word "right".
var people = map[string]defect.Person{
	"reporter":   {Username: "reporter", Name: "王芳", Roles: []defect.Role{defect.RoleReporter}},
	"agent":      {Username: "agent", Name: "服务台", Roles: []defect.Role{defect.RoleAgent}},
	"technician": {Username: "technician", Name: "技术一", Roles: []defect.Role{defect.RoleTechnician}},
	"supervisor": {Username: "supervisor", Name: "主管一", Roles: []defect.Role{defect.RoleSupervisor}},
	"deputy": {Username: "deputy", Name: "接口人", Roles: []defect.Role{defect.RoleLiaison}, StandsIn: []defect.Absent{
		{Username: "supervisor", Name: "主管一", Roles: []defect.Role{defect.RoleSupervisor}},
	}},
	"admin":   {Username: "admin", Name: "管理员", Roles: []defect.Role{defect.RoleAdmin}},
	"auditor": {Username: "auditor", Name: "审计", Roles: []defect.Role{defect.RoleAuditor}},
}

// fakeConsole keeps cases by the rules of package defect, without Temporal and SQL, and records what it is asked.
type fakeConsole struct {
	fakeSubmissions
	accountFake
	policyFake
	noticeFake
	registerFake

	cases    map[string]defect.Case
	events   map[string][]defect.Event
	files    []defect.Attachment
	notices  []notice.Notice
	queries  []defect.Query
	keys     []string // idempotency keys of steps and reports
	read     int64    // up to which notice
	out      []string // token IDs that have signed out
	next     string   // the cursor that lists give
	away     error    // what lists are answered with
	refuse   error    // what steps and reports are answered with
	from     string   // the address that last signed in
	uploaded string
	changed  chan int // what watches are told
	watched  []string // what they watched
	place    int      // of the latest change
	ended    int      // watches
	board    fakeBoard
}

func (f *fakeConsole) SignInToConsole(_ context.Context, from, username, password string) (desk.Session, error) {
	f.from = from
	person, ok := people[username]
	if !ok || password != "right" {
		return desk.Session{}, apperr.New(apperr.Unauthenticated, apperr.ReasonBadCredentials, nil)
	}
	return desk.Session{Token: "token-" + username, ExpiresAt: now.Add(12 * time.Hour), User: person}, nil
}

func (f *fakeConsole) SignOut(_ context.Context, by desk.Caller) error {
	f.out = append(f.out, by.TokenID)
	return nil
}

func (f *fakeConsole) Authenticate(_ context.Context, token string) (desk.Caller, error) {
	username, ok := strings.CutPrefix(token, "token-")
	person, known := people[username]
	if !ok || !known {
		return desk.Caller{}, apperr.New(apperr.Unauthenticated, apperr.ReasonUnauthenticated, nil)
	}
	return desk.Caller{Person: person, TokenID: "id of " + username, ExpiresAt: now.Add(12 * time.Hour), Renewed: f.renewed}, nil
}

func (f *fakeConsole) MaySubmit(by desk.Caller) error {
	if !defect.MaySubmit(by.Person) {
		return apperr.New(apperr.Forbidden, apperr.ReasonMaySubmit, nil)
	}
	return nil
}

const firstNumber = "7K3M-Q9XT-WA5C"

func (f *fakeConsole) Submit(_ context.Context, by desk.Caller, s defect.Submission, key string) (desk.View, bool, error) {
	f.keys = append(f.keys, key)
	if f.refuse != nil {
		return desk.View{}, false, f.refuse
	}
	if s.Reporter.Name == "" {
		s.Reporter.Username, s.Reporter.Name = by.Username, by.Name
	}
	if err := s.Check(now); err != nil {
		return desk.View{}, false, err
	}
	return f.open(by.Person, s), true, nil
}

// open begins a case.
func (f *fakeConsole) open(by defect.Person, s defect.Submission) desk.View {
	c, e := defect.Open(firstNumber, s, defect.DefaultPolicy(), by, now, defect.Keyed{})
	f.cases, f.events = map[string]defect.Case{firstNumber: c}, map[string][]defect.Event{firstNumber: {e}}
	return desk.View{Case: c}
}

func (f *fakeConsole) Defect(_ context.Context, by desk.Caller, number string) (desk.View, error) {
	c, ok := f.cases[number]
	if !ok || !c.VisibleTo(by.Person) {
		return desk.View{}, apperr.New(apperr.NotFound, apperr.ReasonDefectUnknown, apperr.Args{"number": number})
	}
	return desk.View{Case: c, Allowed: c.AllowedActions(by.Person)}, nil
}

func (f *fakeConsole) Defects(ctx context.Context, by desk.Caller, q defect.Query) (desk.Page, error) {
	f.queries = append(f.queries, q)
	if f.away != nil {
		return desk.Page{}, f.away
	}
	page := desk.Page{TotalExact: true, Next: f.next}
	for _, number := range slices.Sorted(maps.Keys(f.cases)) {
		v, err := f.Defect(ctx, by, number)
		if err != nil {
			continue
		}
		page.Total++
		switch {
		case f.next == "" && number <= q.After:
		case len(page.Items) < q.Size:
			page.Items = append(page.Items, v)
		case page.Next == "":
			page.Next = page.Items[q.Size-1].Number
		}
	}
	return page, nil
}

func (f *fakeConsole) Events(_ context.Context, _ desk.Caller, number string, after, limit int) ([]defect.Event, bool, error) {
	if f.away != nil {
		return nil, false, f.away
	}
	events := f.events[number][after:]
	return events[:min(limit, len(events))], len(events) > limit, nil
}

func (f *fakeConsole) LatestChange(context.Context) int { return f.place }

func (f *fakeConsole) Watch(_ context.Context, by desk.Caller, number string, seq int) (<-chan int, func(), error) {
	if f.refuse != nil {
		return nil, nil, f.refuse
	}
	f.watched = append(f.watched, fmt.Sprint(by.Username, " ", number, " ", seq))
	return f.changed, func() { f.ended++ }, nil
}

func (f *fakeConsole) Act(_ context.Context, by desk.Caller, number string, a defect.Action, in defect.Input, version *int, key string) (desk.View, error) {
	f.keys = append(f.keys, key)
	if f.refuse != nil {
		return desk.View{}, f.refuse
	}
	return f.act(by.Person, number, a, in, version)
}

func (f *fakeConsole) act(by defect.Person, number string, a defect.Action, in defect.Input, version *int) (desk.View, error) {
	c := f.cases[number].Clone()
	e, err := c.Do(defect.Command{Action: a, Input: in, By: by, Version: version}, now)
	if err != nil {
		return desk.View{}, err
	}
	f.cases[number], f.events[number] = c, append(f.events[number], e)
	return desk.View{Case: c}, nil
}

func (f *fakeConsole) Names(usernames ...string) map[string]string {
	out := map[string]string{}
	for _, u := range usernames {
		if p, ok := people[u]; ok {
			out[u] = p.Name
		}
	}
	return out
}

func (f *fakeConsole) Assignable(by desk.Caller) []defect.Person {
	if !defect.SeesAll(by.Person) {
		return nil
	}
	return []defect.Person{people["agent"], people["technician"]}
}

func (f *fakeConsole) Attach(_ context.Context, by desk.Caller, number, filename string, body io.Reader) (defect.Attachment, error) {
	if f.refuse != nil {
		return defect.Attachment{}, f.refuse
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return defect.Attachment{}, err
	}
	f.uploaded = string(text)
	file := defect.File{ID: "file-1", Name: filename, Type: "text/plain", Size: int64(len(text)), Sum: "sum"}
	if _, err := f.act(by.Person, number, defect.ActAttach, defect.Input{File: &file}, nil); err != nil {
		return defect.Attachment{}, err
	}
	f.files = append(f.files, defect.Attachment{File: file, Number: number, UploadedBy: by.Username, UploadedAt: now})
	return f.files[len(f.files)-1], nil
}

func (f *fakeConsole) Attachments(_ context.Context, _ desk.Caller, _, after string, limit int) ([]defect.Attachment, string, error) {
	if f.away != nil {
		return nil, "", f.away
	}
	list := f.files[slices.IndexFunc(f.files, func(a defect.Attachment) bool { return a.ID == after })+1:]
	if len(list) > limit {
		return list[:limit], list[limit-1].ID, nil
	}
	return list, "", nil
}

func (f *fakeConsole) Attachment(_ context.Context, _ desk.Caller, id string) (desk.Content, error) {
	for _, a := range f.files {
		if a.ID == id {
			return desk.Content{Attachment: a, Body: io.NopCloser(strings.NewReader(f.uploaded))}, nil
		}
	}
	return desk.Content{}, apperr.New(apperr.NotFound, apperr.ReasonAttachmentUnknown, nil)
}

func (f *fakeConsole) Inbox(context.Context, desk.Caller, bool, int64, int) (desk.NoticePage, error) {
	if f.away != nil {
		return desk.NoticePage{}, f.away
	}
	return desk.NoticePage{Items: f.notices, Unread: len(f.notices)}, nil
}

func (f *fakeConsole) ReadNotices(_ context.Context, _ desk.Caller, upTo int64) (int, error) {
	if f.away != nil {
		return 0, f.away
	}
	f.read = upTo
	return 1, nil
}

// browser asks for pages as somebody, and keeps the cookies.
type browser struct {
	t       *testing.T
	h       http.Handler
	cookies map[string]string
	header  http.Header
}

func (b *browser) do(method, target, kind string, body io.Reader) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), method, target, body)
	for name, values := range b.header {
		r.Header[name] = values
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for name, value := range b.cookies {
		r.Header.Add("Cookie", name+"="+value)
	}
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	for _, cookie := range w.Result().Cookies() {
		b.cookies[cookie.Name] = cookie.Value
		if cookie.MaxAge < 0 {
			delete(b.cookies, cookie.Name)
		}
	}
	return w
}

func (b *browser) get(target string) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.do(http.MethodGet, target, "", nil)
}

func (b *browser) post(target string, form url.Values) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.do(http.MethodPost, target, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// as returns the browser of somebody who has signed in.
func as(t *testing.T, h http.Handler, username, language string) *browser {
	t.Helper()
	b := &browser{t: t, h: h, cookies: map[string]string{"yunwei_lang": language}, header: http.Header{}}
	if username != "" {
		b.cookies["yunwei_session"] = "token-" + username
	}
	return b
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// formOn returns the hidden fields of the form of a step.
func formOn(page string, a defect.Action) (url.Values, error) {
	for _, form := range strings.Split(page, "<form")[1:] {
		if strings.Contains(form, fmt.Sprintf(`name="_action" value=%q`, a)) {
			out := url.Values{}
			for _, m := range hidden.FindAllStringSubmatch(form, -1) {
				out.Set(m[1], m[2])
			}
			return out, nil
		}
	}
	return nil, errors.New("no form for " + string(a))
}
