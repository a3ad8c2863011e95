package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"golang.org/x/sync/errgroup"

	"yunwei/contract"
	"yunwei/defect"
	"yunwei/notice"
)

// Straight tells people past the database: what cannot wait for it. Whom a channel has taken it for, the outbox does not tell
// again when the database is back.
type Straight struct {
	// People are those who can be told things, as they were when that was last known; nobody while it never was.
	People func() []notice.Person
	// Send tells people now, and returns who was told; see notify.Sender.Straight.
	Send func(ctx context.Context, people []notice.Person, n notice.Notice) ([]notice.Told, error)
	Now  func() time.Time
}

const (
	// straightAfter is how long SQL may not hear of a case before its broken promises are told past it.
	straightAfter = time.Minute
	// straightWithin bounds what one try of the activity spends on it; the rest is for the next.
	straightWithin = 10 * time.Second
	// straightAbreast is how many people are told at the same time: one channel that hangs holds up no other.
	straightAbreast = 8
)

// pressing reports whether an event is one that cannot wait: a broken promise of severity 1 or 2, or that it calls for
// somebody.
func pressing(c *defect.Case, e defect.Event) bool {
	return c.Severity <= 2 && (e.Kind == defect.KindBreach || e.Kind == defect.KindEscalation)
}

// errNobodyKnown is that a process was started while SQL was away, and knows nobody yet: who is called is known, not who
// they are. The next try may be one of a process that knows, or SQL be back by then.
var errNobodyKnown = errors.New("nobody is known who could be told")

// straightSoFar is what the tries of a projection have told; its heartbeat keeps it from try to try.
type straightSoFar struct {
	Seq int           `json:"seq"` // up to which everybody was told
	To  []notice.Told `json:"to,omitempty"`
}

func soFar(ctx context.Context) (straightSoFar, error) {
	var far straightSoFar
	if !activity.HasHeartbeatDetails(ctx) {
		return far, nil
	}
	if err := activity.GetHeartbeatDetails(ctx, &far); err == nil {
		return far, nil
	}
	far = straightSoFar{}
	if err := activity.GetHeartbeatDetails(ctx, &far.Seq); err != nil { // as the program before this one kept it
		return far, fmt.Errorf("how far it was told: %w", err)
	}
	return far, nil
}

// tellStraight tells what is pressing in the journal of a case that SQL has not heard of for a minute, each event once to
// each. What could not be told is told in the next try.
func (p *Projection) tellStraight(ctx context.Context) error {
	if p.Straight == nil || p.Straight.Now().Sub(activity.GetInfo(ctx).ScheduledTime) < straightAfter {
		return nil
	}
	far, err := soFar(ctx)
	if err != nil {
		return err
	}
	timed, cancel := context.WithTimeout(ctx, straightWithin)
	defer cancel()
	state, err := p.journal(timed)
	if err != nil {
		return err
	}
	for _, e := range state.Journal {
		if e.Seq <= far.Seq || !pressing(&state.Case, e) {
			continue
		}
		told, err := p.Straight.tell(timed, state, e, far.To)
		far.To = append(far.To, told...)
		if err == nil {
			far.Seq = e.Seq
		}
		activity.RecordHeartbeat(ctx, far)
		if err != nil {
			return err
		}
	}
	return nil
}

// tell tells everybody whom the event calls for, but not those who were told before, and returns whom it has told. While
// nobody is known, nobody was told.
func (s *Straight) tell(ctx context.Context, state contract.DefectState, e defect.Event, before []notice.Told) ([]notice.Told, error) {
	var mu sync.Mutex // of told
	var told []notice.Told
	people := s.People()
	if len(people) == 0 {
		return nil, errNobodyKnown
	}
	var all errgroup.Group
	all.SetLimit(straightAbreast)
	for _, r := range notice.Recipients(notice.Calls(&state.Case, e), "", &state.Case, people) {
		if slices.ContainsFunc(before, func(t notice.Told) bool { return t.Seq == e.Seq && t.Username == r.Username }) {
			continue
		}
		all.Go(func() error {
			some, err := s.Send(ctx, []notice.Person{r.Person}, notice.Of(&state.Case, e, r))
			mu.Lock()
			defer mu.Unlock()
			told = append(told, some...)
			return err
		})
	}
	err := all.Wait()
	return told, err
}
