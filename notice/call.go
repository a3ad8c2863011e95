package notice

import (
	"slices"
	"strings"

	"yunwei/defect"
)

// Topic is what a notice tells. Each has a text in the catalogues, under notice. and the topic.
type Topic string

// The topics.
const (
	Submitted    Topic = "submitted"     // a report waits to be acknowledged
	Urgent       Topic = "urgent"        // a report of severity 1: its chiefs know at once (出现重大紧急情况时及时向负责人报告)
	Acknowledged Topic = "acknowledged"  // somebody has taken the reporter's case in hand
	Assigned     Topic = "assigned"      // the case is the reader's now
	InfoWanted   Topic = "info_wanted"   // the reporter is asked something
	InfoProvided Topic = "info_provided" // the reporter has answered
	SignOff      Topic = "sign_off"      // a handling plan waits for a signature
	Approved     Topic = "approved"      // a handling plan may be carried out
	Rejected     Topic = "rejected"      // a handling plan was rejected
	VerifyWanted Topic = "verify_wanted" // a fix waits to be verified
	VerifyFailed Topic = "verify_failed" // a fix did not hold
	ReplyWanted  Topic = "reply_wanted"  // a verified fix waits for the reply
	ReportWanted Topic = "report_wanted" // the service report is owed
	Replied      Topic = "replied"       // the reporter has their answer
	Accepted     Topic = "accepted"      // the reporter is content
	Reopened     Topic = "reopened"      // the reporter is not
	OnsiteWanted Topic = "onsite_wanted" // somebody is to go on site
	ExpertWanted Topic = "expert_wanted" // an expert is asked for
	SpareWanted  Topic = "spare_wanted"  // a part is to be provided
	Regraded     Topic = "regraded"      // the severity has changed
	Commented    Topic = "commented"     // somebody has left a comment
	Converted    Topic = "converted"     // the report was a question, and is answered
	Withdrawn    Topic = "withdrawn"     // the report was withdrawn
	Duplicate    Topic = "duplicate"     // the report goes on in another
	Closed       Topic = "closed"        // the case closed without the reporter's word
	Warning      Topic = "warning"       // a share of a promise's time is used up
	Breach       Topic = "breach"        // a promise is broken
	Escalation   Topic = "escalation"    // a rule of the policy calls for somebody

	// Of announcements, which are about no case.
	RosterGap       Topic = "roster_gap"       // nobody, or too few, are on duty at some time
	Substitute      Topic = "substitute"       // the reader stands in for an absent supervisor
	SubstituteEnded Topic = "substitute_ended" // and does no more
	Drift           Topic = "drift"            // a promise's due time is not what its events say
	Test            Topic = "test"             // somebody tries a channel

	SwapAsked   Topic = "swap_asked"   // somebody asks the reader to exchange duty
	SwapAgreed  Topic = "swap_agreed"  // the exchange that the reader asked for is agreed on
	SwapRefused Topic = "swap_refused" // it is refused
	HandedOver  Topic = "handed_over"  // who was on duty before the reader has left a note
)

// Call is that an event calls for somebody: one person, everybody who has a role, or whoever is on duty.
type Call struct {
	Topic    Topic
	Role     defect.Role
	Username string
	OnDuty   bool
	Must     bool // somebody has to hear it: where the call reaches nobody, the desk and the liaison stand in
}

// Calls returns whom an event calls for. c is the case after the event. Whoever took the step is not told of it; see
// Recipients.
func Calls(c *defect.Case, e defect.Event) []Call {
	switch e.Kind {
	case defect.KindSubmit:
		return submitted(c)
	case defect.KindWarn:
		return must(inHand(c, Warning))
	case defect.KindBreach:
		return must(inHand(c, Breach))
	case defect.KindEscalation:
		return must(escalated(c, e))
	case defect.KindAutoClose:
		return reporter(c, Closed)
	case defect.KindRefused:
		return nil
	}
	if of := steps[defect.Action(e.Kind)]; of != nil && e.Input != nil {
		return of(c, *e.Input)
	}
	return nil
}

// steps says whom each action calls for. Those that nobody has to hear of at once are not listed.
var steps = map[defect.Action]func(*defect.Case, defect.Input) []Call{
	defect.ActAcknowledge: func(c *defect.Case, _ defect.Input) []Call {
		return append(person(Assigned, c.Assignee), reporter(c, Acknowledged)...)
	},
	defect.ActAssign:   func(c *defect.Case, _ defect.Input) []Call { return person(Assigned, c.Assignee) },
	defect.ActClassify: classified,
	defect.ActPropose:  func(*defect.Case, defect.Input) []Call { return role(SignOff, defect.RoleSupervisor) },
	defect.ActSign:     signed,
	defect.ActComplete: func(*defect.Case, defect.Input) []Call { return role(VerifyWanted, defect.RoleAgent) },
	defect.ActVerify:   verified,
	defect.ActReply:    func(c *defect.Case, _ defect.Input) []Call { return reporter(c, Replied) },
	defect.ActAccept:   func(c *defect.Case, _ defect.Input) []Call { return person(Accepted, c.Assignee) },
	defect.ActReopen: func(c *defect.Case, _ defect.Input) []Call {
		return append(role(Reopened, defect.RoleAgent), person(Reopened, c.Assignee)...)
	},
	defect.ActRequestInfo:    func(c *defect.Case, _ defect.Input) []Call { return reporter(c, InfoWanted) },
	defect.ActProvideInfo:    func(c *defect.Case, _ defect.Input) []Call { return inHand(c, InfoProvided) },
	defect.ActEscalate:       func(_ *defect.Case, in defect.Input) []Call { return ofLevel(in.Level) },
	defect.ActRequestSpare:   func(*defect.Case, defect.Input) []Call { return role(SpareWanted, defect.RoleLiaison) },
	defect.ActChangeSeverity: func(c *defect.Case, _ defect.Input) []Call { return append(inHand(c, Regraded), urgent(c)...) },
	defect.ActComment: func(c *defect.Case, _ defect.Input) []Call {
		return append(inHand(c, Commented), reporter(c, Commented)...)
	},
	defect.ActWithdraw: func(c *defect.Case, _ defect.Input) []Call {
		return append(inHand(c, Withdrawn), reporter(c, Withdrawn)...)
	},
	defect.ActMarkDuplicate: func(c *defect.Case, _ defect.Input) []Call {
		return append(inHand(c, Duplicate), reporter(c, Duplicate)...)
	},
}

func person(topic Topic, username string) []Call {
	if username == "" {
		return nil
	}
	return []Call{{Topic: topic, Username: username}}
}

// must marks calls that may not go unheard.
func must(calls []Call) []Call {
	for i := range calls {
		calls[i].Must = true
	}
	return calls
}

func role(topic Topic, r defect.Role) []Call { return []Call{{Topic: topic, Role: r}} }

// reporter calls the reporter, who may have no account.
func reporter(c *defect.Case, topic Topic) []Call {
	return person(topic, c.Submission.Reporter.Username)
}

// inHand calls who has the case in hand, and the desk while nobody has.
func inHand(c *defect.Case, topic Topic) []Call {
	if c.Assignee == "" {
		return role(topic, defect.RoleAgent)
	}
	return person(topic, c.Assignee)
}

// urgent calls the chiefs to a case of severity 1.
func urgent(c *defect.Case) []Call {
	if c.Severity != 1 {
		return nil
	}
	return append(role(Urgent, defect.RoleLiaison), role(Urgent, defect.RoleSupervisor)...)
}

func submitted(c *defect.Case) []Call {
	return append(role(Submitted, defect.RoleAgent), urgent(c)...)
}

func classified(c *defect.Case, in defect.Input) []Call {
	if in.Category == defect.Operation {
		return reporter(c, Converted)
	}
	if in.Severity == 1 {
		return urgent(c)
	}
	return nil
}

func signed(c *defect.Case, in defect.Input) []Call {
	topic := Approved
	switch {
	case in.Decision == defect.Reject:
		topic = Rejected
	case c.Stage == defect.SignOff:
		return nil // another signature is missing
	}
	out := inHand(c, topic)
	if c.Proposal != nil {
		out = append(out, person(topic, c.Proposal.By)...)
	}
	return out
}

func verified(c *defect.Case, in defect.Input) []Call {
	if in.Passed == nil || !*in.Passed {
		out := inHand(c, VerifyFailed)
		if c.ChangeRecord != nil {
			out = append(out, person(VerifyFailed, c.ChangeRecord.By)...)
		}
		return out
	}
	return append(role(ReplyWanted, defect.RoleAgent), inHand(c, ReportWanted)...)
}

// ofLevel calls who works on cases that were escalated to a level.
func ofLevel(l defect.Level) []Call {
	switch l {
	case defect.LevelOnsite:
		return role(OnsiteWanted, defect.RoleTechnician)
	case defect.LevelExpert:
		return role(ExpertWanted, defect.RoleExpert)
	case defect.LevelDesk:
	}
	return nil
}

// escalated calls whom the policy's rule names: roles, who has the case in hand, who is on duty, and people by their user
// names; and who works on the level to which the rule has raised the case.
func escalated(c *defect.Case, e defect.Event) []Call {
	if e.Timing == nil {
		return nil
	}
	var out []Call
	for _, name := range e.Timing.Notified {
		username, named := strings.CutPrefix(name, defect.NotifyUser)
		switch {
		case name == defect.NotifyAssignee:
			out = append(out, inHand(c, Escalation)...)
		case name == defect.NotifyOnDuty:
			out = append(out, Call{Topic: Escalation, OnDuty: true})
		case named:
			out = append(out, person(Escalation, username)...)
		default:
			out = append(out, role(Escalation, defect.Role(name))...)
		}
	}
	return append(out, ofLevel(e.Timing.Level)...)
}

// Recipient is somebody who is told, and of what.
type Recipient struct {
	Person
	Topic Topic
}

// Recipients returns who among the people is called, each once, with the first topic that calls them. Whoever took the
// step, and whoever may not see the case, is left out. A call that must be heard does not end in an empty room: when nobody
// is on duty, an account is closed or nobody has a role, the desk and the liaison are called instead.
func Recipients(calls []Call, actor string, c *defect.Case, people []Person) []Recipient {
	visible := func(p Person) bool { return c.VisibleTo(p.Person) }
	told := func(p Person) bool { return p.Username != actor && visible(p) }
	return recipients(staffed(calls, people, visible), people, told)
}

// Everybody returns who among the people is called by an announcement, which everybody called may see.
func Everybody(calls []Call, people []Person) []Recipient {
	return recipients(calls, people, func(Person) bool { return true })
}

// staffed puts the desk and the liaison in the place of each call that must be heard and reaches nobody who may see the case.
func staffed(calls []Call, people []Person, visible func(Person) bool) []Call {
	var out []Call
	for _, call := range calls {
		if call.Must && !slices.ContainsFunc(people, func(p Person) bool { return call.of(p) && visible(p) }) {
			out = append(out, Call{Topic: call.Topic, Role: defect.RoleAgent}, Call{Topic: call.Topic, Role: defect.RoleLiaison})
			continue
		}
		out = append(out, call)
	}
	return out
}

func recipients(calls []Call, people []Person, may func(Person) bool) []Recipient {
	var out []Recipient
	for _, call := range calls {
		for _, p := range people {
			told := func(r Recipient) bool { return r.Username == p.Username }
			if call.of(p) && may(p) && !slices.ContainsFunc(out, told) {
				out = append(out, Recipient{Person: p, Topic: call.Topic})
			}
		}
	}
	return out
}

// of reports whether the call is for a person. What waits for a signature is for whoever may give it, the substitute of
// somebody who is absent too.
func (c Call) of(p Person) bool {
	standsIn := c.Topic == SignOff && p.StandsInFor(c.Role)
	return c.Username != "" && c.Username == p.Username || c.Role != "" && p.Has(c.Role) || standsIn || c.OnDuty && p.OnDuty
}
