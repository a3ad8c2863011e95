package contract

import "time"

// AuditState is how far an audit has come: the workflow's input, the input and the answer of ActivityAuditPage, and what a
// continued run gets. The schedule starts one with the zero value.
type AuditState struct {
	ID        string    `json:"id,omitempty"` // of the first run
	StartedAt time.Time `json:"started_at,omitzero"`
	After     int64     `json:"after,omitempty"` // the place, among all cases, up to which they were looked at
	Checked   int       `json:"checked,omitempty"`
	Findings  int       `json:"findings,omitempty"`
	// Running: all cases that SQL holds as open were looked at; now those that workflows keep and SQL does not hold so are.
	Running bool   `json:"running,omitempty"`
	Token   []byte `json:"token,omitempty"` // Temporal's, of the next page of workflows
	Done    bool   `json:"done,omitempty"`
}

// AuditEnd is what an audit's workflow returns.
type AuditEnd struct {
	Checked  int `json:"checked"`
	Findings int `json:"findings"`
}
