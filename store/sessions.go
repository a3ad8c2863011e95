package store

import (
	"context"
	"fmt"
	"time"
)

// Revoke ends a session before its time: its token is void until it would have expired anyway.
func (s *Store) Revoke(ctx context.Context, tokenID string, until time.Time) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	if _, err := s.write.ExecContext(ctx, s.engine.statements.revoke, plain(tokenID), micros(until)); err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	return nil
}

// Revocations returns the tokens that are void and have not expired, with when they will.
func (s *Store) Revocations(ctx context.Context, now time.Time) (map[string]time.Time, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var rows []struct {
		TokenID string `db:"token_id"`
		Until   int64  `db:"until"`
	}
	if err := s.read.SelectContext(ctx, &rows, "SELECT token_id, until FROM revocations WHERE until > ?", micros(now)); err != nil {
		return nil, fmt.Errorf("list ended sessions: %w", err)
	}
	ended := make(map[string]time.Time, len(rows))
	for _, r := range rows {
		ended[r.TokenID] = fromMicros(r.Until)
	}
	return ended, nil
}

// Prune forgets the ended sessions whose tokens have expired.
func (s *Store) Prune(ctx context.Context, now time.Time) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	if _, err := s.write.ExecContext(ctx, "DELETE FROM revocations WHERE until <= ?", micros(now)); err != nil {
		return fmt.Errorf("forget expired sessions: %w", err)
	}
	return nil
}
