package defect

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"yunwei/apperr"
)

// Trial is what would have become of a recorded case under another policy.
type Trial struct {
	Number   string
	Promises []TriedPromise // those of both, by start
	Calls    []TriedCall    // for whoever is on duty, those of both, by time
	Dropped  []DroppedStep  // steps that could no longer have happened
}

// TriedPromise is a promise under both policies. One that a policy does not make has no outcome there.
type TriedPromise struct {
	Clock     ClockName
	Nth       int
	Severity  Severity
	Was       Outcome
	Would     Outcome
	WasDue    time.Time
	WouldDue  time.Time
	WasLate   time.Duration // as Promise.LateBy
	WouldLate time.Duration
}

// Differs reports whether the promise would have ended otherwise.
func (p TriedPromise) Differs() bool { return p.Was != p.Would }

// TriedCall is a call of a rule for whoever is on duty, under both policies: of each rule the first, the second and so on in
// a cycle of the case. Who that is, rosters say.
type TriedCall struct {
	Rule  string // as Rule.String gives it
	Cycle int
	Was   time.Time // when the call fell due; zero where there was none
	Would time.Time
}

// DroppedStep is a step of people that the other policy leaves no room for: the case had closed by itself before, or
// waited for another signature.
type DroppedStep struct {
	Seq    int
	Action Action
	At     time.Time
	Why    apperr.Reason
}

// Try replays a recorded case under another policy, as of now: the same report and the same steps of the same people at
// the same times, under that policy's targets, calendars, pauses and signatures. Warnings, breaches, escalations and the
// closing of a case that nobody answered follow anew; what else happened without a caller is left out. It changes nothing.
func Try(r Recorded, p Policy, now time.Time) Trial {
	was := r.Case.Clone()
	recorded := append(slices.Clip(r.Events), was.runTo(now)...)
	var anew []Event // what time makes of the case under the other policy
	would := Case{Number: was.Number, Table: was.Table, Policy: p.Carried(was.CreatedAt), Submission: was.Submission}
	t := Trial{Number: was.Number}
	for _, e := range r.Events {
		if !e.IsStep() {
			continue
		}
		anew = append(anew, would.runTo(e.At)...)
		if why := would.couldNot(e); why != nil {
			if bearsOnPolicy(Action(e.Kind)) {
				continue
			}
			t.Dropped = append(t.Dropped, DroppedStep{Seq: e.Seq, Action: Action(e.Kind), At: e.At, Why: why.Reason})
			continue
		}
		e.At = would.notBefore(e.At)
		would.record(e)
	}
	anew = append(anew, would.runTo(now)...)
	t.Promises = paired(was.Promises(), would.Promises())
	t.Calls = pairedCalls(recorded, anew)
	return t
}

// bearsOnPolicy reports whether a step is about the policy's own rules and calendars, so that it means nothing where another
// policy has none such.
func bearsOnPolicy(a Action) bool { return a == ActHear || a == ActApplyHolidays }

// runTo lets everything happen that falls due by itself until an instant, each at its own time, as a timer would. It returns
// what has happened.
func (c *Case) runTo(now time.Time) []Event {
	var out []Event
	for due := c.NextDue(); !due.IsZero() && !due.After(now); due = c.NextDue() {
		events := c.Expire(due)
		if len(events) == 0 {
			break
		}
		out = append(out, events...)
	}
	return out
}

// couldNot returns why a step that was taken could not be taken in this case, or nil. The people were who they were: only
// the stage and the state of the case count.
func (c *Case) couldNot(e Event) *apperr.Error {
	if e.Submission != nil {
		return nil
	}
	who := Person{Username: e.Actor.Username, Roles: Roles()}
	if err := c.May(Action(e.Kind), who); err != nil {
		return apperr.Of(err)
	}
	if read := tables[c.Table][Action(e.Kind)].read; read != nil {
		if err := read(c, who, *e.Input); err != nil {
			return apperr.Of(err)
		}
	}
	return nil
}

// paired puts the promises of two lives of a case beside each other, by name and number.
func paired(was, would []Promise) []TriedPromise {
	type key struct {
		clock ClockName
		nth   int
	}
	started := map[key]time.Time{}
	all := map[key]*TriedPromise{}
	at := func(p Promise) *TriedPromise {
		k := key{p.Clock, p.Nth}
		if all[k] == nil {
			all[k] = &TriedPromise{Clock: p.Clock, Nth: p.Nth, Severity: p.Severity}
			started[k] = p.StartedAt
		}
		return all[k]
	}
	for _, p := range was {
		t := at(p)
		t.Was, t.WasDue, t.WasLate = p.Outcome, p.DueAt, p.LateBy
	}
	for _, p := range would {
		t := at(p)
		t.Would, t.WouldDue, t.WouldLate = p.Outcome, p.DueAt, p.LateBy
	}
	keys := slices.SortedFunc(maps.Keys(all), func(a, b key) int {
		return cmp.Or(started[a].Compare(started[b]), cmp.Compare(slices.Index(ClockNames(), a.clock), slices.Index(ClockNames(), b.clock)), cmp.Compare(a.nth, b.nth))
	})
	out := make([]TriedPromise, len(keys))
	for i, k := range keys {
		out[i] = *all[k]
	}
	return out
}

// pairedCalls puts the calls for whoever is on duty of two lives of a case beside each other, by rule and number.
func pairedCalls(was, would []Event) []TriedCall {
	type key struct {
		rule  string
		cycle int
		nth   int
	}
	all := map[key]*TriedCall{}
	each := func(events []Event, side func(*TriedCall) *time.Time) {
		count := map[key]int{}
		for _, e := range events {
			if e.Kind != KindEscalation || e.Timing == nil || !slices.Contains(e.Timing.Notified, NotifyOnDuty) {
				continue
			}
			k := key{rule: e.Timing.Rule, cycle: e.Timing.Cycle}
			count[k]++
			k.nth = count[k]
			if all[k] == nil {
				all[k] = &TriedCall{Rule: k.rule, Cycle: k.cycle}
			}
			*side(all[k]) = e.At
		}
	}
	each(was, func(c *TriedCall) *time.Time { return &c.Was })
	each(would, func(c *TriedCall) *time.Time { return &c.Would })
	keys := slices.SortedFunc(maps.Keys(all), func(a, b key) int {
		return cmp.Or(earlier(all[a].Was, all[a].Would).Compare(earlier(all[b].Was, all[b].Would)), cmp.Compare(a.cycle, b.cycle), cmp.Compare(a.rule, b.rule), cmp.Compare(a.nth, b.nth))
	})
	out := make([]TriedCall, len(keys))
	for i, k := range keys {
		out[i] = *all[k]
	}
	return out
}

// TrialSum is what a policy would have changed, for the promises of a name and a severity.
type TrialSum struct {
	Clock    ClockName
	Severity Severity
	Was      map[Outcome]int
	Would    map[Outcome]int
	Kept     []string // numbers of the cases whose promise was broken and would have been met, each once
	Broken   []string // numbers of the cases whose promise was not broken and would have been, each once
	Other    []string // numbers of the cases whose promise would have ended otherwise in another way, each once
}

// Trials adds up trials. The zero value is ready.
type Trials struct {
	Cases   int
	Dropped []string // numbers of the cases that lost steps
	Unread  []string // numbers of the cases that cannot be read, and are in no sum
	sums    map[trialKey]*TrialSum
}

type trialKey struct {
	clock    ClockName
	severity Severity
}

// Add adds a trial.
func (ts *Trials) Add(t Trial) {
	ts.Cases++
	if len(t.Dropped) > 0 {
		ts.Dropped = append(ts.Dropped, t.Number)
	}
	if ts.sums == nil {
		ts.sums = map[trialKey]*TrialSum{}
	}
	for _, p := range t.Promises {
		k := trialKey{p.Clock, p.Severity}
		s := ts.sums[k]
		if s == nil {
			s = &TrialSum{Clock: p.Clock, Severity: p.Severity, Was: map[Outcome]int{}, Would: map[Outcome]int{}}
			ts.sums[k] = s
		}
		s.add(t.Number, p)
	}
}

func (s *TrialSum) add(number string, p TriedPromise) {
	s.Was[p.Was]++
	s.Would[p.Would]++
	if !p.Differs() {
		return
	}
	list := &s.Other
	switch {
	case p.Was == OutcomeBroken && p.Would == OutcomeMet:
		list = &s.Kept
	case p.Would == OutcomeBroken:
		list = &s.Broken
	}
	if n := len(*list); n == 0 || (*list)[n-1] != number {
		*list = append(*list, number)
	}
}

// Sums returns what changes, by clock and severity.
func (ts *Trials) Sums() []TrialSum {
	keys := slices.SortedFunc(maps.Keys(ts.sums), func(a, b trialKey) int {
		return cmp.Or(cmp.Compare(slices.Index(ClockNames(), a.clock), slices.Index(ClockNames(), b.clock)), cmp.Compare(a.severity, b.severity))
	})
	out := make([]TrialSum, len(keys))
	for i, k := range keys {
		out[i] = *ts.sums[k]
	}
	return out
}
