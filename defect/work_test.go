package defect_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/defect"
)

func TestWorkOf_ByRole(t *testing.T) {
	open := []defect.Stage{
		defect.Submitted, defect.Analysis, defect.Confirmation, defect.SignOff, defect.Resolution, defect.Verification, defect.Reply, defect.Replied,
	}
	sign := defect.Work{Kind: defect.WorkSign, Query: defect.Query{Stages: []defect.Stage{defect.SignOff}, Sort: defect.SortDue}, Step: defect.ActSign}
	fresh := defect.Work{Kind: defect.WorkFresh, Query: defect.Query{Stages: []defect.Stage{defect.Submitted}, Sort: defect.SortDue}}
	finish := defect.Work{Kind: defect.WorkFinish, Query: defect.Query{Stages: []defect.Stage{defect.Verification, defect.Reply}, Sort: defect.SortDue}}
	mine := defect.Work{Kind: defect.WorkMine, Query: defect.Query{Assignee: "me", Stages: open, Sort: defect.SortDue}}
	reported := defect.Work{Kind: defect.WorkReported, Query: defect.Query{Reporter: "me", Stages: open, Sort: defect.SortDue}}
	absent := []defect.Absent{{Username: "chief", Roles: []defect.Role{defect.RoleSupervisor}}}
	for name, c := range map[string]struct {
		person defect.Person
		want   []defect.Work
	}{
		"a supervisor":               {defect.Person{Roles: []defect.Role{defect.RoleSupervisor}}, []defect.Work{sign}},
		"a substitute":               {defect.Person{Roles: []defect.Role{defect.RoleLiaison}, StandsIn: absent}, []defect.Work{sign}},
		"a liaison":                  {defect.Person{Roles: []defect.Role{defect.RoleLiaison}}, nil},
		"an agent":                   {defect.Person{Roles: []defect.Role{defect.RoleAgent}}, []defect.Work{fresh, finish, mine}},
		"a technician":               {defect.Person{Roles: []defect.Role{defect.RoleTechnician}}, []defect.Work{mine}},
		"a reporter":                 {defect.Person{Roles: []defect.Role{defect.RoleReporter}}, []defect.Work{reported}},
		"an inspector":               {defect.Person{Roles: []defect.Role{defect.RoleInspector}}, []defect.Work{reported}},
		"an agent who reports, too":  {defect.Person{Roles: []defect.Role{defect.RoleReporter, defect.RoleAgent}}, []defect.Work{fresh, finish, mine, reported}},
		"who only looks on: nothing": {defect.Person{Roles: []defect.Role{defect.RoleAuditor}}, nil},
	} {
		c.person.Username = "me"
		require.Equal(t, c.want, defect.WorkOf(c.person), name)
	}
}

func TestMostUrgent_BrokenThenDueThenStanding(t *testing.T) {
	at := func(minutes int) time.Time { return time.Date(2026, 11, 23, 9, minutes, 0, 0, time.UTC) }
	met := defect.Clock{Name: defect.ClockResponse, DueAt: at(1), MetAt: at(0)}
	still := defect.Clock{Name: defect.ClockOnsite}
	later := defect.Clock{Name: defect.ClockResolve, DueAt: at(30)}
	sooner := defect.Clock{Name: defect.ClockPlan, DueAt: at(20)}
	broken := defect.Clock{Name: defect.ClockSparePart, DueAt: at(40), BreachedAt: at(40)}
	c := defect.Case{Clocks: []defect.Clock{met}}
	_, ok := c.MostUrgent()
	require.False(t, ok, "none is left to keep")
	for _, k := range []defect.Clock{still, later, sooner, broken} {
		c.Clocks = append(c.Clocks, k)
		first, ok := c.MostUrgent()
		require.True(t, ok)
		require.Equal(t, k.Name, first.Name)
	}
}
