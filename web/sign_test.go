package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/edge"
	"yunwei/web"
)

var (
	now = time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC) // the next day at the site
	cst = time.FixedZone("", 8*3600)
)

// fakeDesk has one case that waits for a signature, and records what it is asked.
type fakeDesk struct {
	fakeConsole
	fakeDuty
	fakeReports

	sheet desk.Sheet
	fail  error // what reading is answered with
	no    error // what signing is answered with
	asked []string
}

func (f *fakeDesk) SignOffSheet(_ context.Context, link string) (desk.Sheet, error) {
	f.asked = append(f.asked, "read "+link)
	return f.sheet, f.fail
}

func (f *fakeDesk) SignByLink(_ context.Context, link string, decision defect.Decision, comment string) error {
	f.asked = append(f.asked, fmt.Sprintf("sign %s %s %s", link, decision, comment))
	return f.no
}

func newSite(t *testing.T) (*fakeDesk, http.Handler) {
	t.Helper()
	c, _ := defect.Open("7K3M-Q9XT-WA5C", defect.Submission{Title: "登录<script>", Description: "d & d", Severity: 2, System: "OA", Impact: "全市", Reporter: defect.Reporter{Username: "reporter", Name: "王芳"}},
		defect.DefaultPolicy(), defect.Person{Username: "reporter"}, now, defect.Keyed{})
	c.Stage = defect.SignOff
	c.Proposal = &defect.Proposal{N: 3, Cause: "光模块老化", Plan: "更换", Risk: "断网十分钟", Rollback: "换回", By: "technician", At: now}
	c.SignOffs = []defect.Signature{{Proposal: 2, By: "liaison", For: "supervisor2", Decision: defect.Reject, Comment: "太急", At: now}}
	f := &fakeDesk{sheet: desk.Sheet{View: desk.View{Case: c}, Reader: defect.Person{Username: "supervisor", Name: "主管一"}, Until: now.Add(time.Hour), Names: map[string]string{"supervisor2": "主管二"}}}
	return f, siteOf(t, f)
}

// siteOf returns the pages on a desk.
func siteOf(t *testing.T, d web.Desk) http.Handler {
	t.Helper()
	h, err := web.NewHandler(web.Options{
		Desk: d, Log: slog.New(slog.DiscardHandler), Edge: newEdge(t, slog.New(slog.DiscardHandler)), Zone: cst, Now: func() time.Time { return now },
		Workflow: func(number string) string { return "https://temporal.example.org/workflows/" + number },
	})
	require.NoError(t, err)
	return h
}

// newEdge returns an edge that logs.
func newEdge(t *testing.T, log *slog.Logger) *edge.Edge {
	t.Helper()
	e, err := edge.New(edge.Options{Log: log, Registry: prometheus.NewRegistry()})
	require.NoError(t, err)
	return e
}

func ask(t *testing.T, h http.Handler, method, target, language string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(form.Encode()))
	r.Header.Set("Accept-Language", language)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestSheet_ShowsAllThatIsNeededToDecide(t *testing.T) {
	for language, says := range map[string][]string{
		"zh-CN": {"2 级故障", "待签字", "第 3 号处理方案", "光模块老化", "更换", "断网十分钟", "换回", "全市", "王芳", "2026-11-24 01:00", "驳回</strong> liaison 代 主管二", "太急", "主管一", "同意"},
		"en":    {"Severity 2", "sign-off", "Handling plan 3", "光模块老化", "Root cause", "reject</strong> liaison for 主管二", "You sign as 主管一"},
	} {
		f, h := newSite(t)
		w := ask(t, h, "GET", "/sign/abc", language, nil)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		require.Equal(t, []string{"read abc"}, f.asked, "reading signs nothing")
		for _, text := range says {
			require.Contains(t, w.Body.String(), text, language)
		}
		require.NotContains(t, w.Body.String(), "<script>")
		require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
		require.Equal(t, "same-origin", w.Header().Get("Referrer-Policy"))
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	}
	_, h := newSite(t)
	require.Contains(t, ask(t, h, "GET", "/sign/abc?lang=en", "zh", nil).Body.String(), "Handling plan 3", "the switch prevails")
}

func TestSheet_WhenThereIsNothingToDecide(t *testing.T) {
	f, h := newSite(t)
	f.sheet.Mine = &defect.Signature{Decision: defect.Approve, At: now}
	page := ask(t, h, "GET", "/sign/abc", "zh", nil).Body.String()
	require.Contains(t, page, "您已签字:同意,时间 2026-11-24 01:00")
	require.NotContains(t, page, "<form")
	f.sheet.Mine, f.sheet.Shut = nil, apperr.New(apperr.Forbidden, apperr.ReasonProposerSigns, nil)
	page = ask(t, h, "GET", "/sign/abc", "zh", nil).Body.String()
	require.Contains(t, page, "处理方案不能由提出人自己签字")
	require.NotContains(t, page, "<form")
}

func TestSheet_OfALinkThatIsNotGood(t *testing.T) {
	f, h := newSite(t)
	for name, c := range map[string]struct {
		err    error
		status int
		says   string
	}{
		"ended":        {apperr.New(apperr.Unauthenticated, apperr.ReasonLink, nil), 403, "无效或已失效"},
		"superseded":   {apperr.New(apperr.StaleProposal, apperr.ReasonLinkStale, nil), 409, "取代"},
		"Temporal off": {&apperr.Error{Code: apperr.Unavailable, Reason: apperr.ReasonTemporalAway, RetryAfter: 5 * time.Second}, 503, "流程服务暂时没有应答"},
		"a bug":        {errors.New("secret inside"), 500, "系统内部出错"},
	} {
		f.fail = c.err
		for _, method := range []string{"GET", "POST"} {
			f.no = c.err
			w := ask(t, h, method, "/sign/abc", "zh", url.Values{"decision": {"approve"}})
			require.Equal(t, c.status, w.Code, name)
			require.Contains(t, w.Body.String(), c.says, name)
			require.NotContains(t, w.Body.String(), "secret", name)
		}
	}
	w := ask(t, h, "GET", "/nowhere", "en", nil)
	require.Equal(t, http.StatusNotFound, w.Code)
	require.Contains(t, w.Body.String(), "There is nothing at this address")
}

func TestDecide_OnceAndThenShowsIt(t *testing.T) {
	f, h := newSite(t)
	w := ask(t, h, "POST", "/sign/abc?lang=en", "zh", url.Values{"decision": {"approve"}, "comment": {"go"}})
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, "/sign/abc?lang=en", w.Header().Get("Location"))
	require.Equal(t, []string{"sign abc approve go"}, f.asked)
}

func TestDecide_KeepsWhatWasTyped(t *testing.T) {
	f, h := newSite(t)
	f.no = &apperr.Error{Code: apperr.Invalid, Reason: apperr.ReasonInvalid, Fields: []apperr.Field{{Field: "comment", Reason: apperr.FieldRequired}}}
	w := ask(t, h, "POST", "/sign/abc", "zh", url.Values{"decision": {"reject"}, "comment": {"因为 <b>"}})
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), "必填。")
	require.Contains(t, w.Body.String(), "因为 &lt;b&gt;</textarea>")
	f.no = apperr.New(apperr.Conflict, apperr.ReasonSignedAlready, nil)
	w = ask(t, h, "POST", "/sign/abc", "zh", url.Values{"decision": {"approve"}})
	require.Equal(t, http.StatusConflict, w.Code)
	w = ask(t, h, "POST", "/sign/abc", "zh", url.Values{"comment": {strings.Repeat("x", 600_000)}})
	require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	require.Contains(t, w.Body.String(), "512 KiB")
}

func TestDecide_OfWhatNobodyCanHelp(t *testing.T) {
	f, _ := newSite(t)
	var logged bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&logged, nil))
	h, err := web.NewHandler(web.Options{Desk: f, Log: log, Edge: newEdge(t, slog.New(slog.DiscardHandler)), Zone: cst, Now: func() time.Time { return now }})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		err    error
		status int
		wait   string
		says   string
	}{
		"a bug":        {errors.New("secret inside"), 500, "", "请把请求编号"},
		"Temporal off": {&apperr.Error{Code: apperr.Unavailable, Reason: apperr.ReasonTemporalAway, RetryAfter: 5 * time.Second}, 503, "5", "请先查看最新情况"},
	} {
		logged.Reset()
		f.no = c.err
		w := ask(t, h, "POST", "/sign/abc", "zh", url.Values{"decision": {"approve"}, "comment": {"可以"}})
		require.Equal(t, c.status, w.Code, name)
		require.Equal(t, c.wait, w.Header().Get("Retry-After"), name)
		require.Contains(t, w.Body.String(), c.says, name)
		require.Contains(t, w.Body.String(), "可以</textarea>", name)
		if c.status == http.StatusInternalServerError {
			require.Contains(t, logged.String(), "secret inside")
			require.Contains(t, w.Body.String(), w.Header().Get("X-Request-Id"), "what people are asked to pass on")
			require.Contains(t, logged.String(), w.Header().Get("X-Request-Id"))
		}
	}
}

var (
	action = regexp.MustCompile(`(?s){{.*?}}`)
	tag    = regexp.MustCompile(`(?s)<[^>]*>`)
	letter = regexp.MustCompile(`\pL`)
)

func TestTemplates_HoldNoTextOfTheirOwn(t *testing.T) {
	parts, err := filepath.Glob("templates/parts/*.html")
	require.NoError(t, err)
	files, err := filepath.Glob("templates/*.html")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	files = append(files, parts...)
	require.NotEmpty(t, parts)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		bare := tag.ReplaceAllString(action.ReplaceAllString(string(text), ""), "")
		require.False(t, letter.MatchString(bare), "%s says something in one language only: %q", file, strings.Join(strings.Fields(bare), " "))
		require.NotContains(t, string(text), "style=", "inline styles are not loaded")
		require.NotContains(t, string(text), "://", "no page asks another host for anything")
	}
}
