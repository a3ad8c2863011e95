package desk

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"yunwei/apperr"
	"yunwei/store"
)

const (
	// feedEvery is how often the feed is looked at while somebody watches.
	feedEvery = 500 * time.Millisecond
	// feedGap is how long a place in the feed is waited for: whoever holds it commits by then, or never does. feedBehind is how
	// far behind the latest change such places are looked for where the feed is taken up.
	feedGap    = 10 * time.Second
	feedBehind = 500
	// feedBatch is how many changes are read at once, feedKept how many are kept.
	feedBatch, feedKept = 1000, 10_000
	// maxWatches bounds the watches of one process, maxWatchesOf those of one person.
	maxWatches, maxWatchesOf = 5000, 30
)

// changes is what the feed reads.
type changes interface {
	Changes(ctx context.Context, after int64, limit int) ([]store.Change, error)
	LastChange(ctx context.Context) (int64, error)
	ForgetChanges(ctx context.Context, upTo int64) error
}

// feed follows what changes in the store, by whichever process, and tells who watches. While nobody does, it rests.
type feed struct {
	store changes
	log   *slog.Logger
	now   func() time.Time

	mu      sync.Mutex
	watches map[*watch]struct{}
	began   chan struct{} // there is a first watch
	ended   bool
	place   *place // nil where it is not known: at rest, and after SQL was away
	away    bool
}

func newFeed(s changes, log *slog.Logger, now func() time.Time) *feed {
	return &feed{store: s, log: log, now: now, watches: map[*watch]struct{}{}, began: make(chan struct{}, 1)}
}

// place is how far the feed has been read: up to a change, and some ahead of it, behind changes that may still appear.
type place struct {
	upTo  int64
	ahead map[int64]time.Time // when each was first seen
}

// take notes changes as read and returns those that are new. full says that there are more than were read at once. Places are
// given out in order: who held one that is still missing when a later one has been seen for long never commits.
func (p *place) take(read []store.Change, full bool, now time.Time) []store.Change {
	var fresh []store.Change
	for _, c := range read {
		if _, seen := p.ahead[c.N]; !seen {
			p.ahead[c.N] = now
			fresh = append(fresh, c)
		}
	}
	for n, seen := range p.ahead {
		if full || now.Sub(seen) >= feedGap {
			p.upTo = max(p.upTo, n)
		}
	}
	maps.DeleteFunc(p.ahead, func(n int64, _ time.Time) bool { return n <= p.upTo })
	for !p.ahead[p.upTo+1].IsZero() {
		p.upTo++
		delete(p.ahead, p.upTo)
	}
	return fresh
}

// latest is the latest change that was seen.
func (p *place) latest() int64 {
	last := p.upTo
	for n := range p.ahead {
		last = max(last, n)
	}
	return last
}

// watch tells of changes to one case, or to any.
type watch struct {
	number   string
	username string
	feed     *feed
	changed  chan int
}

func (w *watch) close() {
	w.feed.mu.Lock()
	defer w.feed.mu.Unlock()
	delete(w.feed.watches, w)
}

// tell leaves word, in place of an older one. The feed's lock is held, so that nobody else does.
func (w *watch) tell(seq int) {
	select {
	case <-w.changed:
	default:
	}
	w.changed <- seq
}

// remind tells one watch, unless it has ended.
func (f *feed) remind(w *watch, seq int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.watches[w]; ok {
		w.tell(seq)
	}
}

// remindAfter tells one watch of any cases when a change is known that is later than a place.
func (f *feed) remindAfter(w *watch, n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.watches[w]; ok && f.place != nil && f.place.latest() > n {
		w.tell(0)
	}
}

// begin begins a watch; TooManyRequests when a person, or everybody, has too many. From then on no change is missed.
func (f *feed) begin(ctx context.Context, username, number string) (*watch, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	mine := 0
	for w := range f.watches {
		if w.username == username {
			mine++
		}
	}
	switch {
	case f.ended:
		return nil, apperr.New(apperr.Unavailable, apperr.ReasonBusy, nil)
	case mine >= maxWatchesOf || len(f.watches) >= maxWatches:
		return nil, &apperr.Error{Code: apperr.TooManyRequests, Reason: apperr.ReasonTooMany, RetryAfter: time.Minute}
	}
	if f.place == nil && !f.away {
		at, err := f.takeUp(ctx)
		if err != nil {
			return nil, err
		}
		f.place = at
	}
	w := &watch{number: number, username: username, feed: f, changed: make(chan int, 1)}
	f.watches[w] = struct{}{}
	select {
	case f.began <- struct{}{}:
	default:
	}
	return w, nil
}

// takeUp returns the place at the end of the feed. Changes that hold a place before the latest and are not to be seen yet are
// still ahead.
func (f *feed) takeUp(ctx context.Context) (*place, error) {
	last, err := f.store.LastChange(ctx)
	if err != nil {
		return nil, err //nolint:wrapcheck // says what it is
	}
	p := &place{upTo: max(0, last-feedBehind), ahead: map[int64]time.Time{}}
	known, err := f.store.Changes(ctx, p.upTo, feedBatch)
	if err != nil {
		return nil, err //nolint:wrapcheck // says what it is
	}
	p.take(known, len(known) == feedBatch, f.now())
	return p, nil
}

// run follows the feed until ctx ends, and ends all watches then.
func (f *feed) run(ctx context.Context) {
	defer f.end()
	tick := time.NewTicker(feedEvery)
	defer tick.Stop()
	for {
		if !f.watched() {
			select {
			case <-ctx.Done():
				return
			case <-f.began:
			}
		}
		f.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// watched reports whether anybody watches; where nobody does, the place is given up.
func (f *feed) watched() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.watches) == 0 {
		f.place, f.away = nil, false
		return false
	}
	return true
}

// look reads what is new and tells of it. After SQL was away nobody knows what was missed: everybody is told to look again.
func (f *feed) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, sqlPatience)
	defer cancel()
	f.mu.Lock()
	p := f.place
	f.mu.Unlock()
	if p == nil {
		f.resume(ctx)
		return
	}
	read, err := f.store.Changes(ctx, p.upTo, feedBatch)
	if err != nil {
		f.lost(ctx, err)
		return
	}
	before := p.upTo
	f.tell(p.take(read, len(read) == feedBatch, f.now()))
	if before/feedKept != p.upTo/feedKept {
		f.forget(ctx, p.upTo-feedKept)
	}
}

// tell tells everybody of the changes that they watch for.
func (f *feed) tell(fresh []store.Change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range fresh {
		for w := range f.watches {
			switch w.number {
			case "":
				w.tell(0)
			case c.Number:
				w.tell(c.Seq)
			}
		}
	}
}

// resume finds the end of the feed, and has everybody look again.
func (f *feed) resume(ctx context.Context) {
	at, err := f.takeUp(ctx)
	if err != nil {
		f.lost(ctx, err)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.place, f.away = at, false
	for w := range f.watches {
		w.tell(0)
	}
}

// lost gives up the place in the feed: SQL is away.
func (f *feed) lost(ctx context.Context, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.away && ctx.Err() == nil {
		f.log.WarnContext(ctx, "the feed of changes cannot be followed", "error", err)
	}
	f.place, f.away = nil, true
}

// forget drops what everybody has heard of long ago. Other processes do so too; what is left is dropped the next time.
func (f *feed) forget(ctx context.Context, upTo int64) {
	if err := f.store.ForgetChanges(ctx, upTo); err != nil {
		f.log.WarnContext(ctx, "old changes stay", "error", err)
	}
}

// end tells everybody who watches that there is no more.
func (f *feed) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
	for w := range f.watches {
		close(w.changed)
		delete(f.watches, w)
	}
}

// LatestChange returns the place of the latest change in the order of all, to watch from: what is read afterwards knows it. It
// is 0 while SQL is away.
func (d *Desk) LatestChange(ctx context.Context) int {
	var last int64
	err := d.sql(ctx, sqlPatience, func(ctx context.Context) (err error) {
		last, err = d.store.LastChange(ctx)
		return err
	})
	if err != nil {
		return 0
	}
	return int(last)
}

// Watch lets the caller know of changes to a case, from the given seq on, or with no number to any, from a place in the order of
// all changes on, until end is called: changed gives the seq of the case, or 0 when any case may have changed, the latest alone to
// who does not listen; it is closed when the desk ends. NotFound for a case that the caller may not see, TooManyRequests when
// there are too many watches, Unavailable while SQL is away.
func (d *Desk) Watch(ctx context.Context, by Caller, number string, seq int) (changed <-chan int, end func(), err error) {
	if number != "" {
		if number, err = parseNumber(number); err != nil {
			return nil, nil, err
		}
	}
	var w *watch
	err = d.sql(ctx, sqlPatience, func(ctx context.Context) (err error) {
		w, err = d.feed.begin(ctx, by.Username, number)
		return err
	})
	if err != nil {
		return nil, nil, apperr.Of(err)
	}
	if number == "" {
		d.feed.remindAfter(w, int64(seq))
		return w.changed, w.close, nil
	}
	// Looked at behind the beginning of the watch, so that no change falls between.
	c, err := d.visible(ctx, by, number)
	if err != nil {
		w.close()
		return nil, nil, err
	}
	if c.Seq > seq {
		d.feed.remind(w, c.Seq)
	}
	return w.changed, w.close, nil
}
