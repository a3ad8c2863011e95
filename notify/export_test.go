package notify

import (
	"context"
	"time"
)

// Step lets one channel's lane send what waits now, as Run does again and again, and returns how long there is nothing to
// do then.
func (d *Dispatcher) Step(ctx context.Context, channel string) (time.Duration, error) {
	for _, l := range d.lanes {
		if l.channel.Name() == channel {
			return l.step(ctx)
		}
	}
	return 0, nil
}

// KindOf is what can be done about an error.
func KindOf(err error) Kind { return failureOf(err).Kind }
