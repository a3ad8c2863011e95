package desk

import (
	"context"

	"yunwei/apperr"
	"yunwei/defect"
)

// ExplainClock explains how the due time of a promise came about and whose time it was: the nth promise of that name,
// the latest for 0. NotFound for a promise that the case does not have, Unavailable while its events cannot be read.
func (d *Desk) ExplainClock(ctx context.Context, by Caller, number string, name defect.ClockName, nth int) (defect.Explanation, error) {
	c, err := d.visible(ctx, by, number)
	if err != nil {
		return defect.Explanation{}, err
	}
	events, err := d.history(ctx, c)
	if err != nil {
		return defect.Explanation{}, err
	}
	x, ok := c.Explain(name, nth, events, d.now())
	if !ok {
		return x, apperr.New(apperr.NotFound, apperr.ReasonClockUnknown, nil)
	}
	return x, nil
}

// history returns all events of a case up to its seq.
func (d *Desk) history(ctx context.Context, c defect.Case) ([]defect.Event, error) {
	var events []defect.Event
	err := d.sql(ctx, sqlPatience, func(ctx context.Context) (err error) {
		events, err = d.store.Events(ctx, c.Number, 0, c.Seq)
		return err
	})
	if isAway(err) || err == nil && len(events) < c.Seq {
		return d.journal(ctx, c.Number, 0)
	}
	if err != nil {
		return nil, apperr.Of(err)
	}
	return events, nil
}
