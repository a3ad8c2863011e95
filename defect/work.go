package defect

// WorkKind is a kind of work that waits for somebody.
type WorkKind string

// The kinds, in the order in which they are shown.
const (
	WorkSign     WorkKind = "sign"     // handling plans to sign
	WorkFresh    WorkKind = "fresh"    // reports to acknowledge
	WorkFinish   WorkKind = "finish"   // fixes to verify and cases to reply to
	WorkMine     WorkKind = "mine"     // open cases in the person's hands
	WorkReported WorkKind = "reported" // open cases that the person has reported
)

// Work is one kind of work that may wait for a person, and which cases it is.
type Work struct {
	Kind  WorkKind
	Query Query // without a page
	// Step, where there is one, leaves only those of the cases in which the person may take it: what a query cannot ask for.
	Step Action
}

// WorkOf returns what may wait for a person, by what they do; the most urgent cases of each kind come first.
func WorkOf(p Person) []Work {
	var out []Work
	add := func(k WorkKind, q Query, step Action) {
		q.Sort = SortDue
		out = append(out, Work{Kind: k, Query: q, Step: step})
	}
	if p.Has(RoleSupervisor) || p.StandsInFor(RoleSupervisor) {
		add(WorkSign, Query{Stages: []Stage{SignOff}}, ActSign)
	}
	if p.Has(RoleAgent) {
		add(WorkFresh, Query{Stages: []Stage{Submitted}}, "")
		add(WorkFinish, Query{Stages: []Stage{Verification, Reply}}, "")
	}
	if MayBeAssigned(p) {
		add(WorkMine, Query{Assignee: p.Username, Stages: OpenStages()}, "")
	}
	if p.Has(RoleReporter, RoleInspector) {
		add(WorkReported, Query{Reporter: p.Username, Stages: OpenStages()}, "")
	}
	return out
}

// MostUrgent returns the promise of the case to look at first, and whether any is left to keep: one that is broken, else the
// one that is due next, else one that stands still; of several such the earliest.
func (c *Case) MostUrgent() (Clock, bool) {
	var first Clock
	found := false
	for _, k := range c.Clocks {
		if k.Live() && (!found || k.before(first)) {
			first, found = k, true
		}
	}
	return first, found
}

// before reports whether a live promise is to be looked at before another.
func (k Clock) before(other Clock) bool {
	rank := func(k Clock) int {
		switch {
		case k.Overdue():
			return 0
		case !k.DueAt.IsZero():
			return 1
		}
		return 2
	}
	if a, b := rank(k), rank(other); a != b {
		return a < b
	}
	return k.DueAt.Before(other.DueAt)
}
