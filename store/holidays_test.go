package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/store"
	"yunwei/store/storetest"
)

func revision(set string, n int) calendar.Revision {
	day := calendar.Exception{Date: calendar.Date{Year: 2026, Month: 11, Day: n}, Off: true, Name: "停工"}
	before, _ := calendar.Holidays(set)
	change := calendar.Change{Days: []calendar.Exception{day}}
	after, _ := calendar.InForce(set, []calendar.Change{change}, nil)
	return calendar.Revision{
		Set: set, N: n, Change: change, Effect: calendar.EffectOf(before, after), Document: "通知.json", By: "liaison", Why: "国办通知 😀",
		At: time.Date(2026, 11, 23, 9, 0, 0, 123_000, time.UTC),
	}
}

func TestHolidays_KeptInOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		sets, err := s.HolidaySets(ctx)
		require.NoError(t, err)
		require.Empty(t, sets)
		for n := 1; n <= 3; n++ {
			require.NoError(t, s.AddHolidayRevision(ctx, revision("cn", n)))
		}
		keyed := revision("site", 1)
		keyed.Key, keyed.Print = "key", "print"
		require.NoError(t, s.AddHolidayRevision(ctx, keyed))
		sets, err = s.HolidaySets(ctx)
		require.NoError(t, err)
		require.Equal(t, map[string]int{"cn": 3, "site": 1}, sets)

		require.ErrorIs(t, s.AddHolidayRevision(ctx, revision("cn", 3)), store.ErrConflict)
		require.ErrorIs(t, s.AddHolidayRevision(ctx, revision("cn", 5)), store.ErrGap)
		again := keyed
		again.N = 2
		require.ErrorIs(t, s.AddHolidayRevision(ctx, again), store.ErrConflict, "a key is used once")

		all, err := s.HolidayRevisions(ctx, "cn", 0, 10)
		require.NoError(t, err)
		require.Equal(t, []calendar.Revision{revision("cn", 1), revision("cn", 2), revision("cn", 3)}, all)
		page, err := s.HolidayRevisions(ctx, "cn", 1, 1)
		require.NoError(t, err)
		require.Equal(t, all[1:2], page)
		found, err := s.HolidayRevisionByKey(ctx, "key")
		require.NoError(t, err)
		require.Equal(t, "print", found.Print)
		require.Equal(t, 1, found.N)
		_, err = s.HolidayRevisionByKey(ctx, "other")
		require.ErrorIs(t, err, store.ErrNotFound)
	})
}

func TestHolidays_OneOfManyAtOnceWins(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s := db.Open(t)
		var all sync.WaitGroup
		var won, lost atomic.Int32
		for range 6 {
			all.Go(func() {
				switch err := s.AddHolidayRevision(t.Context(), revision("cn", 1)); {
				case err == nil:
					won.Add(1)
				case errors.Is(err, store.ErrConflict):
					lost.Add(1)
				}
			})
		}
		all.Wait()
		require.EqualValues(t, 1, won.Load())
		require.EqualValues(t, 5, lost.Load())
	})
}

func TestOpenCases_AreWalkedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		want := map[string]defect.Case{}
		for _, c := range fill(t, s, 22, 30) {
			if !c.Closed() {
				want[c.Number] = c
			}
		}
		require.Greater(t, len(want), 5)
		var last time.Time
		seen, place := 0, ""
		for {
			left, err := s.OpenCasesLeft(ctx, place)
			require.NoError(t, err)
			require.Equal(t, len(want)-seen, left)
			page, err := s.OpenCases(ctx, place, 4)
			require.NoError(t, err)
			if len(page) == 0 {
				break
			}
			for _, got := range page {
				requireSame(t, want[got.Number], got.Case)
				require.False(t, got.CreatedAt.Before(last), "the oldest first")
				last, place = got.CreatedAt, got.Place
				seen++
			}
		}
		require.Len(t, want, seen)
		_, err := s.OpenCases(ctx, "rubbish", 4)
		require.ErrorIs(t, err, store.ErrCursor)
	})
}
