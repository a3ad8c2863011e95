package defect

import (
	"slices"
	"time"

	"yunwei/calendar"
)

// Case is a defect report with all that became of it. It is the sum of its events and holds nothing that they do not
// say; see Open, Do, Expire and Apply.
type Case struct {
	Number     string     `json:"number"`
	Table      int        `json:"table"`  // the version of the transition table that this case follows
	Policy     Policy     `json:"policy"` // what this case needs of it
	Submission Submission `json:"submission"`

	Stage    Stage     `json:"stage"`
	Severity Severity  `json:"severity"`
	Category Category  `json:"category,omitempty"`
	Assignee string    `json:"assignee,omitempty"`
	Level    Level     `json:"level"`
	Waiting  []Waiting `json:"waiting,omitempty"`
	// Turns is whose time it was, whenever that changed; before the first it was the contractor's.
	Turns []Turn `json:"turns,omitempty"`

	Seq     int     `json:"seq"`     // of the latest event
	Version int     `json:"version"` // how many of the events were somebody's steps
	Cycle   int     `json:"cycle"`   // 1, and one more with every reopening
	Clocks  []Clock `json:"clocks"`  // by start

	Proposals int `json:"proposals,omitempty"` // how many there were, over all cycles
	Results
	Past []Results `json:"past,omitempty"` // of the cycles before a reopening

	Submitted Keyed `json:"submitted,omitzero"` // the idempotency key that the report came with

	Explanation string `json:"explanation,omitempty"`  // of a question of operation
	DuplicateOf string `json:"duplicate_of,omitempty"` // the case that goes on instead
	Files       int    `json:"files,omitempty"`

	// Calendars are those that the case was put under after its policy's, each by another state of the holidays that they
	// follow; the last are those that it counts on.
	Calendars []map[string]calendar.Calendar `json:"calendars,omitempty"`
	// Holidays say which state that is, by set.
	Holidays []HolidayState `json:"holidays,omitempty"`

	CreatedAt   time.Time   `json:"created_at"`
	UpdatedAt   time.Time   `json:"updated_at"`
	ClosedAt    time.Time   `json:"closed_at,omitzero"`
	CloseReason CloseReason `json:"close_reason,omitempty"`
	AutoCloseAt time.Time   `json:"auto_close_at,omitzero"` // when it closes unless somebody answers
}

// Results is what one cycle of a case has brought.
type Results struct {
	Proposal      *Proposal      `json:"proposal,omitempty"` // the latest
	SignOffs      []Signature    `json:"sign_offs,omitempty"`
	ChangeRecord  *ChangeRecord  `json:"change_record,omitempty"`
	Verification  *Finding       `json:"verification,omitempty"`
	ServiceReport *ServiceReport `json:"service_report,omitempty"`
	Answer        *Answer        `json:"answer,omitempty"`
	Acceptance    *Acceptance    `json:"acceptance,omitempty"`
	ReopenReason  string         `json:"reopen_reason,omitempty"` // why the reporter was not content with these
}

// Proposal is a handling plan that waits for, or has, its signatures. N counts proposals over the whole case.
type Proposal struct {
	N        int       `json:"n"`
	Cause    string    `json:"cause"`
	Plan     string    `json:"plan"`
	Risk     string    `json:"risk,omitempty"`
	Rollback string    `json:"rollback,omitempty"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
}

// Signature is a supervisor's decision on a proposal.
type Signature struct {
	Proposal int       `json:"proposal"`
	By       string    `json:"by"`
	For      string    `json:"for,omitempty"` // the absent supervisor whose substitute By was
	Decision Decision  `json:"decision"`
	Comment  string    `json:"comment,omitempty"`
	At       time.Time `json:"at"`
}

// ChangeRecord is the plan's 变更记录: what was changed to mend the defect.
type ChangeRecord struct {
	Summary       string    `json:"summary"`
	Changes       string    `json:"changes,omitempty"`
	VersionBefore string    `json:"version_before,omitempty"`
	VersionAfter  string    `json:"version_after,omitempty"`
	Kind          FixKind   `json:"kind"`
	By            string    `json:"by"`
	At            time.Time `json:"at"`
}

// Finding is an agent's answer whether the fix holds.
type Finding struct {
	Passed bool      `json:"passed"`
	Method string    `json:"method"`
	Note   string    `json:"note,omitempty"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// ServiceReport is owed to the client within 24 hours of the fix (chapter 2.1.4 of the plan).
type ServiceReport struct {
	Summary   string    `json:"summary"`
	WorkHours float64   `json:"work_hours,omitempty"`
	Parts     string    `json:"parts,omitempty"`
	By        string    `json:"by"`
	At        time.Time `json:"at"`
}

// Answer is the reply to the reporter.
type Answer struct {
	Message string    `json:"message"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
}

// Acceptance is the reporter's consent.
type Acceptance struct {
	Satisfaction int       `json:"satisfaction,omitempty"` // 1..5; 0: not said
	Comment      string    `json:"comment,omitempty"`
	By           string    `json:"by"`
	At           time.Time `json:"at"`
}

// Closed reports whether nothing can happen to the case any more.
func (c *Case) Closed() bool { return c.Stage.Ended() }

// WaitsFor reports whether the case waits for w.
func (c *Case) WaitsFor(w Waiting) bool { return slices.Contains(c.Waiting, w) }

// VisibleTo reports whether a person may see the case: the contractor's people see every case, a reporter their own.
func (c *Case) VisibleTo(p Person) bool {
	return SeesAll(p) || c.ownedBy(p)
}

// SeesAll reports whether a person may see every case.
func SeesAll(p Person) bool {
	return slices.ContainsFunc(p.Roles, func(r Role) bool { return r != RoleReporter })
}

// MayWatch reports whether a person may see the watch board, which tells of all cases.
func MayWatch(p Person) bool { return SeesAll(p) }

// MayBeAssigned reports whether a case may be put into a person's hands.
func MayBeAssigned(p Person) bool {
	return p.Has(RoleAgent, RoleTechnician, RoleBusiness, RoleExpert)
}

// DutyRoles returns the roles that go on duty: everybody of the contractor but who only looks on.
func DutyRoles() []Role {
	return []Role{RoleAgent, RoleTechnician, RoleBusiness, RoleSupervisor, RoleLiaison, RoleExpert, RoleInspector, RoleAdmin}
}

// GoesOnDuty reports whether a roster may have a person on duty.
func GoesOnDuty(p Person) bool { return p.Has(DutyRoles()...) }

func (c *Case) ownedBy(p Person) bool {
	return p.Username != "" && p.Username == c.Submission.Reporter.Username
}

// approvals counts the supervisors who approved the current proposal.
func (c *Case) approvals() int {
	n := 0
	for _, s := range c.SignOffs {
		if c.Proposal != nil && s.Proposal == c.Proposal.N && s.Decision == Approve {
			n++
		}
	}
	return n
}

// clock returns the live clock of a name, or nil.
func (c *Case) clock(name ClockName) *Clock {
	for i := range c.Clocks {
		if c.Clocks[i].Name == name && c.Clocks[i].Live() {
			return &c.Clocks[i]
		}
	}
	return nil
}

// Clone returns a copy that shares nothing a later event writes to.
func (c Case) Clone() Case {
	c.Clocks = slices.Clone(c.Clocks)
	for i := range c.Clocks {
		c.Clocks[i].Legs = slices.Clip(c.Clocks[i].Legs)
		c.Clocks[i].Fired = slices.Clip(c.Clocks[i].Fired)
		c.Clocks[i].Said = slices.Clip(c.Clocks[i].Said)
	}
	c.Waiting = slices.Clone(c.Waiting)
	c.Turns = slices.Clip(c.Turns)
	c.SignOffs = slices.Clip(c.SignOffs)
	c.Past = slices.Clip(c.Past)
	return c
}
