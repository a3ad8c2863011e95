package web

import (
	"fmt"
	"mime"
	"net/http"
	"strings"
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
	xlsxType   = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
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
		if q.After = page.Next; q.After == "" || s.rows >= exportRows {
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
	l    lang.Lang
	w    *excelize.StreamWriter
	at   int // the style of a time
	line int
	rows int // of cases
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
	var cells []any
	for _, h := range s.headings() {
		cells = append(cells, excelize.Cell{StyleID: bold, Value: h})
	}
	return s.put(cells...)
}

// headings are in the order of row.
func (s *caseSheet) headings() []string {
	var out []string
	for _, key := range []string{
		"web.export.number", "input.title", "input.system", "input.module", "input.asset_id", "web.list.severity", "input.category", "web.list.stage", "web.export.waiting",
		"web.list.assignee", "web.case.level", "web.case.reporter", "input.reporter.unit", "input.channel", "web.sign.submitted", "web.list.updated", "web.export.closed",
		"web.case.closed", "web.export.cycle",
	} {
		out = append(out, s.l.Term(key))
	}
	for _, name := range defect.ClockNames() {
		clock := apperr.Args{"clock": "@clock." + string(name)}
		out = append(out, s.l.Text("web.export.state", clock), s.l.Text("web.export.due", clock), s.l.Text("web.export.met", clock))
	}
	return out
}

func (s *caseSheet) add(views []desk.View) error {
	views = views[:min(len(views), exportRows-s.rows)]
	for _, r := range s.pages.rows(s.l, views) {
		if err := s.put(s.row(&r)...); err != nil {
			return err
		}
		s.rows++
	}
	return nil
}

func (s *caseSheet) row(r *row) []any {
	var waiting []string
	for _, w := range r.Waiting {
		waiting = append(waiting, s.l.Term("waiting."+string(w)))
	}
	out := []any{
		r.Number, r.Submission.Title, r.Submission.System, r.Submission.Module, r.Submission.AssetID, int(r.Severity), s.term("category.", string(r.Category)),
		s.term("stage.", string(r.Stage)), strings.Join(waiting, s.l.Term("list.separator")), r.AssigneeName, s.term("level.", string(r.Level)),
		r.Submission.Reporter.Name, r.Submission.Reporter.Unit, s.term("channel.", string(r.Submission.Channel)), s.time(r.CreatedAt), s.time(r.UpdatedAt), s.time(r.ClosedAt),
		s.term("close_reason.", string(r.CloseReason)), r.Cycle,
	}
	for _, name := range defect.ClockNames() {
		out = append(out, s.promise(r, name)...)
	}
	return out
}

// promise is the latest promise of a name: how it stands, when it is due, when it was met.
func (s *caseSheet) promise(r *row, name defect.ClockName) []any {
	for i := len(r.Clocks) - 1; i >= 0; i-- {
		if k := r.Clocks[i]; k.Name == name {
			return []any{s.term("clock_state.", string(k.State())), s.time(k.DueAt), s.time(k.MetAt)}
		}
	}
	return []any{nil, nil, nil}
}

// term is the name of a term; nil for none.
func (s *caseSheet) term(kind, name string) any {
	if name == "" {
		return nil
	}
	return s.l.Term(kind + name)
}

// time is what a clock on the wall shows at the site, for a sheet knows no zones; nil for none.
func (s *caseSheet) time(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	t = t.In(s.zone)
	return excelize.Cell{StyleID: s.at, Value: time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)}
}

// put writes a row. Texts are stored as texts: none is ever a formula.
func (s *caseSheet) put(cells ...any) error {
	s.line++
	if err := s.w.SetRow(fmt.Sprintf("A%d", s.line), cells); err != nil {
		return fmt.Errorf("write a row: %w", err)
	}
	return nil
}
