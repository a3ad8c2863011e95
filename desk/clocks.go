package desk

import (
	"context"

	"yunwei/apperr"
	"yunwei/defect"
)

// ExplainClock explains how the due time of a promise came about and whose time it was: the nth promise of that name,
// the latest for 0. NotFound for a promise that the case does not have. It needs the case alone, so that it answers while
// SQL is away too.
func (d *Desk) ExplainClock(ctx context.Context, by Caller, number string, name defect.ClockName, nth int) (defect.Explanation, error) {
	c, err := d.visible(ctx, by, number)
	if err != nil {
		return defect.Explanation{}, err
	}
	x, ok := c.Explain(name, nth, d.now())
	if !ok {
		return x, apperr.New(apperr.NotFound, apperr.ReasonClockUnknown, nil)
	}
	return x, nil
}
