package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/calendar"
	"yunwei/config"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/store/storetest"
)

// TestPolicyTry_TellsWhatWouldHaveBeen: cases of one policy under a stricter one, of a part of the period.
func TestPolicyTry_TellsWhatWouldHaveBeen(t *testing.T) {
	db := storetest.SQLite(t)
	s := db.Open(t)
	first := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	r := rand.New(rand.NewPCG(3, 3)) //nolint:gosec // for tests
	var numbers []string
	for i := range 20 {
		c, events := storetest.Life(r, storetest.Submission(r, 3, 3), first.AddDate(0, 0, i), 20, defect.Keyed{})
		_, err := s.Project(t.Context(), c.Number, &c, events)
		require.NoError(t, err)
		numbers = append(numbers, c.Number)
	}
	file := filepath.Join(t.TempDir(), "strict.yaml")
	text, err := os.ReadFile("../../defect/policies/om-plan.yaml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "response: 30m", "response: 1s")), 0o600))
	try := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		require.NoError(t, run(t.Context(), append([]string{"policy", "try", file, "--database", db.URL}, args...), strings.NewReader(""), &out))
		return out.String()
	}
	var answer trialsJSON
	require.NoError(t, json.Unmarshal([]byte(try("--json")), &answer))
	require.Equal(t, 20, answer.Cases)
	moved := 0
	for _, p := range answer.Promises {
		was, would := 0, 0
		for outcome := range p.Was {
			was += p.Was[outcome]
			would += p.Would[outcome]
		}
		require.Equal(t, was, would, p.Clock)
		if p.Clock == defect.ClockResponse {
			require.Zero(t, p.Would["met"], "nobody responds within a second")
			require.Subset(t, numbers, p.Broken)
			moved += len(p.Broken)
		}
	}
	require.Positive(t, moved)
	table := try()
	require.Contains(t, table, "policy om-plan-2019, 20 cases")
	require.Contains(t, table, "response, severity")
	require.NoError(t, json.Unmarshal([]byte(try("--json", "--from", "2026-03-03", "--to", "2026-03-05T00:00:00+08:00")), &answer))
	require.Equal(t, 2, answer.Cases)
	var out bytes.Buffer
	for _, args := range [][]string{{"--from", "yesterday"}, {"--from", "2026-03-05", "--to", "2026-03-05"}} {
		require.Error(t, run(t.Context(), append([]string{"policy", "try", file, "--database", db.URL}, args...), strings.NewReader(""), &out))
	}
}

// TestPolicyTry_NamesWhatCannotBeRead: such a case is told apart, and the others are tried.
func TestPolicyTry_NamesWhatCannotBeRead(t *testing.T) {
	db := storetest.SQLite(t)
	s := db.Open(t)
	r := rand.New(rand.NewPCG(5, 5)) //nolint:gosec // for tests
	var numbers []string
	for i := range 3 {
		c, events := storetest.Life(r, storetest.Submission(r, 3, 3), time.Date(2026, 3, 2+i, 1, 0, 0, 0, time.UTC), 3, defect.Keyed{})
		_, err := s.Project(t.Context(), c.Number, &c, events)
		require.NoError(t, err)
		numbers = append(numbers, c.Number)
	}
	storetest.Tamper(t, db.URL, "UPDATE defect_docs SET policy_digest = 'nope' WHERE id = (SELECT id FROM defects WHERE number = '"+numbers[1]+"')")
	var out, told bytes.Buffer
	try := policyTry{Store: config.Store{Database: db.URL}, File: "../../defect/policies/om-plan.yaml", JSON: true}
	require.NoError(t, try.Run(t.Context(), console{out: &out, err: &told}))
	var answer trialsJSON
	require.NoError(t, json.Unmarshal(out.Bytes(), &answer))
	require.Equal(t, 2, answer.Cases)
	require.Equal(t, numbers[1:2], answer.Unread)
	require.Contains(t, told.String(), "cannot be read")
	require.Contains(t, told.String(), numbers[1])
}

// TestPolicyTry_GoesByTheHolidaysOfTheDatabase: of the policy that the cases were submitted under nothing differs, whether
// they came before a revision or after it.
func TestPolicyTry_GoesByTheHolidaysOfTheDatabase(t *testing.T) {
	db := storetest.SQLite(t)
	s := db.Open(t)
	file := filepath.Join(t.TempDir(), "office.yaml")
	text, err := os.ReadFile("../../defect/policies/om-plan.yaml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "calendar: 7x24", "calendar: 5x8")), 0o600))
	policy, err := loadPolicy(file)
	require.NoError(t, err)
	monday := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	off := calendar.Exception{Date: calendar.Date{Year: 2026, Month: 3, Day: 3}, Off: true, Name: "停工"}
	revision, _, err := desk.AddHolidays(t.Context(), s, calendar.Revision{Set: "cn", Change: calendar.Change{Days: []calendar.Exception{off}}, By: "liaison", Why: "w", At: monday.Add(time.Hour)})
	require.NoError(t, err)
	after := policy
	after.Calendars = map[string]calendar.Calendar{}
	for name, c := range policy.Calendars {
		n, _ := calendar.InForce(c.Set(), []calendar.Change{revision.Change}, nil)
		if c.Set() == "cn" {
			c = c.WithHolidays(n)
		}
		after.Calendars[name] = c
	}
	reporter := defect.Person{Username: "r", Roles: []defect.Role{defect.RoleReporter}}
	for i, under := range []defect.Policy{policy, after} {
		c, opened := defect.Open(defect.NewNumber([8]byte{7: byte(i)}), defect.Submission{Title: "t", Severity: 1, Reporter: defect.Reporter{Username: "r"}}, under, reporter, monday.Add(time.Duration(i)*2*time.Hour), defect.Keyed{})
		// Withdrawn on Wednesday: before the promise to resolve ran out when Tuesday was off, after it when it was not.
		events := append([]defect.Event{opened}, c.Expire(monday.AddDate(0, 0, 2))...)
		withdrawn, err := c.Do(defect.Command{Action: defect.ActWithdraw, By: reporter, Input: defect.Input{Reason: "r"}}, monday.AddDate(0, 0, 2))
		require.NoError(t, err)
		_, err = s.Project(t.Context(), c.Number, &c, append(events, withdrawn))
		require.NoError(t, err)
	}
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"policy", "try", file, "--database", db.URL, "--json"}, strings.NewReader(""), &out))
	var answer trialsJSON
	require.NoError(t, json.Unmarshal(out.Bytes(), &answer))
	require.Equal(t, 2, answer.Cases)
	for _, p := range answer.Promises {
		require.Equal(t, p.Was, p.Would, p.Clock)
		require.Empty(t, append(append(p.Kept, p.Broken...), p.Other...), p.Clock)
	}
}
