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

	"github.com/jmoiron/sqlx"

	"yunwei/defect"
)

// User is an account. Its user name is in small letters; every method takes it in any.
type User struct {
	defect.Person
	Contact
	Hash     string // of the password, as its maker wrote it
	Disabled bool
	// NotBefore is when password, roles or standing last changed, or all sessions were ended: what was issued earlier is void.
	NotBefore time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int // counts the changes, from 1
	Epoch     int // the version that NotBefore is of; 0 when there was no such change
}

// Contact is where somebody belongs, and how they are reached.
type Contact struct {
	Unit  string
	Phone string
	Email string
}

var username = regexp.MustCompile(`^[a-z0-9._-]{2,64}$`)

// KnownUsername reports whether an account can have this name, in small letters. Two dots are a way up in an address: no browser
// would find the account there.
func KnownUsername(name string) bool { return username.MatchString(name) && name != ".." }

// directoryPage is how many accounts Directory reads at a time.
const directoryPage = 500

const selectUser = "SELECT username, name, unit, phone, email, roles, hash, disabled, version, epoch, not_before, created_at, updated_at FROM users "

type userRow struct {
	Username  string `db:"username"`
	Name      string `db:"name"`
	Unit      string `db:"unit"`
	Phone     string `db:"phone"`
	Email     string `db:"email"`
	Roles     string `db:"roles"`
	Hash      string `db:"hash"`
	Disabled  bool   `db:"disabled"`
	Version   int    `db:"version"`
	Epoch     int    `db:"epoch"`
	NotBefore int64  `db:"not_before"`
	CreatedAt int64  `db:"created_at"`
	UpdatedAt int64  `db:"updated_at"`
}

func (r userRow) user() User {
	u := User{
		Person: defect.Person{Username: r.Username, Name: r.Name}, Contact: Contact{Unit: r.Unit, Phone: r.Phone, Email: r.Email}, Hash: r.Hash, Disabled: r.Disabled,
		NotBefore: fromMicros(r.NotBefore), CreatedAt: fromMicros(r.CreatedAt), UpdatedAt: fromMicros(r.UpdatedAt), Version: r.Version, Epoch: r.Epoch,
	}
	for _, role := range strings.FieldsFunc(r.Roles, func(c rune) bool { return c == ',' }) {
		u.Roles = append(u.Roles, defect.Role(role))
	}
	return u
}

// AddUser adds an account: user name, name, contact, roles, hash and Disabled count, the rest is set here. ErrConflict when the
// user name is taken, ErrUsername, ErrRole.
func (s *Store) AddUser(ctx context.Context, u User) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	name := strings.ToLower(u.Username)
	if !KnownUsername(name) {
		return fmt.Errorf("account %q: %w", u.Username, ErrUsername)
	}
	roles, err := joinRoles(u.Roles)
	if err != nil {
		return fmt.Errorf("account %s: %w", name, err)
	}
	now := micros(s.now())
	row := userRow{
		Username: name, Name: u.Name, Unit: u.Unit, Phone: u.Phone, Email: u.Email, Roles: roles, Hash: u.Hash, Disabled: u.Disabled,
		Version: 1, NotBefore: now, CreatedAt: now, UpdatedAt: now,
	}
	_, err = s.write.NamedExecContext(ctx, `INSERT INTO users (username, name, unit, phone, email, roles, hash, disabled, version, epoch, not_before, created_at, updated_at)
VALUES (:username, :name, :unit, :phone, :email, :roles, :hash, :disabled, :version, :epoch, :not_before, :created_at, :updated_at)`, row)
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
	_, err := s.ChangeUser(ctx, username, UserChange{Hash: &hash, EndSessions: true})
	return err
}

// SetDisabled closes an account, or opens it again, and voids what was issued before; ErrNotFound.
func (s *Store) SetDisabled(ctx context.Context, username string, disabled bool) error {
	_, err := s.ChangeUser(ctx, username, UserChange{Disabled: &disabled, EndSessions: true})
	return err
}

// SetRoles replaces the roles of an account and voids what was issued before; ErrNotFound, ErrRole.
func (s *Store) SetRoles(ctx context.Context, username string, roles []defect.Role) error {
	if roles == nil {
		roles = []defect.Role{}
	}
	_, err := s.ChangeUser(ctx, username, UserChange{Roles: roles, EndSessions: true})
	return err
}

// UserChange is what is to change of an account; what is nil stays as it is.
type UserChange struct {
	Name     *string
	Contact  *Contact
	Roles    []defect.Role
	Disabled *bool
	Hash     *string
	// EndSessions voids what was issued before, also when roles, standing and password stay as they are.
	EndSessions bool
	// Version is that of the account which the change was made up from; 0 for whatever it is now.
	Version int
	// KeepAdmin refuses the change when nobody would be left who administers the accounts.
	KeepAdmin bool
}

// mayEndAdmin reports whether the change can take an administrator away.
func (c UserChange) mayEndAdmin() bool { return c.KeepAdmin && (c.Roles != nil || c.Disabled != nil) }

// ChangeUser changes an account and returns it. New roles, another standing and another password void its sessions. A
// change that changes nothing is none. ErrNotFound, ErrRole, ErrConflict when the version has passed, ErrLastAdmin.
func (s *Store) ChangeUser(ctx context.Context, username string, c UserChange) (User, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var after userRow
	roles, err := joinRoles(c.Roles)
	if err == nil {
		err = s.inTx(ctx, func(tx *sqlx.Tx) (err error) {
			after, err = s.changeUser(ctx, tx, nameKey(username), c, roles)
			return err
		})
	}
	if err != nil {
		return User{}, fmt.Errorf("change account %q: %w", username, err)
	}
	s.lookAgain()
	return after.user(), nil
}

func (s *Store) changeUser(ctx context.Context, tx *sqlx.Tx, username string, c UserChange, roles string) (userRow, error) {
	var admins []userRow
	if c.mayEndAdmin() { // all of them first and in one order: two who take each other's office away do not wait for each other
		if err := tx.SelectContext(ctx, &admins, s.engine.statements.lockAdmins, "%"+string(defect.RoleAdmin)+"%"); err != nil {
			return userRow{}, err
		}
	}
	var before userRow
	err := tx.GetContext(ctx, &before, s.engine.statements.lockUser, username)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return before, ErrNotFound
	case err != nil:
		return before, err
	case c.Version != 0 && c.Version != before.Version:
		return before, ErrConflict
	}
	after, ends := c.of(before, roles)
	if after == before && !ends {
		return before, nil
	}
	if c.mayEndAdmin() && isAdmin(before) && !isAdmin(after) && !slices.ContainsFunc(admins, func(r userRow) bool { return r.Username != username && isAdmin(r) }) {
		return before, ErrLastAdmin
	}
	after.Version++
	after.UpdatedAt = micros(s.now())
	if ends {
		after.Epoch, after.NotBefore = after.Version, after.UpdatedAt
	}
	_, err = tx.NamedExecContext(ctx, `UPDATE users SET name = :name, unit = :unit, phone = :phone, email = :email, roles = :roles, hash = :hash, disabled = :disabled,
version = :version, epoch = :epoch, not_before = :not_before, updated_at = :updated_at WHERE username = :username`, after)
	return after, err
}

// of returns a row as the change makes it, with the roles as a row holds them, and whether that ends the account's sessions.
func (c UserChange) of(r userRow, roles string) (after userRow, ends bool) {
	after = r
	if c.Name != nil {
		after.Name = *c.Name
	}
	if c.Contact != nil {
		after.Unit, after.Phone, after.Email = c.Contact.Unit, c.Contact.Phone, c.Contact.Email
	}
	if c.Roles != nil {
		after.Roles = roles
	}
	if c.Disabled != nil {
		after.Disabled = *c.Disabled
	}
	if c.Hash != nil {
		after.Hash = *c.Hash
	}
	return after, c.EndSessions || after.Roles != r.Roles || after.Disabled != r.Disabled || after.Hash != r.Hash
}

// isAdmin reports whether an account can administer the accounts.
func isAdmin(r userRow) bool { return !r.Disabled && r.user().Has(defect.RoleAdmin) }

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
