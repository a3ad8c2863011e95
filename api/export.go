package api

import (
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/edge"
	"yunwei/lang"
)

// The formats of files that reports come in.
const (
	formatCSV  = "csv"
	formatXLSX = "xlsx"
)

// download is a file in the caller's language.
func (a *api) download(r *request, name string) edge.Download {
	return edge.Download{Log: a.log, Name: name, Language: string(language(r.Context))}
}

// figures is a report as a table: a row per group, and one of all.
func (a *api) figures(r *request, q defect.PromiseQuery, told func() defect.PromiseReport) edge.Table {
	l := language(r.Context)
	return edge.Table{Name: l.Term(string(lang.HeadingFigures)), Headings: l.FigureHeadings(q.By), Rows: func(yield func([]any) error) error {
		for _, row := range l.FigureRows(q.By, told()) {
			if err := yield(row); err != nil {
				return err
			}
		}
		return nil
	}}
}

// behind is the promises behind a report as a table; seen is told of each that was written.
func (a *api) behind(r *request, q defect.PromiseQuery, seen func(defect.Promise)) edge.Table {
	l := language(r.Context)
	return edge.Table{Name: l.Term(string(lang.HeadingCases)), Headings: l.PromiseHeadings(), Rows: func(yield func([]any) error) error {
		return desk.EachPromise(r, a.desk, r.by, q, func(p defect.CasePromise) error {
			if err := yield(l.PromiseRow(p, a.desk.Zone())); err != nil {
				return err
			}
			seen(p.Promise)
			return nil
		})
	}}
}
