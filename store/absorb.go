package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
)

const (
	// absorbEvery is how many cases come, on average, until the tail of the search moves into the index. Which case sets
	// it off follows from the case's ID, so that no process has to count.
	absorbEvery = 256
	// absorbFrom is how many are worth a move that nobody asked for.
	absorbFrom = 64
	// absorbBytes bounds what moves in one transaction, segmentBytes a segment, when texts are long.
	absorbBytes  = 2 << 20
	segmentBytes = 16 << 20
	// absorbRows is how many rows of the index one statement writes.
	absorbRows = 256
	// absorbPatience is how long one such transaction may take.
	absorbPatience = 30 * time.Second
)

// absorbSoon moves the tail into the index while nobody waits. What goes wrong costs speed and no result: the tail stays
// longer, and the next move takes it along.
func (s *Store) absorbSoon() {
	s.meanwhile(func(ctx context.Context) { _ = s.absorbAll(ctx, absorbFrom) })
}

// Absorb moves the texts that came lately into the search index. A store does so by itself every few hundred cases; it
// matters to speed only. When another process is at it, nothing is done.
func (s *Store) Absorb(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("move texts into the search index: %w", err)
	}
	return s.absorbAll(ctx, 1)
}

func (s *Store) absorbAll(ctx context.Context, least int) error {
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	default:
		return nil
	}
	for more := true; more; {
		limited, cancel := context.WithTimeout(ctx, absorbPatience)
		err := s.inTx(limited, func(tx *sqlx.Tx) (err error) {
			more, err = s.absorb(limited, tx, least)
			return err
		})
		cancel()
		if isHeld(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("move texts into the search index: %w", err)
		}
	}
	return nil
}

// absorb moves one batch, if there are at least so many, and reports whether it did.
func (s *Store) absorb(ctx context.Context, tx *sqlx.Tx, least int) (bool, error) {
	var g segmentRow
	if err := tx.GetContext(ctx, &g, s.engine.statements.lockIndex); err != nil {
		return false, err
	}
	ids, bodies, err := s.oldest(ctx, tx, least)
	if err != nil || len(ids) == 0 {
		return false, err
	}
	if g.Docs >= s.bounds.segmentDocs || g.Size >= segmentBytes {
		g = segmentRow{Segment: g.Segment + 1}
		if _, err := tx.ExecContext(ctx, "INSERT INTO search_segments (segment, docs, size, first_id, last_id, ids) VALUES (?, 0, 0, 0, 0, ?)", g.Segment, []byte{}); err != nil {
			return false, err
		}
	}
	b := newBatch()
	for i, body := range bodies {
		b.add(g.Docs+i, body)
	}
	if err := s.append(ctx, tx, g.Segment, b.rows()); err != nil {
		return false, err
	}
	if err := s.grow(ctx, tx, g, ids, int64(b.size)); err != nil {
		return false, err
	}
	statement, args, err := sqlx.In("DELETE FROM search_tail WHERE id IN (?)", ids)
	if err != nil {
		return false, err
	}
	_, err = tx.ExecContext(ctx, statement, args...)
	return true, err
}

// oldest returns the texts at the beginning of the tail, none when it is shorter than asked for.
func (s *Store) oldest(ctx context.Context, tx *sqlx.Tx, least int) (ids []int64, bodies [][]byte, err error) {
	var sizes []struct {
		ID   int64 `db:"id"`
		Size int   `db:"size"`
	}
	if err := tx.SelectContext(ctx, &sizes, "SELECT id, LENGTH(body) AS size FROM search_tail ORDER BY id LIMIT ?", s.bounds.absorbDocs); err != nil {
		return nil, nil, err
	}
	if len(sizes) < least {
		return nil, nil, nil
	}
	total := 0
	for _, t := range sizes {
		if total += t.Size; total > absorbBytes && len(ids) > 0 {
			break
		}
		ids = append(ids, t.ID)
	}
	statement, args, err := sqlx.In("SELECT body FROM search_tail WHERE id IN (?) ORDER BY id", ids)
	if err != nil {
		return nil, nil, err
	}
	err = tx.SelectContext(ctx, &bodies, statement, args...)
	if err == nil && len(bodies) != len(ids) {
		err = sql.ErrNoRows // the tail is ours alone: not to be reached
	}
	return ids, bodies, err
}

// append adds postings to the rows of a segment.
func (s *Store) append(ctx context.Context, tx *sqlx.Tx, segment int, rows map[int][]byte) error {
	for some := range slices.Chunk(slices.Sorted(maps.Keys(rows)), absorbRows) {
		var args []any
		for _, bucket := range some {
			args = append(args, bucket, segment, rows[bucket])
		}
		statement := s.engine.statements.addPosting + placeholders("(?, ?, ?)", len(some)) + s.engine.statements.addPostTo
		if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
			return err
		}
	}
	return nil
}

// grow notes which cases a segment has got.
func (s *Store) grow(ctx context.Context, tx *sqlx.Tx, g segmentRow, ids []int64, size int64) error {
	first, last := slices.Min(ids), slices.Max(ids)
	if g.Docs > 0 {
		first, last = min(first, g.First), max(last, g.Last)
	}
	var encoded []byte
	for _, id := range ids {
		encoded = binary.BigEndian.AppendUint64(encoded, uint64(id)) //nolint:gosec // an ID
	}
	_, err := tx.ExecContext(ctx, s.engine.statements.growIndex, g.Docs+len(ids), g.Size+size, first, last, encoded, g.Segment)
	return err
}
