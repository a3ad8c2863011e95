package desk

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/roster"
	"yunwei/store"
)

// SignOnDuty notes that the caller has come on duty. Without a shift it is the one that they have now, if any. Conflict when
// they are there already.
func (d *Desk) SignOnDuty(ctx context.Context, by Caller, name, shift, note string) (roster.Presence, error) {
	shift, err := d.servesIn(ctx, by, name, shift)
	if err != nil {
		return roster.Presence{}, err
	}
	p := roster.Presence{ID: uuid.NewString(), Roster: name, Shift: shift, Username: fold(by.Username), In: micro(d.now()), NoteIn: strings.TrimSpace(note)}
	err = d.write(ctx, sqlPatience, func(ctx context.Context) error { return d.store.SignIn(ctx, p) })
	if errors.Is(err, store.ErrConflict) {
		return roster.Presence{}, apperr.New(apperr.Conflict, apperr.ReasonPresent, nil)
	}
	return p, errorOf(err)
}

// SignOffDuty notes that the caller has gone. Conflict when they are not there.
func (d *Desk) SignOffDuty(ctx context.Context, by Caller, note string) (roster.Presence, error) {
	if err := d.MayDuty(by, roster.TaskServe); err != nil {
		return roster.Presence{}, err
	}
	var p roster.Presence
	err := d.write(ctx, sqlPatience, func(ctx context.Context) (err error) {
		p, err = d.store.SignOut(ctx, by.Username, micro(d.now()), strings.TrimSpace(note))
		return err
	})
	return p, ofStore(err, apperr.New(apperr.Conflict, apperr.ReasonAbsent, nil))
}

// Presences lists stays on duty, the latest first, with the ID to go on from when there are more.
func (d *Desk) Presences(ctx context.Context, by Caller, f store.PresenceFilter, after string, limit int) ([]roster.Presence, string, error) {
	if err := d.MayDuty(by, roster.TaskRead); err != nil {
		return nil, "", err
	}
	var list []roster.Presence
	err := d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		list, err = d.store.Presences(ctx, f, after, limit+1)
		return err
	})
	list, next := cutPage(list, limit, func(p roster.Presence) string { return p.ID })
	return list, next, ofStore(err, nil)
}

// WriteLog adds a line to the duty log. Without a shift it is the one that the caller has now, if any. Invalid when it
// names a case that the caller may not see.
func (d *Desk) WriteLog(ctx context.Context, by Caller, e roster.LogEntry) (roster.LogEntry, error) {
	shift, err := d.servesIn(ctx, by, e.Roster, e.Shift)
	if err != nil {
		return roster.LogEntry{}, err
	}
	e = roster.LogEntry{ID: uuid.NewString(), Roster: e.Roster, Shift: shift, At: micro(d.now()), By: fold(by.Username), Text: strings.TrimSpace(e.Text), Case: e.Case}
	if e.Case != "" {
		c, err := d.visible(ctx, by, e.Case)
		if apperr.Is(err, apperr.NotFound) {
			var wrong apperr.Fields
			wrong.Add("case", apperr.FieldCase, apperr.Args{"number": e.Case})
			return roster.LogEntry{}, wrong.Err()
		}
		if err != nil {
			return roster.LogEntry{}, err
		}
		e.Case = c.Number
	}
	return e, errorOf(d.write(ctx, sqlPatience, func(ctx context.Context) error { return d.store.AddLog(ctx, e) }))
}

// DutyLog lists the duty log in [from, to), of one roster where it is given, the latest line first, with the ID to go on
// from when there are more. A zero time bounds nothing.
func (d *Desk) DutyLog(ctx context.Context, by Caller, name string, from, to time.Time, after string, limit int) ([]roster.LogEntry, string, error) {
	if err := d.MayDuty(by, roster.TaskRead); err != nil {
		return nil, "", err
	}
	var list []roster.LogEntry
	err := d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		list, err = d.store.Log(ctx, name, from, to, after, limit+1)
		return err
	})
	list, next := cutPage(list, limit, func(e roster.LogEntry) string { return e.ID })
	return list, next, ofStore(err, nil)
}

// HandOver keeps the caller's note to who comes after them, with how many open cases they have in hand, and tells who comes.
// Without a shift it is the one that the caller has now, if any.
func (d *Desk) HandOver(ctx context.Context, by Caller, h roster.HandOver) (roster.HandOver, error) {
	shift, err := d.servesIn(ctx, by, h.Roster, h.Shift)
	if err != nil {
		return roster.HandOver{}, err
	}
	h = roster.HandOver{ID: uuid.NewString(), Roster: h.Roster, Shift: shift, At: micro(d.now()), From: fold(by.Username), To: fold(strings.TrimSpace(h.To)), Note: strings.TrimSpace(h.Note)}
	var wrong apperr.Fields
	d.checkServes("to", h.To, &wrong)
	if h.To == h.From {
		wrong.Add("to", apperr.FieldRepeated, nil)
	}
	if err := wrong.Err(); err != nil {
		return roster.HandOver{}, err
	}
	if load, err := d.workload(ctx, []string{h.From}); err == nil && len(load) == 1 {
		h.OpenCases, h.OpenKnown = load[0].Open, true
	}
	if err := d.write(ctx, sqlPatience, func(ctx context.Context) error { return d.store.AddHandOver(ctx, h) }); err != nil {
		return roster.HandOver{}, errorOf(err)
	}
	d.tellHandOver(ctx, by, h)
	return h, nil
}

var (
	errHandOverUnknown = apperr.New(apperr.NotFound, apperr.ReasonHandOverUnknown, nil)
	errAcknowledged    = apperr.New(apperr.Conflict, apperr.ReasonAcknowledged, nil)
)

// MayAcknowledge returns why somebody cannot say that they have read a hand-over: Forbidden, or Conflict when they have said
// so before; nil when they can.
func (d *Desk) MayAcknowledge(by Caller, h roster.HandOver) error {
	if err := d.MayDuty(by, roster.TaskServe); err != nil {
		return err
	}
	switch {
	case h.To != fold(by.Username):
		return apperr.New(apperr.Forbidden, apperr.ReasonNotYours, apperr.Args{"person": h.To})
	case !h.AcknowledgedAt.IsZero():
		return errAcknowledged
	}
	return nil
}

// AcknowledgeHandOver says that the caller, who comes, has read a hand-over. Conflict when they have said so before.
func (d *Desk) AcknowledgeHandOver(ctx context.Context, by Caller, id, remark string) (roster.HandOver, error) {
	if err := d.MayDuty(by, roster.TaskServe); err != nil {
		return roster.HandOver{}, err
	}
	var h roster.HandOver
	err := d.sql(ctx, sqlPatience, func(ctx context.Context) (err error) {
		h, err = d.store.HandOver(ctx, id)
		return err
	})
	if err != nil {
		return roster.HandOver{}, ofStore(err, errHandOverUnknown)
	}
	if err := d.MayAcknowledge(by, h); err != nil {
		return roster.HandOver{}, err
	}
	h.AcknowledgedAt, h.Remark = micro(d.now()), strings.TrimSpace(remark)
	err = d.write(ctx, sqlPatience, func(ctx context.Context) error {
		return d.store.AcknowledgeHandOver(ctx, id, h.AcknowledgedAt, h.Remark)
	})
	if errors.Is(err, store.ErrConflict) {
		return roster.HandOver{}, errAcknowledged
	}
	return h, errorOf(err)
}

// HandOvers lists hand-over notes, of one roster where it is given, with pending only those that wait for who comes, the
// latest first, with the ID to go on from when there are more.
func (d *Desk) HandOvers(ctx context.Context, by Caller, name string, pending bool, after string, limit int) ([]roster.HandOver, string, error) {
	if err := d.MayDuty(by, roster.TaskRead); err != nil {
		return nil, "", err
	}
	var list []roster.HandOver
	err := d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		list, err = d.store.HandOvers(ctx, name, pending, after, limit+1)
		return err
	})
	list, next := cutPage(list, limit, func(h roster.HandOver) string { return h.ID })
	return list, next, ofStore(err, nil)
}

// servesIn returns the shift that somebody speaks of: one of the roster's, or the one that they have now when they name
// none.
func (d *Desk) servesIn(ctx context.Context, by Caller, name, shift string) (string, error) {
	if err := d.MayDuty(by, roster.TaskServe); err != nil {
		return "", err
	}
	var wrong apperr.Fields
	r, err := d.roster(ctx, name, 0)
	if apperr.Is(err, apperr.NotFound) {
		wrong.Add("roster", apperr.FieldRoster, nil)
		return "", wrong.Err()
	}
	if err != nil {
		return "", err
	}
	if shift = strings.TrimSpace(shift); shift != "" {
		if _, ok := r.Shift(shift); !ok {
			wrong.Add("shift", apperr.FieldShift, apperr.Args{"shifts": r.ShiftNames()})
		}
		return shift, wrong.Err()
	}
	on, err := d.dutyOf(ctx, name, d.now())
	if err != nil {
		return "", err
	}
	mine, _ := roster.Of(on, fold(by.Username))
	return mine.Shift, nil
}

// workload returns how many open cases people have in hand.
func (d *Desk) workload(ctx context.Context, usernames []string) ([]roster.Candidate, error) {
	var load []roster.Candidate
	err := d.sql(ctx, sqlPatience, func(ctx context.Context) (err error) {
		load, err = d.store.Workload(ctx, usernames)
		return err
	})
	return load, err
}

// maxCandidates bounds the people whose load is compared; no shift has so many.
const maxCandidates = 100

// asOfNow returns a person with what is true of them at this moment: whether they are on duty, and for whom they stand in.
func (d *Desk) asOfNow(p defect.Person) defect.Person {
	if all, err := d.duties.all(); err == nil {
		_, p.OnDuty = roster.Of(roster.OnDuty(all, d.now()), p.Username)
	}
	return d.people.standing(p)
}

// byDuty returns who takes a case for which nobody was named, and why: of those on duty now who may take one, the least
// loaded. It returns nobody when there is none, or when nobody can say how loaded they are.
func (d *Desk) byDuty(ctx context.Context) (string, *defect.Assignment) {
	all, err := d.duties.all()
	if err != nil {
		return "", nil
	}
	var names []string
	on := roster.OnDuty(all, d.now())
	for _, p := range roster.People(on) {
		if user, known, err := d.people.find(p); err == nil && known && !user.Disabled && defect.MayBeAssigned(user.Person) && len(names) < maxCandidates {
			names = append(names, user.Username)
		}
	}
	if len(names) == 0 {
		return "", nil
	}
	load, err := d.workload(ctx, names)
	if err != nil {
		if !isAway(err) {
			d.log.WarnContext(ctx, "nobody can say how loaded those on duty are", "error", err)
		}
		return "", nil
	}
	picked, ok := roster.Pick(load)
	if !ok {
		return "", nil
	}
	a, _ := roster.Of(on, picked.Username)
	return picked.Username, defect.ByDuty(a.Roster, a.Shift, picked.Open, len(names))
}
