package contract

import (
	"time"

	"yunwei/roster"
)

// The names of the check of the rosters.
const (
	WorkflowRosterCheck = "roster-check" // RosterCheck -> RosterCheckResult
	ActivityRosterCheck = "roster-check" // RosterCheckRequest -> RosterCheckResult
)

// RosterCheckID is the ID of the check's Schedule, and what the IDs of its workflows begin with.
const RosterCheckID = "roster-check"

// MaxFindings bounds the findings of a check that are told one by one.
const MaxFindings = 200

// RosterCheck asks for the rosters of the coming weeks to be looked through.
type RosterCheck struct {
	Weeks int `json:"weeks,omitempty"` // ahead; 8 when it is 0
}

// RosterCheckRequest asks for the rosters of a span to be looked through. The span is the workflow's to say, so that a
// repeat finds the same.
type RosterCheckRequest struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// RosterCheckResult is what was found in a span: gaps and conflicts by their beginning, the first MaxFindings of them.
type RosterCheckResult struct {
	From     time.Time        `json:"from"`
	To       time.Time        `json:"to"`
	Rosters  int              `json:"rosters"` // that were looked through
	Findings []roster.Finding `json:"findings,omitempty"`
	Total    int              `json:"total"`
}
