package worker

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/temporal"

	"yunwei/contract"
)

func TestSpec_InTheSitesZone(t *testing.T) {
	for name, c := range map[string]struct {
		offset       time.Duration
		s            schedule
		hour, minute int
		days         []int
	}{
		"in UTC":                        {0, schedule{hour: 2, minute: 30}, 2, 30, nil},
		"in Beijing, the day before":    {8 * time.Hour, schedule{hour: 2, minute: 30}, 18, 30, nil},
		"on Monday there, on Sunday":    {8 * time.Hour, schedule{hour: 2, minute: 30, days: []time.Weekday{time.Monday}}, 18, 30, []int{0}},
		"on Sunday there, on Saturday":  {8 * time.Hour, schedule{hour: 7, days: []time.Weekday{time.Sunday}}, 23, 0, []int{6}},
		"the same day":                  {8 * time.Hour, schedule{hour: 9, days: []time.Weekday{time.Friday, time.Saturday}}, 1, 0, []int{5, 6}},
		"west of Greenwich, a day late": {-210 * time.Minute, schedule{hour: 22, minute: 15, days: []time.Weekday{time.Saturday}}, 1, 45, []int{0}},
	} {
		t.Run(name, func(t *testing.T) {
			spec := c.s.spec(time.FixedZone("", int(c.offset.Seconds())))
			require.Len(t, spec.Calendars, 1)
			require.Equal(t, []client.ScheduleRange{{Start: c.hour}}, spec.Calendars[0].Hour)
			require.Equal(t, []client.ScheduleRange{{Start: c.minute}}, spec.Calendars[0].Minute)
			var days []int
			for _, d := range spec.Calendars[0].DayOfWeek {
				days = append(days, d.Start)
			}
			require.Equal(t, c.days, days)
			require.Empty(t, spec.TimeZoneName)
		})
	}
}

func TestSchedules_HaveDistinctNamesAndSayHowLate(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range schedules {
		require.False(t, seen[s.id])
		seen[s.id] = true
		require.Positive(t, s.catchUp, "%s: Temporal's own answer is a year", s.id)
		require.NotEmpty(t, s.note)
		require.True(t, s.hour >= 0 && s.hour < 24 && s.minute >= 0 && s.minute < 60)
	}
	require.True(t, seen["audit"])
}

func TestEnsureSchedules_MakesWhatIsMissing(t *testing.T) {
	c := &mocks.ScheduleClient{}
	c.On("Create", mock.Anything, mock.MatchedBy(func(o client.ScheduleOptions) bool {
		action, ok := o.Action.(*client.ScheduleWorkflowAction)
		return ok && o.ID == "audit" && action.Workflow == contract.WorkflowAudit && action.TaskQueue == contract.TaskQueue &&
			o.Overlap == enums.SCHEDULE_OVERLAP_POLICY_SKIP && o.CatchupWindow == 12*time.Hour
	})).Return(&mocks.ScheduleHandle{}, nil)
	c.On("Create", mock.Anything, mock.MatchedBy(func(o client.ScheduleOptions) bool {
		return o.ID == contract.RosterCheckID && len(o.Spec.Calendars[0].DayOfWeek) == 1 && o.CatchupWindow == 24*time.Hour
	})).Return(&mocks.ScheduleHandle{}, nil)
	require.NoError(t, EnsureSchedules(t.Context(), c, time.UTC))
	c.AssertExpectations(t)
}

func TestEnsureSchedules_BringsForwardWhatIsThere(t *testing.T) {
	handle := &mocks.ScheduleHandle{}
	var next *client.ScheduleUpdate
	handle.On("Update", mock.Anything, mock.Anything).Run(func(args mock.Arguments) {
		there := client.Schedule{
			Spec: &client.ScheduleSpec{}, Action: &client.ScheduleWorkflowAction{Workflow: "old"},
			State: &client.ScheduleState{Paused: true, Note: "by the administrator"},
		}
		var err error
		next, err = args.Get(1).(client.ScheduleUpdateOptions).DoUpdate(client.ScheduleUpdateInput{Description: client.ScheduleDescription{Schedule: there}})
		require.NoError(t, err)
	}).Return(nil)
	c := &mocks.ScheduleClient{}
	c.On("Create", mock.Anything, mock.Anything).Return(nil, temporal.ErrScheduleAlreadyRunning)
	c.On("GetHandle", mock.Anything, "audit").Return(handle)
	other := &mocks.ScheduleHandle{}
	other.On("Update", mock.Anything, mock.Anything).Return(nil)
	c.On("GetHandle", mock.Anything, contract.RosterCheckID).Return(other)
	require.NoError(t, EnsureSchedules(t.Context(), c, time.FixedZone("", 8*3600)))
	require.Equal(t, []client.ScheduleRange{{Start: 18}}, next.Schedule.Spec.Calendars[0].Hour)
	require.Equal(t, contract.WorkflowAudit, next.Schedule.Action.(*client.ScheduleWorkflowAction).Workflow)
	require.Equal(t, 12*time.Hour, next.Schedule.Policy.CatchupWindow)
	require.True(t, next.Schedule.State.Paused, "a pause stays")
}

func TestEnsureSchedules_WhileTemporalIsAway(t *testing.T) {
	c := &mocks.ScheduleClient{}
	c.On("Create", mock.Anything, mock.Anything).Return(nil, errors.New("away"))
	require.ErrorContains(t, EnsureSchedules(context.Background(), c, time.UTC), "schedule audit: away")
}
