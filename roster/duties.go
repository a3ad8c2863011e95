package roster

import "time"

// Task is something that people do with rosters; who may do which is the desk's to say.
type Task string

// The tasks.
const (
	TaskRead  Task = "read"  // see who is on duty
	TaskPlan  Task = "plan"  // save rosters, make overrides
	TaskServe Task = "serve" // sign in and out, write the log, hand over, swap
)

// Presence is one stay of a person on duty, signed by themselves. Times are the server's.
type Presence struct {
	ID       string
	Roster   string
	Shift    string
	Username string
	In       time.Time
	Out      time.Time // zero while they are there
	NoteIn   string
	NoteOut  string
}

// LogEntry is one line of the duty log (值班日志).
type LogEntry struct {
	ID     string
	Roster string
	Shift  string
	At     time.Time
	By     string
	Text   string
	Case   string // number of the case concerned, if any
}

// HandOver is the note at a change of shift (交接记录): what the one who goes tells the one who comes.
type HandOver struct {
	ID     string
	Roster string
	Shift  string // that ends
	At     time.Time
	From   string
	To     string
	// OpenCases is how many cases From had in hand then; OpenKnown is false when nobody could say.
	OpenCases int
	OpenKnown bool
	Note      string
	// AcknowledgedAt is when To said that they have read it; zero before.
	AcknowledgedAt time.Time
	Remark         string // of To
}
