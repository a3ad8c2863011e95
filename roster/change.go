package roster

import (
	"cmp"
	"slices"
	"time"

	"yunwei/apperr"
)

// Override puts people on duty in place of others for a time.
type Override struct {
	ID   string    `json:"id"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Shift is the shift concerned; every shift when it is empty.
	Shift string `json:"shift,omitempty"`
	// Instead is who is replaced; everybody on the shift when it is empty.
	Instead     string    `json:"instead,omitempty"`
	People      []string  `json:"people"`
	By          string    `json:"by"`
	Reason      string    `json:"reason"`
	At          time.Time `json:"at"` // when it was made: it changes nothing before that
	CancelledBy string    `json:"cancelled_by,omitempty"`
	CancelledAt time.Time `json:"cancelled_at,omitzero"` // it changes nothing from then on
}

// SwapState is how far a swap has come.
type SwapState string

// The states of a swap.
const (
	SwapAsked     SwapState = "asked"
	SwapAgreed    SwapState = "agreed"
	SwapRefused   SwapState = "refused"
	SwapWithdrawn SwapState = "withdrawn"
)

// SwapStates returns every state.
func SwapStates() []SwapState {
	return []SwapState{SwapAsked, SwapAgreed, SwapRefused, SwapWithdrawn}
}

// Span is a stretch of time, [From, To).
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Swap is two people who exchange duty: With takes By's in Give, and By takes With's in Take. It changes something once
// the other has agreed.
type Swap struct {
	ID         string    `json:"id"`
	By         string    `json:"by"`
	With       string    `json:"with"`
	Give       Span      `json:"give"`
	Take       Span      `json:"take"`
	Reason     string    `json:"reason,omitempty"`
	At         time.Time `json:"at"` // when it was asked for
	State      SwapState `json:"state"`
	AnsweredAt time.Time `json:"answered_at,omitzero"` // agreed or refused by With, withdrawn by By
	// CancelledAt is when a swap that was agreed on was taken back, by CancelledBy. It changes nothing from then on.
	CancelledBy string    `json:"cancelled_by,omitempty"`
	CancelledAt time.Time `json:"cancelled_at,omitzero"`
}

// End is when the later of the two spans ends.
func (s Swap) End() time.Time {
	if s.Take.To.After(s.Give.To) {
		return s.Take.To
	}
	return s.Give.To
}

// Live reports whether an override has, or will have, an effect at a time or later, so that it can be cancelled.
func (o Override) Live(at time.Time) bool { return o.CancelledAt.IsZero() && o.To.After(at) }

// Waits reports whether a swap waits at a time for who was asked.
func (s Swap) Waits(at time.Time) bool { return s.State == SwapAsked && s.End().After(at) }

// Live reports whether a swap waits at a time, or has or will have an effect then or later, so that it can be cancelled.
func (s Swap) Live(at time.Time) bool {
	return s.Waits(at) || s.State == SwapAgreed && s.CancelledAt.IsZero() && s.End().After(at)
}

// Check adds to wrong what is amiss with an override of a plan that is made at the given time.
func (o Override) Check(p Plan, at time.Time, wrong *apperr.Fields) {
	checkSpan("from", "to", Span{o.From, o.To}, at, wrong)
	if o.Shift != "" {
		if _, ok := p.shift(o.Shift); !ok {
			wrong.Add("shift", apperr.FieldShift, apperr.Args{"shifts": p.names()})
		}
	}
	checkPeople("people", o.People, wrong)
	if o.Instead != "" && slices.Contains(o.People, o.Instead) {
		wrong.Add("instead", apperr.FieldRepeated, nil)
	}
}

// Check adds to wrong what is amiss with a swap that is asked for at the given time.
func (s Swap) Check(at time.Time, wrong *apperr.Fields) {
	checkSpan("give.from", "give.to", s.Give, at, wrong)
	checkSpan("take.from", "take.to", s.Take, at, wrong)
	if s.With == s.By {
		wrong.Add("with", apperr.FieldRepeated, nil)
	}
	if s.Give.From.Before(s.Take.To) && s.Take.From.Before(s.Give.To) {
		wrong.Add("take.from", apperr.FieldOverlap, nil)
	}
}

// maxChange bounds a change: beyond it a plan had better be saved anew.
const maxChange = 366 * 24 * time.Hour

func checkSpan(from, to string, s Span, at time.Time, wrong *apperr.Fields) {
	switch {
	case !s.From.Before(s.To) || s.To.Sub(s.From) > maxChange:
		wrong.Add(to, apperr.FieldSpan, nil)
	case !s.To.After(at):
		wrong.Add(to, apperr.FieldPast, nil)
	case s.From.IsZero():
		wrong.Add(from, apperr.FieldRequired, nil)
	}
}

// change is what an override and either half of a swap come down to: from, to are when it has an effect.
type change struct {
	id       string
	since    time.Time // when it was made: later changes are laid on earlier ones
	from, to time.Time
	shift    string
	out      string // empty: everybody
	in       []string
}

// changes returns all that has an effect at some time, in the order in which they were made.
func (r *Roster) changes() []change {
	var out []change
	add := func(c change, until time.Time) {
		if c.since.After(c.from) {
			c.from = c.since
		}
		if !until.IsZero() && until.Before(c.to) {
			c.to = until
		}
		if c.from.Before(c.to) {
			out = append(out, c)
		}
	}
	for _, o := range r.Overrides {
		add(change{id: o.ID, since: o.At, from: o.From, to: o.To, shift: o.Shift, out: o.Instead, in: o.People}, o.CancelledAt)
	}
	for _, s := range r.Swaps {
		if s.State != SwapAgreed {
			continue
		}
		add(change{id: s.ID, since: s.AnsweredAt, from: s.Give.From, to: s.Give.To, out: s.By, in: []string{s.With}}, s.CancelledAt)
		add(change{id: s.ID, since: s.AnsweredAt, from: s.Take.From, to: s.Take.To, out: s.With, in: []string{s.By}}, s.CancelledAt)
	}
	slices.SortStableFunc(out, func(a, b change) int {
		return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.id, b.id), a.from.Compare(b.from))
	})
	return out
}

// at reports whether the change has an effect on a shift at an instant.
func (c change) at(shift string, t time.Time) bool {
	return (c.shift == "" || c.shift == shift) && !t.Before(c.from) && t.Before(c.to)
}

// concerns reports whether the change has an effect on people: on somebody else's shift it has none.
func (c change) concerns(people []string) bool { return c.out == "" || slices.Contains(people, c.out) }

// apply returns people with the change made, each once.
func (c change) apply(people []string) []string {
	var out []string
	keep := func(names ...string) {
		for _, n := range names {
			if !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	if c.out == "" {
		keep(c.in...)
		return out
	}
	for _, p := range people {
		if p == c.out {
			keep(c.in...)
			continue
		}
		keep(p)
	}
	return out
}
