package desk

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// failures is how many sign-ins may fail in a row before one has to wait, forgiveEvery how soon one is forgiven.
	failures     = 10
	forgiveEvery = 6 * time.Second
	// maxThrottled bounds the memory that strangers can take.
	maxThrottled = 10_000
)

// throttle slows down who keeps failing, by address and account together.
type throttle struct {
	mu    sync.Mutex
	marks map[string]*rate.Limiter
}

func newThrottle() *throttle { return &throttle{marks: map[string]*rate.Limiter{}} }

// wait returns how long the one behind a key has to wait before the next attempt.
func (t *throttle) wait(key string, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.marks[key]
	if l == nil {
		return 0
	}
	if left := l.TokensAt(now); left < 1 {
		return time.Duration((1 - left) * float64(forgiveEvery))
	}
	return 0
}

// failed notes a failure.
func (t *throttle) failed(key string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.marks[key]
	if l == nil {
		t.forget(now)
		l = rate.NewLimiter(rate.Every(forgiveEvery), failures)
		t.marks[key] = l
	}
	l.AllowN(now, 1)
}

// forget makes room: first those that are forgiven, then, if strangers fill all of it, anybody.
func (t *throttle) forget(now time.Time) {
	if len(t.marks) < maxThrottled {
		return
	}
	for key, l := range t.marks {
		if l.TokensAt(now) >= failures {
			delete(t.marks, key)
		}
	}
	for key := range t.marks {
		if len(t.marks) < maxThrottled {
			return
		}
		delete(t.marks, key)
	}
}
