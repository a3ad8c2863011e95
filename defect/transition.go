package defect

import (
	"slices"
	"strings"

	"yunwei/apperr"
)

// transition is one row of the table: where an action may begin, where it may lead and who may take it.
type transition struct {
	from []Stage
	to   []Stage // none: the case stays where it is, unless moves says otherwise
	by   []Role  // RoleReporter is the case's own reporter; a technician's rights are an expert's too, at that level
	// standIn says that the substitute of somebody with such a role may take the step in their place.
	standIn bool
	// rule is what else must hold, whatever was filled in.
	rule func(*Case, Person) error
	// read is what must hold for what was filled in.
	read func(*Case, Person, Input) error
}

// latestTable is the version that new cases follow. A case keeps the version it was opened with, so that a changed
// table never breaks a running case: change rules by adding a version.
const latestTable = 1

var tables = map[int]map[Action]transition{1: table1}

var (
	untilReply      = []Stage{Submitted, Analysis, Confirmation, SignOff, Resolution, Verification, Reply}
	untilReplied    = append(slices.Clone(untilReply), Replied)
	untilResolution = []Stage{Submitted, Analysis, Confirmation, SignOff}
	workers         = []Role{RoleTechnician, RoleBusiness}
	called          = []Role{RoleAgent, RoleTechnician, RoleBusiness, RoleSupervisor, RoleLiaison, RoleExpert, RoleAdmin}
	holidayKeepers  = []Role{RoleLiaison, RoleAdmin}
	participants    = []Role{RoleAgent, RoleTechnician, RoleBusiness, RoleSupervisor, RoleLiaison, RoleExpert, RoleInspector, RoleAdmin, RoleReporter}
)

var table1 = map[Action]transition{
	ActAcknowledge: {from: []Stage{Submitted}, to: []Stage{Analysis}, by: []Role{RoleAgent}},
	ActClassify:    {from: []Stage{Analysis}, to: []Stage{Confirmation, Converted}, by: []Role{RoleAgent}},
	ActPropose:     {from: []Stage{Confirmation}, to: []Stage{SignOff}, by: workers, rule: ofCategory},
	ActSign:        {from: []Stage{SignOff}, to: []Stage{SignOff, Resolution, Confirmation}, by: []Role{RoleSupervisor}, standIn: true, rule: otherEyes, read: readAndFor},
	ActComplete:    {from: []Stage{Resolution}, to: []Stage{Verification}, by: workers},
	ActVerify:      {from: []Stage{Verification}, to: []Stage{Reply, Resolution}, by: []Role{RoleAgent}, rule: notImplementer},
	ActReport:      {from: []Stage{Reply, Replied}, to: []Stage{Reply, Replied, Closed}, by: []Role{RoleTechnician}},
	ActReply:       {from: []Stage{Reply}, to: []Stage{Replied}, by: []Role{RoleAgent}},
	ActAccept:      {from: []Stage{Replied}, to: []Stage{Closed, Replied}, by: []Role{RoleReporter}, rule: notAccepted},
	ActReopen:      {from: []Stage{Replied}, to: []Stage{Submitted}, by: []Role{RoleReporter}},

	ActRequestInfo:    {from: untilReply, by: []Role{RoleAgent, RoleTechnician, RoleBusiness}},
	ActProvideInfo:    {from: untilReply, by: []Role{RoleReporter}, rule: waitsFor(WaitingReporter, ActProvideInfo)},
	ActEscalate:       {from: untilReply, by: []Role{RoleAgent, RoleTechnician}, rule: notAtTop, read: upwards},
	ActArrive:         {from: untilReply, by: []Role{RoleTechnician}, rule: awaited},
	ActRequestSpare:   {from: []Stage{Resolution}, by: []Role{RoleTechnician}, rule: noSpareOpen},
	ActReceiveSpare:   {from: []Stage{Resolution}, by: []Role{RoleTechnician}, rule: waitsFor(WaitingSpare, ActReceiveSpare)},
	ActHear:           {from: untilReplied, by: called, rule: somethingCalls},
	ActAssign:         {from: untilReplied, by: []Role{RoleAgent, RoleLiaison}},
	ActChangeSeverity: {from: untilReply, to: append(slices.Clone(untilReply), Resolution), by: []Role{RoleAgent, RoleLiaison}},
	ActComment:        {from: untilReplied, by: participants},
	ActAttach:         {from: untilReplied, by: participants},
	ActWithdraw:       {from: untilResolution, to: []Stage{Withdrawn}, by: []Role{RoleReporter, RoleAgent}},
	ActMarkDuplicate:  {from: untilResolution, to: []Stage{Duplicate}, by: []Role{RoleReporter, RoleAgent}, read: ofAnother},
	ActApplyHolidays:  {from: untilReplied, by: holidayKeepers, read: newerHolidays},
}

// actions in the order in which they are offered; ActApplyHolidays is not.
var actions = []Action{
	ActAcknowledge, ActClassify, ActPropose, ActSign, ActComplete, ActVerify, ActReport, ActReply, ActAccept, ActReopen,
	ActRequestInfo, ActProvideInfo, ActEscalate, ActHear, ActArrive, ActRequestSpare, ActReceiveSpare,
	ActAssign, ActChangeSeverity, ActComment, ActAttach, ActWithdraw, ActMarkDuplicate,
}

// Actions returns every action, in the order in which they are offered.
func Actions() []Action { return slices.Clone(actions) }

// HoldsAnyway reports whether a step says the same whatever has happened since its author looked at the case: a comment does.
// Whoever takes any other from a page names the version that they saw.
func (a Action) HoldsAnyway() bool { return a == ActComment }

// AllowedActions returns what a person may do with the case now.
func (c *Case) AllowedActions(p Person) []Action {
	var out []Action
	for _, a := range actions {
		if c.May(a, p) == nil {
			out = append(out, a)
		}
	}
	return out
}

// May checks all that does not depend on what was filled in, in the order in which a caller should hear of it: whether
// they may know the case, whether the step is theirs, whether it is its time, and the rules of four eyes.
func (c *Case) May(a Action, p Person) error {
	if !c.VisibleTo(p) {
		return apperr.New(apperr.NotFound, apperr.ReasonDefectUnknown, apperr.Args{"number": c.Number})
	}
	t, ok := tables[c.Table][a]
	if !ok {
		return apperr.New(apperr.NotFound, apperr.ReasonActionUnknown, apperr.Args{"action": string(a)})
	}
	if _, ok := c.actingAs(t, p); !ok {
		return c.notTheirs(a, t)
	}
	if !slices.Contains(t.from, c.Stage) {
		return apperr.New(apperr.WrongStage, apperr.ReasonStage, apperr.Args{"action": key(a), "stage": key(c.Stage), "stages": keys(t.from)})
	}
	if t.rule == nil {
		return nil
	}
	return t.rule(c, p)
}

// actingAs returns the role in which a person may take a step.
func (c *Case) actingAs(t transition, p Person) (Role, bool) {
	for _, r := range t.by {
		switch {
		case r == RoleReporter && c.ownedBy(p):
			return RoleReporter, true
		case r == RoleReporter && c.Submission.Reporter.Username == "" && p.Has(RoleAgent):
			return RoleAgent, true
		case r != RoleReporter && p.Has(r), t.standIn && p.StandsInFor(r):
			return r, true
		case r == RoleTechnician && c.Level == LevelExpert && p.Has(RoleExpert):
			return RoleExpert, true
		}
	}
	return "", false
}

func (c *Case) notTheirs(a Action, t transition) error {
	if slices.Equal(t.by, []Role{RoleReporter}) {
		return apperr.New(apperr.Forbidden, apperr.ReasonNotReporter, apperr.Args{"action": key(a)})
	}
	return apperr.New(apperr.Forbidden, apperr.ReasonRole, apperr.Args{"action": key(a), "roles": keys(t.by)})
}

// key names a term in the catalogues: @action.sign, @stage.sign_off, @role.agent.
func key[T Stage | Action | Role | Category | Level](term T) string {
	switch t := any(term).(type) {
	case Stage:
		return "@stage." + string(t)
	case Action:
		return "@action." + string(t)
	case Role:
		return "@role." + string(t)
	case Category:
		return "@category." + string(t)
	}
	return "@level." + string(term)
}

func keys[T Stage | Role](terms []T) string {
	out := make([]string, len(terms))
	for i, t := range terms {
		out[i] = key(t)
	}
	return strings.Join(out, ",")
}

// ofCategory: a technical problem is a technician's to plan for, a business problem the business side's.
func ofCategory(c *Case, p Person) error {
	want := RoleTechnician
	if c.Category == Business {
		want = RoleBusiness
	}
	if p.Has(want) || c.Level == LevelExpert && p.Has(RoleExpert) {
		return nil
	}
	return apperr.New(apperr.Forbidden, apperr.ReasonCategoryRole, apperr.Args{"category": key(c.Category), "role": key(want)})
}

// otherEyes: a proposer never signs, and a signer signs a proposal once, for themselves or for whom they stand in.
func otherEyes(c *Case, p Person) error {
	_, err := c.signsFor(p, "")
	return err
}

// signsFor returns the absent supervisor for whom a person signs, the zero Absent when it is for themselves: whom they
// wish for, else themselves where they are a supervisor, else the first who has not signed. Neither of the two may have
// made the proposal or have a part in a signature of it: so many signatures are so many people.
func (c *Case) signsFor(p Person, wish string) (Absent, error) {
	if err := c.mayLendEyes(p.Username); err != nil {
		return Absent{}, err
	}
	if wish == "" && p.Has(RoleSupervisor) {
		return Absent{}, nil
	}
	err := apperr.New(apperr.Forbidden, apperr.ReasonNoSubstitute, nil)
	for _, a := range p.StandsIn {
		if !slices.Contains(a.Roles, RoleSupervisor) || wish != "" && wish != a.Username {
			continue
		}
		if err = c.mayLendEyes(a.Username); err == nil {
			return a, nil
		}
	}
	return Absent{}, err
}

// mayLendEyes refuses who made the current proposal, and who has had a part in a signature of it.
func (c *Case) mayLendEyes(username string) *apperr.Error {
	if c.Proposal.By == username {
		return apperr.New(apperr.Forbidden, apperr.ReasonProposerSigns, nil)
	}
	if slices.ContainsFunc(c.SignOffs, func(s Signature) bool { return s.Proposal == c.Proposal.N && (s.By == username || s.For == username) }) {
		return apperr.New(apperr.Conflict, apperr.ReasonSignedAlready, nil)
	}
	return nil
}

// notImplementer: an implementer never verifies.
func notImplementer(c *Case, p Person) error {
	if c.ChangeRecord.By == p.Username {
		return apperr.New(apperr.Forbidden, apperr.ReasonImplementer, nil)
	}
	return nil
}

func notAccepted(c *Case, _ Person) error {
	if c.Acceptance != nil {
		return apperr.New(apperr.Conflict, apperr.ReasonAccepted, nil)
	}
	return nil
}

func waitsFor(w Waiting, a Action) func(*Case, Person) error {
	return func(c *Case, _ Person) error {
		if c.WaitsFor(w) {
			return nil
		}
		return apperr.New(apperr.Conflict, apperr.ReasonNotWaiting, apperr.Args{"action": key(a)})
	}
}

func noSpareOpen(c *Case, _ Person) error {
	if c.WaitsFor(WaitingSpare) {
		return apperr.New(apperr.Conflict, apperr.ReasonWaitingAlready, apperr.Args{"action": key(ActRequestSpare)})
	}
	return nil
}

func awaited(c *Case, _ Person) error {
	if c.clock(ClockOnsite) == nil {
		return apperr.New(apperr.Conflict, apperr.ReasonNotOnsite, nil)
	}
	return nil
}

var levels = []Level{LevelDesk, LevelOnsite, LevelExpert}

func notAtTop(c *Case, _ Person) error {
	if c.Level == levels[len(levels)-1] {
		return apperr.New(apperr.Conflict, apperr.ReasonLevel, apperr.Args{"level": key(c.Level), "current": key(c.Level)})
	}
	return nil
}

// somethingCalls: there is an escalation that would call again, and it has called the person. Liaison and supervisors answer
// for every call.
func somethingCalls(c *Case, p Person) error {
	why := apperr.New(apperr.Conflict, apperr.ReasonNothingCalls, nil)
	for i := range c.Clocks {
		for _, r := range c.unheard(&c.Clocks[i]) {
			if p.Has(RoleLiaison, RoleSupervisor) || slices.ContainsFunc(r.Notify, func(name string) bool { return c.calls(name, p) }) {
				return nil
			}
			why = apperr.New(apperr.Forbidden, apperr.ReasonNotCalled, nil)
		}
	}
	return why
}

// calls reports whether a name in a rule stands for a person.
func (c *Case) calls(name string, p Person) bool {
	username, named := strings.CutPrefix(name, NotifyUser)
	switch {
	case named:
		return p.Username == username
	case name == NotifyAssignee:
		return p.Username == c.Assignee || c.Assignee == "" && p.Has(RoleAgent)
	case name == NotifyOnDuty:
		return p.OnDuty || p.Has(RoleAgent) // the desk is called where nobody is on duty
	}
	return p.Has(Role(name))
}

// higher reports whether one level lies above another.
func higher(than, level Level) bool { return slices.Index(levels, level) > slices.Index(levels, than) }

// upwards: a case climbs the levels and never goes down but by a reopening.
func upwards(c *Case, _ Person, in Input) error {
	if !higher(c.Level, in.Level) {
		return apperr.New(apperr.Conflict, apperr.ReasonLevel, apperr.Args{"level": key(in.Level), "current": key(c.Level)})
	}
	return nil
}

func ofAnother(c *Case, _ Person, in Input) error {
	if n, ok := ParseNumber(in.Of); ok && n == c.Number {
		var wrong apperr.Fields
		wrong.Add("of", apperr.FieldSelf, nil)
		return wrong.Err()
	}
	return nil
}
