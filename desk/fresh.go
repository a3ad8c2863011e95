package desk

import (
	"context"
	"log/slog"
	"time"
)

// refreshEvery is how stale what a process keeps in memory may be while SQL answers: people, ended sessions, substitutions,
// holidays, rosters. While it does not, what was known stays in force.
const refreshEvery = 5 * time.Second

// keepFresh refreshes something again and again until ctx ends.
func keepFresh(ctx context.Context, log *slog.Logger, what string, refresh func(context.Context) error) {
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		if err := refresh(ctx); err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "what is known stays as it was", "of", what, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
