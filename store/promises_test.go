package store_test

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"yunwei/defect"
	"yunwei/store"
	"yunwei/store/storetest"
)

// promised returns all promises that a query finds, page by page.
func promised(t testing.TB, s *store.Store, q defect.PromiseQuery, size int) []defect.CasePromise {
	t.Helper()
	var out []defect.CasePromise
	for after := ""; ; {
		page, next, err := s.Promises(t.Context(), q, after, size)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page), size)
		out = append(out, page...)
		if next == "" {
			return out
		}
		require.Len(t, page, size, "only the last page is short")
		after = next
	}
}

// kept returns the promises of cases as SQL should have them, in order.
func kept(cases ...defect.Case) []defect.CasePromise {
	var out []defect.CasePromise
	for _, c := range cases {
		for _, p := range c.Promises() {
			out = append(out, defect.CasePromise{Number: c.Number, Promise: p})
		}
	}
	slices.SortStableFunc(out, func(a, b defect.CasePromise) int { return a.StartedAt.Compare(b.StartedAt) })
	return out
}

func TestPromises_FollowTheirCase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		for seed := range uint64(4) {
			c, events := life(40 + seed*7)
			for i := range events {
				now := upTo(t, c, events[:i+1])
				var whole *defect.Case
				if i == 0 {
					whole = now
				}
				_, err := s.Project(ctx, c.Number, whole, events[i:i+1])
				require.NoError(t, err)
				require.Empty(t, gocmp.Diff(kept(*now), promised(t, s, defect.PromiseQuery{}, 200)), "after event %d, %s", i+1, events[i].Kind)
			}
			require.NoError(t, s.Forget(ctx, c.Number))
		}
	})
}

// TestPromises_OfEarlierCases: what an older release stored without promises gets them when the schema is brought
// forward, however often, and what is there stays.
func TestPromises_OfEarlierCases(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		cases := population(t, s, 450, 3)
		want := promised(t, s, defect.PromiseQuery{}, 200)
		require.ElementsMatch(t, kept(cases...), want)
		require.NoError(t, s.Exec(ctx, "DELETE FROM promises WHERE id IN (SELECT id FROM defects WHERE severity <> 1)"))
		require.NoError(t, s.Exec(ctx, "DELETE FROM promise_names"))
		s = db.Open(t)
		for range 2 {
			require.NoError(t, s.Migrate(ctx))
			require.Empty(t, gocmp.Diff(want, promised(t, s, defect.PromiseQuery{}, 200)))
		}
	})
}

// population stores so many cases of random lives over half a year, some with units and some without.
func population(t testing.TB, s *store.Store, n int, seed uint64) []defect.Case {
	t.Helper()
	r := seeded(seed)
	var out []defect.Case
	for i := range n {
		report := storetest.Submission(r, 5, 4)
		if i%3 > 0 {
			report.Reporter.Unit = []string{"财务处", "=HYPERLINK(\"x\")", "办公室"}[r.IntN(3)]
		}
		at := monday.Add(time.Duration(r.Int64N(int64(180 * 24 * time.Hour)))).Truncate(time.Hour)
		c, events := storetest.Life(r, report, at, r.IntN(30), defect.Keyed{})
		_, err := s.Project(t.Context(), c.Number, &c, events)
		require.NoError(t, err)
		out = append(out, c)
	}
	return out
}

// keyOf is the group of a promise, worked out anew.
func keyOf(p defect.Promise, by defect.Dimension) string {
	switch by {
	case defect.BySeverity:
		return strconv.Itoa(int(p.Severity))
	case defect.ByMonth:
		return p.StartedAt.In(time.FixedZone("", 8*3600)).Format("200601")
	case defect.BySystem:
		return p.System
	case defect.ByUnit:
		return p.Unit
	case defect.ByPerson:
		return p.Person
	case defect.ByClock:
	}
	return string(p.Clock)
}

// counted works a group's figures out from its promises, the plain way.
func counted(promises []defect.CasePromise) defect.PromiseGroup {
	g := defect.PromiseGroup{Promised: len(promises)}
	var took []time.Duration
	for _, p := range promises {
		switch p.Outcome {
		case defect.OutcomeMet:
			g.Met++
		case defect.OutcomeBroken:
			g.Broken++
		case defect.OutcomeRunning:
			g.Running++
		case defect.OutcomeCancelled:
			g.Cancelled++
		}
		if p.Met {
			took = append(took, p.Counted)
		}
		g.Sides.Contractor += p.Sides.Contractor
		g.Sides.Client += p.Sides.Client
		g.Sides.SparePart += p.Sides.SparePart
	}
	slices.Sort(took)
	g.Timed = len(took)
	rank := func(percent int) time.Duration { // ceil(percent/100 * n), from 1
		if len(took) == 0 {
			return 0
		}
		return took[(percent*len(took)+99)/100-1]
	}
	g.P50, g.P90, g.Longest = rank(50), rank(90), rank(100)
	return g
}

func TestPromiseReport_AddsUpToTheCasesBehindIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		all := kept(population(t, s, 300, 5)...)
		from, to := monday.AddDate(0, 1, 0), monday.AddDate(0, 4, 0)
		for _, by := range defect.Dimensions() {
			for _, clock := range append(defect.ClockNames(), "") {
				q := defect.PromiseQuery{From: from, To: to, By: by, Clock: clock}
				report, err := s.PromiseReport(ctx, q)
				require.NoError(t, err)
				want := map[string][]defect.CasePromise{}
				var inPeriod []defect.CasePromise
				for _, p := range all {
					if !p.StartedAt.Before(from) && p.StartedAt.Before(to) && (clock == "" || p.Clock == clock) {
						want[keyOf(p.Promise, by)] = append(want[keyOf(p.Promise, by)], p)
						inPeriod = append(inPeriod, p)
					}
				}
				require.Equal(t, counted(inPeriod), report.Total, "%s %s", by, clock)
				require.Len(t, report.Groups, len(want))
				require.True(t, slices.IsSortedFunc(report.Groups, func(a, b defect.PromiseGroup) int { return cmp.Compare(a.Key, b.Key) }))
				for _, g := range report.Groups {
					expected := counted(want[g.Key])
					expected.Key = g.Key
					require.Equal(t, expected, g, "%s %s", by, clock)
					require.Equal(t, g.Promised, g.Met+g.Broken+g.Running+g.Cancelled)
					behind(t, s, q, g)
				}
			}
		}
	})
}

// behind checks that the lists behind a group's figures hold as many promises as the figures say.
func behind(t *testing.T, s *store.Store, q defect.PromiseQuery, g defect.PromiseGroup) {
	t.Helper()
	q.Key, q.Keyed = g.Key, true
	figures := map[defect.Outcome]int{"": g.Promised, defect.OutcomeMet: g.Met, defect.OutcomeBroken: g.Broken, defect.OutcomeRunning: g.Running, defect.OutcomeCancelled: g.Cancelled}
	for outcome, n := range figures {
		one := q
		one.Outcome = outcome
		found := promised(t, s, one, 7)
		require.Len(t, found, n, "%v %s", one, g.Key)
		for _, p := range found {
			require.Equal(t, g.Key, keyOf(p.Promise, q.By))
		}
	}
	q.Timed = true
	timed := promised(t, s, q, 7)
	require.Len(t, timed, g.Timed)
	if g.Timed > 0 {
		require.True(t, slices.ContainsFunc(timed, func(p defect.CasePromise) bool { return p.Counted == g.P50 }), "the figure of a promise")
		require.Equal(t, g.Longest, slices.MaxFunc(timed, func(a, b defect.CasePromise) int { return cmp.Compare(a.Counted, b.Counted) }).Counted)
	}
}

func TestPromises_WithAWrongCursor(t *testing.T) {
	s := storetest.SQLite(t).Open(t)
	for _, cursor := range []string{"x", "e30", "eyJpIjotMX0", "登录"} {
		_, _, err := s.Promises(t.Context(), defect.PromiseQuery{}, cursor, 10)
		require.ErrorIs(t, err, store.ErrCursor, cursor)
	}
	report, err := s.PromiseReport(t.Context(), defect.PromiseQuery{By: defect.ByUnit})
	require.NoError(t, err)
	require.Equal(t, defect.PromiseReport{}, report, "of nothing")
	list, next, err := s.Promises(t.Context(), defect.PromiseQuery{By: defect.ByMonth, Key: "x", Keyed: true}, "", 10)
	require.NoError(t, err)
	require.Empty(t, list)
	require.Empty(t, next)
}

// BenchmarkPromiseReport reads reports over 200,000 promises.
func BenchmarkPromiseReport(b *testing.B) {
	storetest.EachB(b, func(b *testing.B, db storetest.DB) {
		b.Helper()
		s := db.Open(b)
		require.NoError(b, s.LoadPromises(b.Context(), kept(population(b, s, 300, 5)...), 200_000))
		for _, by := range defect.Dimensions() {
			b.Run(string(by), func(b *testing.B) {
				for b.Loop() {
					_, err := s.PromiseReport(context.WithoutCancel(b.Context()), defect.PromiseQuery{By: by})
					require.NoError(b, err)
				}
			})
		}
		b.Run("cases", func(b *testing.B) {
			q := defect.PromiseQuery{By: defect.BySeverity, Key: "1", Keyed: true, Outcome: defect.OutcomeBroken}
			for b.Loop() {
				_, _, err := s.Promises(b.Context(), q, "", 200)
				require.NoError(b, err)
			}
		})
	})
}
