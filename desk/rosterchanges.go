package desk

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"yunwei/apperr"
	"yunwei/roster"
	"yunwei/store"
)

// maxLiveChanges bounds the overrides and swaps of a roster that are not over: with more a new plan had better be saved.
const maxLiveChanges = 500

var (
	errChangeUnknown = apperr.New(apperr.NotFound, apperr.ReasonChangeUnknown, nil)
	errChangeOver    = apperr.New(apperr.Conflict, apperr.ReasonChangeOver, nil)
)

// AddOverride puts people on duty in place of others for a time, from now on at the earliest. Invalid, NotFound.
func (d *Desk) AddOverride(ctx context.Context, by Caller, name string, o roster.Override) (roster.Override, error) {
	if err := d.MayDuty(by, roster.TaskPlan); err != nil {
		return roster.Override{}, err
	}
	r, err := d.roster(ctx, name, 0)
	if err != nil {
		return roster.Override{}, err
	}
	o = roster.Override{
		ID: uuid.NewString(), From: micro(o.From), To: micro(o.To), Shift: strings.TrimSpace(o.Shift), Instead: fold(strings.TrimSpace(o.Instead)), People: o.People,
		By: by.Username, Reason: strings.TrimSpace(o.Reason), At: micro(d.now()),
	}
	o.People = slices.Clone(o.People)
	var wrong apperr.Fields
	for i, p := range o.People {
		o.People[i] = fold(strings.TrimSpace(p))
		d.checkServes("people["+strconv.Itoa(i)+"]", o.People[i], &wrong)
	}
	if o.Instead != "" && !r.Plan.Names(o.Instead) && !d.hasAccount(o.Instead) {
		wrong.Add("instead", apperr.FieldUser, nil)
	}
	o.Check(r.Plan, o.At, &wrong)
	if o.Reason == "" {
		wrong.Add("reason", apperr.FieldRequired, nil)
	}
	if err := d.checkRoom(ctx, name, &wrong); err != nil {
		return roster.Override{}, err
	}
	if err := wrong.Err(); err != nil {
		return roster.Override{}, err
	}
	return o, d.change(ctx, func(ctx context.Context) error { return d.store.AddOverride(ctx, name, o) })
}

// MayCancelOverride returns why somebody cannot cancel an override now: Forbidden, or Conflict when it is over or cancelled;
// nil when they can.
func (d *Desk) MayCancelOverride(by Caller, o roster.Override) error {
	if err := d.MayDuty(by, roster.TaskPlan); err != nil {
		return err
	}
	if !o.Live(d.now()) {
		return errChangeOver
	}
	return nil
}

// CancelOverride ends an override now: what it changed until now stays. Conflict when it is over or cancelled.
func (d *Desk) CancelOverride(ctx context.Context, by Caller, name, id string) error {
	if err := d.MayDuty(by, roster.TaskPlan); err != nil {
		return err
	}
	var o roster.Override
	if err := d.readRosterChange(ctx, func(ctx context.Context) (err error) { o, err = d.store.Override(ctx, name, id); return err }); err != nil {
		return err
	}
	if err := d.MayCancelOverride(by, o); err != nil {
		return err
	}
	o.CancelledBy, o.CancelledAt = by.Username, micro(d.now())
	return d.change(ctx, func(ctx context.Context) error { return d.store.CancelOverride(ctx, name, o) })
}

// Overrides lists the overrides of a roster, the latest made first, with the ID to go on from when there are more.
func (d *Desk) Overrides(ctx context.Context, by Caller, name, after string, limit int) ([]roster.Override, string, error) {
	var list []roster.Override
	err := d.listOf(ctx, by, name, func(ctx context.Context) (err error) {
		list, err = d.store.Overrides(ctx, name, after, limit+1)
		return err
	})
	list, next := cutPage(list, limit, func(o roster.Override) string { return o.ID })
	return list, next, err
}

// AskSwap asks another to exchange duty, and tells them. Both have to be on duty in what they give. Invalid, NotFound.
func (d *Desk) AskSwap(ctx context.Context, by Caller, name string, w roster.Swap) (roster.Swap, error) {
	if err := d.MayDuty(by, roster.TaskServe); err != nil {
		return roster.Swap{}, err
	}
	if _, err := d.roster(ctx, name, 0); err != nil {
		return roster.Swap{}, err
	}
	w = roster.Swap{
		ID: uuid.NewString(), By: by.Username, With: fold(strings.TrimSpace(w.With)), Give: roster.Span{From: micro(w.Give.From), To: micro(w.Give.To)},
		Take: roster.Span{From: micro(w.Take.From), To: micro(w.Take.To)}, Reason: strings.TrimSpace(w.Reason), At: micro(d.now()), State: roster.SwapAsked,
	}
	var wrong apperr.Fields
	d.checkServes("with", w.With, &wrong)
	w.Check(w.At, &wrong)
	if err := d.checkRoom(ctx, name, &wrong); err != nil {
		return roster.Swap{}, err
	}
	if err := wrong.Err(); err != nil {
		return roster.Swap{}, err
	}
	for field, half := range map[string]struct {
		span roster.Span
		who  string
	}{"give.from": {w.Give, w.By}, "take.from": {w.Take, w.With}} {
		list, err := d.dutyIn(ctx, name, half.span.From, half.span.To)
		if err != nil {
			return roster.Swap{}, err
		}
		if _, on := roster.Of(list, half.who); !on {
			wrong.Add(field, apperr.FieldNotOnDuty, apperr.Args{"person": half.who})
		}
	}
	if err := wrong.Err(); err != nil {
		return roster.Swap{}, err
	}
	if err := d.change(ctx, func(ctx context.Context) error { return d.store.AddSwap(ctx, name, w) }); err != nil {
		return roster.Swap{}, err
	}
	d.tellSwap(ctx, by, name, w)
	return w, nil
}

// MayAnswerSwap returns why somebody cannot agree to a swap or refuse it now: Forbidden, or Conflict when it was answered or
// is over; nil when they can.
func (d *Desk) MayAnswerSwap(by Caller, w roster.Swap) error {
	if err := d.MayDuty(by, roster.TaskServe); err != nil {
		return err
	}
	switch {
	case w.With != fold(by.Username):
		return apperr.New(apperr.Forbidden, apperr.ReasonNotYours, apperr.Args{"person": w.With})
	case !w.Waits(d.now()):
		return errChangeOver
	}
	return nil
}

// AnswerSwap agrees to a swap or refuses it, and tells who asked; only who was asked may. Conflict when it was answered, or is over.
func (d *Desk) AnswerSwap(ctx context.Context, by Caller, name, id string, agree bool) (roster.Swap, error) {
	if err := d.MayDuty(by, roster.TaskServe); err != nil {
		return roster.Swap{}, err
	}
	w, err := d.swap(ctx, name, id)
	if err != nil {
		return roster.Swap{}, err
	}
	if err := d.MayAnswerSwap(by, w); err != nil {
		return roster.Swap{}, err
	}
	w.State, w.AnsweredAt = roster.SwapRefused, micro(d.now())
	if agree {
		w.State = roster.SwapAgreed
	}
	if err := d.change(ctx, func(ctx context.Context) error { return d.store.MoveSwap(ctx, name, roster.SwapAsked, w) }); err != nil {
		return roster.Swap{}, err
	}
	d.tellSwap(ctx, by, name, w)
	return w, nil
}

// CancelSwap withdraws a swap that was not answered, which is for who asked, or takes back one that was agreed on, for what
// is left of it, which is for both and for those who plan.
func (d *Desk) CancelSwap(ctx context.Context, by Caller, name, id string) error {
	if d.MayDuty(by, roster.TaskPlan) != nil { // before it is told whether there is such a swap
		if err := d.MayDuty(by, roster.TaskServe); err != nil {
			return err
		}
	}
	w, err := d.swap(ctx, name, id)
	if err != nil {
		return err
	}
	if err := d.MayCancelSwap(by, w); err != nil {
		return err
	}
	now, before := micro(d.now()), w.State
	if w.State == roster.SwapAsked {
		w.State, w.AnsweredAt = roster.SwapWithdrawn, now
	} else {
		w.CancelledBy, w.CancelledAt = by.Username, now
	}
	return d.change(ctx, func(ctx context.Context) error { return d.store.MoveSwap(ctx, name, before, w) })
}

// MayCancelSwap returns why somebody cannot cancel a swap now: Forbidden, or Conflict when it is over; nil when they can.
func (d *Desk) MayCancelSwap(by Caller, w roster.Swap) error {
	me := fold(by.Username)
	serves := d.MayDuty(by, roster.TaskServe) == nil
	switch planner := d.MayDuty(by, roster.TaskPlan) == nil; {
	case !planner && !(serves && (w.By == me || w.With == me && w.State == roster.SwapAgreed)):
		return apperr.New(apperr.Forbidden, apperr.ReasonNotYours, apperr.Args{"person": w.By})
	case !w.Live(d.now()):
		return errChangeOver
	}
	return nil
}

// Swaps lists the swaps of a roster, the latest first, with the ID to go on from when there are more.
func (d *Desk) Swaps(ctx context.Context, by Caller, name, after string, limit int) ([]roster.Swap, string, error) {
	var list []roster.Swap
	err := d.listOf(ctx, by, name, func(ctx context.Context) (err error) {
		list, err = d.store.Swaps(ctx, name, after, limit+1)
		return err
	})
	list, next := cutPage(list, limit, func(w roster.Swap) string { return w.ID })
	return list, next, err
}

func (d *Desk) swap(ctx context.Context, name, id string) (w roster.Swap, err error) {
	err = d.readRosterChange(ctx, func(ctx context.Context) (err error) { w, err = d.store.Swap(ctx, name, id); return err })
	return w, err
}

// listOf reads a list of what belongs to a roster.
func (d *Desk) listOf(ctx context.Context, by Caller, name string, read func(context.Context) error) error {
	if _, err := d.Roster(ctx, by, name, 0); err != nil {
		return err
	}
	return ofStore(d.sql(ctx, listPatience, read), unknownRoster())
}

func (d *Desk) readRosterChange(ctx context.Context, read func(context.Context) error) error {
	return ofStore(d.sql(ctx, sqlPatience, read), errChangeUnknown)
}

// change writes a change and lets this process know it. Conflict when somebody else was faster.
func (d *Desk) change(ctx context.Context, write func(context.Context) error) error {
	err := d.write(ctx, sqlPatience, write)
	if errors.Is(err, store.ErrConflict) {
		return errChangeOver
	}
	if err != nil {
		return apperr.Of(err)
	}
	d.refreshDuties(ctx)
	return nil
}

func (d *Desk) checkServes(field, username string, wrong *apperr.Fields) {
	if username != "" && !d.serves(username) {
		wrong.Add(field, apperr.FieldServes, nil)
	}
}

// hasAccount reports whether somebody has, or had, an account. Who cannot serve any more is the first to be replaced.
func (d *Desk) hasAccount(username string) bool {
	_, known, err := d.people.find(username)
	return err != nil || known
}

// checkRoom refuses one change more than a roster takes.
func (d *Desk) checkRoom(ctx context.Context, name string, wrong *apperr.Fields) error {
	var n int
	err := d.sql(ctx, sqlPatience, func(ctx context.Context) (err error) {
		n, err = d.store.LiveChanges(ctx, name, d.now())
		return err
	})
	if err != nil {
		return apperr.Of(err)
	}
	if n >= maxLiveChanges {
		wrong.Add("name", apperr.FieldTooMany, apperr.Args{"limit": strconv.Itoa(maxLiveChanges)})
	}
	return nil
}

// micro is a time as it is kept: in UTC, to the microsecond.
func micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
