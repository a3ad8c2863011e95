package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
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
	p.showRoster(c, by, p.refuse(c, err), tabTable, &dutyAttempt{act: actImport, values: url.Values{"reason": {reason}}, err: err})
}

// maxReason bounds the reason that comes before a table, in bytes.
const maxReason = 4 * defect.MaxText

// takeTable reads the form of a duty table, whose reason comes before its file, and returns the reason.
func (p *pages) takeTable(c *gin.Context, by desk.Caller) (reason string, err error) {
	if err := p.desk.MayDuty(by, roster.TaskPlan); err != nil {
		return "", err
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, desk.MaxTable+formOverhead) // the desk says what is too large
	form, err := c.Request.MultipartReader()
	if err != nil {
		return "", apperr.Wrap(err, apperr.Unreadable, apperr.ReasonForm)
	}
	for {
		part, err := form.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			var wrong apperr.Fields
			wrong.Add("file", apperr.FieldFile, nil)
			return reason, wrong.Err()
		case err != nil:
			return reason, apperr.Wrap(err, apperr.Unreadable, apperr.ReasonForm)
		case part.FormName() == "reason":
			if reason, err = readReason(part); err != nil {
				return reason, err
			}
		case part.FormName() == "file" && part.FileName() != "": // a browser sends a part without a name for no file
			_, _, err := p.desk.ImportRoster(c, by, c.Param("name"), part, reason)
			return reason, err
		}
	}
}

func readReason(part io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(part, maxReason))
	if err != nil {
		return "", apperr.Wrap(err, apperr.Unreadable, apperr.ReasonForm)
	}
	return string(text), checked([]defect.Field{desk.ReasonField()}, map[string]any{"reason": string(text)}, &struct{}{})
}

// exportRoster sends the coming weeks as a duty table, to be filled in and sent back.
func (p *pages) exportRoster(c *gin.Context, by desk.Caller) {
	weeks := number(c.Query("weeks"))
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
