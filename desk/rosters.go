package desk

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/roster"
	"yunwei/store"
)

// Who may do what with rosters. Everybody of the contractor reads, those who serve keep the book, and those who answer for
// the service plan it.
var dutyRoles = map[roster.Task][]defect.Role{
	roster.TaskRead:  append(defect.DutyRoles(), defect.RoleAuditor),
	roster.TaskServe: defect.DutyRoles(),
	roster.TaskPlan:  {defect.RoleLiaison, defect.RoleAdmin},
}

// MayDuty returns Forbidden for somebody to whom a task with rosters does not fall.
func (d *Desk) MayDuty(by Caller, task roster.Task) error {
	if by.Has(dutyRoles[task]...) {
		return nil
	}
	roles := make([]string, len(dutyRoles[task]))
	for i, r := range dutyRoles[task] {
		roles[i] = "@role." + string(r)
	}
	return apperr.New(apperr.Forbidden, apperr.ReasonDutyRole, apperr.Args{"task": "@duty." + string(task), "roles": strings.Join(roles, ",")})
}

const (
	// carriedDays is how far a saved roster carries its calendar. It is saved again long before.
	carriedDays = 400
	// keptChanges is how long the cache knows changes that are over.
	keptChanges = 24 * time.Hour
)

// duties knows the rosters in force without asking SQL: while that is away, what was known stays in force.
type duties struct {
	store *store.Store
	now   func() time.Time

	mu     sync.RWMutex
	loaded bool
	list   []roster.Roster
	since  time.Time // changes that were over by then are not known
}

func newDuties(s *store.Store, now func() time.Time) *duties {
	return &duties{store: s, now: now}
}

func (k *duties) refresh(ctx context.Context) error {
	since := k.now().Add(-keptChanges)
	list, err := k.store.Rosters(ctx, since)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.list, k.since, k.loaded = list, since, true
	return nil
}

// all returns the rosters that are known, or errAway when none were ever read.
func (k *duties) all() ([]roster.Roster, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if !k.loaded {
		return nil, errAway
	}
	return k.list, nil
}

// from returns the roster of a name when what is known of it holds from that time on.
func (k *duties) from(name string, at time.Time) (roster.Roster, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	i := slices.IndexFunc(k.list, func(r roster.Roster) bool { return r.Name == name })
	if i < 0 || at.Before(k.list[i].SavedAt) || at.Before(k.since) {
		return roster.Roster{}, false
	}
	return k.list[i], true
}

func unknownRoster() error {
	return apperr.New(apperr.NotFound, apperr.ReasonRosterUnknown, nil)
}

// ofStore turns the store's errors into ours.
func ofStore(err, unknown error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotFound):
		return unknown
	case errors.Is(err, store.ErrCursor):
		var wrong apperr.Fields
		wrong.Add("after", apperr.FieldCursor, nil)
		return wrong.Err()
	}
	return apperr.Of(err)
}

// Rosters lists rosters in their latest versions without their changes, by name, after the given one, at most limit, with
// the name to go on from when there are more.
func (d *Desk) Rosters(ctx context.Context, by Caller, after string, limit int) ([]roster.Roster, string, error) {
	if err := d.MayDuty(by, roster.TaskRead); err != nil {
		return nil, "", err
	}
	var list []roster.Roster
	err := d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		list, err = d.store.RosterPage(ctx, after, limit+1)
		return err
	})
	if err != nil {
		return nil, "", apperr.Of(err)
	}
	list, next := cutPage(list, limit, func(r roster.Roster) string { return r.Name })
	return list, next, nil
}

// cutPage cuts a list that was read one longer than the page to the page, and returns where to go on, if at all.
func cutPage[T any](list []T, limit int, id func(T) string) ([]T, string) {
	if len(list) <= limit {
		return list, ""
	}
	return list[:limit], id(list[limit-1])
}

// Roster returns a version of a roster without its changes, the latest for 0; NotFound. While SQL is away it is what is
// known of the latest.
func (d *Desk) Roster(ctx context.Context, by Caller, name string, version int) (roster.Roster, error) {
	if err := d.MayDuty(by, roster.TaskRead); err != nil {
		return roster.Roster{}, err
	}
	return d.roster(ctx, name, version)
}

func (d *Desk) roster(ctx context.Context, name string, version int) (roster.Roster, error) {
	if !roster.ValidName(name) {
		return roster.Roster{}, unknownRoster()
	}
	var r roster.Roster
	err := d.sql(ctx, sqlPatience, func(ctx context.Context) (err error) {
		r, err = d.store.Roster(ctx, name, version)
		return err
	})
	if isAway(err) {
		if known, ok := d.duties.from(name, d.now()); ok && (version == 0 || version == known.Version) {
			known.Overrides, known.Swaps = nil, nil
			return known, nil
		}
	}
	return r, ofStore(err, unknownRoster())
}

// RosterVersions lists the saves of a roster, the latest first, before the given version, from the latest for 0, with
// whether there are more.
func (d *Desk) RosterVersions(ctx context.Context, by Caller, name string, before, limit int) ([]store.RosterVersion, bool, error) {
	if _, err := d.Roster(ctx, by, name, 0); err != nil {
		return nil, false, err
	}
	var list []store.RosterVersion
	err := d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		list, err = d.store.RosterVersions(ctx, name, before, limit+1)
		return err
	})
	if err != nil {
		return nil, false, apperr.Of(err)
	}
	return list[:min(limit, len(list))], len(list) > limit, nil
}

// SaveRoster keeps a plan as the next version of a roster and returns it with what is wrong with its next eight weeks.
// version is the one that the plan was made from, 0 for a new roster. Invalid, StaleVersion.
func (d *Desk) SaveRoster(ctx context.Context, by Caller, name string, plan roster.Plan, version int, reason string) (roster.Roster, []roster.Finding, error) {
	if err := d.MayDuty(by, roster.TaskPlan); err != nil {
		return roster.Roster{}, nil, err
	}
	plan = plan.Tidy()
	working, err := d.checkPlan(ctx, by, name, plan)
	if err != nil {
		return roster.Roster{}, nil, err
	}
	r := roster.Roster{Name: name, Plan: plan, Version: version, SavedAt: d.now().UTC(), SavedBy: by.Username, Reason: strings.TrimSpace(reason), Working: working}
	err = d.write(ctx, sqlPatience, func(ctx context.Context) (err error) {
		r, err = d.store.SaveRoster(ctx, r)
		return err
	})
	if errors.Is(err, store.ErrConflict) {
		return roster.Roster{}, nil, d.staleRoster(ctx, name, version)
	}
	if err != nil {
		return roster.Roster{}, nil, apperr.Of(err)
	}
	d.refreshDuties(ctx)
	return r, d.lookThrough(ctx, d.withSaved(r), name, roster.CheckedWeeks), nil
}

// RenewRoster saves a roster as it is, with its calendar as that stands now: after a new holiday notice.
func (d *Desk) RenewRoster(ctx context.Context, by Caller, name, reason string) (roster.Roster, []roster.Finding, error) {
	if err := d.MayDuty(by, roster.TaskPlan); err != nil {
		return roster.Roster{}, nil, err
	}
	r, err := d.roster(ctx, name, 0)
	if err != nil {
		return roster.Roster{}, nil, err
	}
	return d.SaveRoster(ctx, by, name, r.Plan, r.Version, reason)
}

// checkPlan returns all that keeps a plan from being saved, or the calendar that it is to carry, which is one of those of
// the policy in force.
func (d *Desk) checkPlan(ctx context.Context, by Caller, name string, plan roster.Plan) (calendar.Calendar, error) {
	var wrong apperr.Fields
	if !roster.ValidName(name) {
		wrong.Add("name", apperr.FieldRosterID, nil)
	}
	if err := plan.Check(); err != nil {
		for _, f := range apperr.Of(err).Fields {
			wrong.Add("plan."+f.Field, f.Reason, f.Args)
		}
	}
	var working calendar.Calendar
	if plan.Calendar != "" {
		var names []string
		for _, c := range d.Calendars(ctx, by) {
			names = append(names, c.Name)
			if c.Name == plan.Calendar {
				working = c.Trim(d.now(), carriedDays)
			}
		}
		if working.Name == "" {
			wrong.Add("plan.calendar", apperr.FieldCalendar, apperr.Args{"calendars": strings.Join(names, ", ")})
		}
	}
	return working, wrong.Err()
}

func (d *Desk) staleRoster(ctx context.Context, name string, version int) error {
	current, err := d.roster(ctx, name, 0)
	if err != nil {
		return err
	}
	return apperr.New(apperr.StaleVersion, apperr.ReasonRosterVersion, apperr.Args{"version": strconv.Itoa(version), "current": strconv.Itoa(current.Version)})
}

// refreshDuties lets this process know at once what it has just changed; others know it a moment later.
func (d *Desk) refreshDuties(ctx context.Context) {
	if err := d.sql(context.WithoutCancel(ctx), sqlPatience, d.duties.refresh); err != nil {
		d.log.WarnContext(ctx, "what was changed in the rosters shows later", "error", err)
	}
}

// RosterFindings returns what is wrong with the coming weeks of a roster, also with what others have its people do.
// Unavailable when the rosters were never read: nothing wrong is another answer than nothing known.
func (d *Desk) RosterFindings(ctx context.Context, by Caller, name string, weeks int) ([]roster.Finding, error) {
	if _, err := d.Roster(ctx, by, name, 0); err != nil {
		return nil, err
	}
	all, err := d.duties.all()
	if err != nil {
		return nil, err
	}
	return d.lookThrough(ctx, all, name, weeks), nil
}

// withSaved returns the rosters that are known with one as it was just saved: also where it could not be read again, and
// all there is where none were ever read.
func (d *Desk) withSaved(r roster.Roster) []roster.Roster {
	d.duties.mu.RLock()
	defer d.duties.mu.RUnlock()
	all := slices.Clone(d.duties.list)
	i := slices.IndexFunc(all, func(known roster.Roster) bool { return known.Name == r.Name })
	switch {
	case i < 0:
		return append(all, r)
	case all[i].Version < r.Version:
		r.Overrides, r.Swaps = all[i].Overrides, all[i].Swaps
		all[i] = r
	}
	return all
}

// lookThrough returns what is wrong with the coming weeks of a roster among all.
func (d *Desk) lookThrough(ctx context.Context, all []roster.Roster, name string, weeks int) []roster.Finding {
	from := d.now().UTC().Truncate(time.Minute)
	list := roster.LookThrough(all, d.policy(ctx).Calendars, from, from.AddDate(0, 0, 7*weeks), d.serves)
	return slices.DeleteFunc(list, func(f roster.Finding) bool { return !f.Concerns(name) })
}

// serves reports whether a user name is somebody's who may be on duty. While nobody is known, everybody may.
func (d *Desk) serves(username string) bool {
	user, known, err := d.people.find(username)
	return err != nil || known && !user.Disabled && defect.GoesOnDuty(user.Person)
}

// OnDuty returns who is on duty at an instant, by all rosters. For now and what is to come it does not ask SQL. Invalid for
// an instant that no roster is made for.
func (d *Desk) OnDuty(ctx context.Context, by Caller, at time.Time) ([]roster.Assignment, error) {
	if err := d.mayReadDuty(by, at); err != nil {
		return nil, err
	}
	all, err := d.duties.all()
	if err != nil {
		return nil, err
	}
	var out []roster.Assignment
	for _, r := range all {
		list, err := d.dutyOf(ctx, r.Name, at)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// DutyAt returns who is on duty by a roster at an instant; for a time past, as the roster stood then. NotFound; Invalid for
// an instant that no roster is made for.
func (d *Desk) DutyAt(ctx context.Context, by Caller, name string, at time.Time) ([]roster.Assignment, error) {
	if err := d.mayReadDuty(by, at); err != nil {
		return nil, err
	}
	return d.dutyOf(ctx, name, at)
}

func (d *Desk) mayReadDuty(by Caller, at time.Time) error {
	if err := d.MayDuty(by, roster.TaskRead); err != nil {
		return err
	}
	var wrong apperr.Fields
	roster.CheckInstant("at", at, &wrong)
	return wrong.Err()
}

func (d *Desk) dutyOf(ctx context.Context, name string, at time.Time) ([]roster.Assignment, error) {
	if r, ok := d.duties.from(name, at); ok {
		return r.OnDuty(at), nil
	}
	list, err := d.versions(ctx, name, at, at.Add(time.Microsecond))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[len(list)-1].OnDuty(at), nil
}

// DutyBetween returns who is on duty by a roster in [from, to): every part of it by the version that was in force then, all
// that is to come by the latest. NotFound; Invalid for a span that is empty, of more than roster.MaxWindow days, or that no
// roster is made for.
func (d *Desk) DutyBetween(ctx context.Context, by Caller, name string, from, to time.Time) ([]roster.Assignment, error) {
	if err := d.MayDuty(by, roster.TaskRead); err != nil {
		return nil, err
	}
	if err := roster.CheckWindow(from, to); err != nil {
		return nil, err
	}
	return d.dutyIn(ctx, name, from, to)
}

// dutyIn is DutyBetween for a span that was checked.
func (d *Desk) dutyIn(ctx context.Context, name string, from, to time.Time) ([]roster.Assignment, error) {
	if r, ok := d.duties.from(name, from); ok {
		return r.Between(from, to), nil
	}
	list, err := d.versions(ctx, name, from, to)
	if err != nil {
		return nil, err
	}
	var out []roster.Assignment
	for i, r := range list {
		begin, end := from, to
		if r.SavedAt.After(from) {
			begin = r.SavedAt
		}
		if i+1 < len(list) {
			end = list[i+1].SavedAt
		}
		out = append(out, r.Between(begin, end)...)
	}
	return out, nil
}

// versions returns the versions of a roster that were in force in a span, none when there was none yet; NotFound for a
// roster that there never was.
func (d *Desk) versions(ctx context.Context, name string, from, to time.Time) ([]roster.Roster, error) {
	if !roster.ValidName(name) {
		return nil, unknownRoster()
	}
	var list []roster.Roster
	err := d.sql(ctx, sqlPatience, func(ctx context.Context) (err error) {
		if list, err = d.store.RostersIn(ctx, name, from, to); err == nil && len(list) == 0 {
			_, err = d.store.Roster(ctx, name, 0)
		}
		return err
	})
	return list, ofStore(err, unknownRoster())
}

// DutyPeople returns everybody who goes on duty, by name; nobody for a caller who may not see rosters.
func (d *Desk) DutyPeople(by Caller) []defect.Person {
	if d.MayDuty(by, roster.TaskRead) != nil {
		return nil
	}
	return d.people.all(defect.GoesOnDuty)
}

// DutyPerson returns whose user name, or whose name if only one account has it, somebody has written; false for nobody's,
// and for a caller who may not see rosters.
func (d *Desk) DutyPerson(by Caller, who string) (string, bool) {
	if d.MayDuty(by, roster.TaskRead) != nil {
		return "", false
	}
	return d.whoIs(who)
}
