package defect

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"yunwei/calendar"
)

// carriedDays is how far ahead of its submission a case knows the holidays: longer than any promise runs.
const carriedDays = 400

// Policy is what was promised: how fast, on which calendar, when to warn, whom to call. A case carries the policy
// that it was submitted under, so that editing a policy moves no clock of a running case.
type Policy struct {
	Name       string                       `json:"name"`
	Hash       string                       `json:"hash"`   // of the file's content
	Offset     int                          `json:"offset"` // the site's zone, seconds east of UTC
	Calendars  map[string]calendar.Calendar `json:"calendars"`
	Severities map[Severity]Targets         `json:"severities"` // 1..4, every one present

	Onsite        Term `json:"onsite"`
	SparePart     Term `json:"spare_part"`
	ServiceReport Term `json:"service_report"`
	AutoClose     Term `json:"auto_close"`

	// Pause lists the promises that stand still while the case waits.
	Pause      map[Waiting][]ClockName `json:"pause,omitempty"`
	WarnAt     []int                   `json:"warn_at,omitempty"` // percent, ascending
	Escalation []Rule                  `json:"escalation,omitempty"`
}

// Targets are the promises for one severity (table 3.1 of the plan).
type Targets struct {
	Name     map[string]string `json:"name"` // by language: zh, en
	Calendar string            `json:"calendar"`
	Response calendar.Limit    `json:"response"`
	Plan     calendar.Limit    `json:"plan"`
	Resolve  calendar.Limit    `json:"resolve"`
	SignOffs int               `json:"sign_offs"` // how many different supervisors must approve
}

// Term is a limit on a named calendar, or on the severity's where none is named.
type Term struct {
	Limit    calendar.Limit `json:"limit"`
	Calendar string         `json:"calendar,omitempty"`
}

// Whom a rule can call beside the roles.
const (
	NotifyAssignee = "assignee" // whoever has the case in hand
	NotifyOnDuty   = "on_duty"  // whoever is on duty when the rule calls
	NotifyUser     = "user:"    // before the user name of a person
)

// Rule calls for people when a promise runs out: at a percentage of it, or a time after it is due. It calls again, while
// the promise is not kept and nobody has said that they know, every Repeat, Times times more at most.
type Rule struct {
	Clock  ClockName      `json:"clock"`
	At     int            `json:"at,omitempty"`     // percent; 0 where After says it
	After  calendar.Limit `json:"after,omitzero"`   // counted after the due time
	Notify []string       `json:"notify,omitempty"` // roles, NotifyAssignee, NotifyOnDuty, or NotifyUser and a user name
	Repeat calendar.Limit `json:"repeat,omitzero"`  // counted; zero: it calls once
	Times  int            `json:"times,omitempty"`
	Level  Level          `json:"level,omitempty"` // to which the case is escalated when the rule first calls
}

// String names the rule in events: "resolve at 80%", "response after 30m".
func (r Rule) String() string {
	if r.At > 0 {
		return fmt.Sprintf("%s at %d%%", r.Clock, r.At)
	}
	return fmt.Sprintf("%s after %s", r.Clock, r.After)
}

// Carried returns the policy as a case that is submitted at the given time keeps it: its calendars know the exceptions
// of the next 400 days and no others. It shares nothing with p: editing p moves no clock.
func (p Policy) Carried(at time.Time) Policy {
	cals := make(map[string]calendar.Calendar, len(p.Calendars))
	for name, c := range p.Calendars {
		c = c.Trim(at, carriedDays)
		for day := range c.Week {
			c.Week[day] = slices.Clone(c.Week[day])
		}
		cals[name] = c
	}
	p.Calendars = cals
	p.Severities, p.Pause = maps.Clone(p.Severities), maps.Clone(p.Pause)
	for severity, t := range p.Severities {
		t.Name = maps.Clone(t.Name)
		p.Severities[severity] = t
	}
	for waiting, clocks := range p.Pause {
		p.Pause[waiting] = slices.Clone(clocks)
	}
	p.WarnAt, p.Escalation = slices.Clone(p.WarnAt), slices.Clone(p.Escalation)
	for i := range p.Escalation {
		p.Escalation[i].Notify = slices.Clone(p.Escalation[i].Notify)
	}
	return p
}

// Zone returns the site's zone.
func (p Policy) Zone() *time.Location { return time.FixedZone("", p.Offset) }

// term returns how long a promise is, in counted time, and on which calendar.
func (p Policy) term(name ClockName, s Severity) (time.Duration, string) {
	t := p.Severities[s]
	switch name {
	case ClockResponse:
		return p.on(Term{Limit: t.Response}, s)
	case ClockPlan:
		return p.on(Term{Limit: t.Plan}, s)
	case ClockResolve:
		return p.on(Term{Limit: t.Resolve}, s)
	case ClockOnsite:
		return p.on(p.Onsite, s)
	case ClockSparePart:
		return p.on(p.SparePart, s)
	case ClockReport:
		return p.on(p.ServiceReport, s)
	}
	return 0, t.Calendar
}

func (p Policy) on(t Term, s Severity) (time.Duration, string) {
	name := t.Calendar
	if name == "" {
		name = p.Severities[s].Calendar
	}
	return t.Limit.On(p.Calendars[name]), name
}

// pauses reports whether a promise stands still while the case waits for any of the given.
func (p Policy) pauses(name ClockName, waiting []Waiting) bool {
	return slices.ContainsFunc(waiting, func(w Waiting) bool { return slices.Contains(p.Pause[w], name) })
}
