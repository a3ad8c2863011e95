package store_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/roster"
	"yunwei/store"
	"yunwei/store/storetest"
)

// dutyOf is a roster with one line that somebody has all the time.
func dutyOf(name, person string, version int, at time.Time) roster.Roster {
	return roster.Roster{
		Name: name, Version: version, SavedAt: at, SavedBy: "liaison", Reason: "排班",
		Plan: roster.Plan{Timezone: 8 * 60 * 60, Calendar: "5x8", Shifts: []roster.Shift{{
			Name: "热线", Kind: roster.Hotline, Start: 8 * 60, End: 8 * 60,
			Rotation: roster.Rotation{Every: roster.Weekly, Anchor: calendar.Date{Year: 2026, Month: 1, Day: 5}, Groups: [][]string{{person}}},
		}}},
		Working: calendar.Calendar{Name: "5x8", Offset: 8 * 60 * 60, KnownThrough: calendar.Date{Year: 2026, Month: 12, Day: 31}, Exceptions: []calendar.Exception{{Date: calendar.Date{Year: 2026, Month: 10, Day: 1}, Off: true, Name: "国庆节"}}},
	}
}

func TestRosters_EveryVersionStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		first, err := s.SaveRoster(ctx, dutyOf("site", "an", 0, monday))
		require.NoError(t, err)
		require.Equal(t, 1, first.Version)
		_, err = s.SaveRoster(ctx, dutyOf("site", "bo", 0, monday))
		require.ErrorIs(t, err, store.ErrConflict, "there is one of that name")
		second, err := s.SaveRoster(ctx, dutyOf("site", "bo", 1, monday.Add(time.Hour)))
		require.NoError(t, err)
		_, err = s.SaveRoster(ctx, dutyOf("site", "chen", 1, monday.Add(2*time.Hour)))
		require.ErrorIs(t, err, store.ErrConflict, "somebody else was faster")
		third, err := s.SaveRoster(ctx, dutyOf("site", "chen", 2, monday)) // a clock that goes behind
		require.NoError(t, err)
		require.True(t, third.SavedAt.After(second.SavedAt))
		_, err = s.SaveRoster(ctx, dutyOf("b-line", "du", 0, monday))
		require.NoError(t, err)

		for version, want := range map[int]roster.Roster{0: third, 1: first, 2: second, 3: third} {
			got, err := s.Roster(ctx, "site", version)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		for _, unknown := range []func() error{
			func() error { _, err := s.Roster(ctx, "site", 4); return err },
			func() error { _, err := s.Roster(ctx, "none", 0); return err },
		} {
			require.ErrorIs(t, unknown(), store.ErrNotFound)
		}

		all, err := s.Rosters(ctx, monday)
		require.NoError(t, err)
		require.Len(t, all, 2)
		require.Equal(t, third, all[1])
		page, err := s.RosterPage(ctx, "b-line", 10)
		require.NoError(t, err)
		require.Equal(t, []roster.Roster{third}, page)

		saves, err := s.RosterVersions(ctx, "site", 0, 2)
		require.NoError(t, err)
		require.Len(t, saves, 2)
		require.Equal(t, []int{3, 2}, []int{saves[0].Version, saves[1].Version})
		saves, err = s.RosterVersions(ctx, "site", 2, 2)
		require.NoError(t, err)
		require.Equal(t, []store.RosterVersion{{Name: "site", Version: 1, SavedAt: monday, SavedBy: "liaison", Reason: "排班"}}, saves)

		for name, c := range map[string]struct {
			from, to time.Time
			want     []int
		}{
			"before all":    {monday.Add(-time.Hour), monday, nil},
			"from before":   {monday.Add(-time.Hour), monday.Add(time.Minute), []int{1}},
			"the first":     {monday, monday.Add(time.Hour), []int{1}},
			"two":           {monday.Add(time.Minute), monday.Add(time.Hour + time.Microsecond), []int{1, 2}},
			"the last":      {monday.Add(2 * time.Hour), monday.Add(24 * time.Hour), []int{3}},
			"all of them":   {monday, monday.AddDate(1, 0, 0), []int{1, 2, 3}},
			"at a change":   {monday.Add(time.Hour), monday.Add(time.Hour + time.Microsecond), []int{2}},
			"not the other": {monday.AddDate(0, 1, 0), monday.AddDate(0, 2, 0), []int{3}},
		} {
			list, err := s.RostersIn(ctx, "site", c.from, c.to)
			require.NoError(t, err, name)
			var got []int
			for _, r := range list {
				got = append(got, r.Version)
			}
			require.Equal(t, c.want, got, name)
		}
	})
}

func TestRosters_SavedByManyAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		var all sync.WaitGroup
		var mu sync.Mutex
		saved := 0
		for range 8 {
			all.Go(func() {
				_, err := s.SaveRoster(ctx, dutyOf("site", "an", 0, monday))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					saved++
					return
				}
				assert.ErrorIs(t, err, store.ErrConflict)
			})
		}
		all.Wait()
		require.Equal(t, 1, saved)
	})
}

// Who is on duty is not told from a part of what was saved: all of it is read, however much it is.
func TestRosters_AreReadWholeInPages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		const saves, made = 205, 7 // more saves than were once read at all
		for i := range saves {
			_, err := s.SaveRoster(ctx, dutyOf("site", "an", i, monday.Add(time.Duration(i)*time.Minute)))
			require.NoError(t, err)
		}
		var ids []string
		for i := range made { // three end at the same time, and the last that was made ends first
			o := roster.Override{
				ID: fmt.Sprintf("o%d", i), From: monday, To: monday.AddDate(0, 0, made-i/3), Instead: "an", People: []string{"bo"}, By: "liaison", Reason: "病假",
				At: monday.Add(time.Duration(i) * time.Minute),
			}
			require.NoError(t, s.AddOverride(ctx, "site", o))
			ids = append(ids, o.ID)
		}
		for _, page := range []int{1, 2, 3, 7, 41, 1000} {
			s.SetPage(page)
			in, err := s.RostersIn(ctx, "site", monday, monday.AddDate(0, 1, 0))
			require.NoError(t, err)
			require.Len(t, in, saves, page)
			for i, r := range in {
				require.Equal(t, i+1, r.Version)
				require.Equal(t, ids, idsOf(r), page)
			}
			all, err := s.Rosters(ctx, monday)
			require.NoError(t, err)
			require.Equal(t, ids, idsOf(all[0]), page)
		}
	})
}

// idsOf returns the IDs of a roster's overrides, in their order.
func idsOf(r roster.Roster) []string {
	var out []string
	for _, o := range r.Overrides {
		out = append(out, o.ID)
	}
	return out
}

func TestRosterChanges_FromMakingToCancelling(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		for _, name := range []string{"site", "line"} {
			_, err := s.SaveRoster(ctx, dutyOf(name, "an", 0, monday))
			require.NoError(t, err)
		}
		o := roster.Override{ID: "o1", From: monday, To: monday.Add(8 * time.Hour), Instead: "an", People: []string{"bo"}, By: "liaison", Reason: "病假", At: monday}
		require.NoError(t, s.AddOverride(ctx, "site", o))
		require.ErrorIs(t, s.AddOverride(ctx, "line", o), store.ErrConflict)
		w := roster.Swap{
			ID: "w1", By: "an", With: "bo", At: monday.Add(time.Minute), State: roster.SwapAsked,
			Give: roster.Span{From: monday.Add(48 * time.Hour), To: monday.Add(50 * time.Hour)}, Take: roster.Span{From: monday.Add(24 * time.Hour), To: monday.Add(26 * time.Hour)},
		}
		require.NoError(t, s.AddSwap(ctx, "site", w))

		got, err := s.Override(ctx, "site", "o1")
		require.NoError(t, err)
		require.Equal(t, o, got)
		_, err = s.Override(ctx, "line", "o1")
		require.ErrorIs(t, err, store.ErrNotFound, "it is another roster's")
		_, err = s.Swap(ctx, "site", "o1")
		require.ErrorIs(t, err, store.ErrNotFound, "it is no swap")

		all, err := s.Rosters(ctx, monday)
		require.NoError(t, err)
		require.Empty(t, all[0].Overrides)
		require.Equal(t, []roster.Override{o}, all[1].Overrides)
		require.Equal(t, []roster.Swap{w}, all[1].Swaps)
		all, err = s.Rosters(ctx, monday.Add(8*time.Hour))
		require.NoError(t, err)
		require.Empty(t, all[1].Overrides, "over")
		for span, want := range map[[2]time.Duration][2]int{{0, 1}: {1, 0}, {8, 24}: {0, 0}, {24, 25}: {0, 1}, {30, 40}: {0, 1}, {50, 90}: {0, 0}} {
			in, err := s.RostersIn(ctx, "site", monday.Add(span[0]*time.Hour), monday.Add(span[1]*time.Hour))
			require.NoError(t, err)
			require.Equal(t, want, [2]int{len(in[0].Overrides), len(in[0].Swaps)}, span)
		}
		n, err := s.LiveChanges(ctx, "site", monday.Add(8*time.Hour))
		require.NoError(t, err)
		require.Equal(t, 1, n)

		o.CancelledBy, o.CancelledAt = "admin", monday.Add(time.Hour)
		require.NoError(t, s.CancelOverride(ctx, "site", o))
		require.ErrorIs(t, s.CancelOverride(ctx, "site", o), store.ErrConflict)
		got, err = s.Override(ctx, "site", "o1")
		require.NoError(t, err)
		require.Equal(t, o, got)

		w.State, w.AnsweredAt = roster.SwapAgreed, monday.Add(time.Hour)
		require.NoError(t, s.MoveSwap(ctx, "site", roster.SwapAsked, w))
		refused := w
		refused.State = roster.SwapRefused
		require.ErrorIs(t, s.MoveSwap(ctx, "site", roster.SwapAsked, refused), store.ErrConflict)
		w.CancelledAt, w.CancelledBy = monday.Add(2*time.Hour), "bo"
		require.NoError(t, s.MoveSwap(ctx, "site", roster.SwapAgreed, w))
		require.ErrorIs(t, s.MoveSwap(ctx, "site", roster.SwapAgreed, w), store.ErrConflict)
		swap, err := s.Swap(ctx, "site", "w1")
		require.NoError(t, err)
		require.Equal(t, w, swap)
	})
}

// pages walks a list from beginning to end, and checks that every page but the last is full.
func pages[T any](t *testing.T, id func(T) string, size int, page func(after string, limit int) ([]T, error)) []string {
	t.Helper()
	var out []string
	for after := ""; ; {
		list, err := page(after, size)
		require.NoError(t, err)
		for _, x := range list {
			out = append(out, id(x))
		}
		if len(list) < size {
			return out
		}
		after = out[len(out)-1]
	}
}

func TestDutyLists_NewestFirstPageByPage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		var all, ofSite []string
		for i := range 23 {
			id, name := fmt.Sprintf("id%02d", i), []string{"site", "line"}[i%2]
			at := monday.Add(time.Duration(i/4) * time.Minute) // several at once
			require.NoError(t, s.AddLog(ctx, roster.LogEntry{ID: id, Roster: name, Shift: "热线", At: at, By: "An", Text: "接到电话 😀", Case: "7K3M-Q9XT-WA5C"}))
			require.NoError(t, s.AddHandOver(ctx, roster.HandOver{ID: id, Roster: name, Shift: "热线", At: at, From: "an", To: "bo", OpenCases: i, OpenKnown: i%2 == 0, Note: "n"}))
			require.NoError(t, s.AddOverride(ctx, name, roster.Override{ID: id, From: monday, To: monday.Add(time.Hour), At: at}))
			all = append([]string{id}, all...)
			if name == "site" {
				ofSite = append([]string{id}, ofSite...)
			}
		}
		logID := func(e roster.LogEntry) string { return e.ID }
		noteID := func(h roster.HandOver) string { return h.ID }
		overrideID := func(o roster.Override) string { return o.ID }
		for name, c := range map[string]struct{ want, got []string }{
			"log": {all, pages(t, logID, 5, func(after string, n int) ([]roster.LogEntry, error) {
				return s.Log(ctx, "", time.Time{}, time.Time{}, after, n)
			})},
			"log of one": {ofSite, pages(t, logID, 5, func(after string, n int) ([]roster.LogEntry, error) {
				return s.Log(ctx, "site", time.Time{}, time.Time{}, after, n)
			})},
			"log of a time": {all[11:19], pages(t, logID, 3, func(after string, n int) ([]roster.LogEntry, error) {
				return s.Log(ctx, "", monday.Add(time.Minute), monday.Add(3*time.Minute), after, n)
			})},
			"hand-overs":        {all, pages(t, noteID, 4, func(after string, n int) ([]roster.HandOver, error) { return s.HandOvers(ctx, "", false, after, n) })},
			"hand-overs of one": {ofSite, pages(t, noteID, 4, func(after string, n int) ([]roster.HandOver, error) { return s.HandOvers(ctx, "site", true, after, n) })},
			"overrides":         {ofSite, pages(t, overrideID, 4, func(after string, n int) ([]roster.Override, error) { return s.Overrides(ctx, "site", after, n) })},
		} {
			require.Equal(t, c.want, c.got, name)
		}
		_, err := s.Log(ctx, "", time.Time{}, time.Time{}, "none", 5)
		require.ErrorIs(t, err, store.ErrCursor)
		lines, err := s.Log(ctx, "site", time.Time{}, time.Time{}, "", 1)
		require.NoError(t, err)
		require.Equal(t, []roster.LogEntry{{ID: "id22", Roster: "site", Shift: "热线", At: monday.Add(5 * time.Minute), By: "an", Text: "接到电话 😀", Case: "7K3M-Q9XT-WA5C"}}, lines)

		require.NoError(t, s.AcknowledgeHandOver(ctx, "id22", monday.Add(time.Hour), "已阅"))
		require.ErrorIs(t, s.AcknowledgeHandOver(ctx, "id22", monday.Add(time.Hour), ""), store.ErrConflict)
		h, err := s.HandOver(ctx, "id22")
		require.NoError(t, err)
		require.Equal(t, roster.HandOver{
			ID: "id22", Roster: "site", Shift: "热线", At: monday.Add(5 * time.Minute), From: "an", To: "bo", OpenCases: 22, OpenKnown: true, Note: "n", AcknowledgedAt: monday.Add(time.Hour), Remark: "已阅",
		}, h)
		h, err = s.HandOver(ctx, "id21")
		require.NoError(t, err)
		require.False(t, h.OpenKnown)
		pending, err := s.HandOvers(ctx, "", true, "", 100)
		require.NoError(t, err)
		require.Len(t, pending, 22)
		_, err = s.HandOver(ctx, "none")
		require.ErrorIs(t, err, store.ErrNotFound)
	})
}

func TestPresence_NobodyIsThereTwice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		in := func(id, who string, at time.Time) error {
			return s.SignIn(ctx, roster.Presence{ID: id, Roster: "site", Shift: "现场", Username: who, In: at, NoteIn: "到岗"})
		}
		require.NoError(t, in("1", "an", monday))
		require.ErrorIs(t, in("2", "AN", monday.Add(time.Minute)), store.ErrConflict)
		require.NoError(t, in("3", "bo", monday.Add(time.Minute)))
		_, err := s.SignOut(ctx, "chen", monday, "")
		require.ErrorIs(t, err, store.ErrNotFound)
		stay, err := s.SignOut(ctx, "An", monday.Add(time.Hour), "下班")
		require.NoError(t, err)
		want := roster.Presence{ID: "1", Roster: "site", Shift: "现场", Username: "an", In: monday, Out: monday.Add(time.Hour), NoteIn: "到岗", NoteOut: "下班"}
		require.Equal(t, want, stay)
		_, err = s.SignOut(ctx, "an", monday.Add(2*time.Hour), "")
		require.ErrorIs(t, err, store.ErrNotFound)
		require.NoError(t, in("4", "an", monday.Add(2*time.Hour)))

		for name, c := range map[string]struct {
			filter store.PresenceFilter
			want   []string
		}{
			"all": {store.PresenceFilter{}, []string{"4", "3", "1"}}, "there": {store.PresenceFilter{Present: true}, []string{"4", "3"}},
			"of one": {store.PresenceFilter{Username: "AN"}, []string{"4", "1"}}, "of none": {store.PresenceFilter{Roster: "line"}, nil},
		} {
			got := pages(t, func(p roster.Presence) string { return p.ID }, 2, func(after string, n int) ([]roster.Presence, error) { return s.Presences(ctx, c.filter, after, n) })
			require.Equal(t, c.want, got, name)
		}
	})
}

func TestWorkload_AgreesWithACount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		r := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // the same every time
		want := map[string]roster.Candidate{}
		for i := range 60 {
			c, events := storetest.Life(r, storetest.Submission(r, 3, 3), monday.Add(time.Duration(i)*time.Hour), r.IntN(12), defect.Keyed{})
			_, err := s.Project(ctx, c.Number, &c, events)
			require.NoError(t, err)
			w := want[c.Assignee]
			if !c.Stage.Ended() && c.Stage != defect.Replied {
				w.Open++
			}
			w.Username, w.Last = c.Assignee, c.CreatedAt
			want[c.Assignee] = w
		}
		names := []string{"technician", "technician2", "business", "agent", "nobody"}
		got, err := s.Workload(ctx, names)
		require.NoError(t, err)
		require.Len(t, got, len(names))
		for _, g := range got {
			if g.Username == "nobody" {
				require.Equal(t, roster.Candidate{Username: "nobody"}, g)
				continue
			}
			require.Positive(t, g.Open)
			require.Equal(t, want[g.Username], g)
		}
		none, err := s.Workload(ctx, nil)
		require.NoError(t, err)
		require.Empty(t, none)
	})
}
