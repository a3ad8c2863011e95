package lang

import (
	"strconv"
	"strings"
	"time"

	"yunwei/apperr"
	"yunwei/defect"
)

// CaseHeadings returns what stands above the columns of a table of cases that people take along, in the order of CaseRow.
func (l Lang) CaseHeadings() []string {
	out := l.headings(
		HeadingCase, "input.title", "input.system", "input.module", "input.asset_id", "input.severity", "input.category", HeadingStage, HeadingWaiting,
		"input.assignee", HeadingLevel, HeadingReporter, "input.reporter.unit", "input.channel", HeadingSubmitted, HeadingUpdated, HeadingClosed, HeadingCloseReason, HeadingCycle,
	)
	for _, name := range defect.ClockNames() {
		clock := apperr.Args{"clock": "@clock." + string(name)}
		for _, key := range []Heading{HeadingClockState, HeadingClockDue, HeadingClockMet} {
			out = append(out, l.Text(apperr.Reason(key), clock))
		}
	}
	return out
}

// CaseRow returns a case as a row of a table: texts, numbers, times, and nil for what there is not. assignee is the name of
// who has it in hand; times are those of a zone. Of the promises of one name it tells the latest.
func (l Lang) CaseRow(c *defect.Case, assignee string, zone *time.Location) []any {
	var waiting []string
	for _, w := range c.Waiting {
		waiting = append(waiting, l.Term("waiting."+string(w)))
	}
	s := c.Submission
	row := []any{
		c.Number, s.Title, s.System, s.Module, s.AssetID, int(c.Severity), l.cell("category.", string(c.Category)), l.cell("stage.", string(c.Stage)),
		strings.Join(waiting, l.Term("list.separator")), assignee, l.cell("level.", string(c.Level)), s.Reporter.Name, s.Reporter.Unit, l.cell("channel.", string(s.Channel)),
		moment(c.CreatedAt, zone), moment(c.UpdatedAt, zone), moment(c.ClosedAt, zone), l.cell("close_reason.", string(c.CloseReason)), c.Cycle,
	}
	for _, name := range defect.ClockNames() {
		row = append(row, l.promiseCells(c, name, zone)...)
	}
	return row
}

// promiseCells tell of the latest promise of a name: how it stands, when it is due, when it was met.
func (l Lang) promiseCells(c *defect.Case, name defect.ClockName, zone *time.Location) []any {
	for i := len(c.Clocks) - 1; i >= 0; i-- {
		if k := c.Clocks[i]; k.Name == name {
			return []any{l.cell("clock_state.", string(k.State())), moment(k.DueAt, zone), moment(k.MetAt, zone)}
		}
	}
	return []any{nil, nil, nil}
}

// cell is the name of a term; nil for none.
func (l Lang) cell(kind, name string) any {
	if name == "" {
		return nil
	}
	return l.Term(kind + name)
}

// CasesCut says, below a table of cases, that these are only the first n.
func (l Lang) CasesCut(n int) []any {
	return []any{l.Text(apperr.Reason(HeadingCasesCut), apperr.Args{"n": strconv.Itoa(n)})}
}

// moment is a time as people of a zone read it; nil for none.
func moment(t time.Time, zone *time.Location) any {
	if t.IsZero() {
		return nil
	}
	return t.In(zone)
}
