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
	// idleLength is how long a session of the console lasts without a request, renewEvery how much of that has to pass
	// before a request makes a new token.
	idleLength = 2 * time.Hour
	renewEvery = 5 * time.Minute
	issuer     = "yunwei"
)

// claims are what a token says. Names and roles are those of the sign-in; where the directory knows better, it prevails.
type claims struct {
	jwt.RegisteredClaims
	Name    string        `json:"name"`
	Roles   []defect.Role `json:"roles"`
	Version int           `json:"ver"` // of the account
	// Idle is when the session ends unless its token is used before: of a session of the console. A process needs to know
	// nothing of the requests that another one served, since each makes a token that ends later.
	Idle *jwt.NumericDate `json:"idle,omitempty"`
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
	user, err := d.guarded(ctx, from, username, password)
	if err != nil {
		return Session{}, err
	}
	return d.issue(user, false)
}

// SignInToConsole is SignIn for the console, where somebody may leave their desk without a word: its session also ends
// after two hours without a request. Authenticate says when a token is to be replaced.
func (d *Desk) SignInToConsole(ctx context.Context, from, username, password string) (Session, error) {
	user, err := d.guarded(ctx, from, username, password)
	if err != nil {
		return Session{}, err
	}
	return d.issue(user, true)
}

// guarded returns the account of a name and its password, and makes who fails again and again wait.
func (d *Desk) guarded(ctx context.Context, from, username, password string) (store.User, error) {
	if len(username) > maxUsername { // nobody is called so, and strangers would have us remember it
		return store.User{}, errCredentials
	}
	key := from + " " + fold(username)
	leave, err := d.failed.turn(ctx, key, d.now())
	if err != nil {
		return store.User{}, err
	}
	defer leave()
	if wait := d.failed.wait(key, d.now()); wait > 0 {
		return store.User{}, &apperr.Error{Code: apperr.TooManyRequests, Reason: apperr.ReasonTooMany, RetryAfter: wait}
	}
	user, err := d.identify(ctx, username, password)
	if apperr.Is(err, apperr.Unauthenticated) {
		d.failed.failed(key, d.now())
	}
	return user, err
}

func (d *Desk) identify(ctx context.Context, username, password string) (store.User, error) {
	var user store.User
	err := d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		user, err = d.store.User(ctx, username)
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return user, apperr.Of(err)
	}
	ok, err := d.checkPassword(ctx, user.Hash, password) // also for nobody, so that the answer takes as long
	if err != nil {
		return user, err
	}
	if !ok || user.Username == "" || user.Disabled {
		return user, errCredentials
	}
	return user, nil
}

// issue begins a session, which ends when it is not used where idles says so.
func (d *Desk) issue(user store.User, idles bool) (Session, error) {
	p := user.Person
	now := d.now()
	ends := now.Add(sessionLength).Truncate(time.Second)
	c := claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Subject: p.Username, ID: uuid.NewString(),
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(ends),
		},
		Name: p.Name, Roles: p.Roles, Version: user.Version,
	}
	if idles {
		c.Idle = jwt.NewNumericDate(now.Add(idleLength))
	}
	token, err := d.sign(c)
	if err != nil {
		return Session{}, err
	}
	return Session{Token: token, ExpiresAt: ends.UTC(), User: p}, nil
}

func (d *Desk) sign(c claims) (string, error) {
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(d.key)
	if err != nil {
		return "", apperr.Wrap(err, apperr.Internal, apperr.ReasonInternal)
	}
	return token, nil
}

// Authenticate returns whom a token stands for, without asking SQL: Unauthenticated for a token that is none, has
// expired, was ended or not used for too long, and for an account that was disabled, whose roles or password were changed
// or whose sessions were all ended since. What happened in another process is known here refreshEvery later at most, as
// long as SQL answers.
func (d *Desk) Authenticate(_ context.Context, token string) (Caller, error) {
	var c claims
	_, err := jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return d.key, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(issuer), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithTimeFunc(d.now))
	if err != nil || c.Subject == "" || c.IssuedAt == nil {
		return Caller{}, errToken
	}
	if c.Idle != nil && !d.now().Before(c.Idle.Time) || d.people.ended(c.ID) || d.people.voided(c.Subject, c.IssuedAt.Time) {
		return Caller{}, errToken
	}
	by := Caller{Person: defect.Person{Username: c.Subject, Name: c.Name, Roles: c.Roles}, TokenID: c.ID, ExpiresAt: c.ExpiresAt.Time}
	if user, known, err := d.people.find(c.Subject); err == nil && known {
		// Times tell only the second, versions every change; a token may be newer than the directory.
		if user.Disabled || c.Version < user.Epoch || c.IssuedAt.Before(user.NotBefore.Truncate(time.Second)) {
			return Caller{}, errToken
		}
		by.Person = d.asOfNow(user.Person)
	}
	if c.Idle != nil {
		by.Idles = true
		if by.Renewed, err = d.renewed(c); err != nil {
			return Caller{}, err
		}
	}
	return by, nil
}

// renewed returns the token of the same session that ends later when it is not used, or nothing when the one at hand is new
// enough. When the session began, when it ends at the latest and what ends it before stay the same.
func (d *Desk) renewed(c claims) (string, error) {
	until := d.now().Add(idleLength)
	if until.Sub(c.Idle.Time) < renewEvery {
		return "", nil
	}
	c.Idle = jwt.NewNumericDate(until)
	return d.sign(c)
}

// SignOut ends the caller's session, here at once and in other processes refreshEvery later at most.
func (d *Desk) SignOut(ctx context.Context, by Caller) error {
	d.people.end(by.TokenID, by.ExpiresAt)
	err := d.write(ctx, sqlPatience, func(ctx context.Context) error { return d.store.Revoke(ctx, by.TokenID, by.ExpiresAt) })
	return errorOf(err)
}

// SignOutEverywhere ends all sessions of the caller, this one too: here at once and in other processes refreshEvery later at
// most. While SQL is away it ends them here and says that it could not be told elsewhere.
func (d *Desk) SignOutEverywhere(ctx context.Context, by Caller) error {
	err := d.changeUser(ctx, by.Username, store.UserChange{EndSessions: true}, new(store.User))
	if isAway(err) {
		d.people.void(by.Username, d.now())
	}
	if err == nil {
		d.log.InfoContext(ctx, "all sessions of an account were ended", "account", by.Username, "by", by.Username)
	}
	return err
}

// errorOf is apperr.Of for a result of type error: nil stays nil.
func errorOf(err error) error {
	if err == nil {
		return nil
	}
	return apperr.Of(err)
}
