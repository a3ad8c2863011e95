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
	"yunwei/workflows"
)

// audited runs an audit whose pages end at place 30, and returns the environment after it and what the pages were asked.
func audited(t *testing.T, in contract.AuditState, prepare func(*testsuite.TestWorkflowEnvironment), page func(contract.AuditState) error) (*testsuite.TestWorkflowEnvironment, []contract.AuditState) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartTime(time.Date(2026, 11, 23, 18, 30, 0, 0, time.UTC))
	env.RegisterWorkflowWithOptions(workflows.Audit, workflow.RegisterOptions{Name: contract.WorkflowAudit})
	var asked []contract.AuditState
	env.RegisterActivityWithOptions(func(_ context.Context, s contract.AuditState) (contract.AuditState, error) {
		asked = append(asked, s)
		if err := page(s); err != nil {
			return s, err
		}
		s.After += 10
		s.Checked += 5
		s.Findings++
		s.Done = s.After >= 30
		return s, nil
	}, activity.RegisterOptions{Name: contract.ActivityAuditPage})
	if prepare != nil {
		prepare(env)
	}
	env.ExecuteWorkflow(contract.WorkflowAudit, in)
	require.True(t, env.IsWorkflowCompleted())
	return env, asked
}

func TestAudit_GoesThroughEveryPage(t *testing.T) {
	failed := false
	env, asked := audited(t, contract.AuditState{}, nil, func(s contract.AuditState) error {
		if s.After == 10 && !failed {
			failed = true
			return errors.New("SQL is away")
		}
		return nil
	})
	require.NoError(t, env.GetWorkflowError())
	var end contract.AuditEnd
	require.NoError(t, env.GetWorkflowResult(&end))
	require.Equal(t, contract.AuditEnd{Checked: 15, Findings: 3}, end)
	require.Len(t, asked, 4, "the page that failed once more")
	require.Equal(t, []int64{0, 10, 10, 20}, []int64{asked[0].After, asked[1].After, asked[2].After, asked[3].After})
	require.NotEmpty(t, asked[0].ID)
	require.False(t, asked[0].StartedAt.IsZero())
	require.Equal(t, asked[0].ID, asked[3].ID)
}

func TestAudit_ContinuesWhereItsHistoryGrewLong(t *testing.T) {
	in := contract.AuditState{ID: "a", StartedAt: time.Date(2026, 11, 23, 18, 30, 0, 0, time.UTC), After: 20, Checked: 10, Findings: 2}
	env, asked := audited(t, in, func(env *testsuite.TestWorkflowEnvironment) { env.SetContinueAsNewSuggested(true) }, func(contract.AuditState) error { return nil })
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &again)
	require.Equal(t, contract.WorkflowAudit, again.WorkflowType.Name)
	require.Empty(t, asked)

	env, asked = audited(t, in, nil, func(contract.AuditState) error { return nil })
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, []contract.AuditState{in}, asked, "the audit stays the same one")
}
