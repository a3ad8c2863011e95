package notice

import (
	"time"

	"yunwei/calendar"
	"yunwei/defect"
)

// Person is somebody who can be told things.
type Person struct {
	defect.Person
	Settings
}

// Settings is how somebody wants to be told. The zero Settings is the inbox alone, in Chinese, at any time.
type Settings struct {
	Language string  `json:"language,omitempty"` // zh or en
	Ways     []Way   `json:"ways,omitempty"`     // by preference: the next is taken when one fails
	Quiet    []Quiet `json:"quiet,omitempty"`    // when only severity 1 comes through
	// Hours names the calendar on which notices of severities 3 and 4 come: somebody on 5x8 is not woken for a printer.
	Hours string `json:"hours,omitempty"`
}

// Way is a channel and the address that somebody has there: a mail address, a telephone number, a robot's user ID.
type Way struct {
	Channel string `json:"channel"`
	Address string `json:"address,omitempty"`
}

// Quiet is a span of every day, in minutes after midnight at the site, over midnight when it ends before it begins.
type Quiet struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// MaxWays bounds the channels of one person.
const MaxWays = 5

// NextWay returns the way to be tried after a channel, the first for none, and whether there is one.
func (s Settings) NextWay(after string) (Way, bool) {
	if after == "" || after == Inbox {
		if len(s.Ways) == 0 {
			return Way{}, false
		}
		return s.Ways[0], true
	}
	for i, w := range s.Ways {
		if w.Channel == after && i+1 < len(s.Ways) {
			return s.Ways[i+1], true
		}
	}
	return Way{}, false
}

// Wanted returns when a notice about a case may reach the person: at, or when their hours begin. Severity 1 comes at
// once.
func (s Settings) Wanted(c *defect.Case, at time.Time) time.Time {
	if c.Severity == 1 {
		return at
	}
	awake := s.awake(c.Policy.Offset)
	hours, ok := c.Policy.Calendars[s.Hours]
	if !ok || c.Severity == 2 {
		hours = calendar.Calendar{Always: true}
	}
	due := at
	for range maxTurns {
		next := hours.Next(awake.Next(due))
		if next.IsZero() {
			break // they never meet: it had better come at an unwelcome hour than not at all
		}
		if next.Equal(due) {
			return due
		}
		due = next
	}
	return at
}

// maxTurns bounds how often hours and quiet are asked in turn.
const maxTurns = 1000

const minutesADay = 24 * 60

// awake is the calendar of when the person does not want quiet.
func (s Settings) awake(offset int) calendar.Calendar {
	var quiet [minutesADay]bool
	for _, q := range s.Quiet {
		for m := q.From; m != q.To; m = (m + 1) % minutesADay {
			quiet[m] = true
		}
	}
	var open []calendar.Span
	for m := 0; m < minutesADay; m++ {
		switch n := len(open); {
		case quiet[m]:
		case n > 0 && open[n-1].To == m:
			open[n-1].To++
		default:
			open = append(open, calendar.Span{From: m, To: m + 1})
		}
	}
	if len(open) == 0 || len(s.Quiet) == 0 {
		return calendar.Calendar{Always: true}
	}
	c := calendar.Calendar{Offset: offset}
	for day := range c.Week {
		c.Week[day] = open
	}
	return c
}
