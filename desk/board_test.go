package desk

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
)

func TestBoard_IsNotForReporters(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	require.NoError(t, v.duties.refresh(ctx))
	v.submit()
	for _, role := range defect.Roles() {
		b, err := v.Board(ctx, v.as(string(role)), 5)
		duty, dutyErr := v.BoardDuty(ctx, v.as(string(role)))
		if role == defect.RoleReporter {
			require.Equal(t, apperr.ReasonBoard, apperr.Of(err).Reason)
			requireCode(t, apperr.Forbidden, dutyErr)
			continue
		}
		require.NoError(t, err, role)
		require.NoError(t, dutyErr, role)
		require.Equal(t, 1, b.Cases)
		require.Equal(t, Duty{}, duty, "no roster is in use")
	}
}

func TestBoard_TellsOfTheLastDays(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	empty, err := v.Board(ctx, v.as("agent"), 5)
	require.NoError(t, err)
	require.Zero(t, empty.Cases)
	require.Empty(t, empty.Open)
	require.Len(t, empty.Days, BoardDays)
	require.Equal(t, time.Date(2026, 11, 24, 0, 0, 0, 0, v.Zone()).Add(-24*time.Hour), empty.Days[BoardDays-1].From, "today at the site")

	first, second := v.submit().Number, v.submit().Number
	v.clock = v.clock.Add(8 * time.Hour) // past midnight at the site
	_, err = v.Act(ctx, v.as("agent"), second, defect.ActWithdraw, defect.Input{Reason: "误报"}, nil, "")
	require.NoError(t, err)
	b, err := v.Board(ctx, v.as("auditor"), 5)
	require.NoError(t, err)
	require.Equal(t, 2, b.Cases)
	require.Equal(t, []OpenCount{{Stage: defect.Submitted, Severity: 2, N: 1}}, b.Open, "what has ended is not open")
	require.Equal(t, DayFigures{Submitted: 2}, b.Days[BoardDays-2].DayFigures)
	require.Equal(t, DayFigures{Ended: 1}, b.Days[BoardDays-1].DayFigures)
	require.Equal(t, b.At.Add(24*time.Hour), b.Until)
	require.Equal(t, 3, b.Soon.Total, "nobody has noticed yet what is overdue: it runs")
	require.Equal(t, []string{first, "response"}, []string{b.Soon.Items[0].Number, string(b.Soon.Items[0].Clock.Name)})
	some, err := v.Board(ctx, v.as("agent"), 1)
	require.NoError(t, err)
	require.Len(t, some.Soon.Items, 1)
	require.Equal(t, 3, some.Soon.Total)
}

// What happens is in the figures of today at once, and in those of a day that is over after a while.
func TestBoard_CountsTodayAfresh(t *testing.T) {
	v := newTown(t)
	last := func() []Day {
		b, err := v.Board(t.Context(), v.as("agent"), 5)
		require.NoError(t, err)
		require.Len(t, b.Days, BoardDays)
		return b.Days[BoardDays-2:]
	}
	last()
	v.submit()
	require.Equal(t, 1, last()[1].Submitted)
	v.clock = v.clock.Add(24 * time.Hour)
	require.Equal(t, 1, last()[0].Submitted, "another day has begun")
	v.submit()
	v.clock = v.clock.Add(-24 * time.Hour)
	v.submit() // yesterday, and SQL hears of it today
	v.clock = v.clock.Add(24*time.Hour + time.Minute)
	require.Equal(t, []int{1, 1}, []int{last()[0].Submitted, last()[1].Submitted})
	v.clock = v.clock.Add(pastKept)
	require.Equal(t, []int{2, 1}, []int{last()[0].Submitted, last()[1].Submitted})
}

func TestBoard_WhileSQLIsAway(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	_, err := v.BoardDuty(ctx, v.as("agent"))
	requireCode(t, apperr.Unavailable, err)
	v.saveRoster("site", dutyPlan(), 0)
	require.NoError(t, v.duties.refresh(ctx))
	v.clock = v.clock.Add(time.Minute)
	require.NoError(t, v.Desk.store.Close())
	_, err = v.Board(ctx, v.as("agent"), 5)
	requireCode(t, apperr.Unavailable, err)
	duty, err := v.BoardDuty(ctx, v.as("agent"))
	require.NoError(t, err)
	require.True(t, duty.Rostered)
	require.Equal(t, "热线:agent 现场:technician,expert", whoOf(duty.Assignments))
}
