package desk

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/store"
)

// fakeChanges is a feed in memory, in which changes appear in any order.
type fakeChanges struct {
	mu   sync.Mutex
	rows []store.Change
	away bool
	gone int64
}

var errFakeAway = errors.New("away")

func (f *fakeChanges) Changes(_ context.Context, after int64, limit int) ([]store.Change, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away {
		return nil, errFakeAway
	}
	var out []store.Change
	for _, r := range f.rows {
		if r.N > after && len(out) < limit {
			out = append(out, r)
		}
	}
	return out, nil
}

func (f *fakeChanges) LastChange(context.Context) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away {
		return 0, errFakeAway
	}
	var last int64
	for _, r := range f.rows {
		last = max(last, r.N)
	}
	return last, nil
}

func (f *fakeChanges) ForgetChanges(_ context.Context, upTo int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gone = upTo
	return nil
}

// become changes what there is.
func (f *fakeChanges) become(away bool, rows ...store.Change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.away, f.rows = away, append(f.rows, rows...)
}

// told returns what a watch was told, if anything; -1: nothing.
func told(changed <-chan int) int {
	select {
	case seq := <-changed:
		return seq
	default:
		return -1
	}
}

func TestPlace_TakesEachChangeOnceWhenItAppears(t *testing.T) {
	at := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	change := func(places ...int64) []store.Change {
		var out []store.Change
		for _, n := range places {
			out = append(out, store.Change{N: n, Number: "x", Seq: int(n)})
		}
		return out
	}
	for _, c := range []struct {
		what  string
		reads [][]store.Change
		after []time.Duration // between reads
		full  bool
		fresh []int // per read
		upTo  int64
	}{
		{"in order", [][]store.Change{change(1), change(2, 3)}, nil, false, []int{1, 2}, 3},
		{"one appears late", [][]store.Change{change(2, 3), change(1, 2, 3)}, nil, false, []int{2, 1}, 3},
		{"one is waited for", [][]store.Change{change(2), change(2)}, []time.Duration{feedGap / 2}, false, []int{1, 0}, 0},
		{"one never appears", [][]store.Change{change(2), change(2)}, []time.Duration{feedGap}, false, []int{1, 0}, 2},
		{"many never appear", [][]store.Change{change(2, 4, 6), change(2, 4, 6, 8), change(2, 4, 6, 8)}, []time.Duration{feedGap / 2, feedGap / 2}, false, []int{3, 1, 0}, 6},
		{"more wait than are read", [][]store.Change{change(2)}, nil, true, []int{1}, 2},
	} {
		t.Run(c.what, func(t *testing.T) {
			p, now := &place{ahead: map[int64]time.Time{}}, at
			for i, read := range c.reads {
				require.Len(t, p.take(read, c.full, now), c.fresh[i])
				if i < len(c.after) {
					now = now.Add(c.after[i])
				}
			}
			require.Equal(t, c.upTo, p.upTo)
		})
	}
}

func TestFeed_TellsWhoWatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		changes := &fakeChanges{rows: []store.Change{{N: 1, Number: "old", Seq: 1}}}
		f := newFeed(changes, slog.New(slog.DiscardHandler), time.Now)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); f.run(ctx) }()
		later := func() {
			<-time.NewTimer(2 * feedEvery).C
			synctest.Wait()
		}
		later()
		one, err := f.begin(ctx, "agent", "a")
		require.NoError(t, err)
		all, err := f.begin(ctx, "agent", "")
		require.NoError(t, err)
		later()
		require.Equal(t, []int{-1, -1}, []int{told(one.changed), told(all.changed)}, "nothing has changed since")

		changes.become(false, store.Change{N: 2, Number: "b", Seq: 4})
		later()
		require.Equal(t, []int{-1, 0}, []int{told(one.changed), told(all.changed)}, "another case")

		changes.become(false, store.Change{N: 3, Number: "a", Seq: 2}, store.Change{N: 4, Number: "a", Seq: 3})
		later()
		require.Equal(t, []int{3, 0}, []int{told(one.changed), told(all.changed)}, "the latest alone")

		changes.become(true)
		later()
		during, err := f.begin(ctx, "technician", "a")
		require.NoError(t, err, "who comes while SQL is away is told when it is back")
		changes.become(false, store.Change{N: 5, Number: "c", Seq: 1})
		later()
		require.Equal(t, []int{0, 0, 0}, []int{told(one.changed), told(all.changed), told(during.changed)}, "nobody knows what was missed")

		during.close()
		changes.become(false, store.Change{N: feedKept + 7, Number: "a", Seq: 5})
		<-time.NewTimer(feedGap).C
		later()
		require.Equal(t, []int{5, 0, -1}, []int{told(one.changed), told(all.changed), told(during.changed)})
		require.Equal(t, int64(7), changes.gone)

		cancel()
		<-ended
		_, open := <-one.changed
		require.False(t, open, "who watches learns of the end")
		_, err = f.begin(t.Context(), "agent", "a")
		require.True(t, apperr.Is(err, apperr.Unavailable))
	})
}

func TestFeed_AChangeThatWasUnderWayWhenTheWatchBegan(t *testing.T) {
	changes := &fakeChanges{rows: []store.Change{{N: 1, Number: "a", Seq: 1}, {N: 3, Number: "b", Seq: 1}}}
	f := newFeed(changes, slog.New(slog.DiscardHandler), time.Now)
	w, err := f.begin(t.Context(), "agent", "a")
	require.NoError(t, err)
	f.look(t.Context())
	require.Equal(t, -1, told(w.changed))
	changes.become(false, store.Change{N: 2, Number: "a", Seq: 2})
	f.look(t.Context())
	require.Equal(t, 2, told(w.changed), "it took its place before the latest, and is seen after it")

	changes.become(true)
	f.look(t.Context())
	changes.become(false, store.Change{N: 5, Number: "b", Seq: 2})
	f.look(t.Context())
	require.Equal(t, 0, told(w.changed), "SQL is back")
	changes.become(false, store.Change{N: 4, Number: "a", Seq: 3})
	f.look(t.Context())
	require.Equal(t, 3, told(w.changed))
}

func TestFeed_ManyWatches(t *testing.T) {
	f := newFeed(&fakeChanges{}, slog.New(slog.DiscardHandler), time.Now)
	var first *watch
	for range maxWatchesOf {
		w, err := f.begin(t.Context(), "agent", "")
		require.NoError(t, err)
		first = w
	}
	_, err := f.begin(t.Context(), "agent", "")
	require.True(t, apperr.Is(err, apperr.TooManyRequests))
	first.close()
	_, err = f.begin(t.Context(), "agent", "")
	require.NoError(t, err)
}

func TestWatch_OfACase(t *testing.T) {
	v := newTown(t)
	c := v.submit()
	other := v.as("reporter")
	other.Username = "somebody"
	_, _, err := v.Watch(t.Context(), other, c.Number, 0)
	requireCode(t, apperr.NotFound, err)
	require.Empty(t, v.feed.watches)
	_, _, err = v.Watch(t.Context(), v.as("agent"), "nonsense", 0)
	requireCode(t, apperr.NotFound, err)

	upToDate, _, err := v.Watch(t.Context(), v.as("agent"), c.Number, c.Seq)
	require.NoError(t, err)
	require.Equal(t, -1, told(upToDate))
	_, err = v.Act(t.Context(), v.as("agent"), c.Number, defect.ActAcknowledge, defect.Input{}, nil, "")
	require.NoError(t, err)
	v.feed.look(t.Context())
	require.Equal(t, c.Seq+1, told(upToDate))
	stale, _, err := v.Watch(t.Context(), v.as("agent"), c.Number, c.Seq)
	require.NoError(t, err)
	require.Equal(t, c.Seq+1, told(stale), "what happened before the watch began is told at once")

	place := v.LatestChange(t.Context())
	lists, _, err := v.Watch(t.Context(), v.as("agent"), "", place)
	require.NoError(t, err)
	require.Equal(t, -1, told(lists))
	v.submit()
	v.feed.look(t.Context())
	require.Equal(t, 0, told(lists))
	lists, _, err = v.Watch(t.Context(), v.as("agent"), "", place)
	require.NoError(t, err)
	require.Equal(t, 0, told(lists), "what happened since the list was read, too")
}
