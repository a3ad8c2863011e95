package notify

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"yunwei/defect"
	"yunwei/notice"
)

// Outbox is where notices wait. Every number of dispatchers shares it.
type Outbox interface {
	// NoticesDue reports whether a notice waits to be sent over a channel now.
	NoticesDue(ctx context.Context, channel string, now time.Time) (bool, error)
	// LeaseNotices hands out the next notices, those of severity 1 first.
	LeaseNotices(ctx context.Context, l notice.Lease) ([]notice.Notice, error)
	// SettleNotices writes down how the sending of notices in hand of a lease went. What is tried again, or over the next way,
	// waits for its reader's hours.
	SettleNotices(ctx context.Context, s notice.Settlement) error
	// ReclaimNotices makes those whose lease has run out unknown, so that they are sent again.
	ReclaimNotices(ctx context.Context, now time.Time) (int, error)
	// ReserveSlot takes a place in the limit of a channel, or returns when to ask again.
	ReserveSlot(ctx context.Context, channel string, now time.Time, limit notice.Limit) (time.Time, error)
	// RestChannel lets nothing over a channel before a time.
	RestChannel(ctx context.Context, channel string, until time.Time, limit notice.Limit) error
}

// Options are what a Dispatcher is made of. All are needed but Policy, Figures and GiveUp.
type Options struct {
	Outbox   Outbox
	Channels []Channel
	Writer   Writer
	Log      *slog.Logger
	Now      func() time.Time
	Jitter   func() float64 // a new number of [0, 1) each time
	NewName  func() string  // a name unlike any other each time, of 64 letters at most
	// Policy is the site's: in it the hours of those are read who are told of no case.
	Policy defect.Policy
	// GiveUp is how long a notice is tried; DefaultGiveUp when zero.
	GiveUp time.Duration
	// Figures is told of every try: the outcome is "sent" or the kind of the failure.
	Figures func(channel, outcome string)
}

// DefaultGiveUp outlasts an outage of a day, and a weekend's morning more.
const DefaultGiveUp = 48 * time.Hour

const (
	// sweepEvery is how soon a notice leaves that nobody woke the dispatcher for: another process wrote it, or it waited.
	sweepEvery = time.Second
	// reclaimEvery is how soon it is found that a lease has run out.
	reclaimEvery = 5 * time.Second
	// leaseFor is how long notices stay in hand, and how long those of a dead process wait for another; settleFor of it is
	// kept for the last message and for writing down what was sent.
	leaseFor  = 2 * time.Minute
	settleFor = 3 * sendTimeout
	// batch is how many notices are in hand at once where each is a message, and abreast how many of them go at a time.
	batch   = 64
	abreast = 8
	// bundle is how many notices become one message at most.
	bundle = 100
	// storeRest is how long the outbox is left alone after it did not answer.
	storeRest = 5 * time.Second
)

// Dispatcher sends what waits in the outbox, each channel for itself: a channel that is away holds up no other.
type Dispatcher struct {
	Options
	lanes []*lane
}

// New returns a dispatcher. A channel that is not set up has a lane all the same: what waits for it is passed on to the next
// way of each person.
func New(o Options) *Dispatcher {
	if o.GiveUp == 0 {
		o.GiveUp = DefaultGiveUp
	}
	if o.Figures == nil {
		o.Figures = func(string, string) {}
	}
	d := &Dispatcher{Options: o}
	for _, name := range notice.Channels() {
		var c Channel = unset(name)
		if i := slices.IndexFunc(o.Channels, func(c Channel) bool { return c.Name() == name }); i >= 0 {
			c = o.Channels[i]
		}
		d.lanes = append(d.lanes, &lane{Dispatcher: d, channel: c, traits: c.Traits(), awake: make(chan struct{}, 1)})
	}
	return d
}

// unset is a channel that is not set up.
type unset string

// Name implements Channel.
func (u unset) Name() string { return string(u) }

// Traits implements Channel.
func (unset) Traits() Traits { return Traits{} }

// Send implements Channel.
func (unset) Send(context.Context, Message) error {
	return failed(Refused, "the channel is not set up")
}

// Wake says that there may be something to send. It does not block.
func (d *Dispatcher) Wake() {
	for _, l := range d.lanes {
		select {
		case l.awake <- struct{}{}:
		default: // it is awake
		}
	}
}

// Run sends until ctx ends. What is being sent then is sent to its end and written down, which takes half a minute at most;
// nothing new is begun.
func (d *Dispatcher) Run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { d.reclaim(ctx) })
	for _, l := range d.lanes {
		all.Go(func() { l.run(ctx) })
	}
	all.Wait()
}

// reclaim takes over what others have left in hand.
func (d *Dispatcher) reclaim(ctx context.Context) {
	for {
		n, err := d.Outbox.ReclaimNotices(ctx, d.Now())
		switch {
		case err != nil && ctx.Err() == nil:
			d.Log.WarnContext(ctx, "notices in hand of others", "error", err)
		case n > 0:
			d.Log.WarnContext(ctx, "took over notices that somebody had in hand and left", "count", n)
			d.Wake()
		}
		if !rest(ctx, d.jittered(reclaimEvery), nil) {
			return
		}
	}
}

// jittered is a time around d, so that processes that began together do not stay together.
func (d *Dispatcher) jittered(span time.Duration) time.Duration {
	const least, spread = 0.75, 0.5
	return time.Duration(float64(span) * (least + spread*d.Jitter()))
}

// rest waits for a time, or to be woken, and reports whether to go on.
func rest(ctx context.Context, span time.Duration, awake <-chan struct{}) bool {
	if span <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(span)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-awake:
	case <-t.C:
	}
	return true
}

const (
	firstRetry = 5 * time.Second
	lastRetry  = 5 * time.Minute
	// minTries is how often a notice is tried before it is given up, however old it is: the desk itself may have been away.
	minTries = 10
)

// backoff is how long to wait after so many tries.
func (d *Dispatcher) backoff(tries int) time.Duration {
	span := firstRetry
	for range min(tries-1, 10) {
		span *= 2
	}
	return d.jittered(min(span, lastRetry))
}

// patience is how long a way may fail before the person is told over the next one too.
func patience(n notice.Notice) time.Duration {
	if n.Severity == 1 {
		return time.Minute
	}
	return 10 * time.Minute
}

// outcome says what becomes of a notice that was tried, alone or in a message with others.
func (d *Dispatcher) outcome(n notice.Notice, err error, others bool) notice.Outcome {
	o := notice.Outcome{ID: n.ID, State: notice.Sent}
	if err == nil {
		return o
	}
	now, f := d.Now(), failureOf(err)
	age := now.Sub(n.Since)
	o.State, o.Error = notice.Failed, f.Error()
	switch {
	case f.Kind == Permanent && others:
		o.Alone, o.Next = true, now // one of them is to blame; each is asked for itself
	case f.Kind == Permanent, age >= d.GiveUp && n.Tries >= minTries:
		o.State, o.PassOn = notice.GivenUp, true
	default:
		if f.Kind == Unclear {
			o.State = notice.Unknown
		}
		o.Next = now.Add(max(d.backoff(n.Tries), f.After))
		o.PassOn = f.Kind == Refused || age >= patience(n)
	}
	return o
}
