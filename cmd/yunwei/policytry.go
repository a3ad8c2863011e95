package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"yunwei/calendar"
	"yunwei/config"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/notice"
	"yunwei/roster"
	"yunwei/store"
)

type policyTry struct {
	config.Store
	File string `arg:"" help:"The policy file to try." type:"path"`
	From string `help:"Cases submitted at this time or later: 2026-01-01 in the policy's zone, or RFC 3339." placeholder:"TIME"`
	To   string `help:"Cases submitted before this time." placeholder:"TIME"`

	Holidays []string `help:"A holiday notice, as holidays import reads it, that stands in place of what the database knows of its set. May be given again." placeholder:"SET=FILE" sep:"none"`
	Roster   []string `help:"A roster, as PUT /api/v1/rosters/{name} takes it, that stands in place of the one of that name: whom would the rules have called? May be given again." placeholder:"NAME=FILE" sep:"none"`

	JSON bool `help:"Write JSON." name:"json"`
}

// trial is what is tried, and what came of it.
type trial struct {
	policy   defect.Policy
	holidays map[string][]calendar.Change
	rosters  map[string]roster.Plan

	promises defect.Trials
	duty     roster.Trials
	unknown  []string // people of the rosters that are tried who have no account that goes on duty
}

// tryPage is how many cases are read at a time.
const tryPage = 200

// Run replays the recorded cases of a period under another policy, other holidays or other rosters, and tells which promises
// would have been kept or broken instead, and who would have been called. It changes nothing.
func (p policyTry) Run(ctx context.Context, c console) error {
	policy, err := loadPolicy(p.File)
	if err != nil {
		return err
	}
	t := &trial{policy: policy}
	if t.holidays, err = triedHolidays(p.Holidays, policy); err != nil {
		return err
	}
	if t.rosters, err = triedRosters(p.Roster, policy); err != nil {
		return err
	}
	q := store.RecordedQuery{}
	if q.From, err = timeFlag("from", p.From, policy.Zone()); err != nil {
		return err
	}
	if q.To, err = timeFlag("to", p.To, policy.Zone()); err != nil {
		return err
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		return fmt.Errorf("--to: the period must end after it begins")
	}
	err = withStore(ctx, p.Store, func(db *store.Store) error { return t.all(ctx, db, q, time.Now()) })
	if err != nil {
		return err
	}
	if err := writeNumbers(c.err, "some cases cannot be read and were not tried", t.promises.Unread); err != nil {
		return err
	}
	if err := writeNumbers(c.err, "some people of the rosters have no account that goes on duty, so that nobody would have told them", t.unknown); err != nil {
		return err
	}
	if p.JSON {
		return t.writeJSON(c.out)
	}
	return t.write(c.out)
}

// all tries all cases of a query.
func (t *trial) all(ctx context.Context, db *store.Store, q store.RecordedQuery, now time.Time) error {
	history, err := desk.NewPolicyHistory(ctx, db, t.policy, t.holidays)
	if err != nil {
		return err
	}
	duty, err := desk.NewDutyHistory(ctx, db, t.rosters, history)
	if err != nil {
		return err
	}
	if t.unknown, err = strangers(ctx, db, t.rosters); err != nil {
		return err
	}
	for after := int64(0); ; {
		page, next, err := db.Recordings(ctx, q, after, tryPage)
		if err != nil {
			return err
		}
		for _, r := range page {
			if err := t.one(ctx, r, history, duty, now); err != nil {
				return err
			}
		}
		if next == 0 {
			return nil
		}
		after = next
	}
}

// one tries a case.
func (t *trial) one(ctx context.Context, r defect.Recorded, history desk.PolicyHistory, duty *desk.DutyHistory, now time.Time) error {
	if r.Damage != nil {
		t.promises.Unread = append(t.promises.Unread, r.Case.Number)
		return nil
	}
	tried := defect.Try(history.Retold(r), history.At(r.Case.CreatedAt), now)
	t.promises.Add(tried)
	for _, call := range tried.Calls {
		called, err := duty.Try(ctx, tried.Number, call)
		if err != nil {
			return err
		}
		t.duty.Add(called)
	}
	return nil
}

// strangers returns the people of plans who have no account that goes on duty, by name.
func strangers(ctx context.Context, db *store.Store, plans map[string]roster.Plan) ([]string, error) {
	if len(plans) == 0 {
		return nil, nil
	}
	people, err := db.People(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, plan := range plans {
		for _, name := range plan.People() {
			if !slices.ContainsFunc(people, func(p notice.Person) bool { return p.Username == name && defect.GoesOnDuty(p.Person) }) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// timeFlag reads a time as people write it.
func timeFlag(flag, text string, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	if at, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return at, nil
	}
	return time.Time{}, fmt.Errorf("--%s: a day such as 2026-01-01, or a time in RFC 3339 such as 2026-01-01T08:30:00+08:00, is needed", flag)
}
