package defect_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/defect"
)

// replaced is the shipped policy with some of its text replaced, old and new in turn.
func replaced(t *testing.T, oldnew ...string) defect.Policy {
	t.Helper()
	text := shippedText(t)
	for i := 0; i < len(oldnew); i += 2 {
		require.Contains(t, text, oldnew[i])
	}
	return parsed(t, strings.NewReplacer(oldnew...).Replace(text))
}

// answered brings a case of severity 2 through to its reply and its service report, with ten minutes between the steps.
func answered(t *testing.T) *world {
	t.Helper()
	w := open(t, defect.DefaultPolicy(), 2)
	for _, s := range append(slices.Clone(way), taken{"technician", defect.ActReport}) {
		w.in(10*time.Minute).do(s.who, s.a, inputs[s.a])
	}
	return w
}

func TestTry_UnderOtherPolicies(t *testing.T) {
	asked := func(t *testing.T) *world { // three hours of waiting for the reporter, and a plan within two hours of ours
		t.Helper()
		w := open(t, replaced(t, "waiting_reporter: [plan, resolve]", "waiting_reporter: []"), 2)
		w.in(time.Minute).do("agent", defect.ActAcknowledge, inputs[defect.ActAcknowledge]).do("agent", defect.ActClassify, inputs[defect.ActClassify])
		w.do("agent", defect.ActRequestInfo, inputs[defect.ActRequestInfo]).in(3*time.Hour).do("reporter", defect.ActProvideInfo, inputs[defect.ActProvideInfo])
		return w.in(time.Minute).do("technician", defect.ActPropose, inputs[defect.ActPropose])
	}
	for name, c := range map[string]struct {
		life    func(*testing.T) *world
		policy  defect.Policy
		differ  map[string]string // "clock nth": "was would"
		dropped []defect.Action
	}{
		"a shorter response": {
			answered, replaced(t, "response: 30m", "response: 5m"), map[string]string{"response 1": "met broken"}, nil,
		},
		"a shorter resolution": {
			answered, replaced(t, "resolve: 24h", "resolve: 50m"), map[string]string{"resolve 1": "met broken"}, nil,
		},
		"pauses": {
			asked, defect.DefaultPolicy(), map[string]string{"plan 1": "broken met"}, nil,
		},
		"office hours": { // opened at 17:00, closed at 18:00: nothing was broken, and nothing would be
			answered, office(t), map[string]string{}, nil,
		},
		"two signatures, of which only one was given": {
			answered, replaced(t, "resolve: 24h, sign_offs: 1", "resolve: 24h, sign_offs: 2"),
			map[string]string{"resolve 1": "met broken", "report 1": "met none"},
			[]defect.Action{defect.ActComplete, defect.ActVerify, defect.ActReply, defect.ActReport},
		},
		"a case that had closed before it was opened again": {
			func(t *testing.T) *world {
				t.Helper()
				return answered(t).in(25*time.Hour).do("reporter", defect.ActReopen, inputs[defect.ActReopen]).in(time.Minute).do("agent", defect.ActAcknowledge, inputs[defect.ActAcknowledge])
			},
			replaced(t, "auto_close: {limit: 5wd, calendar: 5x8}", "auto_close: {limit: 1h, calendar: 7x24}"),
			map[string]string{"response 2": "met none", "plan 2": "broken none", "resolve 2": "broken none"},
			[]defect.Action{defect.ActReopen, defect.ActAcknowledge},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := c.life(t)
			now := w.now.Add(48 * time.Hour)
			before := w.c.Clone()
			trial := defect.Try(defect.Recorded{Case: w.c, Events: w.events}, c.policy, now)
			require.Equal(t, before, w.c, "trying changes nothing")
			got := map[string]string{}
			for _, p := range trial.Promises {
				if p.Differs() {
					got[fmt.Sprintf("%s %d", p.Clock, p.Nth)] = orNone(p.Was) + " " + orNone(p.Would)
				}
			}
			require.Equal(t, c.differ, got)
			var dropped []defect.Action
			for _, d := range trial.Dropped {
				require.NotEmpty(t, d.Why)
				dropped = append(dropped, d.Action)
			}
			require.Equal(t, c.dropped, dropped)
		})
	}
}

// TestTry_CallsForWhoeverIsOnDuty: they are put beside each other by rule and number, whatever else the policies call for.
func TestTry_CallsForWhoeverIsOnDuty(t *testing.T) {
	text, _, _ := strings.Cut(shippedText(t), "escalation:")
	rules := func(lines string) defect.Policy { return parsed(t, text+"escalation:\n"+lines) }
	ladder := `  - {clock: response, at: 100%, notify: [on_duty, liaison]}
  - {clock: response, after: 10m, notify: [on_duty], repeat: 10m, times: 1}
  - {clock: plan, at: 50%, notify: [supervisor]}
`
	was := rules(ladder)
	longer := parsed(t, strings.ReplaceAll(text, "response: 30m", "response: 40m")+"escalation:\n"+ladder)
	for name, c := range map[string]struct {
		policy defect.Policy
		outage bool
		want   []string // "rule was would", both after the opening
	}{
		"the policy that it was submitted under": {was, false, []string{"response at 100% 30m0s 30m0s", "response after 10m 40m0s 40m0s", "response after 10m 50m0s 50m0s"}},
		"a longer promise": {
			longer, false,
			[]string{"response at 100% 30m0s 40m0s", "response after 10m 40m0s 50m0s", "response after 10m 50m0s none"},
		},
		"other rules": {
			rules("  - {clock: response, at: 50%, notify: [on_duty]}\n  - {clock: response, at: 100%, notify: [on_duty]}\n"), false,
			[]string{"response at 50% none 15m0s", "response at 100% 30m0s 30m0s", "response after 10m 40m0s none", "response after 10m 50m0s none"},
		},
		"nobody on duty is called":                  {rules("  - {clock: plan, at: 50%, notify: [liaison]}\n"), false, []string{"response at 100% 30m0s none", "response after 10m 40m0s none", "response after 10m 50m0s none"}},
		"after an outage that made one call of two": {was, true, []string{"response at 100% 30m0s 30m0s", "response after 10m 40m0s 40m0s", "response after 10m none 50m0s"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t, was, 2)
			if !c.outage {
				for range 54 {
					w.in(time.Minute)
				}
			}
			w.in(opened.Add(54*time.Minute).Sub(w.now)).do("agent", defect.ActAcknowledge, inputs[defect.ActAcknowledge])
			trial := defect.Try(defect.Recorded{Case: w.c, Events: w.events}, c.policy, w.now)
			var got []string
			for _, call := range trial.Calls {
				require.Equal(t, 1, call.Cycle)
				got = append(got, call.Rule+" "+sinceOpened(call.Was)+" "+sinceOpened(call.Would))
			}
			require.Equal(t, c.want, got)
		})
	}
}

func sinceOpened(at time.Time) string {
	if at.IsZero() {
		return "none"
	}
	return at.Sub(opened).String()
}

func orNone(o defect.Outcome) string {
	if o == "" {
		return "none"
	}
	return string(o)
}

func TestTrials_AddUp(t *testing.T) {
	var all defect.Trials
	var want int
	for range 3 {
		w := answered(t)
		trial := defect.Try(defect.Recorded{Case: w.c, Events: w.events}, replaced(t, "response: 30m", "response: 5m", "sign_offs: 1", "sign_offs: 2"), w.now)
		all.Add(trial)
		want += len(trial.Promises)
	}
	require.Equal(t, 3, all.Cases)
	require.Len(t, all.Dropped, 3)
	was, would := 0, 0
	for _, s := range all.Sums() {
		for _, n := range s.Was {
			was += n
		}
		for _, n := range s.Would {
			would += n
		}
		switch s.Clock {
		case defect.ClockResponse:
			require.Equal(t, map[defect.Outcome]int{defect.OutcomeMet: 3}, s.Was)
			require.Equal(t, map[defect.Outcome]int{defect.OutcomeBroken: 3}, s.Would)
			require.Equal(t, []string{"7K3M-Q9XT-WA5C"}, s.Broken, "a case once")
		case defect.ClockReport:
			require.Equal(t, []string{"7K3M-Q9XT-WA5C"}, s.Other)
		}
	}
	require.Equal(t, []int{want, want}, []int{was, would}, "every promise is on both sides, those not made included")
}

// TestExpire_LongAfterACaseHadClosed: what would have fallen due after the closing has not, though it is noticed at once.
func TestExpire_LongAfterACaseHadClosed(t *testing.T) {
	w := open(t, replaced(t, "auto_close: {limit: 5wd, calendar: 5x8}", "auto_close: {limit: 1h, calendar: 7x24}"), 2)
	for _, s := range way[:len(way)-1] {
		w.in(time.Minute).do(s.who, s.a, inputs[s.a])
	}
	w.do("agent", defect.ActEscalate, inputs[defect.ActEscalate]).do("technician", defect.ActReport, inputs[defect.ActReport]).do("agent", defect.ActReply, inputs[defect.ActReply])
	closes := w.now.Add(time.Hour)
	w.in(100 * time.Hour)
	require.Equal(t, defect.Closed, w.c.Stage)
	last := w.events[len(w.events)-1]
	require.Equal(t, defect.KindAutoClose, last.Kind)
	require.Equal(t, closes, last.At)
	for _, k := range w.c.Clocks {
		require.True(t, k.BreachedAt.IsZero(), k.Name)
	}
}
