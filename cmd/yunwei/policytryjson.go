package main

import (
	"encoding/json"
	"io"
	"maps"
	"slices"
	"time"

	"yunwei/defect"
	"yunwei/roster"
)

// trialsJSON is what a program reads of a trial.
type trialsJSON struct {
	Policy   string         `json:"policy"`
	Holidays []string       `json:"holidays"` // sets of which others were tried
	Rosters  []string       `json:"rosters"`  // names of rosters of which others were tried
	Cases    int            `json:"cases"`
	Promises []trialSumJSON `json:"promises"`
	Dropped  []string       `json:"dropped"` // numbers of cases some of whose steps could no longer have happened
	Unread   []string       `json:"unread"`  // numbers of cases that cannot be read and were not tried
	Duty     dutyTrialJSON  `json:"duty"`
}

// dutyTrialJSON is whom the rules that call for whoever is on duty called, and would have called. No promise depends on it.
type dutyTrialJSON struct {
	Calls      countJSON         `json:"calls"`
	Unattended countJSON         `json:"unattended"` // calls while nobody was on duty
	People     []personCallsJSON `json:"people"`
	Differ     []callTrialJSON   `json:"differ"`         // calls that would have reached others
	Unknown    []string          `json:"unknown_people"` // of the rosters that were tried: who has no account that goes on duty
}

type countJSON struct {
	Was   int `json:"was"`
	Would int `json:"would"`
}

type personCallsJSON struct {
	Username string `json:"username"`
	countJSON
}

type callTrialJSON struct {
	Number string      `json:"number"`
	Rule   string      `json:"rule"`
	Cycle  int         `json:"cycle"`
	Was    *calledJSON `json:"was"` // null where there was no such call
	Would  *calledJSON `json:"would"`
}

type calledJSON struct {
	At     time.Time `json:"at"`
	People []string  `json:"people"` // on duty then
}

type trialSumJSON struct {
	Clock    defect.ClockName `json:"clock"`
	Severity defect.Severity  `json:"severity"`
	Was      map[string]int   `json:"was"` // by outcome, not_made included
	Would    map[string]int   `json:"would"`
	Kept     []string         `json:"kept"`
	Broken   []string         `json:"broken"`
	Other    []string         `json:"other"`
}

// writeJSON tells programs what came of the trial.
func (t *trial) writeJSON(out io.Writer) error {
	answer := trialsJSON{
		Policy: t.policy.Name, Holidays: some(slices.Sorted(maps.Keys(t.holidays))), Rosters: some(slices.Sorted(maps.Keys(t.rosters))),
		Cases: t.promises.Cases, Promises: []trialSumJSON{}, Dropped: some(t.promises.Dropped), Unread: some(t.promises.Unread), Duty: t.dutyJSON(),
	}
	for _, s := range t.promises.Sums() {
		answer.Promises = append(answer.Promises, trialSumJSON{
			Clock: s.Clock, Severity: s.Severity, Was: byOutcome(s.Was), Would: byOutcome(s.Would), Kept: some(s.Kept), Broken: some(s.Broken), Other: some(s.Other),
		})
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(answer)
}

func (t *trial) dutyJSON() dutyTrialJSON {
	out := dutyTrialJSON{
		Calls: countJSON(t.duty.Calls), Unattended: countJSON(t.duty.Unattended), People: []personCallsJSON{}, Differ: []callTrialJSON{}, Unknown: some(t.unknown),
	}
	for _, p := range t.duty.People() {
		out.People = append(out.People, personCallsJSON{p.Username, countJSON(p.Count)})
	}
	for _, d := range t.duty.Differ {
		out.Differ = append(out.Differ, callTrialJSON{Number: d.Case, Rule: d.Rule, Cycle: d.Cycle, Was: calledOf(d.Was), Would: calledOf(d.Would)})
	}
	return out
}

func calledOf(c roster.Called) *calledJSON {
	if c.At.IsZero() {
		return nil
	}
	return &calledJSON{At: c.At, People: some(c.People)}
}

func byOutcome(counts map[defect.Outcome]int) map[string]int {
	out := map[string]int{"not_made": counts[""]}
	for _, o := range defect.Outcomes() {
		out[string(o)] = counts[o]
	}
	return out
}

// some is a list that is never null.
func some(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
