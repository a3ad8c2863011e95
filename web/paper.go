package web

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
)

// blankSignatures is how many lines the form has at least for signatures by hand.
const blankSignatures = 2

// paperPage is a case as the plan's form (chapter 3.4), to be printed.
type paperPage struct {
	desk.View
	names   map[string]string
	Printed time.Time
	Cycles  []paperCycle // in order
}

// NameOf returns the name of an account, or its user name where nobody knows it.
func (f paperPage) NameOf(username string) string { return nameIn(f.names, username) }

// Categories are the kinds of problems that the form has boxes for.
func (f paperPage) Categories() []defect.Category {
	return []defect.Category{defect.Technical, defect.Business, defect.Operation}
}

// paperCycle is a cycle of a case on the form.
type paperCycle struct {
	cycleView
	Only   bool       // it is the only one
	Blanks []struct{} // the lines to sign by hand
}

// paper shows a case as a form to be printed: what is not filled in yet has room to be filled in by hand.
func (p *pages) paper(c *gin.Context, by desk.Caller) {
	v, err := p.desk.Defect(c, by, c.Param("number"))
	if err != nil {
		p.fail(c, err)
		return
	}
	out := paperPage{View: v, names: p.desk.Names(people(v.Case)...), Printed: p.now()}
	now, before := cyclesOf(v.Case, out.names)
	for i := range before {
		out.Cycles = append(out.Cycles, paperCycle{cycleView: before[len(before)-1-i]})
	}
	missing := max(blankSignatures, v.Policy.Severities[v.Severity].SignOffs-len(now.SignOffs))
	if v.Closed() {
		missing = 0
	}
	out.Cycles = append(out.Cycles, paperCycle{cycleView: now, Only: len(before) == 0, Blanks: make([]struct{}, missing)})
	p.show(c, http.StatusOK, "form", language(c).Text("web.form.of", apperr.Args{"number": v.Number}), out)
}
