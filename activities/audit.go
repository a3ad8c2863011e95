package activities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"golang.org/x/time/rate"

	"yunwei/apperr"
	"yunwei/contract"
	"yunwei/defect"
	"yunwei/store"
)

// Recordings is where audits read the cases as they are stored, and keep what they find.
type Recordings interface {
	// Recordings reads cases in the order of their submission after a place; the place to go on after is 0 after the last.
	Recordings(ctx context.Context, q store.RecordedQuery, after int64, limit int) ([]defect.Recorded, int64, error)
	// Recorded reads one again; store.ErrNotFound.
	Recorded(ctx context.Context, number string) (defect.Recorded, error)
	// Walked returns which of these cases Recordings that are open hold, by number.
	Walked(ctx context.Context, numbers []string) (map[string]bool, error)
	BeginAudit(ctx context.Context, id string, at time.Time) error
	NoteAudit(ctx context.Context, id string, checked int, ended time.Time) error
	AddFinding(ctx context.Context, id string, d defect.Drift) (fresh bool, err error)
}

// Alarm is told of everything that an audit finds, at least once: audit, number, kind and subject name it for ever. After
// an error it is told again.
type Alarm interface {
	Alarm(ctx context.Context, audit string, d defect.Drift) error
}

// Audits compares open cases with the sum of their events and with their workflows. All fields but Alarm are
// needed.
type Audits struct {
	Store  Recordings
	Client client.Client
	Alarm  Alarm         // nil: what is found is logged, counted and kept, and nobody is called
	Limit  *rate.Limiter // of questions to Temporal, which has cases to keep alive
	Log    *slog.Logger
	Count  func(checked int, found []defect.Drift) // for metrics
	Now    func() time.Time
	Wait   func(ctx context.Context, d time.Duration) error // between two looks
}

// AuditRate is how many questions a second an audit asks of Temporal: some 5 cases.
const AuditRate = 10

const (
	auditCases   = 50  // looked at in one page
	auditRunning = 200 // workflows in one page
	// runningCases finds the workflows of cases that have not ended.
	runningCases = "WorkflowType = '" + contract.WorkflowDefect + "' AND ExecutionStatus = 'Running'"
	// auditLooks is how often a case is looked at before something is said: it may have moved in between. SQL that stays
	// behind its workflow is given auditLagLooks, as much as a projection waits between two tries.
	auditLooks    = 2
	auditLagLooks = 6
	// maxLooks ends the watching of a case that never keeps still; the next audit meets it again.
	maxLooks = 10
	// firstWait is how long an audit waits before a second look; it doubles with every further one up to maxWait, well
	// within the minute in which it must give a sign of life.
	firstWait = time.Second
	maxWait   = 30 * time.Second
	// askPatience is how long a workflow may take to answer.
	askPatience = 10 * time.Second
)

// Page looks at the next cases and returns how far the audit has come. It is safe to repeat, and goes on from its
// heartbeat.
func (a *Audits) Page(ctx context.Context, in contract.AuditState) (contract.AuditState, error) {
	if activity.HasHeartbeatDetails(ctx) {
		var left contract.AuditState
		if err := activity.GetHeartbeatDetails(ctx, &left); err == nil && left.ID == in.ID {
			in = left
		}
	}
	if err := a.Store.BeginAudit(ctx, in.ID, in.StartedAt); err != nil {
		return in, err
	}
	if in.Running {
		return a.runningPage(ctx, in)
	}
	page, next, err := a.Store.Recordings(ctx, store.RecordedQuery{Open: true}, in.After, auditCases)
	if err != nil {
		return in, err
	}
	for _, r := range page {
		activity.RecordHeartbeat(ctx, in)
		found, err := a.watch(ctx, r, func() { activity.RecordHeartbeat(ctx, in) })
		if err != nil {
			return in, fmt.Errorf("audit case %s: %w", r.Case.Number, err)
		}
		if err := a.tell(ctx, in.ID, found); err != nil {
			return in, err
		}
		in.Checked++
		in.Findings += len(found)
		in.After = r.Place
	}
	in.Running = next == 0
	return in, a.Store.NoteAudit(ctx, in.ID, in.Checked, time.Time{})
}

// runningPage looks at the next workflows that run: what keeps a case alive is asked too whether SQL holds it, and as open.
func (a *Audits) runningPage(ctx context.Context, in contract.AuditState) (contract.AuditState, error) {
	numbers, next, err := a.running(ctx, in.Token)
	if err != nil {
		return in, err
	}
	walked, err := a.Store.Walked(ctx, numbers)
	if err != nil {
		return in, err
	}
	out := in
	for _, number := range numbers {
		if walked[number] {
			continue
		}
		alive := func() { activity.RecordHeartbeat(ctx, in) } // a page that was left in the middle begins anew
		alive()
		found, err := a.unwalked(ctx, number, alive)
		if err != nil {
			return in, fmt.Errorf("audit case %s: %w", number, err)
		}
		if err := a.tell(ctx, in.ID, found); err != nil {
			return in, err
		}
		out.Checked++
		out.Findings += len(found)
	}
	out.Token, out.Done = next, len(next) == 0
	ended := time.Time{}
	if out.Done {
		ended = a.Now()
	}
	return out, a.Store.NoteAudit(ctx, out.ID, out.Checked, ended)
}

// running lists the cases whose workflows run, and the token of the next page of them, empty after the last.
func (a *Audits) running(ctx context.Context, token []byte) ([]string, []byte, error) {
	ctx, cancel, err := a.question(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer cancel()
	list, err := a.Client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{PageSize: auditRunning, NextPageToken: token, Query: runningCases})
	if err != nil {
		return nil, nil, fmt.Errorf("list the workflows that run: %w", err)
	}
	var numbers []string
	for _, w := range list.GetExecutions() {
		if number, ok := contract.DefectNumber(w.GetExecution().GetWorkflowId()); ok {
			numbers = append(numbers, number)
		}
	}
	return numbers, list.GetNextPageToken(), nil
}

// unwalked looks at a case that has a workflow, and that the walk over SQL did not meet: it has ended meanwhile, or was
// submitted just now, or SQL has lost it or holds it as ended.
func (a *Audits) unwalked(ctx context.Context, number string, alive func()) ([]defect.Drift, error) {
	for look, wait := 0, firstWait/2; look < auditLagLooks; look, wait = look+1, wait*2 {
		if look > 0 {
			alive()
			if err := a.Wait(ctx, wait); err != nil {
				return nil, err
			}
		}
		r, err := a.Store.Recorded(ctx, number)
		if err == nil {
			return a.watch(ctx, r, alive)
		}
		if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if runs, _, err := a.alive(ctx, number); err != nil || !runs {
			return nil, err
		}
	}
	return a.stamped([]defect.Drift{{Number: number, Kind: defect.DriftRow, Fact: defect.FactUnknown}}), nil
}

// tell raises the alarm first and keeps what was found second: what was kept was told.
func (a *Audits) tell(ctx context.Context, audit string, found []defect.Drift) error {
	for _, d := range found {
		a.Log.ErrorContext(ctx, "a case has drifted", "audit", audit, "number", d.Number, "kind", d.Kind, "subject", d.Subject, "fact", d.Fact, "args", d.Args)
		if a.Alarm != nil {
			if err := a.Alarm.Alarm(ctx, audit, d); err != nil {
				return fmt.Errorf("raise the alarm about case %s: %w", d.Number, err)
			}
		}
		if _, err := a.Store.AddFinding(ctx, audit, d); err != nil {
			return err
		}
	}
	a.Count(1, found)
	return nil
}

// watch looks at a case until it is honest, or says the same twice while it keeps still.
func (a *Audits) watch(ctx context.Context, r defect.Recorded, alive func()) ([]defect.Drift, error) {
	var before []defect.Drift
	seq, same := -1, 0
	for look, wait := 0, firstWait; look < maxLooks; look, wait = look+1, min(wait*2, maxWait) {
		found, err := a.look(ctx, r)
		if err != nil || len(found) == 0 {
			return nil, err
		}
		if r.Case.Seq != seq || !sameDrift(found, before) {
			same = 0
		}
		before, seq, same = found, r.Case.Seq, same+1
		if same >= looksFor(found) {
			return a.stamped(found), nil
		}
		alive()
		if err := a.Wait(ctx, wait); err != nil {
			return nil, err
		}
		if r, err = a.Store.Recorded(ctx, r.Case.Number); errors.Is(err, store.ErrNotFound) {
			return a.stamped([]defect.Drift{{Number: before[0].Number, Kind: defect.DriftRow, Fact: defect.FactGone}}), nil
		} else if err != nil {
			return nil, err
		}
	}
	a.Log.InfoContext(ctx, "audit: a case did not keep still", "number", r.Case.Number)
	return nil, nil
}

// looksFor returns how often something must be seen before it is said.
func looksFor(found []defect.Drift) int {
	if slices.ContainsFunc(found, func(d defect.Drift) bool { return d.Kind == defect.DriftSeq }) {
		return auditLagLooks
	}
	return auditLooks
}

func sameDrift(a, b []defect.Drift) bool {
	return slices.EqualFunc(a, b, func(x, y defect.Drift) bool { return x.Kind == y.Kind && x.Subject == y.Subject })
}

func (a *Audits) stamped(found []defect.Drift) []defect.Drift {
	for i := range found {
		found[i].FoundAt = a.Now().UTC()
	}
	return found
}

// look compares a case once: with the sum of its events, and, unless it has ended, with its workflow.
func (a *Audits) look(ctx context.Context, r defect.Recorded) ([]defect.Drift, error) {
	found := r.Recompute()
	if r.Damage != nil || r.Case.Closed() { // with a case that cannot be read there is nothing to compare
		return found, nil
	}
	alive, drift, err := a.alive(ctx, r.Case.Number)
	if err != nil {
		return nil, err
	}
	if !alive {
		return append(found, drift), nil
	}
	kept, drift, err := a.ask(ctx, r.Case.Number)
	switch {
	case err != nil:
		return nil, err
	case kept == nil:
		return append(found, drift), nil
	case kept.Seq != r.Case.Seq:
		return append(found, defect.Drift{
			Number: r.Case.Number, Kind: defect.DriftSeq, Fact: defect.FactBehind,
			Args: apperr.Args{"sql": strconv.Itoa(r.Case.Seq), "workflow": strconv.Itoa(kept.Seq)},
		}), nil
	}
	return append(found, kept.Compare(r.Case)...), nil
}

// alive reports whether a workflow keeps a case, and if not, what is wrong. An error means that Temporal cannot say.
func (a *Audits) alive(ctx context.Context, number string) (bool, defect.Drift, error) {
	missing := defect.Drift{Number: number, Kind: defect.DriftMissing, Fact: defect.FactNoWorkflow}
	ctx, cancel, err := a.question(ctx)
	if err != nil {
		return false, missing, err
	}
	defer cancel()
	told, err := a.Client.DescribeWorkflowExecution(ctx, contract.DefectWorkflowID(number), "")
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return false, missing, nil
	}
	if err != nil {
		return false, missing, fmt.Errorf("look for the workflow: %w", err)
	}
	if status := told.GetWorkflowExecutionInfo().GetStatus(); status != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		missing.Fact, missing.Args = defect.FactEnded, apperr.Args{"status": "@workflow_status." + strings.ToLower(status.String())}
		return false, missing, nil
	}
	return true, missing, nil
}

// ask returns the case as its workflow keeps it, or what keeps the workflow from answering. An error means that Temporal
// is away: one workflow that cannot answer must not end the audit of all others.
func (a *Audits) ask(ctx context.Context, number string) (*defect.Case, defect.Drift, error) {
	asked, cancel, err := a.question(ctx)
	if err != nil {
		return nil, defect.Drift{}, err
	}
	defer cancel()
	var state contract.DefectState
	answer, err := a.Client.QueryWorkflow(asked, contract.DefectWorkflowID(number), "", contract.QueryState)
	if err == nil {
		err = answer.Get(&state)
	}
	if err == nil {
		return &state.Case, defect.Drift{}, nil
	}
	if ctx.Err() != nil {
		return nil, defect.Drift{}, ctx.Err()
	}
	health, cancelHealth := context.WithTimeout(ctx, askPatience)
	defer cancelHealth()
	if _, away := a.Client.CheckHealth(health, &client.CheckHealthRequest{}); away != nil {
		return nil, defect.Drift{}, fmt.Errorf("ask the workflow: %w", errors.Join(err, away))
	}
	return nil, defect.Drift{Number: number, Kind: defect.DriftMissing, Subject: "answer", Fact: defect.FactNoAnswer, Args: apperr.Args{"why": err.Error()}}, nil
}

// question waits for its turn and bounds what follows.
func (a *Audits) question(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if err := a.Limit.Wait(ctx); err != nil {
		return nil, nil, fmt.Errorf("wait for a turn: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, askPatience)
	return limited, cancel, nil
}

// Check returns an error when an audit was given less than it needs.
func (a *Audits) Check() error {
	if a == nil || a.Store == nil || a.Client == nil || a.Limit == nil || a.Log == nil || a.Count == nil || a.Now == nil || a.Wait == nil {
		return errors.New("an audit needs a store, a Temporal client, a rate, a log, a counter and a clock")
	}
	return nil
}

// Sleep waits, unless ctx ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
