package roster

import (
	"fmt"
	"slices"
	"time"

	"yunwei/calendar"
)

// Day is a day of the week, as people write it: "mon".
type Day string

// Days returns every day of the week, Monday first.
func Days() []Day { return []Day{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} }

func dayOf(w time.Weekday) Day { return Days()[(int(w)+6)%7] }

// on reports whether a shift starts on a day of the week.
func (s Shift) on(d Day) bool { return len(s.Days) == 0 || slices.Contains(s.Days, d) }

const dayMinutes = 24 * 60

// Clock is a time of day in minutes after midnight, "08:30" in JSON and other text, up to 24:00.
type Clock int

// ParseClock reads a time of day, 8:30 or 08:30. Its error says what is accepted.
func ParseClock(s string) (Clock, error) {
	minutes, err := calendar.ParseClock(s)
	return Clock(minutes), err
}

// String returns the time as 08:30.
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// MarshalText writes the time as String does.
func (c Clock) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what ParseClock does; the empty text is 0.
func (c *Clock) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*c = 0
		return nil
	}
	*c, err = ParseClock(string(text))
	return err
}

// length is how many minutes lie between a start and an end, which is on the next day when it is not after the start.
func length(start, end Clock) int {
	if end > start {
		return int(end - start)
	}
	return int(end-start) + dayMinutes
}

// Zone is a fixed zone in seconds east of UTC, "+08:00" in JSON and other text.
type Zone int

// ParseZone reads a zone. Its error says what is accepted.
func ParseZone(s string) (Zone, error) {
	offset, err := calendar.ParseOffset(s)
	return Zone(offset), err
}

// String returns the zone as +08:00.
func (z Zone) String() string { return time.Unix(0, 0).In(z.location()).Format("-07:00") }

// MarshalText writes the zone as String does.
func (z Zone) MarshalText() ([]byte, error) { return []byte(z.String()), nil }

// UnmarshalText reads what ParseZone does; the empty text is UTC.
func (z *Zone) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*z = 0
		return nil
	}
	*z, err = ParseZone(string(text))
	return err
}

func (z Zone) location() *time.Location { return time.FixedZone("", int(z)) }

// Date is the day that an instant lies on in the zone.
func (z Zone) Date(t time.Time) calendar.Date { return calendar.DateOf(t.In(z.location())) }

// At is the instant at a time of a day in the zone.
func (z Zone) At(d calendar.Date, c Clock) time.Time {
	return midnight(d, z).Add(time.Duration(c) * time.Minute)
}

// Clock is the time of day of an instant in the zone.
func (z Zone) Clock(t time.Time) Clock {
	local := t.In(z.location())
	return Clock(local.Hour()*60 + local.Minute())
}

// show writes an instant as the site's clocks show it.
func (z Zone) show(t time.Time) string { return t.In(z.location()).Format("2006-01-02 15:04") }
