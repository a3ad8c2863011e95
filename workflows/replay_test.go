package workflows_test

import (
	"io"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"yunwei/contract"
	"yunwei/workflows"
)

// TestHistories_Replay replays what released versions of the workflow have recorded: a change that would break a running
// case fails here. `make histories` records the present shape anew; released files are kept and never overwritten.
func TestHistories_Replay(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 11, "every shape has a history: a life, broken promises, signals, signals that are none, a reopening, SQL away, a continued run, moved holidays, an audit, a check of the rosters")
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			replayer := worker.NewWorkflowReplayer()
			replayer.RegisterWorkflowWithOptions(workflows.Defect, workflow.RegisterOptions{Name: contract.WorkflowDefect})
			replayer.RegisterWorkflowWithOptions(workflows.Audit, workflow.RegisterOptions{Name: contract.WorkflowAudit})
			replayer.RegisterWorkflowWithOptions(workflows.RosterCheck, workflow.RegisterOptions{Name: contract.WorkflowRosterCheck})
			quiet := log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(quiet, file))
		})
	}
}

// TestHistories_NotReplayedByAnother shows that the replay can fail: a history of one workflow is not another's.
func TestHistories_NotReplayedByAnother(t *testing.T) {
	files, err := filepath.Glob("testdata/*-life.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	replayer := worker.NewWorkflowReplayer()
	other := func(ctx workflow.Context, _ contract.DefectState) (contract.DefectEnd, error) {
		return contract.DefectEnd{}, workflow.Sleep(ctx, 1)
	}
	replayer.RegisterWorkflowWithOptions(other, workflow.RegisterOptions{Name: contract.WorkflowDefect})
	quiet := log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))
	require.Error(t, replayer.ReplayWorkflowHistoryFromJSONFile(quiet, files[0]))
}
