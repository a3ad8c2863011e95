package desk

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
)

// awaiting brings a case to its sign-off, and returns its number.
func (v *town) awaiting() string {
	v.t.Helper()
	number := v.submit().Number
	for _, s := range []struct {
		who string
		a   defect.Action
		in  defect.Input
	}{
		{"agent", defect.ActAcknowledge, defect.Input{}}, {"agent", defect.ActClassify, defect.Input{Category: defect.Technical}},
		{"technician", defect.ActPropose, defect.Input{Cause: "c", Plan: "p"}},
	} {
		_, err := v.Act(v.t.Context(), v.as(s.who), number, s.a, s.in, nil, "")
		require.NoError(v.t, err)
	}
	return number
}

func (v *town) link(number, username string, proposal int) string {
	return defect.SignOffLink{Number: number, Proposal: proposal, Username: username, Until: v.clock.Add(defect.LinkLife)}.Seal(v.key)
}

func TestSignOffLink_ReadsAndSignsOnce(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	number := v.awaiting()
	link := v.link(number, "supervisor", 1)
	s, err := v.SignOffSheet(ctx, link)
	require.NoError(t, err)
	require.NoError(t, s.Shut)
	require.Nil(t, s.Mine)
	require.Equal(t, "c", s.Proposal.Cause)
	require.Equal(t, "supervisor", s.Reader.Username)

	require.Equal(t, apperr.FieldRequired, apperr.Of(v.SignByLink(ctx, link, defect.Reject, " ")).Fields[0].Reason)
	require.NoError(t, v.SignByLink(ctx, link, defect.Approve, ""))
	s, err = v.SignOffSheet(ctx, link)
	require.NoError(t, err)
	require.Equal(t, defect.Approve, s.Mine.Decision)
	require.Error(t, v.SignByLink(ctx, link, defect.Reject, "no"), "a link is of one use")
	c, err := v.Defect(ctx, v.as("agent"), number)
	require.NoError(t, err)
	require.Len(t, c.SignOffs, 1)
}

func TestSignOffLink_BoundToPersonCaseAndProposal(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	number := v.awaiting()
	for name, link := range map[string]string{
		"none": "x", "of nobody": v.link(number, "nobody", 1),
		"of another key": defect.SignOffLink{Number: number, Proposal: 1, Username: "supervisor", Until: v.clock.Add(time.Hour)}.Seal([]byte("other")),
	} {
		_, err := v.SignOffSheet(ctx, link)
		requireCode(t, apperr.Unauthenticated, err)
		requireCode(t, apperr.Unauthenticated, v.SignByLink(ctx, link, defect.Approve, ""))
		require.Equal(t, apperr.ReasonLink, apperr.Of(err).Reason, name)
	}
	_, err := v.SignOffSheet(ctx, v.link(number, "supervisor", 2))
	requireCode(t, apperr.StaleProposal, err)
	requireCode(t, apperr.StaleProposal, v.SignByLink(ctx, v.link(number, "supervisor", 2), defect.Approve, ""))
	s, err := v.SignOffSheet(ctx, v.link(number, "agent", 1))
	require.NoError(t, err)
	requireCode(t, apperr.Forbidden, s.Shut)
	requireCode(t, apperr.Forbidden, v.SignByLink(ctx, v.link(number, "agent", 1), defect.Approve, ""))

	link := v.link(number, "supervisor", 1)
	v.clock = v.clock.Add(defect.LinkLife)
	_, err = v.SignOffSheet(ctx, link)
	requireCode(t, apperr.Unauthenticated, err)
	link = v.link(number, "supervisor", 1)
	require.NoError(t, v.store.SetDisabled(ctx, "supervisor", true))
	require.NoError(t, v.people.refresh(ctx))
	requireCode(t, apperr.Unauthenticated, v.SignByLink(ctx, link, defect.Approve, ""))
}

func TestSignOffLink_WhileSQLIsAway(t *testing.T) {
	v := newTown(t)
	link := v.link(v.awaiting(), "supervisor", 1)
	require.NoError(t, v.store.Close())
	s, err := v.SignOffSheet(t.Context(), link)
	require.NoError(t, err)
	require.NoError(t, s.Shut)
	require.NoError(t, v.SignByLink(t.Context(), link, defect.Approve, ""))
}
