package activities_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"yunwei/activities"
	"yunwei/calendar"
	"yunwei/contract"
	"yunwei/defect"
	"yunwei/roster"
	"yunwei/store"
)

// fakeRosters has one roster, and one person who may be on it.
type fakeRosters struct {
	fail  error
	list  []roster.Roster
	since time.Time
}

func (f *fakeRosters) Rosters(_ context.Context, since time.Time) ([]roster.Roster, error) {
	f.since = since
	return f.list, f.fail
}

func (f *fakeRosters) Directory(context.Context) ([]store.User, error) {
	return []store.User{
		{Person: defect.Person{Username: "an", Roles: []defect.Role{defect.RoleTechnician}}},
		{Person: defect.Person{Username: "gone", Roles: []defect.Role{defect.RoleTechnician}}, Disabled: true},
		{Person: defect.Person{Username: "client", Roles: []defect.Role{defect.RoleReporter}}},
	}, f.fail
}

// fakeAlarm records what it was told.
type fakeAlarm struct {
	fail error
	told []contract.RosterCheckResult
}

func (f *fakeAlarm) Alarm(_ context.Context, found contract.RosterCheckResult) error {
	f.told = append(f.told, found)
	return f.fail
}

// site returns calendars as the site has them, by name.
func site(calendars ...calendar.Calendar) func(context.Context) (map[string]calendar.Calendar, error) {
	out := map[string]calendar.Calendar{}
	for _, c := range calendars {
		out[c.Name] = c
	}
	return func(context.Context) (map[string]calendar.Calendar, error) { return out, nil }
}

// lineOf is a roster with a shift of a kind that somebody has all the time.
func lineOf(name string, kind roster.Kind, person string) roster.Roster {
	return roster.Roster{Name: name, Plan: roster.Plan{Shifts: []roster.Shift{{
		Name: "热线", Kind: kind, Start: 0, End: 24 * 60, Rotation: roster.Rotation{Every: roster.Weekly, Anchor: calendar.Date{Year: 2026, Month: 1, Day: 5}, Groups: [][]string{{person}}},
	}}}}
}

func TestRosterCheck_TellsWhatItFinds(t *testing.T) {
	from := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	ask := contract.RosterCheckRequest{From: from, To: from.AddDate(0, 0, 7)}
	for name, c := range map[string]struct {
		list []roster.Roster
		want []roster.Problem
	}{
		"whole":             {[]roster.Roster{lineOf("line", roster.Hotline, "an"), lineOf("site", roster.Onsite, "an2")}, []roster.Problem{roster.ProblemUnknown}},
		"nobody plans":      {nil, []roster.Problem{roster.ProblemNone, roster.ProblemNone}},
		"a disabled one":    {[]roster.Roster{lineOf("line", roster.Hotline, "gone")}, []roster.Problem{roster.ProblemNone, roster.ProblemUnknown}},
		"one of the client": {[]roster.Roster{lineOf("line", roster.Hotline, "client")}, []roster.Problem{roster.ProblemNone, roster.ProblemUnknown}},
	} {
		t.Run(name, func(t *testing.T) {
			rosters, alarm := &fakeRosters{list: c.list}, &fakeAlarm{}
			acts := &activities.Rosters{Store: rosters, Calendars: site(), Alarm: alarm}
			env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
			env.RegisterActivity(acts.RosterCheck)
			answer, err := env.ExecuteActivity(acts.RosterCheck, ask)
			require.NoError(t, err)
			var got contract.RosterCheckResult
			require.NoError(t, answer.Get(&got))
			var problems []roster.Problem
			for _, f := range got.Findings {
				problems = append(problems, f.Problem)
			}
			require.Equal(t, c.want, problems)
			require.Equal(t, []int{len(c.list), len(c.want)}, []int{got.Rosters, got.Total})
			require.Equal(t, from, rosters.since)
			require.Len(t, alarm.told, 1)
			require.Equal(t, got.Total, alarm.told[0].Total)

			alarm.fail = errors.New("nobody listens")
			_, err = env.ExecuteActivity(acts.RosterCheck, ask)
			require.ErrorContains(t, err, "nobody listens", "so that Temporal tries again")
			acts.Alarm = nil
			_, err = env.ExecuteActivity(acts.RosterCheck, ask)
			require.NoError(t, err)
			rosters.fail = errors.New("away")
			_, err = env.ExecuteActivity(acts.RosterCheck, ask)
			require.ErrorContains(t, err, "away")
		})
	}
}

func TestRosterCheck_NobodyIsToldOfNothing(t *testing.T) {
	alarm := &fakeAlarm{fail: errors.New("not to be called")}
	whole := lineOf("site", roster.Onsite, "an")
	whole.Shifts = append(whole.Shifts, lineOf("", roster.Hotline, "an").Shifts...)
	whole.Shifts[1].Name, whole.Shifts[0].Days, whole.Shifts[1].Days = "线", roster.Days()[:3], roster.Days()[3:]
	acts := &activities.Rosters{Store: &fakeRosters{list: []roster.Roster{whole}}, Calendars: site(), Alarm: alarm}
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivity(acts.RosterCheck)
	thursday := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	answer, err := env.ExecuteActivity(acts.RosterCheck, contract.RosterCheckRequest{From: thursday, To: thursday.AddDate(0, 0, 4)})
	require.NoError(t, err)
	var got contract.RosterCheckResult
	require.NoError(t, answer.Get(&got))
	require.Empty(t, got.Findings)
	require.Empty(t, alarm.told)
}

// TestRosterCheck_AfterANewNotice: nobody saves a roster anew of themselves, so the weekly check tells them to.
func TestRosterCheck_AfterANewNotice(t *testing.T) {
	from := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	office := calendar.Calendar{Name: "5x8", KnownThrough: calendar.Date{Year: 2027, Month: 12, Day: 31}}
	saved := lineOf("line", roster.Hotline, "an")
	saved.Calendar, saved.Working = office.Name, office
	noticed := office
	noticed.Exceptions = []calendar.Exception{{Date: calendar.Date{Year: 2026, Month: 12, Day: 1}, Off: true, Name: "停电"}}
	away := func(context.Context) (map[string]calendar.Calendar, error) { return nil, errors.New("away") }
	acts := &activities.Rosters{Store: &fakeRosters{list: []roster.Roster{saved}}, Alarm: &fakeAlarm{}}
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivity(acts.RosterCheck)
	for name, c := range map[string]struct {
		calendars func(context.Context) (map[string]calendar.Calendar, error)
		want      []roster.Problem
	}{
		"as it was saved": {site(office), []roster.Problem{roster.ProblemNone}},
		"a day off since": {site(noticed), []roster.Problem{roster.ProblemOutdated, roster.ProblemNone}},
		"nobody can say":  {away, nil},
	} {
		t.Run(name, func(t *testing.T) {
			alarm := &fakeAlarm{}
			acts.Calendars, acts.Alarm = c.calendars, alarm
			_, err := env.ExecuteActivity(acts.RosterCheck, contract.RosterCheckRequest{From: from, To: from.AddDate(0, 0, 7*roster.CheckedWeeks)})
			if c.want == nil {
				require.ErrorContains(t, err, "away", "so that Temporal tries again")
				return
			}
			require.NoError(t, err)
			var told []roster.Problem
			for _, f := range alarm.told[0].Findings {
				told = append(told, f.Problem)
			}
			require.Equal(t, c.want, told)
		})
	}
}
