package web_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
)

// sheetOf reads a workbook back.
func sheetOf(t *testing.T, content []byte) (book *excelize.File, rows [][]string) {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(content))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, book.Close()) })
	require.Len(t, book.GetSheetList(), 1)
	rows, err = book.GetRows(book.GetSheetName(0))
	require.NoError(t, err)
	return book, rows
}

func TestExport_HasWhatTheListHas(t *testing.T) {
	for language, says := range map[string][]string{
		"zh": {"问题单编号", "标题", "级别", "类别", "阶段", "负责人", "问题提出人", "提交时间", "响应:状态", "解决:到期时间", "解决:完成时间", "技术问题", "已回复", "按时完成", "电话"},
		"en": {"Case", "Title", "Severity", "Category", "Stage", "Assignee", "Reporter", "Submitted", "response: state", "solution: due", "technical", "replied", "met", "telephone"},
	} {
		f, h := newSite(t)
		walked(t, f)
		b := as(t, h, "agent", language)
		require.Contains(t, b.get("/defects?severity=2&page=3&lang="+language).Body.String(), `href="/defects/export?severity=2"`)
		w := b.get("/defects/export?severity=2&sort=severity")
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		require.Equal(t, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", w.Header().Get("Content-Type"))
		require.Contains(t, w.Header().Get("Content-Disposition"), "attachment;")
		asked := f.queries[len(f.queries)-1]
		require.Equal(t, []any{[]defect.Severity{2}, defect.SortSeverity, defect.MaxPageSize, ""}, []any{asked.Severities, asked.Sort, asked.Size, asked.After})
		book, rows := sheetOf(t, w.Body.Bytes())
		require.Len(t, rows, 2)
		all := strings.Join(rows[0], "|") + "|" + strings.Join(rows[1], "|")
		for _, text := range says {
			require.Contains(t, strings.Split(all, "|"), text, language)
		}
		require.Equal(t, []string{firstNumber, "登录<script>", "OA"}, rows[1][:3])
		kind, err := book.GetCellType(book.GetSheetName(0), "F2")
		require.NoError(t, err)
		require.Equal(t, excelize.CellTypeUnset, kind, "a severity is a number")
		require.Equal(t, "2", rows[1][5])
		require.Equal(t, "2026-11-24 01:00:00", rows[1][14], "as the clocks of the site show")
	}
}

// A text that looks like a formula is a text.
func TestExport_HoldsNoFormulas(t *testing.T) {
	f, h := newSite(t)
	evil := report()
	evil.Title, evil.System, evil.Module, evil.AssetID, evil.Reporter.Unit = `=HYPERLINK("http://evil","x")`, "+1+1", "-2", "@SUM(A1)", "\t=1"
	f.open(people["reporter"], evil)
	w := as(t, h, "reporter", "zh").get("/defects/export")
	book, rows := sheetOf(t, w.Body.Bytes())
	require.Equal(t, []string{evil.Title, evil.System, evil.Module, evil.AssetID}, rows[1][1:5])
	for column := range rows[0] {
		cell, err := excelize.CoordinatesToCellName(column+1, 2)
		require.NoError(t, err)
		formula, err := book.GetCellFormula(book.GetSheetName(0), cell)
		require.NoError(t, err)
		require.Empty(t, formula, cell)
	}
}

func TestExport_OfWhatOneMaySee(t *testing.T) {
	f, h := newSite(t)
	f.open(people["reporter"], report())
	c := f.cases[firstNumber]
	c.Submission.Reporter.Username = "another"
	f.cases[firstNumber] = c
	_, rows := sheetOf(t, as(t, h, "reporter", "zh").get("/defects/export").Body.Bytes())
	require.Len(t, rows, 1, "the headings")
	require.Equal(t, http.StatusSeeOther, as(t, h, "", "zh").get("/defects/export").Code)
}

func TestExport_TellsWhatGoesWrong(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "agent", "zh")
	require.Equal(t, http.StatusUnprocessableEntity, b.get("/defects/export?severity=9").Code)
	f.away = &apperr.Error{Code: apperr.Unavailable, Reason: apperr.ReasonStoreAway}
	w := b.get("/defects/export?severity=2")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Empty(t, w.Header().Get("Content-Disposition"))
	require.Contains(t, w.Body.String(), `href="/defects/export?severity=2">重试`)
}

// endless is a desk whose list goes on.
type endless struct {
	*fakeDesk
	pages int
}

func (e *endless) Defects(_ context.Context, _ desk.Caller, q defect.Query) (desk.Page, error) {
	e.pages++
	page := desk.Page{Total: defect.MaxDepth, Next: fmt.Sprintf("after %d", e.pages)}
	for range q.Size {
		page.Items = append(page.Items, desk.View{Case: e.sheet.Case})
	}
	return page, nil
}

func TestExport_EndsWhereItSays(t *testing.T) {
	f, _ := newSite(t)
	e := &endless{fakeDesk: f}
	b := as(t, siteOf(t, e), "agent", "zh")
	require.Contains(t, b.get("/defects").Body.String(), "(前 10000 个)")
	e.pages = 0
	content := b.get("/defects/export").Body.Bytes()
	require.Equal(t, 50, e.pages)
	book, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	sheet, err := fs.ReadFile(book, "xl/worksheets/sheet1.xml") // excelize would take its time
	require.NoError(t, err)
	require.Equal(t, 1+10_000+1, bytes.Count(sheet, []byte("<row ")))
	require.Contains(t, string(sheet[bytes.LastIndex(sheet, []byte("<row ")):]), "只包含前 10000 个,请缩小筛选范围后分次导出。")
}
