package asset

import "yunwei/apperr"

// Sheet is a table as people send it: rows of cells, the first that is not empty holds the headings.
type Sheet [][]string

// MaxRows is how many assets a sheet may hold.
const MaxRows = 5000

// Fate is what becomes of a row of a sheet.
type Fate string

// The fates.
const (
	FateAdded     Fate = "added"
	FateChanged   Fate = "changed"
	FateUnchanged Fate = "unchanged"
	FateRefused   Fate = "refused"
)

// Fates returns every fate.
func Fates() []Fate { return []Fate{FateAdded, FateChanged, FateUnchanged, FateRefused} }

// CellError is what is amiss with one cell.
type CellError struct {
	Row     int           `json:"row"`     // from 1, as a spreadsheet counts
	Column  string        `json:"column"`  // as a spreadsheet names it: A; empty when the sheet has no such column
	Heading string        `json:"heading"` // as the sheet has it
	Field   string        `json:"field"`
	Reason  apperr.Reason `json:"reason"`
	Args    apperr.Args   `json:"args,omitempty"`
}

// RowFate is what becomes, or would become, of one row.
type RowFate struct {
	Row     int
	Number  string // of the asset; where the sheet leaves it open, the one that it gets
	Name    string
	Fate    Fate
	Changes []FieldChange // of what is changed
	Errors  []CellError   // of what is refused
}

// ImportResult is what becomes, or would become, of a sheet. It is applied whole or not at all: one row that is refused
// keeps all others out.
type ImportResult struct {
	Applied   bool
	Rows      []RowFate // in the order of the sheet, without empty ones
	Added     int
	Changed   int
	Unchanged int
	Refused   int
	Ignored   []string // headings that nothing is known by
}
