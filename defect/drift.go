package defect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// DriftKind is in what a case was found to differ from itself.
type DriftKind string

// The kinds of drift that an audit finds.
const (
	DriftEvent    DriftKind = "event"    // an event is missing, or is not what its sum says
	DriftClock    DriftKind = "clock"    // a promise is not what the events make of it
	DriftCase     DriftKind = "case"     // the case is not what the events make of it
	DriftRow      DriftKind = "row"      // what lists filter and sort by is not what the case says
	DriftPromise  DriftKind = "promise"  // what reports count is not what the case says
	DriftMissing  DriftKind = "missing"  // no workflow keeps the case alive
	DriftSeq      DriftKind = "seq"      // the workflow and SQL stay at different events
	DriftWorkflow DriftKind = "workflow" // the workflow's case differs from SQL's
)

// Drift is one thing that an audit found wrong with a case.
type Drift struct {
	Number  string
	Kind    DriftKind
	Subject string // which: the name and number of a clock, a seq, a column; may be empty
	Detail  string // what was found and what was expected; for people who look into it
	FoundAt time.Time
}

// Recorded is a case as it is stored, with its events.
type Recorded struct {
	Place int64 // among all cases, which are in the order of their submission
	Case  Case
	// Damage says why the case cannot be read; then nothing but its place and number is known. Empty otherwise.
	Damage string
	Events []Event
	Sums   []string // of the events, as they are stored beside them
	// Stale are the columns and promises that do not say what the case says.
	Stale []Drift
}

// Recompute adds the events up again and returns in what the stored case differs from their sum. It needs nothing but
// what is stored. A case that cannot be read differs as a whole.
func (r Recorded) Recompute() []Drift {
	if r.Damage != "" {
		return []Drift{{Number: r.Case.Number, Kind: DriftCase, Detail: r.Damage}}
	}
	out := r.wrongEvents()
	if len(out) > 0 { // what they would make of the case means nothing
		return append(out, r.Stale...)
	}
	again := Replay(r.Case, r.Events)
	out = append(out, differences(DriftClock, DriftCase, again, r.Case)...)
	return append(out, r.Stale...)
}

func (r Recorded) wrongEvents() []Drift {
	var out []Drift
	add := func(seq int, detail string) {
		out = append(out, Drift{Number: r.Case.Number, Kind: DriftEvent, Subject: fmt.Sprint(seq), Detail: detail})
	}
	for i, e := range r.Events {
		switch {
		case e.Seq != i+1:
			add(i+1, fmt.Sprintf("event %d stands in its place", e.Seq))
			return out
		case !e.Whole():
			add(e.Seq, "its sum does not fit what it says")
		case i < len(r.Sums) && r.Sums[i] != e.Sum:
			add(e.Seq, fmt.Sprintf("the sum beside it is %s, its own %s", r.Sums[i], e.Sum))
		}
	}
	if len(r.Events) != r.Case.Seq {
		add(len(r.Events)+1, fmt.Sprintf("there are %d events, the case is at %d", len(r.Events), r.Case.Seq))
	}
	return out
}

// Compare returns in what the case that a workflow keeps differs from the stored one, both at the same seq.
func (c Case) Compare(stored Case) []Drift {
	return differences(DriftWorkflow, DriftWorkflow, c, stored)
}

// differences compares every promise, and the whole.
func differences(clock, whole DriftKind, want, got Case) []Drift {
	var out []Drift
	for i := range max(len(want.Clocks), len(got.Clocks)) {
		w, g := clockText(want.Clocks, i), clockText(got.Clocks, i)
		if w != g {
			subject := fmt.Sprint(i + 1)
			if i < len(want.Clocks) {
				subject = fmt.Sprintf("%s %d", want.Clocks[i].Name, i+1)
			}
			out = append(out, Drift{Number: want.Number, Kind: clock, Subject: subject, Detail: "is " + g + ", should be " + w})
		}
	}
	if len(out) > 0 {
		return out
	}
	w, g := encoded(want), encoded(got)
	if bytes.Equal(w, g) {
		return nil
	}
	at := 0
	for at < min(len(w), len(g)) && w[at] == g[at] {
		at++
	}
	return append(out, Drift{Number: want.Number, Kind: whole, Detail: "is " + excerpt(g, at) + ", should be " + excerpt(w, at)})
}

func clockText(clocks []Clock, i int) string {
	if i >= len(clocks) {
		return "not there"
	}
	return string(encoded(clocks[i]))
}

// encoded is a value as it is stored.
func encoded(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil { // nothing in a case can fail to marshal
		return nil
	}
	return b
}

// excerptLength is how much of a text is told from where it differs on, in bytes.
const excerptLength = 80

// excerpt returns what stands around a place in a text.
func excerpt(b []byte, at int) string {
	from := max(0, at-excerptLength/2)
	return string(bytes.ToValidUTF8(b[from:min(len(b), from+excerptLength)], nil))
}
