package web

import (
	"io"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/asset"
	"yunwei/desk"
)

// importPage is the form of an import, and what became of a file, or would become of it.
type importPage struct {
	Wrong  string
	Result *asset.ImportResult
	Rows   []importRow
}

// importRow is a row of a file in words.
type importRow struct {
	asset.RowFate
	Facts  []assetMove
	Wrongs []importFault
}

// importFault is what is wrong with a cell.
type importFault struct{ Column, Text string }

func (p *pages) importForm(c *gin.Context, by desk.Caller) {
	if err := p.desk.MayKeepAssets(by); err != nil {
		p.fail(c, err)
		return
	}
	p.showImport(c, http.StatusOK, importPage{})
}

func (p *pages) showImport(c *gin.Context, status int, out importPage) {
	p.show(c, status, "asset-import", language(c).Term("web.assets.import"), out)
}

// importAssets says what would become of each row of a file, or takes the file where that was asked for.
func (p *pages) importAssets(c *gin.Context, by desk.Caller) {
	if err := p.desk.MayKeepAssets(by); err != nil { // before their file is read
		p.fail(c, err)
		return
	}
	result, err := p.importFile(c, by)
	switch {
	case err != nil && slices.Contains([]apperr.Code{apperr.Invalid, apperr.TooLarge, apperr.Unreadable, apperr.Conflict}, apperr.Of(err).Code):
		p.showImport(c, p.refuse(c, err), importPage{Wrong: firstWrong(language(c), forPeople(c, err))})
	case err != nil:
		p.fail(c, err)
	default:
		status := http.StatusOK
		if result.Refused > 0 {
			status = http.StatusUnprocessableEntity
		}
		p.showImport(c, status, importPage{Result: &result, Rows: p.importRows(c, result)})
	}
}

func (p *pages) importFile(c *gin.Context, by desk.Caller) (asset.ImportResult, error) {
	sent, err := readUpload(c, desk.MaxAssetFile+formOverhead)
	if err != nil {
		return asset.ImportResult{}, err
	}
	if sent.file == nil {
		return asset.ImportResult{}, noFile()
	}
	content, err := io.ReadAll(io.LimitReader(sent.file, desk.MaxAssetFile+1))
	if err != nil {
		return asset.ImportResult{}, unreadable(err)
	}
	sheet, err := desk.ReadAssetFile(desk.AssetFile{Name: sent.file.FileName(), Content: content})
	if err != nil {
		return asset.ImportResult{}, err
	}
	return p.desk.ImportAssets(c, by, sheet, sent.values.Get("apply") != "true")
}

func (p *pages) importRows(c *gin.Context, result asset.ImportResult) []importRow {
	l := language(c)
	out := make([]importRow, len(result.Rows))
	for i, row := range result.Rows {
		out[i].RowFate = row
		for _, f := range row.Changes {
			out[i].Facts = append(out[i].Facts, assetMove{Label: l.Term("asset.field." + f.Field), From: p.factOf(c, f.Field, f.From), To: p.factOf(c, f.Field, f.To)})
		}
		for _, e := range row.Errors {
			column := e.Column
			if e.Heading != "" {
				column += " " + e.Heading
			}
			out[i].Wrongs = append(out[i].Wrongs, importFault{Column: column, Text: l.Text(e.Reason, e.Args)})
		}
	}
	return out
}
