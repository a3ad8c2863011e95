package roster_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/roster"
)

var workdays = []roster.Day{"mon", "tue", "wed", "thu", "fri"}

// site is the working calendar of a site in China, with its holidays.
func site(t testing.TB) calendar.Calendar {
	t.Helper()
	notice, ok := calendar.Holidays("cn")
	require.True(t, ok)
	c := calendar.Calendar{Name: "5x8", Offset: 8 * 60 * 60, Exceptions: notice.Exceptions, KnownThrough: notice.KnownThrough}
	for d := time.Monday; d <= time.Friday; d++ {
		c.Week[d] = []calendar.Span{{From: 8*60 + 30, To: 12 * 60}, {From: 13*60 + 30, To: 18 * 60}}
	}
	require.NoError(t, c.Validate())
	return c
}

func date(s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	if err != nil {
		return calendar.Date{}
	}
	return d
}

func clock(s string) roster.Clock {
	c, err := roster.ParseClock(s)
	if err != nil {
		return -1
	}
	return c
}

// at is an instant as the site's clocks show it.
func at(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04 -07:00", s+" +08:00")
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

func turns(every roster.Turn, anchor string, groups ...string) roster.Rotation {
	r := roster.Rotation{Every: every, Anchor: date(anchor)}
	for _, g := range groups {
		r.Groups = append(r.Groups, strings.Fields(g))
	}
	return r
}

// plan is the duty that the plan of the contract asks for: two on site, a line by day and by night, another rota on holidays.
func plan() roster.Plan {
	return roster.Plan{
		Timezone: 8 * 60 * 60, Calendar: "5x8",
		Shifts: []roster.Shift{
			{Name: "现场", Kind: roster.Onsite, Days: workdays, Start: clock("08:30"), End: clock("18:00"), Minimum: 2, Rotation: turns(roster.Weekly, "2025-12-29", "an bo", "chen du")},
			{Name: "日线", Kind: roster.Hotline, Start: clock("08:00"), End: clock("20:00"), Rotation: turns(roster.Daily, "2026-01-01", "e", "fu", "gao")},
			{Name: "夜线", Kind: roster.Hotline, Start: clock("20:00"), End: clock("08:00"), Rotation: turns(roster.Daily, "2026-01-01", "hu", "ji")},
		},
		Holidays: []roster.Shift{{Name: "节日", Kind: roster.Hotline, Start: clock("08:00"), End: clock("08:00"), Rotation: turns(roster.Daily, "2026-02-15", "xu", "yan")}},
	}
}

func full(t testing.TB) roster.Roster {
	t.Helper()
	p := plan()
	require.NoError(t, p.Check())
	return roster.Roster{Name: "site", Plan: p, Version: 1, Working: site(t)}
}

// who tells who is on duty, shift by shift.
func who(list []roster.Assignment) string {
	var out []string
	for _, a := range list {
		out = append(out, a.Shift+":"+strings.Join(a.People, ","))
	}
	return strings.Join(out, " ")
}

func TestOnDuty_ByTheClock(t *testing.T) {
	r := full(t)
	for when, want := range map[string]string{
		"2026-01-05 08:29": "日线:fu",            // a Monday: not yet on site
		"2026-01-05 08:30": "现场:chen,du 日线:fu", // the second week of the rotation
		"2026-01-05 17:59": "现场:chen,du 日线:fu", //
		"2026-01-05 18:00": "日线:fu",            //
		"2026-01-05 20:00": "夜线:hu",            // over midnight
		"2026-01-06 07:59": "夜线:hu",            // still the night of the 5th
		"2026-01-06 08:00": "日线:gao",           //
		"2026-01-12 09:00": "现场:an,bo 日线:gao",  // the first group again
		"2026-01-10 10:00": "日线:e",             // a Saturday
		"2025-12-29 09:00": "现场:an,bo 日线:e",    // the anchor
		"2025-12-26 09:00": "现场:chen,du 日线:e",  // turns go back before the anchor
		"2025-12-31 23:00": "夜线:ji",            // over the year's end
		"2026-01-01 03:00": "夜线:ji",            // the night before belongs to the ordinary day before
		"2026-01-01 10:00": "节日:yan",           // New Year is off, by the notice
		"2026-02-14 10:00": "现场:an,bo 日线:gao",  // a Saturday that makes up: an ordinary workday
		"2026-02-15 07:00": "夜线:hu",            // its night runs into the first day of the Spring Festival
		"2026-02-15 08:00": "节日:xu",            // from there on the other rota
		"2026-02-16 07:59": "节日:xu",            //
		"2026-02-16 08:00": "节日:yan",           //
		"2026-02-17 12:00": "节日:xu",            // a Tuesday, nobody on site
		"2026-02-24 07:59": "节日:xu",            // the last night of the festival
		"2026-02-24 09:00": "现场:an,bo 日线:e",    // and back: the rotation has gone on meanwhile
		"2026-02-28 10:00": "现场:an,bo 日线:fu",   // the second make-up Saturday
		"2026-03-01 10:00": "日线:gao",           // an ordinary Sunday
	} {
		require.Equal(t, want, who(r.OnDuty(at(when))), when)
	}
	r.Retired = true
	require.Empty(t, r.OnDuty(at("2026-01-05 09:00")))
	require.Empty(t, r.Check(at("2026-01-05 09:00"), at("2026-02-05 09:00"), nil))
}

func TestOnDuty_WithoutACalendarTheWeekRules(t *testing.T) {
	r := full(t)
	r.Calendar, r.Holidays, r.Working = "", nil, calendar.Calendar{}
	require.Equal(t, "现场:chen,du 日线:gao", who(r.OnDuty(at("2026-02-17 12:00"))))
}

func TestOnDuty_ByEntries(t *testing.T) {
	r := full(t)
	r.Entries = []roster.Entry{
		{Date: date("2026-01-05"), Shift: "日线", People: []string{"zhu"}},
		{Date: date("2026-01-06"), Shift: "现场", Start: clock("08:30"), End: clock("12:00"), People: []string{"zhu"}},
		{Date: date("2026-01-06"), Shift: "现场", Start: clock("12:00"), End: clock("18:00"), People: []string{"an", "zhu"}},
		{Date: date("2026-02-17"), Shift: "现场", People: []string{"zhu"}}, // also on a day off
	}
	require.Equal(t, "现场:chen,du 日线:zhu", who(r.OnDuty(at("2026-01-05 09:00"))))
	require.Equal(t, "日线:gao 现场:zhu", who(r.OnDuty(at("2026-01-06 09:00"))))
	require.Equal(t, "日线:gao 现场:an,zhu", who(r.OnDuty(at("2026-01-06 12:00"))))
	require.Equal(t, "节日:xu 现场:zhu", who(r.OnDuty(at("2026-02-17 09:00"))))
	require.Len(t, r.Planned(date("2026-01-06"), date("2026-01-06")), 4)
}

func TestChanges_TakeHoldWhenTheyAreMade(t *testing.T) {
	r := full(t)
	noon := at("2026-01-05 12:00")
	r.Overrides = []roster.Override{
		{ID: "1", From: at("2026-01-05 08:00"), To: at("2026-01-05 16:00"), Instead: "chen", People: []string{"zhu"}, At: noon, Reason: "ill"},
		{ID: "2", From: at("2026-01-06 00:00"), To: at("2026-01-07 00:00"), Shift: "现场", People: []string{"lu", "mo"}, At: noon, CancelledAt: at("2026-01-06 10:00")},
		{ID: "3", From: at("2026-01-07 00:00"), To: at("2026-01-08 00:00"), Instead: "nobody", People: []string{"lu"}, At: noon},
		{ID: "4", From: at("2026-01-08 00:00"), To: at("2026-01-09 00:00"), Instead: "chen", People: []string{"du"}, At: noon},
	}
	for when, want := range map[string]string{
		"2026-01-05 11:59": "现场:chen,du 日线:fu",  // it was not known yet
		"2026-01-05 12:00": "现场:zhu,du 日线:fu",   //
		"2026-01-05 16:00": "现场:chen,du 日线:fu",  //
		"2026-01-06 09:59": "现场:lu,mo 日线:gao",   // until it was cancelled
		"2026-01-06 10:00": "现场:chen,du 日线:gao", //
		"2026-01-07 10:00": "现场:chen,du 日线:e",   // who is not there is not replaced
		"2026-01-08 10:00": "现场:du 日线:fu",       // who is there already is not there twice
	} {
		require.Equal(t, want, who(r.OnDuty(at(when))), when)
	}
	list := r.Between(at("2026-01-05 00:00"), at("2026-01-05 20:00"))
	require.Equal(t, "夜线:ji 日线:fu 现场:chen,du 现场:zhu,du 现场:chen,du", who(list))
	require.Equal(t, []string{"1"}, list[3].Changes)
	require.Equal(t, noon, list[3].From)

	absent := slices.DeleteFunc(r.Check(at("2026-01-05 00:00"), at("2026-01-10 00:00"), nil), func(f roster.Finding) bool { return f.Problem != roster.ProblemAbsent })
	require.Len(t, absent, 1)
	require.Equal(t, []string{"3", "nobody"}, []string{absent[0].Change, absent[0].Person})
}

func TestSwaps_OnceBothAgree(t *testing.T) {
	r := full(t)
	asked := at("2026-01-01 00:00")
	swap := roster.Swap{
		ID: "s", By: "fu", With: "gao", At: asked, State: roster.SwapAsked,
		Give: roster.Span{From: at("2026-01-05 08:00"), To: at("2026-01-05 20:00")}, Take: roster.Span{From: at("2026-01-06 08:00"), To: at("2026-01-06 20:00")},
	}
	on := func() []string {
		return []string{who(r.OnDuty(at("2026-01-05 19:00"))), who(r.OnDuty(at("2026-01-06 19:00")))}
	}
	r.Swaps = []roster.Swap{swap}
	require.Equal(t, []string{"日线:fu", "日线:gao"}, on(), "asked is not agreed")
	swap.State, swap.AnsweredAt = roster.SwapAgreed, at("2026-01-02 00:00")
	r.Swaps = []roster.Swap{swap}
	require.Equal(t, []string{"日线:gao", "日线:fu"}, on())
	swap.CancelledAt = at("2026-01-06 10:00")
	r.Swaps = []roster.Swap{swap}
	require.Equal(t, []string{"日线:gao", "日线:gao"}, on(), "taken back for what was left")

	swap.Give = roster.Span{From: at("2026-01-08 08:00"), To: at("2026-01-08 20:00")} // fu's day, but the other's is not theirs
	swap.Take = roster.Span{From: at("2026-01-07 08:00"), To: at("2026-01-07 20:00")}
	swap.CancelledAt = time.Time{}
	r.Swaps = []roster.Swap{swap}
	var absent []string
	for _, f := range r.Check(at("2026-01-05 00:00"), at("2026-01-10 00:00"), nil) {
		if f.Problem == roster.ProblemAbsent {
			absent = append(absent, f.Person)
		}
	}
	require.Equal(t, []string{"gao"}, absent)
}

func TestChange_WhatIsWrongWithOne(t *testing.T) {
	now, p := at("2026-01-05 09:00"), plan()
	good := roster.Override{From: now, To: now.Add(time.Hour), Shift: "现场", Instead: "an", People: []string{"zhu"}}
	for name, c := range map[string]struct {
		change func(*roster.Override)
		want   string
	}{
		"nothing":          {func(*roster.Override) {}, ""},
		"ends before":      {func(o *roster.Override) { o.To = o.From }, "to field.span"},
		"over":             {func(o *roster.Override) { o.From, o.To = now.Add(-time.Hour), now }, "to field.past"},
		"endless":          {func(o *roster.Override) { o.To = now.AddDate(2, 0, 0) }, "to field.span"},
		"no such shift":    {func(o *roster.Override) { o.Shift = "x" }, "shift field.shift"},
		"nobody":           {func(o *roster.Override) { o.People = nil }, "people field.required"},
		"somebody twice":   {func(o *roster.Override) { o.People = []string{"a", "a"} }, "people[1] field.repeated"},
		"by themselves":    {func(o *roster.Override) { o.People = []string{"an"} }, "instead field.repeated"},
		"any shift at all": {func(o *roster.Override) { o.Shift = "" }, ""},
	} {
		o := good
		c.change(&o)
		var wrong apperr.Fields
		o.Check(p, now, &wrong)
		require.Equal(t, c.want, told(wrong), name)
	}
	swap := roster.Swap{By: "a", With: "b", Give: roster.Span{From: now, To: now.Add(time.Hour)}, Take: roster.Span{From: now.Add(time.Hour), To: now.Add(2 * time.Hour)}}
	var wrong apperr.Fields
	swap.Check(now, &wrong)
	require.Empty(t, wrong)
	require.Equal(t, now.Add(2*time.Hour), swap.End())
	swap.With, swap.Take = "a", swap.Give
	swap.Check(now, &wrong)
	require.Equal(t, "with field.repeated, take.from field.overlap", told(wrong))
}

func told(wrong apperr.Fields) string {
	var out []string
	for _, f := range wrong {
		out = append(out, f.Field+" "+string(f.Reason))
	}
	return strings.Join(out, ", ")
}

// brief tells findings in a line each.
func brief(list []roster.Finding) []string {
	var out []string
	for _, f := range list {
		show := func(t time.Time) string { return t.In(time.FixedZone("", 8*60*60)).Format("01-02 15:04") }
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s-%s %d/%d %s%s", f.Problem, f.Kind, show(f.From), show(f.To), f.Have, f.Need, strings.Join(f.Shifts, "+"), f.Person)))
	}
	return out
}

func TestCheck_ARosterThatIsWhole(t *testing.T) {
	r := full(t)
	require.Empty(t, brief(r.Check(at("2026-01-05 00:00"), at("2026-03-02 00:00"), func(string) bool { return true })), "over the Spring Festival")
}

func TestCheck_FindsWhatIsMissing(t *testing.T) {
	from, to := at("2026-01-05 00:00"), at("2026-01-07 00:00") // Monday, Tuesday
	for name, c := range map[string]struct {
		change func(*roster.Roster)
		want   []string
	}{
		"nobody by night": {func(r *roster.Roster) { r.Shifts = r.Shifts[:2] }, []string{
			"uncovered hotline 01-05 00:00-01-05 08:00 0/1", "uncovered hotline 01-05 20:00-01-06 08:00 0/1", "uncovered hotline 01-06 20:00-01-07 00:00 0/1",
		}},
		"one on site": {func(r *roster.Roster) { r.Shifts[0].Rotation.Groups = [][]string{{"an"}} }, []string{
			"short onsite 01-05 08:30-01-05 12:00 1/2", "short onsite 01-05 13:30-01-05 18:00 1/2", "short onsite 01-06 08:30-01-06 12:00 1/2", "short onsite 01-06 13:30-01-06 18:00 1/2",
		}},
		"late on site": {func(r *roster.Roster) { r.Shifts[0].Start = clock("09:00") }, []string{
			"uncovered onsite 01-05 08:30-01-05 09:00 0/2", "uncovered onsite 01-06 08:30-01-06 09:00 0/2",
		}},
		"fewer than the shift asks for": {func(r *roster.Roster) { r.Shifts[1].Minimum = 2 }, []string{
			"short hotline 01-05 08:00-01-05 20:00 1/2 日线", "short hotline 01-06 08:00-01-06 20:00 1/2 日线",
		}},
		"two halves are a whole": {func(r *roster.Roster) {
			r.Shifts[0].Rotation.Groups, r.Shifts[0].Minimum = [][]string{{"an"}}, 0
			r.Shifts = append(r.Shifts, roster.Shift{Name: "现场二", Kind: roster.Onsite, Start: clock("08:00"), End: clock("19:00"), Rotation: turns(roster.Weekly, "2026-01-05", "bo")})
		}, nil},
		"twice at once": {func(r *roster.Roster) { r.Shifts[1].Rotation.Groups = [][]string{{"chen"}} }, []string{
			"twice onsite 01-05 08:30-01-05 18:00 0/0 日线+现场chen", "twice onsite 01-06 08:30-01-06 18:00 0/0 日线+现场chen",
		}},
		"somebody unknown":                    {func(r *roster.Roster) { r.Shifts[1].Rotation.Groups = [][]string{{"stranger"}} }, []string{"unknown  01-05 08:00-01-05 20:00 0/0 日线stranger"}},
		"no line at all is another's to have": {func(r *roster.Roster) { r.Shifts, r.Holidays = r.Shifts[:1], nil }, nil},
		"without working hours nobody has to be there": {func(r *roster.Roster) {
			r.Calendar, r.Holidays, r.Working, r.Shifts[0].Minimum, r.Shifts[0].Rotation.Groups = "", nil, calendar.Calendar{}, 1, [][]string{{"an"}}
		}, nil},
		"past the last notice": {func(r *roster.Roster) { r.Working.KnownThrough = date("2026-01-05") }, []string{"provisional  01-06 00:00-01-07 00:00 0/0"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := full(t)
			c.change(&r)
			require.Equal(t, c.want, brief(r.Check(from, to, func(name string) bool { return name != "stranger" })))
		})
	}
}

func TestCheck_NobodyOnHolidaysUnlessARotaSaysSo(t *testing.T) {
	r := full(t)
	r.Holidays = nil
	require.Equal(t, []string{"uncovered hotline 02-15 08:00-02-24 08:00 0/1"}, brief(r.Check(at("2026-02-14 12:00"), at("2026-02-25 00:00"), nil)))
}

func TestOutdated_WhenItsDaysAreRuledOtherwise(t *testing.T) {
	from, to := at("2026-12-01 00:00"), at("2027-01-26 00:00")
	known := full(t)
	known.Working = known.Working.Trim(from, 400)
	notice := site(t)
	notice.Exceptions = append(notice.Exceptions, calendar.Exception{Date: date("2027-01-01"), Off: true, Name: "元旦"})
	moved, later, hours := notice, site(t), site(t)
	notice.KnownThrough = date("2027-12-31")
	later.Exceptions = append(later.Exceptions, calendar.Exception{Date: date("2027-05-01"), Off: true, Name: "劳动节"})
	hours.Week[time.Monday] = hours.Week[time.Monday][:1]
	for name, c := range map[string]struct {
		now  calendar.Calendar
		want int
	}{
		"the same": {site(t), 0}, "a new notice": {notice, 1}, "a day by hand": {moved, 1}, "a day beyond": {later, 0}, "other hours": {hours, 1},
	} {
		require.Len(t, known.Outdated(c.now, from, to), c.want, name)
	}
	known.Calendar = ""
	require.Empty(t, known.Outdated(notice, from, to))
}

func TestLookThrough_WhatSavingAnewMendsFirst(t *testing.T) {
	from, to := at("2026-12-01 00:00"), at("2026-12-08 00:00")
	one, other := full(t), full(t)
	other.Name, other.Calendar = "other", ""
	now := site(t)
	now.Exceptions = append(now.Exceptions, calendar.Exception{Date: date("2026-12-02"), Off: true, Name: "停电"})
	list := roster.LookThrough([]roster.Roster{one, other}, map[string]calendar.Calendar{one.Calendar: now}, from, to, nil)
	require.Equal(t, []any{roster.ProblemOutdated, one.Name}, []any{list[0].Problem, list[0].Roster})
	require.Equal(t, roster.CheckAll([]roster.Roster{one, other}, from, to, nil), list[1:])
	require.NotEmpty(t, list[1:])
}

func TestOnDuty_ByAllRosters(t *testing.T) {
	other := full(t)
	other.Name, other.Shifts = "other", other.Shifts[1:2]
	require.Equal(t, "现场:chen,du 日线:fu 日线:fu", who(roster.OnDuty([]roster.Roster{full(t), other}, at("2026-01-05 09:00"))))
}

func TestCheckAll_AcrossRosters(t *testing.T) {
	line, onsite := full(t), full(t)
	line.Name, line.Shifts = "line", line.Shifts[1:]
	onsite.Name, onsite.Shifts, onsite.Holidays = "onsite", onsite.Shifts[:1], nil
	from, to := at("2026-01-05 00:00"), at("2026-01-06 00:00")
	require.Empty(t, brief(roster.CheckAll([]roster.Roster{line, onsite}, from, to, nil)))
	onsite.Shifts[0].Rotation.Groups = [][]string{{"fu", "bo"}}
	require.Equal(t, []string{"twice onsite 01-05 08:30-01-05 18:00 0/0 line/日线+onsite/现场fu"}, brief(roster.CheckAll([]roster.Roster{line, onsite}, from, to, nil)))
	require.Equal(t, []string{"none hotline 01-05 00:00-01-06 00:00 0/0"}, brief(roster.CheckAll([]roster.Roster{onsite}, from, to, nil)))
}

func TestPlan_WhatIsWrongWithOne(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*roster.Plan)
		want   string
	}{
		"nothing":             {func(*roster.Plan) {}, ""},
		"no shift":            {func(p *roster.Plan) { p.Shifts = nil }, "shifts field.required"},
		"retired without any": {func(p *roster.Plan) { p.Shifts, p.Retired = nil, true }, ""},
		"holidays of nobody":  {func(p *roster.Plan) { p.Calendar = "" }, "calendar field.required"},
		"a kind":              {func(p *roster.Plan) { p.Shifts[0].Kind = "home" }, "shifts[0].kind field.enum"},
		"a day":               {func(p *roster.Plan) { p.Shifts[0].Days = []roster.Day{"mon", "someday"} }, "shifts[0].days[1] field.enum"},
		"a day twice":         {func(p *roster.Plan) { p.Shifts[0].Days = []roster.Day{"mon", "mon"} }, "shifts[0].days[1] field.repeated"},
		"a name twice":        {func(p *roster.Plan) { p.Shifts[1].Name = p.Shifts[0].Name }, "shifts[1].name field.repeated"},
		"no name":             {func(p *roster.Plan) { p.Shifts[1].Name = " " }, "shifts[1].name field.required"},
		"two kinds":           {func(p *roster.Plan) { p.Holidays[0].Name = "现场" }, "holidays[0].kind field.enum"},
		"no group":            {func(p *roster.Plan) { p.Shifts[0].Rotation.Groups = nil }, "shifts[0].rotation.groups field.required"},
		"an empty group":      {func(p *roster.Plan) { p.Shifts[0].Rotation.Groups = [][]string{{"a"}, {}} }, "shifts[0].rotation.groups[1] field.required"},
		"somebody twice":      {func(p *roster.Plan) { p.Shifts[0].Rotation.Groups = [][]string{{"a", "a"}} }, "shifts[0].rotation.groups[0][1] field.repeated"},
		"no anchor":           {func(p *roster.Plan) { p.Shifts[0].Rotation.Anchor = calendar.Date{} }, "shifts[0].rotation.anchor field.date"},
		"a turn":              {func(p *roster.Plan) { p.Shifts[0].Rotation.Every = "month" }, "shifts[0].rotation.every field.enum"},
		"a long turn":         {func(p *roster.Plan) { p.Shifts[0].Rotation.Length = 53 }, "shifts[0].rotation.length field.range"},
		"midnight as a start": {func(p *roster.Plan) { p.Shifts[0].Start = clock("24:00") }, "shifts[0].start field.clock"},
		"a crowd":             {func(p *roster.Plan) { p.Shifts[0].Minimum = 51 }, "shifts[0].minimum field.range"},
		"an unknown shift": {func(p *roster.Plan) {
			p.Entries = []roster.Entry{{Date: date("2026-01-05"), Shift: "x", People: []string{"a"}}}
		}, "entries[0].shift field.shift"},
		"an entry of nobody":     {func(p *roster.Plan) { p.Entries = []roster.Entry{{Date: date("2026-01-05"), Shift: "现场"}} }, "entries[0].people field.required"},
		"an entry without a day": {func(p *roster.Plan) { p.Entries = []roster.Entry{{Shift: "现场", People: []string{"a"}}} }, "entries[0].date field.date"},
		"too many shifts":        {func(p *roster.Plan) { p.Shifts = make([]roster.Shift, 31) }, "shifts field.too_many"},
	} {
		p := plan()
		c.change(&p)
		err := p.Check()
		if c.want == "" {
			require.NoError(t, err, name)
			continue
		}
		require.Equal(t, c.want, told(apperr.Of(err).Fields), name)
	}
	require.True(t, roster.ValidName("site-1.a"))
	for _, bad := range []string{"", "A", "a b", "-a", "现场", strings.Repeat("a", 41)} {
		require.False(t, roster.ValidName(bad), bad)
	}
}

func TestPlan_KeptAndReadBack(t *testing.T) {
	p := plan()
	p.Shifts[0].Rotation.Groups[0][0] = " An "
	p.Entries = []roster.Entry{{Date: date("2026-01-06"), Shift: "现场", People: []string{"B"}}, {Date: date("2026-01-05"), Shift: " 日线", Start: clock("8:00"), End: clock("24:00"), People: []string{"c"}}}
	tidy := p.Tidy()
	require.Equal(t, "an", tidy.Shifts[0].Rotation.Groups[0][0])
	require.Equal(t, " An ", p.Shifts[0].Rotation.Groups[0][0], "the caller's own is left alone")
	require.Equal(t, "日线", tidy.Entries[0].Shift)
	b, err := json.Marshal(tidy)
	require.NoError(t, err)
	require.Contains(t, string(b), `"timezone":"+08:00"`)
	require.Contains(t, string(b), `"start":"20:00","end":"08:00"`)
	var back roster.Plan
	require.NoError(t, json.Unmarshal(b, &back))
	require.Equal(t, tidy, back)
}

func TestWords_ThatAreNone(t *testing.T) {
	for _, bad := range []string{"", "8", "24:01", "8:5", "-1:00", "12:60", "08:30:00", "ab:cd"} {
		_, err := roster.ParseClock(bad)
		require.Error(t, err, bad)
	}
	for _, bad := range []string{"", "8", "+15:00", "-12:01", "Asia/Shanghai"} {
		_, err := roster.ParseZone(bad)
		require.Error(t, err, bad)
	}
	z, err := roster.ParseZone("-03:30")
	require.NoError(t, err)
	require.Equal(t, "-03:30", z.String())
}

func TestFinding_TextHasItsArguments(t *testing.T) {
	f := roster.Finding{Problem: roster.ProblemShort, Roster: "site", Kind: roster.Onsite, From: at("2026-01-05 08:30"), To: at("2026-01-05 12:00"), Have: 1, Need: 2, Timezone: 8 * 60 * 60}
	reason, args := f.Text()
	require.Equal(t, apperr.Reason("finding.short"), reason)
	require.Equal(t, "2026-01-05 08:30", args["from"])
	require.Equal(t, "@duty_kind.onsite", args["what"])
	f.Shifts = []string{"a", "b"}
	_, args = f.Text()
	require.Equal(t, "a, b", args["what"])
}

func TestPick_TheLeastLoaded(t *testing.T) {
	_, ok := roster.Pick(nil)
	require.False(t, ok)
	long, short := at("2026-01-01 00:00"), at("2026-01-05 00:00")
	for name, c := range map[string]struct {
		on   []roster.Candidate
		want string
	}{
		"the fewest open":        {[]roster.Candidate{{"a", 2, long}, {"b", 1, short}, {"c", 3, long}}, "b"},
		"who waited longest":     {[]roster.Candidate{{"a", 1, short}, {"b", 1, long}}, "b"},
		"who never had one":      {[]roster.Candidate{{"a", 0, long}, {"b", 0, time.Time{}}}, "b"},
		"the first by name":      {[]roster.Candidate{{"b", 1, long}, {"a", 1, long}}, "a"},
		"the only one, at least": {[]roster.Candidate{{"z", 90, short}}, "z"},
	} {
		got, ok := roster.Pick(c.on)
		require.True(t, ok)
		require.Equal(t, c.want, got.Username, name)
	}
}

// anyRoster draws a roster with all that there can be in one.
func anyRoster(t *rapid.T, working calendar.Calendar) roster.Roster {
	name := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})
	minute := rapid.IntRange(0, 24*60-1)
	day := rapid.IntRange(0, 70)
	dates := func(label string) calendar.Date { return date("2026-01-20").AddDays(day.Draw(t, label)) }
	instant := func(label string) time.Time {
		return at("2026-01-20 00:00").Add(time.Duration(rapid.IntRange(0, 70*24*60).Draw(t, label)) * time.Minute)
	}
	shift := func(label string, i int) roster.Shift {
		return roster.Shift{
			Name: fmt.Sprint(label, i), Kind: rapid.SampledFrom(roster.Kinds()).Draw(t, "kind"), Days: rapid.SliceOfNDistinct(rapid.SampledFrom(roster.Days()), 0, 7, rapid.ID).Draw(t, "days"),
			Start: roster.Clock(minute.Draw(t, "start")), End: roster.Clock(minute.Draw(t, "end") + 1),
			Rotation: roster.Rotation{
				Every: rapid.SampledFrom(roster.Turns()).Draw(t, "every"), Length: rapid.IntRange(0, 3).Draw(t, "length"), Anchor: dates("anchor"),
				Groups: rapid.SliceOfN(rapid.SliceOfNDistinct(name, 1, 3, rapid.ID), 1, 3).Draw(t, "groups"),
			},
		}
	}
	r := roster.Roster{Name: "r", Plan: roster.Plan{Timezone: 8 * 60 * 60, Calendar: "5x8"}, Working: working}
	for i := range rapid.IntRange(1, 3).Draw(t, "shifts") {
		r.Shifts = append(r.Shifts, shift("s", i))
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "holiday shifts") {
		r.Holidays = append(r.Holidays, shift("h", i))
	}
	for range rapid.IntRange(0, 4).Draw(t, "entries") {
		r.Entries = append(r.Entries, roster.Entry{Date: dates("entry"), Shift: "s0", Start: roster.Clock(minute.Draw(t, "entry from")), End: roster.Clock(minute.Draw(t, "entry to") + 1), People: []string{name.Draw(t, "entry of")}})
	}
	roster.SortEntries(r.Entries)
	for i := range rapid.IntRange(0, 4).Draw(t, "overrides") {
		o := roster.Override{ID: fmt.Sprint("o", i), From: instant("from"), People: []string{name.Draw(t, "in")}, At: instant("made")}
		o.To = o.From.Add(time.Duration(rapid.IntRange(1, 5*24*60).Draw(t, "long")) * time.Minute)
		if rapid.Bool().Draw(t, "one") {
			o.Instead = name.Draw(t, "out")
		}
		if rapid.Bool().Draw(t, "one shift") {
			o.Shift = "s0"
		}
		if rapid.Bool().Draw(t, "cancelled") {
			o.CancelledAt = instant("cancelled at")
		}
		r.Overrides = append(r.Overrides, o)
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "swaps") {
		give, take := instant("give"), instant("take")
		r.Swaps = append(r.Swaps, roster.Swap{
			ID: fmt.Sprint("w", i), By: "a", With: "b", State: rapid.SampledFrom(roster.SwapStates()).Draw(t, "state"), AnsweredAt: instant("answered"),
			Give: roster.Span{From: give, To: give.Add(30 * time.Hour)}, Take: roster.Span{From: take, To: take.Add(12 * time.Hour)},
		})
	}
	return r
}

func TestBetween_AgreesWithOnDuty(t *testing.T) {
	working := site(t)
	rapid.Check(t, func(t *rapid.T) {
		r := anyRoster(t, working)
		from := at("2026-01-25 00:00").Add(time.Duration(rapid.IntRange(0, 30*24*60).Draw(t, "start")) * time.Minute)
		to := from.Add(time.Duration(rapid.IntRange(1, 30*24*60).Draw(t, "span")) * time.Minute)
		list := r.Between(from, to)
		instants := []time.Time{from, to.Add(-1)}
		for _, a := range list {
			if !a.From.Before(a.To) || a.From.Before(from) || a.To.After(to) {
				t.Fatalf("%v lies outside [%v, %v)", a, from, to)
			}
			instants = append(instants, a.From, a.To.Add(-1))
		}
		for _, when := range instants {
			var there []string
			for _, a := range list {
				if !when.Before(a.From) && when.Before(a.To) {
					there = append(there, fmt.Sprint(a.Shift, a.Kind, a.People, a.Changes))
				}
			}
			var on []string
			for _, a := range r.OnDuty(when) {
				on = append(on, fmt.Sprint(a.Shift, a.Kind, a.People, a.Changes))
			}
			slices.Sort(there)
			slices.Sort(on)
			if !slices.Equal(there, on) {
				t.Fatalf("at %v: Between says %v, OnDuty %v", when, there, on)
			}
		}
	})
}

// The hotline's gaps, counted minute by minute with nothing but OnDuty.
func TestCheck_AgreesWithACountByTheMinute(t *testing.T) {
	working := site(t)
	rapid.Check(t, func(t *rapid.T) {
		r := anyRoster(t, working)
		from := at("2026-02-13 00:00").Add(time.Duration(rapid.IntRange(0, 24*60).Draw(t, "start")) * time.Minute)
		to := from.Add(36 * time.Hour)
		missing := map[roster.Kind]int{}
		for when := from; when.Before(to); when = when.Add(time.Minute) {
			on := map[roster.Kind][]roster.Assignment{}
			for _, a := range r.OnDuty(when) {
				on[a.Kind] = append(on[a.Kind], a)
			}
			if len(roster.People(on[roster.Hotline])) < 1 {
				missing[roster.Hotline]++
			}
			if working.Open(when) && len(roster.People(on[roster.Onsite])) < roster.MinOnsite {
				missing[roster.Onsite]++
			}
		}
		found := map[roster.Kind]int{}
		for _, f := range r.Check(from, to, nil) {
			if (f.Problem == roster.ProblemShort || f.Problem == roster.ProblemUncovered) && len(f.Shifts) == 0 {
				found[f.Kind] += int(f.To.Sub(f.From) / time.Minute)
			}
		}
		for _, k := range roster.Kinds() {
			if r.Has(k) && found[k] != missing[k] {
				t.Fatalf("%s: Check finds %d minutes, there are %d", k, found[k], missing[k])
			}
		}
	})
}
