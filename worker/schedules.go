package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"yunwei/contract"
)

// schedule is something that happens by the calendar, at a time of the site's day.
type schedule struct {
	id       string // for ever: of the Temporal Schedule, and the beginning of its workflows' IDs
	workflow string
	input    any
	days     []time.Weekday // none: every day
	hour     int
	minute   int
	// catchUp is how late a run may begin after an outage; one that was missed by more is left out. Temporal's own answer
	// would be a year.
	catchUp time.Duration
	note    string // for people, in the Web UI
}

// schedules are all there are. A run that would begin while the one before still goes on is left out.
var schedules = []schedule{
	// Monday at eight: who plans has a week to fill what the next ones lack.
	{id: contract.RosterCheckID, workflow: contract.WorkflowRosterCheck, input: contract.RosterCheck{}, days: []time.Weekday{time.Monday}, hour: 8, catchUp: 24 * time.Hour, note: "looks for gaps and conflicts in the rosters of the coming weeks"},
	// Half past two: nobody works, backups are over or have not begun, and there is time to look at what it finds.
	{id: "audit", workflow: contract.WorkflowAudit, input: contract.AuditState{}, hour: 2, minute: 30, catchUp: 12 * time.Hour, note: "recomputes every open case from its events"},
}

// scheduleWait is how long one schedule may take to be made.
const scheduleWait = 10 * time.Second

// EnsureSchedules makes the Temporal Schedules that are missing, and brings those that are there to what this release
// says; whether somebody has paused one stays. zone is the site's, of a fixed offset. Safe to repeat, by any number of
// processes; an error means that it has to be tried again.
func EnsureSchedules(ctx context.Context, c client.ScheduleClient, zone *time.Location) error {
	var errs []error
	for _, s := range schedules {
		if err := ensure(ctx, c, s, zone); err != nil {
			errs = append(errs, fmt.Errorf("schedule %s: %w", s.id, err))
		}
	}
	return errors.Join(errs...)
}

func ensure(ctx context.Context, c client.ScheduleClient, s schedule, zone *time.Location) error {
	ctx, cancel := context.WithTimeout(ctx, scheduleWait)
	defer cancel()
	_, err := c.Create(ctx, client.ScheduleOptions{
		ID: s.id, Spec: s.spec(zone), Action: s.action(), Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: s.catchUp, Note: s.note,
	})
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return err
	}
	return c.GetHandle(ctx, s.id).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(there client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			next := there.Description.Schedule // its state stays: somebody may have paused it
			spec := s.spec(zone)
			next.Spec, next.Action = &spec, s.action()
			next.Policy = &client.SchedulePolicies{Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: s.catchUp}
			return &client.ScheduleUpdate{Schedule: &next}, nil
		},
	})
}

func (s schedule) action() *client.ScheduleWorkflowAction {
	return &client.ScheduleWorkflowAction{ID: s.id, Workflow: s.workflow, Args: []any{s.input}, TaskQueue: contract.TaskQueue, StaticSummary: s.note}
}

const minutesOfDay = 24 * 60

// spec says when, in UTC: the site's zone has a fixed offset, and a zone by name would be read from the server's files.
func (s schedule) spec(zone *time.Location) client.ScheduleSpec {
	_, offset := time.Unix(0, 0).In(zone).Zone()
	minutes := s.hour*60 + s.minute - offset/60
	shift := 0
	for ; minutes < 0; minutes += minutesOfDay {
		shift--
	}
	for ; minutes >= minutesOfDay; minutes -= minutesOfDay {
		shift++
	}
	at := client.ScheduleCalendarSpec{
		Hour: []client.ScheduleRange{{Start: minutes / 60}}, Minute: []client.ScheduleRange{{Start: minutes % 60}}, Comment: s.note,
	}
	for _, day := range s.days {
		at.DayOfWeek = append(at.DayOfWeek, client.ScheduleRange{Start: (int(day) + shift + 7) % 7})
	}
	return client.ScheduleSpec{Calendars: []client.ScheduleCalendarSpec{at}}
}
