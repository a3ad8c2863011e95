package api

import (
	"context"
	"time"

	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/desk"
)

// clockDesk is what the API asks of the desk about promises and the calendars that they are counted on.
type clockDesk interface {
	ExplainClock(ctx context.Context, by desk.Caller, number string, name defect.ClockName, nth int) (defect.Explanation, error)
	Calendars(ctx context.Context, by desk.Caller) []calendar.Calendar
	Due(ctx context.Context, by desk.Caller, name string, from time.Time, limit calendar.Limit) (desk.Due, error)
}

func (a *api) explainClock(r *request) (any, error) {
	name := defect.ClockName(r.Param("name"))
	x, err := a.desk.ExplainClock(r, r.by, r.Param("number"), name, r.integer("nth", 0))
	if err != nil {
		return nil, err
	}
	answer := explanationBody{
		Clock: clockOf(x.Clock, x.Provisional), Nth: x.Nth, Of: x.Of, Used: x.Used.Seconds(), Left: x.Left.Seconds(), Provisional: x.Provisional,
		Sums: sumsBody{
			Contractor: x.Sides[defect.SideContractor].Seconds(), Client: x.Sides[defect.SideClient].Seconds(), SparePart: x.Sides[defect.SideSpare].Seconds(),
		},
		Intervals: make([]stretchBody, 0, len(x.Stretches)),
	}
	for _, s := range x.Stretches {
		answer.Intervals = append(answer.Intervals, stretchBody{
			From: s.From, To: s.To, Calendar: s.Calendar, Service: s.Service.Seconds(), Counted: s.Counted.Seconds(),
			Paused: s.Paused, Why: whyOf(s.Why, s.Name), Side: s.Side, Phase: s.Phase,
		})
	}
	return answer, nil
}
