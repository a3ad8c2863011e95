package desk

import (
	"context"
	"errors"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/store"
)

// MayAudit reports whether a person may read what the nightly audit found: administrators and auditors. Forbidden
// otherwise.
func (d *Desk) MayAudit(by Caller) error {
	if by.Has(defect.RoleAdmin, defect.RoleAuditor) {
		return nil
	}
	return apperr.New(apperr.Forbidden, apperr.ReasonAudits, nil)
}

// Audits lists the runs of the nightly audit, the latest first, at most limit of them, and the cursor to go on after.
// Forbidden but for those who may audit, Invalid for a cursor that no list gave, Unavailable while SQL is away.
func (d *Desk) Audits(ctx context.Context, by Caller, after string, limit int) ([]Audit, string, error) {
	if err := d.MayAudit(by); err != nil {
		return nil, "", err
	}
	var list []store.Audit
	var next string
	err := d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		list, next, err = d.store.Audits(ctx, after, limit)
		return err
	})
	if err != nil {
		return nil, "", auditError(err)
	}
	out := make([]Audit, len(list))
	for i, a := range list {
		out[i] = Audit(a)
	}
	return out, next, nil
}

// Findings lists what an audit found wrong, by case. The errors are those of Audits, and NotFound for no such audit.
func (d *Desk) Findings(ctx context.Context, by Caller, id, after string, limit int) ([]defect.Drift, string, error) {
	if err := d.MayAudit(by); err != nil {
		return nil, "", err
	}
	var list []defect.Drift
	var next string
	err := d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		list, next, err = d.store.Findings(ctx, id, after, limit)
		return err
	})
	if err != nil {
		return nil, "", auditError(err)
	}
	return list, next, nil
}

func auditError(err error) error {
	switch {
	case errors.Is(err, store.ErrCursor):
		return wrongCursor()
	case errors.Is(err, store.ErrNotFound):
		return apperr.New(apperr.NotFound, apperr.ReasonAuditUnknown, nil)
	}
	return apperr.Of(err)
}
