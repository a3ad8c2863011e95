package defect

import (
	"slices"
	"time"
)

// Outcome is what became of a promise, for reports: each has exactly one.
type Outcome string

// The outcomes. A promise that was broken stays so, met late or not at all.
const (
	OutcomeMet       Outcome = "met"       // in time
	OutcomeBroken    Outcome = "broken"    // its due time passed without it
	OutcomeRunning   Outcome = "running"   // running or paused, and not broken
	OutcomeCancelled Outcome = "cancelled" // nobody waited for it any more, before its due time
)

// Outcomes returns every outcome. A promise has one of them, so that they add up to all promises.
func Outcomes() []Outcome {
	return []Outcome{OutcomeMet, OutcomeBroken, OutcomeRunning, OutcomeCancelled}
}

// Outcome returns what became of the promise.
func (k Clock) Outcome() Outcome {
	switch k.State() {
	case ClockBreached:
		return OutcomeBroken
	case ClockMet:
		return OutcomeMet
	case ClockCancelled:
		return OutcomeCancelled
	case ClockRunning, ClockPaused:
	}
	return OutcomeRunning
}

// Promise is one promise of a case as reports count it. It follows from the case alone and changes only when the
// promise itself does: its figures are settled when it is broken and when it ends, not with every event in between.
type Promise struct {
	N        int // which of the case's promises, from 1, by start
	Clock    ClockName
	Nth      int // which of this name, as Case.Explain counts them
	Cycle    int
	Severity Severity // whose target it has
	Person   string   // who had the case in hand when it ended; now, while it has not
	Unit     string   // of the reporter
	System   string
	Month    int // of its start in the site's zone: 202611

	StartedAt time.Time
	DueAt     time.Time // zero while a pause keeps it open
	EndedAt   time.Time // met or cancelled; zero while it has not ended
	State     ClockState
	Outcome   Outcome
	Met       bool // in time or late: Counted is then the time it took to meet

	// Counted is the service time that it used up: to its end, or to the due time of a broken one that has not ended;
	// nothing for one that runs.
	Counted time.Duration
	LateBy  time.Duration // how long after its due time a broken one ended; nothing before that
	// Sides is the same stretch of service time by whose it was, pauses included.
	Sides Sums
}

// Sums is service time by whose it was.
type Sums struct {
	Contractor, Client, SparePart time.Duration
}

// Promises returns every promise of the case, by start.
func (c *Case) Promises() []Promise {
	out := make([]Promise, 0, len(c.Clocks))
	nth := map[ClockName]int{}
	for i, k := range c.Clocks {
		nth[k.Name]++
		p := Promise{
			N: i + 1, Clock: k.Name, Nth: nth[k.Name], Cycle: k.Cycle, Severity: k.Severity, Person: k.Assignee,
			Unit: c.Submission.Reporter.Unit, System: c.Submission.System, Month: monthOf(k.StartedAt.In(c.Policy.Zone())),
			StartedAt: k.StartedAt, DueAt: k.DueAt, State: k.State(), Outcome: k.Outcome(), Met: !k.MetAt.IsZero(),
		}
		until := k.StartedAt
		switch {
		case !k.Live():
			p.EndedAt = k.endedBy(time.Time{})
			until = p.EndedAt
			if p.Outcome == OutcomeBroken {
				p.LateBy = max(0, until.Sub(k.DueAt))
			}
		case !k.BreachedAt.IsZero():
			p.Person, until = c.Assignee, k.DueAt
		default:
			p.Person = c.Assignee
		}
		p.Counted, p.Sides = c.spent(k, until)
		out = append(out, p)
	}
	return out
}

// monthOf writes a month as a number: 202611.
func monthOf(at time.Time) int { return at.Year()*100 + int(at.Month()) }

// spent returns the service time from a promise's start until an instant: what of it was counted, and whose it was.
func (c *Case) spent(k Clock, until time.Time) (counted time.Duration, sides Sums) {
	cuts := []time.Time{k.StartedAt, until}
	for _, leg := range k.Legs {
		cuts = append(cuts, leg.From)
	}
	for _, t := range c.Turns {
		cuts = append(cuts, t.From)
	}
	cuts = slices.DeleteFunc(cuts, func(t time.Time) bool { return t.Before(k.StartedAt) || t.After(until) })
	slices.SortFunc(cuts, time.Time.Compare)
	for i := range len(cuts) - 1 {
		leg := k.legAt(cuts[i])
		service := c.countedOn(k)[leg.Calendar].Sub(cuts[i], cuts[i+1])
		if !leg.Paused {
			counted += service
		}
		sides.add(sideAt(c.Turns, cuts[i]), service)
	}
	return counted, sides
}

func (s *Sums) add(side Side, d time.Duration) {
	switch side {
	case SideContractor:
		s.Contractor += d
	case SideClient:
		s.Client += d
	case SideSpare:
		s.SparePart += d
	case SideNobody:
	}
}

// legAt returns the leg of a promise that an instant lies in.
func (k Clock) legAt(at time.Time) Leg {
	leg := k.Legs[0]
	for _, l := range k.Legs {
		if !l.From.After(at) {
			leg = l
		}
	}
	return leg
}
