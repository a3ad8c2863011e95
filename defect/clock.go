package defect

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"yunwei/calendar"
)

// ClockState is how a promise stands.
type ClockState string

// The states. A promise met late stays breached.
const (
	ClockRunning   ClockState = "running"
	ClockPaused    ClockState = "paused"
	ClockMet       ClockState = "met"
	ClockBreached  ClockState = "breached"
	ClockCancelled ClockState = "cancelled"
)

// Clock is one promise. Its due time follows from its legs: the counted time of each, on that leg's calendar, adds up
// to the target.
type Clock struct {
	Name      ClockName     `json:"name"`
	Cycle     int           `json:"cycle"`
	Severity  Severity      `json:"severity,omitempty"` // whose target it has
	Target    time.Duration `json:"target"`
	Calendar  string        `json:"calendar"`
	StartedAt time.Time     `json:"started_at"`
	// DueAt is the earliest instant at which the counted time reaches the target; zero while a pause keeps it open.
	DueAt time.Time `json:"due_at,omitzero"`
	Legs  []Leg     `json:"legs"`
	Fired []string  `json:"fired,omitempty"` // the marks that are behind this clock
	Said  []Said    `json:"said,omitempty"`  // those of targets that it had before
	Epoch int       `json:"epoch,omitempty"` // of the calendars that it was last worked out on: how often the case had been put under others

	MetAt       time.Time `json:"met_at,omitzero"`
	BreachedAt  time.Time `json:"breached_at,omitzero"`
	CancelledAt time.Time `json:"cancelled_at,omitzero"`
	// LateBy is how long after DueAt the last thing known of a broken promise happened: that the breach was noticed, and
	// later that the promise was met after all.
	LateBy time.Duration `json:"late_by,omitempty"`
	// PausedFor is the counted time of the pauses that have ended: what they moved the due time by.
	PausedFor time.Duration `json:"paused_for,omitempty"`
	// Assignee is who had the case in hand when the promise ended: whose promise it was.
	Assignee string `json:"assignee,omitempty"`
}

// Said is which marks of an earlier target were behind a clock when it got another, and are ahead of it again.
type Said struct {
	Target   time.Duration `json:"target"`
	Calendar string        `json:"calendar"`
	Fired    []string      `json:"fired"`
}

// Leg is a stretch of a clock's life on one calendar, counted or paused, up to the next leg or the clock's end.
type Leg struct {
	From     time.Time `json:"from"`
	Calendar string    `json:"calendar"`
	Paused   bool      `json:"paused,omitempty"`
}

// State derives how the promise stands.
func (k Clock) State() ClockState {
	switch {
	case !k.BreachedAt.IsZero():
		return ClockBreached
	case !k.MetAt.IsZero():
		return ClockMet
	case !k.CancelledAt.IsZero():
		return ClockCancelled
	case k.paused():
		return ClockPaused
	}
	return ClockRunning
}

// Live reports whether the promise is still to be met, in time or late.
func (k Clock) Live() bool { return k.MetAt.IsZero() && k.CancelledAt.IsZero() }

// Overdue reports whether the promise is broken and still not met.
func (k Clock) Overdue() bool { return k.Live() && !k.BreachedAt.IsZero() }

// Warned reports whether the promise can still be kept and as much of its time is used up as the policy warns of.
func (k Clock) Warned() bool {
	return k.State() == ClockRunning && slices.ContainsFunc(k.Fired, func(label string) bool { return strings.HasPrefix(label, warnPrefix) })
}

func (k Clock) paused() bool { return len(k.Legs) > 0 && k.Legs[len(k.Legs)-1].Paused }

// reach returns the earliest instant at which the counted time of the legs reaches amount, and zero when a pause stands
// before it.
func (k Clock) reach(cals map[string]calendar.Calendar, amount time.Duration) time.Time {
	for i, leg := range k.Legs {
		if leg.Paused {
			continue
		}
		cal := cals[leg.Calendar]
		if i+1 < len(k.Legs) {
			if counted := cal.Sub(leg.From, k.Legs[i+1].From); counted < amount {
				amount -= counted
				continue
			}
		}
		return cal.Add(leg.From, amount)
	}
	return time.Time{}
}

// turn begins a new leg and moves the due time accordingly.
func (k *Clock) turn(cals map[string]calendar.Calendar, leg Leg) {
	if k.paused() {
		last := k.Legs[len(k.Legs)-1]
		k.PausedFor += cals[last.Calendar].Sub(last.From, leg.From)
	}
	k.Legs = append(slices.Clip(k.Legs), leg)
	k.settle(cals)
}

// settle works out the due time, which a pause leaves open. The due time of a broken promise is history and stays.
func (k *Clock) settle(cals map[string]calendar.Calendar) {
	switch {
	case !k.BreachedAt.IsZero():
	case k.paused():
		k.DueAt = time.Time{}
	default:
		k.DueAt = k.reach(cals, k.Target)
	}
}

// close closes the open leg's accounts: met or cancelled at the given time.
func (k *Clock) close(cals map[string]calendar.Calendar, at time.Time) {
	if k.paused() {
		last := k.Legs[len(k.Legs)-1]
		k.PausedFor += cals[last.Calendar].Sub(last.From, at)
	}
}

// mark is a moment in a clock's life at which something is to be said.
type mark struct {
	clock   int // index in Case.Clocks
	label   string
	kind    Kind
	at      time.Time
	percent int
	rule    Rule
	repeat  int // of the rule: 0 when it first calls
}

const (
	breachLabel = "breach"
	warnPrefix  = "warn "
)

func warnLabel(percent int) string { return warnPrefix + strconv.Itoa(percent) + "%" }

// ruleLabel is the mark of a rule's first call, and of its nth repeat.
func ruleLabel(rule string, repeat int) string {
	if repeat == 0 {
		return rule
	}
	return rule + " again " + strconv.Itoa(repeat)
}

// heardLabel is behind a clock when somebody has said that they know of a rule's call.
func heardLabel(rule string) string { return rule + " heard" }

// marks returns what a clock still has to say, in no particular order. A paused one is silent: nothing is broken while
// it stands still.
func (c *Case) marks(i int) []mark {
	k := &c.Clocks[i]
	if !k.Live() || k.paused() {
		return nil
	}
	var out []mark
	add := func(m mark, amount time.Duration) {
		if slices.Contains(k.Fired, m.label) {
			return
		}
		m.clock = i
		if m.at = k.reach(c.calendars(), amount); !m.at.IsZero() {
			out = append(out, m)
		}
	}
	if k.BreachedAt.IsZero() {
		for _, p := range c.Policy.WarnAt {
			add(mark{label: warnLabel(p), kind: KindWarn, percent: p}, percentOf(k.Target, p))
		}
		add(mark{label: breachLabel, kind: KindBreach}, k.Target)
	}
	for _, r := range c.Policy.Escalation {
		if r.Clock != k.Name {
			continue
		}
		amount, rule := percentOf(k.Target, r.At), r.String()
		if r.At == 0 {
			amount = k.Target + r.After.On(c.calendars()[k.Calendar])
		}
		add(mark{label: rule, kind: KindEscalation, rule: r}, amount)
		if slices.Contains(k.Fired, heardLabel(rule)) {
			continue
		}
		every := r.Repeat.On(c.Policy.Calendars[k.Calendar])
		for n := 1; n <= r.Times; n++ {
			amount += every
			add(mark{label: ruleLabel(rule, n), kind: KindEscalation, rule: r, repeat: n}, amount)
		}
	}
	return out
}

// unheard returns the rules of a live clock that have called, would call again, and nobody has said that they know.
func (c *Case) unheard(k *Clock) []Rule {
	var out []Rule
	for _, r := range c.Policy.Escalation {
		rule := r.String()
		if r.Clock == k.Name && k.Live() && slices.Contains(k.Fired, rule) && !slices.Contains(k.Fired, ruleLabel(rule, r.Times)) && !slices.Contains(k.Fired, heardLabel(rule)) {
			out = append(out, r)
		}
	}
	return out
}

func percentOf(d time.Duration, percent int) time.Duration {
	return d/100*time.Duration(percent) + d%100*time.Duration(percent)/100
}

// NextDue returns when the case next has something to say by itself: a warning, a breach, an escalation, its closing.
// Zero: never.
func (c *Case) NextDue() time.Time {
	next := c.AutoCloseAt
	for i := range c.Clocks {
		for _, m := range c.marks(i) {
			next = earlier(next, m.at)
		}
	}
	return next
}

// WarnsAt returns when a promise of the case is first warned of: as much of its time is used up as the policy says. Zero while
// nobody can say, and where the policy warns of nothing.
func (c *Case) WarnsAt(k Clock) time.Time {
	if len(c.Policy.WarnAt) == 0 || k.State() != ClockRunning {
		return time.Time{}
	}
	return k.reach(c.calendars(), percentOf(k.Target, slices.Min(c.Policy.WarnAt)))
}

// NextPromise returns the earliest due time of a promise that can still be kept; zero: none.
func (c *Case) NextPromise() time.Time {
	var next time.Time
	for _, k := range c.Clocks {
		if k.State() == ClockRunning {
			next = earlier(next, k.DueAt)
		}
	}
	return next
}

// Overdue reports whether a promise of the case is broken and still not met.
func (c *Case) Overdue() bool { return slices.ContainsFunc(c.Clocks, Clock.Overdue) }

// Breached reports whether a promise of the case was ever broken.
func (c *Case) Breached() bool {
	return slices.ContainsFunc(c.Clocks, func(k Clock) bool { return !k.BreachedAt.IsZero() })
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// Expire asks every promise whether its time has come, and returns what is to be said, oldest first. It is called
// whenever time may have passed: when the timer rings, and before every action. After an outage a breach is told once,
// with how late; of the warnings only the latest, and none for a promise that was broken meanwhile; the
// calls of one rule as one.
func (c *Case) Expire(now time.Time) []Event {
	now = clean(now)
	until := now
	if !c.AutoCloseAt.IsZero() && c.AutoCloseAt.Before(now) {
		until = c.AutoCloseAt // what would have fallen due behind its closing has not, however late that is noticed
	}
	var out []Event
	for m, due := c.firstDue(until); due; m, due = c.firstDue(until) { // one may start a promise that was broken since
		out = append(out, c.record(c.timed(m, now)))
	}
	if !c.AutoCloseAt.IsZero() && !c.AutoCloseAt.After(now) {
		at := c.AutoCloseAt
		out = append(out, c.record(Event{Kind: KindAutoClose, At: c.notBefore(at), Timing: &Timing{DueAt: at, LateBy: now.Sub(at)}}))
	}
	return out
}

// firstDue returns the earliest mark whose time has come, and whether there is any.
func (c *Case) firstDue(now time.Time) (mark, bool) {
	var first mark
	found := false
	for i := range c.Clocks {
		for _, m := range c.dueMarks(i, now) {
			if !found || m.at.Before(first.at) {
				first, found = m, true
			}
		}
	}
	return first, found
}

// dueMarks returns the marks of one clock whose time has come, without the warnings that have lost their meaning.
func (c *Case) dueMarks(i int, now time.Time) []mark {
	var out []mark
	var warning mark
	broken := false
	for _, m := range c.marks(i) {
		switch {
		case m.at.After(now):
		case m.kind == KindWarn:
			if m.percent > warning.percent {
				warning = m
			}
		case m.repeat > 0 && len(out) > 0 && out[len(out)-1].kind == KindEscalation && out[len(out)-1].rule.String() == m.rule.String():
			m.at = out[len(out)-1].at // one call for all, from when the first was due
			out[len(out)-1] = m       // marks tells the calls of a rule one after the other
		default:
			broken = broken || m.kind == KindBreach
			out = append(out, m)
		}
	}
	if warning.percent > 0 && !broken {
		out = append(out, warning)
	}
	return out
}

// timed makes the event of a mark. It bears the time at which it fell due; only when events that came later are on
// record already (the promise was shortened into the past) does it stand behind them.
func (c *Case) timed(m mark, now time.Time) Event {
	k := c.Clocks[m.clock]
	t := &Timing{Clock: k.Name, Cycle: k.Cycle, DueAt: k.DueAt, LateBy: now.Sub(m.at), Percent: m.percent}
	if m.kind == KindEscalation {
		t.Rule, t.Notified, t.Repeat = m.rule.String(), m.rule.Notify, m.repeat
		if higher(c.Level, m.rule.Level) {
			t.Level = m.rule.Level
		}
	}
	at := m.at
	if at.Before(c.UpdatedAt) {
		at = c.UpdatedAt
	}
	return Event{Kind: m.kind, At: at, Timing: t}
}
