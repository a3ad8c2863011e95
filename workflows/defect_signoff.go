package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"yunwei/apperr"
	"yunwei/contract"
	"yunwei/defect"
)

// lookup asks who an approver is. While nobody can say, the signal waits.
var lookup = workflow.ActivityOptions{
	StartToCloseTimeout: 10 * time.Second,
	RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second},
}

// takeSignals decides on sign-off signals, one after the other. A signal leaves the state only when it is decided on,
// so that a continued run takes up the one that was being looked up.
func (r *defectRun) takeSignals(ctx workflow.Context) {
	signals := workflow.GetSignalChannelWithOptions(ctx, contract.SignalSignOff, workflow.SignalChannelOptions{
		Description: "A supervisor's decision on the current proposal: approver, proposal, decision, comment, code.",
	})
	ctx = workflow.WithActivityOptions(ctx, lookup)
	for {
		// Not Receive: what a blocked receiver is handed is lost when the run ends before the receiver goes on.
		if workflow.Await(ctx, func() bool { return len(r.SignOffs) > 0 || signals.Len() > 0 }) != nil {
			return
		}
		if len(r.SignOffs) == 0 {
			r.drain(signals)
			continue
		}
		s := r.SignOffs[0]
		if s.Unreadable {
			r.SignOffs = r.SignOffs[1:]
			// Runs that met one before it was told of go on as they began: there it left no trace.
			if workflow.GetVersion(ctx, "unreadable-signal", workflow.DefaultVersion, 1) != workflow.DefaultVersion {
				r.signOff(ctx, s, contract.Signer{Refused: apperr.New(apperr.Unreadable, apperr.ReasonSignalUnreadable, nil)})
			}
			continue
		}
		var signer contract.Signer
		ask := contract.SignerRequest{Number: r.Case.Number, Approver: s.Approver, Proposal: s.Proposal, Code: s.Code}
		if err := workflow.ExecuteActivity(ctx, contract.ActivitySigner, ask).Get(ctx, &signer); err != nil {
			if !again(ctx, err) {
				return
			}
			continue
		}
		r.SignOffs = r.SignOffs[1:]
		r.signOff(ctx, s, signer)
	}
}

// drain takes the signals that wait into the state, cut to what a sign-off can hold: anybody who may write to the
// namespace can send anything, and nothing of it may stop the case.
func (r *defectRun) drain(signals workflow.ReceiveChannel) {
	for {
		var raw converter.RawValue
		if !signals.ReceiveAsync(&raw) {
			return
		}
		var s contract.SignOff
		if err := converter.GetDefaultDataConverter().FromPayload(raw.Payload(), &s); err != nil {
			s = contract.SignOff{Unreadable: true}
		}
		r.SignOffs = append(r.SignOffs, s.Bounded())
	}
}

// signOff does what the sign action does, under the same rules. A refusal goes on the timeline: nobody hears the answer
// of a signal.
func (r *defectRun) signOff(ctx workflow.Context, s contract.SignOff, signer contract.Signer) {
	now := workflow.Now(ctx)
	r.record(ctx, r.Case.Expire(now))
	refused := signer.Refused
	if refused == nil {
		cmd := defect.Command{Action: defect.ActSign, By: signer.Person, Input: defect.Input{Proposal: s.Proposal, Decision: s.Decision, Comment: s.Comment}}
		step, err := r.Case.Do(cmd, now)
		if err == nil {
			r.record(ctx, []defect.Event{step})
			return
		}
		refused = apperr.Of(err)
	}
	if r.Case.Closed() {
		return // a closed case is closed; its signal is in Temporal's history
	}
	r.record(ctx, []defect.Event{r.Case.Refuse(s.Approver, s.Proposal, refused, now)})
}

// describe writes what the Temporal Web UI shows of the case, in the terms of the API.
func (r *defectRun) describe(ctx workflow.Context) {
	c := &r.Case
	var b strings.Builder
	fmt.Fprintf(&b, "**%s** · severity %d · level %s\n\n", c.Stage, c.Severity, c.Level)
	if c.Assignee != "" {
		fmt.Fprintf(&b, "assignee: %s\n\n", c.Assignee)
	}
	if c.Proposal != nil && c.Stage == defect.SignOff {
		fmt.Fprintf(&b, "waits for signatures on proposal %d: signal `%s` with `{\"approver\":\"…\",\"proposal\":%d,\"decision\":\"approve\"}`\n\n",
			c.Proposal.N, contract.SignalSignOff, c.Proposal.N)
	}
	if len(c.Clocks) > 0 {
		b.WriteString("| promise | due | state |\n| --- | --- | --- |\n")
	}
	for _, k := range c.Clocks {
		due := "paused"
		if !k.DueAt.IsZero() {
			due = k.DueAt.In(c.Policy.Zone()).Format(time.RFC3339)
		}
		if c.Provisional(k) {
			due += " (provisional)"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", k.Name, due, k.State())
	}
	workflow.SetCurrentDetails(ctx, b.String())
}
