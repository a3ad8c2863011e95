package desk

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
)

// process returns another process's desk on the same database.
func (v *town) process() *Desk {
	v.t.Helper()
	d := New(Options{Store: v.store, Policy: defect.DefaultPolicy(), Key: []byte(strings.Repeat("k", 32)), Log: v.log, Now: v.now})
	require.NoError(v.t, d.people.refresh(v.t.Context()))
	return d
}

func TestSignOutEverywhere_EndsAllSessionsInEveryProcess(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	there := v.process()
	tokens := []string{v.signedIn("agent", "a long password"), v.signedIn("agent", "a long password")}
	elsewhere, err := there.SignInToConsole(ctx, "192.0.2.1", "agent", "a long password")
	require.NoError(t, err)
	tokens = append(tokens, elsewhere.Token)
	stranger := v.signedIn("technician", "a long password")
	by, err := v.Authenticate(ctx, tokens[0])
	require.NoError(t, err)
	require.NoError(t, v.SignOutEverywhere(ctx, by))
	require.NoError(t, there.people.refresh(ctx))
	for _, token := range tokens {
		v.requireSession(false, token)
		_, err = there.Authenticate(ctx, token)
		requireCode(t, apperr.Unauthenticated, err)
	}
	v.requireSession(true, stranger)
	v.requireSession(true, v.signedIn("agent", "a long password"))
}

func TestSignOutEverywhere_WhileSQLIsAway(t *testing.T) {
	v := newTown(t)
	token, stranger := v.signedIn("agent", "a long password"), v.signedIn("technician", "a long password")
	by, err := v.Authenticate(t.Context(), token)
	require.NoError(t, err)
	require.NoError(t, v.store.Close())
	requireCode(t, apperr.Unavailable, v.SignOutEverywhere(t.Context(), by))
	v.requireSession(false, token)
	v.requireSession(true, stranger)
}

func TestSessions_OfTheConsoleEndWhenTheyAreNotUsed(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	s, err := v.SignInToConsole(ctx, "192.0.2.1", "agent", "a long password")
	require.NoError(t, err)
	forAPI, err := v.SignIn(ctx, "192.0.2.1", "agent", "a long password")
	require.NoError(t, err)
	require.Equal(t, v.clock.Add(12*time.Hour), s.ExpiresAt)
	began := v.clock
	at := func(after time.Duration) { v.clock = began.Add(after) }

	at(renewEvery - time.Minute)
	by, err := v.Authenticate(ctx, s.Token)
	require.NoError(t, err)
	require.True(t, by.Idles)
	require.Empty(t, by.Renewed, "a new token has nothing to be renewed")
	require.NoError(t, v.store.Close()) // nothing of this needs SQL

	at(idleLength - time.Second)
	by, err = v.Authenticate(ctx, s.Token)
	require.NoError(t, err)
	renewed := by.Renewed
	require.NotEmpty(t, renewed)
	at(idleLength)
	v.requireSession(false, s.Token)

	token := renewed
	for v.clock.Before(s.ExpiresAt.Add(-time.Hour)) { // used every hour it lasts to its end, and no longer
		v.clock = v.clock.Add(time.Hour)
		again, err := v.Authenticate(ctx, token)
		require.NoError(t, err)
		require.Equal(t, []any{by.TokenID, by.ExpiresAt}, []any{again.TokenID, again.ExpiresAt}, "it stays one session")
		token = again.Renewed
		require.NotEmpty(t, token)
	}
	at(sessionLength - time.Second)
	v.requireSession(true, token)
	api, err := v.Authenticate(ctx, forAPI.Token)
	require.NoError(t, err, "a token of the API lasts as long as its answer said")
	require.False(t, api.Idles)
	require.Empty(t, api.Renewed)
	at(sessionLength + time.Second)
	v.requireSession(false, token)
}

func TestSessions_ThatWereRenewedEndTogether(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	s, err := v.SignInToConsole(ctx, "192.0.2.1", "agent", "a long password")
	require.NoError(t, err)
	v.clock = v.clock.Add(time.Hour)
	by, err := v.Authenticate(ctx, s.Token)
	require.NoError(t, err)
	require.NoError(t, v.SignOut(ctx, by))
	v.requireSession(false, s.Token)
	v.requireSession(false, by.Renewed)

	s, err = v.SignInToConsole(ctx, "192.0.2.1", "agent", "a long password")
	require.NoError(t, err)
	v.clock = v.clock.Add(time.Hour)
	by, err = v.Authenticate(ctx, s.Token)
	require.NoError(t, err)
	fresh, err := v.ChangePassword(ctx, "192.0.2.1", by, "a long password", "another password")
	require.NoError(t, err)
	v.requireSession(false, by.Renewed)
	by, err = v.Authenticate(ctx, fresh.Token)
	require.NoError(t, err)
	require.True(t, by.Idles, "the session that takes their place is of the same kind")
}
