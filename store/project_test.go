package store_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yunwei/defect"
	"yunwei/store"
	"yunwei/store/storetest"
)

var monday = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)

// seeded returns randomness that is the same every time.
func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) } //nolint:gosec // for tests

// life is a case with some twenty events.
func life(seed uint64) (defect.Case, []defect.Event) {
	for ; ; seed += 1000 {
		r := seeded(seed)
		s := storetest.Submission(r, 1, 3)
		if c, events := storetest.Life(r, s, monday, 30, defect.Keyed{Key: defect.Digest("key"), Print: defect.Digest("print")}); len(events) >= 12 {
			return c, events
		}
	}
}

// upTo is the case as of one of its events, as it crosses Temporal: through JSON.
func upTo(t testing.TB, c defect.Case, events []defect.Event) *defect.Case {
	t.Helper()
	b, err := json.Marshal(defect.Replay(c, events))
	require.NoError(t, err)
	var out defect.Case
	require.NoError(t, json.Unmarshal(b, &out))
	return &out
}

func requireSame(t interface {
	require.TestingT
	Helper()
}, want, got defect.Case) {
	t.Helper()
	w, err := json.Marshal(want)
	require.NoError(t, err)
	g, err := json.Marshal(got)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(string(w), string(g)))
}

func light(events []defect.Event) []defect.Event {
	out := make([]defect.Event, len(events))
	for i, e := range events {
		out[i] = e.Light()
	}
	return out
}

func TestProject_StepByStep(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		c, events := life(1)
		for i := range events {
			var whole *defect.Case
			if i == 0 {
				whole = upTo(t, c, events[:1])
			}
			got, err := s.Project(ctx, c.Number, whole, events[i:i+1])
			require.NoError(t, err)
			requireSame(t, *upTo(t, c, events[:i+1]), got)
		}
		read, err := s.Defect(ctx, c.Number)
		require.NoError(t, err)
		requireSame(t, c, read)
		seq, err := s.Known(ctx, c.Number)
		require.NoError(t, err)
		require.Equal(t, c.Seq, seq)
		all, err := s.Events(ctx, c.Number, 0, 1000)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(events, all))
		some, err := s.Events(ctx, c.Number, 3, 4)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(events[3:7], some))
	})
}

func TestProject_WhatIsKnownAlready(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		c, events := life(2)
		_, err := s.Project(ctx, c.Number, &c, events)
		require.NoError(t, err)
		for name, again := range map[string][]defect.Event{
			"all": events, "the first": events[:1], "the last": events[len(events)-1:], "without texts": light(events), "none": nil,
			"backwards": backwards(events),
		} {
			got, err := s.Project(ctx, c.Number, nil, again)
			require.NoError(t, err, name)
			requireSame(t, c, got)
		}
		counts, err := s.Counts(ctx)
		require.NoError(t, err)
		require.Equal(t, []store.Count{{Stage: c.Stage, Severity: c.Severity, N: 1}}, counts)
	})
}

func TestProject_WithAGap(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		c, events := life(3)
		refuse := func(whole *defect.Case, some []defect.Event) {
			t.Helper()
			_, err := s.Project(ctx, c.Number, whole, some)
			require.ErrorIs(t, err, store.ErrGap)
			require.False(t, store.IsUnavailable(err))
		}
		refuse(nil, events[:1]) // nobody knows the case
		refuse(&c, events[2:])
		refuse(nil, nil)
		_, err := s.Project(ctx, c.Number, upTo(t, c, events[:2]), events[:2])
		require.NoError(t, err)
		refuse(nil, events[3:4])
		refuse(&c, events[3:])
		refuse(nil, append(slices.Clone(events[2:4]), events[5]))
		i := slices.IndexFunc(events, func(e defect.Event) bool { return e.Seq > 2 && e.IsStep() })
		refuse(nil, append(slices.Clone(events[2:i]), events[i].Light())) // its texts are elsewhere
		seq, err := s.Known(ctx, c.Number)
		require.NoError(t, err)
		require.Equal(t, 2, seq)
		all, err := s.Events(ctx, c.Number, 0, 100)
		require.NoError(t, err)
		require.Len(t, all, 2)
	})
}

func TestProject_WhenHistoryDiverges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		c, events := life(4)
		_, err := s.Project(ctx, c.Number, upTo(t, c, events[:4]), events[:4])
		require.NoError(t, err)
		for name, other := range map[string]func([]defect.Event){
			"another sum":  func(e []defect.Event) { e[2].Sum = "other" },
			"without one":  func(e []defect.Event) { e[0].Sum = "" },
			"another seq":  func(e []defect.Event) { e[1].Seq = 3 },
			"twice, a new": func(e []defect.Event) { e[5].Seq = 5 },
		} {
			changed := slices.Clone(events)
			other(changed)
			_, err := s.Project(ctx, c.Number, &c, changed)
			require.ErrorIs(t, err, store.ErrDiverged, name)
		}
		tampered := slices.Clone(events[4:5])
		tampered[0].At = tampered[0].At.Add(time.Second)
		_, err = s.Project(ctx, c.Number, nil, tampered)
		require.ErrorIs(t, err, store.ErrGap)
		_, err = s.Project(ctx, "7K3M-Q9XT-WA5C", &c, events)
		require.ErrorIs(t, err, store.ErrDiverged)
		seq, err := s.Known(ctx, c.Number)
		require.NoError(t, err)
		require.Equal(t, 4, seq)
	})
}

// However the events of a case are cut up, repeated, and brought by whom, the row is the same.
func TestProject_AnyCut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s := db.Open(t)
		rapid.Check(t, func(t *rapid.T) {
			ctx := context.Background()
			r := seeded(rapid.Uint64().Draw(t, "life"))
			c, events := storetest.Life(r, storetest.Submission(r, 3, 3), monday, 12, defect.Keyed{})
			require.NoError(t, s.Forget(ctx, c.Number)) // rapid tries a life more than once
			for known := 0; known < len(events); {
				from := rapid.IntRange(0, known).Draw(t, "from")
				to := rapid.IntRange(known, len(events)).Draw(t, "to")
				whole := defect.Replay(c, events[:rapid.IntRange(to, len(events)).Draw(t, "whole")])
				give := &whole
				if known > 0 && rapid.Bool().Draw(t, "without") {
					give = nil
				}
				if to == 0 {
					continue
				}
				if known == 0 {
					from = 0
				}
				got, err := s.Project(ctx, c.Number, give, events[from:to])
				require.NoError(t, err)
				known = to
				requireSame(t, defect.Replay(c, events[:known]), got)
			}
			read, err := s.Defect(ctx, c.Number)
			require.NoError(t, err)
			requireSame(t, c, read)
			all, err := s.Events(ctx, c.Number, 0, 1000)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(events, all))
		})
	})
}

// Two stores, as of two processes, bring the same events at the same time.
func TestProject_AtTheSameTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		stores := []*store.Store{db.Open(t), db.Open(t)}
		ctx := t.Context()
		for seed := range uint64(10) {
			c, events := life(10 + seed)
			var all sync.WaitGroup
			for i := range 4 {
				all.Go(func() {
					for from := 0; from < len(events); from += 2 {
						to := min(from+2+i%2, len(events))
						_, err := stores[i%2].Project(ctx, c.Number, upTo(t, c, events[:to]), events[:to])
						assert.NoError(t, err)
					}
				})
			}
			all.Wait()
			got, err := stores[0].Defect(ctx, c.Number)
			require.NoError(t, err)
			requireSame(t, c, got)
			read, err := stores[0].Events(ctx, c.Number, 0, 1000)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(events, read))
		}
		counts, err := stores[0].Counts(ctx)
		require.NoError(t, err)
		n := 0
		for _, count := range counts {
			n += count.N
		}
		require.Equal(t, 10, n)
	})
}

// Different cases move at the same time without getting into each other's way.
func TestProject_ManyCases(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		var all sync.WaitGroup
		for i := range uint64(8) {
			all.Go(func() {
				for j := range uint64(5) {
					c, events := life(100*i + j)
					for k := range events {
						_, err := s.Project(ctx, c.Number, upTo(t, c, events[:k+1]), events[:k+1])
						assert.NoError(t, err)
					}
				}
			})
		}
		all.Wait()
		page, err := s.List(ctx, defect.Query{Size: 100}, "")
		require.NoError(t, err)
		require.Len(t, page.Items, 40)
	})
}

// Cases of one instant each find room.
func TestProject_InOneMicrosecond(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx, r := db.Open(t), t.Context(), seeded(5)
		for range 200 {
			c, events := storetest.Life(r, storetest.Submission(r, 3, 3), monday, 0, defect.Keyed{})
			_, err := s.Project(ctx, c.Number, &c, events)
			require.NoError(t, err)
		}
		page, err := s.List(ctx, defect.Query{Size: 200, From: monday, To: monday.Add(time.Microsecond)}, "")
		require.NoError(t, err)
		require.Len(t, page.Items, 200)
		page, err = s.List(ctx, defect.Query{Size: 200, From: monday.Add(1), To: monday.Add(time.Hour)}, "")
		require.NoError(t, err)
		require.Empty(t, page.Items)
	})
}

// More cases than one microsecond has room for find theirs in the next, in time and soon.
func TestProject_ACrowdInOneMicrosecond(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx, r := db.Open(t), t.Context(), seeded(6)
		const crowd = 1200
		for range crowd {
			c, events := storetest.Life(r, storetest.Submission(r, 3, 3), monday, 0, defect.Keyed{})
			_, err := s.Project(ctx, c.Number, &c, events)
			require.NoError(t, err)
		}
		page, err := s.List(ctx, defect.Query{Size: 1, From: monday, To: monday.Add(5 * time.Microsecond)}, "")
		require.NoError(t, err)
		require.Equal(t, crowd, page.Total)
	})
}

// A transaction that is cut off anywhere leaves nothing, and can be done again.
func TestProject_CutOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		c, events := life(6)
		_, err := s.Project(ctx, c.Number, upTo(t, c, events[:3]), events[:3])
		require.NoError(t, err)
		require.NoError(t, s.Exec(ctx, "ALTER TABLE tallies RENAME TO tallies_away")) // the last table that is written
		_, err = s.Project(ctx, c.Number, &c, events)
		require.Error(t, err)
		require.NoError(t, s.Exec(ctx, "ALTER TABLE tallies_away RENAME TO tallies"))
		got, err := s.Defect(ctx, c.Number)
		require.NoError(t, err)
		requireSame(t, *upTo(t, c, events[:3]), got)
		known, err := s.Events(ctx, c.Number, 0, 100)
		require.NoError(t, err)
		require.Len(t, known, 3)
		got, err = s.Project(ctx, c.Number, &c, events)
		require.NoError(t, err)
		requireSame(t, c, got)
	})
}

func TestProject_TextsOfAnyLength(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx, r := db.Open(t), t.Context(), seeded(7)
		submission := storetest.Submission(r, 1, 1)
		long := []rune(storetest.Text(r, 8000))
		submission.Description = string(long[:defect.MaxDescription])
		submission.Title = string(long[:defect.MaxTitle])
		submission.System, submission.AssetID, submission.Impact = string(long[:defect.MaxText]), string(long[1:defect.MaxText]), "😀 '\"\\ %_"
		c, events := storetest.Life(r, submission, monday, 0, defect.Keyed{Key: string(long[:200]), Print: "p"})
		_, err := s.Project(ctx, c.Number, &c, events)
		require.NoError(t, err)
		got, err := s.Defect(ctx, c.Number)
		require.NoError(t, err)
		requireSame(t, c, got)
		page, err := s.List(ctx, defect.Query{System: submission.System, AssetID: submission.AssetID, Text: string(long[15_000:15_010])}, "")
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		require.NoError(t, s.Absorb(ctx))
		page, err = s.List(ctx, defect.Query{Text: string(long[19_990:20_000])}, "")
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		number, _, err := s.CaseByKey(ctx, string(long[:200]))
		require.NoError(t, err)
		require.Equal(t, c.Number, number)
	})
}

func TestKeys_FindWhatWasDoneUnderThem(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx := db.Open(t), t.Context()
		c, events := life(8)
		_, err := s.Project(ctx, c.Number, &c, events)
		require.NoError(t, err)
		number, print, err := s.CaseByKey(ctx, defect.Digest("key"))
		require.NoError(t, err)
		require.Equal(t, c.Number, number)
		require.Equal(t, defect.Digest("print"), print)
		_, _, err = s.CaseByKey(ctx, "other")
		require.ErrorIs(t, err, store.ErrNotFound)
		keyed := 0
		for _, e := range events {
			if e.Key == "" {
				continue
			}
			keyed++
			got, err := s.EventByKey(ctx, c.Number, e.Key)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(e, got))
			_, err = s.EventByKey(ctx, "7K3M-Q9XT-WA5C", e.Key)
			require.ErrorIs(t, err, store.ErrNotFound)
		}
		require.Positive(t, keyed)
		_, err = s.EventByKey(ctx, c.Number, "other")
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = s.Defect(ctx, "7K3M-Q9XT-WA5C")
		require.ErrorIs(t, err, store.ErrNotFound)
	})
}

// The sums are those that counting the cases gives.
func TestTallies_AddUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		s, ctx, r := db.Open(t), t.Context(), seeded(9)
		cases := map[store.Count]int{}
		met, broken := map[defect.ClockName]int{}, map[defect.ClockName]int{}
		for range 40 {
			c, events := storetest.Life(r, storetest.Submission(r, 3, 3), monday, 14, defect.Keyed{})
			for i := 0; i < len(events); i += 3 {
				_, err := s.Project(ctx, c.Number, upTo(t, c, events[:min(i+3, len(events))]), events[:min(i+3, len(events))])
				require.NoError(t, err)
			}
			cases[store.Count{Stage: c.Stage, Severity: c.Severity}]++
			for _, k := range c.Clocks {
				switch k.State() {
				case defect.ClockMet:
					met[k.Name]++
				case defect.ClockBreached:
					broken[k.Name]++
				case defect.ClockRunning, defect.ClockPaused, defect.ClockCancelled:
				}
			}
		}
		counts, err := s.Counts(ctx)
		require.NoError(t, err)
		require.Len(t, counts, len(cases))
		for _, count := range counts {
			n := count.N
			count.N = 0
			require.Equal(t, cases[count], n)
		}
		promises, err := s.PromiseCounts(ctx)
		require.NoError(t, err)
		require.NotEmpty(t, promises)
		for _, p := range promises {
			require.Equal(t, met[p.Clock], p.Met, p.Clock)
			require.Equal(t, broken[p.Clock], p.Breached, p.Clock)
			delete(met, p.Clock)
			delete(broken, p.Clock)
		}
		require.Empty(t, met)
		require.Empty(t, broken)
	})
}

func backwards(events []defect.Event) []defect.Event {
	out := slices.Clone(events)
	slices.Reverse(out)
	return out
}
