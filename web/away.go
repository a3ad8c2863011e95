package web

import (
	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/lang"
)

// away is what a page shows that cannot be made while SQL is away: what works all the same.
type away struct {
	Why       string
	Retry     string // the page itself, with all that was asked of it
	MaySubmit bool   // a report can be filed
	Signs     bool   // links in notices are for signing
}

// awayFrom tells of the page that was asked for and why it cannot be made.
func awayFrom(c *gin.Context, by desk.Caller, err error) *away {
	_, signs := signWork(by)
	return &away{Why: said(language(c), forPeople(c, err)), Retry: c.Request.URL.RequestURI(), MaySubmit: defect.MaySubmit(by.Person), Signs: signs}
}

// ifNotAway notes that SQL is away, which a page bears, and returns any other error.
func ifNotAway(err error, away *bool) error {
	if apperr.Is(err, apperr.Unavailable) {
		*away = true
		return nil
	}
	return err
}

// firstSteps is what there is to do where there is nothing yet.
type firstSteps struct {
	Roles     []roleStep
	MaySubmit bool
}

// roleStep is what somebody of a role does first.
type roleStep struct {
	Role defect.Role
	Text string
}

// first says what a person does first, by what they are.
func (p *pages) first(l lang.Lang, by desk.Caller) *firstSteps {
	out := &firstSteps{MaySubmit: defect.MaySubmit(by.Person)}
	for _, r := range by.Roles {
		out.Roles = append(out.Roles, roleStep{Role: r, Text: l.Term("web.first." + string(r))})
	}
	return out
}
