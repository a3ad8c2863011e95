package api

import (
	"encoding/csv"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/lang"
)

// The formats of files that reports come in.
const (
	formatCSV  = "csv"
	formatXLSX = "xlsx"
)

const (
	csvType  = "text/csv; charset=utf-8"
	xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	// byteOrderMark tells spreadsheets that a CSV is UTF-8.
	byteOrderMark = "\ufeff"
	// maxRows is how many promises a file takes: a sheet has room for 1,048,576 rows.
	maxRows = 1_000_000
	// rowsPage is how many are read at a time.
	rowsPage = 2_000
)

// table is what a file shows: headings, and rows of texts, numbers, times and nil.
type table struct {
	name     string // of a sheet
	headings []string
	rows     func(yield func([]any) error) error
}

// heading turns keys of the catalogues into headings, in the caller's language.
func headings[K ~string](l lang.Lang, keys ...K) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = l.Term(string(k))
	}
	return out
}

// figures is a report as a table: a row per group, and one of all.
func (a *api) figures(r *request, q defect.PromiseQuery, told func() defect.PromiseReport) table {
	l := language(r.Context)
	t := table{name: l.Term(string(lang.HeadingFigures)), headings: headings(l, "dimension."+string(q.By))}
	t.headings = append(t.headings, headings(l, lang.HeadingPromised)...)
	t.headings = append(t.headings, headings(l, outcomeTerms()...)...)
	t.headings = append(t.headings, headings(l, lang.HeadingRate, lang.HeadingTimed, lang.HeadingP50, lang.HeadingP90, lang.HeadingLongest,
		lang.HeadingContractor, lang.HeadingClient, lang.HeadingSparePart)...)
	t.rows = func(yield func([]any) error) error {
		report := told()
		for _, g := range report.Groups {
			if err := yield(figureRow(groupName(l, q.By, g.Key), g)); err != nil {
				return err
			}
		}
		return yield(figureRow(l.Term(string(lang.HeadingTotal)), report.Total))
	}
	return t
}

func outcomeTerms() []string {
	var out []string
	for _, o := range defect.Outcomes() {
		out = append(out, "outcome."+string(o))
	}
	return out
}

// groupName is what people read of a group's key.
func groupName(l lang.Lang, by defect.Dimension, key string) any {
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

// behind is the promises behind a report as a table; seen is told of each that was written.
func (a *api) behind(r *request, q defect.PromiseQuery, seen func(defect.Promise)) table {
	l := language(r.Context)
	keys := []string{string(lang.HeadingNumber)}
	for _, d := range []defect.Dimension{defect.ByClock, defect.BySeverity, defect.BySystem, defect.ByUnit, defect.ByPerson, defect.ByMonth} {
		keys = append(keys, "dimension."+string(d))
	}
	t := table{name: l.Term(string(lang.HeadingCases)), headings: headings(l, keys...)}
	t.headings = append(t.headings, headings(l, lang.HeadingNth, lang.HeadingStarted, lang.HeadingDue, lang.HeadingEnded, lang.HeadingOutcome,
		lang.HeadingCounted, lang.HeadingLateBy, lang.HeadingContractor, lang.HeadingClient, lang.HeadingSparePart)...)
	t.rows = func(yield func([]any) error) error {
		n := 0
		for after := ""; ; {
			list, next, err := a.desk.Promises(r, r.by, q, after, rowsPage)
			if err != nil {
				return err
			}
			if n += len(list); n > maxRows {
				return apperr.New(apperr.TooLarge, apperr.ReasonTooLarge, apperr.Args{"limit": strconv.Itoa(maxRows)})
			}
			for _, p := range list {
				if err := yield(a.promiseRow(l, p)); err != nil {
					return err
				}
				seen(p.Promise)
			}
			if next == "" {
				return nil
			}
			after = next
		}
	}
	return t
}

func (a *api) promiseRow(l lang.Lang, p defect.CasePromise) []any {
	row := []any{
		p.Number, l.Term("clock." + string(p.Clock)), int(p.Severity), p.System, p.Unit, p.Person, p.Month, p.Nth,
		a.local(p.StartedAt), a.local(p.DueAt), a.local(p.EndedAt), l.Term("outcome." + string(p.Outcome)), p.Counted.Seconds(), nil,
		p.Sides.Contractor.Seconds(), p.Sides.Client.Seconds(), p.Sides.SparePart.Seconds(),
	}
	if p.Outcome == defect.OutcomeBroken && !p.EndedAt.IsZero() {
		row[13] = p.LateBy.Seconds()
	}
	return row
}

// local is a time as people of the site read it; nil for none.
func (a *api) local(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.In(a.desk.Zone())
}

// send makes a file whole before the first byte leaves, so that what goes wrong is told and not half sent.
func (a *api) send(r *request, name, contentType string, write func(io.Writer) error) error {
	f, err := os.CreateTemp("", "yunwei-export-*")
	if err != nil {
		return fmt.Errorf("make a file for %s: %w", name, err)
	}
	defer func() {
		_ = f.Close() // it was only read
		if err := os.Remove(f.Name()); err != nil {
			a.log.WarnContext(r, "a file was left behind", "name", f.Name(), "error", err)
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	size, err := f.Seek(0, io.SeekCurrent)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("read %s again: %w", name, err)
	}
	r.Header("Content-Type", contentType)
	r.Header("Content-Language", string(language(r.Context)))
	r.Header("Content-Length", strconv.FormatInt(size, 10))
	r.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	r.Status(http.StatusOK)
	if _, err := io.Copy(r.Writer, f); err != nil {
		a.log.WarnContext(r, "a download broke off", "name", name, "error", err)
	}
	return nil
}

// sendCSV sends a table as CSV.
func (a *api) sendCSV(r *request, name string, t table) error {
	return a.send(r, name+".csv", csvType, func(to io.Writer) error {
		if _, err := io.WriteString(to, byteOrderMark); err != nil {
			return fmt.Errorf("write the table: %w", err)
		}
		w := csv.NewWriter(to)
		w.UseCRLF = true
		line := func(cells []string) error {
			for i, c := range cells {
				cells[i] = harmless(c)
			}
			return w.Write(cells)
		}
		if err := line(t.headings); err != nil {
			return fmt.Errorf("write the headings: %w", err)
		}
		err := t.rows(func(row []any) error {
			cells := make([]string, len(row))
			for i, v := range row {
				cells[i] = cellText(v)
			}
			return line(cells)
		})
		if err != nil {
			return err
		}
		w.Flush()
		return w.Error()
	})
}

// cellText writes a cell for CSV.
func cellText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return v.Format(time.RFC3339)
	}
	return fmt.Sprint(v)
}

// harmless keeps a spreadsheet from taking a text for a formula: one that begins like a formula gets an apostrophe.
// Nothing that we write as a number begins so.
func harmless(cell string) string {
	if strings.HasPrefix(strings.TrimLeft(cell, " "), "=") || strings.IndexAny(cell, "=+-@\t\r\n|") == 0 {
		return "'" + cell
	}
	return cell
}

// sendXLSX sends tables as the sheets of a workbook, the last of which is written first: those before may add it up. Texts
// are stored as texts: none is ever a formula.
func (a *api) sendXLSX(r *request, name string, tables ...table) error {
	return a.send(r, name+".xlsx", xlsxType, func(to io.Writer) (err error) {
		book := excelize.NewFile()
		defer func() {
			if closing := book.Close(); err == nil && closing != nil {
				err = fmt.Errorf("close the workbook: %w", closing)
			}
		}()
		for i, t := range tables {
			if err := addSheet(book, i, t.name); err != nil {
				return err
			}
		}
		for _, t := range slices.Backward(tables) {
			if err := fillSheet(book, t); err != nil {
				return err
			}
		}
		if _, err := book.WriteTo(to); err != nil {
			return fmt.Errorf("write the workbook: %w", err)
		}
		return nil
	})
}

// addSheet makes the nth sheet; a new workbook has one already.
func addSheet(book *excelize.File, n int, name string) error {
	if n == 0 {
		if err := book.SetSheetName(book.GetSheetName(0), name); err != nil {
			return fmt.Errorf("name a sheet: %w", err)
		}
		return nil
	}
	if _, err := book.NewSheet(name); err != nil {
		return fmt.Errorf("add a sheet: %w", err)
	}
	return nil
}

// fillSheet writes a table into its sheet, row by row: excelize keeps what is large in files.
func fillSheet(book *excelize.File, t table) error {
	format := "yyyy-mm-dd hh:mm:ss"
	style, err := book.NewStyle(&excelize.Style{CustomNumFmt: &format})
	if err != nil {
		return fmt.Errorf("style the times: %w", err)
	}
	w, err := book.NewStreamWriter(t.name)
	if err != nil {
		return fmt.Errorf("begin a sheet: %w", err)
	}
	line := 0
	put := func(row []any) error {
		line++
		cells := make([]any, len(row))
		for i, v := range row {
			cells[i] = v
			if at, ok := v.(time.Time); ok {
				cells[i] = excelize.Cell{StyleID: style, Value: wallClock(at)}
			}
		}
		return w.SetRow("A"+itoa(line), cells)
	}
	top := make([]any, len(t.headings))
	for i, h := range t.headings {
		top[i] = h
	}
	if err := put(top); err != nil {
		return fmt.Errorf("write the headings: %w", err)
	}
	if err := t.rows(put); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("end a sheet: %w", err)
	}
	return nil
}

// wallClock is what a clock on the wall shows at t: a sheet knows no zones.
func wallClock(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

func itoa(n int) string { return strconv.Itoa(n) }
