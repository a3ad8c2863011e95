package web

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
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

// dutyAttempt is the form of a step as it was sent.
type dutyAttempt struct {
	filled
	act dutyAct
	id  string
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
	actSignOff:        {[]rosterTab{tabPresence, tabWeek}, (*pages).signOffDuty},
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
	tried := &dutyAttempt{filled: filled{values: c.Request.PostForm}, act: dutyAct(c.PostForm(fieldAction)), id: c.PostForm(fieldID)}
	step, ok := dutySteps[tried.act]
	if !ok {
		p.fail(c, apperr.New(apperr.NotFound, apperr.ReasonActionUnknown, apperr.Args{"action": defect.Printable(string(tried.act))}))
		return
	}
	tab := rosterTab(c.PostForm(fieldTab))
	if !slices.Contains(step.tabs, tab) {
		tab = step.tabs[0]
	}
	if err := step.take(p, c, by, tried); err != nil {
		var status int
		status, tried.filled = p.refused(c, tried.values, p.called(err))
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

func (p *pages) signOffDuty(c *gin.Context, by desk.Caller, tried *dutyAttempt) error {
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
