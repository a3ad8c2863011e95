package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"yunwei/defect"
)

const selectSubstitution = "SELECT id, username, substitute, from_at, until_at, reason, made_by, created_at, ended_at FROM substitutions "

type substitutionRow struct {
	ID         int64  `db:"id"`
	Username   string `db:"username"`
	Substitute string `db:"substitute"`
	FromAt     int64  `db:"from_at"`
	UntilAt    int64  `db:"until_at"`
	Reason     string `db:"reason"`
	MadeBy     string `db:"made_by"`
	CreatedAt  int64  `db:"created_at"`
	EndedAt    int64  `db:"ended_at"`
}

func (r substitutionRow) substitution() defect.Substitution {
	return defect.Substitution{
		ID: r.ID, Username: r.Username, Substitute: r.Substitute, From: fromMicros(r.FromAt), Until: fromMicros(r.UntilAt),
		Reason: r.Reason, By: r.MadeBy, CreatedAt: fromMicros(r.CreatedAt), EndedAt: fromMicros(r.EndedAt),
	}
}

func substitutionsOf(rows []substitutionRow) []defect.Substitution {
	out := make([]defect.Substitution, len(rows))
	for i, r := range rows {
		out[i] = r.substitution()
	}
	return out
}

// AddSubstitution keeps who signs in whose place, and returns it with its ID and time.
func (s *Store) AddSubstitution(ctx context.Context, sub defect.Substitution) (defect.Substitution, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	r := substitutionRow{
		Username: nameKey(sub.Username), Substitute: nameKey(sub.Substitute), FromAt: micros(sub.From), UntilAt: micros(sub.Until),
		Reason: sub.Reason, MadeBy: nameKey(sub.By), CreatedAt: micros(s.now()),
	}
	done, err := s.write.NamedExecContext(ctx, `INSERT INTO substitutions (username, substitute, from_at, until_at, reason, made_by, created_at, ended_at)
VALUES (:username, :substitute, :from_at, :until_at, :reason, :made_by, :created_at, 0)`, r)
	if err == nil {
		r.ID, err = done.LastInsertId()
	}
	if err != nil {
		return defect.Substitution{}, fmt.Errorf("keep a substitution: %w", err)
	}
	s.lookAgain()
	return r.substitution(), nil
}

// EndSubstitution ends one before its time; one that has ended stays as it is. ErrNotFound.
func (s *Store) EndSubstitution(ctx context.Context, id int64) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	if _, err := s.Substitution(ctx, id); err != nil {
		return err
	}
	if _, err := s.write.ExecContext(ctx, "UPDATE substitutions SET ended_at = ? WHERE id = ? AND ended_at = 0", micros(s.now()), id); err != nil {
		return fmt.Errorf("end substitution %d: %w", id, err)
	}
	s.lookAgain()
	return nil
}

// Substitution returns one; ErrNotFound.
func (s *Store) Substitution(ctx context.Context, id int64) (defect.Substitution, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var r substitutionRow
	err := s.read.GetContext(ctx, &r, selectSubstitution+"WHERE id = ?", id)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return defect.Substitution{}, fmt.Errorf("substitution %d: %w", id, err)
	}
	return r.substitution(), nil
}

// Substitutions lists them, the latest first, before an ID (0 from the beginning), at most limit of them; with a user name
// those in which that person has a part.
func (s *Store) Substitutions(ctx context.Context, username string, before int64, limit int) ([]defect.Substitution, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	if before == 0 {
		before = math.MaxInt64
	}
	statement, args := selectSubstitution+"WHERE id < ? ORDER BY id DESC LIMIT ?", []any{before, limit}
	if username != "" {
		// Two lists by an index each, of which the latest are taken: an OR would follow neither.
		half := "SELECT * FROM (" + selectSubstitution + "WHERE %s = ? AND id < ? ORDER BY id DESC LIMIT ?) %[1]s_part"
		statement = fmt.Sprintf(half, "username") + " UNION " + fmt.Sprintf(half, "substitute") + " ORDER BY id DESC LIMIT ?"
		name := nameKey(username)
		args = []any{name, before, limit, name, before, limit, limit}
	}
	var rows []substitutionRow
	if err := s.read.SelectContext(ctx, &rows, statement, args...); err != nil {
		return nil, fmt.Errorf("list substitutions: %w", err)
	}
	return substitutionsOf(rows), nil
}

// Running returns the substitutions that are in force or will be: they last beyond at, and nobody has ended them.
func (s *Store) Running(ctx context.Context, at time.Time) ([]defect.Substitution, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var rows []substitutionRow
	if err := s.read.SelectContext(ctx, &rows, selectSubstitution+"WHERE ended_at = 0 AND until_at > ? ORDER BY id", micros(at)); err != nil {
		return nil, fmt.Errorf("read the substitutions in force: %w", err)
	}
	return substitutionsOf(rows), nil
}

// Standing returns an account with those for whom it stands in at the given time; ErrNotFound.
func (s *Store) Standing(ctx context.Context, username string, at time.Time) (User, error) {
	u, err := s.User(ctx, username)
	if err != nil {
		return User{}, err
	}
	running, err := s.Running(ctx, at)
	if err != nil {
		return User{}, err
	}
	var failed error
	u.StandsIn = defect.StandsIn(running, u.Username, at, func(username string) (defect.Person, bool) {
		absent, err := s.User(ctx, username)
		if err != nil && !errors.Is(err, ErrNotFound) {
			failed = err
		}
		return absent.Person, err == nil && !absent.Disabled
	})
	if failed != nil {
		return User{}, failed
	}
	return u, nil
}
