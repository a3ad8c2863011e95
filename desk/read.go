package desk

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/store"
)

// Defect returns a case as the caller sees it: NotFound for one that they may not see.
func (d *Desk) Defect(ctx context.Context, by Caller, number string) (View, error) {
	c, err := d.visible(ctx, by, number)
	if err != nil {
		return View{}, err
	}
	return d.view(by, c), nil
}

// visible returns a case that the caller may see.
func (d *Desk) visible(ctx context.Context, by Caller, number string) (defect.Case, error) {
	number, err := parseNumber(number)
	if err != nil {
		return defect.Case{}, err
	}
	c, err := d.read(ctx, number)
	if err == nil && !c.VisibleTo(by.Person) {
		return defect.Case{}, unknownDefect(number)
	}
	return c, err
}

// read returns a case from SQL, or from its workflow while SQL is away or has not heard of it yet.
func (d *Desk) read(ctx context.Context, number string) (defect.Case, error) {
	var c defect.Case
	err := d.sql(ctx, sqlPatience, func(ctx context.Context) (err error) {
		c, err = d.store.Defect(ctx, number)
		return err
	})
	if err == nil {
		return c, nil
	}
	if !isAway(err) && !errors.Is(err, store.ErrNotFound) {
		return defect.Case{}, apperr.Of(err)
	}
	state, err := d.cases.state(ctx, number)
	if err != nil {
		return defect.Case{}, d.unknown(err, number)
	}
	return state.Case, nil
}

// unknown turns errNoCase into a NotFound.
func (d *Desk) unknown(err error, number string) error {
	if errors.Is(err, errNoCase) {
		return unknownDefect(number)
	}
	return apperr.Of(err)
}

func unknownDefect(number string) error {
	return apperr.New(apperr.NotFound, apperr.ReasonDefectUnknown, apperr.Args{"number": number})
}

// parseNumber reads a number as people write it; what is none, is nobody's.
func parseNumber(s string) (string, error) {
	if n, ok := defect.ParseNumber(s); ok {
		return n, nil
	}
	return "", apperr.New(apperr.NotFound, apperr.ReasonNumber, nil)
}

// view shows a case to a person.
func (d *Desk) view(by Caller, c defect.Case) View {
	v := View{Case: c, Allowed: c.AllowedActions(by.Person)}
	if d.showCodes && slices.Contains(v.Allowed, defect.ActSign) {
		v.Code = defect.SignOffCode(d.key, c.Number, c.Proposal.N, by.Username)
	}
	return v
}

// Defects lists the cases that the caller may see. It is Unavailable while SQL is away, Invalid for a cursor that no
// list gave and for a text to search for that is too short as it is compared: it would find everything.
func (d *Desk) Defects(ctx context.Context, by Caller, q defect.Query) (Page, error) {
	if q.Text != "" && store.SearchLength(q.Text) < store.MinSearch {
		var wrong apperr.Fields
		wrong.Add("q", apperr.FieldTooShort, apperr.Args{"limit": strconv.Itoa(store.MinSearch)})
		return Page{}, wrong.Err()
	}
	var list store.Page
	err := d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		list, err = d.store.List(ctx, q, ownOnly(by))
		return err
	})
	if errors.Is(err, store.ErrCursor) {
		var wrong apperr.Fields
		wrong.Add("after", apperr.FieldCursor, nil)
		return Page{}, wrong.Err()
	}
	if err != nil {
		return Page{}, apperr.Of(err)
	}
	page := Page{Total: list.Total, TotalExact: list.TotalExact, Next: list.Next, Items: make([]View, 0, len(list.Items))}
	for _, c := range list.Items {
		page.Items = append(page.Items, d.view(by, c))
	}
	return page, nil
}

// caseLister lists cases, as a Desk does.
type caseLister interface {
	Defects(ctx context.Context, by Caller, q defect.Query) (Page, error)
}

// EachCase calls each with every case that q finds, from the first on and as deep as pages reach, and ends at its first error.
// It returns whether those were all. The errors are those of Defects.
func EachCase(ctx context.Context, from caseLister, by Caller, q defect.Query, each func(View) error) (whole bool, err error) {
	q.Page, q.After, q.Size = 1, "", defect.MaxPageSize
	for n := 0; n < defect.MaxDepth; {
		page, err := from.Defects(ctx, by, q)
		if err != nil {
			return false, err
		}
		for _, v := range page.Items {
			if err := each(v); err != nil {
				return false, err
			}
		}
		if n += len(page.Items); page.Next == "" {
			return true, nil
		}
		q.After = page.Next
	}
	return false, nil
}

// Events returns the events of a case after a seq, at most limit of them, and whether there are more. While SQL is away
// it tells those that the workflow still has, when they reach back far enough, and is Unavailable otherwise.
func (d *Desk) Events(ctx context.Context, by Caller, number string, after, limit int) ([]defect.Event, bool, error) {
	c, err := d.visible(ctx, by, number)
	if err != nil {
		return nil, false, err
	}
	var events []defect.Event
	err = d.sql(ctx, sqlPatience, func(ctx context.Context) (err error) {
		events, err = d.store.Events(ctx, c.Number, after, limit+1)
		return err
	})
	if isAway(err) || err == nil && len(events) == 0 && c.Seq > after {
		if events, err = d.journal(ctx, c.Number, after); err != nil {
			return nil, false, err
		}
	}
	if err != nil {
		return nil, false, apperr.Of(err)
	}
	more := len(events) > limit
	return events[:min(limit, len(events))], more, nil
}

// journal returns the events after a seq from the case's workflow.
func (d *Desk) journal(ctx context.Context, number string, after int) ([]defect.Event, error) {
	state, err := d.cases.state(ctx, number)
	if err != nil {
		return nil, d.unknown(err, number)
	}
	i := slices.IndexFunc(state.Journal, func(e defect.Event) bool { return e.Seq == after+1 })
	if i < 0 && state.Case.Seq > after {
		return nil, errAway
	}
	return state.Journal[max(i, 0):], nil
}
