package desk

import (
	"context"
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/store"
)

const (
	// sessionLength is how long a token is good for.
	sessionLength = 12 * time.Hour
	issuer        = "yunwei"
)

// claims are what a token says. Names and roles are those of the sign-in; where the directory knows better, it prevails.
type claims struct {
	jwt.RegisteredClaims
	Name    string        `json:"name"`
	Roles   []defect.Role `json:"roles"`
	Version int           `json:"ver"` // of the account
}

// maxUsername is how long a user name can be, in bytes.
const maxUsername = 64

var (
	errCredentials = apperr.New(apperr.Unauthenticated, apperr.ReasonBadCredentials, nil)
	errToken       = apperr.New(apperr.Unauthenticated, apperr.ReasonUnauthenticated, nil)
)

// SignIn checks a password and returns a session of 12 hours. Which of name and password was wrong, or whether the
// account is disabled, it does not say. from is the address that asks: TooManyRequests for who fails from there again and
// again, whichever face of the desk they try.
func (d *Desk) SignIn(ctx context.Context, from, username, password string) (Session, error) {
	if len(username) > maxUsername { // nobody is called so, and strangers would have us remember it
		return Session{}, errCredentials
	}
	key := from + " " + fold(username)
	if wait := d.failed.wait(key, d.now()); wait > 0 {
		return Session{}, &apperr.Error{Code: apperr.TooManyRequests, Reason: apperr.ReasonTooMany, RetryAfter: wait}
	}
	s, err := d.signIn(ctx, username, password)
	if apperr.Is(err, apperr.Unauthenticated) {
		d.failed.failed(key, d.now())
	}
	return s, err
}

func (d *Desk) signIn(ctx context.Context, username, password string) (Session, error) {
	var user store.User
	err := d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		user, err = d.store.User(ctx, username)
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Session{}, apperr.Of(err)
	}
	ok, err := d.checkPassword(ctx, user.Hash, password) // also for nobody, so that the answer takes as long
	if err != nil {
		return Session{}, err
	}
	if !ok || user.Username == "" || user.Disabled {
		return Session{}, errCredentials
	}
	return d.issue(user)
}

func (d *Desk) issue(user store.User) (Session, error) {
	p := user.Person
	now := d.now()
	ends := now.Add(sessionLength).Truncate(time.Second)
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Subject: p.Username, ID: uuid.NewString(),
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(ends),
		},
		Name: p.Name, Roles: p.Roles, Version: user.Version,
	}).SignedString(d.key)
	if err != nil {
		return Session{}, apperr.Wrap(err, apperr.Internal, apperr.ReasonInternal)
	}
	return Session{Token: token, ExpiresAt: ends.UTC(), User: p}, nil
}

// Authenticate returns whom a token stands for, without asking SQL: Unauthenticated for a token that is none, has
// expired or was ended, and for an account that was disabled or whose password was changed since. What happened in
// another process is known here refreshEvery later at most, as long as SQL answers.
func (d *Desk) Authenticate(_ context.Context, token string) (Caller, error) {
	var c claims
	_, err := jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return d.key, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(issuer), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithTimeFunc(d.now))
	if err != nil || c.Subject == "" || c.IssuedAt == nil {
		return Caller{}, errToken
	}
	by := Caller{Person: defect.Person{Username: c.Subject, Name: c.Name, Roles: c.Roles}, TokenID: c.ID, ExpiresAt: c.ExpiresAt.Time}
	if d.people.ended(c.ID) {
		return Caller{}, errToken
	}
	if user, known, err := d.people.find(c.Subject); err == nil && known {
		// Times tell only the second, versions every change; a token may be newer than the directory.
		if user.Disabled || c.Version < user.Version || c.IssuedAt.Before(user.NotBefore.Truncate(time.Second)) {
			return Caller{}, errToken
		}
		by.Person = d.asOfNow(user.Person)
	}
	return by, nil
}

// SignOut ends the caller's session, here at once and in other processes refreshEvery later at most.
func (d *Desk) SignOut(ctx context.Context, by Caller) error {
	d.people.end(by.TokenID, by.ExpiresAt)
	err := d.write(ctx, sqlPatience, func(ctx context.Context) error { return d.store.Revoke(ctx, by.TokenID, by.ExpiresAt) })
	return errorOf(err)
}

// errorOf is apperr.Of for a result of type error: nil stays nil.
func errorOf(err error) error {
	if err == nil {
		return nil
	}
	return apperr.Of(err)
}
