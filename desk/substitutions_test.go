package desk

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/notice"
)

func TestSubstitute_SignsUntilItEnds(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	number := v.awaiting()
	sign := defect.Input{Proposal: 1, Decision: defect.Approve}
	_, err := v.Act(ctx, v.as("liaison"), number, defect.ActSign, sign, nil, "")
	requireCode(t, apperr.Forbidden, err)

	sub, err := v.Substitute(ctx, v.as("supervisor"), defect.Substitution{Substitute: "liaison", Until: v.clock.Add(time.Hour), Reason: "出差"})
	require.NoError(t, err)
	told := v.told("liaison")
	require.Len(t, told, 2)
	require.Equal(t, []notice.Topic{notice.SignOff, notice.Substitute}, []notice.Topic{told[0].Topic, told[1].Topic}, "the substitute is told, and of what waits for a signature already")
	require.Equal(t, "supervisor", sub.Username)
	s, err := v.SignIn(ctx, "192.0.2.1", "liaison", "a long password")
	require.NoError(t, err)
	by, err := v.Authenticate(ctx, s.Token)
	require.NoError(t, err)
	require.Equal(t, "supervisor", by.StandsIn[0].Username, "a token of before or after knows at once")
	seen, err := v.Defect(ctx, by, number)
	require.NoError(t, err)
	require.Contains(t, seen.Allowed, defect.ActSign)
	require.Equal(t, defect.SignOffCode(v.key, number, 1, "liaison"), seen.Code, "the code is the substitute's own")
	signed, err := v.Act(ctx, by, number, defect.ActSign, sign, nil, "")
	require.NoError(t, err)
	require.Equal(t, defect.Resolution, signed.Stage)
	require.Equal(t, "supervisor", signed.SignOffs[0].For)
	events, _, err := v.Events(ctx, v.as("agent"), number, 4, 9)
	require.NoError(t, err)
	require.Equal(t, []string{"liaison", "supervisor", "supervisor"}, []string{events[0].Actor.Username, events[0].For, events[0].OnBehalfOf}, "both names stand in the record")

	require.NoError(t, v.EndSubstitution(ctx, v.as("supervisor"), sub.ID))
	require.Equal(t, notice.SubstituteEnded, v.told("liaison")[0].Topic)
	by, err = v.Authenticate(ctx, s.Token)
	require.NoError(t, err)
	require.Empty(t, by.StandsIn)
}

func TestSubstitute_WhoMay(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	hour := v.clock.Add(time.Hour)
	for name, c := range map[string]struct {
		who  string
		sub  defect.Substitution
		want apperr.Code
		at   string
		why  apperr.Reason
	}{
		"for another":         {"agent", defect.Substitution{Username: "supervisor", Substitute: "liaison", Until: hour}, apperr.Forbidden, "", apperr.ReasonArrange},
		"who signs nothing":   {"agent", defect.Substitution{Substitute: "liaison", Until: hour}, apperr.Invalid, "username", apperr.FieldNoApprover},
		"oneself":             {"supervisor", defect.Substitution{Substitute: "Supervisor", Until: hour}, apperr.Invalid, "substitute", apperr.FieldOneself},
		"nobody":              {"supervisor", defect.Substitution{Substitute: "nobody", Until: hour}, apperr.Invalid, "substitute", apperr.FieldUser},
		"a reporter":          {"supervisor", defect.Substitution{Substitute: "reporter", Until: hour}, apperr.Invalid, "substitute", apperr.FieldNoSubstitute},
		"an auditor":          {"supervisor", defect.Substitution{Substitute: "auditor", Until: hour}, apperr.Invalid, "substitute", apperr.FieldNoSubstitute},
		"over already":        {"supervisor", defect.Substitution{Substitute: "liaison", Until: v.clock}, apperr.Invalid, "until", apperr.FieldPast},
		"over before it came": {"supervisor", defect.Substitution{Substitute: "liaison", From: hour, Until: hour}, apperr.Invalid, "until", apperr.FieldPast},
		"for years":           {"supervisor", defect.Substitution{Substitute: "liaison", Until: v.clock.AddDate(1, 0, 2)}, apperr.Invalid, "until", apperr.FieldTooFar},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := v.Substitute(ctx, v.as(c.who), c.sub)
			requireCode(t, c.want, err)
			if c.at == "" {
				require.Equal(t, c.why, apperr.Of(err).Reason)
				return
			}
			require.Len(t, apperr.Of(err).Fields, 1)
			require.Equal(t, c.at, apperr.Of(err).Fields[0].Field)
			require.Equal(t, c.why, apperr.Of(err).Fields[0].Reason)
		})
	}
	sub, err := v.Substitute(ctx, v.as("liaison"), defect.Substitution{Username: "supervisor", Substitute: "expert", Until: hour})
	require.NoError(t, err, "the liaison arranges for others")
	for who, want := range map[string]int{"supervisor": 1, "expert": 1, "agent": 0, "admin": 1, "auditor": 1} {
		list, more, err := v.Substitutions(ctx, v.as(who), 0, 10)
		require.NoError(t, err)
		require.False(t, more)
		require.Len(t, list, want, who)
	}
	requireCode(t, apperr.NotFound, v.EndSubstitution(ctx, v.as("agent"), sub.ID))
	requireCode(t, apperr.Forbidden, v.EndSubstitution(ctx, v.as("expert"), sub.ID))
	requireCode(t, apperr.NotFound, v.EndSubstitution(ctx, v.as("admin"), 999))
	require.NoError(t, v.EndSubstitution(ctx, v.as("admin"), sub.ID))
	require.NoError(t, v.store.Close())
	_, _, err = v.Substitutions(ctx, v.as("admin"), 0, 10)
	requireCode(t, apperr.Unavailable, err)
}

func TestSubstitutable_ByWhoSignsAndWhoArranges(t *testing.T) {
	v := newTown(t)
	names := func(people []defect.Person) (out []string) {
		for _, p := range people {
			out = append(out, p.Username)
		}
		return out
	}
	absent, substitutes := v.Substitutable(v.as("supervisor"))
	require.Equal(t, []string{"supervisor"}, names(absent))
	require.Equal(t, []string{"admin", "agent", "business", "expert", "liaison", "supervisor", "technician"}, names(substitutes))
	absent, _ = v.Substitutable(v.as("liaison"))
	require.Equal(t, []string{"supervisor"}, names(absent))
	for _, who := range []string{"agent", "reporter", "auditor"} {
		absent, substitutes = v.Substitutable(v.as(who))
		require.Empty(t, absent, who)
		require.Empty(t, substitutes, who)
	}
}
