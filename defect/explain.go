package defect

import (
	"slices"
	"time"

	"yunwei/calendar"
)

// Side is whose time it was: what the yearly assessment asks of every late promise.
type Side string

// The sides. While an answer and a part are both awaited, it is the client's time: without the answer the part would
// not help.
const (
	SideContractor Side = "contractor" // the contractor's own
	SideClient     Side = "client"     // an answer of the reporter was awaited
	SideSpare      Side = "spare_part" // a part was on its way
	// SideNobody: the case is answered and reported on, and nobody owes anything unless it is opened again. Such time
	// is in no sum.
	SideNobody Side = "nobody"
)

// Sides returns the sides that time is summed up by.
func Sides() []Side { return []Side{SideContractor, SideClient, SideSpare} }

// Phase is where in a promise's life a stretch lies.
type Phase string

// The phases.
const (
	PhaseElapsed Phase = "elapsed" // before the due time
	PhaseLate    Phase = "late"    // past it
	PhaseAhead   Phase = "ahead"   // still to come, up to the due time
)

// Stretch is a part [From, To) of a promise's life of one kind, in UTC.
type Stretch struct {
	From, To time.Time
	Calendar string
	// Service is how much of it lay in the calendar's hours: its whole length or nothing.
	Service time.Duration
	// Counted is how much of it the promise used up: Service, or nothing in a pause.
	Counted time.Duration
	Paused  bool
	Why     calendar.Why
	Name    string // of the holiday
	Side    Side
	Phase   Phase
}

// Explanation is how a promise's due time came about, and whose time it was.
type Explanation struct {
	Clock Clock
	Nth   int // which of the case's promises of this name, from 1, by start
	Of    int // how many there are
	// Stretches lie end to end from the promise's start: to its due time while it runs, to the end of its life else. Up
	// to the due time their counted time adds up to the target.
	Stretches []Stretch
	// Used is the counted time up to the due time, Left what the target had left. More than the target is used up when a
	// change of severity cuts a promise short in a pause: it breaks when the pause ends.
	Used, Left time.Duration
	// Sides is the service time that has passed, by whose it was. The sums add up to the service time of the promise's
	// life, less what was nobody's.
	Sides map[Side]time.Duration
	// Provisional: the due time depends on days that no known holiday notice rules.
	Provisional bool
}

// Explain explains the nth promise of a name, the latest for 0, as of now. It reports whether there is such a promise.
func (c *Case) Explain(name ClockName, nth int, now time.Time) (Explanation, bool) {
	var those []Clock
	for _, k := range c.Clocks {
		if k.Name == name {
			those = append(those, k)
		}
	}
	if nth == 0 {
		nth = len(those)
	}
	if nth < 1 || nth > len(those) {
		return Explanation{}, false
	}
	k := those[nth-1]
	x := Explanation{Clock: k, Nth: nth, Of: len(those), Sides: map[Side]time.Duration{}}
	ends := k.endedBy(now)
	cuts, cals := cutsOf(k, c.Turns, ends), c.countedOn(k)
	for i := range len(cuts) - 1 {
		x.between(cals, cuts[i], cuts[i+1], c.Turns, ends)
	}
	for _, s := range x.Stretches {
		if s.Phase != PhaseAhead && s.Side != SideNobody {
			x.Sides[s.Side] += s.Service
		}
		if s.Phase == PhaseElapsed {
			x.Used += s.Counted
		}
	}
	x.Left = max(0, k.Target-x.Used)
	x.Provisional = c.Provisional(k)
	return x, true
}

// Provisional reports whether the due time of a promise of the case may still move, because it depends on days that no
// known holiday notice rules. That of a promise that is broken or no longer stands does not move.
func (c *Case) Provisional(k Clock) bool {
	if !k.Live() || !k.BreachedAt.IsZero() {
		return false
	}
	for i, leg := range k.Legs {
		to := k.DueAt
		if i+1 < len(k.Legs) {
			to = k.Legs[i+1].From
		}
		if c.calendars()[leg.Calendar].Provisional(leg.From, to) {
			return true
		}
	}
	return false
}

// endedBy returns when a promise's life ended, or now.
func (k Clock) endedBy(now time.Time) time.Time {
	switch {
	case !k.MetAt.IsZero():
		return k.MetAt
	case !k.CancelledAt.IsZero():
		return k.CancelledAt
	}
	return clean(now)
}

// Turn is whose time it is, from an instant on.
type Turn struct {
	From time.Time `json:"from"`
	Side Side      `json:"side"`
}

// turn returns whose time it is now.
func (c *Case) turn() Side {
	switch {
	case c.WaitsFor(WaitingReporter):
		return SideClient
	case c.WaitsFor(WaitingSpare):
		return SideSpare
	case c.Stage == Replied && c.ServiceReport != nil, c.Closed():
		return SideNobody
	}
	return SideContractor
}

// noteTurn remembers whose time it is when that has changed.
func (c *Case) noteTurn(at time.Time) {
	if side := c.turn(); side != sideAt(c.Turns, at) {
		c.Turns = append(c.Turns, Turn{From: at, Side: side})
	}
}

func sideAt(turns []Turn, at time.Time) Side {
	side := SideContractor
	for _, t := range turns {
		if t.From.After(at) {
			break
		}
		side = t.Side
	}
	return side
}

// cutsOf returns where a promise's life changes its kind: its start, its legs, whose time it was, its end, and its due
// time when that is still to come or was missed.
func cutsOf(k Clock, turns []Turn, ends time.Time) []time.Time {
	last := ends
	if k.Live() && k.DueAt.After(last) {
		last = k.DueAt
	}
	cuts := []time.Time{k.StartedAt, k.DueAt, ends, last}
	for _, leg := range k.Legs {
		cuts = append(cuts, leg.From)
	}
	for _, t := range turns {
		cuts = append(cuts, t.From)
	}
	cuts = slices.DeleteFunc(cuts, func(t time.Time) bool { return t.IsZero() || t.Before(k.StartedAt) || t.After(last) })
	slices.SortFunc(cuts, time.Time.Compare)
	return slices.CompactFunc(cuts, time.Time.Equal)
}

// between explains what lies between two neighbouring cuts.
func (x *Explanation) between(cals map[string]calendar.Calendar, from, to time.Time, turns []Turn, ends time.Time) {
	k := x.Clock
	leg := k.legAt(from)
	s := Stretch{Calendar: leg.Calendar, Paused: leg.Paused, Side: sideAt(turns, from), Phase: PhaseElapsed}
	switch {
	case !from.Before(ends):
		s.Phase = PhaseAhead
	case !k.DueAt.IsZero() && !from.Before(k.DueAt):
		s.Phase = PhaseLate
	}
	for _, i := range cals[leg.Calendar].Between(from, to) {
		s.From, s.To, s.Service, s.Counted, s.Why, s.Name = i.From, i.To, i.Counted, i.Counted, i.Why, i.Name
		if s.Paused {
			s.Counted = 0
		}
		x.add(s)
	}
}

// add appends a stretch, or lets its neighbour grow when they say the same.
func (x *Explanation) add(s Stretch) {
	if n := len(x.Stretches); n > 0 {
		last := &x.Stretches[n-1]
		same := *last
		same.From, same.To, same.Service, same.Counted = s.From, s.To, s.Service, s.Counted
		if same == s && (last.Service > 0) == (s.Service > 0) {
			last.To = s.To
			last.Service += s.Service
			last.Counted += s.Counted
			return
		}
	}
	x.Stretches = append(x.Stretches, s)
}
