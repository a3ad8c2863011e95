package desk

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"yunwei/contract"
	"yunwei/defect"
)

// startingClient records with what a workflow is started, and starts none.
type startingClient struct {
	client.Client
	options  client.StartWorkflowOptions
	workflow any
	args     []any
}

var errStarted = errors.New("nothing was started")

func (c *startingClient) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error) {
	c.options, c.workflow, c.args = o, workflow, args
	return nil, errStarted
}

// TestStart_SaysWhatTemporalShowsAndSortsBy: cases are found by their search attributes, read by their titles and worked on by
// their severity from the first moment on, before a workflow could say so itself.
func TestStart_SaysWhatTemporalShowsAndSortsBy(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for severity := defect.Severity(1); severity <= 4; severity++ {
		s := submission()
		s.Severity = severity
		c, e := defect.Open("7K3M-Q9XT-WA5C", s, defect.DefaultPolicy(), defect.Person{Username: "reporter"}, at, defect.Keyed{})
		fake := &startingClient{}
		state := contract.DefectState{Case: c, Journal: []defect.Event{e}}
		require.ErrorIs(t, temporalCases{client: fake}.start(t.Context(), state), errStarted)

		require.Equal(t, contract.WorkflowDefect, fake.workflow)
		require.Equal(t, []any{state}, fake.args)
		o := fake.options
		require.Equal(t, "defect:7K3M-Q9XT-WA5C", o.ID)
		require.Equal(t, contract.TaskQueue, o.TaskQueue)
		require.Equal(t, enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE, o.WorkflowIDReusePolicy)
		require.True(t, o.WorkflowExecutionErrorWhenAlreadyStarted)
		require.Equal(t, temporal.Priority{PriorityKey: int(severity)}, o.Priority)
		require.Equal(t, s.Title, o.StaticSummary)
		shown := o.TypedSearchAttributes
		stage, _ := shown.GetKeyword(contract.AttrStage)
		require.Equal(t, "submitted", stage)
		level, _ := shown.GetInt64(contract.AttrSeverity)
		require.Equal(t, int64(severity), level)
		due, _ := shown.GetTime(contract.AttrNextDue)
		require.Equal(t, at.Add(30*time.Minute), due)
		broken, said := shown.GetBool(contract.AttrBreached)
		require.True(t, said)
		require.False(t, broken)
	}
}
