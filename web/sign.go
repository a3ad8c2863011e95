package web

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
)

// sheetDesk is what the sign-off page asks of the desk. The link stands for its reader: who has it, needs no session.
type sheetDesk interface {
	SignOffSheet(ctx context.Context, link string) (desk.Sheet, error)
	SignByLink(ctx context.Context, link string, decision defect.Decision, comment string) error
}

func (p *pages) sheetRoutes(e *gin.Engine) {
	e.GET("/sign/:link", p.readSheet)
	e.POST("/sign/:link", p.decide)
}

// sheet is what the sign-off page shows.
type sheet struct {
	desk.Sheet
	Comment string // as it was typed, when the form is shown again
	Wrong   string // what was wrong with it
	Shut    string // why it cannot be signed now
}

// readSheet shows the proposal of a link. It changes nothing: mail programs follow links on their own.
func (p *pages) readSheet(c *gin.Context) { p.sheet(c, http.StatusOK, "", nil) }

func (p *pages) sheet(c *gin.Context, status int, comment string, wrong error) {
	s, err := p.desk.SignOffSheet(c, c.Param("link"))
	if err != nil {
		p.fail(c, err)
		return
	}
	l := language(c)
	out := sheet{Sheet: s, Comment: comment}
	if s.Shut != nil {
		out.Shut = said(l, forPeople(c, s.Shut))
	}
	if wrong != nil {
		out.Wrong = firstWrong(l, forPeople(c, wrong))
	}
	p.show(c, status, "sign", s.Submission.Title, out)
}

// decide takes the decision of a form. A refusal shows the form again with what was typed.
func (p *pages) decide(c *gin.Context) {
	if err := readForm(c); err != nil {
		p.fail(c, err)
		return
	}
	decision, comment := defect.Decision(c.PostForm("decision")), c.PostForm("comment")
	err := p.desk.SignByLink(c, c.Param("link"), decision, comment)
	switch code := apperr.Of(err); {
	case err == nil:
		// A page of its own, so that a reload decides nothing again.
		c.Redirect(http.StatusSeeOther, c.Request.URL.RequestURI())
	case code.Code == apperr.Unauthenticated || code.Code == apperr.NotFound:
		p.fail(c, err)
	default:
		p.sheet(c, p.refuse(c, err), comment, err)
	}
}
