package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
)

// auditDesk is what the pages ask of the desk about the nightly audit.
type auditDesk interface {
	MayAudit(by desk.Caller) error
	Audits(ctx context.Context, by desk.Caller, after string, limit int) (list []desk.Audit, next string, err error)
	Findings(ctx context.Context, by desk.Caller, id, after string, limit int) (list []defect.Drift, next string, err error)
}

const auditPath = "/audits"

func (p *pages) auditRoutes(e *gin.Engine) {
	e.GET(auditPath, p.known(p.audits))
	e.GET(auditPath+"/:id", p.known(p.auditFindings))
}

// auditPage is the audits, or what one of them found.
type auditPage struct {
	Audits   []desk.Audit
	ID       string // of the audit whose findings these are; empty for the list of audits
	Findings []driftView
	Pager    pager
	Reports  bool // the reader may see the reports
}

// driftView is a finding as it is told.
type driftView struct {
	Number, Text string
	FoundAt      time.Time
}

// audits shows the runs of the nightly audit, the latest first.
func (p *pages) audits(c *gin.Context, by desk.Caller) {
	after := c.Query("after")
	list, next, err := p.desk.Audits(c, by, after, listSize)
	if err != nil {
		p.fail(c, err)
		return
	}
	out := auditPage{Audits: list, Reports: p.desk.MayReport(by) == nil}
	out.Pager = around(auditPath, nil, after, next)
	p.show(c, http.StatusOK, "audit", language(c).Term("web.audit.title"), out)
}

// auditFindings shows what an audit found wrong, by case.
func (p *pages) auditFindings(c *gin.Context, by desk.Caller) {
	l, id, after := language(c), c.Param("id"), c.Query("after")
	list, next, err := p.desk.Findings(c, by, id, after, listSize)
	if err != nil {
		p.fail(c, err)
		return
	}
	out := auditPage{ID: id}
	for _, d := range list {
		fact, args := d.Text()
		text := l.Text(apperr.Reason("drift."+string(d.Kind)), apperr.Args{"number": d.Number, "subject": cmp.Or(d.Subject, "–"), "detail": l.Text(fact, args)})
		out.Findings = append(out.Findings, driftView{Number: d.Number, Text: text, FoundAt: d.FoundAt})
	}
	out.Pager = around(auditPath+"/"+url.PathEscape(id), nil, after, next)
	p.show(c, http.StatusOK, "audit", l.Term("web.audit.found"), out)
}
