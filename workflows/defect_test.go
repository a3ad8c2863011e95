package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/suite"
	sdk "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/contract"
	"yunwei/defect"
	"yunwei/workflows"
)

var (
	reporter    = defect.Person{Username: "reporter", Name: "王芳", Roles: []defect.Role{defect.RoleReporter}}
	liaison     = defect.Person{Username: "liaison", Roles: []defect.Role{defect.RoleLiaison}}
	agent       = defect.Person{Username: "agent", Roles: []defect.Role{defect.RoleAgent}}
	technician  = defect.Person{Username: "technician", Roles: []defect.Role{defect.RoleTechnician}}
	supervisor  = defect.Person{Username: "supervisor", Roles: []defect.Role{defect.RoleSupervisor}}
	supervisor2 = defect.Person{Username: "supervisor2", Roles: []defect.Role{defect.RoleSupervisor}}

	passed = true
	life   = []defect.Command{
		{Action: defect.ActAcknowledge, By: agent, Input: defect.Input{Assignee: "technician"}},
		{Action: defect.ActClassify, By: agent, Input: defect.Input{Category: defect.Technical}},
		{Action: defect.ActPropose, By: technician, Input: defect.Input{Cause: "cause", Plan: "plan"}},
		{Action: defect.ActSign, By: supervisor, Input: defect.Input{Proposal: 1, Decision: defect.Approve}},
		{Action: defect.ActComplete, By: technician, Input: defect.Input{Summary: "done"}},
		{Action: defect.ActVerify, By: agent, Input: defect.Input{Passed: &passed, Method: "looked"}},
		{Action: defect.ActReport, By: technician, Input: defect.Input{Summary: "report"}},
		{Action: defect.ActReply, By: agent, Input: defect.Input{Message: "fixed"}},
		{Action: defect.ActAccept, By: reporter, Input: defect.Input{Satisfaction: 5}},
	}
)

// world is SQL and the directory as a workflow sees them, and records what reached it.
type world struct {
	got     []defect.Event // in order of arrival, repeats left out
	away    bool           // SQL refuses
	nobody  bool           // the directory does not answer
	signers map[string]contract.Signer
}

func (w *world) take(events []defect.Event) error {
	if w.away {
		return errors.New("SQL is away")
	}
	for _, e := range events {
		if len(w.got) == 0 || e.Seq > w.got[len(w.got)-1].Seq {
			w.got = append(w.got, e)
		}
	}
	return nil
}

type DefectSuite struct {
	suite.Suite
	testsuite.WorkflowTestSuite
	env    *testsuite.TestWorkflowEnvironment
	world  *world
	opened time.Time
}

func TestDefect(t *testing.T) { suite.Run(t, new(DefectSuite)) }

func (s *DefectSuite) SetupTest() {
	s.opened = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	s.env = s.NewTestWorkflowEnvironment()
	s.env.SetStartTime(s.opened)
	s.world = &world{signers: map[string]contract.Signer{"supervisor": {Person: supervisor}, "supervisor2": {Person: supervisor2}}}
	s.env.RegisterWorkflowWithOptions(workflows.Defect, workflow.RegisterOptions{Name: contract.WorkflowDefect})
	for name, fn := range map[string]any{
		contract.ActivityProject:      func(_ context.Context, b contract.Projection) error { return s.world.take(b.Events) },
		contract.ActivityProjectWhole: func(_ context.Context, st contract.DefectState) error { return s.world.take(st.Journal) },
		contract.ActivitySigner: func(_ context.Context, ask contract.SignerRequest) (contract.Signer, error) {
			if s.world.nobody {
				return contract.Signer{}, errors.New("the directory is away")
			}
			if signer, ok := s.world.signers[ask.Approver]; ok {
				return signer, nil
			}
			return contract.Signer{Refused: apperr.New(apperr.Forbidden, apperr.ReasonSignalApprover, nil)}, nil
		},
	} {
		s.env.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
	}
}

func (s *DefectSuite) open() contract.DefectState {
	c, e := defect.Open("7K3M-Q9XT-WA5C", defect.Submission{
		Title: "title", Description: "description", Severity: 2, System: "OA", Reporter: defect.Reporter{Username: "reporter", Name: "王芳"},
	}, defect.DefaultPolicy(), reporter, s.opened, defect.Keyed{})
	return contract.DefectState{Case: c, Journal: []defect.Event{e}}
}

// reply records how an update was answered.
type reply struct {
	refused error
	result  contract.ActResult
	err     error
}

func (r *reply) Accept()          {}
func (r *reply) Reject(err error) { r.refused = err }
func (r *reply) Complete(result any, err error) {
	r.err = err
	if got, ok := result.(contract.ActResult); ok {
		r.result = got
	}
}

// at sends an update a while after the start.
func (s *DefectSuite) at(after time.Duration, cmd defect.Command) *reply {
	r := &reply{}
	s.env.RegisterDelayedCallback(func() { s.env.UpdateWorkflow(contract.UpdateAct, "", r, cmd) }, after)
	return r
}

func (s *DefectSuite) state() contract.DefectState {
	answer, err := s.env.QueryWorkflow(contract.QueryState)
	s.Require().NoError(err)
	var state contract.DefectState
	s.Require().NoError(answer.Get(&state))
	return state
}

func (s *DefectSuite) kinds() []defect.Kind {
	var out []defect.Kind
	for _, e := range s.world.got {
		out = append(out, e.Kind)
	}
	return out
}

func (s *DefectSuite) TestLife_FromSubmissionToAcceptance() {
	var replies []*reply
	for i, cmd := range life {
		replies = append(replies, s.at(time.Duration(i+1)*time.Minute, cmd))
	}
	s.env.ExecuteWorkflow(contract.WorkflowDefect, s.open())
	s.Require().NoError(s.env.GetWorkflowError())
	for i, r := range replies {
		s.Require().NoError(r.refused, life[i].Action)
		s.Require().NoError(r.err)
		s.Equal(i+2, r.result.Seq)
	}
	s.Equal([]defect.Kind{"submit", "acknowledge", "classify", "propose", "sign", "complete", "verify", "report", "reply", "accept"}, s.kinds())
	var end contract.DefectEnd
	s.Require().NoError(s.env.GetWorkflowResult(&end))
	s.Equal(contract.DefectEnd{Stage: defect.Closed, Events: 10}, end)
}

func (s *DefectSuite) TestPromises_WhenNobodyActsForFiveDays() {
	withdraw := s.at(5*24*time.Hour, defect.Command{Action: defect.ActWithdraw, By: reporter, Input: defect.Input{Reason: "gone"}})
	s.env.ExecuteWorkflow(contract.WorkflowDefect, s.open())
	s.Require().NoError(s.env.GetWorkflowError())
	s.Require().NoError(withdraw.refused)
	broken := map[defect.ClockName]time.Time{}
	for _, e := range s.world.got {
		if e.Kind == defect.KindBreach {
			s.NotContains(broken, e.Timing.Clock, "broken twice")
			broken[e.Timing.Clock] = e.At
			s.Zero(e.Timing.LateBy)
		}
	}
	s.Equal(map[defect.ClockName]time.Time{
		defect.ClockResponse: s.opened.Add(30 * time.Minute),
		defect.ClockPlan:     s.opened.Add(2 * time.Hour),
		defect.ClockResolve:  s.opened.Add(24 * time.Hour),
	}, broken)
}

// TestHolidays_MoveTheTimer: a revision of the holidays reaches a running case by a step, and its one timer with it.
func (s *DefectSuite) TestHolidays_MoveTheTimer() {
	policy := defect.DefaultPolicy()
	for severity, targets := range policy.Severities {
		targets.Calendar = "5x8"
		policy.Severities[severity] = targets
	}
	c, e := defect.Open("7K3M-Q9XT-WA5C", defect.Submission{Title: "title", Severity: 2, System: "OA", Reporter: defect.Reporter{Username: "reporter"}}, policy, reporter, s.opened, defect.Keyed{})
	apply := func(after time.Duration, revision int, days ...calendar.Exception) *reply {
		n, ok := calendar.InForce("cn", []calendar.Change{{Days: days}}, nil)
		s.Require().True(ok)
		h := c.UnderHolidays(defect.HolidayState{Set: "cn", Revision: revision}, n, s.opened.Add(after))
		return s.at(after, defect.Command{Action: defect.ActApplyHolidays, By: liaison, Input: defect.Input{Reason: "notice", Holidays: []defect.Holidays{h}}, Key: fmt.Sprint("k", revision)})
	}
	tuesday := calendar.Exception{Date: calendar.Date{Year: 2026, Month: 11, Day: 24}, Off: true, Name: "停工"}
	first, again, back := apply(time.Hour, 1, tuesday), apply(2*time.Hour, 1, tuesday), apply(44*time.Hour, 2)
	s.at(60*time.Hour, defect.Command{Action: defect.ActWithdraw, By: reporter, Input: defect.Input{Reason: "gone"}})
	s.env.ExecuteWorkflow(contract.WorkflowDefect, contract.DefectState{Case: c, Journal: []defect.Event{e}})
	s.Require().NoError(s.env.GetWorkflowError())
	for _, r := range []*reply{first, again, back} {
		s.Require().NoError(r.refused)
	}
	s.True(again.result.Repeat, "asked for twice, done once")
	plan := map[defect.Kind]defect.Event{}
	for _, e := range s.world.got {
		if e.Timing != nil && e.Timing.Clock == defect.ClockPlan {
			plan[e.Kind] = e
		}
	}
	breach := plan[defect.KindBreach]
	s.Equal(time.Date(2026, 11, 25, 1, 30, 0, 0, time.UTC), breach.At, "on Wednesday, and not on the Tuesday that was promised first")
	s.Zero(breach.Timing.LateBy, "the timer rang for it")
	s.Equal(2, strings.Count(fmt.Sprint(s.kinds()), "apply_holidays"))
}

// queue records with what priority a workflow asks for its activities, which the test environment does not pass on to them.
type queue struct {
	interceptor.WorkerInterceptorBase
	interceptor.WorkflowInboundInterceptorBase
	interceptor.WorkflowOutboundInterceptorBase
	asked []int
}

func (q *queue) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	q.WorkflowInboundInterceptorBase.Next = next
	return q
}

func (q *queue) Init(out interceptor.WorkflowOutboundInterceptor) error {
	q.WorkflowOutboundInterceptorBase.Next = out
	return q.WorkflowInboundInterceptorBase.Next.Init(q)
}

func (q *queue) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	q.asked = append(q.asked, workflow.GetActivityOptions(ctx).Priority.PriorityKey)
	return q.WorkflowOutboundInterceptorBase.Next.ExecuteActivity(ctx, name, args...)
}

// TestPriority_OfTheSeverityAsItIsNow: what a case asks of the workers stands in the queue where its severity says.
func (s *DefectSuite) TestPriority_OfTheSeverityAsItIsNow() {
	q := &queue{}
	s.env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{q}})
	s.at(time.Minute, life[0])
	s.at(2*time.Minute, defect.Command{Action: defect.ActChangeSeverity, By: agent, Input: defect.Input{Severity: 1, Reason: "all of them"}})
	s.at(3*time.Minute, defect.Command{Action: defect.ActChangeSeverity, By: agent, Input: defect.Input{Severity: 4, Reason: "one of them"}})
	s.at(4*time.Minute, defect.Command{Action: defect.ActWithdraw, By: reporter, Input: defect.Input{Reason: "gone"}})
	s.env.ExecuteWorkflow(contract.WorkflowDefect, s.open())
	s.Require().NoError(s.env.GetWorkflowError())
	s.Equal([]int{2, 1, 4, 4}, q.asked)
}

// details is what the Temporal Web UI shows of the running case.
func (s *DefectSuite) details() string {
	answer, err := s.env.QueryWorkflow("__temporal_workflow_metadata")
	s.Require().NoError(err)
	var shown sdk.WorkflowMetadata
	s.Require().NoError(answer.Get(&shown))
	return shown.CurrentDetails
}

// TestDetails_ReadWithoutOpeningAPayload: whoever looks at the Web UI reads how a case stands, from its start on and after each
// step, and how to sign.
func (s *DefectSuite) TestDetails_ReadWithoutOpeningAPayload() {
	var seen []string
	look := func(after time.Duration) {
		s.env.RegisterDelayedCallback(func() { seen = append(seen, s.details()) }, after)
	}
	look(30 * time.Second)
	for i, cmd := range life[:3] {
		s.at(time.Duration(i+1)*time.Minute, cmd)
		look(time.Duration(i+1)*time.Minute + 30*time.Second)
	}
	look(25 * time.Hour)
	s.at(26*time.Hour, defect.Command{Action: defect.ActWithdraw, By: reporter, Input: defect.Input{Reason: "gone"}})
	s.env.ExecuteWorkflow(contract.WorkflowDefect, s.open())
	s.Require().NoError(s.env.GetWorkflowError())
	s.Require().Len(seen, 5)
	for i, says := range [][]string{
		{"**submitted** · severity 2 · level desk", "| response | 2026-11-23T17:30:00+08:00 | running |"},
		{"**analysis**", "assignee: technician", "| response | 2026-11-23T17:30:00+08:00 | met |", "| plan | 2026-11-23T19:00:00+08:00 | running |"},
		{"**confirmation**"},
		{"**sign_off**", "signatures on proposal 1: signal `sign-off`", `{"approver":"…","proposal":1,"decision":"approve"}`, "| plan | 2026-11-23T19:00:00+08:00 | met |"},
		{"| resolve | 2026-11-24T17:00:00+08:00 | breached |"},
	} {
		for _, text := range says {
			s.Contains(seen[i], text)
		}
	}
	s.NotContains(seen[0], "assignee")
	s.NotContains(seen[2], "signal")
}

func (s *DefectSuite) TestRefusal_WhenTheStepIsNotDue() {
	r := s.at(time.Minute, life[3])
	s.at(2*time.Minute, defect.Command{Action: defect.ActWithdraw, By: reporter, Input: defect.Input{Reason: "gone"}})
	s.env.ExecuteWorkflow(contract.WorkflowDefect, s.open())
	refusal := contract.AsRefusal(r.refused)
	s.Require().NotNil(refusal)
	s.Equal(apperr.WrongStage, refusal.Code)
	s.Equal([]defect.Kind{"submit", "withdraw"}, s.kinds())
}

func (s *DefectSuite) TestKey_WhenTheStepIsAskedForAgain() {
	keyed := life[0]
	keyed.Key, keyed.Print = "key", "print"
	first, again := s.at(time.Minute, keyed), s.at(2*time.Minute, keyed)
	keyed.Print = "other"
	other := s.at(3*time.Minute, keyed)
	s.at(4*time.Minute, defect.Command{Action: defect.ActWithdraw, By: reporter, Input: defect.Input{Reason: "gone"}})
	s.env.ExecuteWorkflow(contract.WorkflowDefect, s.open())
	s.Equal(2, first.result.Seq)
	s.False(first.result.Repeat)
	s.Equal(2, again.result.Seq)
	s.True(again.result.Repeat)
	s.Equal(apperr.ReasonKeyReused, contract.AsRefusal(other.refused).Reason)
	s.Equal([]defect.Kind{"submit", "acknowledge", "withdraw"}, s.kinds())
}

func (s *DefectSuite) TestJournal_WhenSQLComesBack() {
	s.world.away = true
	for i, cmd := range life {
		s.at(time.Duration(i+1)*time.Second, cmd)
	}
	s.env.RegisterDelayedCallback(func() {
		s.Len(s.state().Journal, 10)
		s.world.away = false
	}, time.Minute)
	s.env.ExecuteWorkflow(contract.WorkflowDefect, s.open())
	s.Require().NoError(s.env.GetWorkflowError())
	s.Len(s.world.got, 10)
	for i, e := range s.world.got {
		s.Equal(i+1, e.Seq)
	}
}

func (s *DefectSuite) TestSignal_UnderTheRulesOfTheAction() {
	for i, cmd := range life[:3] {
		s.at(time.Duration(i+1)*time.Minute, cmd)
	}
	for i, sig := range []any{
		contract.SignOff{Approver: "nobody", Proposal: 1, Decision: defect.Approve},
		contract.SignOff{Approver: "supervisor", Proposal: 7, Decision: defect.Approve},
		contract.SignOff{Approver: "supervisor", Proposal: 1, Decision: "maybe"},
		map[string]any{"approver": "supervisor", "proposal": "1", "decision": "approve"},
		[]int{1},
		nil,
		contract.SignOff{Approver: "nobody\x00\u202e" + strings.Repeat("x", 1_000_000), Proposal: 1, Decision: defect.Approve, Code: strings.Repeat("y", 500_000)},
		contract.SignOff{Approver: "supervisor", Proposal: 1, Decision: defect.Approve, Comment: strings.Repeat("z", 500_000)},
		contract.SignOff{Approver: "supervisor", Proposal: 1, Decision: defect.Approve, Comment: "good"},
		contract.SignOff{Approver: "supervisor2", Proposal: 1, Decision: defect.Approve},
	} {
		s.env.RegisterDelayedCallback(func() { s.env.SignalWorkflow(contract.SignalSignOff, sig) }, time.Duration(4+i)*time.Minute)
	}
	s.env.RegisterDelayedCallback(func() {
		c := s.state().Case
		s.Equal(defect.Resolution, c.Stage)
		s.Require().Len(c.SignOffs, 1)
		s.Equal("supervisor", c.SignOffs[0].By)
		s.env.CancelWorkflow()
		for _, e := range s.world.got {
			s.Less(e.Size(), 1000, "nothing that a signal holds swells a case: %s", e.Kind)
		}
	}, 15*time.Minute)
	s.env.ExecuteWorkflow(contract.WorkflowDefect, s.open())
	s.Equal([]defect.Kind{
		"submit", "acknowledge", "classify", "propose", "refused", "refused", "refused", "refused", "refused", "refused", "refused", "refused", "sign", "refused",
	}, s.kinds())
	for _, e := range s.world.got[7:9] {
		s.Equal("error.signal_unreadable", e.Refusal.Reason)
	}
}

func (s *DefectSuite) TestContinueAsNew_CarriesEverything() {
	s.world.away, s.world.nobody = true, true
	keyed := life[0]
	keyed.Key, keyed.Print = "key", "print"
	s.at(time.Second, keyed)
	s.env.RegisterDelayedCallback(func() {
		s.env.SignalWorkflow(contract.SignalSignOff, contract.SignOff{Approver: "supervisor", Proposal: 1})
	}, 2*time.Second)
	s.env.RegisterDelayedCallback(func() { s.env.SetContinueAsNewSuggested(true) }, 3*time.Second)
	s.env.ExecuteWorkflow(contract.WorkflowDefect, s.open())
	var next *workflow.ContinueAsNewError
	s.Require().ErrorAs(s.env.GetWorkflowError(), &next)
	s.Equal(contract.WorkflowDefect, next.WorkflowType.Name)
	state := s.carried(next)
	s.Equal(2, state.Case.Seq)
	s.Len(state.Journal, 2)
	s.Equal([]contract.Handled{{Key: "key", Print: "print", Seq: 2}}, state.Handled)
	s.Equal([]contract.SignOff{{Approver: "supervisor", Proposal: 1}}, state.SignOffs)
}

func (s *DefectSuite) carried(next *workflow.ContinueAsNewError) contract.DefectState {
	var state contract.DefectState
	s.Require().NoError(converter.GetDefaultDataConverter().FromPayloads(next.Input, &state))
	return state
}
