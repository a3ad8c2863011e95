package e2e

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// signedIn returns the browser of somebody with a password of their own.
func (s *site) signedIn(username, word string) *visitor {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	v := &visitor{site: s, client: &http.Client{Jar: jar, Timeout: waitLimit}}
	page := v.send(v.get("/account"), `action="/sign-in"`, "/sign-in", url.Values{"username": {username}, "password": {word}})
	require.Contains(s.t, page, `id="me"`)
	return v
}

// TestConsole_AnAccountFromMakingToDisabling: an administrator makes an account, its owner takes it over, and whatever ends
// its sessions ends them in every browser and for the API.
func TestConsole_AnAccountFromMakingToDisabling(t *testing.T) {
	s := fresh(t).start()
	admin := s.visit("admin")
	page := admin.send(admin.get("/add-user"), `action="/add-user"`, "/add-user", url.Values{"username": {"wang"}, "name": {"王芳"}, "unit": {"信息中心"}, "roles": {"reporter"}})
	m := regexp.MustCompile(`<code class="word">([a-z2-7-]+)</code>`).FindStringSubmatch(page)
	require.NotNil(t, m, page)
	require.Contains(t, admin.get("/users?q="+url.QueryEscape("信息中心")), `href="/users/wang"`)

	wang, elsewhere := s.signedIn("wang", m[1]), s.signedIn("wang", m[1])
	page = wang.send(wang.get("/account"), `action="/account/password"`, "/account/password", url.Values{"old": {m[1]}, "new": {password}, "again": {password}})
	require.Contains(t, page, "口令已修改")
	require.Contains(t, elsewhere.get("/account"), "会话已结束", "sessions of the old password are over")
	require.Contains(t, wang.get("/account"), "信息中心", "this one goes on")

	elsewhere = s.signedIn("wang", password)
	machine := s.as("wang")
	require.Equal(t, 200, machine.do(http.MethodGet, "/api/v1/me", nil).status)
	page = wang.send(wang.get("/account"), `action="/account/sign-out"`, "/account/sign-out", url.Values{})
	require.Contains(t, page, `type="password"`)
	require.Contains(t, elsewhere.get("/account"), "会话已结束")
	require.Equal(t, 401, machine.do(http.MethodGet, "/api/v1/me", nil).status)

	wang = s.signedIn("wang", password)
	page = admin.send(admin.get("/users/wang"), `action="/users/wang"`, "/users/wang", url.Values{"name": {"王芳"}, "unit": {"政务中心"}, "phone": {""}, "email": {""}, "roles": {"reporter"}})
	require.Contains(t, page, "已保存")
	require.Contains(t, wang.get("/account"), "政务中心", "another unit ends no session")
	page = admin.send(admin.get("/users/wang"), `value="disabled"`, "/users/wang/state", url.Values{"state": {"disabled"}})
	require.Contains(t, page, "已停用")
	require.Contains(t, wang.get("/account"), "会话已结束")
	require.Equal(t, 409, s.as("admin").do(http.MethodPatch, "/api/v1/users/admin", map[string]any{"disabled": true}).status, "nobody locks everybody out")
}
