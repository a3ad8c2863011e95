package desk

import (
	"context"
	"maps"
	"slices"
	"time"

	"yunwei/defect"
	"yunwei/roster"
	"yunwei/store"
)

// DutyHistory says who was on duty at times past by the rosters of a store, and who would have been had some of them been
// others. It is for one goroutine.
type DutyHistory struct {
	store    *store.Store
	names    []string // of all rosters, recorded or tried
	tried    map[string]roster.Plan
	policies PolicyHistory // by whose calendars the tried ones go
	days     map[time.Time]map[string][]roster.Roster
}

// rosterPage is how many rosters are read at a time, keptDays of how many days their versions are remembered.
const (
	rosterPage = 200
	keptDays   = 60
)

// NewDutyHistory reads which rosters a store knows. The plans in tried, which are tidy and sound, stand in place of those of
// their rosters at all times. A plan's calendar is that of the policies as of the time asked for. It is for the command
// line. Its errors are those of the store.
func NewDutyHistory(ctx context.Context, s *store.Store, tried map[string]roster.Plan, policies PolicyHistory) (*DutyHistory, error) {
	h := &DutyHistory{store: s, names: slices.Collect(maps.Keys(tried)), tried: tried, policies: policies}
	for after := ""; ; {
		page, err := s.RosterPage(ctx, after, rosterPage)
		if err != nil {
			return nil, err
		}
		for _, r := range page {
			h.names, after = append(h.names, r.Name), r.Name
		}
		if len(page) < rosterPage {
			break
		}
	}
	slices.Sort(h.names)
	h.names = slices.Compact(h.names)
	return h, nil
}

// Try says who was and who would have been on duty when the rules of a case called for them. Its errors are those of the
// store.
func (h *DutyHistory) Try(ctx context.Context, number string, call defect.TriedCall) (roster.Trial, error) {
	was, err := h.called(ctx, call.Was, false)
	if err != nil {
		return roster.Trial{}, err
	}
	would, err := h.called(ctx, call.Would, true)
	return roster.Trial{Case: number, Rule: call.Rule, Cycle: call.Cycle, Was: was, Would: would}, err
}

// called returns who was on duty at a time, by the rosters as they are recorded or as they are tried.
func (h *DutyHistory) called(ctx context.Context, at time.Time, tried bool) (roster.Called, error) {
	if at.IsZero() {
		return roster.Called{}, nil
	}
	versions, err := h.day(ctx, at)
	if err != nil {
		return roster.Called{}, err
	}
	var list []roster.Assignment
	for _, name := range h.names {
		r, known := roster.InForce(versions[name], at)
		if plan, ok := h.tried[name]; ok && tried {
			r.Name, known = name, true
			r = r.Under(plan, h.policies.At(at).Calendars[plan.Calendar])
		}
		if known {
			list = append(list, r.OnDuty(at)...)
		}
	}
	return roster.Called{At: at, People: roster.People(list)}, nil
}

// day returns the versions of all rosters that were in force on the day of a time, with their changes.
func (h *DutyHistory) day(ctx context.Context, at time.Time) (map[string][]roster.Roster, error) {
	from := at.UTC().Truncate(24 * time.Hour)
	if known, ok := h.days[from]; ok {
		return known, nil
	}
	out := make(map[string][]roster.Roster, len(h.names))
	for _, name := range h.names {
		list, err := h.store.RostersIn(ctx, name, from, from.AddDate(0, 0, 1))
		if err != nil {
			return nil, err
		}
		out[name] = list
	}
	if len(h.days) >= keptDays || h.days == nil {
		h.days = map[time.Time]map[string][]roster.Roster{} // cases are tried by time: what is old is not asked for again
	}
	h.days[from] = out
	return out, nil
}
