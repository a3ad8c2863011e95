package edge

import (
	"encoding/csv"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/gin-gonic/gin"
	"github.com/xuri/excelize/v2"
)

const (
	csvType = "text/csv; charset=utf-8"
	// XLSXType is the content type of a workbook.
	XLSXType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	// byteOrderMark tells spreadsheets that a CSV is UTF-8.
	byteOrderMark = "\ufeff"
	// columnWidth is in characters: a time fits.
	columnWidth = 19
)

// Table is what a file shows: headings, and rows of texts, numbers, times and nil.
type Table struct {
	Name     string // of a sheet
	Headings []string
	Rows     func(yield func([]any) error) error
}

// Download is a file that somebody takes along.
type Download struct {
	Log      *slog.Logger
	Name     string // without its ending
	Language string // that it is written in
}

// CSV sends a table as CSV. Nothing is sent when it fails.
func (d Download) CSV(c *gin.Context, t Table) error {
	return d.send(c, ".csv", csvType, func(to io.Writer) error {
		if _, err := io.WriteString(to, byteOrderMark); err != nil {
			return fmt.Errorf("write the table: %w", err)
		}
		w := csv.NewWriter(to)
		w.UseCRLF = true
		line := func(cells []string) error {
			for i, text := range cells {
				cells[i] = harmless(text)
			}
			return w.Write(cells)
		}
		if err := line(t.Headings); err != nil {
			return fmt.Errorf("write the headings: %w", err)
		}
		err := t.Rows(func(row []any) error {
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

// XLSX sends tables as the sheets of a workbook, the last of which is written first: those before may add it up. Texts
// are stored as texts: none is ever a formula.
func (d Download) XLSX(c *gin.Context, tables ...Table) error {
	return d.send(c, ".xlsx", XLSXType, func(to io.Writer) (err error) {
		book := excelize.NewFile()
		defer func() {
			if closing := book.Close(); err == nil && closing != nil {
				err = fmt.Errorf("close the workbook: %w", closing)
			}
		}()
		for i, t := range tables {
			if err := addSheet(book, i, t.Name); err != nil {
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

// send makes a file whole before the first byte leaves, so that what goes wrong is told and not half sent.
func (d Download) send(c *gin.Context, ending, contentType string, write func(io.Writer) error) error {
	name := d.Name + ending
	f, err := os.CreateTemp("", "yunwei-export-*")
	if err != nil {
		return fmt.Errorf("make a file for %s: %w", name, err)
	}
	defer func() {
		_ = f.Close() // it was only read
		if err := os.Remove(f.Name()); err != nil {
			d.Log.WarnContext(c, "a file was left behind", "name", f.Name(), "error", err)
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
	c.Header("Content-Type", contentType)
	c.Header("Content-Language", d.Language)
	c.Header("Content-Length", strconv.FormatInt(size, 10))
	c.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	c.Status(http.StatusOK)
	if _, err := io.Copy(c.Writer, f); err != nil {
		d.Log.WarnContext(c, "a download broke off", "name", name, "error", err)
	}
	return nil
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
func fillSheet(book *excelize.File, t Table) error {
	format := "yyyy-mm-dd hh:mm:ss"
	style, err := book.NewStyle(&excelize.Style{CustomNumFmt: &format})
	if err != nil {
		return fmt.Errorf("style the times: %w", err)
	}
	w, err := book.NewStreamWriter(t.Name)
	if err != nil {
		return fmt.Errorf("begin a sheet: %w", err)
	}
	bold, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return fmt.Errorf("style the headings: %w", err)
	}
	if err := w.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return fmt.Errorf("keep the headings in sight: %w", err)
	}
	if err := w.SetColWidth(1, max(1, len(t.Headings)), columnWidth); err != nil {
		return fmt.Errorf("make room for the columns: %w", err)
	}
	line := 0
	put := func(row []any) error {
		line++
		return w.SetRow("A"+strconv.Itoa(line), sheetCells(row, style))
	}
	top := make([]any, len(t.Headings))
	for i, h := range t.Headings {
		top[i] = excelize.Cell{StyleID: bold, Value: h}
	}
	if err := put(top); err != nil {
		return fmt.Errorf("write the headings: %w", err)
	}
	if err := t.Rows(put); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("end a sheet: %w", err)
	}
	return nil
}

// sheetCells are the cells of a row, with its times as a style shows them.
func sheetCells(row []any, ofTimes int) []any {
	cells := make([]any, len(row))
	for i, v := range row {
		cells[i] = v
		if at, ok := v.(time.Time); ok {
			cells[i] = excelize.Cell{StyleID: ofTimes, Value: wallClock(at)}
		}
	}
	return cells
}

// wallClock is what a clock on the wall shows at t: a sheet knows no zones.
func wallClock(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
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

// formulaSigns begin a formula; the wide ones do where a spreadsheet is set to Chinese or Japanese.
const formulaSigns = "=+-@|＝＋－＠"

// harmless keeps a spreadsheet from taking a text for a formula: one that begins like a formula gets an apostrophe, also behind
// what shows nothing, which some leave away. Nothing that we write as a number begins so.
func harmless(cell string) string {
	shown := strings.TrimLeftFunc(cell, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
	if strings.IndexAny(cell, "\t\r\n") == 0 || strings.IndexAny(shown, formulaSigns) == 0 {
		return "'" + cell
	}
	return cell
}
