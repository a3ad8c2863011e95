package roster

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"yunwei/apperr"
	"yunwei/calendar"
)

// Limits of a plan.
const (
	MaxShifts  = 30
	MaxGroups  = 100
	MaxPeople  = 50
	MaxEntries = 4000
	MaxName    = 60 // characters of a shift's name
	maxMinimum = 50
	maxLength  = 52
)

var rosterName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,39}$`)

// NameForm is what ValidName accepts, for people.
const NameForm = "a-z 0-9 . _ -"

// ValidName reports whether a roster can have that name: it is part of addresses.
func ValidName(s string) bool { return rosterName.MatchString(s) }

// Tidy returns the plan as it is kept: user names in small letters, no blanks around names, entries by date.
func (p Plan) Tidy() Plan {
	p.Shifts, p.Holidays, p.Entries = slices.Clone(p.Shifts), slices.Clone(p.Holidays), slices.Clone(p.Entries)
	for _, list := range [][]Shift{p.Shifts, p.Holidays} {
		for i := range list {
			list[i].Name = strings.TrimSpace(list[i].Name)
			groups := make([][]string, len(list[i].Rotation.Groups))
			for n, g := range list[i].Rotation.Groups {
				groups[n] = tidyNames(g)
			}
			list[i].Rotation.Groups = groups
		}
	}
	for i := range p.Entries {
		p.Entries[i].Shift = strings.TrimSpace(p.Entries[i].Shift)
		p.Entries[i].People = tidyNames(p.Entries[i].People)
	}
	SortEntries(p.Entries)
	return p
}

// SortEntries puts entries in the order in which a plan keeps them: by date.
func SortEntries(list []Entry) {
	slices.SortStableFunc(list, func(a, b Entry) int { return a.Date.Compare(b.Date) })
}

func tidyNames(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = strings.ToLower(strings.TrimSpace(n))
	}
	return out
}

// Check returns an Invalid error that lists all that keeps the plan from being one, or nil. Gaps and conflicts are not
// errors: see Roster.Check.
func (p Plan) Check() error {
	var wrong apperr.Fields
	if len(p.Shifts) == 0 && !p.Retired {
		wrong.Add("shifts", apperr.FieldRequired, nil)
	}
	if len(p.Holidays) > 0 && p.Calendar == "" {
		wrong.Add("calendar", apperr.FieldRequired, nil)
	}
	checkShifts("shifts", p.Shifts, &wrong)
	checkShifts("holidays", p.Holidays, &wrong)
	for i, s := range p.Holidays {
		for _, other := range p.Shifts {
			if s.Name == other.Name && s.Kind != other.Kind {
				wrong.Add(place("holidays", i)+".kind", apperr.FieldEnum, apperr.Args{"accepted": string(other.Kind)})
			}
		}
	}
	p.checkEntries(&wrong)
	return wrong.Err()
}

func place(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }

func checkShifts(name string, list []Shift, wrong *apperr.Fields) {
	if len(list) > MaxShifts {
		wrong.Add(name, apperr.FieldTooMany, apperr.Args{"limit": strconv.Itoa(MaxShifts)})
		return
	}
	for i, s := range list {
		at := place(name, i) + "."
		checkName(at+"name", s.Name, wrong)
		if slices.ContainsFunc(list[:i], func(o Shift) bool { return o.Name == s.Name }) {
			wrong.Add(at+"name", apperr.FieldRepeated, nil)
		}
		if !slices.Contains(Kinds(), s.Kind) {
			wrong.Add(at+"kind", apperr.FieldEnum, apperr.Args{"accepted": joined(Kinds())})
		}
		for n, d := range s.Days {
			switch {
			case !slices.Contains(Days(), d):
				wrong.Add(at+place("days", n), apperr.FieldEnum, apperr.Args{"accepted": joined(Days())})
			case slices.Contains(s.Days[:n], d):
				wrong.Add(at+place("days", n), apperr.FieldRepeated, nil)
			}
		}
		checkHours(at, s.Start, s.End, wrong)
		if s.Minimum < 0 || s.Minimum > maxMinimum {
			wrong.Add(at+"minimum", apperr.FieldRange, apperr.Args{"min": "0", "max": strconv.Itoa(maxMinimum)})
		}
		s.Rotation.check(at+"rotation.", wrong)
	}
}

func checkName(field, name string, wrong *apperr.Fields) {
	switch {
	case strings.TrimSpace(name) == "":
		wrong.Add(field, apperr.FieldRequired, nil)
	case utf8.RuneCountInString(name) > MaxName:
		wrong.Add(field, apperr.FieldTooLong, apperr.Args{"limit": strconv.Itoa(MaxName)})
	case strings.ContainsFunc(name, unicode.IsControl):
		wrong.Add(field, apperr.FieldControl, nil)
	}
}

func checkHours(at string, start, end Clock, wrong *apperr.Fields) {
	if start < 0 || start >= dayMinutes {
		wrong.Add(at+"start", apperr.FieldClock, nil)
	}
	if end < 0 || end > dayMinutes {
		wrong.Add(at+"end", apperr.FieldClock, nil)
	}
}

func (r Rotation) check(at string, wrong *apperr.Fields) {
	if !slices.Contains(Turns(), r.Every) {
		wrong.Add(at+"every", apperr.FieldEnum, apperr.Args{"accepted": joined(Turns())})
	}
	if r.Length < 0 || r.Length > maxLength {
		wrong.Add(at+"length", apperr.FieldRange, apperr.Args{"min": "1", "max": strconv.Itoa(maxLength)})
	}
	if !realDate(r.Anchor) {
		wrong.Add(at+"anchor", apperr.FieldDate, nil)
	}
	switch n := len(r.Groups); {
	case n == 0:
		wrong.Add(at+"groups", apperr.FieldRequired, nil)
	case n > MaxGroups:
		wrong.Add(at+"groups", apperr.FieldTooMany, apperr.Args{"limit": strconv.Itoa(MaxGroups)})
		return
	}
	for i, g := range r.Groups {
		checkPeople(at+place("groups", i), g, wrong)
	}
}

// The years that rosters are made for.
const (
	FirstYear = 1970
	LastYear  = 9000
)

// realDate reports whether a date is one, and within the years that rosters are made for.
func realDate(d calendar.Date) bool { return withinYears(d.Year) && d.AddDays(0) == d }

func withinYears(year int) bool { return FirstYear <= year && year <= LastYear }

// CheckInstant adds to wrong an instant for which nobody can have duty: no roster is made for its year.
func CheckInstant(field string, at time.Time, wrong *apperr.Fields) {
	if !withinYears(at.UTC().Year()) {
		wrong.Add(field, apperr.FieldRange, apperr.Args{"min": strconv.Itoa(FirstYear), "max": strconv.Itoa(LastYear)})
	}
}

// MaxWindow is how many days of duty are told at once.
const MaxWindow = 62

// CheckWindow returns what is wrong with a span for which duty is asked, or nil: Invalid names from, to or both.
func CheckWindow(from, to time.Time) error {
	var wrong apperr.Fields
	if !from.Before(to) || to.Sub(from) > MaxWindow*24*time.Hour {
		wrong.Add("to", apperr.FieldWindow, apperr.Args{"days": strconv.Itoa(MaxWindow)})
		return wrong.Err()
	}
	CheckInstant("from", from, &wrong)
	CheckInstant("to", to, &wrong)
	return wrong.Err()
}

func checkPeople(field string, people []string, wrong *apperr.Fields) {
	switch n := len(people); {
	case n == 0:
		wrong.Add(field, apperr.FieldRequired, nil)
	case n > MaxPeople:
		wrong.Add(field, apperr.FieldTooMany, apperr.Args{"limit": strconv.Itoa(MaxPeople)})
		return
	}
	for i, p := range people {
		checkName(place(field, i), p, wrong)
		if slices.Contains(people[:i], p) {
			wrong.Add(place(field, i), apperr.FieldRepeated, nil)
		}
	}
}

func (p *Plan) checkEntries(wrong *apperr.Fields) {
	if len(p.Entries) > MaxEntries {
		wrong.Add("entries", apperr.FieldTooMany, apperr.Args{"limit": strconv.Itoa(MaxEntries)})
		return
	}
	for i, e := range p.Entries {
		at := place("entries", i) + "."
		if !realDate(e.Date) {
			wrong.Add(at+"date", apperr.FieldDate, nil)
		}
		if _, ok := p.shift(e.Shift); !ok {
			wrong.Add(at+"shift", apperr.FieldShift, apperr.Args{"shifts": p.names()})
		}
		checkHours(at, e.Start, e.End, wrong)
		checkPeople(at+"people", e.People, wrong)
	}
}

// names lists the names of the shifts.
func (p *Plan) names() string {
	var out []string
	for _, list := range [][]Shift{p.Shifts, p.Holidays} {
		for _, s := range list {
			if !slices.Contains(out, s.Name) {
				out = append(out, s.Name)
			}
		}
	}
	return strings.Join(out, ", ")
}

// ShiftNames lists the names of the shifts, for people.
func (p Plan) ShiftNames() string { return p.names() }

func joined[T ~string](terms []T) string {
	out := make([]string, len(terms))
	for i, t := range terms {
		out[i] = string(t)
	}
	return strings.Join(out, ", ")
}
