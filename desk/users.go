package desk

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/store"
)

// Contact is where somebody belongs, and how they are reached.
type Contact = store.Contact

// Account is what is known of somebody who can sign in.
type Account struct {
	defect.Person
	Contact
	Disabled  bool
	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int // counts the changes, from 1
}

// AccountChange is what is to change of an account; what is nil stays as it is.
type AccountChange struct {
	Name     *string
	Unit     *string
	Phone    *string
	Email    *string
	Roles    []defect.Role
	Disabled *bool
	Version  int // of the account that its author saw; 0 for whatever it is now
}

// UserQuery asks for accounts. What is empty does not matter.
type UserQuery struct {
	Text     string // part of user name, name or unit
	Role     defect.Role
	Disabled *bool
	After    string // the user name after which to go on
	Limit    int
}

// UserPage is a page of accounts, by user name.
type UserPage struct {
	Items []Account
	Total int
	Next  string // the user name after which the next page begins; empty when this is the last
}

// Limits of what is known of somebody, in characters. A user name's are those of accounts.
const (
	maxPersonName = 100
	maxUnit       = 200
	maxPhone      = 50
	maxMail       = 254
)

// AccountFields describes what an administrator says of somebody, in the order in which a form shows it.
func AccountFields() []defect.Field {
	roles := texts(defect.Roles())
	return []defect.Field{
		{Name: "name", Type: defect.TypeText, Max: maxPersonName},
		{Name: "unit", Type: defect.TypeText, Max: maxUnit},
		{Name: "phone", Type: defect.TypeText, Max: maxPhone},
		{Name: "email", Type: defect.TypeEmail, Max: maxMail},
		{Name: "roles", Type: defect.TypeList, Max: len(roles), Item: &defect.Field{Type: defect.TypeText, Enum: roles}},
	}
}

// MayManageUsers returns why the caller may not look after the accounts, or nil.
func (d *Desk) MayManageUsers(by Caller) error {
	if !by.Has(defect.RoleAdmin) {
		return apperr.New(apperr.Forbidden, apperr.ReasonUsers, nil)
	}
	return nil
}

// Users lists accounts, disabled ones too, as this process knows them: what another has changed shows refreshEvery later at
// most. Forbidden but for administrators.
func (d *Desk) Users(_ context.Context, by Caller, q UserQuery) (UserPage, error) {
	if err := d.MayManageUsers(by); err != nil {
		return UserPage{}, err
	}
	found, err := d.people.accounts(q.finds)
	if err != nil {
		return UserPage{}, err
	}
	page := UserPage{Total: len(found)}
	from, _ := slices.BinarySearchFunc(found, fold(q.After), func(u store.User, after string) int {
		if u.Username <= after {
			return -1
		}
		return 1
	})
	found = found[from:]
	if len(found) > q.Limit {
		found = found[:q.Limit]
		page.Next = found[q.Limit-1].Username
	}
	for _, u := range found {
		page.Items = append(page.Items, accountOf(u))
	}
	return page, nil
}

// finds reports whether an account is asked for.
func (q UserQuery) finds(u store.User) bool {
	text := strings.ToLower(strings.TrimSpace(q.Text))
	switch {
	case q.Role != "" && !u.Has(q.Role), q.Disabled != nil && u.Disabled != *q.Disabled:
		return false
	case text == "":
		return true
	}
	return slices.ContainsFunc([]string{u.Username, u.Name, u.Unit}, func(s string) bool { return strings.Contains(strings.ToLower(s), text) })
}

func accountOf(u store.User) Account {
	return Account{Person: u.Person, Contact: u.Contact, Disabled: u.Disabled, CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt, Version: u.Version}
}

// OwnAccount returns what is known of the caller. It asks no SQL.
func (d *Desk) OwnAccount(_ context.Context, by Caller) (Account, error) {
	u, known, err := d.people.find(by.Username)
	if err != nil {
		return Account{}, err
	}
	if !known {
		return Account{Person: by.Person}, nil
	}
	return accountOf(u), nil
}

// User returns an account as it is stored. NotFound; Forbidden but for administrators.
func (d *Desk) User(ctx context.Context, by Caller, username string) (Account, error) {
	if err := d.MayManageUsers(by); err != nil {
		return Account{}, err
	}
	u, err := d.stored(ctx, username)
	if err != nil {
		return Account{}, err
	}
	return accountOf(u), nil
}

func (d *Desk) stored(ctx context.Context, username string) (store.User, error) {
	var u store.User
	err := d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		u, err = d.store.User(ctx, username)
		return err
	})
	return u, ofAccount(err, username)
}

// ofAccount is what an error of the store means to who looks after the accounts.
func ofAccount(err error, username string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotFound):
		return apperr.New(apperr.NotFound, apperr.ReasonUserUnknown, apperr.Args{"username": cut(username, maxUsername)})
	case errors.Is(err, store.ErrLastAdmin):
		return apperr.New(apperr.Conflict, apperr.ReasonLastAdmin, nil)
	case errors.Is(err, store.ErrConflict):
		return apperr.New(apperr.Conflict, apperr.ReasonUserVersion, nil)
	}
	return apperr.Of(err)
}

// AddUser makes an account, with a password that is made up and returned where none is given. It can sign in here at once
// and elsewhere, too. Forbidden but for administrators, Invalid for what is amiss, Conflict for a user name that somebody
// has.
func (d *Desk) AddUser(ctx context.Context, by Caller, a Account, password string) (Account, string, error) {
	if err := d.MayManageUsers(by); err != nil {
		return Account{}, "", err
	}
	if a.Name = strings.TrimSpace(a.Name); a.Name == "" {
		a.Name = a.Username
	}
	var wrong apperr.Fields
	checkAccount(map[string]any{"name": a.Name, "unit": a.Unit, "phone": a.Phone, "email": a.Email, "roles": rolesOf(a.Roles)}, &wrong)
	if len(a.Roles) == 0 {
		wrong.Add("roles", apperr.FieldRequired, nil)
	}
	if a.Username == "" {
		wrong.Add("username", apperr.FieldRequired, nil)
	} else if !store.KnownUsername(fold(a.Username)) {
		wrong.Add("username", apperr.FieldUsername, nil)
	}
	made := ""
	if password == "" {
		made = newPassword()
		password = made
	}
	checkLength("password", password, &wrong)
	if err := wrong.Err(); err != nil {
		return Account{}, "", err
	}
	hash, err := d.hashPassword(ctx, "password", password)
	if err != nil {
		return Account{}, "", err
	}
	var added store.User
	err = d.write(ctx, listPatience, func(ctx context.Context) error {
		err := d.store.AddUser(ctx, store.User{Person: a.Person, Contact: a.Contact, Hash: hash})
		if err == nil {
			added, err = d.store.User(ctx, a.Username)
		}
		if err != nil {
			return err
		}
		return d.people.refresh(ctx)
	})
	if errors.Is(err, store.ErrConflict) {
		taken := apperr.New(apperr.Conflict, apperr.ReasonUserTaken, apperr.Args{"username": fold(a.Username)})
		taken.Fields = []apperr.Field{{Field: "username", Reason: apperr.FieldTaken}}
		return Account{}, "", taken
	}
	if err != nil {
		return Account{}, "", apperr.Of(err)
	}
	d.log.InfoContext(ctx, "an account was added", "account", added.Username, "roles", joined(added.Roles), "by", by.Username)
	return accountOf(added), made, nil
}

// checkAccount adds to wrong what is amiss with what is said of somebody.
func checkAccount(doc map[string]any, wrong *apperr.Fields) {
	defect.CheckFields(AccountFields(), doc, wrong)
}

func rolesOf(roles []defect.Role) []any {
	out := make([]any, len(roles))
	for i, r := range roles {
		out[i] = string(r)
	}
	return out
}

func joined(roles []defect.Role) string { return strings.Join(texts(roles), ",") }

// ChangeAccount changes an account and returns it. Other roles and another standing end its sessions, wherever they are, as
// soon as each process knows. Forbidden but for administrators; NotFound; Invalid; Conflict when somebody else changed it
// meanwhile, for who would disable themselves, and when nobody would be left who administers the accounts.
func (d *Desk) ChangeAccount(ctx context.Context, by Caller, username string, c AccountChange) (Account, error) {
	if err := d.MayManageUsers(by); err != nil {
		return Account{}, err
	}
	before, err := d.stored(ctx, username)
	if err != nil {
		return Account{}, err
	}
	change, err := c.of(before)
	if err != nil {
		return Account{}, err
	}
	if c.Disabled != nil && *c.Disabled && before.Username == fold(by.Username) {
		return Account{}, apperr.New(apperr.Conflict, apperr.ReasonUserSelf, nil)
	}
	var after store.User
	if err := d.changeUser(ctx, username, change, &after); err != nil {
		return Account{}, err
	}
	if after.Version != before.Version {
		d.log.InfoContext(ctx, "an account was changed", "account", after.Username, "by", by.Username, "roles_before", joined(before.Roles), "roles", joined(after.Roles),
			"disabled_before", before.Disabled, "disabled", after.Disabled)
	}
	return accountOf(after), nil
}

// of returns the change of an account as the store makes it, or what is amiss with it.
func (c AccountChange) of(u store.User) (store.UserChange, error) {
	doc, contact := map[string]any{}, u.Contact
	for _, f := range []struct {
		name string
		from *string
		to   *string
	}{{"unit", c.Unit, &contact.Unit}, {"phone", c.Phone, &contact.Phone}, {"email", c.Email, &contact.Email}} {
		if f.from != nil {
			*f.to = strings.TrimSpace(*f.from)
			doc[f.name] = *f.to
		}
	}
	out := store.UserChange{Contact: &contact, Disabled: c.Disabled, Version: c.Version, KeepAdmin: true}
	var wrong apperr.Fields
	if c.Name != nil {
		name := strings.TrimSpace(*c.Name)
		if out.Name = &name; name == "" {
			wrong.Add("name", apperr.FieldRequired, nil)
		}
		doc["name"] = name
	}
	if c.Roles != nil {
		out.Roles, doc["roles"] = c.Roles, rolesOf(c.Roles)
		if len(c.Roles) == 0 {
			wrong.Add("roles", apperr.FieldRequired, nil)
		}
	}
	checkAccount(doc, &wrong)
	return out, wrong.Err()
}

// changeUser changes an account in the store, so that it is known here at once.
func (d *Desk) changeUser(ctx context.Context, username string, c store.UserChange, after *store.User) error {
	err := d.write(ctx, listPatience, func(ctx context.Context) (err error) {
		if *after, err = d.store.ChangeUser(ctx, username, c); err != nil {
			return err
		}
		return d.people.refresh(ctx)
	})
	return ofAccount(err, username)
}

// SetPassword gives somebody else a new password, one that is made up and returned where none is given, and ends their
// sessions. Forbidden but for administrators; NotFound; Invalid; Conflict for the caller's own, which is changed with the old
// one.
func (d *Desk) SetPassword(ctx context.Context, by Caller, username, password string) (string, error) {
	if err := d.MayManageUsers(by); err != nil {
		return "", err
	}
	if fold(username) == fold(by.Username) {
		return "", apperr.New(apperr.Conflict, apperr.ReasonUserOwnPassword, nil)
	}
	if _, err := d.stored(ctx, username); err != nil {
		return "", err
	}
	made := ""
	if password == "" {
		made = newPassword()
		password = made
	}
	hash, err := d.hashPassword(ctx, "password", password)
	if err != nil {
		return "", err
	}
	var after store.User
	if err := d.changeUser(ctx, username, store.UserChange{Hash: &hash}, &after); err != nil {
		return "", err
	}
	d.log.InfoContext(ctx, "a password was set", "account", after.Username, "by", by.Username)
	return made, nil
}

// ChangePassword changes the caller's own password and returns a session in place of all that they had: those end. from is
// the address that asks; who tries old passwords again and again waits as at signing in. Invalid for an old password that is
// not the account's and a new one that cannot be, TooManyRequests.
func (d *Desk) ChangePassword(ctx context.Context, from string, by Caller, old, password string) (Session, error) {
	var wrong apperr.Fields
	checkLength("new", password, &wrong)
	if old == "" {
		wrong.Add("old", apperr.FieldRequired, nil)
	}
	if err := wrong.Err(); err != nil {
		return Session{}, err
	}
	user, err := d.guarded(ctx, from, by.Username, old)
	if apperr.Is(err, apperr.Unauthenticated) {
		wrong.Add("old", apperr.FieldPassword, nil)
		return Session{}, wrong.Err()
	}
	if err != nil {
		return Session{}, err
	}
	hash, err := d.hashPassword(ctx, "new", password)
	if err != nil {
		return Session{}, err
	}
	var after store.User
	if err := d.changeUser(ctx, by.Username, store.UserChange{Hash: &hash, Version: user.Version}, &after); err != nil {
		return Session{}, err
	}
	d.log.InfoContext(ctx, "a password was changed", "account", after.Username, "by", by.Username)
	return d.issue(after, by.Idles)
}
