package defect

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"
)

// Kind is what an event tells: "submit", the name of an Action, or something that happened without a caller.
type Kind string

// The kinds beside the actions.
const (
	KindSubmit     Kind = "submit"
	KindWarn       Kind = "warn"       // a share of a promise's time is used up
	KindBreach     Kind = "breach"     // a promise is broken; one per promise
	KindEscalation Kind = "escalation" // a rule of the policy calls for somebody
	KindRefused    Kind = "refused"    // a sign-off signal that was not honoured
	KindAutoClose  Kind = "auto_close" // nobody answered the reply in the policy's time
)

// Actor is who caused an event, and in which role. It is empty for events without a caller.
type Actor struct {
	Username string `json:"username,omitempty"`
	Name     string `json:"name,omitempty"`
	Role     Role   `json:"role,omitempty"`
}

// Event is one fact of a case. A case is the sum of its events: Case.Apply adds one, and the same events in the same
// order always make the same case. Exactly one of Submission, Input and Timing says what happened, by kind.
type Event struct {
	Seq   int       `json:"seq"`
	Kind  Kind      `json:"kind"`
	At    time.Time `json:"at"`
	Actor Actor     `json:"actor,omitzero"`

	// Submission is what was reported, without its description, which the case itself keeps.
	Submission *Submission `json:"submission,omitempty"`
	// Input is what the actor filled in.
	Input *Input `json:"input,omitempty"`
	// Timing is which promise was concerned, and how late.
	Timing *Timing `json:"timing,omitempty"`
	// Refusal is why a signal was not honoured.
	Refusal *Refusal `json:"refusal,omitempty"`
	// OnBehalfOf names for whom the actor spoke: a reporter without an account, or an absent supervisor.
	OnBehalfOf string `json:"on_behalf_of,omitempty"`
	// For is the user name of the absent supervisor whose substitute the actor was.
	For string `json:"for,omitempty"`

	// Key is the digest of caller and Idempotency-Key, Print that of the request made with it.
	Key   string `json:"key,omitempty"`
	Print string `json:"print,omitempty"`
	// Sum is the digest of all the above: two events of one case with the same Seq and another Sum are an alarm.
	Sum string `json:"sum,omitempty"`
}

// Timing is the part of an event that tells about a promise.
type Timing struct {
	Clock    ClockName     `json:"clock,omitempty"`
	Cycle    int           `json:"cycle,omitempty"`
	DueAt    time.Time     `json:"due_at,omitzero"`
	LateBy   time.Duration `json:"late_by,omitempty"` // how long after its time this was noticed: after an outage
	Percent  int           `json:"percent,omitempty"` // of a warning
	Rule     string        `json:"rule,omitempty"`    // of an escalation, as Rule.String gives it
	Notified []string      `json:"notified,omitempty"`
	Repeat   int           `json:"repeat,omitempty"` // of an escalation: how often the rule had called before
	Level    Level         `json:"level,omitempty"`  // to which the escalation raised the case
}

// Refusal is the part of an event that tells why a signal was not honoured.
type Refusal struct {
	Approver string `json:"approver"` // as the message claimed, unproven
	Proposal int    `json:"proposal"`
	Code     string `json:"code"`
	Reason   string `json:"reason"`
}

// IsStep reports whether a person's action made the event; only such events raise the case's version.
func (e Event) IsStep() bool { return e.Input != nil || e.Submission != nil }

// Light returns the event without what its author wrote, for where the texts have travelled already. Its Sum stays that
// of the whole event.
func (e Event) Light() Event {
	e.Input, e.Submission = nil, nil
	return e
}

// IsLight reports whether the event lacks what its author wrote, so that it cannot be applied.
func (e Event) IsLight() bool {
	return e.Input == nil && e.Submission == nil && e.Timing == nil && e.Refusal == nil
}

// Whole reports whether the event is what it was when it was made: its Sum fits.
func (e Event) Whole() bool { return e.seal().Sum == e.Sum }

// seal fills in Sum.
func (e Event) seal() Event {
	e.Sum = ""
	b, err := json.Marshal(e)
	if err != nil { // no field of an Event can fail to marshal
		return e
	}
	e.Sum = Digest(string(b))
	return e
}

// Digest returns a short digest (144 bits, URL-safe) of the parts, which stay apart: ("ab","c") differs from ("a","bc").
func Digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		part := sha256.Sum256([]byte(p))
		h.Write(part[:])
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:18])
}

// Size returns about how many bytes the event takes when written.
func (e Event) Size() int {
	b, err := json.Marshal(e)
	if err != nil { // no field of an Event can fail to marshal
		return 0
	}
	return len(b)
}
