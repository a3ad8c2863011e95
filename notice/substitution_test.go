package notice_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/defect"
	"yunwei/notice"
)

func TestOfSubstitution_BeginsAndEnds(t *testing.T) {
	sub := defect.Substitution{ID: 7, Username: "boss", Substitute: "liaison", From: monday, Until: monday.Add(time.Hour), Reason: "出差", CreatedAt: monday}
	a := notice.OfSubstitution(sub, "王芳", defect.DefaultPolicy())
	require.Equal(t, []any{"substitution 7 substitute", notice.Substitute, []string{"liaison"}, monday}, []any{a.Key, a.Topic, a.Users, a.At})
	require.Equal(t, []string{"王芳", "出差"}, []string{a.Args[notice.ArgActor], a.Args[notice.ArgDetail]})
	sub.EndedAt = monday.Add(time.Minute)
	b := notice.OfSubstitution(sub, "王芳", defect.DefaultPolicy())
	require.Equal(t, []any{"substitution 7 substitute_ended", notice.SubstituteEnded, sub.EndedAt}, []any{b.Key, b.Topic, b.At})
}

func TestOfWaiting_ForWhomItIsToSign(t *testing.T) {
	s := begin(t, 2)
	s.do("agent", defect.ActAcknowledge, defect.Input{Assignee: "technician"}).do("agent", defect.ActClassify, defect.Input{Category: defect.Technical})
	before := s.c
	s.do("technician", defect.ActPropose, defect.Input{Cause: "c", Plan: "p"})
	sub := person("liaison", defect.RoleLiaison)
	_, ok := notice.OfWaiting(&s.c, s.e, sub)
	require.False(t, ok, "for nobody")
	sub.StandsIn = []defect.Absent{{Username: "supervisor", Roles: []defect.Role{defect.RoleSupervisor}}}
	n, ok := notice.OfWaiting(&s.c, s.e, sub)
	require.True(t, ok)
	require.Equal(t, []any{s.c.Number, s.e.Seq, notice.SignOff, "liaison"}, []any{n.About, n.Seq, n.Topic, n.Username})
	_, ok = notice.OfWaiting(&before, s.e, sub)
	require.False(t, ok, "the case is of before it was made")
	proposal := s.e
	s.do("supervisor", defect.ActSign, defect.Input{Proposal: 1, Decision: defect.Approve})
	_, ok = notice.OfWaiting(&s.c, proposal, sub)
	require.False(t, ok, "it is signed")
}
