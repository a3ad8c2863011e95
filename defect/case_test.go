package defect_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
)

// opened is a Monday, 17:00 at the site: half an hour of office time is left.
var opened = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func person(roles ...defect.Role) defect.Person {
	name := string(roles[0])
	return defect.Person{Username: name, Name: name, Roles: roles}
}

var people = map[string]defect.Person{
	"sub":      substitute(defect.RoleTechnician),
	"reporter": person(defect.RoleReporter), "agent": person(defect.RoleAgent), "technician": person(defect.RoleTechnician),
	"business": person(defect.RoleBusiness), "supervisor": person(defect.RoleSupervisor), "liaison": person(defect.RoleLiaison),
	"expert": person(defect.RoleExpert), "inspector": person(defect.RoleInspector), "admin": person(defect.RoleAdmin), "auditor": person(defect.RoleAuditor),
	"supervisor2": {Username: "supervisor2", Roles: []defect.Role{defect.RoleSupervisor}},
	"technician2": {Username: "technician2", Roles: []defect.Role{defect.RoleTechnician}},
	"agent2":      {Username: "agent2", Roles: []defect.Role{defect.RoleAgent}},
	"stranger":    {Username: "stranger", Roles: []defect.Role{defect.RoleReporter}},
	"all": {Username: "all", Roles: []defect.Role{
		defect.RoleAgent, defect.RoleTechnician, defect.RoleBusiness, defect.RoleSupervisor, defect.RoleLiaison,
	}},
}

// world is a case with a clock.
type world struct {
	t      *testing.T
	c      defect.Case
	now    time.Time
	events []defect.Event
}

func parsed(t testing.TB, text string) defect.Policy {
	t.Helper()
	p, err := defect.ParsePolicy([]byte(text))
	require.NoError(t, err)
	return p
}

func open(t *testing.T, p defect.Policy, severity defect.Severity) *world {
	t.Helper()
	w := &world{t: t, now: opened}
	s := defect.Submission{Title: "t", Description: "d", Severity: severity, System: "OA", Reporter: defect.Reporter{Username: "reporter", Name: "王芳"}}
	var e defect.Event
	w.c, e = defect.Open("7K3M-Q9XT-WA5C", s, p, people["reporter"], opened, defect.Keyed{})
	w.events = []defect.Event{e}
	return w
}

// in lets time pass; what falls due meanwhile is told.
func (w *world) in(d time.Duration) *world {
	w.now = w.now.Add(d)
	w.events = append(w.events, w.c.Expire(w.now)...)
	return w
}

// try takes a step and returns its refusal.
func (w *world) try(who string, a defect.Action, in defect.Input) error {
	w.t.Helper()
	w.in(0)
	by, ok := people[who]
	require.True(w.t, ok, who)
	e, err := w.c.Do(defect.Command{Action: a, Input: in, By: by}, w.now)
	if err == nil {
		w.events = append(w.events, e)
	}
	return err
}

func (w *world) do(who string, a defect.Action, in defect.Input) *world {
	w.t.Helper()
	require.NoError(w.t, w.try(who, a, in), a)
	return w
}

func (w *world) refused(code apperr.Code, reason apperr.Reason, who string, a defect.Action, in defect.Input) *world {
	w.t.Helper()
	before := w.c.Clone()
	err := w.try(who, a, in)
	require.Error(w.t, err)
	require.Equal(w.t, code, apperr.Of(err).Code, err)
	require.Equal(w.t, reason, apperr.Of(err).Reason)
	require.Equal(w.t, before, w.c, "a refusal changes nothing")
	return w
}

var yes, no = true, false

// inputs fills in what every action needs.
var inputs = map[defect.Action]defect.Input{
	defect.ActAcknowledge:    {Assignee: "technician"},
	defect.ActClassify:       {Category: defect.Technical},
	defect.ActPropose:        {Cause: "c", Plan: "p"},
	defect.ActSign:           {Proposal: 1, Decision: defect.Approve},
	defect.ActComplete:       {Summary: "s"},
	defect.ActVerify:         {Passed: &yes, Method: "m"},
	defect.ActReport:         {Summary: "s"},
	defect.ActReply:          {Message: "m"},
	defect.ActAccept:         {Satisfaction: 5},
	defect.ActReopen:         {Reason: "r"},
	defect.ActRequestInfo:    {Message: "m"},
	defect.ActProvideInfo:    {Message: "m"},
	defect.ActEscalate:       {Level: defect.LevelOnsite, Reason: "r"},
	defect.ActArrive:         {},
	defect.ActRequestSpare:   {Part: "p"},
	defect.ActReceiveSpare:   {},
	defect.ActAssign:         {Assignee: "technician"},
	defect.ActChangeSeverity: {Severity: 3, Reason: "r"},
	defect.ActComment:        {Message: "m"},
	defect.ActAttach:         {File: &defect.File{ID: "f"}},
	defect.ActWithdraw:       {Reason: "r"},
	defect.ActMarkDuplicate:  {Reason: "r", Of: defect.NewNumber([8]byte{1})},
}

type taken struct {
	who string
	a   defect.Action
}

// way leads to each stage.
var way = []taken{
	{"agent", defect.ActAcknowledge}, {"agent", defect.ActClassify}, {"technician", defect.ActPropose}, {"supervisor", defect.ActSign},
	{"technician", defect.ActComplete}, {"agent", defect.ActVerify}, {"agent", defect.ActReply},
}

// ends leads to each stage in which a case has ended.
var ends map[defect.Stage]func(*testing.T, *world, defect.Policy) *world

func init() {
	ends = map[defect.Stage]func(*testing.T, *world, defect.Policy) *world{
		defect.Converted: func(t *testing.T, _ *world, p defect.Policy) *world {
			t.Helper()
			return at(t, defect.Analysis, p).do("agent", defect.ActClassify, defect.Input{Category: defect.Operation, Explanation: "e"})
		},
		defect.Withdrawn: func(_ *testing.T, w *world, _ defect.Policy) *world {
			return w.do("reporter", defect.ActWithdraw, inputs[defect.ActWithdraw])
		},
		defect.Duplicate: func(_ *testing.T, w *world, _ defect.Policy) *world {
			return w.do("agent", defect.ActMarkDuplicate, inputs[defect.ActMarkDuplicate])
		},
		defect.Closed: func(t *testing.T, _ *world, p defect.Policy) *world {
			t.Helper()
			return at(t, defect.Replied, p).do("technician", defect.ActReport, inputs[defect.ActReport]).do("reporter", defect.ActAccept, defect.Input{})
		},
	}
}

// at brings a new case to a stage on the shortest way.
func at(t *testing.T, stage defect.Stage, p defect.Policy) *world {
	t.Helper()
	w := open(t, p, 2)
	if end := ends[stage]; end != nil {
		return end(t, w, p)
	}
	for _, s := range way {
		if w.c.Stage == stage {
			break
		}
		w.in(time.Minute).do(s.who, s.a, inputs[s.a])
	}
	require.Equal(t, stage, w.c.Stage)
	return w
}

// allowed is DESIGN.md's table once more, by hand: who may take which step from which stage, when nothing special is the
// matter. Stages by their first letters, in order: submitted, analysis, confirmation, sign-off, resolution, verification,
// reply, replied.
var allowed = map[defect.Action]struct{ stages, who string }{
	defect.ActAcknowledge:    {"S.......", "agent"},
	defect.ActClassify:       {".A......", "agent"},
	defect.ActPropose:        {"..C.....", "technician business"}, // the category asks for one of them
	defect.ActSign:           {"...S....", "supervisor"},
	defect.ActComplete:       {"....R...", "technician business"},
	defect.ActVerify:         {".....V..", "agent"},
	defect.ActReport:         {"......RR", "technician"},
	defect.ActReply:          {"......R.", "agent"},
	defect.ActAccept:         {".......R", "reporter"},
	defect.ActReopen:         {".......R", "reporter"},
	defect.ActRequestInfo:    {"SACSRVR.", "agent technician business"},
	defect.ActProvideInfo:    {"........", "reporter"}, // nothing was asked
	defect.ActEscalate:       {"SACSRVR.", "agent technician"},
	defect.ActArrive:         {"........", "technician"}, // nobody was sent
	defect.ActRequestSpare:   {"....R...", "technician"},
	defect.ActReceiveSpare:   {"........", "technician"},                                                // nothing was asked
	defect.ActHear:           {"........", "agent technician business supervisor liaison expert admin"}, // nothing calls
	defect.ActAssign:         {"SACSRVRR", "agent liaison"},
	defect.ActChangeSeverity: {"SACSRVR.", "agent liaison"},
	defect.ActComment:        {"SACSRVRR", "reporter agent technician business supervisor liaison expert inspector admin"},
	defect.ActAttach:         {"SACSRVRR", "reporter agent technician business supervisor liaison expert inspector admin"},
	defect.ActWithdraw:       {"SACS....", "reporter agent"},
	defect.ActMarkDuplicate:  {"SACS....", "reporter agent"},
}

func TestTable_EveryStageActionAndRole(t *testing.T) {
	p := defect.DefaultPolicy()
	for i, stage := range defect.Stages() {
		for _, action := range defect.Actions() {
			want := allowed[action]
			for _, role := range append(defect.Roles(), "stranger") {
				w := at(t, stage, p)
				offered := slices.Contains(w.c.AllowedActions(people[string(role)]), action)
				err := w.try(string(role), action, inputs[action])
				mine := slices.Contains(strings.Fields(want.who), string(role))
				due := i < len(want.stages) && want.stages[i] != '.'
				name := fmt.Sprintf("%s %s by %s", stage, action, role)
				switch {
				case role == "stranger":
					require.Equal(t, apperr.NotFound, apperr.Of(err).Code, name)
				case action == defect.ActPropose && role == defect.RoleBusiness && due: // the case is technical
					require.Equal(t, apperr.ReasonCategoryRole, apperr.Of(err).Reason, name)
				case !mine:
					require.Equal(t, apperr.Forbidden, apperr.Of(err).Code, name)
				case due:
					require.NoError(t, err, name)
				default:
					require.Contains(t, []apperr.Code{apperr.WrongStage, apperr.Conflict}, apperr.Of(err).Code, name)
				}
				require.Equal(t, err == nil, offered, name)
			}
		}
	}
}

func TestLife_FromSubmissionToAcceptance(t *testing.T) {
	w := at(t, defect.Replied, defect.DefaultPolicy())
	w.in(time.Hour).do("technician", defect.ActReport, defect.Input{Summary: "s", WorkHours: 1.5, Parts: "p"})
	w.in(time.Hour).do("reporter", defect.ActAccept, defect.Input{Satisfaction: 4, Comment: " fine "})
	require.Equal(t, defect.Closed, w.c.Stage)
	require.Equal(t, defect.ClosedAccepted, w.c.CloseReason)
	require.Equal(t, w.now, w.c.ClosedAt)
	require.Equal(t, "fine", w.c.Acceptance.Comment)
	require.Equal(t, 10, w.c.Version)
	require.Equal(t, defect.Final, w.c.ChangeRecord.Kind, "meant where nothing was said")
	for _, k := range w.c.Clocks {
		require.Equal(t, defect.ClockMet, k.State(), k.Name)
	}
	require.Equal(t, w.c, defect.Replay(w.c, w.events))
}

func TestSign_FourEyes(t *testing.T) {
	two := parsed(t, shippedText(t))
	w := at(t, defect.Confirmation, defect.DefaultPolicy())
	w.do("all", defect.ActPropose, inputs[defect.ActPropose])
	w.refused(apperr.Forbidden, apperr.ReasonProposerSigns, "all", defect.ActSign, inputs[defect.ActSign])
	w.refused(apperr.StaleProposal, apperr.ReasonProposal, "supervisor", defect.ActSign, defect.Input{Proposal: 2, Decision: defect.Approve})
	w.refused(apperr.Invalid, apperr.ReasonInvalid, "supervisor", defect.ActSign, defect.Input{Proposal: 1, Decision: defect.Reject})
	w.do("supervisor", defect.ActSign, defect.Input{Proposal: 1, Decision: defect.Reject, Comment: "no"})
	require.Equal(t, defect.Confirmation, w.c.Stage)
	w.do("technician", defect.ActPropose, inputs[defect.ActPropose])
	require.Equal(t, 2, w.c.Proposal.N)
	w.refused(apperr.StaleProposal, apperr.ReasonProposal, "supervisor", defect.ActSign, inputs[defect.ActSign])
	w.do("supervisor", defect.ActSign, defect.Input{Proposal: 2, Decision: defect.Approve})
	require.Equal(t, defect.Resolution, w.c.Stage)

	w = open(t, two, 4)
	for _, s := range way[:3] {
		w.do(s.who, s.a, inputs[s.a])
	}
	w.do("supervisor", defect.ActSign, inputs[defect.ActSign])
	require.Equal(t, defect.SignOff, w.c.Stage, "two signatures are asked for")
	w.refused(apperr.Conflict, apperr.ReasonSignedAlready, "supervisor", defect.ActSign, inputs[defect.ActSign])
	w.do("supervisor2", defect.ActSign, inputs[defect.ActSign])
	require.Equal(t, defect.Resolution, w.c.Stage)

	w = open(t, two, 4)
	for _, s := range way[:4] {
		w.do(s.who, s.a, inputs[s.a])
	}
	w.do("agent", defect.ActChangeSeverity, defect.Input{Severity: 1, Reason: "r"})
	require.Equal(t, defect.Resolution, w.c.Stage, "one signature is enough for the new severity")
}

func TestVerify_NeverByTheImplementer(t *testing.T) {
	w := at(t, defect.Resolution, defect.DefaultPolicy()).do("all", defect.ActComplete, inputs[defect.ActComplete])
	w.refused(apperr.Forbidden, apperr.ReasonImplementer, "all", defect.ActVerify, inputs[defect.ActVerify])
	w.do("agent", defect.ActVerify, defect.Input{Passed: &no, Method: "m"})
	require.Equal(t, defect.Resolution, w.c.Stage)
	require.Equal(t, defect.ClockRunning, clock(t, w, defect.ClockResolve).State())
	w.do("technician", defect.ActComplete, inputs[defect.ActComplete]).do("all", defect.ActVerify, inputs[defect.ActVerify])
	require.Equal(t, defect.Reply, w.c.Stage)
	require.Equal(t, defect.ClockMet, clock(t, w, defect.ClockResolve).State())
	require.Equal(t, w.now, clock(t, w, defect.ClockReport).StartedAt)
}

func TestPropose_ByCategory(t *testing.T) {
	w := at(t, defect.Analysis, defect.DefaultPolicy()).do("agent", defect.ActClassify, defect.Input{Category: defect.Business, Severity: 1})
	require.Equal(t, defect.Severity(1), w.c.Severity)
	w.refused(apperr.Forbidden, apperr.ReasonCategoryRole, "technician", defect.ActPropose, inputs[defect.ActPropose])
	w.refused(apperr.Forbidden, apperr.ReasonRole, "expert", defect.ActPropose, inputs[defect.ActPropose])
	w.do("agent", defect.ActEscalate, defect.Input{Level: defect.LevelExpert, Reason: "r"})
	w.do("expert", defect.ActPropose, inputs[defect.ActPropose])
	w.refused(apperr.Conflict, apperr.ReasonLevel, "agent", defect.ActEscalate, defect.Input{Level: defect.LevelOnsite, Reason: "r"})
}

func TestCheck_InTheOrderOfWhatACallerShouldHear(t *testing.T) {
	w := open(t, defect.DefaultPolicy(), 2)
	stale := 7
	check := func(who string, a defect.Action, in defect.Input, version *int) apperr.Code {
		err := w.c.Check(defect.Command{Action: a, Input: in, By: people[who], Version: version})
		if err == nil {
			return ""
		}
		return apperr.Of(err).Code
	}
	require.Equal(t, apperr.NotFound, check("stranger", defect.ActAcknowledge, defect.Input{}, &stale))
	require.Equal(t, apperr.NotFound, check("agent", "fly", defect.Input{}, nil))
	require.Equal(t, apperr.Forbidden, check("technician", defect.ActAcknowledge, defect.Input{Cause: "x"}, &stale))
	require.Equal(t, apperr.WrongStage, check("agent", defect.ActClassify, defect.Input{}, &stale))
	require.Equal(t, apperr.StaleVersion, check("agent", defect.ActAcknowledge, defect.Input{Cause: "x"}, &stale))
	require.Equal(t, apperr.Invalid, check("agent", defect.ActAcknowledge, defect.Input{Cause: "x"}, nil))
	require.Empty(t, check("agent", defect.ActAcknowledge, defect.Input{}, &w.c.Version))
}

func TestReporter_WithoutAnAccount(t *testing.T) {
	c, e := defect.Open("7K3M-Q9XT-WA5C", defect.Submission{Title: "t", Description: "d", Severity: 2, System: "OA", Reporter: defect.Reporter{Name: "李雷", Phone: "1"}},
		defect.DefaultPolicy(), people["agent"], opened, defect.Keyed{})
	require.Equal(t, "李雷", e.OnBehalfOf)
	w := &world{t: t, c: c, now: opened}
	for _, s := range way {
		w.do(s.who, s.a, inputs[s.a])
	}
	w.refused(apperr.Forbidden, apperr.ReasonNotReporter, "technician", defect.ActAccept, inputs[defect.ActAccept])
	w.do("technician", defect.ActReport, inputs[defect.ActReport]).do("agent2", defect.ActAccept, inputs[defect.ActAccept])
	last := w.events[len(w.events)-1]
	require.Equal(t, "李雷", last.OnBehalfOf)
	require.Equal(t, defect.RoleAgent, last.Actor.Role)

	own := at(t, defect.Replied, defect.DefaultPolicy())
	own.refused(apperr.Forbidden, apperr.ReasonNotReporter, "agent", defect.ActAccept, inputs[defect.ActAccept])
}

func TestAccept_BeforeTheServiceReport(t *testing.T) {
	w := at(t, defect.Replied, defect.DefaultPolicy()).do("reporter", defect.ActAccept, inputs[defect.ActAccept])
	require.Equal(t, defect.Replied, w.c.Stage)
	w.refused(apperr.Conflict, apperr.ReasonAccepted, "reporter", defect.ActAccept, inputs[defect.ActAccept])
	w.do("technician", defect.ActReport, inputs[defect.ActReport])
	require.Equal(t, defect.Closed, w.c.Stage)
	require.Equal(t, defect.ClosedAccepted, w.c.CloseReason)
}

func TestAutoClose_FromTheLaterOfReplyAndReport(t *testing.T) {
	w := at(t, defect.Replied, defect.DefaultPolicy())
	require.Zero(t, w.c.AutoCloseAt, "the service report is missing")
	w.in(20*time.Hour).do("technician", defect.ActReport, inputs[defect.ActReport])
	p := w.c.Policy
	require.Equal(t, p.Calendars["5x8"].Add(w.now, 40*time.Hour), w.c.AutoCloseAt)
	require.Equal(t, w.c.AutoCloseAt, w.c.NextDue())
	due := w.c.AutoCloseAt
	w.now = due.Add(3 * time.Hour) // the process was down
	events := w.c.Expire(w.now)
	require.Len(t, events, 1)
	require.Equal(t, defect.KindAutoClose, events[0].Kind)
	require.Equal(t, due, events[0].At)
	require.Equal(t, 3*time.Hour, events[0].Timing.LateBy)
	require.Equal(t, defect.ClosedNoAnswer, w.c.CloseReason)
	require.Zero(t, w.c.NextDue())
}

func TestReopen_FreshClocksOldResultsKept(t *testing.T) {
	w := at(t, defect.Replied, defect.DefaultPolicy()).in(3*time.Hour).do("reporter", defect.ActReopen, inputs[defect.ActReopen])
	require.Equal(t, defect.Submitted, w.c.Stage)
	require.Equal(t, 2, w.c.Cycle)
	require.Nil(t, w.c.Proposal)
	require.Equal(t, "m", w.c.Past[0].Answer.Message)
	require.Equal(t, "r", w.c.Past[0].ReopenReason)
	require.Equal(t, defect.ClockCancelled, clock(t, w, defect.ClockReport).State())
	fresh := clock(t, w, defect.ClockResponse)
	require.Equal(t, 2, fresh.Cycle)
	require.Equal(t, w.now, fresh.StartedAt)
	require.Zero(t, fresh.PausedFor, "closed time is no pause")
	for _, s := range way[:3] {
		w.do(s.who, s.a, inputs[s.a])
	}
	require.Equal(t, 2, w.c.Proposal.N, "proposals are numbered over the whole case")
}

// clock returns the latest clock of a name.
func clock(t *testing.T, w *world, name defect.ClockName) defect.Clock {
	t.Helper()
	for _, k := range slices.Backward(w.c.Clocks) {
		if k.Name == name {
			return k
		}
	}
	t.Fatalf("there is no clock %s", name)
	return defect.Clock{}
}

func kindsOf(events []defect.Event) []string {
	var out []string
	for _, e := range events {
		name := string(e.Kind)
		if e.Timing != nil {
			name += " " + string(e.Timing.Clock)
		}
		out = append(out, name)
	}
	return out
}
