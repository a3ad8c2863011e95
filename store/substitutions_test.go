package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/defect"
	"yunwei/store"
	"yunwei/store/storetest"
)

func TestSubstitutions_FromNamingToTheEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		now := monday
		s, ctx := db.Open(t, store.Clock(func() time.Time { return now })), t.Context()
		for name, role := range map[string]defect.Role{"boss": defect.RoleSupervisor, "boss2": defect.RoleSupervisor, "sub": defect.RoleLiaison, "other": defect.RoleExpert} {
			require.NoError(t, s.AddUser(ctx, store.User{Person: defect.Person{Username: name, Name: "n " + name, Roles: []defect.Role{role}}}))
		}
		add := func(who, whom string, from, until time.Duration) defect.Substitution {
			t.Helper()
			sub, err := s.AddSubstitution(ctx, defect.Substitution{Username: who, Substitute: whom, From: monday.Add(from), Until: monday.Add(until), Reason: "出差", By: who})
			require.NoError(t, err)
			require.Positive(t, sub.ID)
			require.Equal(t, now, sub.CreatedAt)
			return sub
		}
		first := add("Boss", "SUB", 0, time.Hour)
		second := add("boss2", "sub", time.Minute, 2*time.Hour)
		third := add("boss", "other", time.Hour, 3*time.Hour)

		standsIn := func(at time.Duration) []string {
			t.Helper()
			u, err := s.Standing(ctx, "sub", monday.Add(at))
			require.NoError(t, err)
			var out []string
			for _, a := range u.StandsIn {
				out = append(out, a.Username)
				require.Equal(t, "n "+a.Username, a.Name)
				require.Equal(t, []defect.Role{defect.RoleSupervisor}, a.Roles)
			}
			return out
		}
		require.Equal(t, []string{"boss"}, standsIn(0))
		require.Equal(t, []string{"boss", "boss2"}, standsIn(time.Minute))
		require.Equal(t, []string{"boss2"}, standsIn(time.Hour), "it ends when it says")
		require.Empty(t, standsIn(2*time.Hour))

		now = now.Add(time.Minute)
		require.NoError(t, s.EndSubstitution(ctx, first.ID))
		now = now.Add(time.Minute)
		require.NoError(t, s.EndSubstitution(ctx, first.ID), "once more is no fault")
		first.EndedAt = monday.Add(time.Minute)
		got, err := s.Substitution(ctx, first.ID)
		require.NoError(t, err)
		require.Equal(t, first, got)
		require.Equal(t, []string{"boss2"}, standsIn(2*time.Minute))
		require.NoError(t, s.SetDisabled(ctx, "boss2", true))
		require.Empty(t, standsIn(2*time.Minute), "an account that is closed signs nothing, by nobody")
		require.ErrorIs(t, s.EndSubstitution(ctx, 999), store.ErrNotFound)
		_, err = s.Standing(ctx, "nobody", monday)
		require.ErrorIs(t, err, store.ErrNotFound)

		list := func(username string, before int64, limit int) []int64 {
			t.Helper()
			found, err := s.Substitutions(ctx, username, before, limit)
			require.NoError(t, err)
			ids := []int64{}
			for _, one := range found {
				ids = append(ids, one.ID)
			}
			return ids
		}
		require.Equal(t, []int64{third.ID, second.ID}, list("", 0, 2))
		require.Equal(t, []int64{first.ID}, list("", second.ID, 2))
		require.Equal(t, []int64{second.ID, first.ID}, list("Sub", 0, 9))
		require.Equal(t, []int64{third.ID, first.ID}, list("boss", 0, 9))
		require.Equal(t, []int64{third.ID}, list("boss", 0, 1))
		require.Empty(t, list("nobody", 0, 9))
	})
}
