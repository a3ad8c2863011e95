package api_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
)

func (f *fakeDesk) SignOutEverywhere(context.Context, desk.Caller) error {
	return f.ask("sign out everywhere")
}

func (f *fakeDesk) ChangePassword(_ context.Context, from string, _ desk.Caller, old, password string) (desk.Session, error) {
	return desk.Session{Token: "token", ExpiresAt: now}, f.ask("change password " + from + " " + old + " " + password)
}

func (f *fakeDesk) MayManageUsers(desk.Caller) error { return f.may }

func (f *fakeDesk) account() desk.Account {
	return desk.Account{
		Person: defect.Person{Username: "wang", Name: "王芳", Roles: []defect.Role{defect.RoleReporter}}, Contact: desk.Contact{Unit: "信息中心"}, Version: 3, CreatedAt: now, UpdatedAt: now,
	}
}

func (f *fakeDesk) Users(_ context.Context, _ desk.Caller, q desk.UserQuery) (desk.UserPage, error) {
	disabled := "-"
	if q.Disabled != nil {
		disabled = fmt.Sprint(*q.Disabled)
	}
	return desk.UserPage{Items: []desk.Account{f.account()}, Total: 7, Next: "wang"}, f.ask(fmt.Sprintf("users %q %s %s %q %d", q.Text, q.Role, disabled, q.After, q.Limit))
}

func (f *fakeDesk) User(_ context.Context, _ desk.Caller, username string) (desk.Account, error) {
	return f.account(), f.ask("user " + username)
}

func (f *fakeDesk) AddUser(_ context.Context, _ desk.Caller, a desk.Account, password string) (desk.Account, string, error) {
	made := ""
	if password == "" {
		made = "made up"
	}
	return f.account(), made, f.ask(fmt.Sprintf("add %s %s %v %+v %s", a.Username, a.Name, a.Roles, a.Contact, password))
}

func (f *fakeDesk) ChangeAccount(_ context.Context, _ desk.Caller, username string, c desk.AccountChange) (desk.Account, error) {
	said := "change user " + username
	for name, p := range map[string]*string{"name": c.Name, "unit": c.Unit, "phone": c.Phone, "email": c.Email} {
		if p != nil {
			said += " " + name + "=" + *p
		}
	}
	if c.Roles != nil {
		said += fmt.Sprint(" ", c.Roles)
	}
	if c.Disabled != nil {
		said += fmt.Sprint(" ", *c.Disabled)
	}
	return f.account(), f.ask(fmt.Sprint(said, " of ", c.Version))
}

func (f *fakeDesk) SetPassword(_ context.Context, _ desk.Caller, username, password string) (string, error) {
	made := ""
	if password == "" {
		made = "made up"
	}
	return made, f.ask("set password " + username + " " + password)
}

func TestUsers_AreAskedForAsWritten(t *testing.T) {
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		asked              string
	}{
		"list":                {"GET", "/users?q=%E7%8E%8B&role=agent&disabled=true&after=a&page_size=5", "", 200, `users "王" agent true "a" 5`},
		"all":                 {"GET", "/users", "", 200, `users ""  - "" 20`},
		"one":                 {"GET", "/users/wang", "", 200, "user wang"},
		"add":                 {"POST", "/users", `{"username":"wang","name":"王芳","unit":"u","phone":"1","email":"a@b.cn","roles":["agent"],"password":"p"}`, 201, "add wang 王芳 [agent] {Unit:u Phone:1 Email:a@b.cn} p"},
		"change":              {"PATCH", "/users/wang", `{"unit":"","roles":["agent","admin"],"disabled":false,"version":3}`, 200, "change user wang unit= [agent admin] false of 3"},
		"change nothing":      {"PATCH", "/users/wang", `{}`, 200, "change user wang of 0"},
		"password":            {"POST", "/users/wang/password", `{"password":"p"}`, 200, "set password wang p"},
		"a made-up one":       {"POST", "/users/wang/password", "", 200, "set password wang "},
		"sign out everywhere": {"DELETE", "/sessions", "", 204, "sign out everywhere"},
		"change one's own":    {"PUT", "/me/password", `{"old":"o","new":"n"}`, 200, "change password 192.0.2.1 o n"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			w := s.ask(c.method, "/api/v1"+c.path, c.body)
			require.Equal(t, c.status, w.Code, w.Body)
			require.Equal(t, []string{c.asked}, s.asked)
		})
	}
	s := newSite(t)
	w := s.ask(http.MethodPost, "/api/v1/users", `{"username":"wang","roles":["agent"]}`)
	require.Equal(t, "/api/v1/users/wang", w.Header().Get("Location"))
	require.Contains(t, w.Body.String(), `"password":"made up"`)
	require.Contains(t, s.ask(http.MethodPost, "/api/v1/users", `{"username":"wang","roles":["agent"],"password":"given one"}`).Body.String(), `"password":null`)
	require.NotContains(t, s.log.String(), "given one")
}

func TestUsers_Refused(t *testing.T) {
	for name, c := range map[string]struct{ method, path, body, field string }{
		"no user name": {"POST", "/users", `{"roles":["agent"]}`, "username"},
		"no role":      {"POST", "/users", `{"username":"wang","roles":["king"]}`, "roles[0]"},
		"no mail":      {"PATCH", "/users/wang", `{"email":"x"}`, "email"},
		"unknown":      {"PATCH", "/users/wang", `{"password":"x"}`, "password"},
		"filter":       {"GET", "/users?role=king", "", "role"},
		"old password": {"PUT", "/me/password", `{"new":"n"}`, "old"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			require.Equal(t, c.field, s.refused(s.ask(c.method, "/api/v1"+c.path, c.body), 422, "invalid").Errors[0].Field)
			require.Empty(t, s.asked)
			if name != "old password" {
				s.may = apperr.New(apperr.Forbidden, apperr.ReasonUsers, nil)
				s.refused(s.ask(c.method, "/api/v1"+c.path, c.body), 403, "forbidden")
			}
		})
	}
	s := newSite(t)
	s.refused(s.ask(http.MethodPatch, "/api/v1/users/wang", `{"version":0}`), 409, "conflict")
	taken := apperr.New(apperr.Conflict, apperr.ReasonUserTaken, apperr.Args{"username": "wang"})
	taken.Fields = []apperr.Field{{Field: "username", Reason: apperr.FieldTaken}}
	s.fail = taken
	require.Equal(t, "username", s.refused(s.ask(http.MethodPost, "/api/v1/users", `{"username":"wang","roles":["agent"]}`), 409, "conflict").Errors[0].Field)
}
