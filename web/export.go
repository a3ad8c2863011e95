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
	name := l.Term("web.list.title") + p.now().In(p.zone).Format("-20060102-1504")
	if err := (edge.Download{Log: p.log, Name: name, Language: string(l)}).XLSX(c, cases); err != nil {
		p.fail(c, err)
	}
}
