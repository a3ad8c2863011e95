package calendar

import "time"

// Why says why a stretch of time counts or does not. The words are part of the API.
type Why string

// The first three count, the others do not.
const (
	Hours     Why = "hours"       // the hours of an ordinary day
	Always    Why = "always"      // the calendar never closes
	MakeUpDay Why = "make_up_day" // the hours of a make-up workday
	Closed    Why = "closed"      // outside the hours of a working day
	Weekend   Why = "weekend"     // a day of the week without hours
	Holiday   Why = "holiday"     // a day off by notice
)

// Interval is a stretch [From, To), in UTC, of one Why. Counted is its whole length or nothing. Name is the holiday's,
// for a holiday and a make-up day.
type Interval struct {
	From, To time.Time
	Counted  time.Duration
	Why      Why
	Name     string
}

// explained bounds the years that are explained: past them a list is no explanation, and would not fit in memory.
const explained = 100

// Explain returns, without gaps, what lies between from and Add(from, limit), and why it counts or not; the counted
// time adds up to limit. Neighbours of the same kind are one interval. It returns nothing for a limit of zero or less,
// when Add has no answer, and when the answer is more than a hundred years away.
func (c Calendar) Explain(from time.Time, limit time.Duration) []Interval {
	if limit <= 0 {
		return nil
	}
	due, ok := c.after(from, limit)
	if !ok {
		return nil
	}
	return c.Between(from, due)
}

// Between explains [from, to) as Explain does. It returns nothing for an empty span and for one of more than a hundred
// years.
func (c Calendar) Between(from, to time.Time) []Interval {
	from, to = clamp(from), clamp(to)
	if !from.Before(to) || to.After(from.AddDate(explained, 0, 0)) {
		return nil
	}
	if c.Always {
		return []Interval{{From: from, To: to, Counted: to.Sub(from), Why: Always}}
	}
	e, makeUp, last := explanation{c: &c, reach: from}, c.ordinary(), c.dayOf(to)
	for n := c.dayOf(from) - 1; n <= last; n++ {
		for _, s := range c.spans(n, makeUp) {
			open, shut := later(c.at(n, s.From), e.reach), earlier(c.at(n, s.To), to)
			if open.Before(shut) {
				e.closed(open)
				e.open(n, shut)
			}
		}
	}
	e.closed(to)
	return e.done
}

// explanation grows interval by interval; reach is the end of what is explained.
type explanation struct {
	c     *Calendar
	reach time.Time
	done  []Interval
}

// open explains the hours that started on day n, up to the instant to.
func (e *explanation) open(n int, to time.Time) {
	why, name := Hours, ""
	if x, ok := e.c.exception(n); ok {
		why, name = MakeUpDay, x.Name
	}
	e.add(Interval{From: e.reach, To: to, Counted: to.Sub(e.reach), Why: why, Name: name})
}

// closed explains, day by day, the time without hours up to the instant to.
func (e *explanation) closed(to time.Time) {
	for e.reach.Before(to) {
		n := e.c.dayOf(e.reach)
		why, name := e.c.whyClosed(n)
		e.add(Interval{From: e.reach, To: earlier(e.c.at(n+1, 0), to), Why: why, Name: name})
	}
}

// add appends an interval, or lets its neighbour grow when they say the same.
func (e *explanation) add(next Interval) {
	e.reach = next.To
	if i := len(e.done) - 1; i >= 0 && e.done[i].Why == next.Why && e.done[i].Name == next.Name {
		e.done[i].To = next.To
		e.done[i].Counted += next.Counted
		return
	}
	e.done = append(e.done, next)
}

// whyClosed says why time outside hours on day n does not count.
func (c *Calendar) whyClosed(n int) (Why, string) {
	x, ok := c.exception(n)
	switch {
	case ok && x.Off:
		return Holiday, x.Name
	case ok || length(c.Week[weekday(n)]) > 0:
		return Closed, ""
	default:
		return Weekend, ""
	}
}
