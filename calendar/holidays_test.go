package calendar_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yunwei/calendar"
)

func date(text string) calendar.Date {
	d, err := calendar.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

// notice2027 is a notice such as the next one: 2027 with a day of December, and a make-up Sunday.
const notice2027 = `{
 "$schema": "schema.json",
 "year": 2027,
 "papers": ["https://www.gov.cn/x.htm"],
 "days": [
  {"name": "元旦", "date": "2026-12-31", "isOffDay": true},
  {"name": "元旦", "date": "2027-01-01", "isOffDay": true},
  {"name": "春节", "date": "2027-02-05", "isOffDay": true},
  {"name": "春节", "date": "2027-02-14", "isOffDay": false}
 ]
}`

const ics2027 = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" +
	"BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261231\r\nDTEND;VALUE=DATE:20270102\r\nSUMMARY:元旦\r\n  休\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nSUMMARY:春节 休\r\nDTSTART;VALUE=DATE:20270205\r\nEND:VEVENT\r\n" +
	"BEGIN:VEVENT\r\nSUMMARY:春节 班\r\nDTSTART;VALUE=DATE:20270214\r\nDTEND;VALUE=DATE:20270215\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

func TestParseNotice_SaysTheSameInBothForms(t *testing.T) {
	fromJSON, err := calendar.ParseNotice([]byte(notice2027))
	require.NoError(t, err)
	require.Equal(t, []string{"https://www.gov.cn/x.htm"}, fromJSON.Years[0].Papers)
	fromICS, err := calendar.ParseNotice([]byte("\ufeff" + ics2027))
	require.NoError(t, err)
	require.Equal(t, fromJSON.Years[0].Days, fromICS.Years[0].Days)
	require.Equal(t, []calendar.Exception{
		{Date: date("2026-12-31"), Off: true, Name: "元旦"}, {Date: date("2027-01-01"), Off: true, Name: "元旦"},
		{Date: date("2027-02-05"), Off: true, Name: "春节"}, {Date: date("2027-02-14"), Name: "春节"},
	}, fromICS.Years[0].Days)
}

// icsOf is an iCalendar file of events, each a summary, further lines and the date of one day.
func icsOf(events ...[3]string) string {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\n")
	for _, e := range events {
		fmt.Fprintf(&b, "BEGIN:VEVENT\nSUMMARY:%s\n%sDTSTART;VALUE=DATE:%s\nEND:VEVENT\n", e[0], e[1], e[2])
	}
	b.WriteString("END:VCALENDAR\n")
	return b.String()
}

func TestParseNotice_KnowsWhatCalendarsWrite(t *testing.T) {
	for summary, want := range map[string]calendar.Exception{
		"春节 休": {Off: true, Name: "春节"}, "春节(休)": {Off: true, Name: "春节"}, "春节假期": {Off: true, Name: "春节"}, "春节 假期 第1天/共8天": {Off: true, Name: "春节"},
		"休|春节": {Off: true, Name: "春节"}, "春节 班": {Name: "春节"}, "春节\uff08休\uff09": {Off: true, Name: "春节"}, "休\uff5c春节": {Off: true, Name: "春节"}, "班: 春节": {Name: "春节"}, "春节补班": {Name: "春节"}, "班|春节": {Name: "春节"}, "国庆节、中秋节(班)": {Name: "国庆节、中秋节"},
	} {
		got, err := calendar.ParseNotice([]byte(icsOf([3]string{"元旦 休", "", "20270101"}, [3]string{summary, "", "20270207"})))
		require.NoError(t, err, summary)
		want.Date = date("2027-02-07")
		require.Equal(t, want, got.Years[0].Days[1], summary)
	}
	apple, err := calendar.ParseNotice([]byte(icsOf(
		[3]string{"元旦(休)", "BEGIN:VALARM\nSUMMARY:x\nDURATION:PT5M\nEND:VALARM\nX-APPLE-SPECIAL-DAY:WORK-HOLIDAY\n", "20270101"}, [3]string{"春节", "X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY\n", "20270214"},
		[3]string{"元宵节", "", "20270221"}, [3]string{"立春", "X-APPLE-SPECIAL-DAY:TRUE\n", "20270204"},
	)))
	require.NoError(t, err)
	require.Equal(t, []calendar.Exception{{Date: date("2027-01-01"), Off: true, Name: "元旦"}, {Date: date("2027-02-14"), Name: "春节"}}, apple.Years[0].Days, "feasts to know of are no days off")
	years, err := calendar.ParseNotice([]byte(icsOf([3]string{"元旦 休", "", "20270101"}, [3]string{"元旦 休", "", "20271231"}, [3]string{"元旦 休", "", "20280101"})))
	require.NoError(t, err)
	require.Len(t, years.Years, 2)
	require.Equal(t, "2027-12-31", years.Years[0].Days[1].Date.String(), "a December day stays with its own year when that is ruled too")
}

func TestParseNotice_TellsEveryMistakeWithItsLine(t *testing.T) {
	day := func(text string) string {
		return "{\"year\": 2027,\n\"days\": [\n{\"name\":\"元旦\",\"date\":\"2027-01-01\",\"isOffDay\":true},\n" + text + "\n]}"
	}
	long := strings.Repeat("长", 41)
	for name, c := range map[string]struct {
		text string
		want calendar.Mistake
	}{
		"nothing":              {"", calendar.Mistake{Line: 1, Fault: calendar.FaultUnreadable}},
		"a list":               {"[]", calendar.Mistake{Line: 1, Fault: calendar.FaultUnreadable}},
		"broken JSON":          {"{\n\"year\": 2027,\n\"days\": [\n{]}", calendar.Mistake{Line: 4, Fault: calendar.FaultUnreadable}},
		"cut off":              {"{\n\"year\": 2027,\n\"days\": [\n", calendar.Mistake{Line: 4, Fault: calendar.FaultUnreadable}},
		"two documents":        {notice2027 + "{}", calendar.Mistake{Line: 11, Fault: calendar.FaultUnreadable}},
		"no year":              {"{\"days\": []}", calendar.Mistake{Line: 1, Field: "year", Fault: calendar.FaultMissing}},
		"no days":              {"{\"year\": 2027}", calendar.Mistake{Line: 1, Field: "days", Fault: calendar.FaultMissing}},
		"a year long past":     {"{\n\"year\": 27, \"days\": []}", calendar.Mistake{Line: 2, Field: "year", Fault: calendar.FaultYear}},
		"a year in words":      {"{\n\"year\": \"兔年\", \"days\": []}", calendar.Mistake{Line: 2, Field: "year", Fault: calendar.FaultYear}},
		"an unknown field":     {"{\"year\": 2027,\n\"colour\": 1, \"days\": []}", calendar.Mistake{Line: 2, Field: "colour", Fault: calendar.FaultUnknown}},
		"days twice":           {"{\"year\": 2027, \"days\": [],\n\"days\": []}", calendar.Mistake{Line: 2, Field: "days", Fault: calendar.FaultTwice}},
		"no day":               {"{\"year\": 2027, \"days\": []}", calendar.Mistake{Line: 1, Field: "days", Fault: calendar.FaultNothing}},
		"a date that is none":  {day(`{"name":"x","date":"2027-02-30","isOffDay":true}`), calendar.Mistake{Line: 4, Field: "days[1].date", Fault: calendar.FaultDate}},
		"a date as a number":   {day(`{"name":"x","date":20270201,"isOffDay":true}`), calendar.Mistake{Line: 4, Field: "days[1].date", Fault: calendar.FaultDate}},
		"off in words":         {day(`{"name":"x","date":"2027-02-01","isOffDay":"yes"}`), calendar.Mistake{Line: 4, Field: "days[1].isOffDay", Fault: calendar.FaultOff}},
		"no off":               {day(`{"name":"x","date":"2027-02-01"}`), calendar.Mistake{Line: 4, Field: "days[1].isOffDay", Fault: calendar.FaultMissing}},
		"a name too long":      {day(`{"name":"` + long + `","date":"2027-02-01","isOffDay":true}`), calendar.Mistake{Line: 4, Field: "days[1].name", Fault: calendar.FaultName}},
		"a control character":  {day(`{"name":"a\u0000","date":"2027-02-01","isOffDay":true}`), calendar.Mistake{Line: 4, Field: "days[1].name", Fault: calendar.FaultName}},
		"a field too many":     {day(`{"name":"x","date":"2027-02-01","isOffDay":true,"x":1}`), calendar.Mistake{Line: 4, Field: "days[1]", Fault: calendar.FaultUnknown}},
		"a day twice":          {day(`{"name":"x","date":"2027-01-01","isOffDay":false}`), calendar.Mistake{Line: 4, Field: "days[1].date", Fault: calendar.FaultTwice}},
		"another year":         {day(`{"name":"x","date":"2028-01-03","isOffDay":true}`), calendar.Mistake{Line: 4, Field: "days[1].date", Fault: calendar.FaultOutside}},
		"November before":      {day(`{"name":"x","date":"2026-11-30","isOffDay":true}`), calendar.Mistake{Line: 4, Field: "days[1].date", Fault: calendar.FaultOutside}},
		"too much":             {"{" + strings.Repeat(" ", calendar.MaxNotice) + "}", calendar.Mistake{Fault: calendar.FaultSize}},
		"ics without an end":   {"BEGIN:VCALENDAR\nBEGIN:VEVENT\n", calendar.Mistake{Line: 3, Field: "END", Fault: calendar.FaultMissing}},
		"ics crossed":          {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\nEND:VEVENT", calendar.Mistake{Line: 3, Field: "END", Fault: calendar.FaultUnreadable}},
		"ics broken":           {"BEGIN:VCALENDAR\nEND VCALENDAR\nEND:VCALENDAR", calendar.Mistake{Line: 2, Fault: calendar.FaultUnreadable}},
		"ics without events":   {icsOf(), calendar.Mistake{Line: 1, Fault: calendar.FaultNothing}},
		"neither off nor work": {icsOf([3]string{"元旦 休", "", "20270101"}, [3]string{"春节", "", "20270207"}), calendar.Mistake{Line: 7, Field: "SUMMARY", Fault: calendar.FaultOff}},
		"some hours":           {icsOf([3]string{"元旦 休", "", "20270101T080000"}), calendar.Mistake{Line: 4, Field: "DTSTART", Fault: calendar.FaultDate}},
		"every year":           {icsOf([3]string{"元旦 休", "RRULE:FREQ=YEARLY\n", "20270101"}), calendar.Mistake{Line: 4, Field: "RRULE", Fault: calendar.FaultSpan}},
		"backwards":            {icsOf([3]string{"元旦 休", "DTEND;VALUE=DATE:20261201\n", "20270101"}), calendar.Mistake{Line: 4, Field: "DTEND", Fault: calendar.FaultSpan}},
		"for ever":             {icsOf([3]string{"元旦 休", "DTEND;VALUE=DATE:20990101\n", "20270101"}), calendar.Mistake{Line: 4, Field: "DTEND", Fault: calendar.FaultSpan}},
		"two starts":           {icsOf([3]string{"元旦 休", "DTSTART:20270101\n", "20270101"}), calendar.Mistake{Line: 5, Field: "DTSTART", Fault: calendar.FaultTwice}},
		"a year not ruled":     {icsOf([3]string{"元旦 休", "", "20270101"}, [3]string{"元旦 休", "", "20300501"}), calendar.Mistake{Line: 6, Field: "DTSTART", Fault: calendar.FaultOutside}},
	} {
		_, err := calendar.ParseNotice([]byte(c.text))
		var wrong calendar.Mistakes
		require.ErrorAs(t, err, &wrong, name)
		require.Equal(t, c.want, wrong[0], name)
		require.NotEmpty(t, wrong.Error())
	}
	_, err := calendar.ParseNotice([]byte(day(`{"date":"2027-02-30","isOffDay":1},` + "\n" + `{"name":"","date":"2027-02-01","isOffDay":true}`)))
	var wrong calendar.Mistakes
	require.ErrorAs(t, err, &wrong)
	require.Len(t, wrong, 2, "all at once")
	require.Equal(t, 5, wrong[1].Line)
}

func FuzzParseNotice(f *testing.F) {
	f.Add(notice2027)
	f.Add(ics2027)
	f.Add("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;X=\"a\\;:\nEND:VCALENDAR")
	f.Fuzz(func(t *testing.T, text string) {
		change, err := calendar.ParseNotice([]byte(text))
		if err != nil {
			return
		}
		n, ok := calendar.InForce("cn", []calendar.Change{change}, nil)
		require.True(t, ok)
		c := office(t).WithHolidays(n)
		require.NoError(t, c.Validate(), "what is taken can be counted on")
	})
}

// TestParseNotice_IsQuickWithWhatIsMadeToBeSlow: a file of a mebibyte of one kind takes no longer than one of many.
func TestParseNotice_IsQuickWithWhatIsMadeToBeSlow(t *testing.T) {
	fill := func(head, one string) []byte {
		return []byte(head + strings.Repeat(one, (calendar.MaxNotice-len(head))/len(one)))
	}
	for name, text := range map[string][]byte{
		"folded lines":   fill("BEGIN:VCALENDAR\nSUMMARY:", "x\n "),
		"unknown fields": fill("{", "\"a\":1,\n"),
		"events":         fill("BEGIN:VCALENDAR\n", "BEGIN:VEVENT\nEND:VEVENT\n"),
		"one parameter":  fill("BEGIN:VCALENDAR\nSUMMARY;", "A=\"b\";"),
		"nested":         fill("{\"x\":", "["),
	} {
		begun := time.Now()
		_, err := calendar.ParseNotice(text)
		require.Error(t, err, name)
		require.Less(t, time.Since(begun), 30*time.Second, name) // it is a tenth of a second; what grows by the square takes minutes
	}
}

// year returns a change that brings a notice with the given days off.
func year(y int, off ...string) calendar.Change {
	out := calendar.Year{Year: y}
	for _, d := range off {
		out.Days = append(out.Days, calendar.Exception{Date: date(d), Off: true, Name: "n"})
	}
	return calendar.Change{Years: []calendar.Year{out}}
}

func byHand(d string, off bool) calendar.Change {
	return calendar.Change{Days: []calendar.Exception{{Date: date(d), Off: off, Name: "手工"}}}
}

// says returns what a notice says of a day: off, work or nothing.
func says(n calendar.Notice, d string) string {
	for _, e := range n.Exceptions {
		switch {
		case e.Date != date(d):
		case e.Off:
			return "off"
		default:
			return "work"
		}
	}
	return ""
}

func TestInForce_ByChanges(t *testing.T) {
	revert := func(n int) calendar.Change { return calendar.Change{Reverts: n} }
	for name, c := range map[string]struct {
		set           string
		changes, base []calendar.Change
		through       string
		days          map[string]string
	}{
		"as shipped":                           {"cn", nil, nil, "2026-12-31", map[string]string{"2026-02-17": "off", "2027-01-01": ""}},
		"the next year":                        {"cn", []calendar.Change{year(2027, "2027-01-01")}, nil, "2027-12-31", map[string]string{"2027-01-01": "off", "2026-02-17": "off"}},
		"a year is missing":                    {"cn", []calendar.Change{year(2028, "2028-01-01")}, nil, "2026-12-31", map[string]string{"2028-01-01": "off"}},
		"the gap is closed later":              {"cn", []calendar.Change{year(2028, "2028-01-01"), year(2027, "2027-01-01")}, nil, "2028-12-31", nil},
		"an amended notice replaces":           {"cn", []calendar.Change{year(2027, "2027-01-01", "2027-02-05"), year(2027, "2027-01-01")}, nil, "2027-12-31", map[string]string{"2027-02-05": ""}},
		"also one that shipped":                {"cn", []calendar.Change{year(2026, "2026-01-01")}, nil, "2026-12-31", map[string]string{"2026-02-17": "", "2026-01-01": "off"}},
		"a day by hand":                        {"cn", []calendar.Change{byHand("2026-11-25", true)}, nil, "2026-12-31", map[string]string{"2026-11-25": "off"}},
		"prevails over the notice":             {"cn", []calendar.Change{byHand("2026-02-17", false)}, nil, "2026-12-31", map[string]string{"2026-02-17": "work"}},
		"also over a later one":                {"cn", []calendar.Change{byHand("2027-01-01", false), year(2027, "2027-01-01")}, nil, "2027-12-31", map[string]string{"2027-01-01": "work"}},
		"the later of two by hand":             {"cn", []calendar.Change{byHand("2027-01-04", false), byHand("2027-01-04", true)}, nil, "2026-12-31", map[string]string{"2027-01-04": "off"}},
		"taken back":                           {"cn", []calendar.Change{byHand("2026-02-17", false), revert(1)}, nil, "2026-12-31", map[string]string{"2026-02-17": "off"}},
		"a notice taken back":                  {"cn", []calendar.Change{year(2027, "2027-01-01"), revert(1)}, nil, "2026-12-31", map[string]string{"2027-01-01": ""}},
		"the taking back is taken back":        {"cn", []calendar.Change{byHand("2026-02-17", false), revert(1), revert(2)}, nil, "2026-12-31", map[string]string{"2026-02-17": "work"}},
		"of nothing":                           {"cn", []calendar.Change{revert(7), revert(2)}, nil, "2026-12-31", map[string]string{"2026-02-17": "off"}},
		"a site begins with its base":          {"site", nil, []calendar.Change{year(2027, "2027-01-01")}, "2027-12-31", map[string]string{"2027-01-01": "off"}},
		"a site's own day":                     {"site-north", []calendar.Change{byHand("2026-11-25", true)}, nil, "2026-12-31", map[string]string{"2026-11-25": "off", "2026-02-17": "off"}},
		"prevails over a later base":           {"site", []calendar.Change{byHand("2027-01-01", false)}, []calendar.Change{year(2027, "2027-01-01")}, "2027-12-31", map[string]string{"2027-01-01": "work"}},
		"a site with a notice before its base": {"site", []calendar.Change{year(2027, "2027-01-01")}, nil, "2027-12-31", map[string]string{"2027-01-01": "off"}},
	} {
		n, ok := calendar.InForce(c.set, c.changes, c.base)
		require.True(t, ok, name)
		require.Equal(t, c.through, n.KnownThrough.String(), name)
		for day, want := range c.days {
			require.Equal(t, want, says(n, day), "%s: %s", name, day)
		}
		require.NoError(t, office(t).WithHolidays(n).Validate(), name)
	}
	for _, name := range []string{"", "de", "CN", "site-", "site-Nord", "site-" + strings.Repeat("x", 33), "cn/../x"} {
		_, ok := calendar.InForce(name, nil, nil)
		require.False(t, ok, name)
	}
	shipped, _ := calendar.Holidays("cn")
	again, _ := calendar.Holidays("cn")
	shipped.Exceptions[0].Off = !shipped.Exceptions[0].Off
	require.NotEqual(t, shipped, again, "the caller owns what it gets")
}

func TestWithHolidays_KeepsTheCalendarsOwnDays(t *testing.T) {
	c := office(t)
	c.Follows = "cn"
	c.Own = []calendar.Exception{{Date: date("2027-01-04"), Off: true, Name: "司庆"}}
	n, _ := calendar.InForce("cn", []calendar.Change{byHand("2027-01-04", false), year(2027, "2027-01-01")}, nil)
	got := c.WithHolidays(n)
	require.False(t, got.Open(at("2027-01-04 10:00:00")))
	require.False(t, got.Open(at("2027-01-01 10:00:00")))
	require.Equal(t, "2027-12-31", got.KnownThrough.String())
	require.Equal(t, c.Own, got.Own)
	require.True(t, c.Open(at("2027-01-01 10:00:00")), "the calendar itself stays")
	trimmed := got.Trim(at("2027-01-02 09:00:00"), 1)
	require.Empty(t, trimmed.Own)
	require.Equal(t, c.Own, got.Trim(at("2027-01-02 09:00:00"), 5).Own)

	require.Equal(t, always, always.WithHolidays(n))
	shut := calendar.Calendar{Name: "own", Exceptions: c.Own}
	require.Equal(t, shut, shut.WithHolidays(n), "it follows no set")
}

func TestWithHolidays_OnACalendarFromBeforeSetsHadNames(t *testing.T) {
	old := office(t)
	own := calendar.Exception{Date: date("2026-11-25"), Off: true, Name: "司庆"}
	n, _ := calendar.InForce("cn", []calendar.Change{byHand("2026-11-25", true)}, nil)
	old.Exceptions = old.WithHolidays(n).Exceptions
	old.Exceptions[len(old.Exceptions)-1] = own
	require.Empty(t, old.Follows)
	require.Equal(t, "cn", old.Set())
	next, _ := calendar.InForce("cn", []calendar.Change{year(2027, "2027-01-01")}, nil)
	require.Equal(t, []calendar.Exception{own}, old.OwnDays())
	old.Own = old.OwnDays()
	got := old.WithHolidays(next)
	require.Equal(t, "cn", got.Follows)
	require.Equal(t, []calendar.Exception{own}, got.Own)
	require.False(t, got.Open(at("2026-11-25 10:00:00")))
	require.False(t, got.Open(at("2027-01-01 10:00:00")))
}

func TestWithHolidays_OfTheShippedSetChangesNothing(t *testing.T) {
	n, _ := calendar.Holidays("cn")
	c := office(t)
	c.Follows = "cn"
	rapid.Check(t, func(t *rapid.T) {
		from := at("2025-06-01 00:00:00").Add(time.Duration(rapid.IntRange(0, 400*24*60).Draw(t, "start")) * time.Minute)
		d := time.Duration(rapid.IntRange(1, 60_000).Draw(t, "d")) * time.Minute
		if !c.WithHolidays(n).Add(from, d).Equal(c.Add(from, d)) {
			t.Fatal("it moved")
		}
	})
}

func TestCheckDays_WhatIsWrong(t *testing.T) {
	good := calendar.Exception{Date: date("2026-11-25"), Off: true, Name: "司庆"}
	require.NoError(t, calendar.CheckDays([]calendar.Exception{good}))
	for field, days := range map[string][]calendar.Exception{
		"days":         {},
		"days[0].date": {{Off: true, Name: "x"}},
		"days[1].date": {good, good},
		"days[0].name": {{Date: good.Date}},
	} {
		var wrong calendar.Mistakes
		require.ErrorAs(t, calendar.CheckDays(days), &wrong)
		require.Equal(t, field, wrong[0].Field)
	}
}

// TestChange_Text: the form in which a change is kept is read back to the same.
func TestChange_Text(t *testing.T) {
	change, err := calendar.ParseNotice([]byte(notice2027))
	require.NoError(t, err)
	for _, c := range []calendar.Change{change, byHand("2026-11-25", false), {Reverts: 3}} {
		text, err := json.Marshal(c)
		require.NoError(t, err)
		var back calendar.Change
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, c, back)
	}
}

func TestParseNotice_ReadsEveryShippedFile(t *testing.T) {
	files, err := os.ReadDir("cn")
	require.NoError(t, err)
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".json") {
			continue
		}
		text, err := os.ReadFile("cn/" + f.Name())
		require.NoError(t, err)
		change, err := calendar.ParseNotice(text)
		require.NoError(t, err, f.Name())
		require.Equal(t, strings.TrimSuffix(f.Name(), ".json"), fmt.Sprint(change.Years[0].Year))
	}
}
