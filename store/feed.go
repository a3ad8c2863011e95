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

// forgottenAtOnce is how many places are forgotten in one statement: of a feed that nobody followed for long, more would take
// longer than a statement may.
const forgottenAtOnce = 10_000

// ForgetChanges forgets the changes up to a place, and with it who has not heard of them by now. What it has forgotten when it
// fails stays so.
func (s *Store) ForgetChanges(ctx context.Context, upTo int64) error {
	for {
		first, err := s.firstChange(ctx)
		if err != nil || first == 0 || first > upTo {
			return err
		}
		if err := s.forgetChanges(ctx, min(first+forgottenAtOnce-1, upTo)); err != nil {
			return err
		}
	}
}

func (s *Store) firstChange(ctx context.Context) (int64, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var n int64
	if err := s.write.GetContext(ctx, &n, "SELECT COALESCE(MIN(n), 0) FROM feed"); err != nil {
		return 0, fmt.Errorf("first change: %w", err)
	}
	return n, nil
}

func (s *Store) forgetChanges(ctx context.Context, upTo int64) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	if _, err := s.write.ExecContext(ctx, "DELETE FROM feed WHERE n <= ?", upTo); err != nil {
		return fmt.Errorf("forget changes: %w", err)
	}
	return nil
}
