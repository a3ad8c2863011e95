package roster

import (
	"cmp"
	"slices"
	"time"

	"yunwei/calendar"
)

// Assignment is who has a shift for a time, [From, To) in UTC: a shift or, where a change begins or ends within it, a
// part of one.
type Assignment struct {
	Roster  string    `json:"roster"`
	Shift   string    `json:"shift"`
	Kind    Kind      `json:"kind"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	People  []string  `json:"people"`
	Changes []string  `json:"changes,omitempty"` // IDs of the overrides and swaps that made it so
}

// instance is a shift of one day, before any change.
type instance struct {
	Assignment
	minimum int
}

// OnDuty returns who is on duty at an instant, past or to come, in the order of the plan.
func (r Roster) OnDuty(at time.Time) []Assignment {
	var out []Assignment
	changes, today := r.changes(), r.Timezone.Date(at)
	for _, d := range []calendar.Date{today.AddDays(-1), today} {
		for _, i := range r.instances(d) {
			if at.Before(i.From) || !at.Before(i.To) {
				continue
			}
			for _, a := range segments(i, changes) {
				if !at.Before(a.From) && at.Before(a.To) {
					out = append(out, a)
				}
			}
		}
	}
	return out
}

// OnDuty returns who is on duty at an instant, by all of some rosters.
func OnDuty(rosters []Roster, at time.Time) []Assignment {
	var out []Assignment
	for _, r := range rosters {
		out = append(out, r.OnDuty(at)...)
	}
	return out
}

// maxBetween bounds the days that are told at once.
const maxBetween = 400

// Between returns who is on duty in [from, to), by start. The first and the last assignment are cut to the span. It
// returns nothing for an empty span and for one of more than 400 days.
func (r Roster) Between(from, to time.Time) []Assignment {
	if !from.Before(to) || to.Sub(from) > maxBetween*24*time.Hour {
		return nil
	}
	var out []Assignment
	changes, last := r.changes(), r.Timezone.Date(to)
	for d := r.Timezone.Date(from).AddDays(-1); !last.Before(d); d = d.AddDays(1) {
		for _, i := range r.instances(d) {
			if !i.From.Before(to) || !from.Before(i.To) {
				continue
			}
			for _, a := range segments(i, changes) {
				a.From, a.To = later(a.From, from), earlier(a.To, to)
				if a.From.Before(a.To) {
					out = append(out, a)
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Assignment) int { return a.From.Compare(b.From) })
	return out
}

// Planned returns the shifts that start on the days from first to last as the plan has them, without any change.
func (r Roster) Planned(first, last calendar.Date) []Assignment {
	var out []Assignment
	for d := first; !last.Before(d) && days(first, d) <= maxBetween; d = d.AddDays(1) {
		for _, i := range r.instances(d) {
			out = append(out, i.Assignment)
		}
	}
	return out
}

// instances returns the shifts that start on a day.
func (r *Roster) instances(d calendar.Date) []instance {
	if r.Retired {
		return nil
	}
	var out []instance
	entries := r.entries(d)
	plan, day := r.shifts(d)
	for _, s := range plan {
		if s.on(day) && !slices.ContainsFunc(entries, func(e Entry) bool { return e.Shift == s.Name }) {
			out = append(out, r.instance(s, d, s.Start, s.End, s.Rotation.group(d)))
		}
	}
	for _, e := range entries {
		s, _ := r.shift(e.Shift)
		if e.Start != 0 || e.End != 0 {
			s.Start, s.End = e.Start, e.End
		}
		out = append(out, r.instance(s, d, s.Start, s.End, e.People))
	}
	return out
}

func (r *Roster) instance(s Shift, d calendar.Date, start, end Clock, people []string) instance {
	from := r.Timezone.At(d, start)
	a := Assignment{Roster: r.Name, Shift: s.Name, Kind: s.Kind, From: from, To: from.Add(time.Duration(length(start, end)) * time.Minute), People: people}
	return instance{Assignment: a, minimum: max(s.Minimum, 1)}
}

// entries returns those of a day. They are kept by date.
func (r *Roster) entries(d calendar.Date) []Entry {
	byDate := func(e Entry, d calendar.Date) int { return e.Date.Compare(d) }
	first, _ := slices.BinarySearchFunc(r.Entries, d, byDate)
	last, _ := slices.BinarySearchFunc(r.Entries, d.AddDays(1), byDate)
	return r.Entries[first:last]
}

// shifts returns the shifts that rule a day, and the day of the week that it is worked as.
func (r *Roster) shifts(d calendar.Date) ([]Shift, Day) {
	i, found := slices.BinarySearchFunc(r.Working.Exceptions, d, func(e calendar.Exception, d calendar.Date) int { return e.Date.Compare(d) })
	switch {
	case !found:
		return r.Shifts, dayOf(d.Weekday())
	case r.Working.Exceptions[i].Off:
		return r.Holidays, dayOf(d.Weekday())
	}
	return r.Shifts, r.ordinary()
}

// ordinary is the day that a make-up workday is worked as: the one of Monday to Friday with the most shifts, the first
// such.
func (r *Roster) ordinary() Day {
	best, most := Days()[0], -1
	for _, d := range Days()[:5] {
		n := 0
		for _, s := range r.Shifts {
			if s.on(d) {
				n++
			}
		}
		if n > most {
			best, most = d, n
		}
	}
	return best
}

// segments returns a shift with the changes made, in parts where one begins or ends. Parts with the same people and
// changes are one.
func segments(i instance, changes []change) []Assignment {
	cuts := []time.Time{i.From, i.To}
	for _, c := range changes {
		for _, t := range []time.Time{c.from, c.to} {
			if (c.shift == "" || c.shift == i.Shift) && i.From.Before(t) && t.Before(i.To) {
				cuts = append(cuts, t)
			}
		}
	}
	slices.SortFunc(cuts, time.Time.Compare)
	cuts = slices.CompactFunc(cuts, time.Time.Equal)
	var out []Assignment
	for n := 1; n < len(cuts); n++ {
		a := i.Assignment
		a.From, a.To = cuts[n-1], cuts[n]
		a.People, a.Changes = changed(a, changes)
		if last := len(out) - 1; last >= 0 && slices.Equal(out[last].People, a.People) && slices.Equal(out[last].Changes, a.Changes) {
			out[last].To = a.To
			continue
		}
		out = append(out, a)
	}
	return out
}

// changed returns the people of a part with the changes made, and which.
func changed(a Assignment, changes []change) (people, ids []string) {
	people = a.People
	for _, c := range changes {
		if c.at(a.Shift, a.From) && c.concerns(people) {
			people = c.apply(people)
			ids = append(ids, c.id)
		}
	}
	return people, ids
}

// Of returns the first assignment that names somebody, and whether there is one.
func Of(list []Assignment, username string) (Assignment, bool) {
	for _, a := range list {
		if slices.Contains(a.People, username) {
			return a, true
		}
	}
	return Assignment{}, false
}

// People returns everybody that assignments name, each once, by name.
func People(list []Assignment) []string {
	var out []string
	for _, a := range list {
		out = append(out, a.People...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// byStart orders assignments for sweeps.
func byStart(a, b Assignment) int {
	return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Roster, b.Roster), cmp.Compare(a.Shift, b.Shift))
}
