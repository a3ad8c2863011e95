package calendar

import (
	"math"
	"slices"
	"time"
)

const maxDuration = time.Duration(math.MaxInt64)

// All answers lie in [firstInstant, lastInstant]: the years that RFC 3339 can write.
var (
	firstInstant = time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC)
	lastInstant  = time.Date(10000, time.January, 1, 0, 0, 0, 0, time.UTC).Add(-1)
)

// clamp returns t in UTC, without a monotonic reading and inside the years that are counted.
func clamp(t time.Time) time.Time {
	return earlier(later(t.Round(0).UTC(), firstInstant), lastInstant)
}

// after returns the earliest instant by which d, more than nothing, has been counted, and whether there is one.
func (c *Calendar) after(start time.Time, d time.Duration) (time.Time, bool) {
	start = start.Round(0).UTC()
	if !clamp(start).Equal(start) {
		return time.Time{}, false
	}
	if c.Always {
		at := start.Add(d)
		return at, !at.After(lastInstant)
	}
	counted, at := c.count(start, lastInstant, d)
	return at, counted == d
}

// next returns the earliest open instant from t on: just before the first nanosecond that counts has passed.
func (c *Calendar) next(t time.Time) (time.Time, bool) {
	at, ok := c.after(t, 1)
	if !ok {
		return time.Time{}, false
	}
	return at.Add(-1), true
}

// count adds up open time from `from` on, until it reaches limit or the instant until, whichever comes first. It
// returns what it counted and the earliest instant by which that much had been; the instant matters only when the limit
// was reached.
func (c *Calendar) count(from, until time.Time, limit time.Duration) (time.Duration, time.Time) {
	if b, ok := c.byDays(); ok {
		return b.count(from, until, limit)
	}
	return c.walk(from, until, limit)
}

// walk is count, span by span: hours that run over midnight may run into those of a make-up day.
func (c *Calendar) walk(from, until time.Time, limit time.Duration) (time.Duration, time.Time) {
	weekly, makeUp := c.weekly(), c.ordinary()
	if weekly == 0 {
		return 0, from
	}
	counted, reach := time.Duration(0), from
	first, last := c.dayOf(from), c.dayOf(until)
	for n := first - 1; n <= last; n++ {
		if n > first { // from here on nothing but the week and the exceptions decides
			weeks := min(c.plainWeeks(n, last), int((limit-counted-1)/weekly))
			counted, reach, n = counted+time.Duration(weeks)*weekly, addWeeks(reach, weeks), n+7*weeks
		}
		for _, s := range c.spans(n, makeUp) {
			open, shut := later(c.at(n, s.From), reach), earlier(c.at(n, s.To), until)
			if !open.Before(shut) {
				continue
			}
			if left := limit - counted; shut.Sub(open) >= left {
				return limit, open.Add(left)
			}
			counted, reach = counted+shut.Sub(open), shut
		}
	}
	return counted, reach
}

// weekly is the counted time of a week without exceptions.
func (c *Calendar) weekly() time.Duration {
	var sum time.Duration
	for _, spans := range c.Week {
		sum += length(spans)
	}
	return sum
}

// plainWeeks returns how many whole weeks from day n on may be counted in one go: they hold no exception, the day
// before (whose hours may run into them) is none either, and they end a day before the day last, into which the hours of
// their own last evening may run.
func (c *Calendar) plainWeeks(n, last int) int {
	end := last - 1
	if i := c.search(dateOf(n - 1)); i < len(c.Exceptions) {
		end = min(end, c.Exceptions[i].Date.number())
	}
	return max(0, (end-n)/7)
}

// spans returns the hours that start on day n; makeUp are those of an ordinary day.
func (c *Calendar) spans(n int, makeUp []Span) []Span {
	e, ok := c.exception(n)
	switch {
	case !ok:
		return c.Week[weekday(n)]
	case e.Off:
		return nil
	default:
		return makeUp
	}
}

// exception returns what rules day n in place of the week, if anything does.
func (c *Calendar) exception(n int) (Exception, bool) {
	d := dateOf(n)
	if i := c.search(d); i < len(c.Exceptions) && c.Exceptions[i].Date == d {
		return c.Exceptions[i], true
	}
	return Exception{}, false
}

// search returns the index of the first exception on or after d.
func (c *Calendar) search(d Date) int { return search(c.Exceptions, d) }

func search(all []Exception, d Date) int {
	i, _ := slices.BinarySearchFunc(all, d, func(e Exception, d Date) int { return e.Date.Compare(d) })
	return i
}

// dayOf numbers the calendar's day that t lies on; day 0 is 1970-01-01.
func (c *Calendar) dayOf(t time.Time) int { return floorDiv(int(t.Unix())+c.Offset, daySeconds) }

// at returns the instant so many minutes after the calendar's midnight of day n.
func (c *Calendar) at(n, minutes int) time.Time {
	return time.Unix(int64(n*daySeconds+minutes*60-c.Offset), 0).UTC()
}

// addWeeks is t.Add for more weeks than a duration holds.
func addWeeks(t time.Time, weeks int) time.Time {
	return time.Unix(t.Unix()+int64(weeks)*7*daySeconds, int64(t.Nanosecond())).UTC()
}

func weekday(n int) time.Weekday {
	return time.Weekday((n%7 + 7 + int(time.Thursday)) % 7) // day 0 was a Thursday
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
