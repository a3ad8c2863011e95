package desk

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/roster"
)

// dayOff is the change that calls a day off.
func dayOff(day int, name string) calendar.Change {
	return calendar.Change{Days: []calendar.Exception{{Date: calendar.Date{Year: 2026, Month: time.November, Day: day}, Off: true, Name: name}}}
}

// offIn lists the days of November 2026 that were called off by hand, by their names.
func offIn(days []calendar.Exception) string {
	var out []string
	for _, e := range days {
		if e.Date.Year == 2026 && e.Date.Month == time.November {
			out = append(out, e.Name)
		}
	}
	return strings.Join(out, " ")
}

// TestPolicyHistory_TriedHolidays: they stand in place of what is recorded of their set, at all times, and under the sets
// that build on it.
func TestPolicyHistory_TriedHolidays(t *testing.T) {
	v := newTown(t)
	add := func(set string, c calendar.Change) calendar.Revision {
		t.Helper()
		v.clock = v.clock.Add(time.Hour)
		r, _, err := AddHolidays(t.Context(), v.store, calendar.Revision{Set: set, Change: c, By: "liaison", Why: "w", At: v.clock})
		require.NoError(t, err)
		return r
	}
	policy := defect.DefaultPolicy()
	policy.Calendars = maps.Clone(policy.Calendars)
	own := policy.Calendars["5x8"]
	own.Name, own.Follows = "own", "site"
	policy.Calendars["own"] = own
	begin := v.clock
	cn, site := add("cn", dayOff(24, "recorded")), add("site", dayOff(25, "site"))
	for name, c := range map[string]struct {
		tried              map[string][]calendar.Change
		at                 time.Time
		cn, site           string
		appliedCN, applied string // of the days that two steps put a case under; none: the step was not taken
	}{
		"nothing, before": {nil, begin, "", "", "recorded", "recorded site"},
		"nothing, after":  {nil, v.clock, "recorded", "recorded site", "recorded", "recorded site"},
		"cn, before":      {map[string][]calendar.Change{"cn": {dayOff(26, "tried")}}, begin, "tried", "tried", "none", "site tried"},
		"cn, after":       {map[string][]calendar.Change{"cn": {dayOff(26, "tried")}}, v.clock, "tried", "site tried", "none", "site tried"},
		"the site's":      {map[string][]calendar.Change{"site": {dayOff(26, "tried")}}, v.clock, "recorded", "recorded tried", "recorded", "none"},
		"both, one in two parts": {
			map[string][]calendar.Change{"cn": {dayOff(26, "tried"), dayOff(27, "too")}, "site": {dayOff(23, "mine")}}, begin, "tried too", "mine tried too", "none", "none",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := NewPolicyHistory(t.Context(), v.store, policy, c.tried)
			require.NoError(t, err)
			cals := h.At(c.at).Calendars
			require.Equal(t, c.cn, offIn(cals["5x8"].Exceptions))
			require.Equal(t, c.site, offIn(cals["own"].Exceptions))
			r := applied(t, v, policy, cn, site)
			before := len(r.Events)
			told := h.Retold(r)
			require.Len(t, r.Events, before, "the recorded case stays")
			got := map[string]string{"cn": "none", "site": "none"}
			for _, e := range told.Events {
				if e.Input != nil {
					require.NotEmpty(t, e.Input.Holidays)
					for _, one := range e.Input.Holidays {
						got[one.Set] = offIn(one.Days)
					}
				}
			}
			require.Equal(t, map[string]string{"cn": c.appliedCN, "site": c.applied}, got)
			trial := defect.Try(told, h.At(c.at), v.clock.AddDate(0, 0, 30))
			require.Empty(t, trial.Dropped)
		})
	}
}

// applied is a case that was put under revisions of two sets, by a step each.
func applied(t *testing.T, v *town, policy defect.Policy, revisions ...calendar.Revision) defect.Recorded {
	t.Helper()
	liaison := v.as("liaison").Person
	c, e := defect.Open("7K3M-Q9XT-WA5C", submission(), policy, liaison, v.clock, defect.Keyed{})
	events := []defect.Event{e}
	changes := map[string][]calendar.Change{}
	for _, r := range revisions {
		changes = with(changes, r.Set, r.Change)
		n, ok := setOf(r.Set, changes)
		require.True(t, ok)
		in := defect.Input{Reason: "w", Holidays: []defect.Holidays{c.UnderHolidays(stateOf(r.Set, changes), n, v.clock)}}
		e, err := c.Do(defect.Command{Action: defect.ActApplyHolidays, By: liaison, Input: in}, v.clock)
		require.NoError(t, err)
		events = append(events, e)
	}
	return defect.Recorded{Case: c, Events: events}
}

// TestDutyHistory_AsItWasAndWouldHaveBeen: every time by the version in force then, by another plan at all times.
func TestDutyHistory_AsItWasAndWouldHaveBeen(t *testing.T) {
	v := newTown(t)
	plan := func(calendarName string, groups ...string) roster.Plan {
		r := roster.Rotation{Every: roster.Daily, Anchor: calendar.Date{Year: 2026, Month: time.November, Day: 23}}
		for _, g := range groups {
			r.Groups = append(r.Groups, strings.Fields(g))
		}
		return roster.Plan{Timezone: 8 * 60 * 60, Calendar: calendarName, Shifts: []roster.Shift{{Name: "line", Kind: roster.Hotline, Start: 0, End: 24 * 60, Rotation: r}}}
	}
	saved := v.clock // Monday, 17:00 at the site
	v.saveRoster("site", plan("", "agent"), 0)
	v.saveRoster("old", plan("", "inspector"), 0)
	v.clock = saved.Add(24 * time.Hour)
	v.saveRoster("site", plan("", "business"), 1)
	_, err := v.AddOverride(t.Context(), v.as("liaison"), "site", roster.Override{
		From: v.clock.Add(time.Hour), To: v.clock.Add(48 * time.Hour), Instead: "business", People: []string{"expert"}, Reason: "r",
	})
	require.NoError(t, err)
	tried := map[string]roster.Plan{"site": plan("5x8", "technician", "business"), "night": plan("", "supervisor")}
	off := map[string][]calendar.Change{"cn": {dayOff(26, "off")}}
	before, monday, tuesday, wednesday, thursday := saved.Add(-time.Minute), saved, saved.Add(23*time.Hour), saved.Add(48*time.Hour), saved.Add(72*time.Hour)
	for name, c := range map[string]struct {
		tried      map[string]roster.Plan
		holidays   map[string][]calendar.Change
		at         time.Time
		was, would string
	}{
		"before any roster":           {nil, nil, before, "", ""},
		"before any roster, but ours": {tried, nil, before, "", "supervisor technician"},
		"the first version":           {tried, nil, monday, "agent inspector", "inspector supervisor technician"},
		"the first version still":     {tried, nil, tuesday, "agent inspector", "business inspector supervisor"},
		"the second, overridden":      {tried, nil, wednesday, "expert inspector", "inspector supervisor technician"},
		"ours, overridden too":        {map[string]roster.Plan{"site": plan("", "business")}, nil, wednesday, "expert inspector", "expert inspector"},
		"as it is":                    {map[string]roster.Plan{"site": plan("", "business")}, nil, saved.Add(9 * 24 * time.Hour), "business inspector", "business inspector"},
		"nothing tried":               {nil, nil, wednesday, "expert inspector", "expert inspector"},
		"on a day off":                {tried, off, thursday, "business inspector", "inspector supervisor"},
		"a roster taken away":         {map[string]roster.Plan{"old": {Timezone: 0, Retired: true}}, nil, monday, "agent inspector", "agent"},
	} {
		t.Run(name, func(t *testing.T) {
			policies, err := NewPolicyHistory(t.Context(), v.store, defect.DefaultPolicy(), c.holidays)
			require.NoError(t, err)
			h, err := NewDutyHistory(t.Context(), v.store, c.tried, policies)
			require.NoError(t, err)
			got, err := h.Try(t.Context(), "n", defect.TriedCall{Rule: "r", Cycle: 1, Was: c.at, Would: c.at})
			require.NoError(t, err)
			require.Equal(t, []string{c.was, c.would}, []string{strings.Join(got.Was.People, " "), strings.Join(got.Would.People, " ")})
			got, err = h.Try(t.Context(), "n", defect.TriedCall{Rule: "r", Cycle: 1, Would: c.at})
			require.NoError(t, err)
			require.Equal(t, roster.Called{}, got.Was)
			require.Equal(t, roster.Trial{Case: "n", Rule: "r", Cycle: 1, Would: got.Would}, got)
		})
	}
}
