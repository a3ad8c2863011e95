package e2e

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// figures is what a process tells Prometheus: the value of every series, by its name with its labels.
type figures map[string]float64

// scrape asks the process at an address for its figures.
func scrape(t *testing.T, url string) figures {
	t.Helper()
	s := &site{t: t, url: url}
	a := (&person{site: s}).do(http.MethodGet, "/metrics", nil)
	require.Equal(t, http.StatusOK, a.status, a)
	require.Contains(t, a.header.Get("Content-Type"), "text/plain")
	out := figures{}
	for line := range strings.Lines(string(a.raw)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		require.Positive(t, at, line)
		value, err := strconv.ParseFloat(strings.TrimSpace(line[at:]), 64)
		require.NoError(t, err, line)
		out[line[:at]] = value
	}
	return out
}

// of returns the figures of one name.
func (f figures) of(name string) figures {
	out := figures{}
	for series, value := range f {
		if base, _, _ := strings.Cut(series, "{"); base == name {
			out[series] = value
		}
	}
	return out
}

// sum returns what the series of one name that have all of the labels add up to.
func (f figures) sum(name string, labels ...string) float64 {
	total := 0.0
	for series, value := range f.of(name) {
		has := true
		for _, l := range labels {
			has = has && strings.Contains(series, l)
		}
		if has {
			total += value
		}
	}
	return total
}

// TestWatch_ACaseThatWasLived: the figures of the process tell what was done, and Temporal shows the case to whoever looks
// there, by stage and severity, in words, and with what it is worked on first.
func TestWatch_ACaseThatWasLived(t *testing.T) {
	s := fresh(t).start()
	reporter, agent := s.as("reporter"), s.as("agent")
	number, other := reporter.submit(report()), reporter.submit(report())
	agent.must(number, "acknowledge", fields{"assignee": "technician"})
	agent.must(number, "change_severity", fields{"severity": 1, "reason": "全部用户"})

	t.Run("figures", func(t *testing.T) {
		require.Eventually(t, func() bool { return scrape(t, s.url).sum("yunwei_journal_lag_seconds_count") >= 2 }, waitLimit, waitTick)
		var f figures
		require.Eventually(t, func() bool { // what is read from SQL is some seconds old
			f = scrape(t, s.url)
			return f[`yunwei_defects{severity="1",stage="analysis"}`] == 1
		}, waitLimit, waitTick)
		require.Equal(t, figures{`yunwei_defects{severity="1",stage="analysis"}`: 1, `yunwei_defects{severity="2",stage="submitted"}`: 1}, f.of("yunwei_defects"))
		require.Equal(t, figures{
			`yunwei_promises_total{clock="response",outcome="met"}`: 1, `yunwei_promises_total{clock="response",outcome="breached"}`: 0,
		}, f.of("yunwei_promises_total"))
		require.InDelta(t, 2, f[`yunwei_http_requests_total{method="POST",route="/api/v1/defects",status="201"}`], 0)
		require.InDelta(t, 1, f[`yunwei_http_requests_total{method="POST",route="/api/v1/defects/:number/actions/acknowledge",status="200"}`], 0)
		require.InDelta(t, 2, f[`yunwei_http_request_duration_seconds_count{method="POST",route="/api/v1/defects"}`], 0)
		require.Positive(t, f.sum("yunwei_journal_lag_seconds_sum"))
		require.Len(t, f.of("yunwei_notices"), 5)
		require.GreaterOrEqual(t, f.sum("temporal_request", `operation="StartWorkflowExecution"`, `namespace="default"`), 2.0)
		require.Positive(t, f.sum("temporal_activity_execution_latency_seconds_count", `activity_type="project"`))
		require.Positive(t, f.sum("go_goroutines"))
		require.Positive(t, f.sum("process_resident_memory_bytes"))
	})

	t.Run("found in Temporal", func(t *testing.T) {
		for query, want := range map[string][]string{
			"Stage='analysis' AND Severity=1 AND Assignee='technician' AND Breached=false":  {"defect:" + number},
			"Stage='submitted' AND Severity=2 AND Assignee IS NULL AND NextDue IS NOT NULL": {"defect:" + other},
			"Stage='submitted' AND Severity=1":                                              nil,
		} {
			require.Eventually(t, func() bool { return slices.Equal(s.listed(t, query), want) }, waitLimit, waitTick, query)
		}
	})

	t.Run("read in Temporal", func(t *testing.T) {
		described := s.temporalJSON(t, "workflow", "describe", "--workflow-id", "defect:"+number)
		require.Equal(t, "网络时断时续", described.text("executionConfig", "userMetadata", "summary"))
		require.Equal(t, "2", described.text("workflowExecutionInfo", "priority", "priorityKey"), "as it was submitted")
		told := s.temporalCLI("workflow", "metadata", "--workflow-id", "defect:"+number, "--output", "json")
		for _, says := range []string{"**analysis** · severity 1", "assignee: technician", "| response |", "| plan |"} {
			require.Contains(t, told, says)
		}
		history := s.temporalJSON(t, "workflow", "show", "--workflow-id", "defect:"+number)
		var urgency []string
		events, _ := history.get("events").([]any)
		for _, e := range events {
			if scheduled, ok := e.(map[string]any)["activityTaskScheduledEventAttributes"].(map[string]any); ok {
				urgency = append(urgency, answer{body: scheduled}.text("priority", "priorityKey"))
			}
		}
		require.NotEmpty(t, urgency)
		require.Equal(t, "1", urgency[len(urgency)-1], "as it is now: %v", urgency)
	})
}

// listed returns the IDs of the workflows that a query of Temporal finds.
func (s *site) listed(t *testing.T, query string) []string {
	t.Helper()
	var found []struct {
		Execution struct {
			WorkflowID string `json:"workflowId"`
		} `json:"execution"`
	}
	text := s.temporalCLI("workflow", "list", "--query", query, "--output", "json")
	require.NoError(t, json.Unmarshal([]byte(text), &found), text)
	var ids []string
	for _, one := range found {
		ids = append(ids, one.Execution.WorkflowID)
	}
	return ids
}

// temporalJSON is temporalCLI for a command that answers with one JSON object.
func (s *site) temporalJSON(t *testing.T, args ...string) answer {
	t.Helper()
	var a answer
	text := s.temporalCLI(append(args, "--output", "json")...)
	require.NoError(t, json.Unmarshal([]byte(text), &a.body), text)
	return a
}
