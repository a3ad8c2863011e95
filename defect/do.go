package defect

import (
	"strconv"
	"time"

	"yunwei/apperr"
)

// Command is a step that somebody asks for.
type Command struct {
	Action Action `json:"action"`
	Input  Input  `json:"input"`
	By     Person `json:"by"`
	// Version, when given, is the case's version that the person saw; a step on any other is refused.
	Version *int `json:"version,omitempty"`
	// Key and Print are the digests of Idempotency-Key and request, empty where there was no key.
	Key   string `json:"key,omitempty"`
	Print string `json:"print,omitempty"`
}

// Open makes a case of a report. It returns the case with its first event applied, and that event. The submission and
// its reporter have been checked; the policy is whole, the case takes of it what it needs.
func Open(number string, s Submission, p Policy, by Person, at time.Time, keyed Keyed) (Case, Event) {
	at = clean(at)
	s = s.tidy()
	c := Case{Number: number, Table: latestTable, Policy: p.Carried(at), Submission: s}
	said := s
	said.Description = ""
	e := Event{Kind: KindSubmit, At: at, Actor: Actor{Username: by.Username, Name: by.Name, Role: submitsAs(s, by)}, Submission: &said, Key: keyed.Key, Print: keyed.Print}
	if s.Reporter.Username == "" {
		e.OnBehalfOf = s.Reporter.Name
	}
	e = c.record(e)
	return c, e
}

// Filled returns the command's input as its event records it: tidied, with what is meant where nothing was said.
func (cmd Command) Filled() Input {
	in := cmd.Input.tidy()
	switch {
	case cmd.Action == ActAcknowledge && in.Assignee == "":
		in.Assignee = cmd.By.Username
	case cmd.Action == ActComplete && in.Kind == "":
		in.Kind = Final
	}
	return in
}

// Keyed is what a request with an Idempotency-Key leaves on its event: digests of the caller's key and of the request.
type Keyed struct {
	Key   string `json:"key,omitempty"`
	Print string `json:"print,omitempty"`
}

func submitsAs(s Submission, by Person) Role {
	if s.Reporter.Username == "" {
		return RoleAgent
	}
	if by.Has(RoleReporter) || len(by.Roles) == 0 {
		return RoleReporter
	}
	return by.Roles[0]
}

// Check returns why a command is refused now, or nil. It changes nothing. The refusal is an *apperr.Error: NotFound,
// Forbidden, WrongStage, StaleVersion, Invalid, StaleProposal or Conflict.
func (c *Case) Check(cmd Command) error {
	if err := c.May(cmd.Action, cmd.By); err != nil {
		return err
	}
	if cmd.Version != nil && *cmd.Version != c.Version {
		return apperr.New(apperr.StaleVersion, apperr.ReasonVersion, apperr.Args{"version": strconv.Itoa(*cmd.Version), "current": strconv.Itoa(c.Version)})
	}
	if err := cmd.Input.Check(cmd.Action); err != nil {
		return err
	}
	if read := tables[c.Table][cmd.Action].read; read != nil {
		return read(c, cmd.By, cmd.Input)
	}
	return nil
}

// Do takes a step: it checks the command, makes its event and applies it. Call Expire for the same time first. The
// errors are those of Check; the case is as before then.
func (c *Case) Do(cmd Command, at time.Time) (Event, error) {
	if err := c.Check(cmd); err != nil {
		return Event{}, err
	}
	role, _ := c.actingAs(tables[c.Table][cmd.Action], cmd.By)
	in := cmd.Filled()
	e := Event{Kind: Kind(cmd.Action), At: c.notBefore(at), Actor: Actor{Username: cmd.By.Username, Name: cmd.By.Name, Role: role}, Input: &in, Key: cmd.Key, Print: cmd.Print}
	switch {
	case role == RoleAgent && c.Submission.Reporter.Username == "" && isReporters(cmd.Action):
		e.OnBehalfOf = c.Submission.Reporter.Name
	case cmd.Action == ActSign:
		if absent, err := c.signsFor(cmd.By, in.For); err == nil { // Check has asked the same
			e.For, e.OnBehalfOf = absent.Username, absent.Name
		}
	}
	return c.record(e), nil
}

// isReporters reports whether an action is the reporter's alone, so that an agent who takes it speaks for them.
func isReporters(a Action) bool {
	return a == ActAccept || a == ActReopen || a == ActProvideInfo
}

// Refuse puts a sign-off signal that was not honoured on the timeline. approver is whom the message named.
func (c *Case) Refuse(approver string, proposal int, why *apperr.Error, at time.Time) Event {
	return c.record(Event{Kind: KindRefused, At: c.notBefore(at), Refusal: &Refusal{Approver: approver, Proposal: proposal, Code: string(why.Code), Reason: string(why.Reason)}})
}

// notBefore keeps the times of events in order, should a clock go back.
func (c *Case) notBefore(at time.Time) time.Time {
	if at = clean(at); at.Before(c.UpdatedAt) {
		return c.UpdatedAt
	}
	return at
}

// readAndFor: who signs has read the current proposal, and may sign for whom they say.
func readAndFor(c *Case, p Person, in Input) error {
	if in.Proposal != c.Proposal.N {
		return apperr.New(apperr.StaleProposal, apperr.ReasonProposal, apperr.Args{"proposal": strconv.Itoa(in.Proposal), "current": strconv.Itoa(c.Proposal.N)})
	}
	_, err := c.signsFor(p, in.For)
	return err
}
