package web

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/lang"
	"yunwei/roster"
)

// dutyAct is a step that somebody takes with a roster or in its book.
type dutyAct string

// The steps.
const (
	actSignOn         dutyAct = "sign-on"
	actSignOff        dutyAct = "sign-off"
	actLog            dutyAct = "log"
	actHandOver       dutyAct = "hand-over"
	actAcknowledge    dutyAct = "acknowledge"
	actOverride       dutyAct = "override"
	actCancelOverride dutyAct = "cancel-override"
	actSwap           dutyAct = "swap"
	actAgree          dutyAct = "agree"
	actRefuse         dutyAct = "refuse"
	actCancelSwap     dutyAct = "cancel-swap"
	actRenew          dutyAct = "renew"
	actImport         dutyAct = "import"
	actSave           dutyAct = "save"
)

func dutyActs() []dutyAct {
	return []dutyAct{
		actSignOn, actSignOff, actLog, actHandOver, actAcknowledge, actOverride, actCancelOverride, actSwap, actAgree, actRefuse, actCancelSwap, actRenew, actImport, actSave,
	}
}

// The hidden fields of a step's form.
const (
	fieldID  = "_id"  // of what the step is taken with
	fieldTab = "_tab" // the page that the form stands on
)

// dutyAttempt is a step as it was sent, with why it was refused.
type dutyAttempt struct {
	act    dutyAct
	id     string
	values url.Values
	err    error
}

// stepForm is the form of a step.
type stepForm struct {
	Act      dutyAct
	Controls []control
	Open     bool
}

// rowStep is the form of a step with one row of a list: a button.
type rowStep struct {
	Name string // of the roster
	Tab  rosterTab
	ID   string
	Act  dutyAct
}

// dutySteps say what each step does, and on which pages its form stands, the first of which is its own.
var dutySteps = map[dutyAct]struct {
	tabs []rosterTab
	take func(*pages, *gin.Context, desk.Caller, *dutyAttempt) error
}{
	actSignOn:         {[]rosterTab{tabPresence, tabWeek}, (*pages).signOn},
	actSignOff:        {[]rosterTab{tabPresence, tabWeek}, (*pages).signOff},
	actLog:            {[]rosterTab{tabLog}, (*pages).writeLog},
	actHandOver:       {[]rosterTab{tabHandOvers}, (*pages).handOver},
	actAcknowledge:    {[]rosterTab{tabHandOvers}, (*pages).acknowledge},
	actOverride:       {[]rosterTab{tabChanges}, (*pages).addOverride},
	actCancelOverride: {[]rosterTab{tabChanges}, (*pages).cancelOverride},
	actSwap:           {[]rosterTab{tabChanges}, (*pages).askSwap},
	actAgree:          {[]rosterTab{tabChanges}, (*pages).agree},
	actRefuse:         {[]rosterTab{tabChanges}, (*pages).refuseSwap},
	actCancelSwap:     {[]rosterTab{tabChanges}, (*pages).cancelSwap},
	actRenew:          {[]rosterTab{tabFindings, tabWeek}, (*pages).renew},
}

// dutyStep takes a step. A refusal shows its form again with what was typed.
func (p *pages) dutyStep(c *gin.Context, by desk.Caller) {
	if err := readForm(c); err != nil {
		p.fail(c, err)
		return
	}
	tried := &dutyAttempt{act: dutyAct(c.PostForm(fieldAction)), id: c.PostForm(fieldID), values: c.Request.PostForm}
	step, ok := dutySteps[tried.act]
	if !ok {
		p.fail(c, apperr.New(apperr.NotFound, apperr.ReasonActionUnknown, apperr.Args{"action": defect.Printable(string(tried.act))}))
		return
	}
	tab := rosterTab(c.PostForm(fieldTab))
	if !slices.Contains(step.tabs, tab) {
		tab = step.tabs[0]
	}
	if tried.err = step.take(p, c, by, tried); tried.err != nil {
		status := p.refuse(c, tried.err)
		tried.err = p.called(tried.err)
		p.showRoster(c, by, status, tab, tried)
		return
	}
	// A page of its own, so that a reload does nothing again.
	c.Redirect(http.StatusSeeOther, tab.path(url.PathEscape(c.Param("name")))+"?did="+string(tried.act))
}

// checked reads the fields of a step into a struct; Invalid for what is amiss. Lists are put in by the step.
func checked(fields []defect.Field, doc map[string]any, into any) error {
	var wrong apperr.Fields
	defect.CheckFields(fields, doc, &wrong)
	if err := wrong.Err(); err != nil {
		return err
	}
	return bind(doc, into)
}

func (p *pages) signOn(c *gin.Context, by desk.Caller, tried *dutyAttempt) error {
	var in struct{ Shift, Note string }
	doc := ofRoster(c, desk.SignOnFields(), tried)
	if err := checked(desk.SignOnFields(), doc, &in); err != nil {
		return err
	}
	_, err := p.desk.SignOnDuty(c, by, c.Param("name"), in.Shift, in.Note)
	return err
}

// ofRoster returns what was filled in for a step, with the roster that the page is about.
func ofRoster(c *gin.Context, fields []defect.Field, tried *dutyAttempt) map[string]any {
	doc := readFields(fields, tried.values, "", nil)
	doc["roster"] = c.Param("name")
	return doc
}

func (p *pages) signOff(c *gin.Context, by desk.Caller, tried *dutyAttempt) error {
	var in struct{ Note string }
	fields := []defect.Field{desk.NoteField()}
	if err := checked(fields, readFields(fields, tried.values, "", nil), &in); err != nil {
		return err
	}
	_, err := p.desk.SignOffDuty(c, by, in.Note)
	return err
}

func (p *pages) writeLog(c *gin.Context, by desk.Caller, tried *dutyAttempt) error {
	var in roster.LogEntry
	if err := checked(desk.LogFields(), ofRoster(c, desk.LogFields(), tried), &in); err != nil {
		return err
	}
	_, err := p.desk.WriteLog(c, by, in)
	return err
}

func (p *pages) handOver(c *gin.Context, by desk.Caller, tried *dutyAttempt) error {
	var in roster.HandOver
	if err := checked(desk.HandOverFields(), ofRoster(c, desk.HandOverFields(), tried), &in); err != nil {
		return err
	}
	_, err := p.desk.HandOver(c, by, in)
	return err
}

func (p *pages) acknowledge(c *gin.Context, by desk.Caller, tried *dutyAttempt) error {
	var in struct{ Remark string }
	if err := checked(desk.RemarkFields(), readFields(desk.RemarkFields(), tried.values, "", nil), &in); err != nil {
		return err
	}
	_, err := p.desk.AcknowledgeHandOver(c, by, tried.id, in.Remark)
	return err
}

func (p *pages) addOverride(c *gin.Context, by desk.Caller, tried *dutyAttempt) error {
	r, err := p.desk.Roster(c, by, c.Param("name"), 0)
	if err != nil {
		return err
	}
	doc := readFields(desk.OverrideFields(), tried.values, "", time.FixedZone("", int(r.Timezone)))
	delete(doc, "people")
	if people := tried.values["people"]; len(people) > 0 {
		list := make([]any, len(people))
		for i, person := range people {
			list[i] = person
		}
		doc["people"] = list
	}
	var in roster.Override
	if err := checked(desk.OverrideFields(), doc, &in); err != nil {
		return err
	}
	_, err = p.desk.AddOverride(c, by, r.Name, in)
	return err
}

func (p *pages) cancelOverride(c *gin.Context, by desk.Caller, tried *dutyAttempt) error {
	return p.desk.CancelOverride(c, by, c.Param("name"), tried.id)
}

func (p *pages) askSwap(c *gin.Context, by desk.Caller, tried *dutyAttempt) error {
	var wrong apperr.Fields
	span := func(name string) (string, roster.Span) {
		person, span, ok := readSpan(tried.values.Get(name))
		if !ok {
			wrong.Add(name, apperr.FieldRequired, nil)
		}
		return person, span
	}
	_, give := span("give")
	with, take := span("take")
	if err := wrong.Err(); err != nil {
		return err
	}
	doc := map[string]any{"with": with, "give": spanDoc(give), "take": spanDoc(take), "reason": tried.values.Get("reason")}
	var in roster.Swap
	if err := checked(desk.SwapFields(), doc, &in); err != nil {
		return err
	}
	_, err := p.desk.AskSwap(c, by, c.Param("name"), in)
	return err
}

func spanDoc(s roster.Span) map[string]any {
	return map[string]any{"from": s.From.Format(time.RFC3339Nano), "to": s.To.Format(time.RFC3339Nano)}
}

func (p *pages) agree(c *gin.Context, by desk.Caller, tried *dutyAttempt) error {
	_, err := p.desk.AnswerSwap(c, by, c.Param("name"), tried.id, true)
	return err
}

func (p *pages) refuseSwap(c *gin.Context, by desk.Caller, tried *dutyAttempt) error {
	_, err := p.desk.AnswerSwap(c, by, c.Param("name"), tried.id, false)
	return err
}

func (p *pages) cancelSwap(c *gin.Context, by desk.Caller, tried *dutyAttempt) error {
	return p.desk.CancelSwap(c, by, c.Param("name"), tried.id)
}

func (p *pages) renew(c *gin.Context, by desk.Caller, _ *dutyAttempt) error {
	_, _, err := p.desk.RenewRoster(c, by, c.Param("name"), "")
	return err
}

// dutyForms draws the forms of a page of a roster: those of the steps that the reader may take, and the one that was refused
// as it was filled in.
func (p *pages) dutyForms(c *gin.Context, l lang.Lang, by desk.Caller, r roster.Roster, tried *dutyAttempt, out *rosterPage) error {
	draw := &dutyDraw{l: l, tried: tried, out: out, choices: p.dutyChoices(l, by, r)}
	signedOn := out.Present != nil
	switch out.Tab {
	case tabWeek, tabPresence:
		draw.form(actSignOn, out.Serves && !signedOn && !r.Retired, desk.SignOnFields())
		draw.form(actSignOff, out.Serves && (signedOn || tried != nil && tried.act == actSignOff), []defect.Field{desk.NoteField()})
	case tabLog:
		draw.form(actLog, out.Serves, desk.LogFields())
	case tabHandOvers:
		draw.form(actHandOver, out.Serves, desk.HandOverFields())
	case tabChanges:
		draw.form(actOverride, out.MayPlan && !r.Retired, desk.OverrideFields())
		if err := p.swapForm(c, l, by, r, draw); err != nil {
			return err
		}
	case tabTable, tabFindings, tabVersions:
	}
	out.tell(l, tried, draw.shown)
	return nil
}

// swapForm draws the form of a swap for who serves, and has something to give.
func (p *pages) swapForm(c *gin.Context, l lang.Lang, by desk.Caller, r roster.Roster, draw *dutyDraw) error {
	if !draw.out.Serves || r.Retired {
		return nil
	}
	mine, others, err := p.upcoming(c, l, by, r)
	if err := ifNotAway(err, &draw.out.Away); err != nil {
		return err
	}
	draw.choices["give"], draw.choices["take"] = mine, others
	draw.form(actSwap, len(mine) > 0 && len(others) > 0 || draw.tried != nil && draw.tried.act == actSwap, swapControls())
	return nil
}

// tell says why a step was refused, where its form does not, and keeps what was typed.
func (out *rosterPage) tell(l lang.Lang, tried *dutyAttempt, shown []control) {
	if tried == nil {
		return
	}
	out.tried = tried
	e := apperr.Of(tried.err)
	switch {
	case tried.act == actImport && len(e.Fields) > 0:
		for _, f := range e.Fields {
			text := l.Text(f.Reason, f.Args)
			if f.Field != "file" {
				text = f.Field + ": " + text
			}
			out.Mistakes = append(out.Mistakes, text)
		}
	case out.Alarm == "":
		_, out.Alarm = wrongFields(l, merged(tried.err), shown)
	}
}

// Typed returns what was typed into a form of a row that was refused, or into the field of a form that has no other.
func (out rosterPage) Typed(what string) string {
	switch {
	case out.tried == nil:
		return ""
	case out.tried.act == actImport:
		return out.tried.values.Get(what)
	case out.tried.id == what:
		return out.tried.values.Get("remark")
	}
	return ""
}

// swapControls are the fields of a swap as its form has them: each span is one choice, which names its person, too.
func swapControls() []defect.Field {
	return []defect.Field{
		{Name: "give", Type: defect.TypeText, Required: true}, {Name: "take", Type: defect.TypeText, Required: true},
		{Name: "reason", Type: defect.TypeText, Max: defect.MaxText},
	}
}

// called returns an error that calls people by their names.
func (p *pages) called(err error) error {
	e := apperr.Of(err)
	if e == nil {
		return nil
	}
	named := func(args apperr.Args) apperr.Args {
		person := args["person"]
		if person == "" {
			return args
		}
		args = maps.Clone(args)
		args["person"] = nameIn(p.desk.Names(person), person)
		return args
	}
	told := *e
	told.Args, told.Fields = named(e.Args), slices.Clone(e.Fields)
	for i := range told.Fields {
		told.Fields[i].Args = named(told.Fields[i].Args)
	}
	return &told
}

// merged returns an error whose fields are named as the forms name them: a span and a list are one control each.
func merged(err error) error {
	e := apperr.Of(err)
	if e == nil || len(e.Fields) == 0 {
		return err
	}
	told := *e
	told.Fields = nil
	for _, f := range e.Fields {
		name, _, _ := strings.Cut(f.Field, ".")
		name, _, _ = strings.Cut(name, "[")
		if name == "with" {
			name = "take"
		}
		told.Fields = append(told.Fields, apperr.Field{Field: name, Reason: f.Reason, Args: f.Args})
	}
	return &told
}

// dutyChoices are what the fields of the steps may name.
func (p *pages) dutyChoices(l lang.Lang, by desk.Caller, r roster.Roster) map[string][]option {
	var shifts []option
	for _, list := range [][]roster.Shift{r.Shifts, r.Holidays} {
		for _, s := range list {
			if !slices.ContainsFunc(shifts, func(o option) bool { return o.Value == s.Name }) {
				shifts = append(shifts, option{Value: s.Name, Label: s.Name + " · " + l.Term("duty_kind."+string(s.Kind))})
			}
		}
	}
	people := peopleOptions(p.desk.DutyPeople(by))
	var others []option
	for _, o := range people {
		if o.Value != me(by) {
			others = append(others, o)
		}
	}
	instead := slices.Clone(people)
	names := p.desk.Names(r.People()...)
	for _, person := range r.People() { // who cannot serve any more is the first to be replaced
		if !slices.ContainsFunc(instead, func(o option) bool { return o.Value == person }) {
			instead = append(instead, option{Value: person, Label: nameIn(names, person)})
		}
	}
	return map[string][]option{"shift": shifts, "to": others, "people": people, "instead": instead}
}

// kindChecks is a control with several choices of which any may be taken.
const kindChecks controlKind = "checks"

// dutyDraw draws the forms of one page.
type dutyDraw struct {
	l       lang.Lang
	tried   *dutyAttempt
	out     *rosterPage
	choices map[string][]option
	shown   []control
}

// form draws the form of a step that somebody may take.
func (d *dutyDraw) form(act dutyAct, may bool, fields []defect.Field) {
	if !may {
		return
	}
	choices := maps.Clone(d.choices)
	if act != actHandOver {
		delete(choices, "to") // elsewhere it is a time
	}
	draw := formOf{l: d.l, id: string(act), values: url.Values{}, choices: choices}
	form := stepForm{Act: act}
	fields = slices.DeleteFunc(fields, func(f defect.Field) bool { return f.Name == "roster" })
	if d.tried != nil && d.tried.act == act {
		draw.values, form.Open = d.tried.values, true
		var shown []control
		for _, f := range fields {
			shown = append(shown, control{Name: f.Name})
		}
		draw.wrong, d.out.Alarm = wrongFields(d.l, merged(d.tried.err), shown)
		d.shown = shown
	}
	for _, f := range fields {
		one := draw.control(f, "")
		one.Label = d.l.Term(dutyLabels[act][f.Name])
		if one.Kind == kindRadio {
			one.Kind = kindSelect
		}
		if f.Name == "note" && !f.Required {
			one.Kind = kindLine // a remark, beside the note of a hand-over
		}
		if f.Type == defect.TypeList {
			one.Kind = kindChecks
			for i := range one.Options {
				one.Options[i].Chosen = slices.Contains(draw.values[f.Name], one.Options[i].Value)
			}
		}
		form.Controls = append(form.Controls, one)
	}
	d.out.Forms[string(act)] = form
}

// dutyLabels name the fields of the steps.
var dutyLabels = map[dutyAct]map[string]string{
	actSignOn:   {"shift": "web.duty.of_shift", "note": "web.duty.note"},
	actSignOff:  {"note": "web.duty.note"},
	actLog:      {"shift": "web.duty.of_shift", "text": "web.duty.text", "case": "web.duty.case"},
	actHandOver: {"shift": "web.duty.of_shift", "to": "web.duty.hand_to", "note": "web.duty.hand_note"},
	actOverride: {
		"from": "web.duty.from", "to": "web.duty.to", "shift": "web.duty.any_shift", "instead": "web.duty.instead", "people": "web.duty.people", "reason": "web.duty.reason",
	},
	actSwap: {"give": "web.duty.give", "take": "web.duty.take", "reason": "web.duty.reason"},
}

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
