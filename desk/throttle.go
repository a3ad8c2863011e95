package desk

import (
	"context"
	"maps"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"yunwei/apperr"
)

const (
	// failures is how many sign-ins may fail in a row before one has to wait, forgiveEvery how soon one is forgiven.
	failures     = 10
	forgiveEvery = 6 * time.Second
	// maxThrottled bounds the memory that strangers can take.
	maxThrottled = 10_000
)

// throttle slows down who keeps failing, by address and account together. They try one after the other: of many at once all
// would be let in before the first has failed.
type throttle struct {
	mu    sync.Mutex
	marks map[string]*mark
}

// mark is what is remembered of a key.
type mark struct {
	failed *rate.Limiter // nil while nobody has
	turn   chan struct{} // held by who tries
	trying int           // how many try, or wait for that
}

func newThrottle() *throttle { return &throttle{marks: map[string]*mark{}} }

// turn waits until nobody else tries under a key; leave says that the attempt is over.
func (t *throttle) turn(ctx context.Context, key string, now time.Time) (leave func(), err error) {
	m := t.enter(key, now)
	select {
	case m.turn <- struct{}{}:
		return func() { <-m.turn; t.left(key, m) }, nil
	case <-ctx.Done():
		t.left(key, m)
		return nil, apperr.Wrap(ctx.Err(), apperr.Unavailable, apperr.ReasonBusy)
	}
}

func (t *throttle) enter(key string, now time.Time) *mark {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.marks[key]
	if m == nil {
		t.forget(now)
		m = &mark{turn: make(chan struct{}, 1)}
		t.marks[key] = m
	}
	m.trying++
	return m
}

func (t *throttle) left(key string, m *mark) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m.trying--
	if m.trying == 0 && m.failed == nil {
		delete(t.marks, key)
	}
}

// wait returns how long the one behind a key has to wait before the next attempt.
func (t *throttle) wait(key string, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.marks[key]
	if m == nil || m.failed == nil {
		return 0
	}
	if left := m.failed.TokensAt(now); left < 1 {
		return time.Duration((1 - left) * float64(forgiveEvery))
	}
	return 0
}

// failed notes a failure of who has the turn.
func (t *throttle) failed(key string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.marks[key]
	if m.failed == nil {
		m.failed = rate.NewLimiter(rate.Every(forgiveEvery), failures)
	}
	m.failed.AllowN(now, 1)
}

// forget makes room: first those that are forgiven, then, if strangers fill all of it, anybody who is not just trying.
func (t *throttle) forget(now time.Time) {
	if len(t.marks) < maxThrottled {
		return
	}
	maps.DeleteFunc(t.marks, func(_ string, m *mark) bool {
		return m.trying == 0 && (m.failed == nil || m.failed.TokensAt(now) >= failures)
	})
	for key, m := range t.marks {
		if len(t.marks) < maxThrottled {
			return
		}
		if m.trying == 0 {
			delete(t.marks, key)
		}
	}
}
