package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"yunwei/contract"
)

// auditPage: a page is some dozens of cases, each asked for at a bounded rate. One that a worker left in the middle goes on
// from its heartbeat. SQL may be away for long; the audit waits.
var auditPage = workflow.ActivityOptions{
	StartToCloseTimeout: 30 * time.Minute,
	HeartbeatTimeout:    time.Minute,
	RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
}

// Audit recomputes every open case from its events and compares: nothing that shows a promise may drift from what was
// promised. What it finds, the activity keeps and raises an alarm for.
func Audit(ctx workflow.Context, in contract.AuditState) (contract.AuditEnd, error) {
	if in.ID == "" {
		in.ID, in.StartedAt = workflow.GetInfo(ctx).WorkflowExecution.RunID, workflow.Now(ctx)
	}
	ctx = workflow.WithActivityOptions(ctx, auditPage)
	for !in.Done {
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return contract.AuditEnd{}, workflow.NewContinueAsNewError(ctx, contract.WorkflowAudit, in)
		}
		var next contract.AuditState
		if err := workflow.ExecuteActivity(ctx, contract.ActivityAuditPage, in).Get(ctx, &next); err != nil {
			return contract.AuditEnd{}, fmt.Errorf("audit a page: %w", err)
		}
		in = next
	}
	return contract.AuditEnd{Checked: in.Checked, Findings: in.Findings}, nil
}
