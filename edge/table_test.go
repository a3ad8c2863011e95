package edge_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"yunwei/edge"
)

var errRows = errors.New("no more rows")

// table has one row of everything, and fails where it is told to.
func table(fails bool) edge.Table {
	return edge.Table{Name: "t", Headings: []string{"a", "=b"}, Rows: func(yield func([]any) error) error {
		if fails {
			return errRows
		}
		return yield([]any{"=SUM(A1)", nil, 1.5, 7, time.Date(2026, 11, 24, 1, 0, 0, 0, time.FixedZone("", 8*3600))})
	}}
}

func send(do func(*gin.Context, edge.Download) error) (*httptest.ResponseRecorder, error) {
	w := httptest.NewRecorder()
	c, _ := gin.CreateTestContext(w)
	return w, do(c, edge.Download{Log: slog.New(slog.DiscardHandler), Name: "名 x", Language: "zh"})
}

func TestDownload_AsCSV(t *testing.T) {
	w, err := send(func(c *gin.Context, d edge.Download) error { return d.CSV(c, table(false)) })
	require.NoError(t, err)
	require.Equal(t, "\ufeffa,'=b\r\n'=SUM(A1),,1.5,7,2026-11-24T01:00:00+08:00\r\n", w.Body.String(), "no text is a formula")
	require.Equal(t, "zh", w.Header().Get("Content-Language"))
	require.Equal(t, `attachment; filename*=utf-8''%E5%90%8D%20x.csv`, w.Header().Get("Content-Disposition"))
}

func TestDownload_NoCellOfACSVIsAFormula(t *testing.T) {
	for cell, wanted := range map[string]string{
		"": "", "a=b": "a=b", "故障 -1": "故障 -1", " a": " a",
		"=1": "'=1", "+1": "'+1", "-1": "'-1", "@a": "'@a", "|a": "'|a", "\ta": "'\ta",
		"＝1": "'＝1", "＋1": "'＋1", "－1": "'－1", "＠a": "'＠a",
		" +1": "' +1", "\u3000@a": "'\u3000@a", "\u00a0-1": "'\u00a0-1", "\ufeff=1": "'\ufeff=1", "\u200b＝1": "'\u200b＝1", "\x00=1": "'\x00=1",
	} {
		w, err := send(func(c *gin.Context, d edge.Download) error {
			return d.CSV(c, edge.Table{Headings: []string{"a", "b"}, Rows: func(yield func([]any) error) error { return yield([]any{"x", cell}) }})
		})
		require.NoError(t, err)
		rows, err := csv.NewReader(w.Body).ReadAll()
		require.NoError(t, err)
		require.Equal(t, wanted, rows[1][1], "%q", cell)
	}
}

func TestDownload_AsXLSX(t *testing.T) {
	second := table(false)
	second.Name = "u"
	w, err := send(func(c *gin.Context, d edge.Download) error { return d.XLSX(c, table(false), second) })
	require.NoError(t, err)
	require.Equal(t, edge.XLSXType, w.Header().Get("Content-Type"))
	book, err := excelize.OpenReader(bytes.NewReader(w.Body.Bytes()))
	require.NoError(t, err)
	require.Equal(t, []string{"t", "u"}, book.GetSheetList())
	rows, err := book.GetRows("u")
	require.NoError(t, err)
	require.Equal(t, [][]string{{"a", "=b"}, {"=SUM(A1)", "", "1.5", "7", "2026-11-24 01:00:00"}}, rows, "clocks as they hang on the wall")
	formula, err := book.GetCellFormula("t", "A2")
	require.NoError(t, err)
	require.Empty(t, formula)
	require.NoError(t, book.Close())
}

func TestDownload_SendsNothingWhenItFails(t *testing.T) {
	for name, do := range map[string]func(*gin.Context, edge.Download) error{
		"csv":  func(c *gin.Context, d edge.Download) error { return d.CSV(c, table(true)) },
		"xlsx": func(c *gin.Context, d edge.Download) error { return d.XLSX(c, table(true)) },
	} {
		w, err := send(do)
		require.ErrorIs(t, err, errRows, name)
		require.Empty(t, w.Body.String(), name)
		require.Empty(t, w.Header(), name)
	}
}
