package defect

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// A report on promises counts those that started in its period [From, To): a promise belongs to one period for ever,
// whatever becomes of it later, and periods that lie end to end hold every promise once. Promised is the sum of Met,
// Broken, Running and Cancelled.

// Dimension is what a report groups promises by.
type Dimension string

// The dimensions.
const (
	BySeverity Dimension = "severity"
	ByMonth    Dimension = "month" // of the start in the site's zone
	BySystem   Dimension = "system"
	ByUnit     Dimension = "unit"   // of the reporter
	ByPerson   Dimension = "person" // who had the case in hand when the promise ended, or has it now
	ByClock    Dimension = "clock"
)

// Dimensions returns every dimension; the first is the default.
func Dimensions() []Dimension {
	return []Dimension{BySeverity, ByMonth, BySystem, ByUnit, ByPerson, ByClock}
}

// PromiseQuery narrows promises to those that a figure of a report counts. Zero values do not narrow.
type PromiseQuery struct {
	From, To time.Time // of the start, [From, To)
	Clock    ClockName
	By       Dimension
	// Key is the group: as PromiseGroup names it. It is heeded where Keyed says so, for a group may be named by nothing.
	Key     string
	Keyed   bool
	Outcome Outcome
	Timed   bool // those met, in time or late: which percentiles are taken of
}

// PromiseGroup is the figures of the promises that have one thing in common.
type PromiseGroup struct {
	Key string // 1, 202611, OA, …; empty: those that name none

	Promised, Met, Broken, Running, Cancelled int

	// Timed is how many were met, in time or late; P50, P90 and Longest are the service time that those took, by the
	// nearest-rank method: each is the figure of a promise, and no other lies between it and its share of them.
	Timed             int
	P50, P90, Longest time.Duration

	Sides Sums // of all of them, as Promise.Sides counts
}

// Rate returns which share of the promises that were decided was kept, 0 to 1, and false when none was decided.
func (g PromiseGroup) Rate() (float64, bool) {
	if g.Met+g.Broken == 0 {
		return 0, false
	}
	return float64(g.Met) / float64(g.Met+g.Broken), true
}

// Add adds up what can be added up: everything but the percentiles.
func (g *PromiseGroup) Add(other PromiseGroup) {
	g.Promised += other.Promised
	g.Met += other.Met
	g.Broken += other.Broken
	g.Running += other.Running
	g.Cancelled += other.Cancelled
	g.Timed += other.Timed
	g.Sides.Contractor += other.Sides.Contractor
	g.Sides.Client += other.Sides.Client
	g.Sides.SparePart += other.Sides.SparePart
}

// PromiseReport is the figures of a period, by group and in all.
type PromiseReport struct {
	Groups []PromiseGroup // by key
	Total  PromiseGroup
}

// Key names the group that a promise is in.
func (p Promise) Key(by Dimension) string {
	switch by {
	case BySeverity:
		return strconv.Itoa(int(p.Severity))
	case ByMonth:
		return strconv.Itoa(p.Month)
	case BySystem:
		return p.System
	case ByUnit:
		return p.Unit
	case ByPerson:
		return p.Person
	case ByClock:
	}
	return string(p.Clock)
}

// Figure is what a report counts of a promise.
type Figure struct {
	Outcome Outcome
	Met     bool
	Counted time.Duration
	Sides   Sums
}

// Figure returns what a report counts of the promise.
func (p Promise) Figure() Figure {
	return Figure{Outcome: p.Outcome, Met: p.Met, Counted: p.Counted, Sides: p.Sides}
}

// PromiseSums adds promises up by group. The zero value is ready.
type PromiseSums struct{ groups map[string]*promiseSum }

// promiseSum is a group that is being added up.
type promiseSum struct {
	PromiseGroup
	took []time.Duration // how long those that were met took
}

// Add adds a promise to a group.
func (s *PromiseSums) Add(key string, f Figure) {
	g := s.groups[key]
	if g == nil {
		if s.groups == nil {
			s.groups = map[string]*promiseSum{}
		}
		g = &promiseSum{PromiseGroup: PromiseGroup{Key: key}}
		s.groups[key] = g
	}
	one := PromiseGroup{Promised: 1, Sides: f.Sides}
	switch f.Outcome {
	case OutcomeMet:
		one.Met = 1
	case OutcomeBroken:
		one.Broken = 1
	case OutcomeRunning:
		one.Running = 1
	case OutcomeCancelled:
		one.Cancelled = 1
	}
	if f.Met {
		one.Timed = 1
		g.took = append(g.took, f.Counted)
	}
	g.Add(one)
}

// Report returns the figures of all that was added.
func (s *PromiseSums) Report() PromiseReport {
	var report PromiseReport
	var all promiseSum
	for _, g := range s.groups {
		all.Add(g.PromiseGroup)
		all.took = append(all.took, g.took...)
		g.rank()
		report.Groups = append(report.Groups, g.PromiseGroup)
	}
	all.rank()
	report.Total = all.PromiseGroup
	report.Sort()
	return report
}

// Sort brings the groups into the order of their keys.
func (r *PromiseReport) Sort() {
	slices.SortFunc(r.Groups, func(a, b PromiseGroup) int { return strings.Compare(a.Key, b.Key) })
}

// rank finds the percentiles by the nearest-rank method: of n figures in order the one at place ceil(n * p).
func (g *promiseSum) rank() {
	n := len(g.took)
	if n == 0 {
		return
	}
	slices.Sort(g.took)
	at := func(percent int) time.Duration { return g.took[(n*percent+99)/100-1] }
	g.P50, g.P90, g.Longest = at(50), at(90), at(100)
}

// CasePromise is a promise with the number of its case.
type CasePromise struct {
	Number string
	Promise
}
