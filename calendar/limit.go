package calendar

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limit is how much service time a promise allows: counted time, whatever the calendar, and days of the calendar's
// ordinary length. The zero Limit is no promise.
type Limit struct {
	Counted time.Duration // whole seconds
	Days    int           // ordinary days, `wd`
}

// maxLimitDays keeps a mistyped limit from reaching past all calendars: ten years.
const maxLimitDays = 3650

const limitForm = "write whole numbers with the units wd, d, h, m or s, each once, such as 30m, 1h30m, 5d or 5wd"

// units are those of counted time, the longest first.
var units = []struct {
	name string
	size time.Duration
}{{"d", day}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}}

// ParseLimit reads a limit such as 90s, 30m, 1h30m, 5d or 5wd: whole numbers, each with a unit, in any order, each unit
// once. The units s, m, h and d are counted time, d being 24 counted hours; wd are ordinary days of the calendar.
// Limits of nothing and of more than 3650 days are refused; every error says what is accepted.
func ParseLimit(s string) (Limit, error) {
	var l Limit
	var seen []string
	for rest := s; rest != ""; {
		number, unit, tail := limitPart(rest)
		part, ok := limitOf(number, unit)
		if !ok || slices.Contains(seen, unit) {
			return Limit{}, fmt.Errorf("%q is not a limit: %s", s, limitForm)
		}
		l = Limit{l.Counted + part.Counted, l.Days + part.Days}
		if l.Counted > maxLimitDays*day || l.Days > maxLimitDays {
			return Limit{}, fmt.Errorf("the limit %q is too long: at most %dd and %dwd are accepted", s, maxLimitDays, maxLimitDays)
		}
		seen, rest = append(seen, unit), tail
	}
	if l.IsZero() {
		return Limit{}, fmt.Errorf("%q is not a limit, which is more than nothing: %s", s, limitForm)
	}
	return l, nil
}

// limitPart cuts the first number and its unit off s.
func limitPart(s string) (number, unit, rest string) {
	digit := func(r rune) bool { return '0' <= r && r <= '9' }
	rest = strings.TrimLeftFunc(s, digit)
	number = s[:len(s)-len(rest)]
	s, rest = rest, ""
	if i := strings.IndexFunc(s, digit); i >= 0 {
		s, rest = s[:i], s[i:]
	}
	return number, s, rest
}

// limitOf is the limit of one number and unit. A number past all bounds becomes one that is too long, so that it is
// refused as that.
func limitOf(number, unit string) (Limit, bool) {
	n, err := strconv.Atoi(number)
	if errors.Is(err, strconv.ErrRange) {
		n, err = math.MaxInt, nil
	}
	if err != nil {
		return Limit{}, false
	}
	if unit == "wd" {
		return Limit{Days: min(n, maxLimitDays+1)}, true
	}
	for _, u := range units {
		if u.name == unit {
			most := int(maxLimitDays*day/u.size) + 1
			return Limit{Counted: time.Duration(min(n, most)) * u.size}, true
		}
	}
	return Limit{}, false
}

// On returns the counted time that the limit allows on calendar c.
func (l Limit) On(c Calendar) time.Duration {
	return l.Counted + time.Duration(l.Days)*c.OrdinaryDay()
}

// String returns the limit in its shortest usual form, which ParseLimit reads back. Counted time up to two days is
// written in hours, as contracts do: 24h, 48h, but 5d. The zero Limit is the empty string.
func (l Limit) String() string {
	var b strings.Builder
	if l.Days != 0 {
		fmt.Fprintf(&b, "%dwd", l.Days)
	}
	left := l.Counted
	for _, u := range units {
		if n := left / u.size; n != 0 && (u.size != day || n > 2) {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			left -= n * u.size
		}
	}
	return b.String()
}

// IsZero reports whether the limit is no promise at all.
func (l Limit) IsZero() bool { return l == Limit{} }

// MarshalText writes the limit as String does. It refuses a limit that ParseLimit would not read back to the same.
func (l Limit) MarshalText() ([]byte, error) {
	s := l.String()
	if l.IsZero() {
		return nil, nil
	}
	if back, err := ParseLimit(s); err != nil || back != l {
		return nil, fmt.Errorf("a limit of %v and %d ordinary days cannot be written: it is negative, too long or not of whole seconds", l.Counted, l.Days)
	}
	return []byte(s), nil
}

// UnmarshalText reads what ParseLimit does; the empty text is the zero Limit.
func (l *Limit) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*l = Limit{}
		return nil
	}
	parsed, err := ParseLimit(string(text))
	if err != nil {
		return err
	}
	*l = parsed
	return nil
}
