package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// onHolidays is the policy of the tests, with a fix of severity 2 promised in ten days that are no holidays.
func (s *site) onHolidays() []string {
	s.t.Helper()
	text, err := os.ReadFile("testdata/policy.yaml")
	require.NoError(s.t, err)
	r := strings.NewReplacer(
		"calendars:", "calendars:\n  days: {days: [mon, tue, wed, thu, fri, sat, sun], hours: [\"00:00-24:00\"], holidays: cn}",
		"en: major}, calendar: 7x24", "en: major}, calendar: days", "RESPONSE", "1h", "PLAN", "2h", "RESOLVE", "240h")
	file := filepath.Join(s.data, "policy.yaml")
	require.NoError(s.t, os.WriteFile(file, []byte(r.Replace(string(text))), 0o600))
	return []string{"--policy", file}
}

// noticeWithOneMore returns a notice of a year as it is in force, with the first of its workdays after tomorrow off, too.
func (p *person) noticeWithOneMore() []byte {
	p.site.t.Helper()
	site := time.FixedZone("", 8*3600)
	day := time.Now().In(site).AddDate(0, 0, 2)
	year := day.Format("2006")
	a := p.do(http.MethodGet, "/api/v1/holidays/cn?year="+year, nil)
	require.Equal(p.site.t, http.StatusOK, a.status, a)
	var days []fields
	taken := map[string]bool{}
	items, _ := a.get("days").([]any)
	for _, item := range items {
		d := answer{body: item.(map[string]any)}
		taken[d.text("date")] = true
		days = append(days, fields{"date": d.text("date"), "name": d.text("name"), "isOffDay": d.get("off")})
	}
	for taken[day.Format(time.DateOnly)] {
		day = day.AddDate(0, 0, 1)
	}
	if day.Format("2006") != year { // a year that ends in days off: the next one's notice is this day alone
		year, days = day.Format("2006"), nil
	}
	days = append(days, fields{"date": day.Format(time.DateOnly), "name": "临时放假", "isOffDay": true})
	notice, err := json.Marshal(fields{"year": json.Number(year), "papers": []string{"https://www.example.org/notice"}, "days": days})
	require.NoError(p.site.t, err)
	return notice
}

// movesOf returns the due times of a promise of the one case that an answer about a revision names.
func movesOf(t *testing.T, a answer, number string) (before, after time.Time) {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, a)
	list, ok := a.get("cases").([]any)
	if !ok {
		list, _ = a.get("items").([]any)
	}
	require.Len(t, list, 1, a)
	found := answer{body: list[0].(map[string]any)}
	require.Equal(t, number, found.text("number"))
	promises, _ := found.get("promises").([]any)
	for _, one := range promises {
		if p := (answer{body: one.(map[string]any)}); p.text("clock") == "resolve" {
			return parseTime(t, p.text("due_before")), parseTime(t, p.text("due_after"))
		}
	}
	require.Fail(t, "the promise to resolve does not move", a)
	return before, after
}

// TestHolidays_ReachAnOpenCaseByTheirStepAlone: a notice that is entered counts for new cases; an open one keeps its due
// time until somebody applies the notice to it, by a step that its timeline tells with who and why.
func TestHolidays_ReachAnOpenCaseByTheirStepAlone(t *testing.T) {
	s := fresh(t)
	s.start(s.onHolidays()...)
	reporter, agent, liaison := s.as("reporter"), s.as("agent"), s.as("liaison")
	number := reporter.submit(report())
	due, _ := resolveOf(t, agent.read(number))
	const set = "/api/v1/holidays/cn"
	notice := liaison.noticeWithOneMore()

	before, after := movesOf(t, liaison.send(set+"/preview/file", "notice.json", notice, nil), number)
	require.Equal(t, due, before)
	require.GreaterOrEqual(t, after.Sub(before), 24*time.Hour)
	require.Equal(t, http.StatusForbidden, agent.send(set+"/revisions/file", "notice.json", notice, fields{"why": "国务院办公厅通知"}).status)
	made := liaison.send(set+"/revisions/file", "notice.json", notice, fields{"why": "国务院办公厅通知"})
	require.Equal(t, http.StatusCreated, made.status, made)
	require.Equal(t, "1", made.text("revision"))

	later := reporter.submit(report())
	counted := agent.do(http.MethodGet, "/api/v1/calendars/days/due?limit=240h&from="+url.QueryEscape(agent.read(later).text("created_at")), nil)
	require.Equal(t, http.StatusOK, counted.status, counted)
	require.Contains(t, string(counted.raw), "临时放假")
	require.Eventually(t, func() bool { // whoever files reads the holidays some seconds late
		later = reporter.submit(report())
		soon, _ := resolveOf(t, agent.read(later))
		return soon.Sub(due) >= 24*time.Hour
	}, waitLimit, time.Second, "new cases count on the notice")

	untouched := func() {
		t.Helper()
		still, _ := resolveOf(t, agent.read(number))
		require.Equal(t, due, still)
		require.Equal(t, []string{"submit"}, kinds(agent.events(number)))
	}
	untouched()
	effect := s.as("auditor").do(http.MethodGet, set+"/revisions/1/effect", nil)
	before, moved := movesOf(t, effect, number)
	require.Equal(t, due, before)
	require.Equal(t, after, moved)
	require.Equal(t, http.StatusForbidden, s.as("auditor").do(http.MethodPost, set+"/revisions/1/apply", fields{"why": "w"}).status)
	require.Equal(t, http.StatusUnprocessableEntity, liaison.do(http.MethodPost, set+"/revisions/1/apply", fields{}).status, "it says why")
	untouched()

	s.kill(os.Interrupt)
	s.start()
	agent, liaison = s.as("agent"), s.as("liaison")
	untouched()
	applied := liaison.do(http.MethodPost, set+"/revisions/1/apply", fields{"why": "按通知顺延"})
	_, moved = movesOf(t, applied, number)
	require.Equal(t, after, moved)
	require.Contains(t, string(applied.raw), `"result":"done"`)
	now, _ := resolveOf(t, agent.read(number))
	require.Equal(t, after, now)
	events := agent.events(number)
	require.Equal(t, []string{"submit", "apply_holidays"}, kinds(events))
	step := answer{body: events[1]}
	require.Equal(t, "liaison", step.text("actor", "username"))
	require.Contains(t, step.text("data"), "按通知顺延")
	require.Contains(t, s.visit("agent").get("/defects/"+number), "按通知顺延", "its page tells it, too")

	again := liaison.do(http.MethodPost, set+"/revisions/1/apply", fields{"why": "再来一次"})
	require.Equal(t, http.StatusOK, again.status, again)
	require.NotContains(t, string(again.raw), `"done"`)
	require.Len(t, agent.events(number), 2, "once is enough")
}
