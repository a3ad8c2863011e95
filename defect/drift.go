package defect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"yunwei/apperr"
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

// DriftFact is what was found, and what was expected: a text of the catalogues, under drift_fact. and its name.
type DriftFact string

// The facts. In brackets: the arguments of the text.
const (
	FactDiffers      DriftFact = "differs"       // [is should]
	FactUnreadable   DriftFact = "unreadable"    // [why]: in a program's words
	FactNoTexts      DriftFact = "no_texts"      // the case has a row and no texts
	FactOtherTexts   DriftFact = "other_texts"   // [number]: the texts are those of another case
	FactNoRow        DriftFact = "no_row"        // the case has texts and no row
	FactGone         DriftFact = "gone"          // the case has gone from SQL
	FactUnknown      DriftFact = "unknown"       // SQL does not know the case that a workflow keeps
	FactOtherEvent   DriftFact = "other_event"   // [seq]: it stands in the place of the event
	FactSum          DriftFact = "sum"           // an event's sum does not fit what it says
	FactSumBeside    DriftFact = "sum_beside"    // [is should]: the sum that is stored beside an event
	FactEvents       DriftFact = "events"        // [count seq]: events that are there, and where the case is
	FactEventColumns DriftFact = "event_columns" // [is is_at should should_at]: kind and time of an event
	FactBehind       DriftFact = "behind"        // [sql workflow]: where each of the two is
	FactNoWorkflow   DriftFact = "no_workflow"   // Temporal knows none
	FactEnded        DriftFact = "ended"         // [status]: the workflow has ended
	FactNoAnswer     DriftFact = "no_answer"     // [why]: in a program's words
	FactToldBefore   DriftFact = "told_before"   // [text]: as a program put it that had but one language
)

// factAbsent stands for something that is not there, as an argument of a fact.
const factAbsent = "@drift_fact.absent"

// Drift is one thing that an audit found wrong with a case.
type Drift struct {
	Number  string
	Kind    DriftKind
	Subject string // which: the name and number of a clock, a seq, a column; may be empty
	Fact    DriftFact
	Args    apperr.Args // of the fact
	FoundAt time.Time
}

// Text returns the reason that tells what was found and what was expected, for people who look into it.
func (d Drift) Text() (apperr.Reason, apperr.Args) {
	return apperr.Reason("drift_fact." + d.Fact), d.Args
}

// Differs returns the arguments of FactDiffers; what is empty is not there.
func Differs(is, should string) apperr.Args {
	args := apperr.Args{"is": is, "should": should}
	for name, value := range args {
		if value == "" {
			args[name] = factAbsent
		}
	}
	return args
}

// Recorded is a case as it is stored, with its events.
type Recorded struct {
	Place int64 // among all cases, which are in the order of their submission
	Case  Case
	// Damage says why the case cannot be read; then nothing but its place and number is known. Nil otherwise.
	Damage *Drift
	Events []Event
	Sums   []string // of the events, as they are stored beside them
	// Stale are the columns and promises that do not say what the case says.
	Stale []Drift
}

// Recompute adds the events up again and returns in what the stored case differs from their sum. It needs nothing but
// what is stored. A case that cannot be read differs as a whole.
func (r Recorded) Recompute() []Drift {
	if r.Damage != nil {
		return []Drift{*r.Damage}
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
	add := func(seq int, fact DriftFact, args apperr.Args) {
		out = append(out, Drift{Number: r.Case.Number, Kind: DriftEvent, Subject: strconv.Itoa(seq), Fact: fact, Args: args})
	}
	for i, e := range r.Events {
		switch {
		case e.Seq != i+1:
			add(i+1, FactOtherEvent, apperr.Args{"seq": strconv.Itoa(e.Seq)})
			return out
		case !e.Whole():
			add(e.Seq, FactSum, nil)
		case i < len(r.Sums) && r.Sums[i] != e.Sum:
			add(e.Seq, FactSumBeside, apperr.Args{"is": r.Sums[i], "should": e.Sum})
		}
	}
	if len(r.Events) != r.Case.Seq {
		add(len(r.Events)+1, FactEvents, apperr.Args{"count": strconv.Itoa(len(r.Events)), "seq": strconv.Itoa(r.Case.Seq)})
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
			out = append(out, Drift{Number: want.Number, Kind: clock, Subject: subject, Fact: FactDiffers, Args: Differs(g, w)})
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
	return append(out, Drift{Number: want.Number, Kind: whole, Fact: FactDiffers, Args: Differs(excerpt(g, at), excerpt(w, at))})
}

// clockText is a clock as it is stored; empty for none.
func clockText(clocks []Clock, i int) string {
	if i >= len(clocks) {
		return ""
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

// excerpt returns what stands around a place in a text. What is cut off is marked, so that no text of somebody's begins one.
func excerpt(b []byte, at int) string {
	from := max(0, at-excerptLength/2)
	out := string(bytes.ToValidUTF8(b[from:min(len(b), from+excerptLength)], nil))
	if from > 0 {
		out = "…" + out
	}
	return out
}
