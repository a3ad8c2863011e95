// Package worker binds the names that Temporal records to the functions of this release, and chooses how a process
// takes its work.
package worker

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdk "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"yunwei/activities"
	"yunwei/contract"
	"yunwei/workflows"
)

// Activities are the outside systems that a worker's activities reach.
type Activities struct {
	Projection *activities.Projection
	Signers    *activities.Signers
	Audits     *activities.Audits
	Rosters    *activities.Rosters
}

// Options says how a process takes its work.
type Options struct {
	// Fatal is told when the worker cannot go on: the process had better end and be started again.
	Fatal func(error)
}

const (
	// gracefulStop is what activities in flight get to finish in: a projection takes milliseconds, and one that is cut off
	// is repeated elsewhere after its time-out.
	gracefulStop = 10 * time.Second
	// cachedCases bounds the cases whose state stays in memory, about 30 kB each; others are replayed from their history.
	cachedCases = 2_000
)

// New returns a worker that polls as soon as it is started. The namespace of the client decides whose cases it keeps.
func New(c client.Client, acts Activities, opts Options) sdk.Worker {
	sdk.SetStickyWorkflowCacheSize(cachedCases)
	w := sdk.New(c, contract.TaskQueue, sdk.Options{
		// Pollers grow with the backlog and shrink when idle, so that a small machine is not held by idle long polls.
		WorkflowTaskPollerBehavior: sdk.NewPollerBehaviorAutoscaling(sdk.PollerBehaviorAutoscalingOptions{MinimumNumberOfPollers: 2, InitialNumberOfPollers: 4, MaximumNumberOfPollers: 16}),
		ActivityTaskPollerBehavior: sdk.NewPollerBehaviorAutoscaling(sdk.PollerBehaviorAutoscalingOptions{MinimumNumberOfPollers: 1, InitialNumberOfPollers: 4, MaximumNumberOfPollers: 16}),
		// SQL is what activities wait for: more at once than its pool holds would only queue there.
		MaxConcurrentActivityExecutionSize:      32,
		MaxConcurrentLocalActivityExecutionSize: 32,
		MaxConcurrentWorkflowTaskExecutionSize:  64,
		WorkerStopTimeout:                       gracefulStop,
		OnFatalError:                            opts.Fatal,
		DisableRegistrationAliasing:             true, // a recorded name is a constant of contract and nothing else
	})
	Register(w, acts)
	return w
}

// Register binds every recorded name. Replays and tests use it too.
func Register(r sdk.Registry, acts Activities) {
	r.RegisterWorkflowWithOptions(workflows.Defect, workflow.RegisterOptions{Name: contract.WorkflowDefect})
	r.RegisterWorkflowWithOptions(workflows.Audit, workflow.RegisterOptions{Name: contract.WorkflowAudit})
	r.RegisterWorkflowWithOptions(workflows.RosterCheck, workflow.RegisterOptions{Name: contract.WorkflowRosterCheck})
	for name, fn := range map[string]any{
		contract.ActivityProject:      acts.Projection.Project,
		contract.ActivityProjectWhole: acts.Projection.ProjectWhole,
		contract.ActivitySigner:       acts.Signers.Signer,
		contract.ActivityAuditPage:    acts.Audits.Page,
		contract.ActivityRosterCheck:  acts.Rosters.RosterCheck,
	} {
		r.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
	}
}

// Check returns an error when the worker was given less than it needs.
func (a Activities) Check() error {
	if a.Projection == nil || a.Signers == nil || a.Rosters == nil || a.Rosters.Calendars == nil {
		return errors.New("a worker needs a store to project to, a directory of signers, the rosters and the site's calendars")
	}
	if err := a.Audits.Check(); err != nil {
		return err
	}
	if a.Signers.Mode == activities.SignCode && len(a.Signers.Key) == 0 {
		return fmt.Errorf("the setting signal-sign=%s needs the token key", activities.SignCode)
	}
	return nil
}
