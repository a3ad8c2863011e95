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
	Unknown State = "unknown"  // whoever had it in hand went away before saying how it went; it is tried again
	GivenUp State = "given_up" // nobody will try again
)

// States returns all states.
func States() []State { return []State{Pending, Sending, Sent, Failed, Unknown, GivenUp} }

// Done reports whether nothing will happen to the notice any more.
func (s State) Done() bool { return s == Sent || s == GivenUp }

// Inbox is the channel that everybody has: the list of notices in the console and the API. What is put there has arrived.
const Inbox = "inbox"

// Notice is one message to one person over one channel about one event. There is one for each of these four, however
// often the event is projected.
type Notice struct {
	ID       int64
	Number   string // of the case
	Title    string // of the case, as it was reported
	Severity defect.Severity
	Seq      int // of the event
	At       time.Time
	Topic    Topic
	Clock    defect.ClockName // of the promise, where the topic is one
	Username string
	Channel  string
	Address  string // on the channel
	Language string // zh or en

	State     State
	Tries     int
	Error     string    // of the last try
	DueAt     time.Time // when it is next looked at; zero when it is done
	HeldUntil time.Time // why it was not sent at once: its reader's hours; zero when they did not matter
	CreatedAt time.Time
	DoneAt    time.Time
	ReadAt    time.Time // of the inbox
}

// Key names the message for whoever receives it: the same at every try, so that a double, which a lost answer makes
// unavoidable, is recognised.
func (n Notice) Key() string {
	return n.Number + "." + strconv.Itoa(n.Seq) + "." + n.Username + "." + n.Channel
}
