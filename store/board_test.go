package store_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/defect"
	"yunwei/store"
	"yunwei/store/storetest"
)

// open is a promise that is not kept yet, as the board should have it.
type open struct {
	number string
	n      int
	due    time.Time
}

// toWatch works out the plain way which promises are to be watched, the soonest due first.
func toWatch(cases []defect.Case, outcome defect.Outcome, until time.Time) []open {
	var out []open
	for _, p := range kept(cases...) {
		if p.Outcome == outcome && p.EndedAt.IsZero() && !p.DueAt.IsZero() && p.DueAt.Before(until) {
			out = append(out, open{p.Number, p.N, p.DueAt})
		}
	}
	slices.SortStableFunc(out, func(a, b open) int { return a.due.Compare(b.due) })
	return out
}

// requireWatch compares what the store says is to be watched with what is, page by page of what there is in all.
func requireWatch(t *testing.T, want []open, ask func(limit int) (store.Watch, error)) {
	t.Helper()
	for _, limit := range []int{3, len(want) + 1} {
		got, err := ask(limit)
		require.NoError(t, err)
		require.Equal(t, len(want), got.Total)
		require.True(t, got.TotalExact)
		require.Len(t, got.Items, min(limit, len(want)))
		for i, w := range got.Items {
			require.Equal(t, want[i].due, w.Clock.DueAt, "by due time")
			require.Contains(t, want, open{w.Number, slices.IndexFunc(w.Clocks, func(k defect.Clock) bool {
				return k.Name == w.Clock.Name && k.StartedAt.Equal(w.Clock.StartedAt)
			}) + 1, w.Clock.DueAt})
			require.NotEmpty(t, w.Policy.Name, "whole cases")
		}
	}
}

func TestWatch_IsWhatNobodyHasKeptYet(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		for _, ask := range []func(int) (store.Watch, error){
			func(limit int) (store.Watch, error) { return s.Broken(ctx, limit) },
			func(limit int) (store.Watch, error) { return s.DueBefore(ctx, monday, limit) },
		} {
			requireWatch(t, nil, ask)
		}
		cases := population(t, s, 200, 21)
		broken := toWatch(cases, defect.OutcomeBroken, time.UnixMicro(math.MaxInt64))
		require.Greater(t, len(broken), 5)
		requireWatch(t, broken, func(limit int) (store.Watch, error) { return s.Broken(ctx, limit) })
		all := toWatch(cases, defect.OutcomeRunning, time.UnixMicro(math.MaxInt64))
		require.Greater(t, len(all), 10)
		for _, until := range []time.Time{monday, all[4].due, all[4].due.Add(time.Microsecond), monday.AddDate(10, 0, 0)} {
			want := toWatch(cases, defect.OutcomeRunning, until)
			requireWatch(t, want, func(limit int) (store.Watch, error) { return s.DueBefore(ctx, until, limit) })
		}
		s.SetBounds(5, 4000, 1000, 512, 8192)
		got, err := s.Broken(ctx, 2)
		require.NoError(t, err)
		require.Equal(t, 5, got.Total, "no more are counted than lists reach")
		require.False(t, got.TotalExact)
	})
}

func TestSpans_CountWhatHappened(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		cases := population(t, s, 250, 22)
		cuts := []time.Time{monday} // days of two lengths, as a change of clocks makes them, that end within the lives
		for i := range 90 {
			cuts = append(cuts, cuts[i].Add(time.Duration(23+i%3)*time.Hour))
		}
		want := make([]store.Span, len(cuts)-1)
		count := func(at time.Time, figure func(*store.Span) *int) {
			for i := range want {
				if !at.Before(cuts[i]) && at.Before(cuts[i+1]) {
					*figure(&want[i])++
				}
			}
		}
		for _, c := range cases {
			count(c.CreatedAt, func(s *store.Span) *int { return &s.Submitted })
			if c.Closed() {
				count(c.UpdatedAt, func(s *store.Span) *int { return &s.Ended })
			}
			for _, k := range c.Clocks {
				switch k.State() {
				case defect.ClockMet:
					count(k.MetAt, func(s *store.Span) *int { return &s.Kept })
				case defect.ClockBreached:
					count(k.BreachedAt, func(s *store.Span) *int { return &s.Broken })
				case defect.ClockRunning, defect.ClockPaused, defect.ClockCancelled:
				}
			}
		}
		got, err := s.Spans(ctx, cuts)
		require.NoError(t, err)
		require.Equal(t, want, got)
		var sums store.Span
		for _, one := range want {
			sums.Submitted, sums.Ended, sums.Kept, sums.Broken = sums.Submitted+one.Submitted, sums.Ended+one.Ended, sums.Kept+one.Kept, sums.Broken+one.Broken
		}
		for _, n := range []int{sums.Submitted, sums.Ended, sums.Kept, sums.Broken} {
			require.Greater(t, n, 20, "there is something to count")
		}
		none, err := s.Spans(ctx, cuts[:1])
		require.NoError(t, err)
		require.Empty(t, none)
	})
}
