package api_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"yunwei/apperr"
	"yunwei/defect"
)

func TestList_AsAWorkbook(t *testing.T) {
	for language, want := range map[string][]string{"zh": {"问题单编号", "标题", "系统", "响应:状态"}, "en": {"Case", "Title", "System", "response: state"}} {
		s := newSite(t)
		s.c.Submission.Title, s.c.Assignee = `=HYPERLINK("http://x")`, "t"
		w := s.ask("GET", "/api/v1/defects?severity=2&format=xlsx", "", "Accept-Language", language)
		require.Equal(t, 200, w.Code, w.Body)
		require.Equal(t, "attachment; filename=defects.xlsx", w.Header().Get("Content-Disposition"))
		require.Equal(t, []any{[]defect.Severity{2}, defect.MaxPageSize, "n"}, []any{s.q.Severities, s.q.Size, s.q.After}, "to the last page")
		book, err := excelize.OpenReader(bytes.NewReader(w.Body.Bytes()))
		require.NoError(t, err)
		sheet := book.GetSheetName(0)
		rows, err := book.GetRows(sheet)
		require.NoError(t, err)
		require.Len(t, rows, 3)
		require.Equal(t, want[:3], rows[0][:3])
		require.Contains(t, rows[0], want[3])
		require.Equal(t, s.c.Submission.Title, rows[1][1])
		require.Equal(t, "技术一", rows[1][9])
		formula, err := book.GetCellFormula(sheet, "B2")
		require.NoError(t, err)
		require.Empty(t, formula, "a text, whatever it begins with")
		require.NoError(t, book.Close())
	}
	s := newSite(t)
	s.refused(s.ask("GET", "/api/v1/defects?format=csv", ""), 422, "invalid")
	s.fail = apperr.New(apperr.Unavailable, apperr.ReasonStoreAway, nil)
	s.refused(s.ask("GET", "/api/v1/defects?format=xlsx", ""), 503, "unavailable")
}
