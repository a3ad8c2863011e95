package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"yunwei/roster"
)

// RosterVersion tells one save of a roster.
type RosterVersion struct {
	Name    string
	Version int
	SavedAt time.Time
	SavedBy string
	Reason  string
}

const selectVersion = "SELECT v.name, v.version, v.saved_at, v.saved_by, v.reason, v.doc FROM roster_versions v "

type rosterRow struct {
	Name    string `db:"name"`
	Version int    `db:"version"`
	SavedAt int64  `db:"saved_at"`
	SavedBy string `db:"saved_by"`
	Reason  string `db:"reason"`
	Doc     string `db:"doc"`
}

func (r rosterRow) roster() (roster.Roster, error) {
	var out roster.Roster
	if err := json.Unmarshal([]byte(r.Doc), &out); err != nil {
		return out, fmt.Errorf("read roster %s: %w", r.Name, err)
	}
	out.Name, out.Version, out.SavedAt, out.SavedBy, out.Reason = r.Name, r.Version, fromMicros(r.SavedAt), r.SavedBy, r.Reason
	return out, nil
}

func rostersOf(rows []rosterRow) ([]roster.Roster, error) {
	out := make([]roster.Roster, len(rows))
	for i, row := range rows {
		r, err := row.roster()
		if err != nil {
			return nil, err
		}
		out[i] = r
	}
	return out, nil
}

// SaveRoster keeps a roster as its next version and returns it with that. r.Version is the version that it was made from,
// 0 for a new one; its changes are left out, they are kept apart. ErrConflict when another version is the latest.
func (s *Store) SaveRoster(ctx context.Context, r roster.Roster) (roster.Roster, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	r.Overrides, r.Swaps = nil, nil
	err := s.inTx(ctx, func(tx *sqlx.Tx) error { return saveRoster(ctx, tx, &r) })
	if isDuplicate(err) {
		err = ErrConflict
	}
	if err != nil {
		return roster.Roster{}, fmt.Errorf("save roster %s: %w", r.Name, err)
	}
	s.lookAgain()
	return r, nil
}

func saveRoster(ctx context.Context, tx *sqlx.Tx, r *roster.Roster) error {
	name, before := plain(r.Name), r.Version
	r.Version++
	if before == 0 {
		if _, err := tx.ExecContext(ctx, "INSERT INTO rosters (name, version) VALUES (?, ?)", name, r.Version); err != nil {
			return err
		}
	} else {
		done, err := tx.ExecContext(ctx, "UPDATE rosters SET version = ? WHERE name = ? AND version = ?", r.Version, name, before)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrConflict)
		}
		// A version takes force after the one before it, whatever the clocks of two processes say.
		var last int64
		if err := tx.GetContext(ctx, &last, "SELECT saved_at FROM roster_versions WHERE name = ? AND version = ?", name, before); err != nil {
			return err
		}
		if micros(r.SavedAt) <= last {
			r.SavedAt = fromMicros(last + 1)
		}
	}
	r.SavedAt = fromMicros(micros(r.SavedAt))
	doc, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO roster_versions (name, version, saved_at, saved_by, reason, doc) VALUES (?, ?, ?, ?, ?, ?)",
		name, r.Version, micros(r.SavedAt), nameKey(r.SavedBy), r.Reason, string(doc))
	return err
}

// Rosters returns all rosters in their latest versions, by name, each with the changes that have an effect after since:
// all that is needed to say who is on duty from then on. It is two statements, and one more for each further page of changes.
func (s *Store) Rosters(ctx context.Context, since time.Time) ([]roster.Roster, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var rows []rosterRow
	if err := s.read.SelectContext(ctx, &rows, selectVersion+"JOIN rosters r ON r.name = v.name AND r.version = v.version ORDER BY v.name"); err != nil {
		return nil, fmt.Errorf("read the rosters: %w", err)
	}
	list, err := rostersOf(rows)
	if err != nil {
		return nil, err
	}
	changes, err := s.changes(ctx, "", nil, since)
	if err != nil {
		return nil, fmt.Errorf("read the changes of the rosters: %w", err)
	}
	return list, addChanges(list, changes)
}

// RosterPage lists rosters in their latest versions without their changes, by name, after the given one, at most limit.
func (s *Store) RosterPage(ctx context.Context, after string, limit int) ([]roster.Roster, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var rows []rosterRow
	err := s.read.SelectContext(ctx, &rows, selectVersion+"JOIN rosters r ON r.name = v.name AND r.version = v.version WHERE r.name > ? ORDER BY r.name LIMIT ?", after, limit)
	if err != nil {
		return nil, fmt.Errorf("list rosters: %w", err)
	}
	return rostersOf(rows)
}

// Roster returns a version of a roster without its changes, the latest for version 0; ErrNotFound.
func (s *Store) Roster(ctx context.Context, name string, version int) (roster.Roster, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	statement, args := selectVersion+"JOIN rosters r ON r.name = v.name AND r.version = v.version WHERE r.name = ?", []any{plain(name)}
	if version > 0 {
		statement, args = selectVersion+"WHERE v.name = ? AND v.version = ?", []any{plain(name), version}
	}
	var row rosterRow
	err := s.read.GetContext(ctx, &row, statement, args...)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return roster.Roster{}, fmt.Errorf("roster %q: %w", name, err)
	}
	return row.roster()
}

// RostersIn returns the versions of a roster that were in force at some time of [from, to), oldest first, with the changes
// that touch that span. There are none when the roster was saved for the first time at to or later.
func (s *Store) RostersIn(ctx context.Context, name string, from, to time.Time) ([]roster.Roster, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var first int
	err := s.read.GetContext(ctx, &first, "SELECT version FROM roster_versions WHERE name = ? AND saved_at <= ? ORDER BY saved_at DESC LIMIT 1", plain(name), micros(from))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("roster %q at %v: %w", name, from, err)
	}
	list, err := s.versions(ctx, name, first, to)
	if err != nil {
		return nil, fmt.Errorf("versions of roster %q: %w", name, err)
	}
	if len(list) == 0 {
		return nil, nil
	}
	changes, err := s.changes(ctx, ofRoster, []any{plain(name), micros(to)}, from)
	if err != nil {
		return nil, fmt.Errorf("changes of roster %q: %w", name, err)
	}
	return list, addChanges(list, changes)
}

// versions returns the versions of a roster from one on that were saved before to, however many they are.
func (s *Store) versions(ctx context.Context, name string, first int, to time.Time) ([]roster.Roster, error) {
	var out []roster.Roster
	for {
		var rows []rosterRow
		err := s.read.SelectContext(ctx, &rows, selectVersion+"WHERE v.name = ? AND v.version >= ? AND v.saved_at < ? ORDER BY v.version LIMIT ?",
			plain(name), first, micros(to), s.bounds.page)
		if err != nil {
			return nil, err
		}
		list, err := rostersOf(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
		if len(rows) < s.bounds.page {
			return out, nil
		}
		first = rows[len(rows)-1].Version + 1
	}
}

// RosterVersions lists the saves of a roster, the latest first, before the given version, from the latest for 0, at most
// limit of them.
func (s *Store) RosterVersions(ctx context.Context, name string, before, limit int) ([]RosterVersion, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	if before == 0 {
		before = 1 << 30
	}
	var rows []rosterRow
	err := s.read.SelectContext(ctx, &rows, "SELECT name, version, saved_at, saved_by, reason FROM roster_versions WHERE name = ? AND version < ? ORDER BY version DESC LIMIT ?", plain(name), before, limit)
	if err != nil {
		return nil, fmt.Errorf("saves of roster %q: %w", name, err)
	}
	out := make([]RosterVersion, len(rows))
	for i, r := range rows {
		out[i] = RosterVersion{Name: r.Name, Version: r.Version, SavedAt: fromMicros(r.SavedAt), SavedBy: r.SavedBy, Reason: r.Reason}
	}
	return out, nil
}
