package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/web"
)

func TestSignIn_FromTheFormToSignOut(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "", "zh")
	w := b.get("/defects?stage=open")
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, "/sign-in?to=%2Fdefects%3Fstage%3Dopen", w.Header().Get("Location"))
	require.Empty(t, f.queries)

	page := b.get(w.Header().Get("Location")).Body.String()
	require.Contains(t, page, `name="to" value="/defects?stage=open"`)
	require.NotContains(t, page, "<nav")

	w = b.post("/sign-in", url.Values{"username": {"agent"}, "password": {"wrong"}, "to": {"/defects?stage=open"}})
	require.Equal(t, http.StatusForbidden, w.Code)
	require.Contains(t, w.Body.String(), "用户名或口令不正确")
	require.Contains(t, w.Body.String(), `value="agent"`)
	require.NotContains(t, w.Body.String(), `value="wrong"`, "no password comes back")
	require.Empty(t, b.cookies["yunwei_session"])

	w = b.post("/sign-in", url.Values{"username": {"agent"}, "password": {"right"}, "to": {"/defects?stage=open"}})
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, "/defects?stage=open", w.Header().Get("Location"))
	require.Equal(t, "192.0.2.1", f.from)
	cookie := w.Result().Cookies()[0]
	require.True(t, cookie.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
	require.Equal(t, 12*60*60, cookie.MaxAge)
	require.Contains(t, b.get("/defects?stage=open").Body.String(), "服务台")

	require.Equal(t, http.StatusSeeOther, b.get("/sign-in").Code, "who has signed in goes on")
	b.post("/sign-in", url.Values{"username": {"reporter"}, "password": {"right"}})
	require.Equal(t, []string{"id of agent"}, f.out, "the session before has ended")
	require.Equal(t, "token-reporter", b.cookies["yunwei_session"])

	w = b.post("/sign-out", nil)
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, []string{"id of agent", "id of reporter"}, f.out)
	require.NotContains(t, b.cookies, "yunwei_session")
}

func TestSignIn_SendsNobodyElsewhere(t *testing.T) {
	_, h := newSite(t)
	for to, goes := range map[string]string{
		"/defects/1?a=b": "/defects/1?a=b", "": "/", "https://evil.example": "/", "//evil.example": "/", `/\evil.example`: "/", "evil": "/",
		"javascript:alert(1)": "/", "/sign-in?to=/": "/", "/a\r\nSet-Cookie: x": "/",
	} {
		w := as(t, h, "", "zh").post("/sign-in", url.Values{"username": {"agent"}, "password": {"right"}, "to": {to}})
		require.Equal(t, http.StatusSeeOther, w.Code)
		require.Equal(t, goes, w.Header().Get("Location"), to)
	}
}

func TestCookies_BehindTLS(t *testing.T) {
	f, _ := newSite(t)
	h, err := web.NewHandler(web.Options{Desk: f, Log: slog.New(slog.DiscardHandler), Edge: newEdge(t, slog.New(slog.DiscardHandler)), Zone: cst, URL: "https://desk.example.org/", Now: func() time.Time { return now }})
	require.NoError(t, err)
	w := as(t, h, "", "zh").post("/sign-in?lang=en", url.Values{"username": {"agent"}, "password": {"right"}})
	names := []string{}
	for _, cookie := range w.Result().Cookies() {
		require.True(t, cookie.Secure, cookie.Name)
		names = append(names, cookie.Name)
	}
	require.Equal(t, []string{"yunwei_lang", "__Host-yunwei_session"}, names)
	_, err = web.NewHandler(web.Options{Desk: f, Log: slog.New(slog.DiscardHandler), Edge: newEdge(t, slog.New(slog.DiscardHandler)), Zone: cst, URL: "desk.example.org", Now: func() time.Time { return now }})
	require.Error(t, err)
	b := as(t, h, "", "zh")
	b.header = http.Header{"Origin": {"https://desk.example.org"}} // while the request is for example.com, as who stands in front of us calls us
	require.Equal(t, http.StatusSeeOther, b.post("/sign-in", url.Values{"username": {"agent"}, "password": {"right"}}).Code)
	require.Equal(t, http.StatusSeeOther, as(t, h, "agent", "zh").get("/").Code, "a cookie that could come from elsewhere is not believed")
}

func TestChanges_ThatOtherSitesAskForAreRefused(t *testing.T) {
	for name, header := range map[string]http.Header{
		"another site":        {"Sec-Fetch-Site": {"cross-site"}},
		"a neighbour":         {"Sec-Fetch-Site": {"same-site"}},
		"an old browser":      {"Origin": {"https://evil.example"}},
		"a hidden origin":     {"Origin": {"null"}},
		"another of our port": {"Origin": {"http://example.com:81"}},
	} {
		f, h := newSite(t)
		b := as(t, h, "agent", "en")
		b.header = header
		for _, target := range []string{"/sign-in", "/sign-out", "/defects/new", "/defects/" + firstNumber, "/defects/" + firstNumber + "/attachments", "/notices/read", "/sign/abc"} {
			w := b.post(target, url.Values{"up_to": {"7"}, "username": {"agent"}, "password": {"right"}})
			require.Equal(t, http.StatusForbidden, w.Code, "%s %s", name, target)
			require.Contains(t, w.Body.String(), "another site")
		}
		require.Empty(t, f.asked)
		require.Empty(t, f.keys)
		require.Empty(t, f.out)
		require.Zero(t, f.read)
		require.Empty(t, f.from)
		require.Equal(t, http.StatusOK, b.get("/defects").Code, "a link from elsewhere may be followed")
	}
	for _, header := range []http.Header{{"Sec-Fetch-Site": {"same-origin"}}, {"Origin": {"http://example.com"}}, {}} {
		f, h := newSite(t)
		b := as(t, h, "agent", "en")
		b.header = header
		require.Equal(t, http.StatusSeeOther, b.post("/notices/read", url.Values{"up_to": {"7"}}).Code)
		require.EqualValues(t, 7, f.read)
	}
}

func TestLanguage_IsKept(t *testing.T) {
	_, h := newSite(t)
	b := as(t, h, "agent", "zh")
	page := b.get("/defects?q=abc").Body.String()
	require.Contains(t, page, `<html lang="zh">`)
	require.Contains(t, page, `href="?lang=en&amp;q=abc"`, "the switch keeps the filters")
	require.Contains(t, b.get("/defects?q=abc&lang=en").Body.String(), `<html lang="en">`)
	require.Contains(t, b.get("/").Body.String(), `<html lang="en">`)
	w := b.get("/?lang=xx")
	require.Contains(t, w.Body.String(), `<html lang="en">`)
	require.Empty(t, w.Result().Cookies())
}

func TestAssets_AreKeptByTheirDigest(t *testing.T) {
	_, h := newSite(t)
	b := as(t, h, "", "zh")
	for _, m := range staticLink.FindAllString(b.get("/sign-in").Body.String(), -1) {
		w := b.get(m)
		require.Equal(t, http.StatusOK, w.Code, m)
		require.Contains(t, w.Header().Get("Cache-Control"), "immutable", m)
	}
	w := b.get("/static/yunwei.css?v=another")
	require.Contains(t, w.Header().Get("Content-Type"), "text/css")
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.Equal(t, http.StatusNotFound, b.get("/static/nothing.css").Code)
}

func TestNowhere_ShowsTheWayBack(t *testing.T) {
	_, h := newSite(t)
	w := as(t, h, "agent", "en").get("/nowhere")
	require.Equal(t, http.StatusNotFound, w.Code)
	require.Contains(t, w.Body.String(), `href="/defects?stage=open"`)
	w = httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/nowhere", nil))
	require.NotContains(t, w.Body.String(), "<nav")
}
