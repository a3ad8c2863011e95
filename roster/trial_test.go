package roster_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/roster"
)

func TestInForce_AtATime(t *testing.T) {
	first := roster.Roster{Name: "site", Version: 1, SavedAt: at("2026-03-02 09:00")}
	second := roster.Roster{Name: "site", Version: 2, SavedAt: at("2026-03-04 09:00")}
	for moment, want := range map[string]int{
		"2026-03-02 08:59": 0, "2026-03-02 09:00": 1, "2026-03-04 08:59": 1, "2026-03-04 09:00": 2, "2027-01-01 00:00": 2,
	} {
		got, ok := roster.InForce([]roster.Roster{first, second}, at(moment))
		require.Equal(t, want != 0, ok, moment)
		require.Equal(t, want, got.Version, moment)
	}
}

// TestUnder_AnotherPlan: what was changed by hand stays, as it does when a roster is saved anew.
func TestUnder_AnotherPlan(t *testing.T) {
	line := func(people ...string) roster.Plan {
		return roster.Plan{
			Timezone: 8 * 60 * 60,
			Shifts:   []roster.Shift{{Name: "line", Kind: roster.Hotline, Start: clock("08:00"), End: clock("08:00"), Rotation: turns(roster.Daily, "2026-03-02", people...)}},
		}
	}
	r := roster.Roster{Name: "line", Plan: line("an"), Overrides: []roster.Override{
		{ID: "1", From: at("2026-03-03 08:00"), To: at("2026-03-04 08:00"), Instead: "bo", People: []string{"chen"}, At: at("2026-03-01 08:00")},
	}}
	tried := r.Under(line("an", "bo"), site(t))
	for moment, want := range map[string][2]string{
		"2026-03-02 12:00": {"an", "an"},
		"2026-03-03 12:00": {"an", "chen"}, // bo was known to be away
		"2026-03-05 12:00": {"an", "bo"},
	} {
		require.Equal(t, []string{want[0]}, roster.People(r.OnDuty(at(moment))), moment)
		require.Equal(t, []string{want[1]}, roster.People(tried.OnDuty(at(moment))), moment)
	}
}

func TestTrials_AddUp(t *testing.T) {
	moment := at("2026-03-02 12:00")
	called := func(people ...string) roster.Called { return roster.Called{At: moment, People: people} }
	later := func(c roster.Called) roster.Called { c.At = c.At.Add(time.Hour); return c }
	none := roster.Called{}
	var all roster.Trials
	for name, c := range map[string]struct {
		was, would roster.Called
		differs    bool
	}{
		"the same":         {called("an", "bo"), called("an", "bo"), false},
		"later":            {called("an"), later(called("an")), false},
		"others":           {called("an"), called("bo", "chen"), true},
		"nobody on duty":   {called("an"), called(), true},
		"nobody, as ever":  {called(), later(called()), false},
		"somebody at last": {called(), called("an"), true},
		"no call":          {called("an"), none, true},
		"a call of nobody": {none, called(), true},
	} {
		trial := roster.Trial{Case: name, Was: c.was, Would: c.would}
		require.Equal(t, c.differs, trial.Differs(), name)
		all.Add(trial)
	}
	require.Equal(t, roster.Count{Was: 7, Would: 7}, all.Calls)
	require.Equal(t, roster.Count{Was: 2, Would: 3}, all.Unattended)
	require.Len(t, all.Differ, 5)
	require.Equal(t, []roster.PersonCalls{
		{Username: "an", Count: roster.Count{Was: 5, Would: 3}}, {Username: "bo", Count: roster.Count{Was: 1, Would: 2}}, {Username: "chen", Count: roster.Count{Would: 1}},
	}, all.People())
	require.Empty(t, (&roster.Trials{}).People())
}

func TestPlan_People(t *testing.T) {
	require.Equal(t, []string{"an", "bo", "chen", "du", "e", "fu", "gao", "hu", "ji", "xu", "yan"}, plan().People())
	p := plan()
	p.Entries = []roster.Entry{{Date: date("2026-03-02"), Shift: "日线", People: []string{"zoe", "an"}}}
	require.Equal(t, append(plan().People(), "zoe"), p.People())
	require.Empty(t, roster.Plan{Retired: true}.People())
}
