package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/roster"
	"yunwei/store"
	"yunwei/store/storetest"
)

// written writes a file of a test.
func written(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// officePolicy is the shipped policy on office hours, with a rule that calls for whoever is on duty.
func officePolicy(t *testing.T) (file string, policy defect.Policy) {
	t.Helper()
	text, err := os.ReadFile("../../defect/policies/om-plan.yaml")
	require.NoError(t, err)
	file = written(t, "office.yaml", strings.NewReplacer("calendar: 7x24", "calendar: 5x8", "at: 100%, notify: [liaison]", "at: 100%, notify: [on_duty, liaison]").Replace(string(text)))
	policy, err = loadPolicy(file)
	require.NoError(t, err)
	return file, policy
}

// linePlan is a roster's file: a line day and night, on which people take turns by the day from Monday, 2 March 2026.
func linePlan(people ...string) string {
	turns := `["` + strings.Join(people, `"], ["`) + `"]`
	return `{"version": 3, "reason": "a trial", "plan": {"timezone": "+08:00", "calendar": "5x8", "shifts": [
  {"name": "line", "kind": "hotline", "start": "00:00", "end": "24:00", "rotation": {"every": "day", "anchor": "2026-03-02", "groups": [` + turns + `]}}]}}`
}

const march3Off = `{"year": 2026, "days": [{"name": "元旦", "date": "2026-01-01", "isOffDay": true}, {"name": "停工", "date": "2026-03-03", "isOffDay": true}]}`

// tryWorld is a database with three cases of severity 1, all submitted on Monday at 17:45 at the site, a quarter of an hour
// before the office closes, each acknowledged on Tuesday at 9:00, when the half hour to respond was over at 8:45.
func tryWorld(t *testing.T) (file, database string, s *store.Store) {
	t.Helper()
	db := storetest.SQLite(t)
	s = db.Open(t)
	file, policy := officePolicy(t)
	reporter := defect.Person{Username: "r", Roles: []defect.Role{defect.RoleReporter}}
	agent := defect.Person{Username: "agent", Roles: []defect.Role{defect.RoleAgent}}
	monday := time.Date(2026, 3, 2, 9, 45, 0, 0, time.UTC)
	for i := range 3 {
		at := monday.Add(time.Duration(i) * time.Second)
		c, opened := defect.Open(defect.NewNumber([8]byte{7: byte(i)}), defect.Submission{Title: "t", Severity: 1, Reporter: defect.Reporter{Username: "r"}}, policy, reporter, at, defect.Keyed{})
		events := append([]defect.Event{opened}, c.Expire(monday.Add(15*time.Hour+15*time.Minute))...)
		acknowledged, err := c.Do(defect.Command{Action: defect.ActAcknowledge, By: agent, Input: defect.Input{Assignee: "agent"}}, monday.Add(15*time.Hour+15*time.Minute))
		require.NoError(t, err)
		withdrawn, err := c.Do(defect.Command{Action: defect.ActWithdraw, By: reporter, Input: defect.Input{Reason: "r"}}, monday.Add(15*time.Hour+16*time.Minute))
		require.NoError(t, err)
		_, err = s.Project(t.Context(), c.Number, &c, append(events, acknowledged, withdrawn))
		require.NoError(t, err)
	}
	for _, name := range []string{"an", "bo", "agent"} {
		require.NoError(t, s.AddUser(t.Context(), store.User{Person: defect.Person{Username: name, Name: name, Roles: []defect.Role{defect.RoleAgent}}}))
	}
	plan, err := readPlan(written(t, "line.json", linePlan("an", "bo")), policy)
	require.NoError(t, err)
	_, err = s.SaveRoster(t.Context(), roster.Roster{Name: "line", Plan: plan, Working: policy.Calendars["5x8"], SavedAt: monday.AddDate(0, 0, -7), SavedBy: "liaison"})
	require.NoError(t, err)
	return file, db.URL, s
}

// tried runs a trial, and returns what it says to people and to programs.
func tried(t *testing.T, file, database string, args ...string) (table string, answer trialsJSON) {
	t.Helper()
	for _, more := range [][]string{nil, {"--json"}} {
		var out strings.Builder
		all := append(append([]string{"policy", "try", file, "--database", database}, args...), more...)
		require.NoError(t, run(t.Context(), all, strings.NewReader(""), &out))
		if more == nil {
			table = out.String()
			continue
		}
		require.NoError(t, json.Unmarshal([]byte(out.String()), &answer))
	}
	return table, answer
}

// responses tells how the promises to respond ended and would have.
func responses(t *testing.T, answer trialsJSON) (was, would map[string]int) {
	t.Helper()
	for _, p := range answer.Promises {
		if p.Clock == defect.ClockResponse {
			return p.Was, p.Would
		}
	}
	return nil, nil
}

func outcomes(met, broken int) map[string]int {
	return map[string]int{"met": met, "broken": broken, "running": 0, "cancelled": 0, "not_made": 0}
}

// TestPolicyTry_UnderOtherRosters: who on duty would have been called, and no promise moves.
func TestPolicyTry_UnderOtherRosters(t *testing.T) {
	file, database, _ := tryWorld(t)
	plain, answer := tried(t, file, database)
	require.Contains(t, plain, "calls for whoever is on duty: 3 -> 3, of them while nobody was on duty: 0 -> 0\n")
	require.NotContains(t, plain, "no promise depends")
	require.Equal(t, dutyTrialJSON{
		Calls: countJSON{3, 3}, People: []personCallsJSON{{"bo", countJSON{3, 3}}}, Differ: []callTrialJSON{}, Unknown: []string{},
	}, answer.Duty)

	_, same := tried(t, file, database, "--roster", "line="+written(t, "same.json", linePlan("an", "bo")))
	require.Equal(t, []any{answer.Promises, answer.Duty}, []any{same.Promises, same.Duty}, "the roster that was in force changes nothing")

	table, other := tried(t, file, database, "--roster", "line="+written(t, "other.json", linePlan("bo", "an")), "--roster", "second="+written(t, "second.json", linePlan("zoe")))
	require.Contains(t, table, "policy om-plan-2019, other roster line, second, 3 cases")
	require.Contains(t, table, "no promise depends on a roster")
	require.Regexp(t, `(?m)^an +0 -> 3$`, table)
	require.Regexp(t, `(?m)^[0-9A-Z-]{14} +response at 100% +2026-03-03 08:45 bo +2026-03-03 08:45 an, zoe$`, table)
	require.Equal(t, []string{"line", "second"}, other.Rosters)
	require.Equal(t, []string{"zoe"}, other.Duty.Unknown)
	require.Equal(t, []personCallsJSON{{"an", countJSON{0, 3}}, {"zoe", countJSON{0, 3}}, {"bo", countJSON{3, 0}}}, other.Duty.People)
	require.Len(t, other.Duty.Differ, 3)
	require.Equal(t, answer.Promises, other.Promises)

	table, none := tried(t, file, database, "--roster", `line=`+written(t, "none.json", `{"plan": {"timezone": "+08:00", "retired": true, "shifts": []}}`))
	require.Contains(t, table, "calls for whoever is on duty: 3 -> 3, of them while nobody was on duty: 0 -> 3\n")
	require.Contains(t, table, "2026-03-03 08:45 nobody on duty\n")
	require.Equal(t, []string{}, none.Duty.Differ[0].Would.People)
}

// TestPolicyTry_UnderOtherHolidays: promises move, and with them when somebody is called.
func TestPolicyTry_UnderOtherHolidays(t *testing.T) {
	file, database, s := tryWorld(t)
	off := "cn=" + written(t, "2026.json", march3Off)
	table, answer := tried(t, file, database, "--holidays", off)
	require.Contains(t, table, "policy om-plan-2019, other holidays of cn, 3 cases")
	require.Equal(t, []string{"cn"}, answer.Holidays)
	was, would := responses(t, answer)
	require.Equal(t, outcomes(0, 3), was)
	require.Equal(t, outcomes(3, 0), would, "acknowledged on a day off")
	require.Equal(t, countJSON{3, 0}, answer.Duty.Calls)
	require.Nil(t, answer.Duty.Differ[0].Would)
	require.Contains(t, table, "2026-03-03 08:45 bo  no call\n")

	// A revision of before that calls off Tuesday is what the cases are tried under, unless other holidays are.
	_, _, err := desk.AddHolidays(t.Context(), s, calendar.Revision{
		Set: "cn", Change: calendar.Change{Days: []calendar.Exception{{Date: calendar.Date{Year: 2026, Month: 3, Day: 3}, Off: true, Name: "停工"}}},
		By: "liaison", Why: "w", At: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
	})
	require.NoError(t, err)
	_, answer = tried(t, file, database)
	_, would = responses(t, answer)
	require.Equal(t, outcomes(3, 0), would)
	newYear := `{"year": 2026, "days": [{"name": "元旦", "date": "2026-01-01", "isOffDay": true}]}`
	_, answer = tried(t, file, database, "--holidays", "cn="+written(t, "bare.json", newYear))
	_, would = responses(t, answer)
	require.Equal(t, outcomes(0, 3), would)
	_, answer = tried(t, file, database, "--holidays", "cn="+written(t, "bare.json", newYear), "--holidays", off)
	_, would = responses(t, answer)
	require.Equal(t, outcomes(3, 0), would, "the later notice of a year stands")
}

func TestPolicyTry_NamesTheFlagAndWhatIsAccepted(t *testing.T) {
	file, _ := officePolicy(t)
	shipped, err := os.ReadFile("../../defect/policies/om-plan.yaml")
	require.NoError(t, err)
	always := written(t, "always.yaml", strings.Replace(string(shipped), ", holidays: cn", "", 1))
	bad := func(from, to string) string {
		return written(t, "bad.json", strings.Replace(linePlan("an"), from, to, 1))
	}
	notice := written(t, "cn.json", march3Off)
	for name, c := range map[string]struct {
		policy string
		args   []string
		want   []string // of the error
	}{
		"no file of holidays":        {file, []string{"--holidays", "cn"}, []string{"--holidays", "SET=FILE", "cn=2027.json", `"cn"`}},
		"an empty file name":         {file, []string{"--holidays", "cn="}, []string{"--holidays", "SET=FILE"}},
		"no set":                     {file, []string{"--holidays", "us=" + notice}, []string{"--holidays", `"us"`, "cn is accepted", "site-NAME"}},
		"a set nobody follows":       {file, []string{"--holidays", "site=" + notice}, []string{"--holidays", "site", "those of cn are accepted"}},
		"a policy without holidays":  {always, []string{"--holidays", "cn=" + notice}, []string{"--holidays", "none is accepted"}},
		"a notice that is not there": {file, []string{"--holidays", "cn=" + notice + ".gone"}, []string{"--holidays cn", "read the notice", "no such file"}},
		"a broken notice":            {file, []string{"--holidays", "cn=" + written(t, "n.json", "{\n\"year\": 2026, \"days\": [\n{\"name\": \"x\", \"date\": \"2026-02-30\", \"isOffDay\": true}]}")}, []string{"--holidays cn: the notice has 1 mistake:", "n.json: line 3: days[0].date", "2026-02-17"}},
		"no file of a roster":        {file, []string{"--roster", "line"}, []string{"--roster", "NAME=FILE", "site=site.json"}},
		"no name of a roster":        {file, []string{"--roster", "A Line=" + notice}, []string{"--roster", `"A Line"`, "a-z 0-9 . _ -"}},
		"a roster twice":             {file, []string{"--roster", "a=" + bad("", ""), "--roster", "a=" + bad("", "")}, []string{"--roster", "a is given twice"}},
		"a roster that is not there": {file, []string{"--roster", "a=" + notice + ".gone"}, []string{"--roster a", "read the roster", "no such file"}},
		"no JSON":                    {file, []string{"--roster", "a=" + bad(`"shifts"`, `shifts`)}, []string{"--roster a", "bad.json:1: ", "PUT /api/v1/rosters/{name}"}},
		"a holiday notice":           {file, []string{"--roster", "a=" + notice}, []string{"--roster a", `unknown field "year"`, "PUT /api/v1/rosters/{name}"}},
		"two documents":              {file, []string{"--roster", "a=" + written(t, "two.json", linePlan("an")+"\n{}")}, []string{"--roster a", "two.json:3: something follows"}},
		"no plan":                    {file, []string{"--roster", "a=" + written(t, "p.json", `{"version": 1}`)}, []string{"--roster a", "has no plan", "PUT /api/v1/rosters/{name}"}},
		"another type":               {file, []string{"--roster", "a=" + bad(`"hotline"`, `7`)}, []string{"--roster a", "bad.json:2: ", "kind"}},
		"a time that is none":        {file, []string{"--roster", "a=" + bad(`"00:00"`, `"25:00"`)}, []string{"--roster a", "bad.json:", `"25:00"`, "08:30"}},
		"no zone":                    {file, []string{"--roster", "a=" + bad(`"timezone": "+08:00", `, ``)}, []string{"--roster a: the plan has 1 mistake:", "bad.json: plan.timezone: This is required."}},
		"no start":                   {file, []string{"--roster", "a=" + bad(`"start": "00:00", `, ``)}, []string{"plan.shifts[0].start: This is required."}},
		"another kind":               {file, []string{"--roster", "a=" + bad(`"hotline"`, `"home"`)}, []string{"plan.shifts[0].kind: Only these are accepted: onsite, hotline."}},
		"a calendar of no policy":    {file, []string{"--roster", "a=" + bad(`"5x8"`, `"4x4"`)}, []string{"plan.calendar: There is no such calendar; there are: 5x8, 7x24."}},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			// The database is not asked: mistakes are told before.
			err := run(t.Context(), append([]string{"policy", "try", c.policy, "--database", "sqlite:///nowhere/at/all.db"}, c.args...), strings.NewReader(""), &out)
			require.Error(t, err)
			for _, want := range c.want {
				require.Contains(t, oneLine(err), want)
			}
		})
	}
}

// TestPolicyTry_ReadsARosterAsTheAPIAnswers: what GET gives can be edited and tried.
func TestPolicyTry_ReadsARosterAsTheAPIAnswers(t *testing.T) {
	_, policy := officePolicy(t)
	head := `{"name": "line", "version": 3, "saved_at": "2026-03-01T00:00:00Z", "saved_by": "liaison", "reason": null, "retired": false, "known_through": null, "plan": {"retired": false, "holidays": [], "entries": [],`
	plan, err := readPlan(written(t, "got.json", "\ufeff"+strings.Replace(linePlan("AN "), `{"version": 3, "reason": "a trial", "plan": {`, head, 1)), policy)
	require.NoError(t, err)
	require.Equal(t, []string{"an"}, plan.People())
}
