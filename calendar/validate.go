package calendar

import (
	"errors"
	"fmt"
	"time"
)

// Zones lie between these offsets, in seconds.
const (
	minOffset = -12 * 60 * 60
	maxOffset = 14 * 60 * 60
)

// Validate returns an error that lists all that is wrong with the calendar, in plain words, and nil when the calendar
// may be counted on.
func (c Calendar) Validate() error {
	var wrong []error
	if c.Offset < minOffset || c.Offset > maxOffset || c.Offset%60 != 0 {
		wrong = append(wrong, fmt.Errorf("the offset of %d seconds is no zone: whole minutes between -12:00 and +14:00 are", c.Offset))
	}
	wrong = append(wrong, c.checkWeek()...)
	wrong = append(wrong, c.checkExceptions()...)
	if !c.KnownThrough.IsZero() && !c.KnownThrough.real() {
		wrong = append(wrong, errors.New("known_through is no day of the calendar"))
	}
	if err := errors.Join(wrong...); err != nil {
		return fmt.Errorf("calendar %q: %w", c.Name, err)
	}
	return nil
}

func (c *Calendar) checkWeek() []error {
	if c.Always {
		if c.weekly() > 0 {
			return []error{errors.New("it is always open and has hours as well: leave one out")}
		}
		return nil
	}
	if c.weekly() == 0 {
		return []error{errors.New("it never opens: give it hours on at least one day of the week")}
	}
	var wrong []error
	for i := range c.Week {
		today := time.Weekday((i + 1) % 7) // Monday first, as people read a week
		wrong = append(wrong, checkDay(today, c.Week[today])...)
		wrong = append(wrong, checkNight(today, c.Week[today], c.Week[(today+1)%7])...)
	}
	return wrong
}

// checkDay checks the hours of one day.
func checkDay(today time.Weekday, spans []Span) []error {
	var wrong []error
	for i, s := range spans {
		if s.From < 0 || s.From >= dayMinutes || s.To <= s.From || s.To > s.From+dayMinutes {
			wrong = append(wrong, fmt.Errorf("%v: hours from minute %d to minute %d are none: they start within the day, at 0 to 1439, and last from 1 to 1440 minutes", today, s.From, s.To))
			continue
		}
		if i > 0 && s.From < spans[i-1].To {
			wrong = append(wrong, fmt.Errorf("%v: %v overlaps or comes before %v", today, s, spans[i-1]))
		}
	}
	return wrong
}

// checkNight checks that the last hours of a day, when they run over midnight, end before those of the next begin.
func checkNight(today time.Weekday, spans, next []Span) []error {
	if len(spans) == 0 || len(next) == 0 {
		return nil
	}
	last, first := spans[len(spans)-1], next[0]
	if last.To-dayMinutes > first.From {
		return []error{fmt.Errorf("%v: %v runs over midnight into %v of the next day", today, last, first)}
	}
	return nil
}

func (c *Calendar) checkExceptions() []error {
	var wrong []error
	for i, e := range c.Exceptions {
		if !e.Date.real() {
			wrong = append(wrong, fmt.Errorf("exceptions: number %d has no date of the calendar", i+1))
			continue
		}
		if i > 0 && !c.Exceptions[i-1].Date.Before(e.Date) {
			wrong = append(wrong, fmt.Errorf("exceptions: %v comes after %v: list them by date, each date once", e.Date, c.Exceptions[i-1].Date))
		}
	}
	return wrong
}
