package defect

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"yunwei/apperr"
	"yunwei/calendar"
)

// HolidayState is a state of a set of holidays: how many of its revisions are in it, and of the set that it builds on.
type HolidayState struct {
	Set      string `json:"set"`
	Revision int    `json:"revision"`
	Base     int    `json:"base,omitempty"`
}

// Holidays are a state of a set, with its days as far as they concern a case.
type Holidays struct {
	HolidayState
	Days         []calendar.Exception `json:"days"`
	KnownThrough calendar.Date        `json:"known_through,omitzero"`
	// Own are the own days of calendars that were written before these were kept apart, by the calendar's name.
	Own map[string][]calendar.Exception `json:"own,omitempty"`
}

// maxHolidays bounds the days that a step may carry.
const maxHolidays = 2 * calendar.MaxNoticeDays

// MayKeepHolidays reports whether a person may change sets of holidays, and put cases under them: those who answer for
// the service towards the client, and the admin.
func MayKeepHolidays(p Person) bool { return p.Has(holidayKeepers...) }

// calendars are those that the case counts on.
func (c *Case) calendars() map[string]calendar.Calendar {
	return c.calendarsAt(len(c.Calendars))
}

// countedOn are those that the due time of a promise was worked out on: of then, for one that is broken or ended.
func (c *Case) countedOn(k Clock) map[string]calendar.Calendar { return c.calendarsAt(k.Epoch) }

// calendarsAt are those of an epoch: 0 is the policy's.
func (c *Case) calendarsAt(epoch int) map[string]calendar.Calendar {
	if epoch == 0 {
		return c.Policy.Calendars
	}
	return c.Calendars[epoch-1]
}

// FollowedSets returns the sets of holidays that the case's calendars follow, by name.
func (c *Case) FollowedSets() []string { return FollowedSets(c.Policy.Calendars) }

// FollowedSets returns the sets of holidays that calendars follow, by name, each once.
func FollowedSets(cals map[string]calendar.Calendar) []string {
	sets := map[string]bool{}
	for _, cal := range cals { //workflowcheck:ignore sorted below
		if set := cal.Set(); set != "" {
			sets[set] = true
		}
	}
	return slices.Sorted(maps.Keys(sets))
}

// UnderHolidays returns what puts the case under a state of a set, as of the given time: its days from the eve of the
// case to 400 days ahead. It is for who decides on the step; the step itself is replayed from what this returns.
func (c *Case) UnderHolidays(state HolidayState, n calendar.Notice, at time.Time) Holidays {
	age := int(max(0, at.Sub(c.CreatedAt))/(24*time.Hour)) + 1
	carried := calendar.Calendar{Offset: c.Policy.Offset, Exceptions: n.Exceptions, KnownThrough: n.KnownThrough}.Trim(c.CreatedAt, age+carriedDays)
	out := Holidays{HolidayState: state, Days: carried.Exceptions, KnownThrough: carried.KnownThrough}
	for name, cal := range c.calendars() { //workflowcheck:ignore every one for itself
		if own := cal.OwnDays(); cal.Follows == "" && cal.Set() == state.Set && len(own) > 0 {
			if out.Own == nil {
				out.Own = map[string][]calendar.Exception{}
			}
			out.Own[name] = own
		}
	}
	return out
}

// under returns the calendars of the case under other states of the sets that they follow.
func (c *Case) under(all []Holidays) map[string]calendar.Calendar {
	out := make(map[string]calendar.Calendar, len(c.calendars()))
	for name, cal := range c.calendars() { //workflowcheck:ignore every one for itself
		for _, h := range all {
			if cal.Set() == h.Set {
				if cal.Follows == "" {
					cal.Own = h.Own[name]
				}
				cal = cal.WithHolidays(calendar.Notice{Exceptions: h.Days, KnownThrough: h.KnownThrough})
			}
		}
		out[name] = cal
	}
	return out
}

// followHolidays puts the case under other states of the sets that its calendars follow. Every promise that still runs
// or stands still is worked out anew from its legs: what was paused stays paused, what was consumed stays consumed, but
// for days of the past that count otherwise now. Broken promises are history. What a promise has said and would say
// again about its new due time, it says again.
func (c *Case) followHolidays(all []Holidays, at time.Time) {
	c.Calendars = append(slices.Clip(c.Calendars), c.under(all))
	for _, h := range all {
		c.Holidays = slices.DeleteFunc(slices.Clone(c.Holidays), func(s HolidayState) bool { return s.Set == h.Set })
		c.Holidays = append(c.Holidays, h.HolidayState)
	}
	for i := range c.Clocks {
		k := &c.Clocks[i]
		if !k.Live() || !k.BreachedAt.IsZero() {
			continue
		}
		k.Epoch = len(c.Calendars)
		k.PausedFor = k.pausedFor(c.calendars())
		k.settle(c.calendars())
		c.rearm(i, at)
		k.Said = nil // it was said of another due time
	}
	if !c.AutoCloseAt.IsZero() {
		c.AutoCloseAt = c.silenceUntil(later(c.Answer.At, c.ServiceReport.At))
	}
}

// pausedFor adds up the counted time of the pauses that have ended.
func (k Clock) pausedFor(cals map[string]calendar.Calendar) time.Duration {
	var sum time.Duration
	for i, leg := range k.Legs[:max(0, len(k.Legs)-1)] {
		if leg.Paused {
			sum += cals[leg.Calendar].Sub(leg.From, k.Legs[i+1].From)
		}
	}
	return sum
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// newerHolidays: a case goes on to newer states of sets that its calendars follow, never back.
func newerHolidays(c *Case, _ Person, in Input) error {
	var wrong apperr.Fields
	days := 0
	newer := false
	for _, h := range in.Holidays {
		days += len(h.Days)
		if !slices.Contains(c.FollowedSets(), h.Set) {
			wrong.Add("holidays", apperr.FieldHolidaySet, apperr.Args{"set": h.Set})
		}
		known := c.holidayState(h.Set)
		if h.Revision < known.Revision || h.Base < known.Base {
			return apperr.New(apperr.Conflict, apperr.ReasonHolidaysOlder, apperr.Args{"set": h.Set})
		}
		newer = newer || h.HolidayState != known
	}
	if days > maxHolidays {
		wrong.Add("holidays", apperr.FieldTooMany, apperr.Args{"limit": strconv.Itoa(maxHolidays)})
	}
	for _, cal := range c.under(in.Holidays) { //workflowcheck:ignore one mistake is as good as another
		if cal.Validate() != nil && len(wrong) == 0 {
			wrong.Add("holidays", apperr.FieldHolidayDays, nil)
		}
	}
	if len(wrong) == 0 && !newer {
		return apperr.New(apperr.Conflict, apperr.ReasonHolidaysOlder, apperr.Args{"set": in.Holidays[0].Set})
	}
	return wrong.Err()
}

// holidayState is the state of a set that the case is under; one with no revision when it was never put under another
// than that of its submission.
func (c *Case) holidayState(set string) HolidayState {
	for _, s := range c.Holidays {
		if s.Set == set {
			return s
		}
	}
	return HolidayState{Set: set}
}

// Move is a promise of a case that another state of the holidays moves, or makes more or less certain.
type Move struct {
	Clock  ClockName // empty for the time after which silence is consent
	Cycle  int
	Paused bool // it stands still: both due times are those of a promise that ran on now
	// Before and After are the due times under what the case counts on, and under the other state.
	Before, After time.Time
	// Provisional: the due time depends on days that no known holiday notice rules.
	ProvisionalBefore, ProvisionalAfter bool
	Breaks                              bool // it would be broken at once
}

// Moves returns what would become of the promises that still run when the case is put under other states of its
// holidays now. It changes nothing. The second result is false when the case would count every day that it carries as
// before, so that no promise that is still to come would differ either.
func (c *Case) Moves(all []Holidays, now time.Time) ([]Move, bool) {
	now = clean(now)
	before := c.Clone()
	before.Expire(now)
	after := before.Clone()
	if before.Closed() || !before.concerned(all) {
		return nil, false
	}
	after.followHolidays(all, now)
	var out []Move
	for i := range before.Clocks {
		k := before.Clocks[i]
		if !k.Live() || !k.BreachedAt.IsZero() {
			continue
		}
		a, b := before.runningOn(i, now), after.runningOn(i, now)
		m := Move{
			Clock: k.Name, Cycle: k.Cycle, Paused: k.paused(), Before: a.DueAt, After: b.DueAt,
			ProvisionalBefore: before.Provisional(a), ProvisionalAfter: after.Provisional(b), Breaks: !k.paused() && !b.DueAt.After(now),
		}
		out = m.appendTo(out)
	}
	if !before.AutoCloseAt.IsZero() {
		a, b := before.AutoCloseAt, after.AutoCloseAt
		m := Move{Cycle: before.Cycle, Before: a, After: b, ProvisionalBefore: before.SilenceProvisional(), ProvisionalAfter: after.SilenceProvisional(), Breaks: !b.After(now)}
		out = m.appendTo(out)
	}
	return out, true
}

// appendTo appends a move, unless nothing moves.
func (m Move) appendTo(all []Move) []Move {
	if m.Before.Equal(m.After) && m.ProvisionalBefore == m.ProvisionalAfter {
		return all
	}
	return append(all, m)
}

// concerned reports whether some calendar of the case would differ.
func (c *Case) concerned(all []Holidays) bool {
	same := func(a, b calendar.Calendar) bool {
		return a.KnownThrough == b.KnownThrough && slices.Equal(a.Exceptions, b.Exceptions)
	}
	return !maps.EqualFunc(c.calendars(), c.under(all), same)
}

// runningOn is a clock as it is, or, when it stands still, as it would be if it ran on now.
func (c *Case) runningOn(i int, now time.Time) Clock {
	k := c.Clocks[i]
	if k.paused() {
		k.turn(c.calendars(), Leg{From: now, Calendar: k.Calendar})
	}
	return k
}

// SilenceProvisional is Provisional for AutoCloseAt.
func (c *Case) SilenceProvisional() bool {
	if c.AutoCloseAt.IsZero() {
		return false
	}
	_, name := c.Policy.on(c.Policy.AutoClose, c.Severity)
	return c.calendars()[name].Provisional(later(c.Answer.At, c.ServiceReport.At), c.AutoCloseAt)
}
