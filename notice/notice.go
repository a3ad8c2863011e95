// Package notice knows who is to be told of what happens to a case, over which channels, and when: the pure side of the
// messages that leave the desk. It knows no channel from inside, no clock and no database.
package notice

import (
	"strconv"
	"time"

	"yunwei/defect"
)

// State is how far a notice has come.
type State string

// The states. A failed or unknown one is tried again; a sent or given-up one is done.
const (
	Pending State = "pending"  // waits for its turn, or for its reader's hours
	Sending State = "sending"  // a dispatcher has it in hand
	Sent    State = "sent"     // the channel has taken it
	Failed  State = "failed"   // the channel refused or did not answer; it is tried again
	Unknown State = "unknown"  // nobody knows whether the channel has taken it; it is tried again under the same key
	GivenUp State = "given_up" // nobody will try again
)

// States returns all states.
func States() []State { return []State{Pending, Sending, Sent, Failed, Unknown, GivenUp} }

// Undelivered returns the states that somebody had better look into.
func Undelivered() []State { return []State{Failed, Unknown, GivenUp} }

// Done reports whether nothing will happen to the notice any more.
func (s State) Done() bool { return s == Sent || s == GivenUp }

// Inbox is the channel that everybody has: the list of notices in the console and the API. What is put there has arrived.
const Inbox = "inbox"

// The channels that leave the desk. An address is what somebody has there: of mail a mail address, of a group robot the
// telephone number or user ID by which it mentions them (none: it mentions nobody), of the webhook whatever its gateway
// takes.
const (
	Mail     = "mail"
	DingTalk = "dingtalk" // 钉钉
	WeCom    = "wecom"    // 企业微信
	Feishu   = "feishu"   // 飞书
	Webhook  = "webhook"
)

// Channels returns the channels that leave the desk, whether set up or not.
func Channels() []string { return []string{Mail, DingTalk, WeCom, Feishu, Webhook} }

// Audience is for whom the text of a notice is written.
type Audience string

// The audiences: the contractor's people get all there is to know; the reporter of the case gets less, and friendlier.
const (
	Staff    Audience = ""
	Reporter Audience = "reporter"
)

// Notice is one message to one person over one channel about one event, or about an announcement. There is one for each
// of these, however often the event is projected.
type Notice struct {
	ID int64
	// About is the case's number; of an announcement it is the digest of its key.
	About    string
	Seq      int // of the event, from 1; 0 of an announcement
	Severity defect.Severity
	At       time.Time
	Topic    Topic
	Audience Audience
	Args     Args // fill the text
	Username string
	Channel  string
	Address  string // on the channel
	Language string // zh or en; what is not en is zh

	State     State
	Tries     int
	Error     string    // of the last try
	DueAt     time.Time // when it is next looked at; zero when it is done
	HeldUntil time.Time // why it was not sent at once: its reader's hours; zero when they did not matter
	CreatedAt time.Time
	Since     time.Time // when trying began
	DoneAt    time.Time
	ReadAt    time.Time // of the inbox
}

// Args fill the placeholders of a notice's text. A key that ends in _at holds a time in RFC 3339, in the zone of the site;
// those of terms (ArgClock) hold a name of the catalogues.
type Args map[string]string

// The arguments that notices of cases have. Which ones a text uses is its own affair.
const (
	ArgAt      = "event_at"
	ArgTitle   = "title"
	ArgSystem  = "system"
	ArgActor   = "actor"   // the name of who took the step
	ArgMessage = "message" // what they wrote
	ArgClock   = "clock"   // a term
	ArgDueAt   = "due_at"
	ArgMayMove = "may_move" // not empty where ArgDueAt depends on holidays that nobody has published yet
	ArgPercent = "percent"  // of a warning
	ArgRule    = "rule"     // of an escalation
	ArgOf      = "of"       // the case that goes on instead
	ArgDetail  = "detail"   // of an announcement: a text
	ArgSaid    = "said"     // stands for ArgDetail: sentences in any language; see Said
	ArgPlan    = "proposal" // the number of the handling plan
	ArgFrom    = "from_at"
	ArgUntil   = "until_at"

	// Of announcements about duty.
	ArgRoster   = "roster"
	ArgGiveFrom = "give_from_at" // of a swap: what who asks for it gives away
	ArgGiveTo   = "give_to_at"
	ArgTakeFrom = "take_from_at" // and what they take instead
	ArgTakeTo   = "take_to_at"
)

// Number returns the case's number; empty for an announcement.
func (n Notice) Number() string {
	if n.Seq == 0 {
		return ""
	}
	return n.About
}

// Key names the message for whoever receives it: the same at every try and over whichever road it comes, so that a double,
// which a lost answer makes unavoidable, is recognised.
func (n Notice) Key() string {
	return n.About + "." + strconv.Itoa(n.Seq) + "." + n.Username + "." + n.Channel
}

// Limit is how many messages a channel takes. The zero Limit is no limit.
type Limit struct {
	N     int // messages
	Per   time.Duration
	Burst int // of them at once, less than N
}

// None reports whether there is no limit.
func (l Limit) None() bool { return l.N <= 0 || l.Per <= 0 }

// Every returns how far apart messages are once the burst is used up: so that no span of Per sees more than N.
func (l Limit) Every() time.Duration { return l.Per / time.Duration(max(1, l.N-l.Burst)) }

// Reserve returns when the next message may go, given the state of the limit, and the state after it. free is when the
// bucket is full again (the generic cell rate algorithm: one time is all there is to keep, so that any number of processes
// can share it through a row). A message that may not go at once leaves the state as it is.
func (l Limit) Reserve(free, now time.Time) (next, at time.Time) {
	if l.None() {
		return free, now
	}
	if free.Before(now) {
		free = now
	}
	if at = free.Add(-time.Duration(max(0, l.Burst-1)) * l.Every()); at.After(now) {
		return free, at
	}
	return free.Add(l.Every()), now
}

// FreeAfter returns the state of the limit in which the next message may go at the given time and none before.
func (l Limit) FreeAfter(at time.Time) time.Time {
	return at.Add(time.Duration(max(0, l.Burst-1)) * l.Every())
}

// Together says which notices may become one message where a channel's limit lets fewer through than wait.
type Together int

// The ways.
const (
	Apart     Together = iota // none
	ByAddress                 // those for the same address
	All                       // all: whoever reads the channel reads it whole
)

// Lease asks for notices to send.
type Lease struct {
	Channel  string
	Name     string // of the lease, unlike any other; who settles the notices names it
	Now      time.Time
	Until    time.Time // when whoever holds them is taken for gone
	Limit    int
	Together Together
}

// Outcome is how the sending of a notice went.
type Outcome struct {
	ID      int64
	State   State // Sent, Failed, Unknown or GivenUp; Pending when its turn did not come
	Error   string
	Next    time.Time // when it is next looked at, or when its reader's hours begin after that; of those that are not done
	Untried bool      // the try does not count
	Alone   bool      // it goes as a message of its own from now on
	PassOn  bool      // the person is told over their next way too
}

// Settlement is how the sending of notices in hand of a lease went.
type Settlement struct {
	Lease    string
	Now      time.Time
	Policy   defect.Policy // the site's, in which the hours of readers of announcements are read; a case brings its own
	Outcomes []Outcome
}

// Told is that somebody was told of an event of a case past the outbox, over the channel that has taken it.
type Told struct {
	Seq      int    `json:"seq"`
	Username string `json:"username"`
	Channel  string `json:"channel"`
}
