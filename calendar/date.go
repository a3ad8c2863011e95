package calendar

import (
	"cmp"
	"fmt"
	"time"
)

// Date is a civil date, without a zone: "2026-02-17" in JSON and other text. The zero Date is no date at all and is
// written as the empty string.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads a date written as 2026-02-17. Its error says so.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1 {
		return Date{}, fmt.Errorf("%q is not a date: write it as 2026-02-17", s)
	}
	return DateOf(t), nil
}

// DateOf returns the date that t shows in its own location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// String returns the date as 2026-02-17, and nothing for the zero Date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// IsZero reports whether d is the zero Date.
func (d Date) IsZero() bool { return d == Date{} }

// Compare returns -1 when d is before other, 0 when they are the same and 1 when d is after it.
func (d Date) Compare(other Date) int {
	return cmp.Or(cmp.Compare(d.Year, other.Year), cmp.Compare(d.Month, other.Month), cmp.Compare(d.Day, other.Day))
}

// Before reports whether d is before other.
func (d Date) Before(other Date) bool { return d.Compare(other) < 0 }

// AddDays returns the date n days later, earlier for a negative n.
func (d Date) AddDays(n int) Date { return dateOf(d.number() + n) }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return weekday(d.number()) }

// MarshalText writes the date as String does.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes; the empty text is the zero Date. Other text is an error that says what
// is accepted.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// real reports whether d is a day of the calendar, in the years that ParseDate reads.
func (d Date) real() bool { return 1 <= d.Year && d.Year <= 9999 && dateOf(d.number()) == d }

// number counts days from 1970-01-01.
func (d Date) number() int {
	return floorDiv(int(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix()), daySeconds)
}

// dateOf is the inverse of number.
func dateOf(n int) Date { return DateOf(time.Unix(int64(n)*daySeconds, 0).UTC()) }
