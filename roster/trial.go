package roster

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"yunwei/calendar"
)

// InForce returns the version of a roster that was in force at a time, of those given, which are by when they were saved;
// false before the first.
func InForce(versions []Roster, at time.Time) (Roster, bool) {
	for _, r := range slices.Backward(versions) {
		if !r.SavedAt.After(at) {
			return r, true
		}
	}
	return Roster{}, false
}

// Under returns the roster as if a plan had been its own, with the calendar that the plan names. The overrides and swaps
// that were made stay, as they do when a roster is saved anew.
func (r Roster) Under(p Plan, working calendar.Calendar) Roster {
	r.Plan, r.Working = p, working
	return r
}

// Called is who was on duty when somebody was called for. At is zero where nobody was called for.
type Called struct {
	At     time.Time
	People []string // by name; none: nobody was on duty
}

// Trial is one call for whoever is on duty, as it was and as it would have been.
type Trial struct {
	Case  string // its number
	Rule  string
	Cycle int
	Was   Called
	Would Called
}

// Differs reports whether others would have been called, or somebody when nobody was, or nobody when somebody was. When
// they were called does not matter.
func (t Trial) Differs() bool {
	return t.Was.At.IsZero() != t.Would.At.IsZero() || !slices.Equal(t.Was.People, t.Would.People)
}

// Count is a figure as it was and as it would have been.
type Count struct{ Was, Would int }

func (c *Count) add(was, would bool) {
	if was {
		c.Was++
	}
	if would {
		c.Would++
	}
}

// Trials adds up trials. The zero value is ready.
type Trials struct {
	Calls      Count
	Unattended Count // calls of a time at which nobody was on duty
	Differ     []Trial
	people     map[string]*Count
}

// Add adds a trial.
func (ts *Trials) Add(t Trial) {
	was, would := !t.Was.At.IsZero(), !t.Would.At.IsZero()
	ts.Calls.add(was, would)
	ts.Unattended.add(was && len(t.Was.People) == 0, would && len(t.Would.People) == 0)
	for _, p := range t.Was.People {
		ts.of(p).Was++
	}
	for _, p := range t.Would.People {
		ts.of(p).Would++
	}
	if t.Differs() {
		ts.Differ = append(ts.Differ, t)
	}
}

func (ts *Trials) of(person string) *Count {
	if ts.people == nil {
		ts.people = map[string]*Count{}
	}
	if ts.people[person] == nil {
		ts.people[person] = &Count{}
	}
	return ts.people[person]
}

// PersonCalls is how often somebody was called, and would have been.
type PersonCalls struct {
	Username string
	Count
}

// People returns how often everybody was called and would have been, who would have been most often first.
func (ts *Trials) People() []PersonCalls {
	var out []PersonCalls
	for _, name := range slices.Sorted(maps.Keys(ts.people)) {
		out = append(out, PersonCalls{name, *ts.people[name]})
	}
	slices.SortStableFunc(out, func(a, b PersonCalls) int { return cmp.Or(cmp.Compare(b.Would, a.Would), cmp.Compare(b.Was, a.Was)) })
	return out
}
