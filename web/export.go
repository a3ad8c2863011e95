package web

import (
	"fmt"
	"mime"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/xuri/excelize/v2"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/lang"
)

const (
	// exportPath is where the list comes as a file.
	exportPath = "/defects/export"
	// exportRows is how many cases a file takes: what people still read in a sheet.
	exportRows = defect.MaxDepth
	// columnWidth is in characters: a time fits.
	columnWidth = 17
	xlsxType    = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// export sends the cases that the filters of an address find, as far as the caller may see them, as a workbook. It is made
// whole before the first byte leaves, so that what goes wrong is told and not half sent.
func (p *pages) export(c *gin.Context, by desk.Caller) {
	q, err := p.readQuery(c.Request.URL.Query())
	if err != nil {
		p.fail(c, err)
		return
	}
	l := language(c)
	book := excelize.NewFile()
	defer func() {
		if err := book.Close(); err != nil {
			p.log.WarnContext(c, "a workbook stays open", "error", err)
		}
	}()
	if err := p.fillBook(c, l, by, q, book); err != nil {
		p.fail(c, err)
		return
	}
	c.Header("Content-Type", xlsxType)
	c.Header("Content-Language", string(l))
	name := l.Term("web.list.title") + p.now().In(p.zone).Format("-20060102-1504") + ".xlsx"
	c.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	c.Status(http.StatusOK)
	if err := book.Write(c.Writer); err != nil {
		p.log.WarnContext(c, "a download broke off", "name", name, "error", err)
	}
}

// fillBook writes the cases that a query finds, page by page: excelize keeps what is large in files.
func (p *pages) fillBook(c *gin.Context, l lang.Lang, by desk.Caller, q defect.Query, book *excelize.File) error {
	sheet := l.Term("web.list.title")
	if err := book.SetSheetName(book.GetSheetName(0), sheet); err != nil {
		return fmt.Errorf("name the sheet: %w", err)
	}
	w, err := book.NewStreamWriter(sheet)
	if err != nil {
		return fmt.Errorf("begin the sheet: %w", err)
	}
	format := "yyyy-mm-dd hh:mm"
	at, err := book.NewStyle(&excelize.Style{CustomNumFmt: &format})
	if err != nil {
		return fmt.Errorf("style the times: %w", err)
	}
	s := caseSheet{pages: p, l: l, w: w, at: at}
	if err := s.head(book); err != nil {
		return err
	}
	q.Page, q.After, q.Size = 1, "", defect.MaxPageSize
	for {
		page, err := p.desk.Defects(c, by, q)
		if err != nil {
			return err
		}
		if err := s.add(page.Items); err != nil {
			return err
		}
		if q.After = page.Next; q.After == "" || s.cases >= exportRows {
			break
		}
	}
	if q.After != "" {
		if err := s.put(l.Text("web.export.cut", apperr.Args{"n": fmt.Sprint(exportRows)})); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("end the sheet: %w", err)
	}
	return nil
}

// caseSheet writes cases into a sheet, a row each.
type caseSheet struct {
	*pages
	l     lang.Lang
	w     *excelize.StreamWriter
	at    int // the style of a time
	line  int
	cases int
}

// head writes what stands above the columns, which stays in sight.
func (s *caseSheet) head(book *excelize.File) error {
	bold, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return fmt.Errorf("style the headings: %w", err)
	}
	if err := s.w.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return fmt.Errorf("keep the headings in sight: %w", err)
	}
	headings := s.l.CaseHeadings()
	if err := s.w.SetColWidth(1, len(headings), columnWidth); err != nil {
		return fmt.Errorf("make room for the columns: %w", err)
	}
	cells := make([]any, len(headings))
	for i, h := range headings {
		cells[i] = excelize.Cell{StyleID: bold, Value: h}
	}
	return s.put(cells...)
}

func (s *caseSheet) add(views []desk.View) error {
	views = views[:min(len(views), exportRows-s.cases)]
	for _, r := range s.rows(s.l, views) {
		cells := s.l.CaseRow(&r.Case, r.AssigneeName)
		for i, cell := range cells {
			if at, ok := cell.(time.Time); ok {
				cells[i] = excelize.Cell{StyleID: s.at, Value: wallClock(at.In(s.zone))}
			}
		}
		if err := s.put(cells...); err != nil {
			return err
		}
		s.cases++
	}
	return nil
}

// wallClock is what a clock on the wall shows at t: a sheet knows no zones.
func wallClock(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// put writes a row. Texts are stored as texts: none is ever a formula.
func (s *caseSheet) put(cells ...any) error {
	s.line++
	if err := s.w.SetRow(fmt.Sprintf("A%d", s.line), cells); err != nil {
		return fmt.Errorf("write a row: %w", err)
	}
	return nil
}
