package notice

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/defect"
)

// Person is somebody who can be told things.
type Person struct {
	defect.Person
	Settings
}

// Named returns who of some people has a user name, and whether somebody has.
func Named(people []Person, username string) (Person, bool) {
	i := slices.IndexFunc(people, func(p Person) bool { return p.Username == username })
	if i < 0 {
		return Person{}, false
	}
	return people[i], true
}

// Settings is how somebody wants to be told. The zero Settings is the inbox alone, in Chinese, at any time.
type Settings struct {
	Language string  `json:"language,omitempty"` // zh or en
	Ways     []Way   `json:"ways,omitempty"`     // by preference: the next is taken when one fails
	Quiet    []Quiet `json:"quiet,omitempty"`    // when only severity 1 comes through
	// Hours names the calendar on which notices of severities 3 and 4 come: somebody on 5x8 is not woken for a printer.
	Hours string `json:"hours,omitempty"`
}

// Way is a channel and the address that somebody has there.
type Way struct {
	Channel string `json:"channel"`
	Address string `json:"address,omitempty"`
}

// Quiet is a span of every day, in minutes after midnight at the site, over midnight when it ends before it begins.
type Quiet struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// Bounds of what somebody can set.
const (
	MaxWays    = 5
	MaxQuiet   = 5
	MaxAddress = 320
)

// ParseQuiet reads a span as people write it, "22:00-07:00". One that ends as it begins is none.
func ParseQuiet(text string) (Quiet, bool) {
	from, to, ok := strings.Cut(text, "-")
	begin, errFrom := calendar.ParseClock(from)
	end, errTo := calendar.ParseClock(to)
	q := Quiet{From: begin, To: end}
	if !ok || errFrom != nil || errTo != nil || q.From == q.To || max(begin, end) == 24*60 || q.String() != text {
		return Quiet{}, false
	}
	return q, true
}

// String returns the span as ParseQuiet reads it.
func (q Quiet) String() string {
	return calendar.Span{From: q.From, To: q.To}.String()
}

var addressForms = map[string]*regexp.Regexp{
	Mail:     regexp.MustCompile(`^[^\s@<>,;"]+@[^\s@<>,;"]+$`),
	DingTalk: mentionForm,
	WeCom:    mentionForm,
	Feishu:   mentionForm,
	Webhook:  regexp.MustCompile(`^[^\x00-\x1f\x7f]*$`),
}

// mentionForm is a telephone number or user ID by which a group robot mentions somebody. "all" would call everybody.
var mentionForm = regexp.MustCompile(`^[A-Za-z0-9_.+-]{0,64}$`)

// Check adds to wrong all that is amiss; calendars are those that Hours can name. One channel is named at most once.
func (s Settings) Check(calendars []string, wrong *apperr.Fields) {
	if s.Language != "" && s.Language != "zh" && s.Language != "en" {
		wrong.Add("language", apperr.FieldEnum, apperr.Args{"accepted": "zh, en"})
	}
	if s.Hours != "" && !slices.Contains(calendars, s.Hours) {
		wrong.Add("hours", apperr.FieldEnum, apperr.Args{"accepted": strings.Join(calendars, ", ")})
	}
	if len(s.Ways) > MaxWays {
		wrong.Add("ways", apperr.FieldTooMany, apperr.Args{"limit": strconv.Itoa(MaxWays)})
	}
	if len(s.Quiet) > MaxQuiet {
		wrong.Add("quiet", apperr.FieldTooMany, apperr.Args{"limit": strconv.Itoa(MaxQuiet)})
	}
	for i, w := range s.Ways {
		w.check("ways["+strconv.Itoa(i)+"].", wrong)
		if slices.ContainsFunc(s.Ways[:i], func(other Way) bool { return other.Channel == w.Channel }) {
			wrong.Add("ways["+strconv.Itoa(i)+"].channel", apperr.FieldDuplicate, nil)
		}
	}
}

func (w Way) check(prefix string, wrong *apperr.Fields) {
	form, known := addressForms[w.Channel]
	switch {
	case !known:
		wrong.Add(prefix+"channel", apperr.FieldEnum, apperr.Args{"accepted": strings.Join(Channels(), ", ")})
	case w.Address == "" && w.Channel == Mail:
		wrong.Add(prefix+"address", apperr.FieldRequired, nil)
	case len(w.Address) > MaxAddress:
		wrong.Add(prefix+"address", apperr.FieldTooLong, apperr.Args{"limit": strconv.Itoa(MaxAddress)})
	case !form.MatchString(w.Address) || strings.EqualFold(w.Address, "all"):
		wrong.Add(prefix+"address", apperr.FieldAddress, nil)
	}
}

// NextWay returns the first way over whose channel the person was not yet tried to be told, and whether there is one.
func (s Settings) NextWay(tried []string) (Way, bool) {
	i := slices.IndexFunc(s.Ways, func(w Way) bool { return !slices.Contains(tried, w.Channel) })
	if i < 0 {
		return Way{}, false
	}
	return s.Ways[i], true
}

// Wanted returns when a notice may reach the person: at, or when their hours begin. Severity 1 comes at once. The policy
// knows the calendars and the site's zone.
func (s Settings) Wanted(p *defect.Policy, severity defect.Severity, at time.Time) time.Time {
	if severity == 1 {
		return at
	}
	awake := s.awake(p.Offset)
	hours, ok := p.Calendars[s.Hours]
	if !ok || severity == 2 {
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

// maxTurns bounds how often hours and quiet are asked in turn: each turn is a day or so.
const maxTurns = 100

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
	for m := range minutesADay {
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
