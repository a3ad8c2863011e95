package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/lang"
)

const (
	// signOffsPath is where a person signs what waits for them, one after the other.
	signOffsPath = "/sign-offs"
	// queueShown is how many cases stand beside the one that is read.
	queueShown = 50
	// eventsRead is how many events are looked at for the proposals of a case.
	eventsRead = 1000
)

// numberShape keeps from a page what an address only says is a case.
var numberShape = regexp.MustCompile(`^[0-9A-Z-]{1,20}$`)

func (p *pages) signOffRoutes(e *gin.Engine) {
	e.GET(signOffsPath, p.known(p.nextSignOff))
	e.GET(signOffsPath+"/:number", p.known(p.readSignOff))
	e.POST(signOffsPath+"/:number", p.posted(p.sign))
}

// signOffsPage is what waits for a person's signature, and one of these cases with all that is needed to decide on it.
type signOffsPage struct {
	Queue  []queued
	Total  int
	More   bool // there are more than Total
	Case   *signOff
	Did    defect.Decision // on the case before this one
	DidOn  string
	Nobody bool // nothing ever waits for this person
	Away   *away
	Short  bool // the queue cannot be had while SQL is away
}

// queued is a case that waits.
type queued struct {
	caseRow
	Here bool
}

// signOff is a case whose proposal is to be signed.
type signOff struct {
	desk.View
	names       map[string]string
	Wanted      int // signatures
	Form        actionForm
	Decision    string // what was wrong with the decision
	Alarm       string // why it was refused
	Changed     []eventView
	History     []eventView // of the proposals before this one
	HistoryAway bool
	Next        string // the case after this one; empty when there is none
}

// NameOf returns the name of an account, or its user name where nobody knows it.
func (s signOff) NameOf(username string) string { return nameIn(s.names, username) }

// signWork returns what a person may have to sign, and whether that is ever anything.
func signWork(by desk.Caller) (defect.Work, bool) {
	work := defect.WorkOf(by.Person)
	i := slices.IndexFunc(work, func(w defect.Work) bool { return w.Kind == defect.WorkSign })
	if i < 0 {
		return defect.Work{}, false
	}
	return work[i], true
}

// nextSignOff shows the most urgent of what waits.
func (p *pages) nextSignOff(c *gin.Context, by desk.Caller) {
	p.showSignOffs(c, by, http.StatusOK, "", nil)
}

func (p *pages) readSignOff(c *gin.Context, by desk.Caller) {
	p.showSignOffs(c, by, http.StatusOK, c.Param("number"), nil)
}

// showSignOffs shows what waits and one case of it, the most urgent where none is named; with a decision that was refused,
// its form as it was filled in.
func (p *pages) showSignOffs(c *gin.Context, by desk.Caller, status int, number string, tried *attempt) {
	l := language(c)
	out := signOffsPage{Did: defect.Decision(c.Query("did")), DidOn: c.Query("on")}
	if out.Did != defect.Approve && out.Did != defect.Reject || !numberShape.MatchString(out.DidOn) {
		out.Did = ""
	}
	queue, err := p.signQueue(c, l, by, &out)
	if out.Short = apperr.Is(err, apperr.Unavailable); err != nil && !out.Short {
		p.fail(c, err)
		return
	}
	if out.Short && number == "" {
		status, out.Away = p.refuse(c, err), awayFrom(c, by, err)
	}
	if number == "" && len(queue) > 0 {
		number = queue[0].Number
	}
	if number != "" {
		if out.Case, err = p.signOff(c, by, number, tried); err != nil {
			p.fail(c, err)
			return
		}
		out.mark()
	}
	p.show(c, status, "sign-offs", l.Term("web.sign_offs.title"), out)
}

// signQueue fills in what waits for a person's signature.
func (p *pages) signQueue(c *gin.Context, l lang.Lang, by desk.Caller, out *signOffsPage) ([]queued, error) {
	work, ever := signWork(by)
	if out.Nobody = !ever; out.Nobody {
		return nil, nil
	}
	found, err := p.waiting(c, by, work)
	if err != nil {
		return nil, err
	}
	out.Total, out.More = found.total, found.more
	for _, r := range p.caseRows(l, found.views[:min(len(found.views), queueShown)]) {
		out.Queue = append(out.Queue, queued{caseRow: r})
	}
	return out.Queue, nil
}

// mark marks the case that is read in the queue, and finds the one behind it.
func (out *signOffsPage) mark() {
	for i := range out.Queue {
		if out.Queue[i].Number != out.Case.Number {
			continue
		}
		out.Queue[i].Here = true
		if i+1 < len(out.Queue) {
			out.Case.Next = out.Queue[i+1].Number
		}
	}
}

// signOff gathers all that is needed to decide on a case.
func (p *pages) signOff(c *gin.Context, by desk.Caller, number string, tried *attempt) (*signOff, error) {
	v, err := p.desk.Defect(c, by, number)
	if err != nil {
		return nil, err
	}
	l := language(c)
	out := &signOff{View: v, names: p.desk.Names(people(v.Case)...), Wanted: v.Policy.Severities[v.Severity].SignOffs}
	if tried != nil {
		if out.Changed, err = p.changed(c, by, tried, v); err != nil && !apperr.Is(err, apperr.Unavailable) {
			return nil, err
		}
	}
	out.Form, out.Alarm = p.form(l, by, v, defect.ActSign, tried)
	out.Form.Controls = slices.DeleteFunc(out.Form.Controls, func(f control) bool {
		if f.Name != "decision" {
			return false
		}
		out.Decision = f.Error // its choices are the form's buttons
		return true
	})
	out.History, err = p.proposals(c, by, v)
	return out, ifNotAway(err, &out.HistoryAway)
}

// proposals tells of the proposals before the latest, of what was decided on them, and of when the case was opened again.
func (p *pages) proposals(c *gin.Context, by desk.Caller, v desk.View) ([]eventView, error) {
	if v.Proposals < 2 {
		return nil, nil
	}
	var told []defect.Event
	for after := 0; after < eventsRead; {
		events, more, err := p.desk.Events(c, by, v.Number, after, eventsShown)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			switch defect.Action(e.Kind) {
			case defect.ActPropose, defect.ActSign, defect.ActReopen:
				told = append(told, e)
			default:
			}
		}
		if !more {
			break
		}
		after = events[len(events)-1].Seq
	}
	for i, e := range slices.Backward(told) {
		if v.Proposal != nil && defect.Action(e.Kind) == defect.ActPropose {
			told = told[:i] // the latest stands on the page by itself, with its signatures
			break
		}
	}
	out := make([]eventView, 0, len(told))
	for _, e := range slices.Backward(told) {
		one, err := p.eventOf(language(c), e)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// sign takes the decision of a form and goes on to what waits next. A refusal shows the form again with what was typed.
func (p *pages) sign(c *gin.Context, by desk.Caller) {
	tried := attempted(c)
	tried.action = defect.ActSign
	switch _, err := p.take(c, by, tried); {
	case err == nil:
		done := url.Values{"did": {c.PostForm("decision")}, "on": {c.Param("number")}}
		c.Redirect(http.StatusSeeOther, signOffsPath+"?"+done.Encode())
	case apperr.Is(err, apperr.NotFound):
		p.fail(c, err)
	default:
		var status int
		status, tried.filled = p.refused(c, tried.values, err)
		p.showSignOffs(c, by, status, c.Param("number"), tried)
	}
}
