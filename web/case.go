package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/lang"
)

const (
	// eventsShown is how many events of a timeline stand on one page, filesShown how many files.
	eventsShown = 200
	filesShown  = 200
)

func (p *pages) caseRoutes(e *gin.Engine) {
	e.GET(listPath+"/:number", p.known(p.readCase))
	e.POST(listPath+"/:number", p.posted(p.act))
	e.GET(listPath+"/:number/form", p.known(p.paper))
	e.GET(listPath+"/:number/clocks/:name/:nth", p.known(p.explain))
	e.GET(findPath, p.known(p.find))
}

// findPath leads to a case by its number, as people have it on paper.
const findPath = "/find"

// find leads to the case whose number was typed.
func (p *pages) find(c *gin.Context, _ desk.Caller) {
	number, ok := defect.ParseNumber(c.Query("number"))
	if !ok {
		p.fail(c, apperr.New(apperr.NotFound, apperr.ReasonNumber, nil))
		return
	}
	c.Redirect(http.StatusSeeOther, casePath(number))
}

// casePage is a case as its page shows it.
type casePage struct {
	desk.View
	names    map[string]string
	Steps    []step
	Workflow string // where its workflow is seen; empty for whom that is not for
	Promises []promiseView
	Now      cycleView   // what the case has come to
	Before   []cycleView // what it had come to before it was opened again, the latest first
	Events   []eventView
	After    int // the event that the timeline begins behind
	Later    int // the event to go on from when the timeline is longer; 0: it is not
	Files    []fileView
	FilesAt  string // the file that those shown begin behind
	MoreAt   string // the file to go on from when there are more
	Forms    []actionForm
	Upload   bool   // files may be added
	BadFile  string // why one was not
	Alarm    string // why a step was refused
	Changed  []eventView
	Did      string // the step that was just taken
	Behind   bool   // what is read does not show that step yet

	EventsAway, FilesAway bool // they cannot be had while SQL is away
}

// NameOf returns the name of an account, or its user name where nobody knows it.
func (c casePage) NameOf(username string) string { return nameIn(c.names, username) }

func (c casePage) watches() liveOn { return liveOn{c.Number, c.Seq} }

// Reopened is how often the case was opened again.
func (c casePage) Reopened() int { return c.Cycle - 1 }

// cycleView is what a cycle of a case has brought.
type cycleView struct {
	defect.Results
	N     int
	names map[string]string
}

// NameOf returns the name of an account, or its user name where nobody knows it.
func (c cycleView) NameOf(username string) string { return nameIn(c.names, username) }

// cyclesOf returns the cycles of a case: the one that it is in, and those before, the latest first.
func cyclesOf(c defect.Case, names map[string]string) (now cycleView, before []cycleView) {
	for i, r := range slices.Backward(c.Past) {
		before = append(before, cycleView{Results: r, N: i + 1, names: names})
	}
	return cycleView{Results: c.Results, N: c.Cycle, names: names}, before
}

// step is a stage on the line that a case goes along.
type step struct {
	Stage     defect.Stage
	Done, Now bool
}

// actionForm is the form of a step.
type actionForm struct {
	Action             defect.Action
	Controls           []control
	Proposal           int // the proposal that a signature is for; 0 for any other step
	Version, Seq       int
	Key                string
	Open, Shut, Onward bool   // shown open; refused whatever is filled in; leads the case to its next stage
	Typed              bool   // it was refused, and shows what was typed
	Sent               string // the key that it was sent with then
}

// attempt is the form of a step as it was sent.
type attempt struct {
	filled
	action       defect.Action
	version, seq int
	key          string
}

func (p *pages) readCase(c *gin.Context, by desk.Caller) {
	p.showCase(c, by, http.StatusOK, nil, refusedFiles(c))
}

// showCase shows a case; with a step that was refused, its form as it was filled in; badFile says why a file was refused.
func (p *pages) showCase(c *gin.Context, by desk.Caller, status int, tried *attempt, badFile string) {
	v, err := p.desk.Defect(c, by, c.Param("number"))
	if err != nil {
		p.fail(c, err)
		return
	}
	l := language(c)
	out := casePage{
		View: v, names: p.desk.Names(people(v.Case)...), Steps: stepsOf(v.Case), Promises: p.promises(l, &v.Case), BadFile: badFile,
		Upload: slices.Contains(v.Allowed, defect.ActAttach), Workflow: p.workflow(by, v.Number),
	}
	out.Now, out.Before = cyclesOf(v.Case, out.names)
	if did := defect.Action(c.Query("did")); slices.Contains(defect.Actions(), did) {
		out.Did, out.Behind = string(did), countOf(c.Query("at")) > v.Seq
	}
	if err := p.remember(c, by, &out); err != nil {
		p.fail(c, err)
		return
	}
	if tried != nil {
		if out.Changed, err = p.changed(c, by, tried, v); err != nil {
			p.fail(c, err)
			return
		}
	}
	out.Forms, out.Alarm = p.forms(l, by, v, tried)
	p.show(c, status, "case", v.Submission.Title, out)
}

// remember fills in the timeline and the files. While SQL is away the page does without what only SQL has, so that the case
// can go on.
func (p *pages) remember(c *gin.Context, by desk.Caller, out *casePage) error {
	var err error
	out.After = countOf(c.Query("after"))
	out.Events, out.Later, err = p.timeline(c, by, out.Number, out.After)
	if err := ifNotAway(err, &out.EventsAway); err != nil {
		return err
	}
	if out.View.Files == 0 {
		return nil
	}
	out.FilesAt = c.Query("files")
	files, more, err := p.desk.Attachments(c, by, out.Number, out.FilesAt, filesShown)
	if err := ifNotAway(err, &out.FilesAway); err != nil {
		return err
	}
	out.Files, out.MoreAt = p.fileViews(language(c), files), more
	return nil
}

// workflow returns where a person sees the workflow of a case: it is for the people of the service.
func (p *pages) workflow(by desk.Caller, number string) string {
	if p.flow == nil || !defect.SeesAll(by.Person) {
		return ""
	}
	return p.flow(number)
}

// timeline returns the events behind one, in words, and where to go on when there are more.
func (p *pages) timeline(c *gin.Context, by desk.Caller, number string, after int) ([]eventView, int, error) {
	events, more, err := p.desk.Events(c, by, number, after, eventsShown)
	if err != nil {
		return nil, 0, err
	}
	out := make([]eventView, 0, len(events))
	for _, e := range events {
		told, err := p.eventOf(language(c), e)
		if err != nil {
			return nil, 0, err
		}
		out = append(out, told)
	}
	if more {
		return out, events[len(events)-1].Seq, nil
	}
	return out, 0, nil
}

// changed returns what has happened since the author of a step looked at the case, when that is why it was refused.
func (p *pages) changed(c *gin.Context, by desk.Caller, tried *attempt, v desk.View) ([]eventView, error) {
	stale := apperr.Is(tried.err, apperr.StaleVersion) || apperr.Is(tried.err, apperr.StaleProposal) || apperr.Is(tried.err, apperr.WrongStage)
	if !stale || tried.seq >= v.Seq {
		return nil, nil
	}
	events, _, err := p.timeline(c, by, v.Number, tried.seq)
	return events, err
}

// people returns the accounts that a case names.
func people(c defect.Case) []string {
	out := []string{c.Assignee}
	for _, r := range append([]defect.Results{c.Results}, c.Past...) {
		out = append(out, authors(r)...)
	}
	return out
}

// authors returns the accounts that results name.
func authors(r defect.Results) []string {
	var out []string
	for _, s := range r.SignOffs {
		out = append(out, s.By, s.For)
	}
	if r.Proposal != nil {
		out = append(out, r.Proposal.By)
	}
	if r.ChangeRecord != nil {
		out = append(out, r.ChangeRecord.By)
	}
	if r.Verification != nil {
		out = append(out, r.Verification.By)
	}
	if r.ServiceReport != nil {
		out = append(out, r.ServiceReport.By)
	}
	if r.Answer != nil {
		out = append(out, r.Answer.By)
	}
	if r.Acceptance != nil {
		out = append(out, r.Acceptance.By)
	}
	return out
}

// stepsOf returns the line of stages with where a case is on it. One that has left the way shows how it ended.
func stepsOf(c defect.Case) []step {
	var out []step
	for _, s := range defect.Stages() {
		if s.Ended() && s != defect.Closed {
			continue
		}
		out = append(out, step{Stage: s})
	}
	here := slices.IndexFunc(out, func(s step) bool { return s.Stage == c.Stage })
	if here < 0 {
		return []step{{Stage: defect.Submitted, Done: true}, {Stage: c.Stage, Now: true}}
	}
	for i := range out {
		out[i].Done, out[i].Now = i < here, i == here
	}
	return out
}

// onward are the steps that lead a case along its way; the others are offered behind them.
var onward = []defect.Action{
	defect.ActAcknowledge, defect.ActClassify, defect.ActPropose, defect.ActSign, defect.ActComplete, defect.ActVerify, defect.ActReport,
	defect.ActReply, defect.ActAccept, defect.ActProvideInfo,
}

// forms draws a form for each step that a person may take now, and the one that was refused as it was filled in. The text
// says why it was.
func (p *pages) forms(l lang.Lang, by desk.Caller, v desk.View, tried *attempt) (forms []actionForm, refused string) {
	actions := slices.DeleteFunc(slices.Clone(v.Allowed), func(a defect.Action) bool { return a == defect.ActAttach })
	if tried != nil && !slices.Contains(actions, tried.action) {
		actions = append([]defect.Action{tried.action}, actions...)
	}
	for _, a := range actions {
		form, why := p.form(l, by, v, a, tried)
		if why != "" {
			refused = why
		}
		forms = append(forms, form)
	}
	if tried == nil && len(forms) > 0 && forms[0].Onward {
		forms[0].Open = true
	}
	return forms, refused
}

// form draws the form of a step: as it was filled in when it is the one that was refused, with why it was.
func (p *pages) form(l lang.Lang, by desk.Caller, v desk.View, a defect.Action, tried *attempt) (form actionForm, refused string) {
	form = actionForm{Action: a, Version: v.Version, Seq: v.Seq, Key: newKey(), Onward: slices.Contains(onward, a), Shut: !slices.Contains(v.Allowed, a)}
	draw := formOf{l: l, id: string(a), values: url.Values{}, choices: p.choices(by)}
	fields := fieldsOf(a, by)
	if a == defect.ActSign && v.Proposal != nil {
		form.Proposal = v.Proposal.N
	}
	if tried != nil && tried.action == a {
		draw.values, form.Open, form.Typed, form.Sent = tried.values, true, true, tried.key
		draw.wrong, refused = wrongFields(l, tried.err, draw.controls(fields, ""))
		if apperr.Is(tried.err, apperr.StaleVersion) {
			refused = l.Term("web.case.stale") // to load the page again would lose what was typed
		}
		form.again(tried)
	}
	form.Controls = draw.controls(fields, "")
	if a == defect.ActAcknowledge {
		for i := range form.Controls {
			if one := form.Controls[i].Options; len(one) > 0 { // the only one with choices is the assignee
				one[0].Label = l.Term("web.case.by_duty")
			}
		}
	}
	return form, refused
}

// again keeps what a form must say once more. Where the outcome is unknown, that is its key, so that a repeat does nothing
// twice; where the author has not been told yet of what happened meanwhile, the version that they saw.
func (f *actionForm) again(tried *attempt) {
	switch {
	case apperr.Is(tried.err, apperr.Unavailable), apperr.Is(tried.err, apperr.Internal):
		f.Key, f.Version, f.Seq = tried.key, tried.version, tried.seq
	case apperr.Is(tried.err, apperr.Invalid):
		f.Version, f.Seq = tried.version, tried.seq
	}
}

// fieldsOf returns the fields of a step that a person fills in. The proposal that is signed is the one that the page shows,
// and who stands in for nobody is not asked for whom.
func fieldsOf(a defect.Action, by desk.Caller) []defect.Field {
	return slices.DeleteFunc(defect.InputFields(a), func(f defect.Field) bool {
		return a == defect.ActSign && (f.Name == "proposal" || f.Name == "for" && len(by.StandsIn) == 0)
	})
}

// choices returns the people that a step may name.
func (p *pages) choices(by desk.Caller) map[string][]option {
	out := map[string][]option{}
	for _, person := range p.desk.Assignable(by) {
		out["assignee"] = append(out["assignee"], option{Value: person.Username, Label: person.Name})
	}
	for _, absent := range by.StandsIn {
		out["for"] = append(out["for"], option{Value: absent.Username, Label: absent.Name})
	}
	return out
}

// act takes the step of a form. A refusal shows the form again with what was typed.
func (p *pages) act(c *gin.Context, by desk.Caller) {
	tried := attempted(c)
	if !slices.Contains(defect.Actions(), tried.action) || tried.action == defect.ActAttach {
		p.fail(c, apperr.New(apperr.NotFound, apperr.ReasonActionUnknown, apperr.Args{"action": defect.Printable(string(tried.action))}))
		return
	}
	switch seq, err := p.take(c, by, tried); {
	case err == nil:
		// A page of its own, so that a reload does nothing again. The key tells the browser which draft it can forget.
		done := url.Values{"did": {string(tried.action)}, "at": {strconv.Itoa(seq)}, "filed": {tried.key}}
		c.Redirect(http.StatusSeeOther, c.Request.URL.Path+"?"+done.Encode())
	case apperr.Is(err, apperr.NotFound):
		p.fail(c, err)
	default:
		var status int
		status, tried.filled = p.refused(c, tried.values, err)
		p.showCase(c, by, status, tried, "")
	}
}

// attempted reads the form of a step.
func attempted(c *gin.Context) *attempt {
	return &attempt{
		filled: filled{values: c.Request.PostForm}, action: defect.Action(c.PostForm(fieldAction)), version: countOf(c.PostForm(fieldVersion)),
		seq: countOf(c.PostForm(fieldSeq)), key: c.PostForm(fieldKey),
	}
}

// take takes a step and returns the seq of the case behind it.
func (p *pages) take(c *gin.Context, by desk.Caller, tried *attempt) (int, error) {
	fields := defect.InputFields(tried.action)
	doc := readFields(fields, tried.values, "", p.zone)
	var wrong apperr.Fields
	defect.CheckFields(fields, doc, &wrong)
	if err := wrong.Err(); err != nil {
		return 0, err
	}
	var in defect.Input
	if err := bind(doc, &in); err != nil {
		return 0, err
	}
	seen := &tried.version
	if tried.action.HoldsAnyway() {
		seen = nil
	}
	v, err := p.desk.Act(c, by, c.Param("number"), tried.action, in, seen, tried.key)
	return v.Seq, err
}
