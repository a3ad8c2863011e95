package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"yunwei/roster"
)

// The kinds of changes, and the states of an override. A swap that was agreed on and then taken back is cancelled.
const (
	kindOverride   = "override"
	kindSwap       = "swap"
	stateActive    = "active"
	stateCancelled = "cancelled"
)

const selectChange = "SELECT id, roster, kind, state, made_at, starts_at, ends_at, doc FROM roster_changes "

type changeRow struct {
	ID       string `db:"id"`
	Roster   string `db:"roster"`
	Kind     string `db:"kind"`
	State    string `db:"state"`
	MadeAt   int64  `db:"made_at"`
	StartsAt int64  `db:"starts_at"`
	EndsAt   int64  `db:"ends_at"`
	Doc      string `db:"doc"`
}

func rowOfOverride(name string, o roster.Override) (changeRow, error) {
	doc, err := json.Marshal(o)
	r := changeRow{ID: plain(o.ID), Roster: plain(name), Kind: kindOverride, State: stateActive, MadeAt: micros(o.At), StartsAt: micros(o.From), EndsAt: micros(o.To), Doc: string(doc)}
	if !o.CancelledAt.IsZero() {
		r.State = stateCancelled
	}
	return r, err
}

func rowOfSwap(name string, w roster.Swap) (changeRow, error) {
	doc, err := json.Marshal(w)
	r := changeRow{ID: plain(w.ID), Roster: plain(name), Kind: kindSwap, State: swapState(w), MadeAt: micros(w.At), StartsAt: micros(w.Give.From), EndsAt: micros(w.End()), Doc: string(doc)}
	if w.Take.From.Before(w.Give.From) {
		r.StartsAt = micros(w.Take.From)
	}
	return r, err
}

func swapState(w roster.Swap) string {
	if !w.CancelledAt.IsZero() {
		return stateCancelled
	}
	return string(w.State)
}

func (r changeRow) override() (o roster.Override, err error) {
	if err = json.Unmarshal([]byte(r.Doc), &o); err != nil {
		err = fmt.Errorf("read override %s: %w", r.ID, err)
	}
	return o, err
}

func (r changeRow) swap() (w roster.Swap, err error) {
	if err = json.Unmarshal([]byte(r.Doc), &w); err != nil {
		err = fmt.Errorf("read swap %s: %w", r.ID, err)
	}
	return w, err
}

// changes returns the changes that where narrows and that have an effect after since, in the order in which they were made,
// however many they are: who is on duty is not told from a part of them.
func (s *Store) changes(ctx context.Context, where string, args []any, since time.Time) ([]changeRow, error) {
	var out []changeRow
	for ends, id := micros(since)+1, ""; ; {
		var page []changeRow
		err := s.read.SelectContext(ctx, &page, changePage(where), append(slices.Clip(args), ends, ends, id, s.bounds.page)...)
		if err != nil {
			return nil, err
		}
		out = append(out, page...)
		if len(page) < s.bounds.page {
			break
		}
		ends, id = page[len(page)-1].EndsAt, page[len(page)-1].ID
	}
	slices.SortFunc(out, func(a, b changeRow) int { return cmp.Or(cmp.Compare(a.MadeAt, b.MadeAt), strings.Compare(a.ID, b.ID)) })
	return out, nil
}

// ofRoster narrows changes to those of a roster that begin before a time.
const ofRoster = "roster = ? AND starts_at < ? AND "

// changePage reads the next changes behind an end and an ID.
func changePage(where string) string {
	return selectChange + "WHERE " + where + "ends_at >= ? AND (ends_at > ? OR id > ?) ORDER BY ends_at, id LIMIT ?"
}

// addChanges puts changes on the rosters that they belong to.
func addChanges(list []roster.Roster, changes []changeRow) error {
	for _, c := range changes {
		for i := range list {
			if list[i].Name != c.Roster {
				continue
			}
			if err := c.addTo(&list[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r changeRow) addTo(to *roster.Roster) error {
	if r.Kind == kindSwap {
		w, err := r.swap()
		to.Swaps = append(to.Swaps, w)
		return err
	}
	o, err := r.override()
	to.Overrides = append(to.Overrides, o)
	return err
}

// AddOverride notes an override of a roster; ErrConflict when its ID is taken.
func (s *Store) AddOverride(ctx context.Context, name string, o roster.Override) error {
	row, err := rowOfOverride(name, o)
	return s.addChange(ctx, row, err)
}

// AddSwap notes a swap in a roster; ErrConflict when its ID is taken.
func (s *Store) AddSwap(ctx context.Context, name string, w roster.Swap) error {
	row, err := rowOfSwap(name, w)
	return s.addChange(ctx, row, err)
}

func (s *Store) addChange(ctx context.Context, row changeRow, err error) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	if err == nil {
		_, err = s.write.NamedExecContext(ctx, `INSERT INTO roster_changes (id, roster, kind, state, made_at, starts_at, ends_at, doc)
VALUES (:id, :roster, :kind, :state, :made_at, :starts_at, :ends_at, :doc)`, row)
	}
	if isDuplicate(err) {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("add %s %s: %w", row.Kind, row.ID, err)
	}
	s.lookAgain()
	return nil
}

// CancelOverride keeps an override as it was cancelled; ErrConflict when somebody has cancelled it before.
func (s *Store) CancelOverride(ctx context.Context, name string, o roster.Override) error {
	row, err := rowOfOverride(name, o)
	return s.moveChange(ctx, row, stateActive, err)
}

// MoveSwap keeps a swap as it is now, which was in the given state before; ErrConflict when it is in another by now.
func (s *Store) MoveSwap(ctx context.Context, name string, from roster.SwapState, w roster.Swap) error {
	row, err := rowOfSwap(name, w)
	return s.moveChange(ctx, row, string(from), err)
}

func (s *Store) moveChange(ctx context.Context, row changeRow, from string, err error) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	if err == nil {
		var done sql.Result
		done, err = s.write.ExecContext(ctx, "UPDATE roster_changes SET state = ?, doc = ? WHERE id = ? AND roster = ? AND state = ?", row.State, row.Doc, row.ID, row.Roster, from)
		if err == nil {
			err = oneRow(done, ErrConflict)
		}
	}
	if err != nil {
		return fmt.Errorf("move %s %s: %w", row.Kind, row.ID, err)
	}
	s.lookAgain()
	return nil
}

// oneRow returns otherwise when a statement has changed nothing.
func oneRow(done sql.Result, otherwise error) error {
	n, err := done.RowsAffected()
	if err == nil && n == 0 {
		err = otherwise
	}
	return err
}

// Override returns an override of a roster; ErrNotFound.
func (s *Store) Override(ctx context.Context, name, id string) (roster.Override, error) {
	row, err := s.change(ctx, name, kindOverride, id)
	if err != nil {
		return roster.Override{}, err
	}
	return row.override()
}

// Swap returns a swap of a roster; ErrNotFound.
func (s *Store) Swap(ctx context.Context, name, id string) (roster.Swap, error) {
	row, err := s.change(ctx, name, kindSwap, id)
	if err != nil {
		return roster.Swap{}, err
	}
	return row.swap()
}

func (s *Store) change(ctx context.Context, name, kind, id string) (changeRow, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var row changeRow
	err := s.read.GetContext(ctx, &row, selectChange+"WHERE id = ? AND roster = ? AND kind = ?", plain(id), plain(name), kind)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return row, fmt.Errorf("%s %q: %w", kind, id, err)
	}
	return row, nil
}

// Overrides lists the overrides of a roster, the latest made first, after the one with the given ID, at most limit;
// ErrCursor when there is none such.
func (s *Store) Overrides(ctx context.Context, name, after string, limit int) ([]roster.Override, error) {
	rows, err := s.changesOf(ctx, name, kindOverride, after, limit)
	if err != nil {
		return nil, err
	}
	out := make([]roster.Override, len(rows))
	for i, r := range rows {
		if out[i], err = r.override(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Swaps lists the swaps of a roster as Overrides does its overrides.
func (s *Store) Swaps(ctx context.Context, name, after string, limit int) ([]roster.Swap, error) {
	rows, err := s.changesOf(ctx, name, kindSwap, after, limit)
	if err != nil {
		return nil, err
	}
	out := make([]roster.Swap, len(rows))
	for i, r := range rows {
		if out[i], err = r.swap(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Store) changesOf(ctx context.Context, name, kind, after string, limit int) ([]changeRow, error) {
	l := newest{table: "roster_changes", columns: "id, roster, kind, state, made_at, starts_at, ends_at, doc", at: "made_at"}
	l.where("roster = ?", plain(name))
	l.where("kind = ?", kind)
	var rows []changeRow
	err := s.newest(ctx, l, after, limit, &rows)
	return rows, err
}

// LiveChanges counts the changes of a roster that are not over at a time.
func (s *Store) LiveChanges(ctx context.Context, name string, at time.Time) (int, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var n int
	if err := s.read.GetContext(ctx, &n, "SELECT COUNT(*) FROM roster_changes WHERE roster = ? AND ends_at > ?", plain(name), micros(at)); err != nil {
		return 0, fmt.Errorf("count the changes of roster %q: %w", name, err)
	}
	return n, nil
}
