// Package calendar counts service time: when a desk is open, when a promise of so many counted hours falls due, and
// how much of a span counted towards it. It is pure. It knows no clock, no host zone and no locale, so that a due
// time worked out in a replayed workflow, in an API process and on another continent is the same instant.
//
// A calendar is either always open or has a week of hours in a fixed zone, corrected by exceptions: on a holiday
// nothing starts, and a make-up workday has the hours of an ordinary day. Hours belong to the day they start on: the
// span of an evening runs over midnight to its end, also into a holiday, and the span that would start on the evening
// of a holiday is gone with its small hours.
//
// The arithmetic holds for calendars that pass Validate. Others give answers of no use, but always an answer: nothing
// here panics or runs without end.
package calendar

import (
	"fmt"
	"slices"
	"time"
)

const (
	dayMinutes = 24 * 60
	daySeconds = 24 * 60 * 60
	day        = 24 * time.Hour
)

// Span is a stretch of open hours, in minutes after midnight of the day it starts on: 0 <= From < 1440 and
// From < To <= From+1440. A To past 1440 lies on the next day.
type Span struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// String returns the span as "08:30-12:00". An end on the next day is written as the clock shows it, "22:00-06:00".
func (s Span) String() string {
	to := s.To
	if to > dayMinutes {
		to -= dayMinutes
	}
	return fmt.Sprintf("%02d:%02d-%02d:%02d", s.From/60, s.From%60, to/60, to%60)
}

// length is the span's counted time, nothing when it ends before it starts.
func (s Span) length() time.Duration { return time.Duration(max(0, s.To-s.From)) * time.Minute }

// Exception is one day that does not follow the week: a holiday (Off) or a make-up workday. Name is the holiday as the
// notice calls it ("春节"), also for the workday that makes up for it.
type Exception struct {
	Date Date   `json:"date"`
	Off  bool   `json:"off"`
	Name string `json:"name"`
}

// Calendar says when time counts. It is data, part of a policy and of every case that runs under it; treat a Calendar
// as immutable once it is in use, since copies share their slices.
type Calendar struct {
	Name string `json:"name"`
	// Offset is the calendar's fixed zone, in seconds east of UTC.
	Offset int `json:"offset"`
	// Always is a calendar that never closes: it has no week and ignores its exceptions.
	Always bool `json:"always,omitempty"`
	// Week holds the hours of each day, indexed by time.Weekday (Sunday is 0), in order and without overlap.
	Week [7][]Span `json:"week,omitzero"`
	// Exceptions are the days that do not follow the week, in order of their dates, each date once.
	Exceptions []Exception `json:"exceptions,omitempty"`
	// KnownThrough is the last day ruled by a known holiday notice. Zero says that the calendar follows no holidays,
	// so that nothing in it is ever provisional.
	KnownThrough Date `json:"known_through,omitzero"`
	// Follows is the set of holidays that the calendar takes part in, see Set; empty when it follows none.
	Follows string `json:"follows,omitempty"`
	// Own are the calendar's own days, which prevail over those of the set. They are among Exceptions already; a revision
	// of the set leaves them alone.
	Own []Exception `json:"own,omitempty"`
}

// Add returns, in UTC, the earliest instant at or after start by which d of counted time has passed: a promise that is
// used up at closing time falls due at closing time, not at the next opening. It returns start for a d of zero or less,
// and the zero time when there is no such instant: the calendar never opens, or the answer lies outside the years 1 to
// 9999.
func (c Calendar) Add(start time.Time, d time.Duration) time.Time {
	start = start.Round(0).UTC()
	if d <= 0 {
		return start
	}
	at, ok := c.after(start, d)
	if !ok {
		return time.Time{}
	}
	return at
}

// Sub returns the counted time in [from, to), negative when to is before from. It stops at the largest duration, some
// 292 years, and counts nothing outside the years 1 to 9999.
func (c Calendar) Sub(from, to time.Time) time.Duration {
	if to.Before(from) {
		return -c.Sub(to, from)
	}
	from, to = clamp(from), clamp(to)
	if c.Always {
		return to.Sub(from)
	}
	counted, _ := c.count(from, to, maxDuration)
	return counted
}

// Next returns, in UTC, the earliest instant at or after t at which the calendar is open, which is t itself while it
// is. It returns the zero time when there is none, as Add does.
func (c Calendar) Next(t time.Time) time.Time {
	next, _ := c.next(t)
	return next
}

// Open reports whether time counts at t. The instant of closing is closed, that of opening is open.
func (c Calendar) Open(t time.Time) bool {
	next, ok := c.next(t)
	return ok && next.Equal(t)
}

// OrdinaryDay returns the counted length of the calendar's ordinary day, which is its longest: 24 hours when it is
// always open, zero when it never opens. It is what `1wd` means.
func (c Calendar) OrdinaryDay() time.Duration {
	if c.Always {
		return day
	}
	return length(c.ordinary())
}

// Provisional reports whether [from, to) touches a day that no known holiday notice rules, so that a due time worked
// out over it may still move. It never does on a calendar that follows no holidays.
func (c Calendar) Provisional(from, to time.Time) bool {
	if c.Always || c.KnownThrough.IsZero() || !from.Before(to) {
		return false
	}
	return c.dayOf(to.Add(-1)) > c.KnownThrough.number()
}

// Trim returns what a case that starts at from has to carry: the same calendar with only the exceptions from the day
// before (whose evening hours may still run) to the given number of days later. KnownThrough moves back to that last
// day when it lay beyond, so that a due time past what is carried shows as provisional.
func (c Calendar) Trim(from time.Time, days int) Calendar {
	if c.Always {
		c.Exceptions, c.Own, c.KnownThrough = nil, nil, Date{}
		return c
	}
	today := dateOf(c.dayOf(from))
	first, last := today.AddDays(-1), today.AddDays(max(0, days))
	i, j := search(c.Exceptions, first), search(c.Exceptions, last.AddDays(1))
	// A calendar may list exceptions without a notice behind them. Cutting some off must not go unseen either.
	if last.Before(c.KnownThrough) || c.KnownThrough.IsZero() && j < len(c.Exceptions) {
		c.KnownThrough = last
	}
	c.Exceptions = slices.Clone(c.Exceptions[i:j])
	if c.Own != nil {
		c.Own = slices.Clone(c.Own[search(c.Own, first):search(c.Own, last.AddDays(1))])
	}
	return c
}

// ordinary returns the hours of the calendar's ordinary day: the longest of its week, the first such from Monday on.
func (c *Calendar) ordinary() []Span {
	var best []Span
	for i := range c.Week {
		if spans := c.Week[(i+1)%7]; length(spans) > length(best) {
			best = spans
		}
	}
	return best
}

func length(spans []Span) time.Duration {
	var sum time.Duration
	for _, s := range spans {
		sum += s.length()
	}
	return sum
}
