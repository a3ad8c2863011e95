package desk

import (
	"context"
	"errors"
	"strings"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/store"
)

// arranges says who may name a substitute for somebody else.
var arranges = []defect.Role{defect.RoleLiaison, defect.RoleAdmin}

// Substitute names who signs in the place of an absent supervisor for a time: the caller's own, or another's where the
// caller is the liaison or an admin. It is in force here at once and in other processes refreshEvery later at most.
func (d *Desk) Substitute(ctx context.Context, by Caller, sub defect.Substitution) (defect.Substitution, error) {
	now := d.now()
	if sub.Username == "" {
		sub.Username = by.Username
	}
	if sub.From.IsZero() {
		sub.From = now
	}
	sub.By = by.Username
	sub, err := d.checkSubstitution(by, sub)
	if err != nil {
		return sub, err
	}
	err = d.write(ctx, listPatience, func(ctx context.Context) (err error) {
		if sub, err = d.store.AddSubstitution(ctx, sub); err != nil {
			return err
		}
		return d.people.refresh(ctx)
	})
	if err == nil {
		d.tellSubstitute(ctx, sub)
	}
	return sub, errorOf(err)
}

// tellSubstitute tells the substitute. That it could not be told changes nothing about the substitution.
func (d *Desk) tellSubstitute(ctx context.Context, sub defect.Substitution) {
	policy := d.policy(ctx)
	err := d.write(ctx, listPatience, func(ctx context.Context) error { return d.store.TellSubstitute(ctx, sub, policy) })
	if err != nil {
		d.log.ErrorContext(ctx, "a substitute was not told", "id", sub.ID, "error", err)
	}
}

func (d *Desk) checkSubstitution(by Caller, sub defect.Substitution) (defect.Substitution, error) {
	own := strings.EqualFold(sub.Username, by.Username)
	if !own && !by.Has(arranges...) {
		return sub, apperr.New(apperr.Forbidden, apperr.ReasonArrange, nil)
	}
	var wrong apperr.Fields
	if err := sub.Check(d.now()); err != nil {
		wrong = apperr.Of(err).Fields
	}
	var err error
	if sub.Username, err = d.account("username", sub.Username, signs, apperr.FieldNoApprover, &wrong); err != nil {
		return sub, err
	}
	if sub.Substitute, err = d.account("substitute", sub.Substitute, defect.MaySubstitute, apperr.FieldNoSubstitute, &wrong); err != nil {
		return sub, err
	}
	return sub, wrong.Err()
}

// EndSubstitution ends a substitution before its time: the absent person's own, or any where the caller is the liaison or
// an admin. NotFound for one that the caller has no part in.
func (d *Desk) EndSubstitution(ctx context.Context, by Caller, id int64) error {
	unknown := apperr.New(apperr.NotFound, apperr.ReasonSubstitutionUnknown, nil)
	var ended defect.Substitution
	err := d.write(ctx, listPatience, func(ctx context.Context) error {
		sub, err := d.store.Substitution(ctx, id)
		if err != nil {
			return err
		}
		switch {
		case by.Has(arranges...) || sub.Username == by.Username:
		case sub.Substitute == by.Username:
			return apperr.New(apperr.Forbidden, apperr.ReasonArrange, nil)
		default:
			return unknown
		}
		if err := d.store.EndSubstitution(ctx, id); err != nil {
			return err
		}
		if ended, err = d.store.Substitution(ctx, id); err != nil {
			return err
		}
		return d.people.refresh(ctx)
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return unknown
	case err == nil:
		d.tellSubstitute(ctx, ended)
	}
	return errorOf(err)
}

// Substitutions lists those in which the caller has a part, or all to the liaison, admins and auditors: the latest first,
// before an ID (0 from the beginning), at most limit of them, and whether there are more.
func (d *Desk) Substitutions(ctx context.Context, by Caller, before int64, limit int) ([]defect.Substitution, bool, error) {
	own := by.Username
	if by.Has(append(arranges, defect.RoleAuditor)...) {
		own = ""
	}
	var list []defect.Substitution
	err := d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		list, err = d.store.Substitutions(ctx, own, before, limit+1)
		return err
	})
	if err != nil {
		return nil, false, apperr.Of(err)
	}
	return list[:min(limit, len(list))], len(list) > limit, nil
}

// Substitutable returns in whose places the caller may name somebody to sign, and whom they may name: nobody for who signs
// nothing and arranges nothing.
func (d *Desk) Substitutable(by Caller) (absent, substitutes []defect.Person) {
	switch {
	case by.Has(arranges...):
		absent = d.people.all(signs)
	case signs(by.Person):
		absent = []defect.Person{by.Person}
	default:
		return nil, nil
	}
	return absent, d.people.all(defect.MaySubstitute)
}

// signs reports whether a person signs proposals, so that somebody can sign in their place.
func signs(p defect.Person) bool { return p.Has(defect.RoleSupervisor) }
