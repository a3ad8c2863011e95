package store

import (
	"context"
	"fmt"
)

// Change says that SQL has learnt of the events of a case up to a seq.
type Change struct {
	N      int64  // its place in the order of all changes
	Number string // of the case
	Seq    int
}

// Changes returns what has changed after a place in the order of all changes, at most limit. Places are given out before
// a change is visible: one that is missing may still appear, or never will.
func (s *Store) Changes(ctx context.Context, after int64, limit int) ([]Change, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var changes []Change
	if err := s.read.SelectContext(ctx, &changes, "SELECT n, number, seq FROM feed WHERE n > ? ORDER BY n LIMIT ?", after, limit); err != nil {
		return nil, fmt.Errorf("list changes: %w", err)
	}
	return changes, nil
}

// LastChange returns the place of the latest change; 0 where there is none.
func (s *Store) LastChange(ctx context.Context) (int64, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var n int64
	if err := s.read.GetContext(ctx, &n, "SELECT COALESCE(MAX(n), 0) FROM feed"); err != nil {
		return 0, fmt.Errorf("latest change: %w", err)
	}
	return n, nil
}

// ForgetChanges forgets the changes up to a place, and with it who has not heard of them by now.
func (s *Store) ForgetChanges(ctx context.Context, upTo int64) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	if _, err := s.write.ExecContext(ctx, "DELETE FROM feed WHERE n <= ?", upTo); err != nil {
		return fmt.Errorf("forget changes: %w", err)
	}
	return nil
}
