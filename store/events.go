package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"yunwei/defect"
)

// Events returns the events of a case after a seq, in order, at most limit of them. An unknown case has none.
func (s *Store) Events(ctx context.Context, number string, after, limit int) ([]defect.Event, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var docs []string
	err := s.read.SelectContext(ctx, &docs, `SELECT e.doc FROM events e JOIN defects d ON d.id = e.id
WHERE d.number = ? AND e.seq > ? ORDER BY e.seq LIMIT ?`, plain(number), after, limit)
	if err != nil {
		return nil, fmt.Errorf("events of case %s: %w", number, err)
	}
	events := make([]defect.Event, len(docs))
	for i, doc := range docs {
		if err := json.Unmarshal([]byte(doc), &events[i]); err != nil {
			return nil, fmt.Errorf("read an event of case %s: %w", number, err)
		}
	}
	return events, nil
}

// EventByKey returns the event of a case that was made under an idempotency key (its digest); ErrNotFound.
func (s *Store) EventByKey(ctx context.Context, number, key string) (defect.Event, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var doc string
	err := s.read.GetContext(ctx, &doc, `SELECT e.doc FROM events e JOIN defects d ON d.id = e.id
WHERE e.idem_key = ? AND d.number = ? ORDER BY e.seq LIMIT 1`, plain(key), plain(number))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return defect.Event{}, fmt.Errorf("event of case %s by its key: %w", number, err)
	}
	var e defect.Event
	if err := json.Unmarshal([]byte(doc), &e); err != nil {
		return defect.Event{}, fmt.Errorf("read an event of case %s: %w", number, err)
	}
	return e, nil
}

// CaseByKey returns the number of the case that was submitted under an idempotency key (its digest), and the digest of
// the request then; ErrNotFound.
func (s *Store) CaseByKey(ctx context.Context, key string) (number, print string, err error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var docs Docs
	err = s.read.GetContext(ctx, &docs, `SELECT x.policy_digest, x.submission, x.doc FROM defects d JOIN defect_docs x ON x.id = d.id
WHERE d.submit_key = ? ORDER BY d.id LIMIT 1`, plain(key))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return "", "", fmt.Errorf("case by its key: %w", err)
	}
	c, err := docs.read()
	return c.Number, c.Submitted.Print, err
}

// Known returns the seq up to which SQL knows a case, 0 for an unknown one.
func (s *Store) Known(ctx context.Context, number string) (int, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var seq int
	err := s.read.GetContext(ctx, &seq, "SELECT seq FROM defects WHERE number = ?", plain(number))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("seq of case %s: %w", number, err)
	}
	return seq, nil
}
