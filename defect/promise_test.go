package defect_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/defect"
)

func find(t *testing.T, c defect.Case, name defect.ClockName, nth int) defect.Promise {
	t.Helper()
	for _, p := range c.Promises() {
		if p.Clock == name && p.Nth == nth {
			return p
		}
	}
	require.Fail(t, "no such promise", "%s %d", name, nth)
	return defect.Promise{}
}

func TestPromises_SayWhoseTimeItWas(t *testing.T) {
	w := at(t, defect.Resolution, defect.DefaultPolicy()) // four minutes in
	w.in(6*time.Minute).do("technician", defect.ActRequestSpare, inputs[defect.ActRequestSpare])
	w.in(time.Hour).do("agent", defect.ActRequestInfo, inputs[defect.ActRequestInfo]) // both are awaited: the client's
	w.in(2*time.Hour).do("technician", defect.ActReceiveSpare, inputs[defect.ActReceiveSpare])
	w.in(3*time.Hour).do("reporter", defect.ActProvideInfo, inputs[defect.ActProvideInfo])
	require.Equal(t, defect.Sums{}, find(t, w.c, defect.ClockResolve, 1).Sides, "nothing is settled while it runs")
	w.in(time.Minute).do("technician", defect.ActComplete, inputs[defect.ActComplete]).do("agent", defect.ActVerify, inputs[defect.ActVerify])
	p := find(t, w.c, defect.ClockResolve, 1)
	require.Equal(t, defect.Sums{Contractor: 11 * time.Minute, Client: 5 * time.Hour, SparePart: time.Hour}, p.Sides)
	require.Equal(t, time.Hour+11*time.Minute, p.Counted, "a pause is not counted, waiting for a part is")
	require.Equal(t, defect.OutcomeMet, p.Outcome)
	require.True(t, p.Met)
}

// TestPromises_OverAReopening: the time between a reply and its reopening is nobody's, and no promise runs in it.
func TestPromises_OverAReopening(t *testing.T) {
	w := answered(t)
	replied := w.now
	w.in(50*time.Hour).do("reporter", defect.ActReopen, inputs[defect.ActReopen])
	reopened := w.now
	w.in(31*time.Minute).do("agent", defect.ActAcknowledge, inputs[defect.ActAcknowledge])
	require.Equal(t, []defect.Turn{{From: replied, Side: defect.SideNobody}, {From: reopened, Side: defect.SideContractor}}, w.c.Turns)
	first, second := find(t, w.c, defect.ClockResolve, 1), find(t, w.c, defect.ClockResponse, 2)
	require.Equal(t, defect.Sums{Contractor: time.Hour}, first.Sides)
	require.Equal(t, defect.Sums{Contractor: 31 * time.Minute}, second.Sides)
	require.Equal(t, []any{defect.OutcomeBroken, time.Minute, 2, reopened}, []any{second.Outcome, second.LateBy, second.Cycle, second.StartedAt})
	for _, p := range w.c.Promises() {
		total := p.Sides.Contractor + p.Sides.Client + p.Sides.SparePart
		require.Less(t, total, 2*time.Hour, "%s %d holds closed time", p.Clock, p.Nth)
	}
}

func TestPromises_BrokenAndStillOpen(t *testing.T) {
	w := open(t, defect.DefaultPolicy(), 1).in(5 * time.Hour)
	p := find(t, w.c, defect.ClockResponse, 1)
	require.Equal(t, defect.OutcomeBroken, p.Outcome)
	require.True(t, p.EndedAt.IsZero())
	require.False(t, p.Met)
	require.Equal(t, 30*time.Minute, p.Counted, "up to its due time, until it ends")
	require.Equal(t, defect.Sums{Contractor: 30 * time.Minute}, p.Sides)
	require.Zero(t, p.LateBy)
	settled := w.c.Promises()
	w.do("reporter", defect.ActComment, inputs[defect.ActComment])
	require.Equal(t, settled, w.c.Promises(), "an event that concerns no promise changes none")
	w.do("agent", defect.ActAcknowledge, defect.Input{Assignee: "technician"})
	p = find(t, w.c, defect.ClockResponse, 1)
	require.Equal(t, []any{true, 5 * time.Hour, 4*time.Hour + 30*time.Minute}, []any{p.Met, p.Counted, p.LateBy})
}

func TestPromises_AreWhoseTheyWere(t *testing.T) {
	w := open(t, defect.DefaultPolicy(), 4)
	w.do("agent", defect.ActAcknowledge, defect.Input{Assignee: "technician"})
	w.do("agent", defect.ActAssign, defect.Input{Assignee: "technician2"})
	w.do("agent", defect.ActChangeSeverity, defect.Input{Severity: 1, Reason: "r"})
	response, plan, resolve := find(t, w.c, defect.ClockResponse, 1), find(t, w.c, defect.ClockPlan, 1), find(t, w.c, defect.ClockResolve, 1)
	require.Equal(t, []string{"technician", "technician2", "technician2"}, []string{response.Person, plan.Person, resolve.Person}, "who had it when it ended, or has it now")
	require.Equal(t, []defect.Severity{4, 4, 1}, []defect.Severity{response.Severity, plan.Severity, resolve.Severity}, "whose target it has")
	require.Equal(t, 202611, response.Month)
	late := open(t, defect.DefaultPolicy(), 4)
	late.c.Clocks[0].StartedAt = time.Date(2026, 11, 30, 16, 0, 0, 0, time.UTC)
	require.Equal(t, 202612, late.c.Promises()[0].Month, "midnight at the site")
}
