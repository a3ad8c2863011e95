package asset

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"yunwei/apperr"
	"yunwei/defect"
)

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
	Row     int           `json:"row"`
	Number  string        `json:"number"` // of the asset; where the sheet leaves it open, the one that it gets
	Name    string        `json:"name"`
	Fate    Fate          `json:"fate"`
	Changes []FieldChange `json:"changes,omitempty"` // of what is changed
	Errors  []CellError   `json:"errors,omitempty"`  // of what is refused
}

// ImportResult is what becomes, or would become, of a sheet. It is applied whole or not at all: one row that is refused
// keeps all others out.
type ImportResult struct {
	Applied   bool      `json:"applied"`
	Rows      []RowFate `json:"rows"` // in the order of the sheet, without empty ones
	Added     int       `json:"added"`
	Changed   int       `json:"changed"`
	Unchanged int       `json:"unchanged"`
	Refused   int       `json:"refused"`
	Ignored   []string  `json:"ignored,omitempty"` // headings that nothing is known by
}

// row is a row of a sheet that is being read.
type row struct {
	at      int // from 1
	asset   Asset
	known   bool // the register has it
	changes []FieldChange
	errors  []CellError
}

// Reading is a sheet under its headings.
type Reading struct {
	head    int      // the row of the headings, from 0
	fields  []string // by column; empty for one that nothing is known by
	Ignored []string
	sheet   Sheet
}

// Read finds the headings of a sheet. Invalid, by the field "file", for a sheet that has no name among them, or one field twice, or
// more rows than MaxRows.
func Read(s Sheet) (*Reading, error) {
	r := &Reading{sheet: s}
	for r.head < len(s) && empty(s[r.head]) {
		r.head++
	}
	var wrong apperr.Fields
	if r.head == len(s) {
		wrong.Add("file", apperr.FieldSheetNone, nil)
		return nil, wrong.Err()
	}
	for _, h := range s[r.head] {
		field := FieldOf(h)
		if field == "" && strings.TrimSpace(h) != "" {
			r.Ignored = append(r.Ignored, defect.Printable(h))
		}
		if field != "" && slices.Contains(r.fields, field) {
			wrong.Add("file", apperr.FieldAssetHeading, apperr.Args{"column": defect.Printable(h)})
		}
		r.fields = append(r.fields, field)
	}
	if !slices.Contains(r.fields, "name") {
		wrong.Add("file", apperr.FieldSheetHead, apperr.Args{"columns": "名称/name"})
	}
	if len(s)-r.head-1 > MaxRows {
		wrong.Add("file", apperr.FieldSheetRows, apperr.Args{"limit": strconv.Itoa(MaxRows)})
	}
	return r, wrong.Err()
}

func empty(cells []string) bool {
	return !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" })
}

// cell returns what a row has in a field.
func (r *Reading) cell(cells []string, field string) string {
	if i := slices.Index(r.fields, field); i >= 0 && i < len(cells) {
		return meant(field, cells[i])
	}
	return ""
}

// Keys returns, by Key, the numbers that the sheet names, those of parents, too.
func (r *Reading) Keys() []string {
	var out []string
	for _, cells := range r.sheet[r.head+1:] {
		out = append(out, Key(r.cell(cells, "number")), Key(r.cell(cells, "parent")))
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(k string) bool { return k == "" })
}

// Apply says what becomes of each row on a day, and returns the assets as they are to be.
// A column that the sheet lacks stays as it is; an empty cell empties. known holds, by key, the assets that the sheet names,
// parents what is above those, and next is the figure of the first number that is free.
func (r *Reading) Apply(known map[string]Asset, parents map[string]string, next int, today Date) (ImportResult, []Asset) {
	rows := r.rows(known, next)
	parents = maps.Clone(parents)
	if parents == nil {
		parents = map[string]string{}
	}
	first := map[string]int{}
	for _, one := range rows {
		parents[Key(one.asset.Number)] = Key(one.asset.Parent)
	}
	result := ImportResult{Ignored: r.Ignored}
	var out []Asset
	for _, one := range rows {
		key := Key(one.asset.Number)
		if at, twice := first[key]; twice {
			one.errors = append(one.errors, r.wrong(one.at, "number", apperr.FieldAssetTwice, apperr.Args{"row": strconv.Itoa(at)}))
		} else {
			first[key] = one.at
		}
		r.check(&one, parents, today)
		fate := one.told()
		result.count(fate)
		if fate.Fate == FateAdded || fate.Fate == FateChanged {
			out = append(out, one.asset)
		}
	}
	return result, out
}

// rows reads the rows that are not empty, and gives those a number that have none.
func (r *Reading) rows(known map[string]Asset, next int) []row {
	named := r.Keys()
	var out []row
	for i, cells := range r.sheet[r.head+1:] {
		if empty(cells) {
			continue
		}
		before, is := known[Key(r.cell(cells, "number"))]
		one := row{at: r.head + i + 2, asset: before, known: is}
		for _, field := range r.fields {
			if field == "" || is && field == "number" {
				continue
			}
			one.asset.Set(field, r.cell(cells, field))
		}
		one.asset = one.asset.Tidied()
		for ; one.asset.Number == ""; next++ {
			if n := Suggested(next); !slices.Contains(named, Key(n)) {
				one.asset.Number = n
			}
		}
		one.changes = Changes(before, one.asset)
		out = append(out, one)
	}
	return out
}

// Suggested returns the number that the register makes up of a figure.
func Suggested(n int) string { return fmt.Sprintf("A-%06d", n) }

func (r *Reading) check(one *row, parents map[string]string, today Date) {
	wrong := one.asset.Check(today)
	one.asset.CheckParent(parents, &wrong)
	for _, f := range wrong {
		one.errors = append(one.errors, r.wrong(one.at, f.Field, f.Reason, f.Args))
	}
}

// wrong is what is amiss with the cell of a field.
func (r *Reading) wrong(at int, field string, reason apperr.Reason, args apperr.Args) CellError {
	e := CellError{Row: at, Field: field, Reason: reason, Args: args}
	if i := slices.Index(r.fields, field); i >= 0 {
		e.Column, e.Heading = columnName(i), defect.Printable(r.sheet[r.head][i])
	}
	return e
}

// columnName names a column as spreadsheets do: A to Z, AA.
func columnName(i int) string {
	name := ""
	for i++; i > 0; i = (i - 1) / 26 {
		name = string(rune('A'+(i-1)%26)) + name
	}
	return name
}

func (o row) told() RowFate {
	f := RowFate{Row: o.at, Number: o.asset.Number, Name: o.asset.Name, Fate: FateAdded, Changes: o.changes, Errors: o.errors}
	switch {
	case len(o.errors) > 0:
		f.Fate, f.Changes = FateRefused, nil
	case o.known && len(o.changes) == 0:
		f.Fate = FateUnchanged
	case o.known:
		f.Fate = FateChanged
	default:
		f.Changes = nil
	}
	return f
}

func (r *ImportResult) count(f RowFate) {
	r.Rows = append(r.Rows, f)
	switch f.Fate {
	case FateAdded:
		r.Added++
	case FateChanged:
		r.Changed++
	case FateUnchanged:
		r.Unchanged++
	case FateRefused:
		r.Refused++
	}
}
