package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"yunwei/contract"
	"yunwei/roster"
	"yunwei/workflows"
)

func TestRosterCheck_AsksForTheSameSpanUntilItIsAnswered(t *testing.T) {
	start := time.Date(2026, 11, 23, 9, 0, 30, 0, time.UTC)
	for name, c := range map[string]struct {
		weeks, days int
		failures    int
		fails       bool
	}{
		"at once": {0, 56, 0, false}, "after an outage": {2, 14, 9, false}, "away for days": {1, 7, 1_000_000, true}, "too far ahead": {500, 364, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			env := (&testsuite.WorkflowTestSuite{}).NewTestWorkflowEnvironment()
			env.SetStartTime(start)
			env.RegisterWorkflowWithOptions(workflows.RosterCheck, workflow.RegisterOptions{Name: contract.WorkflowRosterCheck})
			var asked []contract.RosterCheckRequest
			env.RegisterActivityWithOptions(func(_ context.Context, ask contract.RosterCheckRequest) (contract.RosterCheckResult, error) {
				asked = append(asked, ask)
				if len(asked) <= c.failures {
					return contract.RosterCheckResult{}, errors.New("SQL is away")
				}
				return contract.RosterCheckResult{Total: 1, Findings: []roster.Finding{{Problem: roster.ProblemNone}}}, nil
			}, activity.RegisterOptions{Name: contract.ActivityRosterCheck})
			env.ExecuteWorkflow(contract.WorkflowRosterCheck, contract.RosterCheck{Weeks: c.weeks})
			require.True(t, env.IsWorkflowCompleted())
			from := start.Truncate(time.Minute)
			for _, ask := range asked {
				require.Equal(t, contract.RosterCheckRequest{From: from, To: from.AddDate(0, 0, c.days)}, ask)
			}
			if c.fails {
				require.Error(t, env.GetWorkflowError())
				return
			}
			require.Len(t, asked, c.failures+1)
			var got contract.RosterCheckResult
			require.NoError(t, env.GetWorkflowResult(&got))
			require.Equal(t, 1, got.Total)
		})
	}
}
