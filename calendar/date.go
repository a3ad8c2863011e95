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

// number counts days from 1970-01-01. Years begin in March here, so that a leap day is a year's last: this is asked for
// every holiday that a count passes, and time.Date would take most of its time.
func (d Date) number() int {
	const (
		monthsToMarch = 9   // from a January to the next year's March, less twelve
		perEra        = 400 // years after which the calendar repeats itself
		eraDays       = 146097
		epoch         = 719468 // days from 0000-03-01 to 1970-01-01
	)
	month := (int(d.Month) + monthsToMarch) % 12
	year := d.Year
	if d.Month < time.March {
		year--
	}
	era := floorDiv(year, perEra)
	year -= era * perEra
	return era*eraDays + year*365 + year/4 - year/100 + (153*month+2)/5 + d.Day - 1 - epoch
}

// dateOf is the inverse of number.
func dateOf(n int) Date { return DateOf(time.Unix(int64(n)*daySeconds, 0).UTC()) }
