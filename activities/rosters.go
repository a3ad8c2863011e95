package activities

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"yunwei/calendar"
	"yunwei/contract"
	"yunwei/defect"
	"yunwei/roster"
	"yunwei/store"
)

// RosterStore is where rosters and accounts are read from.
type RosterStore interface {
	// Rosters returns all rosters with the changes that have an effect after since.
	Rosters(ctx context.Context, since time.Time) ([]roster.Roster, error)
	Directory(ctx context.Context) ([]store.User, error)
}

// RosterAlarm tells people what a check of the rosters has found. It is called once a check that finds something, and again
// when the check is repeated because its answer was lost: From and To of the result are the same then.
type RosterAlarm interface {
	Alarm(ctx context.Context, found contract.RosterCheckResult) error
}

// Rosters looks through the rosters.
type Rosters struct {
	Store RosterStore
	// Calendars returns the site's calendars under the holidays in force, by name.
	Calendars func(ctx context.Context) (map[string]calendar.Calendar, error)
	Alarm     RosterAlarm // nil: what is found is logged and returned, and nobody is told
}

// RosterCheck finds the gaps and conflicts of all rosters in a span, and those whose calendar has changed since, logs them, tells people and returns them.
func (r *Rosters) RosterCheck(ctx context.Context, ask contract.RosterCheckRequest) (contract.RosterCheckResult, error) {
	list, err := r.Store.Rosters(ctx, ask.From)
	if err != nil {
		return contract.RosterCheckResult{}, fmt.Errorf("read the rosters: %w", err)
	}
	users, err := r.Store.Directory(ctx)
	if err != nil {
		return contract.RosterCheckResult{}, fmt.Errorf("read who there is: %w", err)
	}
	serves := make(map[string]bool, len(users))
	for _, u := range users {
		serves[u.Username] = !u.Disabled && defect.GoesOnDuty(u.Person)
	}
	calendars, err := r.Calendars(ctx)
	if err != nil {
		return contract.RosterCheckResult{}, fmt.Errorf("read the holidays: %w", err)
	}
	findings := roster.LookThrough(list, calendars, ask.From, ask.To, func(username string) bool { return serves[username] })
	found := contract.RosterCheckResult{From: ask.From, To: ask.To, Rosters: len(list), Findings: findings[:min(len(findings), contract.MaxFindings)], Total: len(findings)}
	log := activity.GetLogger(ctx)
	for _, f := range found.Findings {
		log.Warn("something is wrong with a roster", "problem", f.Problem, "roster", f.Roster, "kind", f.Kind, "shifts", f.Shifts, "person", f.Person, "from", f.From, "to", f.To, "have", f.Have, "need", f.Need)
	}
	if found.Total == 0 || r.Alarm == nil {
		return found, nil
	}
	if err := r.Alarm.Alarm(ctx, found); err != nil {
		return contract.RosterCheckResult{}, fmt.Errorf("tell people what is wrong with the rosters: %w", err)
	}
	return found, nil
}
