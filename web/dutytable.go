package web

import (
	"mime"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"yunwei/defect"
	"yunwei/desk"
	"yunwei/edge"
	"yunwei/lang"
	"yunwei/roster"
)

// importRoster reads a duty table into a roster. What is wrong with it is told by cell, and then nothing is saved.
func (p *pages) importRoster(c *gin.Context, by desk.Caller) {
	reason, err := p.takeTable(c, by)
	if err == nil {
		c.Redirect(http.StatusSeeOther, tabFindings.path(url.PathEscape(c.Param("name")))+"?did="+string(actImport))
		return
	}
	status, was := p.refused(c, url.Values{"reason": {reason}}, err)
	p.showRoster(c, by, status, tabTable, &dutyAttempt{filled: was, act: actImport})
}

// takeTable reads the form of a duty table, whose reason comes before its file, and returns the reason.
func (p *pages) takeTable(c *gin.Context, by desk.Caller) (reason string, err error) {
	if err := p.desk.MayDuty(by, roster.TaskPlan); err != nil {
		return "", err
	}
	sent, err := readUpload(c, desk.MaxTable+formOverhead) // the desk says what is too large
	if err != nil {
		return "", err
	}
	reason = sent.values.Get("reason")
	if err := checked([]defect.Field{desk.ReasonField()}, map[string]any{"reason": reason}, &struct{}{}); err != nil {
		return reason, err
	}
	if sent.file == nil {
		return reason, noFile()
	}
	_, _, err = p.desk.ImportRoster(c, by, c.Param("name"), sent.file, reason)
	return reason, err
}

// exportRoster sends the coming weeks as a duty table, to be filled in and sent back.
func (p *pages) exportRoster(c *gin.Context, by desk.Caller) {
	weeks := countOf(c.Query("weeks"))
	if weeks == 0 {
		weeks = roster.CheckedWeeks
	}
	name := c.Param("name")
	table, err := p.desk.ExportRoster(c, by, name, weeks, language(c) == lang.English)
	if err != nil {
		p.fail(c, err)
		return
	}
	c.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name + ".xlsx"}))
	c.Data(http.StatusOK, edge.XLSXType, table)
}
