package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
)

func (f *fakeConsole) ExplainClock(ctx context.Context, by desk.Caller, number string, name defect.ClockName, nth int) (defect.Explanation, error) {
	v, err := f.Defect(ctx, by, number)
	if err != nil {
		return defect.Explanation{}, err
	}
	x, ok := v.Case.Explain(name, nth, now)
	if !ok {
		return x, apperr.New(apperr.NotFound, apperr.ReasonClockUnknown, nil)
	}
	return x, nil
}

// paused has a case whose promises stood still for a while, and the first of which was broken.
func paused(t *testing.T, f *fakeDesk) defect.Case {
	t.Helper()
	policy := defect.DefaultPolicy()
	for severity, targets := range policy.Severities {
		targets.Calendar = "5x8"
		policy.Severities[severity] = targets
	}
	s := report()
	s.Severity = 3
	began := time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC) // a Friday morning at the site
	c, e := defect.Open(firstNumber, s, policy, people["reporter"], began, defect.Keyed{})
	events := append([]defect.Event{e}, c.Expire(began.Add(time.Hour))...)
	for _, step := range []struct {
		by string
		a  defect.Action
		in defect.Input
	}{
		{"agent", defect.ActAcknowledge, defect.Input{Assignee: "technician"}},
		{"agent", defect.ActRequestInfo, defect.Input{Message: "何时?"}},
		{"reporter", defect.ActProvideInfo, defect.Input{Message: "今早"}},
	} {
		began = began.Add(time.Hour)
		e, err := c.Do(defect.Command{Action: step.a, Input: step.in, By: people[step.by]}, began)
		require.NoError(t, err)
		events = append(events, e)
	}
	f.cases, f.events = map[string]defect.Case{firstNumber: c}, map[string][]defect.Event{firstNumber: events}
	return c
}

func TestClocks_UnfoldToHowTheyCameAbout(t *testing.T) {
	f, h := newSite(t)
	paused(t, f)
	for language, says := range map[string][]string{
		"zh": {"<dt>开始计时</dt>", "(服务日历 5x8)", "周末", "下班时间", "工作时间 · 计入", "<dt>等待用户</dt>", "暂停", "完整说明"},
		"en": {"<dt>Began</dt>", "on calendar 5x8", "weekend", "outside service hours", "counted", "waiting for the client", "paused", "Full account"},
	} {
		b := as(t, h, "technician", language)
		page := b.get("/defects/" + firstNumber).Body.String()
		at := strings.Index(page, `id="clock-resolve-1"`)
		require.Positive(t, at)
		for _, text := range says {
			require.Contains(t, page[at:], text)
		}
		require.Contains(t, page, `href="/defects/`+firstNumber+`/clocks/resolve/1"`)
	}
}

func TestClocks_HaveAPageOfTheirOwn(t *testing.T) {
	f, h := newSite(t)
	c := paused(t, f)
	x, ok := c.Explain(defect.ClockResolve, 1, now)
	require.True(t, ok)
	for language, says := range map[string][]string{
		"zh": {"时限:解决", "到期时间的由来", "责任方", "尚未到来", "等待用户"},
		"en": {"Promise: solution", "How the due time came about", "Whose time", "still ahead", "waiting for the client"},
	} {
		b := as(t, h, "reporter", language)
		w := b.get("/defects/" + firstNumber + "/clocks/resolve/1")
		require.Equal(t, http.StatusOK, w.Code)
		page := w.Body.String()
		require.Equal(t, len(x.Stretches), strings.Count(page, "<tr>")+strings.Count(page, `<tr class="idle">`)-1, "all of them, and their heads")
		require.Empty(t, rawKey.FindString(page))
		for _, text := range says {
			require.Contains(t, page, text)
		}
		for _, target := range []string{"resolve/2", "resolve/0", "resolve/x", "none/1"} {
			require.Equal(t, http.StatusNotFound, b.get("/defects/"+firstNumber+"/clocks/"+target).Code, target)
		}
	}
	late := as(t, h, "agent", "zh").get("/defects/" + firstNumber + "/clocks/response/1").Body.String()
	require.Contains(t, late, "完成时超出 ")
	c.Submission.Reporter.Username = "another"
	f.cases[firstNumber] = c
	require.Equal(t, http.StatusNotFound, as(t, h, "reporter", "zh").get("/defects/"+firstNumber+"/clocks/resolve/1").Code)
}

// What counts down on the page is told when it turns amber and red: by the policy's threshold and the due time.
func TestClocks_TellWhenTheyTurn(t *testing.T) {
	f, h := newSite(t)
	f.open(people["reporter"], report())
	for language, words := range map[string]string{
		"zh": `data-left="剩 {span}" data-over="已超 {span}" data-days="{days} 天 {hours} 小时" data-hours="{hours} 小时 {minutes} 分" data-minutes="{minutes} 分" data-soon="即将到期" data-late="超时"`,
		"en": `data-left="{span} left" data-over="{span} over" data-days="{days} d {hours} h" data-hours="{hours} h {minutes} min" data-minutes="{minutes} min" data-soon="due soon" data-late="broken"`,
	} {
		for _, target := range []string{"/", "/defects", "/defects/" + firstNumber, "/defects/" + firstNumber + "/clocks/response/1"} {
			page := as(t, h, "agent", language).get(target).Body.String()
			require.Contains(t, page, `<span data-due="2026-11-23T17:30:00Z" data-warn="2026-11-23T17:15:00Z" data-name="`, target)
			require.Contains(t, page, `data-now="2026-11-23T17:00:00Z" `+words, target)
			require.Equal(t, 1, strings.Count(page, `src="/static/countdown.js?v=`), target)
		}
	}
	c := f.cases[firstNumber]
	c.Policy.WarnAt = nil
	f.cases[firstNumber] = c
	require.NotContains(t, as(t, h, "agent", "zh").get("/").Body.String(), "data-warn")
	paused(t, f)
	c = f.cases[firstNumber]
	_, err := c.Do(defect.Command{Action: defect.ActRequestInfo, Input: defect.Input{Message: "?"}, By: people["agent"]}, c.UpdatedAt)
	require.NoError(t, err)
	f.cases[firstNumber] = c
	require.NotContains(t, as(t, h, "agent", "zh").get("/defects").Body.String(), "data-due", "what stands still does not count down")
}
