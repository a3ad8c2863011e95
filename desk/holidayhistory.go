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
	first  defect.Policy // before the first revision
	states []policyState // by time
}

type policyState struct {
	since  time.Time
	policy defect.Policy
}

// NewPolicyHistory puts a policy under the revisions of the holidays that a store knows, as the desk does with the policy
// in force. It is for the command line. Its errors are those of the store.
func NewPolicyHistory(ctx context.Context, s *store.Store, p defect.Policy) (PolicyHistory, error) {
	latest, err := s.HolidaySets(ctx)
	if err != nil {
		return PolicyHistory{}, err
	}
	var all []calendar.Revision
	for _, set := range slices.Sorted(maps.Keys(latest)) {
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
	h, known := PolicyHistory{first: p}, map[string][]calendar.Change{}
	for _, r := range all {
		known = with(known, r.Set, r.Change)
		h.states = append(h.states, policyState{since: r.At, policy: under(p, known)})
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
