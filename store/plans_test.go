package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/defect"
	"yunwei/roster"
	"yunwei/store"
	"yunwei/store/storetest"
)

// Pages of lists are read along an index and never sorted, on every engine: in what has become much.
func TestPlans_ReadPagesAlongAnIndex(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s := db.Open(t)
		muchOf(t, s)
		plans, err := s.Plans(t.Context(), monday.Add(170*time.Hour).UnixMicro())
		require.NoError(t, err)
		for what, index := range map[string]string{
			"promises by person": "promises_person", "promises by system": "promises_system", "promises by unit": "promises_unit",
			"more promises by person": "promises_person", "more promises by system": "promises_system", "more promises by unit": "promises_unit",
			"notices": "notices_username", "audit": "defects_looks_open", "changes": "roster_changes_place", "changes of a roster": "roster_changes_roster",
		} {
			plan := plans[what]
			require.Regexp(t, `(INDEX |"key": "|"index_name": ")`+index+`\b`, plan, "%s: %s", what, plan)
			require.NotRegexp(t, `"filesort"|"using_filesort": true|"access_type": "sort"|TEMP B-TREE`, plan, what)
			delete(plans, what)
		}
		require.Empty(t, plans, "each is looked at")
	})
}

// muchOf fills the tables, and has the engine look at them.
func muchOf(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	var like []defect.CasePromise
	var usernames []string
	for i := range 40 {
		usernames = append(usernames, fmt.Sprintf("person%d", i))
		like = append(like, defect.CasePromise{Number: "N", Promise: defect.Promise{
			Clock: defect.ClockPlan, Severity: 2, Person: usernames[i], System: fmt.Sprintf("system%d", i), Unit: fmt.Sprintf("unit%d", i),
			Month: 202601, StartedAt: monday, State: defect.ClockMet, Outcome: defect.OutcomeMet,
		}})
	}
	require.NoError(t, s.LoadPromises(ctx, like, 4000))
	for _, channel := range []string{"mail", "inbox"} {
		require.NoError(t, s.AddNotices(ctx, channel, 1000, usernames...))
	}
	r := seeded(1)
	c, _ := storetest.Life(r, storetest.Submission(r, 1, 3), monday, 0, defect.Keyed{})
	var some []store.Sample
	for i := range 2000 {
		c.Number, c.Stage = storetest.Number(r), defect.Closed
		one := store.Sample{Case: c, At: monday.Add(time.Duration(i) * time.Minute).UnixMicro()}
		if i%100 == 0 {
			one.Stage, one.Due = defect.Analysis, one.At
		}
		if some = append(some, one); len(some) == 500 {
			require.NoError(t, s.Load(ctx, some))
			some = nil
		}
	}
	for i := range 200 {
		o := roster.Override{ID: fmt.Sprintf("o%d", i), From: monday, To: monday.Add(time.Duration(i) * time.Hour), People: []string{"bo"}, By: "liaison", At: monday}
		require.NoError(t, s.AddOverride(ctx, fmt.Sprintf("roster%d", i%20), o))
	}
	require.NoError(t, s.Analyze(ctx))
}
