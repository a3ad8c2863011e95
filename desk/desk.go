// Package desk is the application service: every use case once, with who may do it. It holds the Temporal client, the
// store and the directory of people; the API and the console call it and know none of those.
//
// A step is decided by the case's workflow and durable before anything else happens; SQL is brought up to it at once,
// and when SQL is away, the workflow does so later. Every method returns an *apperr.Error as its error.
package desk

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
	"go.temporal.io/sdk/client"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/store"
)

// Options are what a Desk is made of. All are needed but Policy's parts.
type Options struct {
	Store    *store.Store
	Files    *store.Files
	Temporal client.Client
	Policy   defect.Policy // that new cases are submitted under, with the holidays in force
	Key      []byte        // signs tokens and sign-off codes; all processes share it
	// ShowCodes says whether supervisors are shown the code of a proposal: where sign-off signals ask for one.
	ShowCodes bool
	Log       *slog.Logger
	Now       func() time.Time
}

// Desk is the service desk.
type Desk struct {
	store     *store.Store
	files     *store.Files
	cases     cases
	holidays  *holidays
	key       []byte
	showCodes bool
	log       *slog.Logger
	now       func() time.Time
	people    *directory
	duties    *duties
	failed    *throttle // sign-ins that failed
	feed      *feed
	reads     *gobreaker.CircuitBreaker[struct{}]
	writes    *gobreaker.CircuitBreaker[struct{}] // a database may be there to read and locked, full or read-only
	past      pastDays
	hashing   chan struct{} // bounds the passwords that are checked at once: each takes its memory
}

// New returns a desk. Run keeps its directory fresh.
func New(o Options) *Desk {
	return &Desk{
		store: o.Store, files: o.Files, cases: temporalCases{o.Temporal, NewNamespace(o.Temporal)}, holidays: newHolidays(o.Store, o.Policy), key: o.Key, showCodes: o.ShowCodes,
		log: o.Log, now: o.Now, people: newDirectory(o.Store, o.Now), duties: newDuties(o.Store, o.Now), failed: newThrottle(), feed: newFeed(o.Store, o.Log, o.Now),
		reads: newBreaker("database reads", o.Log), writes: newBreaker("database writes", o.Log), hashing: make(chan struct{}, maxHashing),
	}
}

// Run keeps the directory of people, the list of ended sessions, the holidays and the rosters fresh until ctx ends, and tells
// who watches of changes. Without it the desk knows nobody.
func (d *Desk) Run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { keepFresh(ctx, d.log, "people", d.people.refresh) })
	all.Go(func() { keepFresh(ctx, d.log, "holidays", d.holidays.refresh) })
	all.Go(func() { keepFresh(ctx, d.log, "rosters", d.duties.refresh) })
	all.Go(func() { d.feed.run(ctx) })
	all.Wait()
}

const (
	// sqlPatience is how long a step or a read of one case waits for SQL before it goes on without.
	sqlPatience = 2 * time.Second
	// listPatience is how long a list waits.
	listPatience = 10 * time.Second
	// sqlRest is how long SQL is left alone after it was found away.
	sqlRest = time.Second
)

// newBreaker returns what spares requests the wait for a database that is known to be away.
func newBreaker(name string, log *slog.Logger) *gobreaker.CircuitBreaker[struct{}] {
	return gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name:         name,
		Timeout:      sqlRest,
		ReadyToTrip:  func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= 2 },
		IsSuccessful: func(err error) bool { return !store.IsUnavailable(err) },
		OnStateChange: func(name string, from, to gobreaker.State) {
			log.Warn("circuit breaker", "name", name, "from", from.String(), "to", to.String())
		},
	})
}

// errAway says that SQL does not answer.
var errAway = &apperr.Error{Code: apperr.Unavailable, Reason: apperr.ReasonStoreAway, RetryAfter: 2 * time.Second}

// sql asks the store something, for as long as patience allows. It returns errAway when SQL is away, and at once when
// that was found a moment ago.
func (d *Desk) sql(ctx context.Context, patience time.Duration, ask func(context.Context) error) error {
	return d.through(ctx, d.reads, patience, ask)
}

// write is sql for what changes the store.
func (d *Desk) write(ctx context.Context, patience time.Duration, do func(context.Context) error) error {
	return d.through(ctx, d.writes, patience, do)
}

func (d *Desk) through(ctx context.Context, breaker *gobreaker.CircuitBreaker[struct{}], patience time.Duration, ask func(context.Context) error) error {
	_, err := breaker.Execute(func() (struct{}, error) {
		limited, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		err := ask(limited)
		if err != nil && ctx.Err() != nil {
			return struct{}{}, nil // the caller went away, which says nothing about SQL
		}
		return struct{}{}, err
	})
	switch {
	case ctx.Err() != nil:
		return apperr.Wrap(ctx.Err(), apperr.Unavailable, apperr.ReasonBusy)
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		return errAway
	case err != nil && store.IsUnavailable(err):
		d.log.WarnContext(ctx, "the database is away", "error", err)
		return errAway
	}
	return err
}

// isAway reports whether err says that SQL is away.
func isAway(err error) bool { return errors.Is(err, errAway) }
