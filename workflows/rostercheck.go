package workflows

import (
	"cmp"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"yunwei/contract"
	"yunwei/roster"
)

// maxWeeks bounds how far the rosters are looked through.
const maxWeeks = 52

// onceADay: a check that does not succeed for a day has failed, where people see it; the next one comes in a week.
var onceADay = workflow.ActivityOptions{
	StartToCloseTimeout:    time.Minute,
	ScheduleToCloseTimeout: 24 * time.Hour,
	RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 5 * time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Minute},
}

// RosterCheck looks through the rosters of the coming weeks, from the minute of its start on. A Schedule starts it weekly.
func RosterCheck(ctx workflow.Context, in contract.RosterCheck) (contract.RosterCheckResult, error) {
	from := workflow.Now(ctx).UTC().Truncate(time.Minute)
	ask := contract.RosterCheckRequest{From: from, To: from.AddDate(0, 0, 7*min(cmp.Or(in.Weeks, roster.CheckedWeeks), maxWeeks))}
	var found contract.RosterCheckResult
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, onceADay), contract.ActivityRosterCheck, ask).Get(ctx, &found)
	return found, err
}
