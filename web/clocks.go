package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/lang"
)

// clockDesk is what the pages ask of the desk about promises.
type clockDesk interface {
	ExplainClock(ctx context.Context, by desk.Caller, number string, name defect.ClockName, nth int) (defect.Explanation, error)
}

// stretchesShown is how many stretches of a promise stand on the page of its case; all of them have a page of their own.
const stretchesShown = 8

// promiseView is a promise of a case with how its due time came about.
type promiseView struct {
	clockView
	Clock       defect.Clock
	Nth, Of     int // of the promises of its name
	Target      string
	Used, Spare string // of the target
	Sides       []sideView
	Stretches   []stretchView
	Cut         bool // there are more stretches
}

// sideView is how much of a promise's time was whose.
type sideView struct {
	Side defect.Side
	Span string
}

// stretchView is a part of a promise's life, in words.
type stretchView struct {
	defect.Stretch
	Reason string // why it counts or does not
	Length string // how much was counted
}

// promises explains the promises of a case: those that are to be kept, then those that are over, each in the order in which
// they began.
func (p *pages) promises(l lang.Lang, c *defect.Case) []promiseView {
	out := make([]promiseView, 0, len(c.Clocks))
	nth := map[defect.ClockName]int{}
	for _, k := range c.Clocks {
		nth[k.Name]++
		if x, ok := c.Explain(k.Name, nth[k.Name], p.now()); ok {
			v := p.explained(l, c, x)
			if len(v.Stretches) > stretchesShown {
				v.Stretches, v.Cut = v.Stretches[:stretchesShown], true
			}
			out = append(out, v)
		}
	}
	slices.SortStableFunc(out, func(a, b promiseView) int { // what is still to be kept is looked for first
		return cmp.Compare(rank(a.Clock), rank(b.Clock))
	})
	return out
}

// rank puts the promises that are to be kept before those that are over.
func rank(k defect.Clock) int {
	if k.Live() {
		return 0
	}
	return 1
}

// explained puts the explanation of a promise into words.
func (p *pages) explained(l lang.Lang, c *defect.Case, x defect.Explanation) promiseView {
	v := promiseView{
		clockView: p.clockOf(l, c, x.Clock), Clock: x.Clock, Nth: x.Nth, Of: x.Of,
		Target: span(l, x.Clock.Target), Used: span(l, x.Used), Spare: span(l, x.Left),
	}
	for _, side := range defect.Sides() {
		if d := x.Sides[side]; d > 0 {
			v.Sides = append(v.Sides, sideView{Side: side, Span: span(l, d)})
		}
	}
	for _, s := range x.Stretches {
		v.Stretches = append(v.Stretches, stretchView{Stretch: s, Reason: p.reason(l, s), Length: span(l, s.Counted)})
	}
	return v
}

// reason says why a stretch counts or does not: the first thing that keeps it from counting.
func (p *pages) reason(l lang.Lang, s defect.Stretch) string {
	if s.Paused && s.Service > 0 {
		return l.Term("web.clock.paused")
	}
	if s.Name != "" {
		return l.Text("web.clock.named", apperr.Args{"why": "@why." + string(s.Why), "name": s.Name})
	}
	return l.Term("why." + string(s.Why))
}

// clockPage is how the due time of a promise came about.
type clockPage struct {
	promiseView
	Number, Title string
	Late          string // how late it was; empty when it was not
}

// explain shows all of how the due time of a promise came about.
func (p *pages) explain(c *gin.Context, by desk.Caller) {
	nth, err := strconv.Atoi(c.Param("nth"))
	if err != nil || nth < 1 {
		p.fail(c, apperr.New(apperr.NotFound, apperr.ReasonClockUnknown, nil))
		return
	}
	v, err := p.desk.Defect(c, by, c.Param("number"))
	if err != nil {
		p.fail(c, err)
		return
	}
	x, err := p.desk.ExplainClock(c, by, v.Number, defect.ClockName(c.Param("name")), nth)
	if err != nil {
		p.fail(c, err)
		return
	}
	l := language(c)
	out := clockPage{promiseView: p.explained(l, &v.Case, x), Number: v.Number, Title: v.Submission.Title}
	if x.Clock.State() == defect.ClockBreached && !x.Clock.MetAt.IsZero() {
		out.Late = span(l, x.Clock.LateBy)
	}
	p.show(c, http.StatusOK, "clock", l.Text("web.clock.title", apperr.Args{"clock": "@clock." + string(x.Clock.Name)}), out)
}
