package defect

import (
	"slices"
	"time"
)

// record numbers, seals and applies a new event.
func (c *Case) record(e Event) Event {
	e.Seq = c.Seq + 1
	e = e.seal()
	c.Apply(e)
	return e
}

// Replay returns the case as it was after the given events, which begin with the first. It takes from c only what
// never changes.
func Replay(c Case, events []Event) Case {
	past := c.unborn()
	for _, e := range events {
		past.Apply(e)
	}
	return past
}

// unborn is the case before its first event: what never changes.
func (c *Case) unborn() Case {
	return Case{Number: c.Number, Table: c.Table, Policy: c.Policy, Submission: c.Submission}
}

// Apply adds an event to the case. It never refuses: what may happen was decided when the event was made. An event out
// of turn is left alone.
func (c *Case) Apply(e Event) {
	if e.Seq != c.Seq+1 {
		return
	}
	*c = c.Clone()
	c.Seq, c.UpdatedAt = e.Seq, e.At
	if e.IsStep() {
		c.Version++
	}
	switch {
	case e.Submission != nil:
		c.submitted(e)
	case e.Timing != nil:
		c.passed(e.Kind, e.At, *e.Timing)
	case e.Input != nil:
		if effect := effects[Action(e.Kind)]; effect != nil {
			effect(c, step{Input: *e.Input, by: e.Actor.Username, standingIn: e.For, at: e.At})
		}
	}
	c.noteTurn(e.At)
}

// step is what an effect needs of its event.
type step struct {
	Input
	by         string
	standingIn string // for whom, by user name; empty for oneself
	at         time.Time
}

// effects is what each action does to the case, beside its place in the table.
var effects = map[Action]func(*Case, step){
	ActAcknowledge:    (*Case).acknowledged,
	ActClassify:       (*Case).classified,
	ActPropose:        (*Case).proposed,
	ActSign:           (*Case).signed,
	ActComplete:       (*Case).completed,
	ActVerify:         (*Case).verified,
	ActReport:         (*Case).reported,
	ActReply:          (*Case).replied,
	ActAccept:         (*Case).accepted,
	ActReopen:         (*Case).reopened,
	ActRequestInfo:    func(c *Case, s step) { c.wait(WaitingReporter, s.at) },
	ActProvideInfo:    func(c *Case, s step) { c.resume(WaitingReporter, s.at) },
	ActEscalate:       func(c *Case, s step) { c.raise(s.Level, s.at) },
	ActArrive:         func(c *Case, s step) { c.meet(ClockOnsite, s.at) },
	ActRequestSpare:   func(c *Case, s step) { c.wait(WaitingSpare, s.at); c.start(ClockSparePart, s.at) },
	ActReceiveSpare:   func(c *Case, s step) { c.resume(WaitingSpare, s.at); c.meet(ClockSparePart, s.at) },
	ActAssign:         func(c *Case, s step) { c.Assignee = s.Assignee },
	ActChangeSeverity: func(c *Case, s step) { c.regrade(s.Severity, s.at); c.enoughSigned() },
	ActHear:           func(c *Case, _ step) { c.heard() },
	ActComment:        func(*Case, step) {},
	ActAttach:         func(c *Case, _ step) { c.Files++ },
	ActWithdraw:       func(c *Case, s step) { c.end(Withdrawn, ClosedWithdrawn, s.at) },
	ActApplyHolidays:  func(c *Case, s step) { c.followHolidays(s.Holidays, s.at) },
	ActMarkDuplicate:  func(c *Case, s step) { c.DuplicateOf = s.Of; c.end(Duplicate, ClosedDuplicate, s.at) },
}

func (c *Case) submitted(e Event) {
	c.Stage, c.Level, c.Cycle = Submitted, LevelDesk, 1
	c.Severity = e.Submission.Severity
	c.CreatedAt, c.Submitted = e.At, Keyed{Key: e.Key, Print: e.Print}
	c.startCycle(e.At)
}

func (c *Case) startCycle(at time.Time) {
	for _, name := range []ClockName{ClockResponse, ClockPlan, ClockResolve} {
		c.start(name, at)
	}
}

func (c *Case) acknowledged(s step) {
	c.Stage, c.Assignee = Analysis, s.Assignee
	c.meet(ClockResponse, s.at)
}

func (c *Case) classified(s step) {
	c.Category = s.Category
	if s.Severity != 0 {
		c.regrade(s.Severity, s.at)
	}
	if s.Category == Operation {
		c.Explanation = s.Explanation
		c.end(Converted, ClosedConverted, s.at)
		return
	}
	c.Stage = Confirmation
}

func (c *Case) proposed(s step) {
	c.Proposals++
	c.Proposal = &Proposal{N: c.Proposals, Cause: s.Cause, Plan: s.Plan, Risk: s.Risk, Rollback: s.Rollback, By: s.by, At: s.at}
	c.Stage = SignOff
	c.meet(ClockPlan, s.at)
}

func (c *Case) signed(s step) {
	c.SignOffs = append(c.SignOffs, Signature{Proposal: s.Proposal, By: s.by, For: s.standingIn, Decision: s.Decision, Comment: s.Comment, At: s.at})
	if s.Decision == Reject {
		c.Stage = Confirmation
		return
	}
	c.enoughSigned()
}

// enoughSigned moves a case on that has all signatures its severity asks for.
func (c *Case) enoughSigned() {
	if c.Stage == SignOff && c.approvals() >= c.Policy.Severities[c.Severity].SignOffs {
		c.Stage = Resolution
	}
}

func (c *Case) completed(s step) {
	c.ChangeRecord = &ChangeRecord{Summary: s.Summary, Changes: s.Changes, VersionBefore: s.VersionBefore, VersionAfter: s.VersionAfter, Kind: s.Kind, By: s.by, At: s.at}
	c.Stage = Verification
	c.resume(WaitingSpare, s.at)
	c.cancel(s.at, ClockSparePart)
}

func (c *Case) verified(s step) {
	passed := s.Passed != nil && *s.Passed
	c.Verification = &Finding{Passed: passed, Method: s.Method, Note: s.Note, By: s.by, At: s.at}
	if !passed {
		c.Stage = Resolution
		return
	}
	c.Stage = Reply
	c.meet(ClockResolve, s.at)
	c.cancel(s.at, ClockOnsite)
	c.start(ClockReport, s.at)
}

func (c *Case) reported(s step) {
	c.ServiceReport = &ServiceReport{Summary: s.Summary, WorkHours: s.WorkHours, Parts: s.Parts, By: s.by, At: s.at}
	c.meet(ClockReport, s.at)
	c.settleReply(s.at)
}

func (c *Case) replied(s step) {
	c.Answer = &Answer{Message: s.Message, By: s.by, At: s.at}
	c.Stage = Replied
	c.resume(WaitingReporter, s.at)
	c.settleReply(s.at)
}

func (c *Case) accepted(s step) {
	c.Acceptance = &Acceptance{Satisfaction: s.Satisfaction, Comment: s.Comment, By: s.by, At: s.at}
	c.settleReply(s.at)
}

// settleReply closes a case that is answered, accepted and reported on. Without the reporter's word it sets the time
// after which silence is consent, from the reply or the service report, whichever came later.
func (c *Case) settleReply(at time.Time) {
	if c.Answer == nil || c.ServiceReport == nil {
		return
	}
	if c.Acceptance != nil {
		c.end(Closed, ClosedAccepted, at)
		return
	}
	c.AutoCloseAt = c.silenceUntil(at)
}

// silenceUntil returns when silence is consent that began at the given time; zero: never.
func (c *Case) silenceUntil(at time.Time) time.Time {
	limit, name := c.Policy.on(c.Policy.AutoClose, c.Severity)
	if limit <= 0 {
		return time.Time{}
	}
	return c.calendars()[name].Add(at, limit)
}

func (c *Case) reopened(s step) {
	c.ReopenReason = s.Reason
	c.Past = append(c.Past, c.Results)
	c.Results = Results{}
	c.cancel(s.at, ClockNames()...)
	c.Cycle++
	c.Stage, c.Level, c.Category, c.Waiting, c.AutoCloseAt = Submitted, LevelDesk, "", nil, time.Time{}
	c.startCycle(s.at)
}

// raise brings the case to a level, by a step or by a rule of the policy.
func (c *Case) raise(to Level, at time.Time) {
	c.Level = to
	if to == LevelOnsite {
		c.start(ClockOnsite, at)
	}
}

// end ends the case: every promise that still stood is cancelled, nothing is waited for.
func (c *Case) end(stage Stage, why CloseReason, at time.Time) {
	c.Stage, c.CloseReason, c.ClosedAt = stage, why, at
	c.Waiting, c.AutoCloseAt = nil, time.Time{}
	c.cancel(at, ClockNames()...)
}

// passed applies what happened without a caller.
func (c *Case) passed(kind Kind, at time.Time, t Timing) {
	if kind == KindAutoClose {
		c.end(Closed, ClosedNoAnswer, at)
		return
	}
	i := slices.IndexFunc(c.Clocks, func(k Clock) bool { return k.Live() && k.Name == t.Clock && k.Cycle == t.Cycle })
	if i < 0 {
		return
	}
	k := &c.Clocks[i]
	switch kind {
	case KindBreach:
		k.BreachedAt, k.LateBy = t.DueAt, t.LateBy
		k.fire(breachLabel)
	case KindEscalation: // the latest call stands for the earlier ones
		for n := range t.Repeat + 1 {
			k.fire(ruleLabel(t.Rule, n))
		}
		if t.Level != "" {
			c.raise(t.Level, at)
		}
	default: // a warning stands for the earlier ones, which have lost their meaning
		for _, p := range c.Policy.WarnAt {
			if p <= t.Percent {
				k.fire(warnLabel(p))
			}
		}
	}
}

// fire puts a mark behind the clock.
func (k *Clock) fire(label string) {
	if !slices.Contains(k.Fired, label) {
		k.Fired = append(k.Fired, label)
	}
}

// heard ends the repeats of every rule that has called: somebody has said that they know.
func (c *Case) heard() {
	for i := range c.Clocks {
		k := &c.Clocks[i]
		for _, rule := range c.unheard(k) {
			k.fire(heardLabel(rule.String()))
		}
	}
}

// start begins a promise, standing still when the case waits for something that pauses it.
func (c *Case) start(name ClockName, at time.Time) {
	target, cal := c.Policy.term(name, c.Severity)
	if target <= 0 {
		return
	}
	k := Clock{Name: name, Cycle: c.Cycle, Severity: c.Severity, Target: target, Calendar: cal, StartedAt: at, Epoch: len(c.Calendars)}
	k.turn(c.calendars(), Leg{From: at, Calendar: cal, Paused: c.Policy.pauses(name, c.Waiting)})
	c.Clocks = append(c.Clocks, k)
}

// meet keeps a promise, in time or late.
func (c *Case) meet(name ClockName, at time.Time) {
	k := c.clock(name)
	if k == nil {
		return
	}
	k.close(c.calendars(), at)
	k.MetAt, k.Assignee = at, c.Assignee
	if !k.BreachedAt.IsZero() {
		k.LateBy = at.Sub(k.DueAt)
	}
}

// cancel ends promises that nobody waits for any more.
func (c *Case) cancel(at time.Time, names ...ClockName) {
	for _, name := range names {
		if k := c.clock(name); k != nil {
			k.close(c.calendars(), at)
			k.CancelledAt, k.Assignee = at, c.Assignee
		}
	}
}

// wait and resume change what the case waits for, and pause or resume the promises that the policy says.
func (c *Case) wait(w Waiting, at time.Time) {
	if !c.WaitsFor(w) {
		c.Waiting = append(c.Waiting, w)
	}
	c.repause(at)
}

func (c *Case) resume(w Waiting, at time.Time) {
	c.Waiting = slices.DeleteFunc(c.Waiting, func(x Waiting) bool { return x == w })
	if len(c.Waiting) == 0 {
		c.Waiting = nil
	}
	c.repause(at)
}

// repause pauses and resumes the promises that still run. A broken one runs on: there is nothing left to spare.
func (c *Case) repause(at time.Time) {
	for i := range c.Clocks {
		k := &c.Clocks[i]
		if !k.Live() || !k.BreachedAt.IsZero() {
			continue
		}
		if stand := c.Policy.pauses(k.Name, c.Waiting); stand != k.paused() {
			k.turn(c.calendars(), Leg{From: at, Calendar: k.Calendar, Paused: stand})
		}
	}
}

// regrade changes the severity. The promise to resolve, unless it is broken already, gets the target of the new
// severity, counted from its own start: what was consumed and what was paused stay, the rest counts on the calendar of
// the new severity. What it said about its old target and would say again about the new one, it says again.
func (c *Case) regrade(s Severity, at time.Time) {
	c.Severity = s
	k := c.clock(ClockResolve)
	if k == nil || !k.BreachedAt.IsZero() {
		return
	}
	was := Said{Target: k.Target, Calendar: k.Calendar}
	target, cal := c.Policy.term(ClockResolve, s)
	k.Target, k.Severity = target, s
	if cal != k.Calendar {
		k.Calendar = cal
		k.turn(c.calendars(), Leg{From: at, Calendar: cal, Paused: k.paused()})
	}
	k.settle(c.calendars())
	was.Fired = c.rearm(slices.IndexFunc(c.Clocks, func(x Clock) bool { return x.Name == ClockResolve && x.Live() }), at)
	k.recall(was)
}

// recall keeps what was said of the target that a clock had, and puts back what was said of the one it has now, should it
// have had it before: to and fro is no reason to say everything again.
func (k *Clock) recall(was Said) {
	if len(was.Fired) > 0 {
		k.Said = append(slices.Clip(k.Said), was)
	}
	for _, s := range k.Said {
		if s.Target == k.Target && s.Calendar == k.Calendar {
			for _, label := range s.Fired {
				k.fire(label)
			}
		}
	}
}

// rearm lets a promise whose due time has moved say again what it has said already, where the time for it is still to
// come. It returns the marks that are no longer behind it.
func (c *Case) rearm(i int, at time.Time) []string {
	k := &c.Clocks[i]
	fired := k.Fired
	k.Fired = nil
	ahead := c.marks(i)
	var dropped []string
	for _, label := range fired {
		if slices.ContainsFunc(ahead, func(m mark) bool {
			return m.at.After(at) && (m.label == label || m.kind == KindEscalation && m.repeat == 0 && label == heardLabel(m.label))
		}) {
			dropped = append(dropped, label)
		} else {
			k.Fired = append(k.Fired, label)
		}
	}
	return dropped
}
