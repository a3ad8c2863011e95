package desk

import (
	"context"
	"maps"
	"slices"
	"time"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/defect"
)

// Calendars returns the calendars of the policy, under the holidays in force, by name.
func (d *Desk) Calendars(ctx context.Context, _ Caller) []calendar.Calendar {
	var out []calendar.Calendar
	cals := d.policy(ctx).Calendars
	for _, name := range slices.Sorted(maps.Keys(cals)) {
		out = append(out, cals[name])
	}
	return out
}

// Due returns when a promise of the given length would fall due, worked out as the clocks do. NotFound for an unknown
// calendar, Invalid for a limit that is never reached.
func (d *Desk) Due(ctx context.Context, _ Caller, name string, from time.Time, limit calendar.Limit) (Due, error) {
	cal, ok := d.policy(ctx).Calendars[name]
	if !ok {
		return Due{}, apperr.New(apperr.NotFound, apperr.ReasonCalendarUnknown, nil)
	}
	target := limit.On(cal)
	at := cal.Add(from, target)
	if at.IsZero() {
		var wrong apperr.Fields
		wrong.Add("limit", apperr.FieldDuration, nil)
		return Due{}, wrong.Err()
	}
	return Due{At: at, Provisional: cal.Provisional(from, at), Intervals: cal.Explain(from, target)}, nil
}

// Policy returns the policy that new cases are submitted under, with the holidays in force. It is not to be changed. What was
// promised is nobody's secret: everybody who has signed in may read it.
func (d *Desk) Policy(ctx context.Context, _ Caller) defect.Policy {
	return d.policy(ctx)
}
