package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/roster"
)

// Limits of a duty table that people send. A table of a year with eight shifts a day fits.
const (
	MaxTable      = 2 << 20 // bytes of the file
	maxTableRows  = 5000
	maxTableCols  = 40
	maxTableWrong = 50 // mistakes that are told at once
	MaxTableWeeks = 12 // that are written
)

// tableColumns are the columns of a duty table, by their headings in either language; the first of each is written.
var tableColumns = []struct {
	zh, en   string
	required bool
}{{"日期", "date", true}, {"班次", "shift", true}, {"开始", "start", false}, {"结束", "end", false}, {"人员", "people", true}}

const (
	columnDate = iota
	columnShift
	columnStart
	columnEnd
	columnPeople
)

// ImportRoster reads a duty table (xlsx) into a roster as its next version: the people that it names have the shifts of its
// days, in place of what the roster had for those. Columns are date, shift, start, end and people, in Chinese or English;
// start and end are the shift's own where they are left out, a date the one of the row above. Invalid names sheet and cell.
func (d *Desk) ImportRoster(ctx context.Context, by Caller, name string, body io.Reader, reason string) (roster.Roster, []roster.Finding, error) {
	if err := d.MayDuty(by, roster.TaskPlan); err != nil {
		return roster.Roster{}, nil, err
	}
	r, err := d.roster(ctx, name, 0)
	if err != nil {
		return roster.Roster{}, nil, err
	}
	file, err := io.ReadAll(io.LimitReader(body, MaxTable+1))
	if err != nil {
		return roster.Roster{}, nil, apperr.Wrap(err, apperr.Unreadable, apperr.ReasonUnreadable)
	}
	if len(file) > MaxTable {
		return roster.Roster{}, nil, apperr.New(apperr.TooLarge, apperr.ReasonTooLarge, apperr.Args{"limit": "2 MiB"})
	}
	entries, err := readTable(file, r.Plan, d.whoIs)
	if err != nil {
		return roster.Roster{}, nil, err
	}
	return d.SaveRoster(ctx, by, name, d.withEntries(r, entries), r.Version, reason)
}

// withEntries returns a roster's plan with the entries in place of its own for the same days and shifts. What is over is
// left out: the version that was in force then tells it.
func (d *Desk) withEntries(r roster.Roster, entries []roster.Entry) roster.Plan {
	today := r.Timezone.Date(d.now())
	r.Plan.Entries = slices.DeleteFunc(slices.Clone(r.Entries), func(old roster.Entry) bool {
		return old.Date.Before(today.AddDays(-1)) || slices.ContainsFunc(entries, func(e roster.Entry) bool { return e.Date == old.Date && e.Shift == old.Shift })
	})
	r.Plan.Entries = append(r.Plan.Entries, entries...)
	return r.Plan
}

// whoIs returns whose user name, or whose name if only one account has it, somebody has written.
func (d *Desk) whoIs(who string) (string, bool) {
	if user, known, err := d.people.find(who); err == nil && known && !user.Disabled {
		return user.Username, true
	}
	return d.people.called(who)
}

// table is a duty table that is being read.
type table struct {
	sheet    string
	plan     roster.Plan
	named    func(string) (string, bool)
	date1904 bool
	columns  [5]int // where each column stands; -1 for none
	last     calendar.Date
	wrong    apperr.Fields
	entries  []roster.Entry
}

// notTable refuses a file that is no table; why is for the log.
func notTable(why error) error {
	e := apperr.Wrap(why, apperr.Invalid, apperr.ReasonInvalid)
	e.Fields = []apperr.Field{{Field: "file", Reason: apperr.FieldSheet, Args: apperr.Args{"limit": toldUnpacked}}}
	return e
}

// readTable reads the first sheet of a file.
func readTable(file []byte, plan roster.Plan, named func(string) (string, bool)) ([]roster.Entry, error) {
	t := &table{plan: plan, named: named}
	err := firstSheet(file, excelize.Options{RawCellValue: true}, notTable, func(f *excelize.File, sheet string) (err error) {
		t.sheet = sheet
		if props, err := f.GetWorkbookProps(); err == nil && props.Date1904 != nil {
			t.date1904 = *props.Date1904
		}
		rows, err := f.Rows(sheet)
		if err != nil {
			return notTable(err)
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		if err := t.read(rows); err != nil {
			return notTable(err)
		}
		return t.wrong.Err()
	})
	if err != nil {
		return nil, err
	}
	return t.entries, nil
}

// read reads all rows: empty ones, the headings, what follows.
func (t *table) read(rows *excelize.Rows) error {
	headed := false
	for n := 1; rows.Next() && len(t.wrong) < maxTableWrong; n++ {
		cells, err := rows.Columns()
		if err != nil {
			return err
		}
		switch {
		case n > maxTableRows:
			t.wrong.Add(t.sheet, apperr.FieldSheetRows, apperr.Args{"limit": strconv.Itoa(maxTableRows)})
			return nil
		case len(cells) > maxTableCols:
			t.wrong.Add(t.at(n, maxTableCols), apperr.FieldSheetWide, apperr.Args{"limit": strconv.Itoa(maxTableCols)})
			return nil
		case !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }):
		case !headed:
			if headed = t.heading(n, cells); !headed {
				return nil
			}
		default:
			t.row(n, cells)
		}
	}
	if err := rows.Error(); err != nil {
		return err
	}
	if !headed && len(t.wrong) == 0 {
		t.heading(1, nil)
	}
	return nil
}

// at names a cell: 值班表!C5.
func (t *table) at(row, column int) string {
	name, err := excelize.CoordinatesToCellName(column+1, row)
	if err != nil { // no cell of a sheet has such a place
		name = strconv.Itoa(row)
	}
	return t.sheet + "!" + name
}

// heading finds the columns, and reports whether those are there that have to be.
func (t *table) heading(n int, cells []string) bool {
	var missing []string
	for i, c := range tableColumns {
		t.columns[i] = slices.IndexFunc(cells, func(cell string) bool {
			cell = strings.ToLower(strings.TrimSpace(cell))
			return cell == c.zh || cell == c.en
		})
		if t.columns[i] < 0 && c.required {
			missing = append(missing, c.zh+"/"+c.en)
		}
	}
	if len(missing) > 0 {
		t.wrong.Add(t.at(n, 0), apperr.FieldSheetHead, apperr.Args{"columns": strings.Join(missing, ", ")})
	}
	return len(missing) == 0
}

// row reads one line of the table.
func (t *table) row(n int, cells []string) {
	cell := func(column int) (text, at string) {
		i := t.columns[column]
		if i >= 0 && i < len(cells) {
			text = strings.TrimSpace(cells[i])
		}
		return text, t.at(n, max(i, 0))
	}
	before := len(t.wrong)
	var e roster.Entry
	text, at := cell(columnDate)
	e.Date = t.date(text, at)
	text, at = cell(columnShift)
	s, ok := t.plan.Shift(text)
	if !ok {
		t.wrong.Add(at, apperr.FieldShift, apperr.Args{"shifts": t.plan.ShiftNames()})
	}
	e.Shift, e.Start, e.End = s.Name, s.Start, s.End
	if text, at = cell(columnStart); text != "" {
		e.Start = t.clock(text, at, 24*60-1)
	}
	if text, at = cell(columnEnd); text != "" {
		e.End = t.clock(text, at, 24*60)
	}
	text, at = cell(columnPeople)
	e.People = t.people(text, at)
	if e.Start == 0 && e.End == 0 {
		e.End = 24 * 60 // a whole day, and not the shift's own hours
	}
	if len(t.wrong) == before {
		t.entries = append(t.entries, e)
	}
}

// dateForms are how people write a date.
var dateForms = []string{"2006-1-2", "2006/1/2", "2006.1.2", "2006年1月2日", "20060102"}

// lastSerial is the serial number of 9999-12-31, the last date of a spreadsheet.
const lastSerial = 2958465

// date reads a cell with a date, be it one of the spreadsheet or a text. An empty one, as merged cells have it, is the date
// of the row above.
func (t *table) date(text, at string) calendar.Date {
	if text == "" && !t.last.IsZero() {
		return t.last
	}
	var day time.Time
	serial, err := strconv.ParseFloat(text, 64)
	if err == nil && serial >= 1 && serial <= lastSerial {
		day, err = excelize.ExcelDateToTime(serial, t.date1904)
	} else {
		for _, form := range dateForms {
			if day, err = time.Parse(form, text); err == nil {
				break
			}
		}
	}
	if err != nil || day.Year() < 1970 || day.Year() > 9000 {
		t.wrong.Add(at, apperr.FieldDate, nil)
		return calendar.Date{}
	}
	t.last = calendar.DateOf(day)
	return t.last
}

// clock reads a cell with a time of day: a text, or a part of a day.
func (t *table) clock(text, at string, most roster.Clock) roster.Clock {
	if part, err := strconv.ParseFloat(text, 64); err == nil && part >= 0 && part <= 1 {
		return min(roster.Clock(math.Round(part*24*60)), most)
	}
	text = strings.ReplaceAll(text, "\uff1a", ":") // the colon of Chinese texts
	if strings.Count(text, ":") == 2 {
		text = strings.TrimSuffix(text, ":00")
	}
	c, err := roster.ParseClock(text)
	if err != nil || c > most {
		t.wrong.Add(at, apperr.FieldClock, nil)
	}
	return c
}

// separators stand between names: comma, enumeration comma, semicolon in both widths, slash, line breaks.
const separators = ",\uff0c\u3001;\uff1b/\n\r"

// people reads a cell with names, apart by commas, semicolons, line breaks or, where that makes names of them, blanks.
func (t *table) people(text, at string) []string {
	var out []string
	add := func(name string) bool {
		username, ok := t.named(name)
		if ok && !slices.Contains(out, username) {
			out = append(out, username)
		}
		return ok
	}
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		if part = strings.TrimSpace(part); part == "" || add(part) {
			continue
		}
		for _, name := range strings.Fields(part) {
			if !add(name) {
				t.wrong.Add(at, apperr.FieldPerson, apperr.Args{"person": cut(name, 60)})
			}
		}
	}
	if text == "" {
		t.wrong.Add(at, apperr.FieldRequired, nil)
	}
	return out
}

// ExportRoster returns the coming weeks of a roster as a duty table (xlsx) that ImportRoster reads, without overrides and
// swaps: to be filled in and sent back.
func (d *Desk) ExportRoster(ctx context.Context, by Caller, name string, weeks int, english bool) ([]byte, error) {
	r, err := d.Roster(ctx, by, name, 0)
	if err != nil {
		return nil, err
	}
	today := r.Timezone.Date(d.now())
	list := r.Planned(today, today.AddDays(7*min(max(weeks, 1), MaxTableWeeks)-1))
	b, err := writeTable(r, list, english)
	if err != nil {
		return nil, apperr.Wrap(fmt.Errorf("write the duty table of %s: %w", name, err), apperr.Internal, apperr.ReasonInternal)
	}
	return b, nil
}

func writeTable(r roster.Roster, list []roster.Assignment, english bool) (b []byte, err error) {
	f := excelize.NewFile()
	defer func() { err = errors.Join(err, f.Close()) }()
	sheet := "值班表"
	if english {
		sheet = "duty"
	}
	if err := f.SetSheetName(f.GetSheetName(0), sheet); err != nil {
		return nil, err
	}
	form := "yyyy-mm-dd"
	day, err := f.NewStyle(&excelize.Style{CustomNumFmt: &form})
	if err != nil {
		return nil, err
	}
	w, err := f.NewStreamWriter(sheet)
	if err != nil {
		return nil, err
	}
	heading := make([]any, len(tableColumns))
	for i, c := range tableColumns {
		heading[i] = c.zh
		if english {
			heading[i] = c.en
		}
	}
	if err := errors.Join(w.SetColWidth(1, len(tableColumns), 14), w.SetRow("A1", heading)); err != nil {
		return nil, err
	}
	for i, a := range list {
		if err := w.SetRow("A"+strconv.Itoa(i+2), tableRow(r.Timezone, a, day)); err != nil {
			return nil, err
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = f.Write(&out)
	return out.Bytes(), err
}

// tableRow is a shift as a row of a duty table.
func tableRow(z roster.Zone, a roster.Assignment, day int) []any {
	d := z.Date(a.From)
	start, end := z.Clock(a.From), z.Clock(a.To)
	if end == 0 && start == 0 {
		end = 24 * 60
	}
	return []any{
		excelize.Cell{StyleID: day, Value: time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)}, a.Shift, start.String(), end.String(), strings.Join(a.People, ", "),
	}
}
