package desk

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"yunwei/apperr"
	"yunwei/contract"
	"yunwei/defect"
	"yunwei/store"
)

// Submit files a report and returns its case. A zero Reporter is the caller; only an agent files for somebody else. With
// an idempotency key, the same key of the same caller gives the same case again, created false.
func (d *Desk) Submit(ctx context.Context, by Caller, s defect.Submission, idempotencyKey string) (View, bool, error) {
	k := keyed(by, "submit", idempotencyKey, s) // as it was sent: a name that changes meanwhile is no other request
	s, err := d.complete(ctx, by, s)
	if err != nil {
		return View{}, false, err
	}
	if idempotencyKey == "" {
		v, err := d.open(ctx, by, s, newNumber(), defect.Keyed{})
		return v, true, err
	}
	return d.submitOnce(ctx, by, s, k)
}

// complete checks a report and who files it, and fills in what goes without saying.
func (d *Desk) complete(ctx context.Context, by Caller, s defect.Submission) (defect.Submission, error) {
	if err := d.MaySubmit(by); err != nil {
		return s, err
	}
	if s.Channel == "" {
		s.Channel = defect.ChannelAPI
	}
	var err error
	if s.Reporter, err = reporterOf(by, s.Reporter); err != nil {
		return s, err
	}
	if err := s.Check(d.now()); err != nil {
		return s, err
	}
	return s, d.checkFollowed(ctx, by, s.Follows)
}

// checkFollowed checks that the case that a report takes up again is one that the caller may see. While SQL is away, a case
// that has ended cannot be asked for; a report does not wait for that.
func (d *Desk) checkFollowed(ctx context.Context, by Caller, number string) error {
	if number == "" {
		return nil
	}
	if err := d.sql(ctx, sqlPatience, d.store.Ping); isAway(err) {
		return nil
	}
	var wrong apperr.Fields
	if _, err := d.visible(ctx, by, number); apperr.Is(err, apperr.NotFound) {
		wrong.Add("follows", apperr.FieldCase, apperr.Args{"number": number})
	} else if err != nil {
		return err
	}
	return wrong.Err()
}

// reporterOf says who reports: the caller, with what they tell of how to reach them, or whom an agent names.
func reporterOf(by Caller, r defect.Reporter) (defect.Reporter, error) {
	r.Username = ""
	switch own := r.Name == "" || r.Name == by.Name; {
	case defect.FilesForOthers(by.Person) && r != defect.Reporter{}:
		return r, nil
	case !own:
		return r, apperr.New(apperr.Forbidden, apperr.ReasonOnBehalf, nil)
	}
	r.Username, r.Name = by.Username, by.Name
	return r, nil
}

// submitOnce opens a case whose number follows from the key, so that a repeat finds it in Temporal also while SQL is
// away. SQL remembers the key for ever.
func (d *Desk) submitOnce(ctx context.Context, by Caller, s defect.Submission, k defect.Keyed) (View, bool, error) {
	var number, print string
	err := d.sql(ctx, sqlPatience, func(ctx context.Context) (err error) {
		number, print, err = d.store.CaseByKey(ctx, k.Key)
		return err
	})
	switch {
	case err == nil:
		v, err := d.repeated(ctx, by, number, print, k)
		return v, false, err
	case !errors.Is(err, store.ErrNotFound) && !isAway(err):
		return View{}, false, apperr.Of(err)
	}
	for attempt := 0; ; attempt++ {
		number := derivedNumber(k.Key, attempt)
		v, err := d.open(ctx, by, s, number, k)
		if !errors.Is(err, errExists) {
			return v, err == nil, err
		}
		state, err := d.cases.state(ctx, number)
		if err != nil {
			return View{}, false, d.unknown(err, number)
		}
		if first := state.Case.Submitted; first.Key == k.Key {
			v, err := d.repeated(ctx, by, number, first.Print, k)
			return v, false, err
		}
	}
}

// repeated returns the case that a key stands for, unless the request differs from the first.
func (d *Desk) repeated(ctx context.Context, by Caller, number, print string, k defect.Keyed) (View, error) {
	if print != k.Print {
		return View{}, apperr.New(apperr.Invalid, apperr.ReasonKeyReused, nil)
	}
	return d.Defect(ctx, by, number)
}

// open starts the case's workflow, which makes it durable, and brings SQL up to it. It returns errExists when the number
// is taken.
func (d *Desk) open(ctx context.Context, by Caller, s defect.Submission, number string, k defect.Keyed) (View, error) {
	c, submitted := defect.Open(number, s, d.policy(ctx), by.Person, d.now(), k)
	if err := d.cases.start(ctx, contract.DefectState{Case: c, Journal: []defect.Event{submitted}}); err != nil {
		return View{}, err
	}
	d.project(ctx, number, &c, []defect.Event{submitted})
	return d.view(by, c), nil
}

// project brings SQL up to a step as far as it can; what it cannot, the case's workflow does later.
func (d *Desk) project(ctx context.Context, number string, whole *defect.Case, events []defect.Event) (defect.Case, bool) {
	var c defect.Case
	err := d.write(ctx, sqlPatience, func(ctx context.Context) (err error) {
		c, err = d.store.Project(ctx, number, whole, events)
		return err
	})
	switch {
	case err == nil:
		return c, true
	case errors.Is(err, store.ErrDiverged):
		d.log.ErrorContext(ctx, "SQL and history tell different things", "number", number, "error", err)
	case !isAway(err) && !errors.Is(err, store.ErrGap):
		d.log.WarnContext(ctx, "the step reaches SQL later", "number", number, "error", err)
	}
	return defect.Case{}, false
}

// newNumber returns a random case number.
func newNumber() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: the program would have ended
	return defect.NewNumber(b)
}

// derivedNumber returns the case number that follows from a key. Should another case have it, the next attempt's does.
func derivedNumber(key string, attempt int) string {
	sum := sha256.Sum256([]byte(key + " " + strconv.Itoa(attempt)))
	return defect.NewNumber([8]byte(sum[:8]))
}

// keyed digests an idempotency key, apart for every caller and use, and the request that came with it.
func keyed(by Caller, use, key string, request any) defect.Keyed {
	b, err := json.Marshal(request)
	if err != nil { // no request holds what cannot be written
		b = fmt.Append(nil, request)
	}
	return defect.Keyed{Key: defect.Digest(by.Username, use, key), Print: defect.Digest(string(b))}
}

// MaySubmit returns Forbidden for somebody who files no reports.
func (d *Desk) MaySubmit(by Caller) error {
	if !defect.MaySubmit(by.Person) {
		return apperr.New(apperr.Forbidden, apperr.ReasonMaySubmit, nil)
	}
	return nil
}
