// Package roster says who is on duty: shifts with people in turn, another rota on the days that a holiday notice calls
// off, exchanges of people for a time, and what is missing in all of that. It is pure: it knows no clock and no host zone,
// people are user names, holidays come in as data.
//
// A plan is a week of shifts. A shift belongs to the day that it starts on and may run over midnight. Whoever stands in
// for somebody is a change on top of the plan; a change takes hold when it is made and never earlier, so that who was on
// duty at a time past is answered as it stood then.
package roster

import (
	"slices"
	"time"

	"yunwei/calendar"
)

// Kind is what a shift is for. The plan of the contract asks for both.
type Kind string

// The kinds: people on site in working hours (现场值守), and a line that is answered day and night (7x24 热线).
const (
	Onsite  Kind = "onsite"
	Hotline Kind = "hotline"
)

// Kinds returns every kind.
func Kinds() []Kind { return []Kind{Onsite, Hotline} }

// MinOnsite is how many people are on site in working hours at least (不少于2名).
const MinOnsite = 2

// Turn is how long a group of a rotation stays.
type Turn string

// The turns.
const (
	Weekly Turn = "week"
	Daily  Turn = "day"
)

// Turns returns every turn.
func Turns() []Turn { return []Turn{Weekly, Daily} }

// Roster is a plan as it was saved, with the changes that were made to it.
type Roster struct {
	Name string `json:"name"`
	Plan
	Version int       `json:"version"` // counts how often it was saved, from 1
	SavedAt time.Time `json:"saved_at,omitzero"`
	SavedBy string    `json:"saved_by,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	// Working is the calendar that the plan names, as it stood when the plan was saved: the site's working hours, and the
	// days that a holiday notice rules. It is zero where the plan names none.
	Working calendar.Calendar `json:"working,omitzero"`
	// Overrides and Swaps are the changes; those that were cancelled stay, for the time before that.
	Overrides []Override `json:"overrides,omitempty"`
	Swaps     []Swap     `json:"swaps,omitempty"`
}

// Plan is what people write: which shifts there are and who takes them in turn.
type Plan struct {
	Timezone Zone `json:"timezone"`
	// Calendar names the calendar of the site. Its working hours are those in which people have to be on site; on the days
	// off of its holiday notice the shifts of Holidays rule. Without a calendar the week rules on every day.
	Calendar string  `json:"calendar,omitempty"`
	Shifts   []Shift `json:"shifts"`
	// Holidays are the shifts of the days that a notice calls off, in place of all others: none of them, nobody is on duty.
	Holidays []Shift `json:"holidays,omitempty"`
	// Entries are people for single days, such as an imported duty table has. They come in place of a shift's rotation.
	Entries []Entry `json:"entries,omitempty"`
	// Retired is a roster that is not in use any more: nobody is on duty by it.
	Retired bool `json:"retired,omitempty"`
}

// Shift is one line of a plan.
type Shift struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// Days are those of the week on which it starts, all when there are none. A make-up workday is an ordinary workday.
	Days  []Day `json:"days,omitempty"`
	Start Clock `json:"start"`
	// End is on the next day when it is not after Start.
	End      Clock    `json:"end"`
	Minimum  int      `json:"minimum,omitempty"` // people at least; 1 when it is 0
	Rotation Rotation `json:"rotation"`
}

// Rotation is groups of people that take a shift in turn.
type Rotation struct {
	Every  Turn `json:"every"`
	Length int  `json:"length,omitempty"` // how many weeks or days a turn lasts; 1 when it is 0
	// Anchor is the first day of a turn of the first group. Turns go back before it too.
	Anchor calendar.Date `json:"anchor"`
	Groups [][]string    `json:"groups"`
}

// Entry is who takes a shift on one day. Several entries of one shift and day are parts of it.
type Entry struct {
	Date  calendar.Date `json:"date"`
	Shift string        `json:"shift"`
	// Start and End are the shift's own when both are zero.
	Start  Clock    `json:"start,omitzero"`
	End    Clock    `json:"end,omitzero"`
	People []string `json:"people"`
}

// shift finds a shift by name, among the ordinary ones first.
func (p *Plan) shift(name string) (Shift, bool) {
	for _, list := range [][]Shift{p.Shifts, p.Holidays} {
		for _, s := range list {
			if s.Name == name {
				return s, true
			}
		}
	}
	return Shift{}, false
}

// Shift finds a shift by its name.
func (p Plan) Shift(name string) (Shift, bool) { return p.shift(name) }

// Names reports whether the plan names a person anywhere, by user name.
func (p Plan) Names(person string) bool {
	for _, list := range [][]Shift{p.Shifts, p.Holidays} {
		for _, s := range list {
			if slices.ContainsFunc(s.Rotation.Groups, func(group []string) bool { return slices.Contains(group, person) }) {
				return true
			}
		}
	}
	return slices.ContainsFunc(p.Entries, func(e Entry) bool { return slices.Contains(e.People, person) })
}

// People returns everybody whom the plan names, each once, by name.
func (p Plan) People() []string {
	var out []string
	for _, list := range [][]Shift{p.Shifts, p.Holidays} {
		for _, s := range list {
			out = append(out, slices.Concat(s.Rotation.Groups...)...)
		}
	}
	for _, e := range p.Entries {
		out = append(out, e.People...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Has reports whether the plan has a shift of a kind.
func (p Plan) Has(k Kind) bool {
	for _, list := range [][]Shift{p.Shifts, p.Holidays} {
		for _, s := range list {
			if s.Kind == k {
				return true
			}
		}
	}
	return false
}

// group returns who has a turn on a day.
func (r Rotation) group(d calendar.Date) []string {
	if len(r.Groups) == 0 {
		return nil
	}
	length := max(r.Length, 1)
	if r.Every == Weekly {
		length *= 7
	}
	turn := floorDiv(days(r.Anchor, d), length)
	n := len(r.Groups)
	return r.Groups[(turn%n+n)%n]
}

// days counts the days from one date to another.
func days(from, to calendar.Date) int {
	return int(midnight(to, 0).Sub(midnight(from, 0)) / (24 * time.Hour))
}

// midnight is the instant at which a day begins.
func midnight(d calendar.Date, z Zone) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, -int(z), 0, time.UTC)
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
