package web_test

import (
	"context"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
)

func (f *fakeConsole) ExplainClock(ctx context.Context, by desk.Caller, number string, name defect.ClockName, nth int) (defect.Explanation, error) {
	v, err := f.Defect(ctx, by, number)
	if err != nil {
		return defect.Explanation{}, err
	}
	x, ok := v.Case.Explain(name, nth, now)
	if !ok {
		return x, apperr.New(apperr.NotFound, apperr.ReasonClockUnknown, nil)
	}
	return x, nil
}
