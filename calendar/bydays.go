package calendar

import "time"

// byDays counts a calendar whose hours all end by midnight: its days stand apart, so that a day counts as a whole and
// only the first and the last are looked into. Between two exceptions lie plain weeks. A year of office hours costs a
// few steps for each of its holidays.
type byDays struct {
	c      *Calendar
	makeUp []Span
	made   time.Duration    // counted time of a make-up day
	plain  [7]time.Duration // of a day without exception, by time.Weekday
	weekly time.Duration
}

// byDays returns the calendar's days, and false for a calendar with hours that run over midnight, or with hours that
// are none or out of order.
func (c *Calendar) byDays() (byDays, bool) {
	b := byDays{c: c}
	for i := range c.Week {
		shut := 0
		for _, s := range c.Week[i] {
			if s.From < shut || s.To <= s.From || s.To > dayMinutes {
				return byDays{}, false
			}
			shut = s.To
			b.plain[i] += s.length()
		}
		b.weekly += b.plain[i]
	}
	b.makeUp = c.ordinary()
	b.made = length(b.makeUp)
	return b, true
}

// count is Calendar.count.
func (b *byDays) count(from, until time.Time, limit time.Duration) (time.Duration, time.Time) {
	if b.weekly == 0 {
		return 0, from
	}
	first, last := b.c.dayOf(from), b.c.dayOf(until)
	left := limit
	at, ok := b.within(first, from, until, &left)
	if ok || first == last {
		return limit - left, at
	}
	n, done := b.reach(first+1, last, &left)
	if !done {
		n = last
	}
	at, _ = b.within(n, from, until, &left)
	return limit - left, at
}

// within counts the hours of day n that lie in [from, until) off left, and returns the instant at which nothing is left.
func (b *byDays) within(n int, from, until time.Time, left *time.Duration) (time.Time, bool) {
	for _, s := range b.c.spans(n, b.makeUp) {
		open, shut := later(b.c.at(n, s.From), from), earlier(b.c.at(n, s.To), until)
		if !open.Before(shut) {
			continue
		}
		if shut.Sub(open) >= *left {
			at := open.Add(*left)
			*left = 0
			return at, true
		}
		*left -= shut.Sub(open)
	}
	return until, false
}

// reach counts the whole days in [n, end) off left, and returns the day on which the rest of left is used up.
func (b *byDays) reach(n, end int, left *time.Duration) (int, bool) {
	for i := b.c.search(dateOf(n)); i < len(b.c.Exceptions); i++ {
		e := &b.c.Exceptions[i]
		x := e.Date.number()
		if x >= end {
			break
		}
		if x < n { // not in order: Validate has said so
			continue
		}
		if found, ok := b.reachPlain(n, x, left); ok {
			return found, true
		}
		if !e.Off {
			if b.made >= *left {
				return x, true
			}
			*left -= b.made
		}
		n = x + 1
	}
	return b.reachPlain(n, end, left)
}

// reachPlain is reach over days without exceptions.
func (b *byDays) reachPlain(n, end int, left *time.Duration) (int, bool) {
	if weeks := min((end-n)/7, int((*left-1)/b.weekly)); weeks > 0 {
		*left -= time.Duration(weeks) * b.weekly
		n += 7 * weeks
	}
	for day := weekday(n); n < end; n, day = n+1, (day+1)%7 {
		if b.plain[day] >= *left {
			return n, true
		}
		*left -= b.plain[day]
	}
	return end, false
}
