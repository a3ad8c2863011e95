package activities

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"golang.org/x/sync/errgroup"

	"yunwei/contract"
	"yunwei/defect"
	"yunwei/notice"
)

// Straight tells people past the database: what cannot wait for it. The outbox tells them again when the database is back,
// under the same key.
type Straight struct {
	// People are those who can be told things, as they were when that was last known.
	People func() []notice.Person
	// Send tells people now; see notify.Sender.Straight.
	Send func(ctx context.Context, people []notice.Person, n notice.Notice) error
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

// tellStraight tells what is pressing in the journal of a case that SQL has not heard of for a minute, each event once: how
// far it came is kept by the activity's heartbeat from try to try. What could not be told is told in the next try.
func (p *Projection) tellStraight(ctx context.Context) error {
	if p.Straight == nil || p.Straight.Now().Sub(activity.GetInfo(ctx).ScheduledTime) < straightAfter {
		return nil
	}
	told := 0
	if activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &told); err != nil {
			return fmt.Errorf("how far it was told: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, straightWithin)
	defer cancel()
	state, err := p.journal(ctx)
	if err != nil {
		return err
	}
	for _, e := range state.Journal {
		if e.Seq <= told || !pressing(&state.Case, e) {
			continue
		}
		if err := p.Straight.tell(ctx, state, e); err != nil {
			return err
		}
		activity.RecordHeartbeat(ctx, e.Seq)
	}
	return nil
}

func (s *Straight) tell(ctx context.Context, state contract.DefectState, e defect.Event) error {
	var all errgroup.Group
	all.SetLimit(straightAbreast)
	for _, r := range notice.Recipients(notice.Calls(&state.Case, e), "", &state.Case, s.People()) {
		all.Go(func() error {
			return s.Send(ctx, []notice.Person{r.Person}, notice.Of(&state.Case, e, r))
		})
	}
	return all.Wait()
}
