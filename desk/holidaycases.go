package desk

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strconv"
	"strings"
	"time"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/store"
)

// Bounds of one request over open cases.
const (
	maxWalked = 2000 // cases looked at
	walkPage  = 100  // read at a time
	// MaxApplied is how many cases one request puts under a revision: each is a step of its workflow.
	MaxApplied = 50
)

// HolidayCase is an open case that a revision of the holidays concerns.
type HolidayCase struct {
	Number   string
	Title    string
	Severity defect.Severity
	Stage    defect.Stage
	// Moves are the promises that would move, or become more or less certain.
	Moves []defect.Move
}

// HolidayEffect is what a change does: to the set, and to the open cases, a page of them.
type HolidayEffect struct {
	defect.HolidayState
	calendar.Effect
	Cases []HolidayCase
	// Unread are the numbers of open cases that cannot be read as they are stored; they were not looked at.
	Unread []string
	// Next goes on from here; empty when all open cases were looked at. A page may hold few cases and still not be the
	// last: as many are looked at as a request can bear.
	Next string
}

// HolidayResult is what became of a case that was to be put under a revision.
type HolidayResult struct {
	HolidayCase
	Result Result
	Err    *apperr.Error // of one that failed
}

// Result says what became of one of many.
type Result string

// The results.
const (
	ResultDone      Result = "done"
	ResultUnchanged Result = "unchanged" // it counts on these days already, or has ended
	ResultFailed    Result = "failed"
)

// HolidaysApplied is what one request of many did.
type HolidaysApplied struct {
	Items []HolidayResult
	Next  string // goes on from here; empty when all open cases were looked at
	Left  int    // open cases not looked at yet, up to one beyond defect.MaxDepth
}

// Selection says which cases a revision is applied to: the given ones, or all whose promises it moves, from After on.
type Selection struct {
	Numbers []string // MaxApplied at most
	// Unmoved takes in the cases none of whose promises moves now: those that they make later count on the new days too.
	Unmoved bool
	After   string
}

// PreviewHolidays shows what a change would do that is not made yet. Nothing is changed. The errors are those of
// ChangeHolidays; Invalid for a cursor that no page gave.
func (d *Desk) PreviewHolidays(ctx context.Context, by Caller, set string, c HolidayChange, after string, limit int) (HolidayEffect, error) {
	change, err := d.readChange(by, set, c, false)
	if err != nil {
		return HolidayEffect{}, err
	}
	if err := d.sql(ctx, sqlPatience, d.holidays.refresh); err != nil {
		return HolidayEffect{}, apperr.Of(err)
	}
	known := d.holidays.known()
	r, err := next(calendar.Revision{Set: set, Change: change}, known)
	if err != nil {
		return HolidayEffect{}, err
	}
	return d.effect(ctx, newProspect(set, with(known, set, change)), r.Effect, after, limit)
}

// HolidayEffect shows which promises of open cases would move if the set's first n revisions were applied to them.
// NotFound, Forbidden for reporters; Invalid for a cursor that no page gave.
func (d *Desk) HolidayEffect(ctx context.Context, by Caller, set string, n int, after string, limit int) (HolidayEffect, error) {
	if err := mayReadHolidays(by); err != nil {
		return HolidayEffect{}, err
	}
	known, err := d.revision(ctx, set, n)
	if err != nil {
		return HolidayEffect{}, err
	}
	list, _, err := d.HolidayRevisions(ctx, by, set, n-1, 1)
	if err != nil {
		return HolidayEffect{}, err
	}
	if len(list) == 0 {
		return HolidayEffect{}, unknownRevision(set, n)
	}
	upTo := maps.Clone(known)
	upTo[set] = known[set][:n]
	return d.effect(ctx, newProspect(set, upTo), list[0].Effect, after, limit)
}

// revision returns what is known of all sets when a set has an nth revision.
func (d *Desk) revision(ctx context.Context, set string, n int) (map[string][]calendar.Change, error) {
	if err := knownSet(set); err != nil {
		return nil, err
	}
	if err := d.sql(ctx, sqlPatience, d.holidays.refresh); err != nil {
		return nil, apperr.Of(err)
	}
	known := d.holidays.known()
	if n < 1 || n > len(known[set]) {
		return nil, unknownRevision(set, n)
	}
	return known, nil
}

func unknownRevision(set string, n int) error {
	return apperr.New(apperr.NotFound, apperr.ReasonHolidayRevision, apperr.Args{"set": set, "revision": strconv.Itoa(n)})
}

// prospect is a state of the sets that cases may be put under: of one set, and of those that build on it.
type prospect struct {
	set     string
	changes map[string][]calendar.Change
	notices map[string]calendar.Notice // by set, as they are asked for
}

func newProspect(set string, changes map[string][]calendar.Change) *prospect {
	return &prospect{set: set, changes: changes, notices: map[string]calendar.Notice{}}
}

// of returns what puts a case under the prospect: nothing when its calendars do not follow these sets.
func (p *prospect) of(c *defect.Case, now time.Time) []defect.Holidays {
	var out []defect.Holidays
	for _, set := range c.FollowedSets() {
		if set != p.set && calendar.BaseOf(set) != p.set {
			continue
		}
		n, ok := p.notices[set]
		if !ok {
			n, _ = setOf(set, p.changes)
			p.notices[set] = n
		}
		out = append(out, c.UnderHolidays(stateOf(set, p.changes), n, now))
	}
	return out
}

// effect walks over the open cases for those whose promises would move.
func (d *Desk) effect(ctx context.Context, p *prospect, e calendar.Effect, after string, limit int) (HolidayEffect, error) {
	out := HolidayEffect{HolidayState: stateOf(p.set, p.changes), Effect: e}
	place, err := d.walk(ctx, after, func(c store.Placed) bool {
		if c.Err != nil {
			out.Unread = append(out.Unread, c.Number)
			return len(out.Cases)+len(out.Unread) < limit
		}
		now := d.now()
		if moves, _ := c.Moves(p.of(&c.Case, now), now); len(moves) > 0 {
			out.Cases = append(out.Cases, holidayCase(&c.Case, moves))
		}
		return len(out.Cases)+len(out.Unread) < limit
	})
	out.Next = place
	return out, err
}

func holidayCase(c *defect.Case, moves []defect.Move) HolidayCase {
	return HolidayCase{Number: c.Number, Title: c.Submission.Title, Severity: c.Severity, Stage: c.Stage, Moves: moves}
}

// walk shows open cases, the oldest first, until look has seen enough or a request's fill. It returns where to go on,
// nowhere when there are no more.
func (d *Desk) walk(ctx context.Context, after string, look func(store.Placed) bool) (string, error) {
	for range maxWalked / walkPage {
		var page []store.Placed
		err := d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
			page, err = d.store.OpenCases(ctx, after, walkPage+1)
			return err
		})
		if errors.Is(err, store.ErrCursor) {
			var wrong apperr.Fields
			wrong.Add("after", apperr.FieldCursor, nil)
			return "", wrong.Err()
		}
		if err != nil {
			return "", apperr.Of(err)
		}
		for i, c := range page[:min(walkPage, len(page))] {
			after = c.Place
			if !look(c) && i+1 < len(page) {
				return after, nil
			} else if i+1 == len(page) {
				return "", nil
			}
		}
		if len(page) == 0 {
			return "", nil
		}
	}
	return after, nil
}

// ApplyHolidays puts open cases under the latest revision of a set: an explicit step in the workflow of each, with who
// and why. It can be repeated and gone on with: a case that counts on these days already is left alone. While Temporal is
// away it stops at the first case that it cannot reach and says how far it came. Forbidden, NotFound, Conflict when the
// revision is not the latest, Invalid without a reason or for a cursor that no page gave.
func (d *Desk) ApplyHolidays(ctx context.Context, by Caller, set string, n int, why string, s Selection) (HolidaysApplied, error) {
	if err := d.MayChangeHolidays(by); err != nil {
		return HolidaysApplied{}, err
	}
	known, err := d.revision(ctx, set, n)
	if err != nil {
		return HolidaysApplied{}, err
	}
	if latest := len(known[set]); n != latest {
		return HolidaysApplied{}, apperr.New(apperr.Conflict, apperr.ReasonHolidaysPassed, apperr.Args{"revision": strconv.Itoa(n), "latest": strconv.Itoa(latest)})
	}
	var wrong apperr.Fields
	if strings.TrimSpace(why) == "" {
		wrong.Add("why", apperr.FieldRequired, nil)
	}
	if len(s.Numbers) > MaxApplied {
		wrong.Add("numbers", apperr.FieldTooMany, apperr.Args{"limit": strconv.Itoa(MaxApplied)})
	}
	if len(s.Numbers) > 0 && s.After != "" {
		wrong.Add("after", apperr.FieldExclusive, apperr.Args{"other": "numbers"})
	}
	if err := wrong.Err(); err != nil {
		return HolidaysApplied{}, err
	}
	a := application{desk: d, by: by, why: why, prospect: newProspect(set, known), unmoved: s.Unmoved || len(s.Numbers) > 0}
	if len(s.Numbers) > 0 {
		return a.toThese(ctx, s.Numbers)
	}
	return a.toAll(ctx, s.After)
}

// maxUnreached is how many workflows that do not answer one request waits for.
const maxUnreached = 3

// application is one request to apply a revision.
type application struct {
	desk      *Desk
	by        Caller
	why       string
	prospect  *prospect
	unmoved   bool // take in cases none of whose promises moves
	done      []HolidayResult
	unreached int           // how many of them did not answer
	away      *apperr.Error // Temporal is
}

// toThese applies it to the cases with these numbers.
func (a *application) toThese(ctx context.Context, numbers []string) (HolidaysApplied, error) {
	for _, text := range numbers {
		number, err := parseNumber(text)
		var c defect.Case
		if err == nil {
			c, err = a.desk.read(ctx, number)
		}
		switch {
		case err != nil:
			a.done = append(a.done, HolidayResult{HolidayCase: HolidayCase{Number: cut(text, maxSetShown)}, Result: ResultFailed, Err: apperr.Of(err)})
		case !a.to(ctx, c):
			a.done = append(a.done, HolidayResult{HolidayCase: holidayCase(&c, nil), Result: ResultUnchanged})
		}
		if a.gaveUp() { // those that are not in the answer were not tried
			break
		}
	}
	if a.away != nil && len(a.done) == 1 {
		return HolidaysApplied{}, a.away
	}
	return HolidaysApplied{Items: a.done}, nil
}

// toAll applies it to open cases, from a place on.
func (a *application) toAll(ctx context.Context, after string) (HolidaysApplied, error) {
	reached := after // behind the last case that was dealt with
	place, err := a.desk.walk(ctx, after, func(c store.Placed) bool {
		if c.Err != nil {
			a.unread(ctx, c)
		} else {
			a.to(ctx, c.Case)
		}
		if a.away != nil {
			return false
		}
		reached = c.Place
		return len(a.done) < MaxApplied && !a.gaveUp()
	})
	if err != nil {
		return HolidaysApplied{}, err
	}
	if a.away != nil {
		if place = reached; len(a.done) == 1 {
			return HolidaysApplied{}, a.away
		}
	}
	out := HolidaysApplied{Items: a.done, Next: place}
	if place == "" {
		return out, nil
	}
	err = a.desk.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		out.Left, err = a.desk.store.OpenCasesLeft(ctx, place)
		return err
	})
	return out, errorOf(err)
}

// unread notes a case that cannot be read, and so cannot be put under anything.
func (a *application) unread(ctx context.Context, c store.Placed) {
	a.desk.log.ErrorContext(ctx, "an open case cannot be read", "number", c.Number, "error", c.Err)
	a.done = append(a.done, HolidayResult{
		HolidayCase: HolidayCase{Number: c.Number}, Result: ResultFailed, Err: apperr.New(apperr.Internal, apperr.ReasonDefectDamaged, apperr.Args{"number": c.Number}),
	})
}

// gaveUp reports whether it is of no use to go on now.
func (a *application) gaveUp() bool { return a.away != nil || a.unreached >= maxUnreached }

// failed notes a failure, and whether Temporal is to blame rather than the one case.
func (a *application) failed(ctx context.Context, err *apperr.Error) {
	if err.Code != apperr.Unavailable {
		return
	}
	a.unreached++
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	if a.desk.cases.ping(ctx) != nil {
		a.away = err
	}
}

// to applies it to a case, unless there is nothing to apply, and reports whether there was.
func (a *application) to(ctx context.Context, c defect.Case) bool {
	now := a.desk.now()
	all := a.prospect.of(&c, now)
	moves, concerned := c.Moves(all, now)
	if !concerned || len(moves) == 0 && !a.unmoved {
		return false
	}
	r := HolidayResult{HolidayCase: holidayCase(&c, moves), Result: ResultDone}
	switch err := apperr.Of(a.step(ctx, c.Number, all)); {
	case err == nil:
	case err.Code == apperr.WrongStage || err.Reason == apperr.ReasonHolidaysOlder: // meanwhile
		r.Result = ResultUnchanged
	default:
		r.Result, r.Err = ResultFailed, err
		a.failed(ctx, err)
	}
	a.done = append(a.done, r)
	return true
}

// step takes the step in a case's workflow. Its key follows from the case and the state, so that it is taken once
// whoever asks and however often.
func (a *application) step(ctx context.Context, number string, all []defect.Holidays) error {
	states := make([]defect.HolidayState, len(all))
	for i, h := range all {
		states[i] = h.HolidayState
	}
	text, err := json.Marshal(states)
	if err != nil {
		return err
	}
	key := defect.Digest("apply holidays", number, string(text))
	cmd := defect.Command{Action: defect.ActApplyHolidays, By: a.by.Person, Input: defect.Input{Reason: a.why, Holidays: all}, Key: key, Print: key}
	_, err = a.desk.act(ctx, a.by, number, key, cmd)
	return err
}
