package calendar

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fault is what can be wrong with a holiday notice. The words are part of the catalogues.
type Fault string

// The faults.
const (
	FaultUnreadable Fault = "unreadable" // neither JSON nor iCalendar, or broken
	FaultSize       Fault = "size"       // over MaxNotice bytes, or over MaxNoticeDays days
	FaultMissing    Fault = "missing"    // a field that has to be there is not
	FaultUnknown    Fault = "unknown"    // a field that is not known
	FaultTwice      Fault = "twice"      // a day that stands there twice, or a field
	FaultYear       Fault = "year"       // not a year from 2000 to 2100
	FaultDate       Fault = "date"       // not a date, or not one of a whole day
	FaultOutside    Fault = "outside"    // a day of another year
	FaultName       Fault = "name"       // no name, a long one, or one with control characters
	FaultOff        Fault = "off"        // neither a day off nor a workday
	FaultSpan       Fault = "span"       // an event that ends before it begins, lasts over a month or repeats
	FaultNothing    Fault = "nothing"    // no year is ruled: New Year's Day is not among the days off
)

// faults says in plain words what is accepted instead.
var faults = map[Fault]string{
	FaultUnreadable: "it is neither a notice in JSON (year, papers, days) nor an iCalendar file",
	FaultSize:       "it is too large: at most 1 MiB and 1000 days are accepted",
	FaultMissing:    "this is missing",
	FaultUnknown:    "this is unknown: year, papers and days are accepted, in a day name, date and isOffDay",
	FaultTwice:      "this stands here twice",
	FaultYear:       "this is no year from 2000 to 2100",
	FaultDate:       "this is no date of a whole day: write it as 2026-02-17, in iCalendar as 20260217",
	FaultOutside:    "this day belongs to another year: those of the year and of the December before are accepted",
	FaultName:       "a name has 1 to 40 characters, none of them control characters",
	FaultOff:        "write true for a day off, false for a workday; in iCalendar a summary that ends in 休 or 班",
	FaultSpan:       "an event lasts from 1 to 31 days and does not repeat",
	FaultNothing:    "it rules no year: New Year's Day has to be among its days off",
}

// Faults returns every fault.
func Faults() []Fault {
	return []Fault{
		FaultUnreadable, FaultSize, FaultMissing, FaultUnknown, FaultTwice, FaultYear, FaultDate, FaultOutside, FaultName, FaultOff, FaultSpan, FaultNothing,
	}
}

// Mistake is one fault of a notice, and where it is.
type Mistake struct {
	Line  int    // from 1; 0 where there are no lines
	Field string // days[2].date, the third day's date; in iCalendar the property; empty for the whole
	Fault Fault
}

// Error returns the mistake in plain words, with its line.
func (m Mistake) Error() string {
	var where []string
	if m.Line > 0 {
		where = append(where, fmt.Sprintf("line %d", m.Line))
	}
	if m.Field != "" {
		where = append(where, m.Field)
	}
	return strings.Join(append(where, faults[m.Fault]), ": ")
}

// Mistakes is all that is wrong with a notice.
type Mistakes []Mistake

// Error returns the mistakes, one a line.
func (ms Mistakes) Error() string {
	lines := make([]string, len(ms))
	for i, m := range ms {
		lines[i] = m.Error()
	}
	return strings.Join(lines, "\n")
}

// add notes a mistake; the first maxMistakes are enough.
func (ms *Mistakes) add(line int, field string, f Fault) {
	if len(*ms) < maxMistakes {
		*ms = append(*ms, Mistake{Line: line, Field: field, Fault: f})
	}
}

// err returns the mistakes by line as an error, or nil when there are none.
func (ms Mistakes) err() error {
	if len(ms) == 0 {
		return nil
	}
	slices.SortStableFunc(ms, func(a, b Mistake) int { return cmp.Compare(a.Line, b.Line) })
	return ms
}

// Limits of a notice.
const (
	MaxNotice     = 1 << 20 // bytes
	MaxNoticeDays = 1000
	maxDayName    = 40 // characters
	maxSpan       = 31 // days
	maxMistakes   = 50
	firstYear     = 2000
	lastYear      = 2100
)

// CheckDays returns Mistakes when days that were entered by hand cannot be taken: at least one, each date once, in the
// years 2000 to 2100, each with a name.
func CheckDays(days []Exception) error {
	var wrong Mistakes
	if len(days) == 0 {
		wrong.add(0, "days", FaultMissing)
	}
	if len(days) > MaxNoticeDays {
		wrong.add(0, "days", FaultSize)
	}
	seen := map[Date]bool{}
	for i, d := range days {
		field := fmt.Sprintf("days[%d].", i)
		switch {
		case !d.Date.real() || !isYear(d.Date.Year):
			wrong.add(0, field+"date", FaultDate)
		case seen[d.Date]:
			wrong.add(0, field+"date", FaultTwice)
		}
		seen[d.Date] = true
		if !isName(d.Name) {
			wrong.add(0, field+"name", FaultName)
		}
	}
	return wrong.err()
}

func isYear(y int) bool { return firstYear <= y && y <= lastYear }

func isName(s string) bool {
	n := utf8.RuneCountInString(s)
	return n > 0 && n <= maxDayName && utf8.ValidString(s) && strings.TrimSpace(s) == s &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) })
}
