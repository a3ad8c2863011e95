package calendar_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yunwei/calendar"
)

var site = time.FixedZone("", 8*60*60)

func at(text string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04:05", text, site)
	if err != nil {
		panic(err)
	}
	return t
}

// office is 5x8 with the holidays of mainland China.
func office(t testing.TB) calendar.Calendar {
	t.Helper()
	notice, ok := calendar.Holidays("cn")
	require.True(t, ok)
	c := calendar.Calendar{Name: "5x8", Offset: 8 * 60 * 60, Exceptions: notice.Exceptions, KnownThrough: notice.KnownThrough}
	for day := time.Monday; day <= time.Friday; day++ {
		c.Week[day] = []calendar.Span{{From: 8*60 + 30, To: 12 * 60}, {From: 13*60 + 30, To: 18 * 60}}
	}
	require.NoError(t, c.Validate())
	return c
}

// nights is open from 22:00 to 06:00 and at noon on Saturdays.
func nights(t testing.TB) calendar.Calendar {
	t.Helper()
	c := office(t)
	c.Name = "nights"
	c.Week = [7][]calendar.Span{}
	for day := time.Monday; day <= time.Friday; day++ {
		c.Week[day] = []calendar.Span{{From: 22 * 60, To: 30 * 60}}
	}
	c.Week[time.Saturday] = []calendar.Span{{From: 12 * 60, To: 13 * 60}}
	require.NoError(t, c.Validate())
	return c
}

var always = calendar.Calendar{Name: "7x24", Always: true}

func TestAdd_WorkedOutByHand(t *testing.T) {
	c := office(t)
	for name, x := range map[string]struct {
		from string
		d    time.Duration
		want string
	}{
		"within the morning":                  {"2026-11-23 09:00:00", time.Hour, "2026-11-23 10:00:00"},
		"over lunch":                          {"2026-11-23 11:30:00", time.Hour, "2026-11-23 14:00:00"},
		"closing time, not the next opening":  {"2026-11-23 17:00:00", time.Hour, "2026-11-23 18:00:00"},
		"a second past closing time":          {"2026-11-23 17:00:00", time.Hour + time.Second, "2026-11-24 08:30:01"},
		"filed at night":                      {"2026-11-23 23:00:00", 30 * time.Minute, "2026-11-24 09:00:00"},
		"filed at lunch":                      {"2026-11-23 12:30:00", 2 * time.Hour, "2026-11-23 15:30:00"},
		"over a weekend":                      {"2026-11-27 17:30:00", time.Hour, "2026-11-30 09:00:00"},
		"over the Spring Festival of 2026":    {"2026-02-14 17:00:00", 2 * time.Hour, "2026-02-24 09:30:00"}, // Saturday the 14th makes up for it
		"on a make-up Sunday":                 {"2026-01-04 08:30:00", 8 * time.Hour, "2026-01-04 18:00:00"},
		"over National Day of 2025":           {"2025-09-30 18:00:00", time.Minute, "2025-10-09 08:31:00"},
		"on the make-up Saturday after it":    {"2025-10-10 17:30:00", time.Hour, "2025-10-11 09:00:00"},
		"five ordinary days, forty hours":     {"2026-11-23 08:30:00", 40 * time.Hour, "2026-11-27 18:00:00"},
		"nothing":                             {"2026-11-23 23:00:00", 0, "2026-11-23 23:00:00"},
		"a year of work, over all its feasts": {"2025-01-02 08:30:00", 8 * time.Hour * 248, "2025-12-31 18:00:00"},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.Add(at(x.from), x.d)
			require.Equal(t, x.want, got.In(site).Format("2006-01-02 15:04:05"))
			require.Equal(t, time.UTC, got.Location())
		})
	}
	from := at("2026-02-14 17:00:00")
	require.True(t, always.Add(from, 120*time.Hour).Equal(from.Add(120*time.Hour)), "holidays leave 7x24 untouched")
}

func TestLimit_OnACalendar(t *testing.T) {
	for text, want := range map[string][2]time.Duration{
		"5wd": {40 * time.Hour, 120 * time.Hour}, "5d": {120 * time.Hour, 120 * time.Hour}, "30m": {30 * time.Minute, 30 * time.Minute},
		"1wd2h": {10 * time.Hour, 26 * time.Hour}, "90s": {90 * time.Second, 90 * time.Second},
	} {
		l, err := calendar.ParseLimit(text)
		require.NoError(t, err)
		require.Equal(t, want[0], l.On(office(t)), text)
		require.Equal(t, want[1], l.On(always), text)
	}
	for _, text := range []string{"", "0", "0h", "5", "h", "-1h", "1.5h", "1h1h", "5w", "1 h", "9999999999999999999h", "4000d", "1h\n", "五天"} {
		_, err := calendar.ParseLimit(text)
		require.Error(t, err, text)
	}
}

func TestCalendar_ThatNeverOpens(t *testing.T) {
	c := calendar.Calendar{Name: "shut", Offset: 8 * 60 * 60}
	require.ErrorContains(t, c.Validate(), "never opens")
	require.Zero(t, c.Add(at("2026-11-23 09:00:00"), time.Hour))
	require.Zero(t, c.Next(at("2026-11-23 09:00:00")))
	require.Zero(t, c.Sub(at("2026-11-23 09:00:00"), at("2027-11-23 09:00:00")))
	require.Nil(t, c.Explain(at("2026-11-23 09:00:00"), time.Hour))
	require.False(t, c.Open(at("2026-11-23 09:00:00")))
}

func TestValidate_WhatIsWrong(t *testing.T) {
	for says, change := range map[string]func(*calendar.Calendar){
		"offset":             func(c *calendar.Calendar) { c.Offset = 30 },
		"overlaps":           func(c *calendar.Calendar) { c.Week[1] = []calendar.Span{{From: 60, To: 120}, {From: 100, To: 200}} },
		"are none":           func(c *calendar.Calendar) { c.Week[1] = []calendar.Span{{From: 60, To: 60}} },
		"runs over midnight": func(c *calendar.Calendar) { c.Week[1] = []calendar.Span{{From: 1200, To: 2000}} },
		"always open":        func(c *calendar.Calendar) { c.Always = true },
		"each date once":     func(c *calendar.Calendar) { c.Exceptions = append(c.Exceptions, c.Exceptions[0]) },
		"no date": func(c *calendar.Calendar) {
			c.Exceptions = []calendar.Exception{{Date: calendar.Date{Year: 2026, Month: 2, Day: 30}}}
		},
	} {
		c := office(t)
		change(&c)
		require.ErrorContains(t, c.Validate(), says)
	}
}

func TestProvisional_PastTheLastNotice(t *testing.T) {
	c := office(t)
	require.False(t, c.Provisional(at("2026-12-01 09:00:00"), at("2027-01-01 00:00:00")))
	require.True(t, c.Provisional(at("2026-12-01 09:00:00"), at("2027-01-01 00:00:01")))
	require.False(t, always.Provisional(at("2026-12-01 09:00:00"), at("2030-01-01 00:00:00")))
	c.KnownThrough, c.Exceptions = calendar.Date{}, nil
	require.False(t, c.Provisional(at("2026-12-01 09:00:00"), at("2030-01-01 00:00:00")), "a calendar without holidays knows all there is")
}

func TestTrim_CarriesWhatACaseNeeds(t *testing.T) {
	c := office(t)
	from := at("2026-01-01 09:00:00")
	trimmed := c.Trim(from, 30)
	require.Less(t, len(trimmed.Exceptions), len(c.Exceptions))
	require.NoError(t, trimmed.Validate())
	for d := time.Duration(0); d < 100*time.Hour; d += time.Hour {
		require.Equal(t, c.Add(from, d), trimmed.Add(from, d))
	}
	require.Equal(t, "2026-01-31", trimmed.KnownThrough.String())
	require.Empty(t, always.Trim(from, 30).Exceptions)
}

// TestHolidays_OfEveryYear holds the shipped files against the State Council's notices: of each year how many days off and
// make-up workdays, and each feast from its first to its last day with the workdays that make up for it.
func TestHolidays_OfEveryYear(t *testing.T) {
	want := map[int]struct {
		off, work int
		feasts    []string
	}{
		2019: {24, 7, []string{
			"元旦 2018-12-30..2019-01-01 for 12-29",
			"春节 2019-02-04..2019-02-10 for 02-02 02-03",
			"清明节 2019-04-05..2019-04-05",
			"劳动节 2019-05-01..2019-05-04 for 04-28 05-05",
			"端午节 2019-06-07..2019-06-07",
			"中秋节 2019-09-13..2019-09-13",
			"国庆节 2019-10-01..2019-10-07 for 09-29 10-12",
		}},
		2020: {30, 7, []string{
			"元旦 2020-01-01..2020-01-01",
			"春节 2020-01-24..2020-02-02 for 01-19 02-03",
			"清明节 2020-04-04..2020-04-06",
			"劳动节 2020-05-01..2020-05-05 for 04-26 05-09",
			"端午节 2020-06-25..2020-06-27 for 06-28",
			"国庆节、中秋节 2020-10-01..2020-10-08 for 09-27 10-10",
		}},
		2021: {31, 7, []string{
			"元旦 2021-01-01..2021-01-03",
			"春节 2021-02-11..2021-02-17 for 02-07 02-20",
			"清明节 2021-04-03..2021-04-05",
			"劳动节 2021-05-01..2021-05-05 for 04-25 05-08",
			"端午节 2021-06-12..2021-06-14",
			"中秋节 2021-09-19..2021-09-21 for 09-18",
			"国庆节 2021-10-01..2021-10-07 for 09-26 10-09",
		}},
		2022: {31, 7, []string{
			"元旦 2022-01-01..2022-01-03",
			"春节 2022-01-31..2022-02-06 for 01-29 01-30",
			"清明节 2022-04-03..2022-04-05 for 04-02",
			"劳动节 2022-04-30..2022-05-04 for 04-24 05-07",
			"端午节 2022-06-03..2022-06-05",
			"中秋节 2022-09-10..2022-09-12",
			"国庆节 2022-10-01..2022-10-07 for 10-08 10-09",
		}},
		2023: {27, 7, []string{
			"元旦 2022-12-31..2023-01-02",
			"春节 2023-01-21..2023-01-27 for 01-28 01-29",
			"清明节 2023-04-05..2023-04-05",
			"劳动节 2023-04-29..2023-05-03 for 04-23 05-06",
			"端午节 2023-06-22..2023-06-24 for 06-25",
			"中秋节、国庆节 2023-09-29..2023-10-06 for 10-07 10-08",
		}},
		2024: {28, 8, []string{
			"元旦 2024-01-01..2024-01-01",
			"春节 2024-02-10..2024-02-17 for 02-04 02-18",
			"清明节 2024-04-04..2024-04-06 for 04-07",
			"劳动节 2024-05-01..2024-05-05 for 04-28 05-11",
			"端午节 2024-06-10..2024-06-10",
			"中秋节 2024-09-15..2024-09-17 for 09-14",
			"国庆节 2024-10-01..2024-10-07 for 09-29 10-12",
		}},
		2025: {28, 5, []string{
			"元旦 2025-01-01..2025-01-01",
			"春节 2025-01-28..2025-02-04 for 01-26 02-08",
			"清明节 2025-04-04..2025-04-06",
			"劳动节 2025-05-01..2025-05-05 for 04-27",
			"端午节 2025-05-31..2025-06-02",
			"国庆节、中秋节 2025-10-01..2025-10-08 for 09-28 10-11",
		}},
		2026: {33, 6, []string{
			"元旦 2026-01-01..2026-01-03 for 01-04",
			"春节 2026-02-15..2026-02-23 for 02-14 02-28",
			"清明节 2026-04-04..2026-04-06",
			"劳动节 2026-05-01..2026-05-05 for 05-09",
			"端午节 2026-06-19..2026-06-21",
			"中秋节 2026-09-25..2026-09-27",
			"国庆节 2026-10-01..2026-10-07 for 09-20 10-10",
		}},
	}
	files, err := os.ReadDir("cn")
	require.NoError(t, err)
	require.Len(t, files, len(want)+1, "a year beside the source's description")
	for year, w := range want {
		text, err := os.ReadFile(fmt.Sprintf("cn/%d.json", year))
		require.NoError(t, err)
		change, err := calendar.ParseNotice(text)
		require.NoError(t, err)
		require.Len(t, change.Years, 1)
		off, feasts := feastsOf(t, change.Years[0].Days)
		require.Equal(t, w.feasts, feasts, year)
		require.Equal(t, w.off, off, "days off of %d", year)
		require.Equal(t, w.work, len(change.Years[0].Days)-off, "make-up workdays of %d", year)
	}

	notice, ok := calendar.Holidays("cn")
	require.True(t, ok)
	require.Equal(t, "2026-12-31", notice.KnownThrough.String())
	all := 0
	for _, w := range want {
		all += w.off + w.work
	}
	require.Len(t, notice.Exceptions, all, "the notices together, no day of theirs lost or ruled twice")
	c := office(t)
	require.False(t, c.Open(at("2024-02-12 10:00:00")), "Spring Festival of 2024")
	require.True(t, c.Open(at("2024-02-18 10:00:00")), "the Sunday that made up for it")
	_, ok = calendar.Holidays("de")
	require.False(t, ok)
}

// feastsOf returns how many days are off, and each feast as "name first..last for make-up days", by its first day off. The
// days of a feast follow each other.
func feastsOf(t *testing.T, days []calendar.Exception) (off int, feasts []string) {
	t.Helper()
	var names []string
	free, work := map[string][]calendar.Date{}, map[string]string{}
	for _, e := range days {
		if !e.Off {
			work[e.Name] += " " + e.Date.String()[len("2006-"):]
			continue
		}
		off++
		if free[e.Name] == nil {
			names = append(names, e.Name)
		}
		free[e.Name] = append(free[e.Name], e.Date)
	}
	for _, name := range names {
		first, last := free[name][0].String(), free[name][len(free[name])-1].String()
		require.Equal(t, at(first+" 00:00:00").AddDate(0, 0, len(free[name])-1), at(last+" 00:00:00"), "%s has a gap", name)
		text := name + " " + first + ".." + last
		if work[name] != "" {
			text += " for" + work[name]
		}
		feasts = append(feasts, text)
	}
	return off, feasts
}

func TestExplain_NamesWhy(t *testing.T) {
	got := office(t).Explain(at("2026-02-14 17:30:00"), time.Hour)
	var why []calendar.Why
	var counted time.Duration
	for i, x := range got {
		why = append(why, x.Why)
		counted += x.Counted
		if i > 0 {
			require.Equal(t, got[i-1].To, x.From)
		}
	}
	require.Equal(t, []calendar.Why{calendar.MakeUpDay, calendar.Closed, calendar.Holiday, calendar.Closed, calendar.Hours}, why)
	require.Equal(t, "春节", got[2].Name)
	require.Equal(t, time.Hour, counted)
}

// slow counts minute by minute, knowing nothing of the package but its data.
type slow struct {
	week  map[time.Weekday][]calendar.Span
	days  map[string]bool // date -> off
	usual []calendar.Span
}

func slowOf(c calendar.Calendar) slow {
	s := slow{week: map[time.Weekday][]calendar.Span{}, days: map[string]bool{}}
	longest := 0
	for _, day := range []time.Weekday{1, 2, 3, 4, 5, 6, 0} {
		s.week[day] = c.Week[day]
		n := 0
		for _, x := range c.Week[day] {
			n += x.To - x.From
		}
		if n > longest {
			longest, s.usual = n, c.Week[day]
		}
	}
	for _, e := range c.Exceptions {
		s.days[e.Date.String()] = e.Off
	}
	return s
}

// open reports whether the minute that begins at t counts.
func (s slow) open(t time.Time) bool {
	t = t.In(site)
	for back := range 2 { // hours of today, and those of yesterday that run over midnight
		day := t.AddDate(0, 0, -back)
		spans := s.week[day.Weekday()]
		if off, known := s.days[day.Format("2006-01-02")]; known && off {
			spans = nil
		} else if known {
			spans = s.usual
		}
		minute := t.Hour()*60 + t.Minute() + back*24*60
		for _, x := range spans {
			if x.From <= minute && minute < x.To {
				return true
			}
		}
	}
	return false
}

// TestOracle_AroundEveryFeast compares the arithmetic with the slow way around the Spring Festivals and National Days of
// all known years.
func TestOracle_AroundEveryFeast(t *testing.T) {
	for _, c := range []calendar.Calendar{office(t), nights(t)} {
		s := slowOf(c)
		for _, feast := range feasts {
			from := at(feast+" 00:00:00").AddDate(0, 0, -12)
			counted := time.Duration(0)
			for minute := range 26 * 24 * 60 {
				now := from.Add(time.Duration(minute) * time.Minute)
				is := s.open(now)
				if minute%7 == 0 { // the package's own answers are not cheap either
					require.Equal(t, is, c.Open(now), "%s %v", c.Name, now)
					require.Equal(t, counted, c.Sub(from, now), "%s %v", c.Name, now)
				}
				if is {
					counted += time.Minute
					if minute%31 == 0 {
						require.Equal(t, now.Add(time.Minute).UTC(), c.Add(from, counted), "%s: %v from %v", c.Name, counted, from)
					}
				}
			}
		}
	}
}

// anyCalendar draws a calendar: up to three spans a day, the last perhaps over midnight, and some exceptions.
func anyCalendar(t *rapid.T) calendar.Calendar {
	c := calendar.Calendar{Name: "any", Offset: rapid.IntRange(-12*4, 14*4).Draw(t, "offset") * 15 * 60}
	for day := range c.Week {
		from := rapid.IntRange(360, 700).Draw(t, "from")
		for range rapid.IntRange(0, 3).Draw(t, "spans") {
			to := from + rapid.IntRange(1, 300).Draw(t, "length")
			if from >= 1440 {
				break
			}
			c.Week[day] = append(c.Week[day], calendar.Span{From: from, To: to})
			from = to + rapid.IntRange(0, 200).Draw(t, "gap")
		}
	}
	start := calendar.Date{Year: 2026, Month: 1, Day: 1}
	for range rapid.IntRange(0, 20).Draw(t, "exceptions") {
		start = start.AddDays(rapid.IntRange(1, 30).Draw(t, "days"))
		c.Exceptions = append(c.Exceptions, calendar.Exception{Date: start, Off: rapid.Bool().Draw(t, "off"), Name: "x"})
	}
	return c
}

func TestArithmetic_HoldsOnAnyCalendar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyCalendar(t)
		if c.Validate() != nil {
			t.Skip("it never opens")
		}
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.Int64Range(0, int64(400*24*time.Hour)).Draw(t, "start")))
		d := time.Duration(rapid.Int64Range(1, int64(300*time.Hour)).Draw(t, "d"))
		due := c.Add(from, d)
		if due.IsZero() {
			t.Skip("exceptions have closed it for good")
		}
		if got := c.Sub(from, due); got != d {
			t.Fatalf("%v counted to the due time of %v", got, d)
		}
		if c.Sub(from, due.Add(-1)) >= d {
			t.Fatal("the due time is not the earliest")
		}
		if !c.Open(due.Add(-1)) {
			t.Fatal("the due time does not end service time")
		}
		if later := c.Add(from, d+time.Minute); later.Before(due) {
			t.Fatal("a longer promise falls due earlier")
		}
		if c.Add(from.Add(time.Hour), d).Before(due) {
			t.Fatal("a later start falls due earlier")
		}
		next := c.Next(from)
		if next.Before(from) || c.Sub(from, next) != 0 || !c.Open(next) {
			t.Fatalf("next opening of %v is %v", from, next)
		}
		half := d / 2
		if !c.Add(c.Add(from, half), d-half).Equal(due) {
			t.Fatal("two halves are not the whole")
		}
		var counted time.Duration
		reach := from
		for _, x := range c.Explain(from, d) {
			if !x.From.Equal(reach) || !x.From.Before(x.To) {
				t.Fatalf("a gap at %v", reach)
			}
			reach, counted = x.To, counted+x.Counted
		}
		if !reach.Equal(due) || counted != d {
			t.Fatalf("explained %v up to %v, not %v up to %v", counted, reach, d, due)
		}
	})
}

func TestAnswers_DoNotDependOnTheHost(t *testing.T) {
	c := office(t)
	local := time.Local
	defer func() { time.Local = local }()
	from := at("2026-02-14 17:00:00")
	want := c.Add(from, 20*time.Hour)
	for _, zone := range []*time.Location{time.UTC, time.FixedZone("Shanghai", 8*3600), time.FixedZone("Berlin", 3600), time.FixedZone("Kathmandu", 5*3600+45*60)} {
		time.Local = zone
		require.Equal(t, want, c.Add(from.In(zone), 20*time.Hour))
		require.Equal(t, 20*time.Hour, c.Sub(from.In(zone), want.Local()))
	}
}

func TestDate_Text(t *testing.T) {
	d, err := calendar.ParseDate("2026-02-28")
	require.NoError(t, err)
	require.Equal(t, "2026-03-01", d.AddDays(1).String())
	require.Equal(t, time.Saturday, d.Weekday())
	require.True(t, d.Before(d.AddDays(1)))
	for _, text := range []string{"2026-02-30", "2026-2-3", "", "0000-01-01", "x"} {
		_, err := calendar.ParseDate(text)
		require.Error(t, err, text)
	}
	var back calendar.Date
	text, err := d.MarshalText()
	require.NoError(t, err)
	require.NoError(t, back.UnmarshalText(text))
	require.Equal(t, d, back)
	require.Error(t, back.UnmarshalText([]byte("x")))
}

func FuzzParseLimit(f *testing.F) {
	for _, s := range []string{"30m", "5wd", "1d12h", "0s", "99999999999999999999d", "1h1h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := calendar.ParseLimit(text)
		if err != nil {
			return
		}
		back, err := calendar.ParseLimit(l.String())
		require.NoError(t, err)
		require.Equal(t, l, back)
		require.Positive(t, l.On(always))
	})
}

func BenchmarkAdd_OverAYear(b *testing.B) {
	c, from := office(b), at("2025-01-02 08:30:00")
	for b.Loop() {
		c.Add(from, 8*time.Hour*248)
	}
}
