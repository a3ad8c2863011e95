package store_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/defect"
	"yunwei/store"
	"yunwei/store/storetest"
)

func TestFeed_TellsEachChangeOnceInOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		none, err := s.LastChange(ctx)
		require.NoError(t, err)
		require.Zero(t, none)

		r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same every time
		var wanted []store.Change
		for range 3 {
			c, events := storetest.Life(r, storetest.Submission(r, 1, 1), time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), 4, defect.Keyed{})
			half := max(1, len(events)/2)
			_, err := s.Project(ctx, c.Number, &c, events)
			require.NoError(t, err)
			_, err = s.Project(ctx, c.Number, &c, events[half:])
			require.NoError(t, err, "what is known changes nothing")
			wanted = append(wanted, store.Change{Number: c.Number, Seq: c.Seq})
		}
		got, err := s.Changes(ctx, 0, 10)
		require.NoError(t, err)
		require.Len(t, got, len(wanted))
		for i, w := range wanted {
			require.Equal(t, w.Number, got[i].Number)
			require.Equal(t, w.Seq, got[i].Seq)
			require.True(t, i == 0 || got[i].N > got[i-1].N, "in order")
		}
		last, err := s.LastChange(ctx)
		require.NoError(t, err)
		require.Equal(t, got[2].N, last)

		rest, err := s.Changes(ctx, got[0].N, 1)
		require.NoError(t, err)
		require.Equal(t, got[1:2], rest)

		require.NoError(t, s.ForgetChanges(ctx, last))
		c, events := storetest.Life(r, storetest.Submission(r, 1, 1), time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), 1, defect.Keyed{})
		_, err = s.Project(ctx, c.Number, &c, events)
		require.NoError(t, err)
		rest, err = s.Changes(ctx, last, 10)
		require.NoError(t, err)
		require.Len(t, rest, 1, "a place is never given out twice, even when the end is forgotten")
	})
}

func TestForgetChanges_OfLongAgo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		require.NoError(t, s.Exec(ctx, "INSERT INTO feed (n, number, seq) VALUES (1, 'a', 1), (9000, 'a', 2), (25000, 'a', 3), (25001, 'a', 4)"))
		left := func() []store.Change {
			changes, err := s.Changes(ctx, 0, 10)
			require.NoError(t, err)
			return changes
		}
		if db.Engine == "sqlite" { // elsewhere a trigger is for administrators
			require.NoError(t, s.Exec(ctx, "CREATE TRIGGER held BEFORE DELETE ON feed WHEN OLD.n = 25000 BEGIN SELECT RAISE(ABORT, 'held'); END"))
			require.Error(t, s.ForgetChanges(ctx, 25000))
			require.Len(t, left(), 2, "what was forgotten before stays so")
			require.NoError(t, s.Exec(ctx, "DROP TRIGGER held"))
		}
		require.NoError(t, s.ForgetChanges(ctx, 25000))
		require.Equal(t, []store.Change{{N: 25001, Number: "a", Seq: 4}}, left())
	})
}
