package api

import (
	"context"

	"yunwei/desk"
)

// sessionDesk is what the API asks of the desk about who calls.
type sessionDesk interface {
	SignIn(ctx context.Context, from, username, password string) (desk.Session, error)
	SignOut(ctx context.Context, by desk.Caller) error
	SignOutEverywhere(ctx context.Context, by desk.Caller) error
	ChangePassword(ctx context.Context, from string, by desk.Caller, old, password string) (desk.Session, error)
	Authenticate(ctx context.Context, token string) (desk.Caller, error)
}

// signIn checks a name and a password.
func (a *api) signIn(r *request) (any, error) {
	var in struct{ Username, Password string }
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	s, err := a.desk.SignIn(r, r.ClientIP(), in.Username, in.Password)
	if err != nil {
		return nil, err
	}
	return sessionOf(s), nil
}

func sessionOf(s desk.Session) sessionBody {
	return sessionBody{Token: s.Token, ExpiresAt: s.ExpiresAt, User: userOf(s.User)}
}

func (a *api) signOut(r *request) (any, error) { return nil, a.desk.SignOut(r, r.by) }

func (a *api) signOutEverywhere(r *request) (any, error) {
	return nil, a.desk.SignOutEverywhere(r, r.by)
}

// changePassword changes the caller's own password.
func (a *api) changePassword(r *request) (any, error) {
	var in struct{ Old, New string }
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	s, err := a.desk.ChangePassword(r, r.ClientIP(), r.by, in.Old, in.New)
	if err != nil {
		return nil, err
	}
	return sessionOf(s), nil
}

func (a *api) me(r *request) (any, error) { return userOf(r.by.Person), nil }
