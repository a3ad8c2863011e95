package e2e

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// visitor is somebody at the pages of a site, with a browser that knows forms and cookies and nothing else.
type visitor struct {
	site   *site
	client *http.Client
}

// visit signs somebody in by the form, from the page that they wanted to see.
func (s *site) visit(username string) *visitor {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(s.t, err)
	v := &visitor{site: s, client: &http.Client{Jar: jar, Timeout: waitLimit}}
	page := v.get("/defects/new")
	require.Contains(s.t, page, `type="password"`)
	page = v.send(page, `action="/sign-in"`, "/sign-in", url.Values{"username": {username}, "password": {password}})
	require.Contains(s.t, page, `href="/defects/new" aria-current="page"`, "they are where they wanted to go")
	return v
}

func (v *visitor) get(path string) string {
	v.site.t.Helper()
	req, err := http.NewRequestWithContext(v.site.t.Context(), http.MethodGet, v.site.url+path, http.NoBody)
	require.NoError(v.site.t, err)
	return v.page(req)
}

func (v *visitor) page(req *http.Request) string {
	v.site.t.Helper()
	req.Header.Set("Accept-Language", "zh")
	resp, err := v.client.Do(req)
	require.NoError(v.site.t, err, v.site.log())
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(v.site.t, err)
	require.Equal(v.site.t, http.StatusOK, resp.StatusCode, string(text))
	return string(text)
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// send sends the form of a page that a mark tells, filled in, to where it goes, and returns the page that follows.
func (v *visitor) send(page, mark, path string, typed url.Values) string {
	v.site.t.Helper()
	for _, form := range strings.Split(page, "<form")[1:] {
		form, _, _ = strings.Cut(form, "</form>")
		if !strings.Contains(form, mark) {
			continue
		}
		for _, m := range hiddenField.FindAllStringSubmatch(form, -1) {
			typed.Set(m[1], html.UnescapeString(m[2]))
		}
		req, err := http.NewRequestWithContext(v.site.t.Context(), http.MethodPost, v.site.url+path, strings.NewReader(typed.Encode()))
		require.NoError(v.site.t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", v.site.url)
		return v.page(req)
	}
	require.Fail(v.site.t, "no form", "%s in %s", mark, page)
	return ""
}

// act takes a step by its form on the page of a case.
func (v *visitor) act(number, action string, typed url.Values) {
	v.site.t.Helper()
	page := v.send(v.get("/defects/"+number), fmt.Sprintf(`name="_action" value=%q`, action), "/defects/"+number, typed)
	require.Contains(v.site.t, page, `class="note did"`)
}

func one(name, value string) url.Values { return url.Values{name: {value}} }

// TestConsole_FromReportToReply walks one case by the pages alone: plain forms, no script.
func TestConsole_FromReportToReply(t *testing.T) {
	s := fresh(t).start()
	reporter, agent, technician, supervisor := s.visit("reporter"), s.visit("agent"), s.visit("technician"), s.visit("supervisor")
	page := reporter.send(reporter.get("/defects/new"), `action="/defects/new"`, "/defects/new", url.Values{
		"title": {"网络时断时续"}, "description": {"上午起登录经常失败"}, "severity": {"2"}, "system": {"OA"}, "occurred_at": {"2026-01-02T09:30"},
	})
	m := regexp.MustCompile(`<p class="number">([0-9A-Z-]+)</p>`).FindStringSubmatch(page)
	require.NotNil(t, m, page)
	number := m[1]
	require.Contains(t, page, "2026-01-02 09:30")

	require.Contains(t, agent.get("/"), number, "it waits for the desk")
	require.Contains(t, agent.get("/defects?stage=submitted&q="+url.QueryEscape("时断时续")), number)
	agent.act(number, "acknowledge", one("assignee", "technician"))
	require.Contains(t, technician.get("/"), number, "it is theirs")
	agent.act(number, "classify", one("category", "technical"))
	technician.act(number, "propose", url.Values{"cause": {"光模块老化"}, "plan": {"更换光模块"}})
	page = supervisor.get("/")
	require.Contains(t, page, number, "it waits for a signature")
	require.Contains(t, page, `href="/sign-offs"`)
	page = supervisor.send(supervisor.get("/sign-offs"), `action="/sign-offs/`+number, "/sign-offs/"+number, one("decision", "approve"))
	require.Contains(t, page, `class="note did"`)
	require.NotContains(t, page, `action="/sign-offs/`, "nothing else waits")
	technician.act(number, "complete", one("summary", "已更换"))
	agent.act(number, "verify", url.Values{"passed": {"true"}, "method": {"连续登录百次"}})
	agent.act(number, "reply", one("message", "已修复,请确认"))

	page = reporter.get("/defects/" + number)
	require.Contains(t, page, "已修复,请确认")
	require.Contains(t, page, `aria-current="step"><span>已回复`)
	reporter.act(number, "accept", one("satisfaction", "5"))
	require.Eventually(t, func() bool { return strings.Contains(reporter.get("/"), "您的问题已有答复 "+number) }, waitLimit, waitTick)
	page = reporter.send(reporter.get("/"), `action="/notices/read"`, "/notices/read", url.Values{})
	require.Contains(t, page, "未读 0")

	page = reporter.send(page, `action="/sign-out"`, "/sign-out", url.Values{})
	require.Contains(t, page, `type="password"`)
	require.Contains(t, reporter.get("/defects/"+number), `type="password"`)
}
