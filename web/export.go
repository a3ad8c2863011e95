package web

import (
	"github.com/gin-gonic/gin"

	"yunwei/defect"
	"yunwei/desk"
	"yunwei/edge"
)

const (
	// exportPath is where the list comes as a file.
	exportPath = listPath + "/export"
	// exportRows is how many cases a file has at most.
	exportRows = defect.MaxDepth
)

// export sends the cases that the filters of an address find, as far as the caller may see them, as a workbook.
func (p *pages) export(c *gin.Context, by desk.Caller) {
	q, err := p.readQuery(c.Request.URL.Query())
	if err != nil {
		p.fail(c, err)
		return
	}
	l := language(c)
	cases := edge.Table{Name: l.Term("web.list.title"), Headings: l.CaseHeadings(), Rows: func(yield func([]any) error) error {
		whole, err := desk.EachCase(c, p.desk, by, q, func(v desk.View) error {
			return yield(l.CaseRow(&v.Case, nameIn(p.desk.Names(v.Assignee), v.Assignee), p.zone))
		})
		if err == nil && !whole {
			err = yield(l.CasesCut(exportRows))
		}
		return err
	}}
	p.sendBook(c, cases)
}

// sendBook sends a table as a workbook under its name and the time.
func (p *pages) sendBook(c *gin.Context, t edge.Table) {
	if err := p.fileOf(c, t).XLSX(c, t); err != nil {
		p.fail(c, err)
	}
}

// sendCSV sends a table as a csv file under its name and the time.
func (p *pages) sendCSV(c *gin.Context, t edge.Table) {
	if err := p.fileOf(c, t).CSV(c, t); err != nil {
		p.fail(c, err)
	}
}

func (p *pages) fileOf(c *gin.Context, t edge.Table) edge.Download {
	return edge.Download{Log: p.log, Name: t.Name + p.now().In(p.zone).Format("-20060102-1504"), Language: string(language(c))}
}
