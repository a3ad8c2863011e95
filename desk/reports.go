package desk

import (
	"context"
	"errors"
	"strconv"
	"time"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/store"
)

// reportPatience is how long a report may take: it reads all promises of its period.
const reportPatience = 30 * time.Second

// MayReport reports whether a person may read reports: everybody of the contractor may, and auditors; who only reports
// defects may not. Forbidden otherwise.
func (d *Desk) MayReport(by Caller) error {
	if defect.SeesAll(by.Person) {
		return nil
	}
	return apperr.New(apperr.Forbidden, apperr.ReasonReports, nil)
}

// PromiseReport counts the promises that started in a period, see defect.PromiseReport. Forbidden for reporters, Invalid
// for a period that ends before it begins, Unavailable while SQL is away.
func (d *Desk) PromiseReport(ctx context.Context, by Caller, q defect.PromiseQuery) (defect.PromiseReport, error) {
	if err := d.mayAskFor(by, q); err != nil {
		return defect.PromiseReport{}, err
	}
	var report defect.PromiseReport
	err := d.sql(ctx, reportPatience, func(ctx context.Context) (err error) {
		report, err = d.store.PromiseReport(ctx, q)
		return err
	})
	if err != nil {
		return defect.PromiseReport{}, apperr.Of(err)
	}
	return report, nil
}

// Promises lists the promises behind a figure of a report, by start, at most limit of them, and the cursor to go on
// after. The errors are those of PromiseReport, and Invalid for a cursor that no list gave.
func (d *Desk) Promises(ctx context.Context, by Caller, q defect.PromiseQuery, after string, limit int) ([]defect.CasePromise, string, error) {
	if err := d.mayAskFor(by, q); err != nil {
		return nil, "", err
	}
	var list []defect.CasePromise
	var next string
	err := d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		list, next, err = d.store.Promises(ctx, q, after, limit)
		return err
	})
	if errors.Is(err, store.ErrCursor) {
		return nil, "", wrongCursor()
	}
	if err != nil {
		return nil, "", apperr.Of(err)
	}
	return list, next, nil
}

const (
	// maxRows is how many promises are read one after another for a file: a sheet has room for 1,048,576 rows.
	maxRows = 1_000_000
	// rowsPage is how many are read at a time.
	rowsPage = 2_000
)

// promiseLister is who lists promises: the desk.
type promiseLister interface {
	Promises(ctx context.Context, by Caller, q defect.PromiseQuery, after string, limit int) ([]defect.CasePromise, string, error)
}

// EachPromise calls each with every promise that q asks for, by start, and ends at its first error. The errors are those of
// Promises, and TooLarge for more than a file takes.
func EachPromise(ctx context.Context, from promiseLister, by Caller, q defect.PromiseQuery, each func(defect.CasePromise) error) error {
	n := 0
	for after := ""; ; {
		list, next, err := from.Promises(ctx, by, q, after, rowsPage)
		if err != nil {
			return err
		}
		if n += len(list); n > maxRows {
			return apperr.New(apperr.TooLarge, apperr.ReasonTooLarge, apperr.Args{"limit": strconv.Itoa(maxRows)})
		}
		for _, p := range list {
			if err := each(p); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		after = next
	}
}

// Zone returns the site's zone, in which people read times.
func (d *Desk) Zone() *time.Location { return d.holidays.base.Zone() }

func (d *Desk) mayAskFor(by Caller, q defect.PromiseQuery) error {
	if err := d.MayReport(by); err != nil {
		return err
	}
	var wrong apperr.Fields
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		wrong.Add("to", apperr.FieldPeriod, nil)
	}
	return wrong.Err()
}

// wrongCursor says that a cursor is none that the list gave.
func wrongCursor() error {
	var wrong apperr.Fields
	wrong.Add("after", apperr.FieldCursor, nil)
	return wrong.Err()
}
