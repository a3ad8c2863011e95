package defect

import (
	"slices"
	"strconv"
	"strings"

	"yunwei/apperr"
)

// Input is what a person fills in to take a step. It holds the fields of all actions; InputFields says which belong to
// one.
type Input struct {
	Assignee      string   `json:"assignee,omitempty"`
	Category      Category `json:"category,omitempty"`
	Severity      Severity `json:"severity,omitempty"`
	Note          string   `json:"note,omitempty"`
	Explanation   string   `json:"explanation,omitempty"`
	Cause         string   `json:"cause,omitempty"`
	Plan          string   `json:"plan,omitempty"`
	Risk          string   `json:"risk,omitempty"`
	Rollback      string   `json:"rollback,omitempty"`
	Proposal      int      `json:"proposal,omitempty"`
	Decision      Decision `json:"decision,omitempty"`
	Comment       string   `json:"comment,omitempty"`
	For           string   `json:"for,omitempty"` // the absent supervisor for whom a substitute signs
	Summary       string   `json:"summary,omitempty"`
	Changes       string   `json:"changes,omitempty"`
	VersionBefore string   `json:"version_before,omitempty"`
	VersionAfter  string   `json:"version_after,omitempty"`
	Kind          FixKind  `json:"kind,omitempty"`
	Passed        *bool    `json:"passed,omitempty"`
	Method        string   `json:"method,omitempty"`
	WorkHours     float64  `json:"work_hours,omitempty"`
	Parts         string   `json:"parts,omitempty"`
	Message       string   `json:"message,omitempty"`
	Satisfaction  int      `json:"satisfaction,omitempty"`
	Reason        string   `json:"reason,omitempty"`
	Level         Level    `json:"level,omitempty"`
	Part          string   `json:"part,omitempty"`
	Quantity      int      `json:"quantity,omitempty"`
	Of            string   `json:"of,omitempty"`
	File          *File    `json:"file,omitempty"` // of an attachment; set by the desk, never by a caller
	// Holidays are the days that a case is put under, one state for each set that its calendars follow; set by the desk,
	// never by a caller.
	Holidays []Holidays `json:"holidays,omitempty"`
	// Assignment says how Assignee was found where the caller named nobody; set by the desk, never by a caller.
	Assignment *Assignment `json:"assignment,omitempty"`
}

// AssignmentCode is a way in which the desk finds an assignee.
type AssignmentCode string

// AssignedByDuty takes, of those on duty, the one with the least in hand.
const AssignedByDuty AssignmentCode = "duty"

// Assignment is why a case was put into somebody's hands without being named by the caller. Its text is in the catalogues,
// under "assignment." and the code.
type Assignment struct {
	Code AssignmentCode `json:"code"`
	Args apperr.Args    `json:"args,omitempty"`
}

// ByDuty is the reason of an assignment by duty and load: the roster and shift that the assignee is on duty by, how many
// open cases they had in hand, and among how many people they were chosen.
func ByDuty(roster, shift string, open, among int) *Assignment {
	return &Assignment{Code: AssignedByDuty, Args: apperr.Args{"roster": roster, "shift": shift, "open": strconv.Itoa(open), "among": strconv.Itoa(among)}}
}

// File is what a case knows of an attachment.
type File struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"` // by content
	Size int64  `json:"size"` // bytes
	Sum  string `json:"sum"`  // SHA-256 of the content, hexadecimal
}

var (
	fieldAssignee = Field{Name: "assignee", Type: TypeUser, Max: MaxText}
	fieldSeverity = Field{Name: "severity", Type: TypeInteger, Min: 1, Max: 4}
	fieldNote     = text("note", MaxText)
	fieldReason   = text("reason", MaxText).required()
	fieldMessage  = text("message", MaxText).required()
)

// inputFields is the table of API.md; what one field's need depends on another is in Input.related.
var inputFields = map[Action][]Field{
	ActAcknowledge: {fieldAssignee},
	ActClassify:    {enum("category", []Category{Technical, Business, Operation}).required(), fieldSeverity, fieldNote, text("explanation", MaxText)},
	ActPropose:     {text("cause", MaxText).required(), text("plan", MaxText).required(), text("risk", MaxText), text("rollback", MaxText)},
	ActSign:        {Field{Name: "proposal", Type: TypeInteger, Min: 1, Max: 1_000_000, Required: true}, enum("decision", []Decision{Approve, Reject}).required(), text("comment", MaxText), Field{Name: "for", Type: TypeUser, Max: MaxText}},
	ActComplete:    {text("summary", MaxText).required(), text("changes", MaxText), text("version_before", MaxText), text("version_after", MaxText), enum("kind", []FixKind{Final, Workaround})},
	ActVerify:      {Field{Name: "passed", Type: TypeBool, Required: true}, text("method", MaxText).required(), fieldNote},
	ActReport:      {text("summary", MaxText).required(), Field{Name: "work_hours", Type: TypeNumber, Min: 0, Max: 10_000}, text("parts", MaxText)},
	ActReply:       {fieldMessage},
	ActAccept:      {Field{Name: "satisfaction", Type: TypeInteger, Min: 1, Max: 5}, text("comment", MaxText)},
	ActReopen:      {fieldReason},

	ActRequestInfo:    {fieldMessage},
	ActProvideInfo:    {fieldMessage},
	ActEscalate:       {enum("level", []Level{LevelOnsite, LevelExpert}).required(), fieldReason},
	ActHear:           {fieldNote},
	ActArrive:         {fieldNote},
	ActRequestSpare:   {text("part", MaxText).required(), Field{Name: "quantity", Type: TypeInteger, Min: 1, Max: 10_000}, fieldNote},
	ActReceiveSpare:   {fieldNote},
	ActAssign:         {fieldAssignee.required(), text("reason", MaxText)},
	ActChangeSeverity: {fieldSeverity.required(), fieldReason},
	ActComment:        {fieldMessage},
	ActWithdraw:       {fieldReason},
	ActApplyHolidays:  {fieldReason},
	ActMarkDuplicate:  {fieldReason, Field{Name: "of", Type: TypeCase, Max: MaxText, Required: true}},
}

// InputFields describes the fields of an action, in the order in which a form shows them. ActAttach has none: its file
// is not a field.
func InputFields(a Action) []Field { return slices.Clone(inputFields[a]) }

// Check returns an Invalid error that lists all that is wrong with the input of an action, or nil.
func (in Input) Check(a Action) error {
	var wrong apperr.Fields
	doc, err := document(in)
	if err != nil {
		return err
	}
	if a == ActAttach {
		delete(doc, "file")
		if in.File == nil {
			wrong.Add("file", apperr.FieldFile, nil)
		}
	}
	if a == ActApplyHolidays {
		delete(doc, "holidays")
		if len(in.Holidays) == 0 {
			wrong.Add("holidays", apperr.FieldRequired, nil)
		}
	}
	if a == ActAcknowledge && in.Assignee != "" {
		delete(doc, "assignment")
	}
	CheckFields(inputFields[a], doc, &wrong)
	in.related(a, &wrong)
	return wrong.Err()
}

// related checks the fields that another field calls for.
func (in Input) related(a Action, wrong *apperr.Fields) {
	switch {
	case a == ActClassify && in.Category == Operation && blank(in.Explanation):
		wrong.Add("explanation", apperr.FieldRequired, nil)
	case a == ActSign && in.Decision == Reject && blank(in.Comment):
		wrong.Add("comment", apperr.FieldRequired, nil)
	}
}

// tidy returns the input as it is kept: without blanks around its texts, the case that it names as we write it.
func (in Input) tidy() Input {
	for _, t := range []*string{
		&in.Note, &in.Explanation, &in.Cause, &in.Plan, &in.Risk, &in.Rollback, &in.Comment, &in.Summary, &in.Changes, &in.VersionBefore,
		&in.VersionAfter, &in.Method, &in.Parts, &in.Message, &in.Reason, &in.Part,
	} {
		*t = strings.TrimSpace(*t)
	}
	if n, ok := ParseNumber(in.Of); ok {
		in.Of = n
	}
	return in
}
