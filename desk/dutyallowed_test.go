package desk

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/roster"
)

func TestMaySwap_WhoAndWhen(t *testing.T) {
	v := newTown(t)
	span := func(hours int) roster.Span {
		from := v.clock.Add(time.Duration(hours) * time.Hour)
		return roster.Span{From: from, To: from.Add(time.Hour)}
	}
	asked := roster.Swap{By: "technician", With: "expert", Give: span(1), Take: span(30), State: roster.SwapAsked}
	agreed, over, taken, refused := asked, asked, asked, asked
	agreed.State, refused.State = roster.SwapAgreed, roster.SwapRefused
	over.Give, over.Take = span(-60), span(-30)
	taken.State, taken.CancelledAt = roster.SwapAgreed, v.clock
	for name, c := range map[string]struct {
		swap             roster.Swap
		answers, cancels []string
	}{
		"asked":      {asked, []string{"expert"}, []string{"technician", "liaison", "admin"}},
		"agreed":     {agreed, nil, []string{"technician", "expert", "liaison", "admin"}},
		"over":       {over, nil, nil},
		"taken back": {taken, nil, nil},
		"refused":    {refused, nil, nil},
	} {
		for _, who := range []string{"technician", "expert", "liaison", "admin", "agent", "auditor", "reporter"} {
			answers, cancels := v.MayAnswerSwap(v.as(who), c.swap) == nil, v.MayCancelSwap(v.as(who), c.swap) == nil
			if answers {
				require.Contains(t, c.answers, who, name)
			} else {
				require.NotContains(t, c.answers, who, name)
			}
			if cancels {
				require.Contains(t, c.cancels, who, name)
			} else {
				require.NotContains(t, c.cancels, who, name)
			}
		}
	}
	require.Equal(t, apperr.Conflict, apperr.Of(v.MayAnswerSwap(v.as("expert"), over)).Code)
	require.Equal(t, apperr.Forbidden, apperr.Of(v.MayAnswerSwap(v.as("agent"), asked)).Code)
	require.Equal(t, apperr.Conflict, apperr.Of(v.MayCancelSwap(v.as("technician"), taken)).Code)
	require.Equal(t, apperr.Forbidden, apperr.Of(v.MayCancelSwap(v.as("reporter"), agreed)).Code)
}

func TestMayCancelOverrideAndAcknowledge_WhoAndWhen(t *testing.T) {
	v := newTown(t)
	o := roster.Override{From: v.clock, To: v.clock.Add(time.Hour)}
	require.NoError(t, v.MayCancelOverride(v.as("liaison"), o))
	require.Equal(t, apperr.Forbidden, apperr.Of(v.MayCancelOverride(v.as("agent"), o)).Code)
	o.CancelledAt = v.clock
	require.Equal(t, apperr.Conflict, apperr.Of(v.MayCancelOverride(v.as("liaison"), o)).Code)
	require.Equal(t, apperr.Conflict, apperr.Of(v.MayCancelOverride(v.as("liaison"), roster.Override{To: v.clock})).Code)

	h := roster.HandOver{From: "agent", To: "technician"}
	require.NoError(t, v.MayAcknowledge(v.as("technician"), h))
	require.Equal(t, apperr.Forbidden, apperr.Of(v.MayAcknowledge(v.as("agent"), h)).Code)
	require.Equal(t, apperr.Forbidden, apperr.Of(v.MayAcknowledge(v.as("reporter"), h)).Code)
	h.AcknowledgedAt = v.clock
	require.Equal(t, apperr.Conflict, apperr.Of(v.MayAcknowledge(v.as("technician"), h)).Code)
}

func TestDutyPeople_AreToldToWhoReadsRosters(t *testing.T) {
	v := newTown(t)
	var usernames []string
	for _, p := range v.DutyPeople(v.as("auditor")) {
		usernames = append(usernames, p.Username)
	}
	require.Contains(t, usernames, "technician")
	require.NotContains(t, usernames, "reporter")
	require.NotContains(t, usernames, "auditor", "who only looks on has no duty")
	require.Empty(t, v.DutyPeople(v.as("reporter")))
	who, known := v.DutyPerson(v.as("liaison"), "TECHNICIAN")
	require.True(t, known)
	require.Equal(t, "technician", who)
	_, known = v.DutyPerson(v.as("liaison"), "nobody at all")
	require.False(t, known)
	_, known = v.DutyPerson(v.as("reporter"), "technician")
	require.False(t, known)
}
