package defect

import (
	"strings"
	"time"

	"yunwei/apperr"
)

// Limits of what people write, in characters.
const (
	MaxTitle       = 200
	MaxDescription = 20_000
	MaxText        = 2_000
)

// oldestOccurrence bounds how long ago a defect may have occurred: a mistyped year is told at once.
const oldestOccurrence = 10 * 365 * 24 * time.Hour

// clockSkew is how far a caller's clock may run ahead of ours before "in the future" is said.
const clockSkew = 5 * time.Minute

// Submission is what a report says (the plan's 系统缺陷类问题提交单).
type Submission struct {
	Title       string    `json:"title"`
	Description string    `json:"description,omitempty"`
	Severity    Severity  `json:"severity"`
	System      string    `json:"system"`
	Module      string    `json:"module,omitempty"`
	OccurredAt  time.Time `json:"occurred_at,omitzero"`
	Channel     Channel   `json:"channel,omitempty"`
	Impact      string    `json:"impact,omitempty"`
	AssetID     string    `json:"asset_id,omitempty"`
	Follows     string    `json:"follows,omitempty"` // the closed case that this report takes up again
	Reporter    Reporter  `json:"reporter,omitzero"`
}

// Reporter is who reported. Without a Username they have no account, and an agent speaks for them.
type Reporter struct {
	Username string `json:"username,omitempty"`
	Name     string `json:"name,omitempty"`
	Unit     string `json:"unit,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Email    string `json:"email,omitempty"`
}

// SubmissionFields describes the fields of a report as callers send it; Reporter.Username is never among them.
func SubmissionFields() []Field {
	return []Field{
		text("title", MaxTitle).required(),
		text("description", MaxDescription).required(),
		{Name: "severity", Type: TypeInteger, Min: 1, Max: 4, Required: true},
		text("system", MaxText).required(),
		text("module", MaxText),
		{Name: "occurred_at", Type: TypeTime},
		enum("channel", Channels()),
		text("impact", MaxText),
		text("asset_id", MaxText),
		{Name: "follows", Type: TypeCase, Max: MaxText},
		{Name: "reporter", Type: TypeObject, Fields: []Field{
			text("name", MaxText),
			text("unit", MaxText),
			text("phone", MaxText),
			{Name: "email", Type: TypeEmail, Max: MaxText},
		}},
	}
}

// MaySubmit reports whether a person may file reports, in their own name or, as an agent, for somebody else. Auditors
// change nothing.
func MaySubmit(p Person) bool {
	return p.Has(RoleReporter, RoleAgent, RoleTechnician, RoleBusiness, RoleSupervisor, RoleLiaison, RoleExpert, RoleInspector, RoleAdmin)
}

// FilesForOthers reports whether a person may file a report in the name of somebody else.
func FilesForOthers(p Person) bool { return p.Has(RoleAgent) }

// Check returns an Invalid error that lists all that is wrong with a report filed at the given time, or nil.
func (s Submission) Check(at time.Time) error {
	var wrong apperr.Fields
	if _, err := s.OccurredAt.MarshalJSON(); err != nil { // in a zone, or a year, that has no form
		wrong.Add("occurred_at", apperr.FieldTime, nil)
		s.OccurredAt = time.Time{}
	}
	doc, err := document(s)
	if err != nil {
		return err
	}
	if reporter, ok := doc["reporter"].(map[string]any); ok {
		delete(reporter, "username") // ours, not the caller's
	}
	CheckFields(SubmissionFields(), doc, &wrong)
	if s.Reporter.Username == "" && blank(s.Reporter.Name) {
		wrong.Add("reporter.name", apperr.FieldRequired, nil)
	}
	if s.OccurredAt.After(at.Add(clockSkew)) {
		wrong.Add("occurred_at", apperr.FieldFuture, nil)
	}
	if earliest := at.Add(-oldestOccurrence); !s.OccurredAt.IsZero() && s.OccurredAt.Before(earliest) {
		wrong.Add("occurred_at", apperr.FieldTooOld, apperr.Args{"earliest": earliest.Format(time.DateOnly)})
	}
	return wrong.Err()
}

// tidy returns the report as it is kept: without blanks around its texts, its times in UTC.
func (s Submission) tidy() Submission {
	for _, t := range []*string{&s.Title, &s.Description, &s.System, &s.Module, &s.Impact, &s.AssetID, &s.Reporter.Name, &s.Reporter.Unit, &s.Reporter.Phone, &s.Reporter.Email} {
		*t = strings.TrimSpace(*t)
	}
	if n, ok := ParseNumber(s.Follows); ok {
		s.Follows = n
	}
	s.OccurredAt = clean(s.OccurredAt)
	return s
}

// clean is a time as events bear it: in UTC, to the microsecond, which is what both databases keep.
func clean(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}
