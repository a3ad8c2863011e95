package desk

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
)

func TestReports_AreTheContractorsAndTheAuditors(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	v.submit()
	for _, role := range defect.Roles() {
		report, err := v.PromiseReport(ctx, v.as(string(role)), defect.PromiseQuery{By: defect.BySeverity})
		list, _, listErr := v.Promises(ctx, v.as(string(role)), defect.PromiseQuery{}, "", 10)
		if role == defect.RoleReporter {
			require.Equal(t, apperr.ReasonReports, apperr.Of(err).Reason)
			require.Equal(t, apperr.Forbidden, apperr.Of(listErr).Code)
			continue
		}
		require.NoError(t, err)
		require.NoError(t, listErr)
		require.Equal(t, 3, report.Total.Promised, "response, plan and resolution")
		require.Equal(t, 3, report.Total.Running)
		require.Len(t, list, 3)
	}
}

func TestReports_Refuse(t *testing.T) {
	v := newTown(t)
	_, err := v.PromiseReport(t.Context(), v.as("agent"), defect.PromiseQuery{By: defect.ByMonth, From: v.clock, To: v.clock})
	require.Equal(t, "to", apperr.Of(err).Fields[0].Field)
	_, _, err = v.Promises(t.Context(), v.as("agent"), defect.PromiseQuery{}, "x", 10)
	require.Equal(t, "after", apperr.Of(err).Fields[0].Field)
}

func TestExplainClock_WhileSQLIsAway(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	number := v.submit().Number
	v.clock = v.clock.Add(10 * time.Minute)
	_, err := v.Act(ctx, v.as("agent"), number, defect.ActRequestInfo, defect.Input{Message: "?"}, nil, "")
	require.NoError(t, err)
	require.NoError(t, v.Desk.store.Close())
	v.clock = v.clock.Add(20 * time.Minute)
	x, err := v.ExplainClock(ctx, v.as("reporter"), number, defect.ClockPlan, 0)
	require.NoError(t, err)
	require.Equal(t, map[defect.Side]time.Duration{defect.SideContractor: 10 * time.Minute, defect.SideClient: 20 * time.Minute}, x.Sides)
}

func TestAudits_AreTheAdministratorsAndTheAuditors(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	for i := range 5 {
		id := fmt.Sprint("audit", i)
		require.NoError(t, v.Desk.store.BeginAudit(ctx, id, v.clock.AddDate(0, 0, i/2)))
		_, err := v.Desk.store.AddFinding(ctx, id, defect.Drift{Number: "7K3M-Q9XT-WA5C", Kind: defect.DriftClock, Subject: "plan 2", Fact: defect.FactSum, FoundAt: v.clock})
		require.NoError(t, err)
		require.NoError(t, v.Desk.store.NoteAudit(ctx, id, 12, time.Time{}))
	}
	for _, role := range defect.Roles() {
		list, next, err := v.Audits(ctx, v.as(string(role)), "", 3)
		if role != defect.RoleAdmin && role != defect.RoleAuditor {
			require.Equal(t, apperr.ReasonAudits, apperr.Of(err).Reason)
			_, _, err = v.Findings(ctx, v.as(string(role)), "audit1", "", 3)
			require.Equal(t, apperr.ReasonAudits, apperr.Of(err).Reason)
			continue
		}
		require.NoError(t, err)
		rest, last, err := v.Audits(ctx, v.as(string(role)), next, 3)
		require.NoError(t, err)
		require.Empty(t, last)
		var ids []string
		for _, a := range append(list, rest...) {
			ids = append(ids, a.ID)
		}
		require.Equal(t, []string{"audit4", "audit3", "audit2", "audit1", "audit0"}, ids, "the latest first")
		require.Equal(t, Audit{ID: "audit4", StartedAt: v.clock.AddDate(0, 0, 2), Checked: 12, Findings: 1}, list[0])
		found, _, err := v.Findings(ctx, v.as(string(role)), "audit1", "", 3)
		require.NoError(t, err)
		require.Equal(t, []defect.Drift{{Number: "7K3M-Q9XT-WA5C", Kind: defect.DriftClock, Subject: "plan 2", Fact: defect.FactSum, FoundAt: v.clock}}, found)
		_, _, err = v.Findings(ctx, v.as(string(role)), "none", "", 3)
		require.Equal(t, apperr.ReasonAuditUnknown, apperr.Of(err).Reason)
		_, _, err = v.Audits(ctx, v.as(string(role)), "x", 3)
		require.Equal(t, "after", apperr.Of(err).Fields[0].Field)
	}
}

// pagedPromises lists as many promises as it says, two at a time, and fails after some.
type pagedPromises struct{ n, failsAfter int }

var errPaged = apperr.New(apperr.Internal, apperr.ReasonInternal, nil)

func (p pagedPromises) Promises(_ context.Context, _ Caller, _ defect.PromiseQuery, after string, limit int) ([]defect.CasePromise, string, error) {
	first := len(after)
	if first > p.failsAfter {
		return nil, "", errPaged
	}
	last := min(first+min(limit, 2), p.n)
	next := ""
	if last < p.n {
		next = strings.Repeat("x", last)
	}
	return make([]defect.CasePromise, last-first), next, nil
}

func TestEachPromise_PageByPageToTheEnd(t *testing.T) {
	count := func(p pagedPromises, stop int) (n int, err error) {
		err = EachPromise(t.Context(), p, Caller{}, defect.PromiseQuery{}, func(defect.CasePromise) error {
			n++
			if n == stop {
				return errPaged
			}
			return nil
		})
		return n, err
	}
	n, err := count(pagedPromises{n: 5, failsAfter: 9}, 0)
	require.NoError(t, err)
	require.Equal(t, 5, n)
	n, err = count(pagedPromises{n: 5, failsAfter: 2}, 0)
	require.ErrorIs(t, err, errPaged)
	require.Equal(t, 4, n)
	n, err = count(pagedPromises{n: 5, failsAfter: 9}, 3)
	require.ErrorIs(t, err, errPaged)
	require.Equal(t, 3, n, "nothing is read that nobody takes")
}
