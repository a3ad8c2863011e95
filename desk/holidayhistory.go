package desk

import (
	"context"
	"maps"
	"slices"
	"time"

	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/store"
)

// PolicyHistory is a policy under the holidays as they stood from time to time.
type PolicyHistory struct {
	first   defect.Policy                // before the first revision
	states  []policyState                // by time
	changes map[string][]calendar.Change // all, by set
	tried   map[string][]calendar.Change // that stand in place of what is recorded of their sets, at all times
}

type policyState struct {
	since  time.Time
	policy defect.Policy
}

// NewPolicyHistory puts a policy under the revisions of the holidays that a store knows, as the desk does with the policy
// in force. The changes of a set in tried stand in place of that set's revisions, from the first case on. It is for the
// command line. Its errors are those of the store.
func NewPolicyHistory(ctx context.Context, s *store.Store, p defect.Policy, tried map[string][]calendar.Change) (PolicyHistory, error) {
	latest, err := s.HolidaySets(ctx)
	if err != nil {
		return PolicyHistory{}, err
	}
	var all []calendar.Revision
	for _, set := range slices.Sorted(maps.Keys(latest)) {
		if tried[set] != nil {
			continue
		}
		for after := 0; after < latest[set]; {
			page, err := s.HolidayRevisions(ctx, set, after, revisionPage)
			if err != nil {
				return PolicyHistory{}, err
			}
			if len(page) == 0 {
				break
			}
			all, after = append(all, page...), page[len(page)-1].N
		}
	}
	slices.SortStableFunc(all, func(a, b calendar.Revision) int { return a.At.Compare(b.At) })
	h := PolicyHistory{first: p, changes: map[string][]calendar.Change{}, tried: tried}
	maps.Copy(h.changes, tried)
	if len(tried) > 0 {
		h.first = under(p, tried)
	}
	for _, r := range all {
		h.changes = with(h.changes, r.Set, r.Change)
		h.states = append(h.states, policyState{since: r.At, policy: under(p, h.changes)})
	}
	return h, nil
}

// At returns the policy that a case of an instant was submitted under: later revisions reach it only when they are applied
// to it, which is a step of its own.
func (h PolicyHistory) At(at time.Time) defect.Policy {
	i, _ := slices.BinarySearchFunc(h.states, at, func(s policyState, at time.Time) int {
		if s.since.After(at) {
			return 1
		}
		return -1
	})
	if i == 0 {
		return h.first
	}
	return h.states[i-1].policy
}

// Retold returns a recorded case with the steps that put it under other holidays as they would have been: nothing of a set
// that is tried was ever applied to it, for it was under that from the beginning; the days of a set that builds on a tried
// one are worked out anew.
func (h PolicyHistory) Retold(r defect.Recorded) defect.Recorded {
	if len(h.tried) == 0 {
		return r
	}
	var events []defect.Event
	for _, e := range r.Events {
		if e.Kind == defect.Kind(defect.ActApplyHolidays) && e.Input != nil {
			in := *e.Input
			if in.Holidays = h.retold(r, e.At, in.Holidays); len(in.Holidays) == 0 {
				continue
			}
			e.Input = &in
		}
		events = append(events, e)
	}
	r.Events = events
	return r
}

func (h PolicyHistory) retold(r defect.Recorded, at time.Time, all []defect.Holidays) []defect.Holidays {
	var out []defect.Holidays
	for _, one := range all {
		base := calendar.BaseOf(one.Set)
		if h.tried[one.Set] != nil {
			continue
		}
		if h.tried[base] != nil {
			changes := h.changes[one.Set]
			if n, ok := calendar.InForce(one.Set, changes[:min(one.Revision, len(changes))], h.tried[base]); ok {
				anew := r.Case.UnderHolidays(one.HolidayState, n, at)
				one.Days, one.KnownThrough = anew.Days, anew.KnownThrough
			}
		}
		out = append(out, one)
	}
	return out
}
