package api

import (
	"context"
	"strings"

	"yunwei/apperr"
	"yunwei/desk"
)

// sessionDesk is what the API asks of the desk about who calls.
type sessionDesk interface {
	SignIn(ctx context.Context, username, password string) (desk.Session, error)
	SignOut(ctx context.Context, by desk.Caller) error
	Authenticate(ctx context.Context, token string) (desk.Caller, error)
}

// signIn checks a name and a password. Who fails again and again has to wait.
func (a *api) signIn(r *request) (any, error) {
	var in struct{ Username, Password string }
	if err := bind(r.body, &in); err != nil {
		return nil, err
	}
	key := r.ClientIP() + " " + strings.ToLower(in.Username)
	if wait := a.failed.wait(key, a.now()); wait > 0 {
		e := apperr.New(apperr.TooManyRequests, apperr.ReasonTooMany, nil)
		e.RetryAfter = wait
		return nil, e
	}
	s, err := a.desk.SignIn(r, in.Username, in.Password)
	if apperr.Is(err, apperr.Unauthenticated) {
		a.failed.failed(key, a.now())
	}
	if err != nil {
		return nil, err
	}
	return sessionBody{Token: s.Token, ExpiresAt: s.ExpiresAt, User: userOf(s.User)}, nil
}

func (a *api) signOut(r *request) (any, error) { return nil, a.desk.SignOut(r, r.by) }

func (a *api) me(r *request) (any, error) { return userOf(r.by.Person), nil }
