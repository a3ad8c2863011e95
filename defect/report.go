package defect

import "time"

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

// CasePromise is a promise with the number of its case.
type CasePromise struct {
	Number string
	Promise
}
