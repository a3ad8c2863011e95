package e2e

import (
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// proposed files a report of a severity and brings it to where its plan waits for signatures.
func (s *site) proposed(severity int) string {
	s.t.Helper()
	f := report()
	f["severity"] = severity
	number := s.as("reporter").submit(f)
	agent := s.as("agent")
	agent.must(number, "acknowledge", fields{"assignee": "technician"})
	agent.must(number, "classify", fields{"category": "technical"})
	s.as("technician").must(number, "propose", fields{"cause": "光模块老化", "plan": "更换光模块"})
	return number
}

// TestProposal_RejectedAndMadeAgain: every plan tells the supervisors anew, the rejection its proposer, and what was
// decided of the first plan counts nothing for the second.
func TestProposal_RejectedAndMadeAgain(t *testing.T) {
	s := fresh(t).start()
	supervisor, other, technician := s.as("supervisor"), s.as("supervisor2"), s.as("technician")
	number := s.proposed(2)
	asked := func(times int) {
		t.Helper()
		for _, p := range []*person{supervisor, other} {
			require.Eventually(t, func() bool { return p.topics(number)["sign_off"] >= times }, waitLimit, waitTick)
			require.Equal(t, times, p.topics(number)["sign_off"], p.name)
		}
	}
	asked(1)
	require.Zero(t, technician.topics(number)["rejected"])
	a := supervisor.must(number, "sign", fields{"proposal": 1, "decision": "reject", "comment": "没有回退方案"})
	require.Equal(t, "confirmation", a.text("stage"))
	require.Eventually(t, func() bool { return technician.topics(number)["rejected"] == 1 }, waitLimit, waitTick)
	asked(1)

	a = technician.must(number, "propose", fields{"cause": "光模块老化", "plan": "更换光模块", "rollback": "换回旧模块"})
	require.Equal(t, "2", a.text("proposal", "n"))
	asked(2)
	stale := other.act(number, "sign", fields{"proposal": 1, "decision": "approve"})
	require.Equal(t, http.StatusConflict, stale.status, stale)
	a = other.must(number, "sign", fields{"proposal": 2, "decision": "approve"})
	require.Equal(t, "resolution", a.text("stage"))
	require.Eventually(t, func() bool { return technician.topics(number)["approved"] == 1 }, waitLimit, waitTick)
	require.Equal(t, []string{"submit", "acknowledge", "classify", "propose", "sign", "propose", "sign"}, kinds(technician.events(number)))
}

// TestSign_TwoAtOnce: where one signature is asked for, one of two that come together counts; where two are, both do, and
// neither person's twice.
func TestSign_TwoAtOnce(t *testing.T) {
	s := fresh(t)
	s.start(s.policy("1h", "2h", "3h")...) // it asks for two signatures of severity 1
	supervisors := []*person{s.as("supervisor"), s.as("supervisor2")}
	technician := s.as("technician")
	for severity, needed := range map[int]int{2: 1, 1: 2} {
		for range 5 { // who is first differs
			number := s.proposed(severity)
			var mu sync.Mutex
			var all sync.WaitGroup
			taken := map[string]int{}
			for _, p := range supervisors {
				for range 3 { // a button that is pressed again and again
					all.Go(func() {
						a, err := p.try(http.MethodPost, "/api/v1/defects/"+number+"/actions/sign", fields{"proposal": 1, "decision": "approve"})
						mu.Lock()
						defer mu.Unlock()
						switch {
						case err != nil:
							t.Error(err)
						case a.status == http.StatusOK:
							taken[p.name]++
						case a.status != http.StatusConflict && a.status != http.StatusForbidden:
							t.Error(a)
						}
					})
				}
			}
			all.Wait()
			require.Len(t, taken, needed, "severity %d", severity)
			for name, times := range taken {
				require.Equal(t, 1, times, name)
			}
			a := technician.read(number)
			require.Equal(t, "resolution", a.text("stage"))
			signed := map[string]bool{}
			list, _ := a.get("sign_offs").([]any)
			require.Len(t, list, needed)
			for _, one := range list {
				signed[answer{body: one.(map[string]any)}.text("by")] = true
			}
			for name := range taken {
				require.True(t, signed[name], "%s signed, and it is nowhere", name)
			}
			signatures := 0
			for _, kind := range kinds(technician.events(number)) {
				if kind == "sign" {
					signatures++
				}
			}
			require.Equal(t, needed, signatures)
			require.Equal(t, 1, technician.topics(number)["approved"], "it is told once")
		}
	}
}
