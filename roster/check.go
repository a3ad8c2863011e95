package roster

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"yunwei/apperr"
	"yunwei/calendar"
)

// Problem is what is wrong with a stretch of a roster. None keeps a roster from being saved.
type Problem string

// The problems.
const (
	ProblemUncovered   Problem = "uncovered"   // nobody is on duty where somebody has to be
	ProblemShort       Problem = "short"       // fewer people than needed
	ProblemTwice       Problem = "twice"       // somebody has two shifts at once
	ProblemAbsent      Problem = "absent"      // an override or a swap replaces somebody who is not on duty then
	ProblemUnknown     Problem = "unknown"     // somebody has no account, or a disabled one
	ProblemProvisional Problem = "provisional" // past the last known holiday notice
	ProblemOutdated    Problem = "outdated"    // the site's calendar has changed since the roster was saved
	ProblemNone        Problem = "none"        // no roster has a shift of this kind at all
)

// Problems returns every problem.
func Problems() []Problem {
	return []Problem{ProblemUncovered, ProblemShort, ProblemTwice, ProblemAbsent, ProblemUnknown, ProblemProvisional, ProblemOutdated, ProblemNone}
}

// Finding is a problem with its place: [From, To), and what of the rest applies.
type Finding struct {
	Problem  Problem   `json:"problem"`
	Roster   string    `json:"roster,omitempty"`
	Kind     Kind      `json:"kind,omitempty"`
	Shifts   []string  `json:"shifts,omitempty"`
	Person   string    `json:"person,omitempty"`
	Change   string    `json:"change,omitempty"` // ID of the override or swap
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Have     int       `json:"have,omitempty"` // people
	Need     int       `json:"need,omitempty"`
	Timezone Zone      `json:"timezone"` // that people at the site read times in
}

// Text returns the catalogue's key and arguments of a sentence that tells the finding.
func (f Finding) Text() (apperr.Reason, apperr.Args) {
	shifts := strings.Join(f.Shifts, ", ")
	args := apperr.Args{
		"roster": f.Roster, "shifts": shifts, "person": f.Person, "have": strconv.Itoa(f.Have), "need": strconv.Itoa(f.Need),
		"from": f.Timezone.show(f.From), "to": f.Timezone.show(f.To), "what": cmp.Or(shifts, "@duty_kind."+string(f.Kind)),
	}
	return apperr.Reason("finding." + string(f.Problem)), args
}

// Check finds what is missing and what contradicts itself in [from, to), 400 days at most: the hotline is answered all the
// time, MinOnsite people are on site in the working hours of the plan's calendar, every shift has its people, nobody is
// twice at once, and replaced is who is there. A kind that the plan has no shift of is not asked for. known, where given,
// reports whether there is an account of that name that may serve.
func (r Roster) Check(from, to time.Time, known func(string) bool) []Finding {
	list := r.Between(from, to)
	return inOrder(append(r.gaps(list, from, to, known), clashes(list, map[string]Zone{r.Name: r.Timezone})...))
}

// CheckAll checks rosters as Check does, and across them: who is twice at once, and which kind of shift none of them has.
func CheckAll(rosters []Roster, from, to time.Time, known func(string) bool) []Finding {
	var out []Finding
	var all []Assignment
	zones, zone := map[string]Zone{}, Zone(0)
	for _, r := range rosters {
		list := r.Between(from, to)
		out = append(out, r.gaps(list, from, to, known)...)
		all = append(all, list...)
		zones[r.Name], zone = r.Timezone, r.Timezone
	}
	slices.SortStableFunc(all, byStart)
	out = append(out, clashes(all, zones)...)
	for _, k := range Kinds() {
		if !slices.ContainsFunc(rosters, func(r Roster) bool { return !r.Retired && r.Has(k) }) {
			out = append(out, Finding{Problem: ProblemNone, Kind: k, From: from, To: to, Timezone: zone})
		}
	}
	return inOrder(out)
}

// CheckedWeeks is how far rosters are looked through when nobody says otherwise.
const CheckedWeeks = 8

// LookThrough finds all that is wrong with rosters in [from, to): first those whose calendar has changed since they were
// saved, which saving them anew mends, see Outdated, then what CheckAll finds. calendars are the site's as they stand now.
func LookThrough(rosters []Roster, calendars map[string]calendar.Calendar, from, to time.Time, known func(string) bool) []Finding {
	var out []Finding
	for _, r := range rosters {
		if now, ok := calendars[r.Calendar]; ok {
			out = append(out, r.Outdated(now, from, to)...)
		}
	}
	return append(out, CheckAll(rosters, from, to, known)...)
}

// Outdated finds whether the roster's calendar, as it stands now, rules the days of [from, to) otherwise than the roster
// knows: after a new holiday notice the roster has to be saved anew, which nobody does for its people.
func (r Roster) Outdated(now calendar.Calendar, from, to time.Time) []Finding {
	if r.Retired || r.Calendar == "" || !from.Before(to) {
		return nil
	}
	first, last := r.Timezone.Date(from), r.Timezone.Date(to)
	if slices.Equal(ruled(r.Working, first, last), ruled(now, first, last)) && sameHours(r.Working, now) {
		return nil
	}
	return []Finding{{Problem: ProblemOutdated, Roster: r.Name, From: from, To: to, Timezone: r.Timezone}}
}

// ruled returns the exceptions of a calendar from one day to another, and as the last how far of that it is known.
func ruled(c calendar.Calendar, first, last calendar.Date) []calendar.Exception {
	var out []calendar.Exception
	for _, e := range c.Exceptions {
		if !e.Date.Before(first) && !last.Before(e.Date) {
			out = append(out, e)
		}
	}
	known := calendar.Exception{Date: c.KnownThrough}
	if last.Before(known.Date) {
		known.Date = last
	}
	return append(out, known)
}

func sameHours(a, b calendar.Calendar) bool {
	for d := range a.Week {
		if !slices.Equal(a.Week[d], b.Week[d]) {
			return false
		}
	}
	return a.Offset == b.Offset && a.Always == b.Always
}

func inOrder(list []Finding) []Finding {
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Roster, b.Roster), cmp.Compare(a.Problem, b.Problem), cmp.Compare(a.Person, b.Person))
	})
	return list
}

// gaps finds all that concerns one roster alone.
func (r *Roster) gaps(list []Assignment, from, to time.Time, known func(string) bool) []Finding {
	if r.Retired || !from.Before(to) {
		return nil
	}
	var out []Finding
	if r.Has(Hotline) {
		out = append(out, r.cover(list, Hotline, Span{from, to}, 1)...)
	}
	if r.Has(Onsite) && r.Calendar != "" {
		for _, i := range r.Working.Between(from, to) {
			if i.Counted > 0 {
				out = append(out, r.cover(list, Onsite, Span{i.From, i.To}, MinOnsite)...)
			}
		}
	}
	out = append(out, r.thin(list, out)...)
	out = append(out, r.absent(from, to)...)
	out = append(out, r.unknown(list, known)...)
	if r.Calendar != "" && r.Working.Provisional(from, to) {
		last := r.Timezone.At(r.Working.KnownThrough.AddDays(1), 0)
		out = append(out, Finding{Problem: ProblemProvisional, Roster: r.Name, From: later(from, last), To: to, Timezone: r.Timezone})
	}
	return out
}

// cover finds where fewer people than needed are on duty in a kind of shift.
func (r *Roster) cover(list []Assignment, kind Kind, span Span, need int) []Finding {
	on, cuts := within(list, kind, span)
	var out []Finding
	var running []Assignment
	for n, next := 1, 0; n < len(cuts); n++ {
		at := cuts[n-1]
		for ; next < len(on) && !on[next].From.After(at); next++ {
			running = append(running, on[next])
		}
		running = slices.DeleteFunc(running, func(a Assignment) bool { return !at.Before(a.To) })
		have := len(People(running))
		if have >= need {
			continue
		}
		f := Finding{Problem: ProblemShort, Roster: r.Name, Kind: kind, From: at, To: cuts[n], Have: have, Need: need, Timezone: r.Timezone}
		if have == 0 {
			f.Problem = ProblemUncovered
		}
		if last := len(out) - 1; last >= 0 && out[last].Have == have && out[last].To.Equal(at) {
			out[last].To = f.To
			continue
		}
		out = append(out, f)
	}
	return out
}

// within returns the shifts of a kind that touch a span, and the instants from its beginning to its end at which one of
// them begins or ends.
func within(list []Assignment, kind Kind, span Span) ([]Assignment, []time.Time) {
	var on []Assignment
	cuts := []time.Time{span.From, span.To}
	for _, a := range list {
		if a.Kind != kind || !a.From.Before(span.To) || !span.From.Before(a.To) {
			continue
		}
		on = append(on, a)
		for _, t := range []time.Time{a.From, a.To} {
			if span.From.Before(t) && t.Before(span.To) {
				cuts = append(cuts, t)
			}
		}
	}
	slices.SortFunc(cuts, time.Time.Compare)
	return on, slices.CompactFunc(cuts, time.Time.Equal)
}

// thin finds shifts with fewer people than they ask for, but for those whose lack told has found already.
func (r *Roster) thin(list []Assignment, told []Finding) []Finding {
	var out []Finding
	for _, a := range list {
		s, _ := r.shift(a.Shift)
		need := max(s.Minimum, 1)
		known := func(f Finding) bool {
			return f.Kind == a.Kind && f.Need >= need && f.From.Before(a.To) && a.From.Before(f.To)
		}
		if len(a.People) >= need || slices.ContainsFunc(told, known) {
			continue
		}
		out = append(out, Finding{
			Problem: ProblemShort, Roster: r.Name, Kind: a.Kind, Shifts: []string{a.Shift}, From: a.From, To: a.To,
			Have: len(a.People), Need: need, Timezone: r.Timezone,
		})
	}
	return out
}

// absent finds changes that replace somebody who is at no time of the change on a shift that it concerns.
func (r *Roster) absent(from, to time.Time) []Finding {
	var out []Finding
	changes := r.changes()
	for n, c := range changes {
		if c.out == "" || !c.from.Before(to) || !from.Before(c.to) || r.there(c, changes[:n]) {
			continue
		}
		f := Finding{Problem: ProblemAbsent, Roster: r.Name, Person: c.out, Change: c.id, From: later(from, c.from), To: earlier(to, c.to), Timezone: r.Timezone}
		if c.shift != "" {
			f.Shifts = []string{c.shift}
		}
		out = append(out, f)
	}
	return out
}

// there reports whether the change finds the person whom it replaces, after the changes before it.
func (r *Roster) there(c change, before []change) bool {
	last := r.Timezone.Date(c.to)
	for d := r.Timezone.Date(c.from).AddDays(-1); !last.Before(d); d = d.AddDays(1) {
		for _, i := range r.instances(d) {
			for _, a := range segments(i, before) {
				if (c.shift == "" || c.shift == a.Shift) && a.From.Before(c.to) && c.from.Before(a.To) && slices.Contains(a.People, c.out) {
					return true
				}
			}
		}
	}
	return false
}

// unknown finds people without an account, each once, at their first duty.
func (r *Roster) unknown(list []Assignment, known func(string) bool) []Finding {
	if known == nil {
		return nil
	}
	var out []Finding
	told := map[string]bool{}
	for _, a := range list {
		for _, p := range a.People {
			if !told[p] && !known(p) {
				out = append(out, Finding{Problem: ProblemUnknown, Roster: r.Name, Shifts: []string{a.Shift}, Person: p, From: a.From, To: a.To, Timezone: r.Timezone})
			}
			told[p] = true
		}
	}
	return out
}

// clashes finds who has two shifts at once. The list is in order of start.
func clashes(list []Assignment, zones map[string]Zone) []Finding {
	var out []Finding
	var running []Assignment
	for _, a := range list {
		running = slices.DeleteFunc(running, func(b Assignment) bool { return !a.From.Before(b.To) })
		for _, b := range running {
			for _, p := range a.People {
				if !slices.Contains(b.People, p) {
					continue
				}
				out = append(out, Finding{
					Problem: ProblemTwice, Roster: b.Roster, Kind: a.Kind, Shifts: []string{b.place(a.Roster), a.place(b.Roster)}, Person: p,
					From: a.From, To: earlier(a.To, b.To), Timezone: zones[b.Roster],
				})
			}
		}
		running = append(running, a)
	}
	return out
}

// place names an assignment's shift, with its roster where the other one is in another.
func (a Assignment) place(other string) string {
	if a.Roster == other {
		return a.Shift
	}
	return a.Roster + "/" + a.Shift
}

// Concerns reports whether the finding tells something about a roster, be it beside another.
func (f Finding) Concerns(name string) bool {
	return f.Roster == name || slices.ContainsFunc(f.Shifts, func(s string) bool { return f.Problem == ProblemTwice && strings.HasPrefix(s, name+"/") })
}
