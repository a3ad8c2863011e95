package e2e

import (
	"database/sql"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// audited returns the audits so far, the latest first.
func (p *person) audited() []answer {
	p.site.t.Helper()
	a := p.do(http.MethodGet, "/api/v1/audits", nil)
	require.Equal(p.site.t, http.StatusOK, a.status, a)
	var out []answer
	items, _ := a.get("items").([]any)
	for _, item := range items {
		out = append(out, answer{body: item.(map[string]any)})
	}
	return out
}

// TestAudit_IsAScheduleOfTemporal: it stands there for half past two at the site, and whoever triggers it by Temporal's CLI
// finds its run, and what it found, in the API.
func TestAudit_IsAScheduleOfTemporal(t *testing.T) {
	s := fresh(t).start()
	number := s.as("reporter").submit(report())
	s.as("reporter").submit(report())
	auditor := s.as("auditor")
	require.Equal(t, http.StatusForbidden, s.as("agent").do(http.MethodGet, "/api/v1/audits", nil).status)

	require.Eventually(t, func() bool { return strings.Contains(s.temporalCLI("schedule", "list", "--output", "json"), `"audit"`) }, waitLimit, waitTick)
	described := s.temporalJSON(t, "schedule", "describe", "--schedule-id", "audit")
	at, _ := described.get("schedule", "spec", "structuredCalendar").([]any)
	require.Len(t, at, 1, described)
	calendar := answer{body: at[0].(map[string]any)}
	for field, want := range map[string]float64{"hour": 18, "minute": 30} { // half past two at +08:00, told in UTC
		ranges, _ := calendar.get(field).([]any)
		require.Len(t, ranges, 1, described)
		require.InDelta(t, want, ranges[0].(map[string]any)["start"], 0)
	}
	require.Empty(t, auditor.audited())

	run := func(before int) answer {
		t.Helper()
		s.temporalCLI("schedule", "trigger", "--schedule-id", "audit")
		require.Eventually(t, func() bool {
			list := auditor.audited()
			return len(list) > before && list[0].get("ended_at") != nil
		}, startLimit, waitTick, "%v", auditor.audited())
		return auditor.audited()[0]
	}
	good := run(0)
	require.Equal(t, "2", good.text("checked"))
	require.Equal(t, "0", good.text("findings"))

	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", OmitHost: true, Path: filepath.Join(s.data, "yunwei.db")}).String()+"?_pragma=busy_timeout(5000)")
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec("UPDATE defects SET severity = 4 WHERE number = ?", number)
	require.NoError(t, err)
	bad := run(1)
	require.NotEqual(t, "0", bad.text("findings"))
	found := auditor.do(http.MethodGet, bad.text("found"), nil)
	require.Equal(t, http.StatusOK, found.status, found)
	require.Contains(t, string(found.raw), `"number":"`+number+`"`)
	require.Contains(t, string(found.raw), `"kind":"row"`)
}
