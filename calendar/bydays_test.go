package calendar

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// dayCalendar draws a calendar whose hours all end by midnight.
func dayCalendar(t *rapid.T) Calendar {
	c := Calendar{Name: "any", Offset: rapid.IntRange(-12*4, 14*4).Draw(t, "offset") * 15 * 60}
	for day := range c.Week {
		from := rapid.IntRange(0, 700).Draw(t, "from")
		for range rapid.IntRange(0, 3).Draw(t, "spans") {
			to := min(dayMinutes, from+rapid.IntRange(1, 500).Draw(t, "length"))
			if from >= to {
				break
			}
			c.Week[day] = append(c.Week[day], Span{From: from, To: to})
			from = to + rapid.IntRange(0, 200).Draw(t, "gap")
		}
	}
	start := Date{Year: 2026, Month: 1, Day: 1}
	for range rapid.IntRange(0, 40).Draw(t, "exceptions") {
		start = start.AddDays(rapid.IntRange(1, 20).Draw(t, "days"))
		c.Exceptions = append(c.Exceptions, Exception{Date: start, Off: rapid.Bool().Draw(t, "off"), Name: "x"})
	}
	return c
}

func TestByDays_CountsAsTheWalkDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := dayCalendar(t)
		b, ok := c.byDays()
		if !ok {
			t.Fatal("its days stand apart")
		}
		from := time.Date(2025, 12, 20, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.Int64Range(0, int64(400*day)).Draw(t, "start")))
		until := from.Add(time.Duration(rapid.Int64Range(0, int64(900*day)).Draw(t, "span")))
		limit := time.Duration(rapid.Int64Range(1, int64(3000*time.Hour)).Draw(t, "limit"))
		counted, at := b.count(from, until, limit)
		walked, there := c.walk(from, until, limit)
		if counted != walked || counted == limit && !at.Equal(there) {
			t.Fatalf("%v by %v, walked %v by %v", counted, at, walked, there)
		}
		whole, _ := b.count(from, until, maxDuration)
		if walked, _ := c.walk(from, until, maxDuration); whole != walked {
			t.Fatalf("%v, walked %v", whole, walked)
		}
	})
}

func TestByDays_LeavesNightsAlone(t *testing.T) {
	for name, spans := range map[string][]Span{"over midnight": {{From: 1320, To: 1800}}, "out of order": {{From: 600, To: 700}, {From: 0, To: 60}}, "none": {{From: 60, To: 60}}, "before the day": {{From: -5, To: 60}}} {
		c := Calendar{Week: [7][]Span{1: spans}}
		_, ok := c.byDays()
		require.False(t, ok, name)
	}
}

func TestDate_NumbersEveryDay(t *testing.T) {
	for n := firstInstant.Unix() / daySeconds; n <= lastInstant.Unix()/daySeconds; n += 97 {
		d := dateOf(int(n))
		require.Equal(t, int(n), d.number(), d)
	}
	for y := 1890; y <= 2110; y++ { // over leap years and centuries, day by day
		for n := (Date{y, 2, 27}).number(); n < (Date{y, 3, 2}).number(); n++ {
			require.Equal(t, n, dateOf(n).number())
		}
	}
}
