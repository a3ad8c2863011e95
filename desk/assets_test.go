package desk

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"yunwei/apperr"
	"yunwei/asset"
)

func TestAssets_AddedChangedAndImported(t *testing.T) {
	v := newTown(t)
	ctx, by := t.Context(), v.as("technician")
	_, err := v.AddAsset(ctx, v.as("reporter"), asset.Asset{Name: "服务器", Kind: asset.Hardware})
	requireCode(t, apperr.Forbidden, err)
	a, err := v.AddAsset(ctx, by, asset.Asset{Name: "服务器", Kind: asset.Hardware})
	require.NoError(t, err)
	require.Equal(t, "A-000001", a.Number)
	_, err = v.AddAsset(ctx, by, asset.Asset{Number: "a-000001", Name: "另一台", Kind: asset.Hardware})
	requireCode(t, apperr.Conflict, err)
	a.Location = "机房"
	changed, err := v.ChangeAsset(ctx, by, a)
	require.NoError(t, err)
	require.Equal(t, 2, changed.Revision)
	_, err = v.ChangeAsset(ctx, by, a)
	requireCode(t, apperr.StaleVersion, err)

	const sheet = "编号,名称,类别,备注\nP-01,前置服务器,硬件设备,机密\nP-02,云平台服务器,hardware,\n"
	send := func(dry bool) asset.ImportResult {
		result, err := v.ImportAssets(ctx, by, "assets.CSV", strings.NewReader(sheet), dry)
		require.NoError(t, err)
		return result
	}
	dry := send(true)
	require.Equal(t, [2]any{false, 2}, [2]any{dry.Applied, dry.Added})
	done := send(false)
	require.Equal(t, [2]any{true, 2}, [2]any{done.Applied, done.Added})
	require.Equal(t, 2, send(false).Unchanged)
	told, err := v.AssetForReport(ctx, v.as("reporter"), "p-01")
	require.NoError(t, err)
	require.Equal(t, "前置服务器", told.Name)
	require.Empty(t, told.Note, "who reports learns what tells the asset from others, and no more")
	_, err = v.Asset(ctx, v.as("reporter"), "p-01")
	requireCode(t, apperr.Forbidden, err)
	var all []string
	require.NoError(t, EachAsset(ctx, v, v.as("auditor"), asset.Query{Kind: asset.Hardware}, func(a asset.Asset) error {
		all = append(all, a.Number)
		return nil
	}))
	require.Equal(t, []string{"A-000001", "P-01", "P-02"}, all)
	ours := errors.New("enough")
	require.ErrorIs(t, EachAsset(ctx, v, by, asset.Query{}, func(asset.Asset) error { return ours }), ours)
}

// book is a workbook with one sheet of the given rows.
func book(t *testing.T, rows ...[]any) string {
	t.Helper()
	f := excelize.NewFile()
	for i, row := range rows {
		require.NoError(t, f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row))
	}
	var out bytes.Buffer
	require.NoError(t, f.Write(&out))
	require.NoError(t, f.Close())
	return out.String()
}

func TestImportAssets_ReadsWhatSpreadsheetsWrite(t *testing.T) {
	gbk, err := simplifiedchinese.GB18030.NewEncoder().String("编号,名称,类别,终验日期\r\nG-1,交换机,硬件,2026/1/5\r\n")
	require.NoError(t, err)
	accepted := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct{ file, content string }{
		"csv in UTF-8 with its mark": {"a.csv", "\ufeff编号,名称,类别,终验日期\nG-1,交换机,硬件,2026-01-05\n"},
		"csv in GB 18030":            {"a.csv", gbk},
		"a workbook":                 {"a.XLSX", book(t, []any{"编号", "名称", "类别", "终验日期"}, []any{"G-1", "交换机", "硬件", "2026-01-05"})},
		"a workbook with a date":     {"a.xlsx", book(t, []any{"编号", "名称", "类别", "终验日期"}, []any{"G-1", "交换机", "硬件", accepted})},
	} {
		t.Run(name, func(t *testing.T) {
			v := newTown(t)
			result, err := v.ImportAssets(t.Context(), v.as("liaison"), c.file, strings.NewReader(c.content), false)
			require.NoError(t, err)
			require.True(t, result.Applied, result)
			a, err := v.Asset(t.Context(), v.as("liaison"), "G-1")
			require.NoError(t, err)
			require.Equal(t, "交换机", a.Name)
			require.Equal(t, asset.Date("2026-01-05"), a.Accepted)
		})
	}
}

func TestImportAssets_RefusesWhatIsNoSheet(t *testing.T) {
	v := newTown(t)
	for name, c := range map[string]struct {
		file, content string
		code          apperr.Code
	}{
		"a picture":               {"a.png", "x", apperr.Invalid},
		"a workbook that is none": {"a.xlsx", "x", apperr.Invalid},
		"quotes that do not end":  {"a.csv", "name\n\"x", apperr.Invalid},
		"nothing":                 {"a.csv", "", apperr.Invalid},
		"too large":               {"a.csv", strings.Repeat("x", MaxAssetFile+1), apperr.TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := v.ImportAssets(t.Context(), v.as("liaison"), c.file, strings.NewReader(c.content), false)
			requireCode(t, c.code, err)
		})
	}
	_, err := v.ImportAssets(t.Context(), v.as("liaison"), "a.csv", iotest.ErrReader(errors.New("cut short")), false)
	requireCode(t, apperr.Unreadable, err)
	_, err = v.ImportAssets(t.Context(), v.as("auditor"), "a.csv", iotest.ErrReader(errors.New("nobody reads it")), false)
	requireCode(t, apperr.Forbidden, err)
}
