package desk

import (
	"cmp"
	"context"
	"errors"

	"github.com/google/uuid"

	"yunwei/apperr"
	"yunwei/contract"
	"yunwei/defect"
	"yunwei/store"
)

// Act takes a step and returns the case after it. version, when given, is the version that the caller saw. With an
// idempotency key a repeat gives the first result and does nothing.
func (d *Desk) Act(ctx context.Context, by Caller, number string, a defect.Action, in defect.Input, version *int, idempotencyKey string) (View, error) {
	number, err := parseNumber(number)
	if err != nil {
		return View{}, err
	}
	in.Assignment = nil // ours to say
	cmd := defect.Command{Action: a, Input: in, By: by.Person, Version: version}
	updateID := uuid.NewString()
	if idempotencyKey != "" {
		k := keyed(by, "act "+number, idempotencyKey, []any{a, in, version})
		cmd.Key, cmd.Print, updateID = k.Key, k.Print, defect.Digest(k.Key, k.Print)
		if v, found, err := d.actedBefore(ctx, by, number, cmd); found || err != nil {
			return v, err
		}
	}
	if a == defect.ActAcknowledge && in.Assignee == "" {
		cmd.Input.Assignee, cmd.Input.Assignment = d.byDuty(ctx)
	}
	if cmd.Input, err = d.named(ctx, by, number, cmd); err != nil {
		return View{}, err
	}
	return d.act(ctx, by, number, updateID, cmd)
}

func (d *Desk) act(ctx context.Context, by Caller, number, updateID string, cmd defect.Command) (View, error) {
	result, err := d.cases.act(ctx, number, updateID, cmd)
	if errors.Is(err, errNoCase) {
		return View{}, d.notRunning(ctx, number, cmd)
	}
	if err != nil {
		return View{}, err
	}
	if result.Repeat {
		v, _, err := d.repeatedStep(ctx, by, number, result.Seq)
		return v, err
	}
	c, err := d.after(ctx, number, cmd, result)
	if err != nil {
		return View{}, err
	}
	return d.view(by, c), nil
}

// after returns the case after a step, from SQL when that could be brought up to it, from the workflow otherwise.
func (d *Desk) after(ctx context.Context, number string, cmd defect.Command, result contract.ActResult) (defect.Case, error) {
	in := cmd.Filled()
	for i, e := range result.Events {
		if e.Seq == result.Seq {
			result.Events[i].Input = &in
		}
	}
	if c, ok := d.project(ctx, number, nil, result.Events); ok {
		return c, nil
	}
	state, err := d.cases.state(ctx, number)
	if err != nil {
		return defect.Case{}, d.unknown(err, number)
	}
	if len(state.Journal) > 0 {
		d.project(ctx, number, &state.Case, state.Journal)
	}
	return state.Case, nil
}

// notRunning says why a step on a case without a running workflow is refused: the case has ended, or there is none.
func (d *Desk) notRunning(ctx context.Context, number string, cmd defect.Command) error {
	c, err := d.read(ctx, number)
	if err != nil {
		return err
	}
	if err := c.Check(cmd); err != nil {
		return err
	}
	// It ended between two steps of ours, or Temporal has lost what SQL still shows.
	d.log.ErrorContext(ctx, "an open case has no workflow", "number", number)
	return &apperr.Error{Code: apperr.Unavailable, Reason: apperr.ReasonTemporalAway}
}

// actedBefore looks for a step that was taken under the same key, while SQL answers.
func (d *Desk) actedBefore(ctx context.Context, by Caller, number string, cmd defect.Command) (View, bool, error) {
	var first defect.Event
	err := d.sql(ctx, sqlPatience, func(ctx context.Context) (err error) {
		first, err = d.store.EventByKey(ctx, number, cmd.Key)
		return err
	})
	switch {
	case isAway(err), errors.Is(err, store.ErrNotFound):
		return View{}, false, nil
	case err != nil:
		return View{}, false, apperr.Of(err)
	case first.Print != cmd.Print:
		return View{}, false, apperr.New(apperr.Invalid, apperr.ReasonKeyReused, nil)
	}
	return d.repeatedStep(ctx, by, number, first.Seq)
}

// repeatedStep returns the case as it was after the given event: the first result of a step that is asked for again.
func (d *Desk) repeatedStep(ctx context.Context, by Caller, number string, seq int) (View, bool, error) {
	c, err := d.read(ctx, number)
	if err != nil {
		return View{}, true, err
	}
	if !c.VisibleTo(by.Person) {
		return View{}, true, unknownDefect(number)
	}
	var events []defect.Event
	err = d.sql(ctx, sqlPatience, func(ctx context.Context) (err error) {
		events, err = d.store.Events(ctx, number, 0, seq)
		return err
	})
	switch {
	case err == nil && len(events) == seq:
		return d.view(by, defect.Replay(c, events)), true, nil
	case err == nil || isAway(err):
		return d.view(by, c), true, nil // without its events the case of today must do: the step is in it
	}
	return View{}, true, apperr.Of(err)
}

// named checks the people and cases that an input names, which the case itself cannot know, and returns the input with
// them as we write them. What the case would refuse in any event is told first.
func (d *Desk) named(ctx context.Context, by Caller, number string, cmd defect.Command) (defect.Input, error) {
	in := cmd.Input
	var wrong apperr.Fields
	if in.Assignee != "" {
		var err error
		if in.Assignee, err = d.account("assignee", in.Assignee, defect.MayBeAssigned, apperr.FieldUserRole, &wrong); err != nil {
			return in, err
		}
	}
	if of, ok := defect.ParseNumber(in.Of); ok && of != number {
		if err := d.checkOriginal(ctx, by, of, &wrong); err != nil {
			return in, err
		}
	}
	if len(wrong) == 0 {
		return in, nil
	}
	c, err := d.read(ctx, number)
	if err != nil {
		return in, err
	}
	if err := c.Check(cmd); err != nil && !apperr.Is(err, apperr.Invalid) {
		return in, err
	} else if err != nil {
		wrong = append(apperr.Of(err).Fields, wrong...)
	}
	return in, wrong.Err()
}

// account returns the user name that a field names as the account has it, and adds to wrong that it names nobody, or
// somebody who does not fit.
func (d *Desk) account(field, username string, fits func(defect.Person) bool, otherwise apperr.Reason, wrong *apperr.Fields) (string, error) {
	user, known, err := d.people.find(username)
	switch {
	case err != nil:
		return username, err
	case !known || user.Disabled:
		wrong.Add(field, apperr.FieldUser, nil)
	case !fits(user.Person):
		wrong.Add(field, otherwise, nil)
	}
	return cmp.Or(user.Username, username), nil
}

// checkOriginal checks that a case may stand as the one that a duplicate goes on in: the caller may see it, and it is not a
// duplicate itself, so that nobody is sent in a circle.
func (d *Desk) checkOriginal(ctx context.Context, by Caller, of string, wrong *apperr.Fields) error {
	original, err := d.visible(ctx, by, of)
	switch {
	case apperr.Is(err, apperr.NotFound):
		wrong.Add("of", apperr.FieldCase, apperr.Args{"number": of})
	case err != nil:
		return err
	case original.DuplicateOf != "":
		wrong.Add("of", apperr.FieldDuplicateOf, apperr.Args{"number": original.DuplicateOf})
	}
	return nil
}

// MayAct returns why a step would be refused whatever was filled in, or nil: NotFound, Forbidden, WrongStage, Conflict.
func (d *Desk) MayAct(ctx context.Context, by Caller, number string, a defect.Action) error {
	c, err := d.visible(ctx, by, number)
	if err != nil {
		return err
	}
	return c.May(a, by.Person)
}
