package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"yunwei/defect"
)

// User is an account. Its user name is in small letters; every method takes it in any.
type User struct {
	defect.Person
	Hash     string // of the password, as its maker wrote it
	Disabled bool
	// NotBefore is when password, roles or standing last changed: what was issued earlier is void.
	NotBefore time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int // counts the changes, from 1
}

var username = regexp.MustCompile(`^[a-z0-9._-]{2,64}$`)

// directoryPage is how many accounts Directory reads at a time.
const directoryPage = 500

const selectUser = "SELECT username, name, roles, hash, disabled, version, not_before, created_at, updated_at FROM users "

type userRow struct {
	Username  string `db:"username"`
	Name      string `db:"name"`
	Roles     string `db:"roles"`
	Hash      string `db:"hash"`
	Disabled  bool   `db:"disabled"`
	Version   int    `db:"version"`
	NotBefore int64  `db:"not_before"`
	CreatedAt int64  `db:"created_at"`
	UpdatedAt int64  `db:"updated_at"`
}

func (r userRow) user() User {
	u := User{
		Person: defect.Person{Username: r.Username, Name: r.Name}, Hash: r.Hash, Disabled: r.Disabled,
		NotBefore: fromMicros(r.NotBefore), CreatedAt: fromMicros(r.CreatedAt), UpdatedAt: fromMicros(r.UpdatedAt), Version: r.Version,
	}
	for _, role := range strings.FieldsFunc(r.Roles, func(c rune) bool { return c == ',' }) {
		u.Roles = append(u.Roles, defect.Role(role))
	}
	return u
}

// AddUser adds an account: user name, name, roles, hash and Disabled count, the rest is set here. ErrConflict when the
// user name is taken, ErrUsername, ErrRole.
func (s *Store) AddUser(ctx context.Context, u User) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	name := strings.ToLower(u.Username)
	if !username.MatchString(name) {
		return fmt.Errorf("account %q: %w", u.Username, ErrUsername)
	}
	roles, err := joinRoles(u.Roles)
	if err != nil {
		return fmt.Errorf("account %s: %w", name, err)
	}
	now := micros(s.now())
	_, err = s.write.NamedExecContext(ctx, `INSERT INTO users (username, name, roles, hash, disabled, version, not_before, created_at, updated_at)
VALUES (:username, :name, :roles, :hash, :disabled, :version, :not_before, :created_at, :updated_at)`,
		userRow{Username: name, Name: u.Name, Roles: roles, Hash: u.Hash, Disabled: u.Disabled, Version: 1, NotBefore: now, CreatedAt: now, UpdatedAt: now})
	if isDuplicate(err) {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("account %s: %w", name, err)
	}
	s.lookAgain()
	return nil
}

func joinRoles(roles []defect.Role) (string, error) {
	var names []string
	for _, r := range roles {
		if !slices.Contains(defect.Roles(), r) {
			return "", fmt.Errorf("%w: %q", ErrRole, r)
		}
		if !slices.Contains(names, string(r)) {
			names = append(names, string(r))
		}
	}
	return strings.Join(names, ","), nil
}

// SetPassword replaces the hash of a password and voids what was issued before; ErrNotFound.
func (s *Store) SetPassword(ctx context.Context, username, hash string) error {
	return s.changeUser(ctx, username, "hash", hash)
}

// SetDisabled closes an account, or opens it again, and voids what was issued before; ErrNotFound.
func (s *Store) SetDisabled(ctx context.Context, username string, disabled bool) error {
	return s.changeUser(ctx, username, "disabled", disabled)
}

// SetRoles replaces the roles of an account and voids what was issued before; ErrNotFound, ErrRole.
func (s *Store) SetRoles(ctx context.Context, username string, roles []defect.Role) error {
	joined, err := joinRoles(roles)
	if err != nil {
		return fmt.Errorf("account %q: %w", username, err)
	}
	return s.changeUser(ctx, username, "roles", joined)
}

func (s *Store) changeUser(ctx context.Context, username, column string, value any) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	now := micros(s.now())
	done, err := s.write.ExecContext(ctx, "UPDATE users SET "+column+" = ?, version = version + 1, not_before = ?, updated_at = ? WHERE username = ?",
		value, now, now, nameKey(username))
	if err == nil {
		var n int64
		if n, err = done.RowsAffected(); err == nil && n == 0 {
			err = ErrNotFound
		}
	}
	if err != nil {
		return fmt.Errorf("change %s of account %q: %w", column, username, err)
	}
	s.lookAgain()
	return nil
}

// User returns an account, disabled ones too; ErrNotFound.
func (s *Store) User(ctx context.Context, username string) (User, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var r userRow
	err := s.read.GetContext(ctx, &r, selectUser+"WHERE username = ?", nameKey(username))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return User{}, fmt.Errorf("account %q: %w", username, err)
	}
	return r.user(), nil
}

// Users lists accounts by user name, after the given one, at most limit of them.
func (s *Store) Users(ctx context.Context, after string, limit int) ([]User, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var rows []userRow
	if err := s.read.SelectContext(ctx, &rows, selectUser+"WHERE username > ? ORDER BY username LIMIT ?", nameKey(after), limit); err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	users := make([]User, len(rows))
	for i, r := range rows {
		users[i] = r.user()
	}
	return users, nil
}

// Directory returns all accounts, by user name.
func (s *Store) Directory(ctx context.Context) ([]User, error) {
	var all []User
	for after := ""; ; after = all[len(all)-1].Username {
		page, err := s.Users(ctx, after, directoryPage)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < directoryPage {
			return all, nil
		}
	}
}
