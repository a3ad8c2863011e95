package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"yunwei/calendar"
)

const selectRevision = "SELECT set_name, n, doc, effect, document, made_by, why, made_at, print FROM holiday_revisions "

type revisionRow struct {
	Set      string  `db:"set_name"`
	N        int     `db:"n"`
	Doc      string  `db:"doc"`
	Effect   string  `db:"effect"`
	Document string  `db:"document"`
	By       string  `db:"made_by"`
	Why      string  `db:"why"`
	At       int64   `db:"made_at"`
	Key      *string `db:"idem_key"`
	Print    string  `db:"print"`
}

func (r revisionRow) revision() (calendar.Revision, error) {
	out := calendar.Revision{Set: r.Set, N: r.N, Document: r.Document, By: r.By, Why: r.Why, At: fromMicros(r.At), Print: r.Print}
	if err := json.Unmarshal([]byte(r.Doc), &out.Change); err != nil {
		return out, fmt.Errorf("read revision %d of %s: %w", r.N, r.Set, err)
	}
	if err := json.Unmarshal([]byte(r.Effect), &out.Effect); err != nil {
		return out, fmt.Errorf("read the effect of revision %d of %s: %w", r.N, r.Set, err)
	}
	return out, nil
}

// AddHolidayRevision adds a revision under the number that follows the latest one. ErrConflict when somebody else has
// taken the number meanwhile, or made a revision under the same key; ErrGap when the number does not follow.
func (s *Store) AddHolidayRevision(ctx context.Context, r calendar.Revision) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	doc, err := json.Marshal(r.Change)
	if err != nil {
		return fmt.Errorf("write revision %d of %s: %w", r.N, r.Set, err)
	}
	effect, err := json.Marshal(r.Effect)
	if err != nil {
		return fmt.Errorf("write the effect of revision %d of %s: %w", r.N, r.Set, err)
	}
	row := revisionRow{Set: r.Set, N: r.N, Doc: string(doc), Effect: string(effect), Document: r.Document, By: r.By, Why: r.Why, At: micros(r.At), Print: r.Print}
	if r.Key != "" {
		key := plain(r.Key)
		row.Key = &key
	}
	latest, err := s.latestRevision(ctx, r.Set)
	if err == nil && r.N != latest+1 {
		err = ErrConflict
		if r.N > latest+1 {
			err = ErrGap
		}
	}
	if err == nil {
		_, err = s.write.NamedExecContext(ctx, `INSERT INTO holiday_revisions (set_name, n, doc, effect, document, made_by, why, made_at, idem_key, print)
VALUES (:set_name, :n, :doc, :effect, :document, :made_by, :why, :made_at, :idem_key, :print)`, row)
	}
	if isDuplicate(err) {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("add revision %d of %s: %w", r.N, r.Set, err)
	}
	return nil
}

func (s *Store) latestRevision(ctx context.Context, set string) (int, error) {
	var n int
	err := s.read.GetContext(ctx, &n, "SELECT COALESCE(MAX(n), 0) FROM holiday_revisions WHERE set_name = ?", set)
	return n, err
}

// HolidayRevisions returns the revisions of a set after a number, in order, at most limit of them.
func (s *Store) HolidayRevisions(ctx context.Context, set string, after, limit int) ([]calendar.Revision, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var rows []revisionRow
	if err := s.read.SelectContext(ctx, &rows, selectRevision+"WHERE set_name = ? AND n > ? ORDER BY n LIMIT ?", set, after, limit); err != nil {
		return nil, fmt.Errorf("revisions of the holidays %s: %w", set, err)
	}
	out := make([]calendar.Revision, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.revision(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// HolidayRevisionByKey returns the revision that was made under an idempotency key (its digest); ErrNotFound.
func (s *Store) HolidayRevisionByKey(ctx context.Context, key string) (calendar.Revision, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var r revisionRow
	err := s.read.GetContext(ctx, &r, selectRevision+"WHERE idem_key = ?", plain(key))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return calendar.Revision{}, fmt.Errorf("revision of holidays by its key: %w", err)
	}
	return r.revision()
}

// HolidaySets returns the sets that have revisions, with the number of their latest.
func (s *Store) HolidaySets(ctx context.Context) (map[string]int, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var rows []struct {
		Set string `db:"set_name"`
		N   int    `db:"n"`
	}
	if err := s.read.SelectContext(ctx, &rows, "SELECT set_name, MAX(n) AS n FROM holiday_revisions GROUP BY set_name"); err != nil {
		return nil, fmt.Errorf("list the sets of holidays: %w", err)
	}
	out := make(map[string]int, len(rows))
	for _, r := range rows {
		out[r.Set] = r.N
	}
	return out, nil
}
