package desk

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/store"
)

// holidays knows the sets of holidays in force, and the policy under them, without asking SQL. Revisions are only ever
// added, so that a refresh reads those that are new.
type holidays struct {
	store *store.Store
	base  defect.Policy // as its file says

	reading sync.Mutex // held by whoever reads new revisions
	mu      sync.RWMutex
	loaded  bool                         // whether SQL was ever asked
	changes map[string][]calendar.Change // by set
	policy  defect.Policy                // under them
}

func newHolidays(s *store.Store, p defect.Policy) *holidays {
	return &holidays{store: s, base: p, policy: p, changes: map[string][]calendar.Change{}}
}

// revisionPage is how many revisions are read at a time.
const revisionPage = 200

// refresh reads the revisions that are new.
func (h *holidays) refresh(ctx context.Context) error {
	h.reading.Lock()
	defer h.reading.Unlock()
	latest, err := h.store.HolidaySets(ctx)
	if err != nil {
		return err
	}
	next, news := maps.Clone(h.known()), false
	for set, n := range latest {
		for len(next[set]) < n {
			page, err := h.store.HolidayRevisions(ctx, set, len(next[set]), revisionPage)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			for _, r := range page {
				next[set], news = append(slices.Clip(next[set]), r.Change), true
			}
		}
	}
	policy := h.policy // written only here, by one at a time
	if news {
		policy = under(h.base, next)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.changes, h.policy, h.loaded = next, policy, true
	return nil
}

// known returns the changes of all sets. They are not to be changed.
func (h *holidays) known() map[string][]calendar.Change {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.changes
}

// inForce returns the policy under the holidays in force, and whether SQL was ever asked for them.
func (h *holidays) inForce() (defect.Policy, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.policy, h.loaded
}

// PolicyInForce puts a policy under the holidays that a store knows, as the desk does with its own. It is for processes that
// have no desk. Its errors are those of the store.
func PolicyInForce(ctx context.Context, s *store.Store, p defect.Policy) (defect.Policy, error) {
	h := newHolidays(s, p)
	err := h.refresh(ctx)
	p, _ = h.inForce()
	return p, err
}

// policy returns the policy that new cases are submitted under. A process that has just begun asks for the holidays
// first; while SQL is away it goes by those that it was shipped with.
func (d *Desk) policy(ctx context.Context) defect.Policy {
	p, loaded := d.holidays.inForce()
	if loaded {
		return p
	}
	if err := d.sql(ctx, sqlPatience, d.holidays.refresh); err != nil {
		d.log.WarnContext(ctx, "the holidays are those of the program", "error", err)
	}
	p, _ = d.holidays.inForce()
	return p
}

// under returns a policy under changed sets.
func under(p defect.Policy, changes map[string][]calendar.Change) defect.Policy {
	cals := make(map[string]calendar.Calendar, len(p.Calendars))
	for name, c := range p.Calendars {
		if n, ok := setOf(c.Set(), changes); ok {
			c = c.WithHolidays(n)
		}
		cals[name] = c
	}
	p.Calendars = cals
	return p
}

// setOf returns what a set rules after the given changes.
func setOf(set string, changes map[string][]calendar.Change) (calendar.Notice, bool) {
	return calendar.InForce(set, changes[set], changes[calendar.BaseOf(set)])
}

// stateOf says which state of a set that is.
func stateOf(set string, changes map[string][]calendar.Change) defect.HolidayState {
	return defect.HolidayState{Set: set, Revision: len(changes[set]), Base: len(changes[calendar.BaseOf(set)])}
}

// HolidayChange is a change of a set of holidays that somebody asks for. Exactly one of Document, Days and Reverts is
// given.
type HolidayChange struct {
	Document []byte // a notice as JSON or iCalendar
	File     string // the document's name, where it came as a file
	Days     []calendar.Exception
	Reverts  int // the revision that is taken back
	Why      string
}

// HolidaySet is a set of holidays in force.
type HolidaySet struct {
	defect.HolidayState
	BuildsOn string // a set; empty for one that stands by itself
	calendar.Notice
}

// HolidaySets returns the sets that the policy's calendars follow, and those that these build on; Forbidden for reporters.
func (d *Desk) HolidaySets(_ context.Context, by Caller) ([]HolidaySet, error) {
	if err := mayReadHolidays(by); err != nil {
		return nil, err
	}
	names := map[string]bool{calendar.China: true}
	for _, set := range defect.FollowedSets(d.holidays.base.Calendars) {
		names[set] = true
	}
	var out []HolidaySet
	for _, set := range slices.Sorted(maps.Keys(names)) {
		out = append(out, d.holidaySet(set))
	}
	return out, nil
}

// HolidayYear is what a set in force rules of a year.
type HolidayYear struct {
	HolidaySet
	Year        int
	Provisional bool                 // no notice rules the whole year yet
	Days        []calendar.Exception // of the year
}

// HolidayYear returns what a set in force rules of a year, for 0 of the one that it is at the site; NotFound, Forbidden for
// reporters.
func (d *Desk) HolidayYear(_ context.Context, by Caller, set string, year int) (HolidayYear, error) {
	if err := mayReadHolidays(by); err != nil {
		return HolidayYear{}, err
	}
	if err := knownSet(set); err != nil {
		return HolidayYear{}, err
	}
	if year == 0 {
		year = d.now().In(d.Zone()).Year()
	}
	y := HolidayYear{HolidaySet: d.holidaySet(set), Year: year}
	y.Provisional = y.KnownThrough.Before(calendar.Date{Year: year, Month: time.December, Day: 31})
	for _, e := range y.Exceptions {
		if e.Date.Year == year {
			y.Days = append(y.Days, e)
		}
	}
	return y, nil
}

func (d *Desk) holidaySet(set string) HolidaySet {
	changes := d.holidays.known()
	n, _ := setOf(set, changes)
	return HolidaySet{HolidayState: stateOf(set, changes), BuildsOn: calendar.BaseOf(set), Notice: n}
}

// HolidayRevisions lists the revisions of a set after a number, in order, at most limit of them, with the number to go on
// from when there are more. NotFound, Forbidden for reporters.
func (d *Desk) HolidayRevisions(ctx context.Context, by Caller, set string, after, limit int) ([]calendar.Revision, int, error) {
	if err := mayReadHolidays(by); err != nil {
		return nil, 0, err
	}
	if err := knownSet(set); err != nil {
		return nil, 0, err
	}
	var list []calendar.Revision
	err := d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		list, err = d.store.HolidayRevisions(ctx, set, after, limit+1)
		return err
	})
	if err != nil {
		return nil, 0, apperr.Of(err)
	}
	if len(list) > limit {
		return list[:limit], list[limit-1].N, nil
	}
	return list, 0, nil
}

// ChangeHolidays makes a revision of a set. New cases are submitted under it at once, here and within seconds in other
// processes; open cases stay as they are until it is applied to them, see ApplyHolidays. With an idempotency key a repeat
// gives the first revision again, made false. Forbidden, NotFound, Invalid for what no revision can be made of, Conflict
// for one that would change nothing.
func (d *Desk) ChangeHolidays(ctx context.Context, by Caller, set string, c HolidayChange, idempotencyKey string) (r calendar.Revision, made bool, err error) {
	change, err := d.readChange(by, set, c, true)
	if err != nil {
		return r, false, err
	}
	r = calendar.Revision{Set: set, Change: change, Document: c.File, By: by.Username, Why: strings.TrimSpace(c.Why), At: d.now().UTC().Truncate(time.Microsecond)}
	if r.Document != "" {
		r.Document = fileName(r.Document)
	}
	if idempotencyKey != "" {
		k := keyed(by, "holidays "+set, idempotencyKey, c)
		r.Key, r.Print = k.Key, k.Print
	}
	err = d.write(ctx, listPatience, func(ctx context.Context) (err error) {
		r, made, err = AddHolidays(ctx, d.store, r)
		return err
	})
	if err != nil {
		return r, false, apperr.Of(err)
	}
	if err := d.sql(ctx, sqlPatience, d.holidays.refresh); err != nil {
		d.log.WarnContext(ctx, "the new holidays are in force a moment later", "error", err)
	}
	return r, made, nil
}

// MayChangeHolidays returns Forbidden for somebody who keeps no holidays.
func (d *Desk) MayChangeHolidays(by Caller) error {
	if !defect.MayKeepHolidays(by.Person) {
		return apperr.New(apperr.Forbidden, apperr.ReasonHolidaysKeep, nil)
	}
	return nil
}

func mayReadHolidays(by Caller) error {
	if !defect.SeesAll(by.Person) {
		return apperr.New(apperr.Forbidden, apperr.ReasonHolidaysRead, nil)
	}
	return nil
}

func knownSet(set string) error {
	if !calendar.KnownSet(set) {
		return apperr.New(apperr.NotFound, apperr.ReasonHolidaySet, apperr.Args{"set": cut(set, maxSetShown)})
	}
	return nil
}

// maxSetShown bounds how much of a name that is none is repeated, in bytes.
const maxSetShown = 40

// readChange checks who asks for a change, and reads it.
func (d *Desk) readChange(by Caller, set string, c HolidayChange, needsWhy bool) (calendar.Change, error) {
	if err := d.MayChangeHolidays(by); err != nil {
		return calendar.Change{}, err
	}
	if err := knownSet(set); err != nil {
		return calendar.Change{}, err
	}
	var wrong apperr.Fields
	if needsWhy && strings.TrimSpace(c.Why) == "" {
		wrong.Add("why", apperr.FieldRequired, nil)
	}
	given := 0
	for _, is := range []bool{c.Document != nil, c.Days != nil, c.Reverts != 0} {
		if is {
			given++
		}
	}
	if given != 1 {
		wrong.Add("document", apperr.FieldHolidayChange, nil)
		return calendar.Change{}, wrong.Err()
	}
	change, err := calendar.Change{Days: c.Days, Reverts: c.Reverts}, error(nil)
	where := ""
	switch {
	case c.Document != nil:
		where = "document."
		if c.File != "" {
			where = "file:"
		}
		change, err = calendar.ParseNotice(c.Document)
	case c.Days != nil:
		err = calendar.CheckDays(c.Days)
	case c.Reverts < 0:
		wrong.Add("reverts", apperr.FieldReverts, nil)
	}
	addMistakes(err, where, &wrong)
	return change, wrong.Err()
}

// addMistakes turns the mistakes of a notice into fields: file:68:days.13.date, with its line, document.days.13.date
// where there are none.
func addMistakes(err error, where string, wrong *apperr.Fields) {
	mistakes, ok := errors.AsType[calendar.Mistakes](err)
	if !ok {
		return
	}
	for _, m := range mistakes {
		field := where + m.Field
		if where == "file:" {
			field = strings.TrimSuffix("file:"+strconv.Itoa(m.Line)+":"+m.Field, ":")
		}
		wrong.Add(strings.TrimSuffix(field, "."), apperr.Reason("field.notice_"+string(m.Fault)), nil)
	}
}

// addTries bounds how often a revision is worked out anew because somebody else made one meanwhile.
const addTries = 5

// AddHolidays works out what a change does to a set and adds it as the set's next revision: the change, who, why and when
// are given, the number and the effect are set here. A repeat under the same key gives the first revision again, made
// false. Its errors are those of the store, or *apperr.Error: Conflict when nothing would change, Invalid when what is to
// be taken back is not there or the key was used for another change. It is for the desk and the command line.
func AddHolidays(ctx context.Context, s *store.Store, r calendar.Revision) (calendar.Revision, bool, error) {
	var err error
	for range addTries {
		if r.Key != "" {
			first, keyErr := s.HolidayRevisionByKey(ctx, r.Key)
			switch {
			case keyErr == nil && first.Print != r.Print:
				return first, false, apperr.New(apperr.Invalid, apperr.ReasonKeyReused, nil)
			case keyErr == nil:
				return first, false, nil
			case !errors.Is(keyErr, store.ErrNotFound):
				return r, false, keyErr
			}
		}
		h := newHolidays(s, defect.Policy{})
		if err := h.refresh(ctx); err != nil {
			return r, false, err
		}
		if r, err = next(r, h.known()); err != nil {
			return r, false, err
		}
		if err = s.AddHolidayRevision(ctx, r); err == nil {
			return r, true, nil
		}
		if !errors.Is(err, store.ErrConflict) {
			return r, false, err
		}
	}
	return r, false, err
}

// next numbers a revision and works out its effect.
func next(r calendar.Revision, known map[string][]calendar.Change) (calendar.Revision, error) {
	r.N = len(known[r.Set]) + 1
	if r.Change.Reverts >= r.N {
		var wrong apperr.Fields
		wrong.Add("reverts", apperr.FieldReverts, nil)
		return r, wrong.Err()
	}
	before, ok := setOf(r.Set, known)
	if !ok {
		return r, knownSet(r.Set)
	}
	after, _ := setOf(r.Set, with(known, r.Set, r.Change))
	if r.Effect = calendar.EffectOf(before, after); r.Effect.IsNothing() {
		return r, apperr.New(apperr.Conflict, apperr.ReasonHolidaysSame, nil)
	}
	return r, nil
}

// with returns the changes of all sets with one more.
func with(known map[string][]calendar.Change, set string, c calendar.Change) map[string][]calendar.Change {
	out := maps.Clone(known)
	out[set] = append(slices.Clip(out[set]), c)
	return out
}
