package desk

import (
	"io"
	"time"

	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/store"
)

// Session is what a sign-in gives: a bearer token and whom it stands for.
type Session struct {
	Token     string
	ExpiresAt time.Time
	User      defect.Person
}

// Caller is who makes a request, as their token says.
type Caller struct {
	defect.Person
	TokenID   string // ends the session, see Desk.SignOut
	ExpiresAt time.Time
	Idles     bool // the session ends when it is not used, see Desk.SignInToConsole
	// Renewed takes the place of the token from now on, of a session that ends when it is not used; empty while the token
	// will do.
	Renewed string
}

// View is a case as one person sees it.
type View struct {
	defect.Case
	Allowed []defect.Action // what this person may do with it now
	// Code signs the current proposal from outside (the sign-off signal); only for a supervisor who may sign it, and only
	// where signals ask for a code.
	Code string
}

// Page is a page of cases.
type Page struct {
	Items      []View
	Total      int
	TotalExact bool // false when there are more than defect.MaxDepth
	Next       string
}

// Content is an attachment with its bytes; the caller closes Body.
type Content struct {
	defect.Attachment
	Body io.ReadCloser
}

// MaxFileSize is how large an attachment may be, in bytes.
const MaxFileSize = 20 << 20

// Due is when a promise would fall due, and why then.
type Due struct {
	At          time.Time
	Provisional bool // it lies past the last known holiday notice
	Intervals   []calendar.Interval
}

// Dependency is something that the desk needs, and whether it answers.
type Dependency struct {
	Name string // "temporal", "database", "attachments"
	OK   bool
	Err  error // for the log; nil when OK
}

// Audit is a run of the nightly audit.
type Audit struct {
	ID        string
	StartedAt time.Time
	EndedAt   time.Time // zero while it goes on
	Checked   int       // cases
	Findings  int       // what was found wrong
}

// RosterVersion tells one save of a roster.
type RosterVersion = store.RosterVersion

// PresenceFilter narrows a list of stays on duty.
type PresenceFilter = store.PresenceFilter
