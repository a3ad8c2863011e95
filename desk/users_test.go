package desk

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
)

func TestUsers_AreTheAdministrators(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	for _, r := range defect.Roles() {
		by := v.as(string(r))
		for name, ask := range map[string]func() error{
			"list":     func() error { _, err := v.Users(ctx, by, UserQuery{Limit: 10}); return err },
			"read":     func() error { _, err := v.User(ctx, by, "agent"); return err },
			"add":      func() error { _, _, err := v.AddUser(ctx, by, Account{}, "x"); return err },
			"change":   func() error { _, err := v.ChangeAccount(ctx, by, "agent", AccountChange{}); return err },
			"password": func() error { _, err := v.SetPassword(ctx, by, "nobody", ""); return err },
		} {
			err := ask()
			if r != defect.RoleAdmin {
				requireCode(t, apperr.Forbidden, err)
			} else if err != nil {
				require.NotEqual(t, apperr.Forbidden, apperr.Of(err).Code, name)
			}
		}
	}
}

func TestUsers_FoundAndPaged(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	admin := v.as("admin")
	for i := range 5 {
		_, _, err := v.AddUser(ctx, admin, Account{Person: defect.Person{Username: fmt.Sprintf("clerk%d", i), Name: "办事员", Roles: []defect.Role{defect.RoleReporter}}, Contact: Contact{Unit: "政务服务中心"}}, "")
		require.NoError(t, err)
	}
	yes, no := true, false
	_, err := v.ChangeAccount(ctx, admin, "clerk3", AccountChange{Disabled: &yes})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		q    UserQuery
		want []string
	}{
		"by user name": {UserQuery{Text: "CLERK1"}, []string{"clerk1"}},
		"by name":      {UserQuery{Text: "办事"}, []string{"clerk0", "clerk1", "clerk2", "clerk3", "clerk4"}},
		"by unit":      {UserQuery{Text: " 政务 ", Disabled: &no}, []string{"clerk0", "clerk1", "clerk2", "clerk4"}},
		"by role":      {UserQuery{Role: defect.RoleAuditor}, []string{"auditor"}},
		"disabled":     {UserQuery{Disabled: &yes}, []string{"clerk3"}},
		"nobody":       {UserQuery{Text: "x", Role: defect.RoleAdmin}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for c.q.Limit = 2; ; {
				page, err := v.Users(ctx, admin, c.q)
				require.NoError(t, err)
				require.Equal(t, len(c.want), page.Total)
				for _, a := range page.Items {
					got = append(got, a.Username)
				}
				if c.q.After = page.Next; c.q.After == "" {
					break
				}
			}
			require.Equal(t, c.want, got)
		})
	}
	require.NoError(t, v.store.Close())
	page, err := v.Users(ctx, admin, UserQuery{Limit: 100})
	require.NoError(t, err, "a list needs no SQL")
	require.Len(t, page.Items, 16)
	_, err = v.User(ctx, admin, "agent")
	requireCode(t, apperr.Unavailable, err)
}

func TestAddUser_WhoCanSignInAtOnce(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	admin := v.as("admin")
	a, made, err := v.AddUser(ctx, admin, Account{Person: defect.Person{Username: "Wang.Fang", Roles: []defect.Role{defect.RoleReporter}}, Contact: Contact{Unit: "信息中心", Phone: "123", Email: "w@example.org"}}, "")
	require.NoError(t, err)
	require.Regexp(t, `^([a-z2-7]{4}-){3}[a-z2-7]{4}$`, made)
	require.Equal(t, []any{"wang.fang", "Wang.Fang", "信息中心", 1}, []any{a.Username, a.Name, a.Unit, a.Version})
	_, err = v.SignIn(ctx, "192.0.2.1", "wang.fang", made)
	require.NoError(t, err)
	_, typed, err := v.AddUser(ctx, admin, Account{Person: defect.Person{Username: "li", Name: "李雷", Roles: []defect.Role{defect.RoleAgent}}}, "chosen word")
	require.NoError(t, err)
	require.Empty(t, typed, "a password that was given is not repeated")
	own, err := v.OwnAccount(ctx, v.as("wang.fang"))
	require.NoError(t, err)
	require.Equal(t, a, own)

	for name, c := range map[string]struct {
		a        Account
		password string
		code     apperr.Code
		fields   string
	}{
		"taken":        {Account{Person: defect.Person{Username: "LI", Roles: []defect.Role{defect.RoleAgent}}}, "", apperr.Conflict, "username"},
		"nothing":      {Account{}, "", apperr.Invalid, "roles,username"},
		"two dots":     {Account{Person: defect.Person{Username: "..", Roles: []defect.Role{defect.RoleAgent}}}, "", apperr.Invalid, "username"},
		"no user name": {Account{Person: defect.Person{Username: "王芳", Roles: []defect.Role{defect.RoleAgent}}}, "", apperr.Invalid, "username"},
		"short":        {Account{Person: defect.Person{Username: "x1", Roles: []defect.Role{defect.RoleAgent}}}, "short", apperr.Invalid, "password"},
		"no role":      {Account{Person: defect.Person{Username: "x1", Roles: []defect.Role{"king"}}}, "", apperr.Invalid, "roles[0]"},
		"texts": {
			Account{Person: defect.Person{Username: "x1", Name: strings.Repeat("名", 101), Roles: []defect.Role{defect.RoleAgent}}, Contact: Contact{Phone: strings.Repeat("1", 51), Email: "no"}},
			"", apperr.Invalid, "name,phone,email",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, made, err := v.AddUser(ctx, admin, c.a, c.password)
			requireCode(t, c.code, err)
			require.Empty(t, made)
			var fields []string
			for _, f := range apperr.Of(err).Fields {
				fields = append(fields, f.Field)
			}
			require.Equal(t, c.fields, strings.Join(fields, ","))
		})
	}
}

// signedIn returns the token of a new session.
func (v *town) signedIn(username, password string) string {
	v.t.Helper()
	s, err := v.SignIn(v.t.Context(), "192.0.2.1", username, password)
	require.NoError(v.t, err)
	return s.Token
}

func (v *town) requireSession(good bool, token string) {
	v.t.Helper()
	_, err := v.Authenticate(v.t.Context(), token)
	if good {
		require.NoError(v.t, err)
		return
	}
	requireCode(v.t, apperr.Unauthenticated, err)
}

func TestChangeAccount_EndsSessionsWhenItMatters(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	var log bytes.Buffer
	v.log = slog.New(slog.NewTextHandler(&log, nil))
	admin := v.as("admin")
	token := v.signedIn("agent", "a long password")
	name, unit := "李雷", "运维部"
	a, err := v.ChangeAccount(ctx, admin, "agent", AccountChange{Name: &name, Unit: &unit, Roles: []defect.Role{defect.RoleAgent}})
	require.NoError(t, err)
	require.Equal(t, []any{name, unit, 2}, []any{a.Name, a.Unit, a.Version})
	by, err := v.Authenticate(ctx, token)
	require.NoError(t, err, "another name ends nothing")
	require.Equal(t, name, by.Name)

	_, err = v.ChangeAccount(ctx, admin, "agent", AccountChange{Roles: []defect.Role{defect.RoleAgent, defect.RoleExpert}, Version: 2})
	require.NoError(t, err)
	v.requireSession(false, token)
	require.Contains(t, log.String(), "account=agent by=admin roles_before=agent roles=agent,expert")

	_, err = v.ChangeAccount(ctx, admin, "agent", AccountChange{Name: &name, Version: 2})
	requireCode(t, apperr.Conflict, err)
	require.Equal(t, apperr.ReasonUserVersion, apperr.Of(err).Reason)
	empty := " "
	_, err = v.ChangeAccount(ctx, admin, "agent", AccountChange{Name: &empty, Roles: []defect.Role{}})
	requireCode(t, apperr.Invalid, err)
	require.Len(t, apperr.Of(err).Fields, 2)
	_, err = v.ChangeAccount(ctx, admin, "nobody", AccountChange{Name: &name})
	requireCode(t, apperr.NotFound, err)

	token = v.signedIn("agent", "a long password")
	yes, no := true, false
	_, err = v.ChangeAccount(ctx, admin, "agent", AccountChange{Disabled: &yes})
	require.NoError(t, err)
	v.requireSession(false, token)
	_, err = v.ChangeAccount(ctx, admin, "agent", AccountChange{Disabled: &no})
	require.NoError(t, err)
	v.requireSession(false, token)
	v.signedIn("agent", "a long password")
}

func TestChangeAccount_LeavesAnAdministrator(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	admin := v.as("admin")
	yes := true
	_, err := v.ChangeAccount(ctx, admin, "ADMIN", AccountChange{Disabled: &yes})
	requireCode(t, apperr.Conflict, err)
	require.Equal(t, apperr.ReasonUserSelf, apperr.Of(err).Reason)
	_, err = v.ChangeAccount(ctx, admin, "admin", AccountChange{Roles: []defect.Role{defect.RoleAuditor}})
	requireCode(t, apperr.Conflict, err)
	require.Equal(t, apperr.ReasonLastAdmin, apperr.Of(err).Reason)
	_, _, err = v.AddUser(ctx, admin, Account{Person: defect.Person{Username: "admin2", Roles: []defect.Role{defect.RoleAdmin}}}, "a long password")
	require.NoError(t, err)
	_, err = v.ChangeAccount(ctx, admin, "admin", AccountChange{Roles: []defect.Role{defect.RoleAuditor}})
	require.NoError(t, err, "somebody else is left")
	_, err = v.ChangeAccount(ctx, v.as("admin2"), "admin2", AccountChange{Roles: []defect.Role{defect.RoleAgent}})
	requireCode(t, apperr.Conflict, err)
}

func TestSetPassword_OfSomebodyElse(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	admin := v.as("admin")
	token := v.signedIn("agent", "a long password")
	made, err := v.SetPassword(ctx, admin, "agent", "")
	require.NoError(t, err)
	v.requireSession(false, token)
	_, err = v.SignIn(ctx, "192.0.2.1", "agent", "a long password")
	requireCode(t, apperr.Unauthenticated, err)
	v.signedIn("agent", made)
	made, err = v.SetPassword(ctx, admin, "agent", "another password")
	require.NoError(t, err)
	require.Empty(t, made)
	v.signedIn("agent", "another password")
	_, err = v.SetPassword(ctx, admin, "agent", "short")
	requireCode(t, apperr.Invalid, err)
	_, err = v.SetPassword(ctx, admin, "nobody", "another password")
	requireCode(t, apperr.NotFound, err)
	_, err = v.SetPassword(ctx, admin, "Admin", "another password")
	requireCode(t, apperr.Conflict, err)
}

func TestChangePassword_OfOnesOwn(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	token, other := v.signedIn("agent", "a long password"), v.signedIn("agent", "a long password")
	by, err := v.Authenticate(ctx, token)
	require.NoError(t, err)
	for name, c := range map[string]struct{ old, password, field string }{
		"wrong": {"not this one", "another password", "old"}, "none": {"", "another password", "old"}, "short": {"a long password", "short", "new"},
	} {
		_, err = v.ChangePassword(ctx, "192.0.2.1", by, c.old, c.password)
		requireCode(t, apperr.Invalid, err)
		require.Equal(t, c.field, apperr.Of(err).Fields[0].Field, name)
	}
	v.requireSession(true, token)
	s, err := v.ChangePassword(ctx, "192.0.2.1", by, "a long password", "another password")
	require.NoError(t, err)
	v.requireSession(false, token)
	v.requireSession(false, other)
	v.requireSession(true, s.Token)
	v.signedIn("agent", "another password")

	for range failures {
		_, err = v.ChangePassword(ctx, "192.0.2.9", by, "guessed", "yet another one")
		requireCode(t, apperr.Invalid, err)
	}
	_, err = v.ChangePassword(ctx, "192.0.2.9", by, "another password", "yet another one")
	requireCode(t, apperr.TooManyRequests, err)
	_, err = v.SignIn(ctx, "192.0.2.9", "agent", "another password")
	requireCode(t, apperr.TooManyRequests, err)
}

func TestAccounts_WhileSQLIsAway(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	admin := v.as("admin")
	require.NoError(t, v.store.Close())
	yes := true
	for name, ask := range map[string]func(context.Context) error{
		"add": func(ctx context.Context) error {
			_, _, err := v.AddUser(ctx, admin, Account{Person: defect.Person{Username: "x1", Roles: []defect.Role{defect.RoleAgent}}}, "")
			return err
		},
		"change": func(ctx context.Context) error {
			_, err := v.ChangeAccount(ctx, admin, "agent", AccountChange{Disabled: &yes})
			return err
		},
		"password": func(ctx context.Context) error { _, err := v.SetPassword(ctx, admin, "agent", ""); return err },
		"own": func(ctx context.Context) error {
			_, err := v.ChangePassword(ctx, "192.0.2.1", admin, "a long password", "another password")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { requireCode(t, apperr.Unavailable, ask(ctx)) })
	}
}
