package defect_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
)

// ladder is the test policy with rules that call again and raise the level.
func ladder(t *testing.T) defect.Policy {
	t.Helper()
	text, _, _ := strings.Cut(shippedText(t), "escalation:")
	return parsed(t, text+`escalation:
  - {clock: response, at: 100%, notify: [on_duty]}
  - {clock: response, after: 10m, notify: [liaison], repeat: 10m, times: 2}
  - {clock: plan, at: 100%, notify: [supervisor], repeat: 20m, times: 3, level: onsite}
  - {clock: plan, after: 30m, notify: [expert], level: expert}
`)
}

// calls returns what the rules have called so far, by rule and repeat.
func calls(events []defect.Event) []string {
	var out []string
	for _, e := range events {
		if e.Kind == defect.KindEscalation {
			out = append(out, e.At.Sub(opened).String()+" "+e.Timing.Rule+strings.Repeat(" again", e.Timing.Repeat))
		}
	}
	return out
}

func TestEscalation_ClimbsAndRepeatsToItsEnd(t *testing.T) {
	w := open(t, ladder(t), 2)
	for range 240 {
		w.in(time.Minute)
	}
	require.Equal(t, []string{
		"30m0s response at 100%", "40m0s response after 10m", "50m0s response after 10m again", "1h0m0s response after 10m again again",
		"2h0m0s plan at 100%", "2h20m0s plan at 100% again", "2h30m0s plan after 30m", "2h40m0s plan at 100% again again", "3h0m0s plan at 100% again again again",
	}, calls(w.events), "each once, in order, and then no more")
	require.Equal(t, defect.LevelExpert, w.c.Level)
	onsite := clock(t, w, defect.ClockOnsite)
	require.Equal(t, opened.Add(2*time.Hour), onsite.StartedAt, "the rule has sent somebody on site")
	for _, e := range w.events {
		if e.Kind == defect.KindEscalation && e.Timing.Repeat > 0 {
			require.Empty(t, e.Timing.Level, "only the first call raises the level")
		}
	}
}

func TestEscalation_IsSilentOnceThePromiseIsKept(t *testing.T) {
	w := open(t, ladder(t), 2).in(45*time.Minute).do("agent", defect.ActAcknowledge, inputs[defect.ActAcknowledge])
	w.in(40 * time.Minute)
	require.Equal(t, []string{"30m0s response at 100%", "40m0s response after 10m"}, calls(w.events), "an acknowledged case calls nobody to acknowledge it")
	w.do("agent", defect.ActMarkDuplicate, inputs[defect.ActMarkDuplicate]).in(1000 * time.Hour)
	require.Len(t, calls(w.events), 2, "and one that has ended calls nobody at all")
}

func TestEscalation_IsSilentOnceSomebodyKnows(t *testing.T) {
	w := open(t, ladder(t), 2).do("agent", defect.ActAcknowledge, inputs[defect.ActAcknowledge])
	w.refused(apperr.Conflict, apperr.ReasonNothingCalls, "supervisor", defect.ActHear, defect.Input{})
	w.in(125 * time.Minute)
	require.Contains(t, w.c.AllowedActions(people["supervisor"]), defect.ActHear)
	w.refused(apperr.Forbidden, apperr.ReasonRole, "reporter", defect.ActHear, defect.Input{})
	w.refused(apperr.Forbidden, apperr.ReasonNotCalled, "business", defect.ActHear, defect.Input{})
	w.do("supervisor", defect.ActHear, defect.Input{Note: "on my way"})
	w.refused(apperr.Conflict, apperr.ReasonNothingCalls, "supervisor", defect.ActHear, defect.Input{})
	w.in(100 * time.Hour)
	require.Equal(t, []string{"2h0m0s plan at 100%", "2h30m0s plan after 30m"}, calls(w.events), "the next rule still calls, once")
	require.Equal(t, w.c, defect.Replay(w.c, w.events))
}

func TestEscalation_HeardByWhoWasCalled(t *testing.T) {
	text, _, _ := strings.Cut(shippedText(t), "escalation:")
	called := func(notify string) *world {
		p := parsed(t, text+"escalation:\n  - {clock: plan, at: 50%, notify: ["+notify+"], repeat: 1h, times: 9}\n")
		return open(t, p, 2).do("agent", defect.ActAcknowledge, inputs[defect.ActAcknowledge]).in(time.Hour)
	}
	onDuty := people["business"]
	onDuty.OnDuty = true
	for name, c := range map[string]struct {
		notify string
		who    defect.Person
		may    bool
	}{
		"by role":                     {"expert", people["expert"], true},
		"of another role":             {"expert", people["business"], false},
		"who has it in hand":          {"assignee", people["technician"], true},
		"who has not":                 {"assignee", people["technician2"], false},
		"by name":                     {`"user:technician2"`, people["technician2"], true},
		"of another name":             {`"user:technician2"`, people["technician"], false},
		"on duty":                     {"on_duty", onDuty, true},
		"off duty":                    {"on_duty", people["business"], false},
		"the desk, for an empty room": {"on_duty", people["agent"], true},
		"who answers for it":          {"expert", people["liaison"], true},
	} {
		err := func() error { w := called(c.notify); return w.c.May(defect.ActHear, c.who) }()
		require.Equal(t, c.may, err == nil, name)
		if !c.may {
			require.Equal(t, apperr.ReasonNotCalled, apperr.Of(err).Reason, name)
		}
	}
}

func TestEscalation_AfterAnOutageEachRuleCallsOnce(t *testing.T) {
	w := open(t, ladder(t), 2).in(55 * time.Minute)
	require.Equal(t, []string{"30m0s response at 100%", "40m0s response after 10m again"}, calls(w.events), "several calls of a rule are one")
	w.in(5 * time.Minute)
	require.Equal(t, "1h0m0s response after 10m again again", calls(w.events)[2])
	require.Len(t, calls(w.events), 3)
}

func TestEscalation_CallsAnewWhenThePromiseIsLengthened(t *testing.T) {
	text, _, _ := strings.Cut(shippedText(t), "escalation:")
	p := parsed(t, text+"escalation:\n  - {clock: resolve, at: 50%, notify: [liaison], repeat: 1h, times: 1}\n")
	w := open(t, p, 1).do("agent", defect.ActAcknowledge, inputs[defect.ActAcknowledge]).in(6*time.Hour).do("liaison", defect.ActHear, defect.Input{})
	w.do("agent", defect.ActChangeSeverity, defect.Input{Severity: 2, Reason: "r"})
	for range 20 {
		w.in(time.Hour)
	}
	require.Equal(t, []string{"6h0m0s resolve at 50%", "12h0m0s resolve at 50%", "13h0m0s resolve at 50% again"}, calls(w.events))
}

func TestEscalation_SaysNothingTwiceWhenASeverityGoesToAndFro(t *testing.T) {
	w := open(t, defect.DefaultPolicy(), 2).do("agent", defect.ActAcknowledge, inputs[defect.ActAcknowledge]).do("agent", defect.ActClassify, inputs[defect.ActClassify])
	w.do("technician", defect.ActPropose, inputs[defect.ActPropose])
	w.in(20 * time.Hour) // past 80% of 24 hours, short of half of 48
	require.Equal(t, []string{"escalation resolve", "warn resolve"}, kindsOf(w.events)[4:])
	regrade := func(s defect.Severity) {
		w.do("agent", defect.ActChangeSeverity, defect.Input{Severity: s, Reason: "r"}).in(0)
	}
	regrade(3)
	regrade(2)
	require.Equal(t, []string{"change_severity", "change_severity"}, kindsOf(w.events)[6:], "it was said of this promise already")
	regrade(3)
	w.in(20 * time.Hour)
	require.Equal(t, []string{"escalation resolve", "warn resolve"}, kindsOf(w.events)[9:], "and of the other one when its time comes")
	require.Equal(t, w.c, defect.Replay(w.c, w.events))
}

// substitute stands in for supervisor, and is none themselves.
func substitute(roles ...defect.Role) defect.Person {
	return defect.Person{Username: "sub", Name: "代签人", Roles: roles, StandsIn: []defect.Absent{
		{Username: "technician", Roles: []defect.Role{defect.RoleTechnician}},
		{Username: "supervisor", Name: "主管一", Roles: []defect.Role{defect.RoleSupervisor}},
	}}
}

func (w *world) signs(p defect.Person, in defect.Input) error {
	w.t.Helper()
	e, err := w.c.Do(defect.Command{Action: defect.ActSign, Input: in, By: p}, w.now)
	if err == nil {
		w.events = append(w.events, e)
	}
	return err
}

func TestSubstitute_SignsInTheNameOfBoth(t *testing.T) {
	sub := substitute(defect.RoleLiaison)
	w := at(t, defect.SignOff, parsed(t, shippedText(t)))
	require.Contains(t, w.c.AllowedActions(sub), defect.ActSign)
	require.NotContains(t, at(t, defect.Resolution, defect.DefaultPolicy()).c.AllowedActions(sub), defect.ActComplete, "a substitute signs and does nothing else in another's place")
	require.NoError(t, w.signs(sub, defect.Input{Proposal: 1, Decision: defect.Approve}))
	require.Equal(t, defect.Resolution, w.c.Stage)
	require.Equal(t, "sub", w.c.SignOffs[0].By)
	require.Equal(t, "supervisor", w.c.SignOffs[0].For)
	last := w.events[len(w.events)-1]
	require.Equal(t, defect.Actor{Username: "sub", Name: "代签人", Role: defect.RoleSupervisor}, last.Actor)
	require.Equal(t, "主管一", last.OnBehalfOf)
	require.Equal(t, w.c, defect.Replay(w.c, w.events))
}

func TestSubstitute_NeverCountsTwice(t *testing.T) {
	two := strings.ReplaceAll(shippedText(t), "sign_offs: 1", "sign_offs: 2")
	approve := defect.Input{Proposal: 1, Decision: defect.Approve}
	inFor := func(name string) defect.Input { in := approve; in.For = name; return in }
	refusals := func(name string, w *world, p defect.Person, in defect.Input, want apperr.Reason) {
		err := w.signs(p, in)
		require.Error(t, err, name)
		require.Equal(t, want, apperr.Of(err).Reason, name)
	}
	w := at(t, defect.SignOff, parsed(t, two))
	sub := substitute(defect.RoleSupervisor)
	refusals("nobody named them", w, people["agent"], approve, apperr.ReasonRole)
	refusals("another's substitute", w, sub, inFor("supervisor2"), apperr.ReasonNoSubstitute)
	refusals("in the place of no supervisor", w, sub, inFor("technician"), apperr.ReasonNoSubstitute)
	require.NoError(t, w.signs(sub, inFor("supervisor")))
	refusals("once for another, once for oneself", w, sub, approve, apperr.ReasonSignedAlready)
	refusals("the absent one is back", w, people["supervisor"], approve, apperr.ReasonSignedAlready)
	require.NoError(t, w.signs(people["supervisor2"], approve))
	require.Equal(t, defect.Resolution, w.c.Stage)

	w = at(t, defect.SignOff, parsed(t, two))
	require.NoError(t, w.signs(people["supervisor"], approve))
	refusals("the absent one has signed", w, substitute(defect.RoleLiaison), approve, apperr.ReasonSignedAlready)

	w = at(t, defect.Confirmation, defect.DefaultPolicy())
	e, err := w.c.Do(defect.Command{Action: defect.ActPropose, Input: inputs[defect.ActPropose], By: defect.Person{Username: "supervisor", Roles: []defect.Role{defect.RoleTechnician}}}, w.now)
	require.NoError(t, err)
	w.events = append(w.events, e)
	refusals("the absent one made the proposal", w, substitute(defect.RoleLiaison), approve, apperr.ReasonProposerSigns)
	require.False(t, slices.Contains(w.c.AllowedActions(substitute(defect.RoleLiaison)), defect.ActSign))
}
