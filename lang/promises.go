package lang

import (
	"strconv"
	"time"

	"yunwei/defect"
)

// The reports on promises as tables that people take along. A row is of texts, numbers, times and nil.

// FigureHeadings stand above the figures of a report that is grouped by a dimension.
func (l Lang) FigureHeadings(by defect.Dimension) []string {
	out := append(l.dimensions(by), l.headings(HeadingPromised)...)
	for _, o := range defect.Outcomes() {
		out = append(out, l.Term("outcome."+string(o)))
	}
	return append(out, l.headings(HeadingRate, HeadingTimed, HeadingP50, HeadingP90, HeadingLongest, HeadingContractor, HeadingClient, HeadingSparePart)...)
}

// FigureRows are a row per group of a report, and one of all.
func (l Lang) FigureRows(by defect.Dimension, report defect.PromiseReport) [][]any {
	var out [][]any
	for _, g := range report.Groups {
		out = append(out, figureRow(l.groupName(by, g.Key), g))
	}
	return append(out, figureRow(l.Term(string(HeadingTotal)), report.Total))
}

// groupName is what people read of a group's key.
func (l Lang) groupName(by defect.Dimension, key string) any {
	if by == defect.ByClock {
		return l.Term("clock." + key)
	}
	if by == defect.BySeverity || by == defect.ByMonth {
		if n, err := strconv.Atoi(key); err == nil {
			return n
		}
	}
	return key
}

func figureRow(name any, g defect.PromiseGroup) []any {
	row := []any{name, g.Promised, g.Met, g.Broken, g.Running, g.Cancelled, nil, g.Timed, nil, nil, nil}
	if rate, ok := g.Rate(); ok {
		row[6] = rate
	}
	if g.Timed > 0 {
		row[8], row[9], row[10] = g.P50.Seconds(), g.P90.Seconds(), g.Longest.Seconds()
	}
	return append(row, g.Sides.Contractor.Seconds(), g.Sides.Client.Seconds(), g.Sides.SparePart.Seconds())
}

// PromiseHeadings stand above promises.
func (l Lang) PromiseHeadings() []string {
	out := append(l.headings(HeadingNumber), l.dimensions(defect.ByClock, defect.BySeverity, defect.BySystem, defect.ByUnit, defect.ByPerson, defect.ByMonth)...)
	return append(out, l.headings(HeadingNth, HeadingStarted, HeadingDue, HeadingEnded, HeadingOutcome, HeadingCounted, HeadingLateBy,
		HeadingContractor, HeadingClient, HeadingSparePart)...)
}

// PromiseRow is a promise, with times as people of the zone read them.
func (l Lang) PromiseRow(p defect.CasePromise, zone *time.Location) []any {
	row := []any{
		p.Number, l.Term("clock." + string(p.Clock)), int(p.Severity), p.System, p.Unit, p.Person, p.Month, p.Nth,
		moment(p.StartedAt, zone), moment(p.DueAt, zone), moment(p.EndedAt, zone), l.Term("outcome." + string(p.Outcome)), p.Counted.Seconds(), nil,
		p.Sides.Contractor.Seconds(), p.Sides.Client.Seconds(), p.Sides.SparePart.Seconds(),
	}
	if p.Outcome == defect.OutcomeBroken && !p.EndedAt.IsZero() {
		row[13] = p.LateBy.Seconds()
	}
	return row
}

func (l Lang) headings(keys ...Heading) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = l.Term(string(k))
	}
	return out
}

func (l Lang) dimensions(all ...defect.Dimension) []string {
	out := make([]string, len(all))
	for i, d := range all {
		out[i] = l.Term("dimension." + string(d))
	}
	return out
}
