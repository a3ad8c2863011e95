// Package contract is what Temporal records for ever: names of workflows, updates, signals, queries and activities,
// workflow IDs, message types and search attributes. A name or a field that was released is never changed or reused;
// running cases and recorded histories hold them.
package contract

import (
	"errors"
	"strings"
	"time"
	"unicode"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"yunwei/apperr"
	"yunwei/defect"
)

// TaskQueue is where the workers take their work.
const TaskQueue = "yunwei"

// The names that histories hold.
const (
	WorkflowDefect = "defect"
	WorkflowAudit  = "audit" // AuditState -> AuditEnd; nightly, see package worker

	UpdateAct     = "act"      // Command -> ActResult: every step that a person takes
	SignalSignOff = "sign-off" // SignOff: a supervisor's decision from the Temporal Web UI or CLI
	QueryState    = "state"    // nothing -> DefectState

	ActivityProject      = "project"       // Projection -> nothing
	ActivityProjectWhole = "project-whole" // DefectState -> nothing; a local activity, so that its input is not recorded
	ActivitySigner       = "signer"        // SignerRequest -> Signer
	ActivityAuditPage    = "audit-page"    // AuditState -> AuditState; heartbeats the place that it has come to
)

const defectPrefix = "defect:"

// DefectWorkflowID returns the ID of a case's workflow.
func DefectWorkflowID(number string) string { return defectPrefix + number }

// PriorityOf returns the place of a case's tasks in the queue: where work is backed up, higher severities go first.
func PriorityOf(s defect.Severity) temporal.Priority { return temporal.Priority{PriorityKey: int(s)} }

// DefectNumber is the inverse of DefectWorkflowID.
func DefectNumber(workflowID string) (string, bool) {
	return strings.CutPrefix(workflowID, defectPrefix)
}

// DefectState is all that a case's workflow knows: its input, the answer to QueryState, and what a continued run gets.
type DefectState struct {
	Case defect.Case `json:"case"`
	// Journal holds the events that are not yet known to be in SQL, oldest first.
	Journal []defect.Event `json:"journal,omitempty"`
	// Handled are the steps that came with an idempotency key, so that a repeat is known however late.
	Handled []Handled `json:"handled,omitempty"`
	// SignOffs are signals that came and are not yet decided on.
	SignOffs []SignOff `json:"sign_offs,omitempty"`
}

// Handled is a step that came with an idempotency key; the digests are those of its event.
type Handled struct {
	Key   string `json:"key"`
	Print string `json:"print"`
	Seq   int    `json:"seq"`
}

// ActResult is the answer to UpdateAct: what the caller needs to bring SQL up to the step.
type ActResult struct {
	Seq    int  `json:"seq"`              // of the step's event
	Repeat bool `json:"repeat,omitempty"` // the step was taken before, under the same key
	// Events are those not yet known to be in SQL, up to the step's own, all of them light (defect.Event.Light): the
	// caller has the step's texts, as it has sent them.
	Events []defect.Event `json:"events,omitempty"`
}

// Projection asks for the events of a case to be brought into SQL. They are light (defect.Event.Light): when
// SQL lacks one that people wrote, the activity asks the workflow for the whole.
type Projection struct {
	Number string         `json:"number"`
	Events []defect.Event `json:"events"`
}

// SignOff is the signal's message, as an approver types it.
type SignOff struct {
	Approver string          `json:"approver"`
	Proposal int             `json:"proposal"`
	Decision defect.Decision `json:"decision"`
	Comment  string          `json:"comment,omitempty"`
	Code     string          `json:"code,omitempty"`
	// Unreadable stands for a message that was no sign-off at all.
	Unreadable bool `json:"unreadable,omitempty"`
}

// maxName bounds what is kept of a name or a code that a signal claims, in characters: more than any account has.
const maxName = 100

// Bounded returns the message with its texts cut to what can be right, and one character more where that tells that it is
// wrong, and with a name that can be shown.
func (s SignOff) Bounded() SignOff {
	shown := func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}
	s.Approver, s.Code, s.Decision = clip(strings.Map(shown, s.Approver), maxName), clip(s.Code, maxName), defect.Decision(clip(string(s.Decision), maxName))
	s.Comment = clip(s.Comment, defect.MaxText+1)
	return s
}

func clip(text string, limit int) string {
	n := 0
	for i := range text {
		if n == limit {
			return text[:i]
		}
		n++
	}
	return text
}

// SignerRequest asks who an approver is and whether the signal may speak for them.
type SignerRequest struct {
	Number   string `json:"number"`
	Approver string `json:"approver"`
	Proposal int    `json:"proposal"`
	Code     string `json:"code,omitempty"`
}

// Signer is the answer to SignerRequest: a person, or why the signal is refused.
type Signer struct {
	Person  defect.Person `json:"person"`
	Refused *apperr.Error `json:"refused,omitempty"`
}

// Search attributes of a case. They hold no personal data but the assignee's user name: they are not encrypted.
var (
	AttrStage    = temporal.NewSearchAttributeKeyKeyword("Stage")
	AttrCategory = temporal.NewSearchAttributeKeyKeyword("Category")
	AttrAssignee = temporal.NewSearchAttributeKeyKeyword("Assignee")
	AttrSeverity = temporal.NewSearchAttributeKeyInt64("Severity")
	AttrNextDue  = temporal.NewSearchAttributeKeyTime("NextDue")
	AttrBreached = temporal.NewSearchAttributeKeyBool("Breached")
)

// AttributeTypes returns the search attributes that a namespace needs.
func AttributeTypes() map[string]enums.IndexedValueType {
	types := map[string]enums.IndexedValueType{}
	for _, key := range []temporal.SearchAttributeKey{AttrStage, AttrCategory, AttrAssignee, AttrSeverity, AttrNextDue, AttrBreached} {
		types[key.GetName()] = key.GetValueType()
	}
	return types
}

// Attributes are the values of a case's search attributes.
type Attributes struct {
	Stage, Category, Assignee string
	Severity                  int64
	NextDue                   time.Time
	Breached                  bool
}

// AttributesOf returns those of a case.
func AttributesOf(c defect.Case) Attributes {
	return Attributes{
		Stage: string(c.Stage), Category: string(c.Category), Assignee: c.Assignee,
		Severity: int64(c.Severity), NextDue: c.NextPromise(), Breached: c.Breached(),
	}
}

// All returns every attribute that has a value, for the start of a workflow.
func (a Attributes) All() []temporal.SearchAttributeUpdate {
	return append(a.Since(Attributes{Breached: a.Breached}), AttrBreached.ValueSet(a.Breached))
}

// Since returns what changed, nothing when nothing did.
func (a Attributes) Since(old Attributes) []temporal.SearchAttributeUpdate {
	var set []temporal.SearchAttributeUpdate
	keyword := func(key temporal.SearchAttributeKeyKeyword, before, now string) {
		switch {
		case now == before:
		case now == "":
			set = append(set, key.ValueUnset())
		default:
			set = append(set, key.ValueSet(now))
		}
	}
	keyword(AttrStage, old.Stage, a.Stage)
	keyword(AttrCategory, old.Category, a.Category)
	keyword(AttrAssignee, old.Assignee, a.Assignee)
	if a.Severity != old.Severity {
		set = append(set, AttrSeverity.ValueSet(a.Severity))
	}
	switch {
	case a.NextDue.Equal(old.NextDue):
	case a.NextDue.IsZero():
		set = append(set, AttrNextDue.ValueUnset())
	default:
		set = append(set, AttrNextDue.ValueSet(a.NextDue))
	}
	if a.Breached != old.Breached {
		set = append(set, AttrBreached.ValueSet(a.Breached))
	}
	return set
}

// refusalType marks an application error that carries an apperr.Error.
const refusalType = "refusal"

// Refusal returns err, when it is or wraps an *apperr.Error, in the form that crosses Temporal whole.
func Refusal(err error) error {
	e, ok := errors.AsType[*apperr.Error](err)
	if !ok {
		return err
	}
	return temporal.NewNonRetryableApplicationError(string(e.Code)+": "+string(e.Reason), refusalType, nil, *e)
}

// AsRefusal returns the *apperr.Error that crossed Temporal in err, or nil when none did.
func AsRefusal(err error) *apperr.Error {
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	if !ok || app.Type() != refusalType {
		return nil
	}
	var e apperr.Error
	if err := app.Details(&e); err != nil {
		return apperr.Wrap(err, apperr.Internal, apperr.ReasonInternal)
	}
	return &e
}

// DefectEnd is what a case's workflow returns: how it ended. The case itself is in SQL then.
type DefectEnd struct {
	Stage  defect.Stage `json:"stage"`
	Events int          `json:"events"`
}
