package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/asset"
	"yunwei/desk"
	"yunwei/lang"
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
	Moves  []assetMove
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
	result, err := p.takeSheet(c, by)
	switch {
	case apperr.Is(err, apperr.Forbidden):
		p.fail(c, err)
	case err != nil:
		p.showImport(c, p.refuse(c, err), importPage{Wrong: firstWrong(language(c), forPeople(c, err))})
	default:
		status := http.StatusOK
		if result.Refused > 0 {
			status = http.StatusUnprocessableEntity
		}
		p.showImport(c, status, importPage{Result: &result, Rows: importRows(language(c), result)})
	}
}

// takeSheet reads the form of an import, which says what to do before its file comes.
func (p *pages) takeSheet(c *gin.Context, by desk.Caller) (asset.ImportResult, error) {
	if err := p.desk.MayKeepAssets(by); err != nil { // before anything is read
		return asset.ImportResult{}, err
	}
	sent, err := readUpload(c, desk.MaxAssetFile+formOverhead) // the desk says what is too large
	if err != nil {
		return asset.ImportResult{}, err
	}
	if sent.file == nil {
		return asset.ImportResult{}, noFile()
	}
	return p.desk.ImportAssets(c, by, sent.file.FileName(), sent.file, sent.values.Get("apply") != "true")
}

// importRows puts what becomes of each row into words.
func importRows(l lang.Lang, result asset.ImportResult) []importRow {
	out := make([]importRow, len(result.Rows))
	for i, row := range result.Rows {
		out[i].RowFate, out[i].Moves = row, movesOf(l, row.Changes)
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
