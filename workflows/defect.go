// Package workflows keeps the cases alive: deterministic orchestration around the pure machines, one file per workflow.
// Nothing here decides what may happen to a case; that is package defect's.
package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"yunwei/apperr"
	"yunwei/contract"
	"yunwei/defect"
)

const (
	// maxBacklog bounds the journal while SQL is away, in bytes of text: a state of twice that would not fit a payload.
	maxBacklog = 700_000
	// maxRun bounds the steps of one run; Temporal takes 2,000 updates.
	maxRun = 1_500
)

// defectRun is one run of a case's workflow. Its state is the input of the next.
type defectRun struct {
	contract.DefectState
	shown contract.Attributes // what the search attributes say
	steps int                 // taken in this run
	alone bool                // the run's first event is the case's, and nothing has happened since
}

// Defect keeps one report alive from its submission until nothing can happen to it any more and SQL knows all of it.
// It returns how the case ended.
func Defect(ctx workflow.Context, in contract.DefectState) (contract.DefectEnd, error) {
	r := &defectRun{DefectState: in, shown: contract.AttributesOf(in.Case)}
	r.alone = in.Case.Seq == 1 && len(in.Journal) == 1
	if err := r.handlers(ctx); err != nil { // before the first yield, so that no update finds none
		return contract.DefectEnd{}, err
	}
	r.describe(ctx)
	workflow.Go(ctx, r.deliver)
	workflow.Go(ctx, r.takeSignals)
	for !r.done(ctx) {
		if err := r.untilDue(ctx); err != nil {
			return contract.DefectEnd{}, err
		}
		r.record(ctx, r.Case.Expire(workflow.Now(ctx)))
	}
	if r.finished() {
		return contract.DefectEnd{Stage: r.Case.Stage, Events: r.Case.Seq}, nil
	}
	r.drain(workflow.GetSignalChannel(ctx, contract.SignalSignOff))
	return contract.DefectEnd{}, workflow.NewContinueAsNewError(ctx, contract.WorkflowDefect, r.DefectState)
}

func (r *defectRun) handlers(ctx workflow.Context) error {
	return errors.Join(
		workflow.SetQueryHandler(ctx, contract.QueryState, func() (contract.DefectState, error) { return r.DefectState, nil }),
		workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateAct, r.act, workflow.UpdateHandlerOptions{
			Validator:   r.mayAct,
			Description: "A step that a person takes; sent by the service desk.",
		}),
	)
}

// finished reports whether all is said and SQL has heard it.
func (r *defectRun) finished() bool { return r.Case.Closed() && len(r.Journal) == 0 }

// done reports whether this run has nothing more to do: the case is finished, or its history has grown long.
func (r *defectRun) done(ctx workflow.Context) bool {
	return r.finished() || workflow.GetInfo(ctx).GetContinueAsNewSuggested() || r.steps >= maxRun
}

// untilDue waits with one timer for the earliest promise, and moves it only when that promise moves.
func (r *defectRun) untilDue(ctx workflow.Context) error {
	tctx, cancel := workflow.WithCancel(ctx)
	defer cancel() // a timer that nobody waits for would ring all the same
	due := r.Case.NextDue()
	rang := func() bool { return false }
	if !due.IsZero() {
		timer := workflow.NewTimerWithOptions(tctx, due.Sub(workflow.Now(ctx)), workflow.TimerOptions{Summary: "next promise"})
		rang = timer.IsReady
	}
	return workflow.Await(ctx, func() bool { return r.done(ctx) || rang() || !r.Case.NextDue().Equal(due) })
}

// mayAct is the validator of UpdateAct: a refusal leaves nothing in the history.
func (r *defectRun) mayAct(ctx workflow.Context, cmd defect.Command) error {
	if h, ok := r.handled(cmd.Key); ok {
		if h.Print != cmd.Print {
			return contract.Refusal(apperr.New(apperr.Invalid, apperr.ReasonKeyReused, nil))
		}
		return nil
	}
	now := r.Case.Clone()
	now.Expire(workflow.Now(ctx))
	if err := now.Check(cmd); err != nil {
		return contract.Refusal(err)
	}
	if r.backlog() > maxBacklog {
		return contract.Refusal(&apperr.Error{Code: apperr.Unavailable, Reason: apperr.ReasonBacklog, RetryAfter: time.Minute})
	}
	return nil
}

// act is the handler of UpdateAct. It never yields.
func (r *defectRun) act(ctx workflow.Context, cmd defect.Command) (contract.ActResult, error) {
	if h, ok := r.handled(cmd.Key); ok {
		return contract.ActResult{Seq: h.Seq, Repeat: true, Events: r.light(0)}, nil
	}
	now := workflow.Now(ctx)
	r.record(ctx, r.Case.Expire(now))
	step, err := r.Case.Do(cmd, now)
	if err != nil { // the validator asked the same at the same time: not to be reached
		return contract.ActResult{}, contract.Refusal(err)
	}
	r.steps++
	if cmd.Key != "" {
		r.Handled = append(r.Handled, contract.Handled{Key: cmd.Key, Print: cmd.Print, Seq: step.Seq})
	}
	r.record(ctx, []defect.Event{step})
	return contract.ActResult{Seq: step.Seq, Events: r.light(0)}, nil
}

func (r *defectRun) handled(key string) (contract.Handled, bool) {
	for _, h := range r.Handled {
		if key != "" && h.Key == key {
			return h, true
		}
	}
	return contract.Handled{}, false
}

// record puts new events into the journal, and shows in Temporal what they changed.
func (r *defectRun) record(ctx workflow.Context, events []defect.Event) {
	if len(events) == 0 {
		return
	}
	r.alone = false
	r.Journal = append(r.Journal, events...)
	now := contract.AttributesOf(r.Case)
	if changed := now.Since(r.shown); len(changed) > 0 {
		if err := workflow.UpsertTypedSearchAttributes(ctx, changed...); err != nil {
			workflow.GetLogger(ctx).Error("search attributes not shown", "error", err)
		}
		r.shown = now
	}
	r.describe(ctx)
}

// light returns the events of the journal after a seq as they travel through histories: without texts.
func (r *defectRun) light(after int) []defect.Event {
	var out []defect.Event
	for _, e := range r.Journal {
		if e.Seq > after {
			out = append(out, e.Light())
		}
	}
	return out
}

// backlog estimates the size of the journal.
func (r *defectRun) backlog() int {
	size := 0
	for _, e := range r.Journal {
		size += e.Size()
	}
	return size
}

var (
	// whole: one quick try while the events are in the worker's hands. The start that it follows is durable already, so
	// that nothing is published which might be lost.
	whole = workflow.LocalActivityOptions{
		StartToCloseTimeout: 2 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{MaximumAttempts: 1},
	}
	// withoutEnd: SQL may be away for days; the journal waits.
	withoutEnd = workflow.ActivityOptions{
		StartToCloseTimeout: 20 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second},
	}
)

// deliver brings the journal into SQL, in order, whatever gathered while one batch was on its way in the next.
func (r *defectRun) deliver(ctx workflow.Context) {
	if r.alone {
		last := r.Case.Seq
		if workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, whole), contract.ActivityProjectWhole, r.DefectState).Get(ctx, nil) == nil {
			r.delivered(last)
		}
	}
	ctx = workflow.WithActivityOptions(ctx, withoutEnd)
	for {
		if workflow.Await(ctx, func() bool { return len(r.Journal) > 0 }) != nil {
			return
		}
		last := r.Case.Seq
		batch := contract.Projection{Number: r.Case.Number, Events: r.light(0)}
		urgent := workflow.WithPriority(ctx, contract.PriorityOf(r.Case.Severity)) // which may have changed since the start
		if err := workflow.ExecuteActivity(urgent, contract.ActivityProject, batch).Get(ctx, nil); err != nil {
			if !again(ctx, err) {
				return
			}
			continue
		}
		r.delivered(last)
	}
}

// again waits a while after an activity that failed in spite of its retries, which only a mistake of ours can make it do.
// It is false when the run is cancelled.
func again(ctx workflow.Context, err error) bool {
	workflow.GetLogger(ctx).Error("an activity gave up", "error", err)
	return workflow.Sleep(ctx, time.Minute) == nil
}

// delivered forgets the events that SQL knows.
func (r *defectRun) delivered(last int) {
	var left []defect.Event
	for _, e := range r.Journal {
		if e.Seq > last {
			left = append(left, e)
		}
	}
	r.Journal = left
}
