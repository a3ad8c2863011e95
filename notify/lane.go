package notify

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"yunwei/notice"
)

// lane sends what waits for one channel.
type lane struct {
	*Dispatcher
	channel Channel
	traits  Traits
	awake   chan struct{}
	restful atomic.Int64 // until when the channel wants to be left alone, in microseconds since 1970
}

func (l *lane) run(ctx context.Context) {
	for wait := time.Duration(0); rest(ctx, wait, l.awake); {
		var err error
		if wait, err = l.step(ctx); err != nil && ctx.Err() == nil {
			l.Log.WarnContext(ctx, "notices", "channel", l.channel.Name(), "error", err)
		}
	}
}

// step sends what waits now, up to a batch or a message, and returns how long there is nothing to do.
func (l *lane) step(ctx context.Context) (time.Duration, error) {
	again, err := l.send(ctx)
	if err != nil {
		return l.jittered(storeRest), err
	}
	if again.IsZero() {
		return l.jittered(sweepEvery), nil
	}
	return max(0, again.Sub(l.Now())), nil
}

// send returns when there may be more to send; the zero time when nothing waits.
func (l *lane) send(ctx context.Context) (time.Time, error) {
	if until := time.UnixMicro(l.restful.Load()); until.After(l.Now()) {
		return until, nil
	}
	if l.traits.Limit.None() {
		return l.sendBatch(ctx)
	}
	due, err := l.Outbox.NoticesDue(ctx, l.channel.Name(), l.Now())
	if err != nil || !due {
		return time.Time{}, err
	}
	at, err := l.Outbox.ReserveSlot(ctx, l.channel.Name(), l.Now(), l.traits.Limit)
	if err != nil || at.After(l.Now()) {
		return at, err
	}
	return l.sendBundle(ctx)
}

// lease takes notices in hand.
func (l *lane) lease(ctx context.Context, limit int, together notice.Together) ([]notice.Notice, notice.Lease, error) {
	now := l.Now()
	lease := notice.Lease{Channel: l.channel.Name(), Name: l.NewName(), Now: now, Until: now.Add(leaseFor), Limit: limit, Together: together}
	notices, err := l.Outbox.LeaseNotices(ctx, lease)
	return notices, lease, err
}

// sendBundle sends one message with as much of what waits as it holds.
func (l *lane) sendBundle(ctx context.Context) (time.Time, error) {
	together := notice.All
	if l.traits.Personal {
		together = notice.ByAddress
	}
	notices, lease, err := l.lease(ctx, bundle, together)
	if err != nil || len(notices) == 0 {
		return l.Now(), err
	}
	m, taken := l.Writer.Compose(notices, l.traits)
	err = l.try(ctx, m)
	outcomes := make([]notice.Outcome, 0, len(notices))
	for i, n := range notices {
		if i < taken {
			outcomes = append(outcomes, l.outcome(n, err, taken > 1))
		} else {
			outcomes = append(outcomes, l.untried(n))
		}
	}
	return l.Now(), l.settle(ctx, lease, outcomes)
}

// sendBatch sends some of what waits, each as a message of its own.
func (l *lane) sendBatch(ctx context.Context) (time.Time, error) {
	notices, lease, err := l.lease(ctx, batch, notice.Apart)
	if err != nil || len(notices) == 0 {
		return time.Time{}, err
	}
	outcomes := make([]notice.Outcome, len(notices))
	var fuse fuse
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(abreast, len(notices)) {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(notices) {
					return
				}
				outcomes[i] = l.sendOne(ctx, lease, &fuse, notices[i])
			}
		})
	}
	all.Wait()
	return l.Now(), l.settle(ctx, lease, outcomes)
}

// sendOne sends one notice, unless the time or the channel has run out.
func (l *lane) sendOne(ctx context.Context, lease notice.Lease, fuse *fuse, n notice.Notice) notice.Outcome {
	if ctx.Err() != nil || l.Now().Add(settleFor).After(lease.Until) {
		return l.untried(n)
	}
	if err := fuse.blown(); err != nil {
		return l.outcome(n, err, false)
	}
	m, _ := l.Writer.Compose([]notice.Notice{n}, l.traits)
	err := l.try(ctx, m)
	fuse.note(err)
	return l.outcome(n, err, false)
}

// untried gives a notice back as it was.
func (l *lane) untried(n notice.Notice) notice.Outcome {
	state := notice.Pending
	if n.Tries > 1 {
		state = notice.Failed
	}
	return notice.Outcome{ID: n.ID, State: state, Next: l.Now(), Untried: true}
}

// try gives a message to the channel. One that was begun is not broken off when the process is told to end: half a message
// may have arrived.
func (l *lane) try(ctx context.Context, m Message) error {
	ctx = context.WithoutCancel(ctx)
	timed, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	err := l.channel.Send(timed, m)
	if err == nil {
		l.Figures(l.channel.Name(), string(notice.Sent))
		return nil
	}
	f := failureOf(err)
	l.Figures(l.channel.Name(), f.Kind.String())
	l.Log.WarnContext(ctx, "a notice was not taken", "channel", l.channel.Name(), "key", m.Key, "count", len(m.Items), "error", f)
	if f.Kind == Limited {
		l.restAfter(ctx, f.After)
	}
	return err
}

// restAfter leaves the channel alone, as it has asked for; where it has a limit, all processes do.
func (l *lane) restAfter(ctx context.Context, span time.Duration) {
	until := l.Now().Add(max(span, firstRetry))
	l.restful.Store(until.UnixMicro())
	if l.traits.Limit.None() {
		return
	}
	if err := l.Outbox.RestChannel(ctx, l.channel.Name(), until, l.traits.Limit); err != nil {
		l.Log.WarnContext(ctx, "let a channel rest", "channel", l.channel.Name(), "error", err)
	}
}

// settleTries is how often it is tried to write down what was sent. Whatever is not written down is sent again.
const settleTries = 5

func (l *lane) settle(ctx context.Context, lease notice.Lease, outcomes []notice.Outcome) error {
	ending := ctx
	ctx = context.WithoutCancel(ctx)
	var err error
	for i := range settleTries {
		if err = l.Outbox.SettleNotices(ctx, notice.Settlement{Lease: lease.Name, Now: l.Now(), Policy: l.Policy, Outcomes: outcomes}); err == nil {
			return nil
		}
		if !rest(ending, time.Duration(i+1)*time.Second, nil) {
			break
		}
	}
	return err
}

// fuse notices that a channel is away, so that a long queue does not knock one by one. It takes two knocks, and nobody let
// in: a single message may be what the channel stumbles over.
type fuse struct {
	mu     sync.Mutex
	downs  int
	passed bool
	last   error
}

func (f *fuse) note(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case err == nil:
		f.passed = true
	case failureOf(err).Kind == Down, failureOf(err).Kind == Refused, failureOf(err).Kind == Limited:
		f.downs, f.last = f.downs+1, err
	}
}

func (f *fuse) blown() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.downs < 2 || f.passed {
		return nil
	}
	return f.last
}
