package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/defect"
	"yunwei/notice"
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

func TestTellSubstitute_OfEveryProposalThatWaits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db storetest.DB) {
		o := newOutbox(t, db)
		people := map[string]defect.Person{}
		for _, p := range storetest.People() {
			people[p.Username] = p
		}
		do := func(c defect.Case, by string, a defect.Action, in defect.Input) defect.Case {
			t.Helper()
			e, err := c.Do(defect.Command{Action: a, By: people[by], Input: in}, o.clock)
			require.NoError(t, err)
			_, err = o.Project(t.Context(), c.Number, &c, []defect.Event{e})
			require.NoError(t, err)
			return c
		}
		propose := func(c defect.Case) defect.Case {
			return do(c, "technician", defect.ActPropose, defect.Input{Cause: "c", Plan: "p"})
		}
		proposed := func(number string) defect.Case {
			c, _ := o.report(number, 2)
			c = do(c, "agent", defect.ActAcknowledge, defect.Input{Assignee: "technician"})
			return propose(do(c, "agent", defect.ActClassify, defect.Input{Category: defect.Technical}))
		}
		again := propose(do(proposed(first), "supervisor", defect.ActSign, defect.Input{Proposal: 1, Decision: defect.Reject, Comment: "再想"}))
		once := proposed(second)
		signed := do(proposed("35TF-BRWM-2NH0"), "supervisor", defect.ActSign, defect.Input{Proposal: 1, Decision: defect.Approve})
		require.Equal(t, defect.Resolution, signed.Stage)

		sub, err := o.AddSubstitution(t.Context(), defect.Substitution{Username: "supervisor", Substitute: "expert", From: o.clock, Until: o.clock.Add(time.Hour), By: "supervisor"})
		require.NoError(t, err)
		for range 2 { // once more is no fault, and tells nobody anything new
			require.NoError(t, o.TellSubstitute(t.Context(), sub, storetest.Policy()))
			told := map[string]int{}
			for _, n := range o.list(store.NoticeQuery{Username: "expert"}) {
				if n.Topic == notice.SignOff {
					told[n.About] += n.Seq
				}
			}
			require.Equal(t, map[string]int{first: again.Seq, second: once.Seq}, told, "of the latest proposal of those that wait, each once")
		}
		require.Len(t, o.list(store.NoticeQuery{Username: "expert"}), 3)
	})
}
