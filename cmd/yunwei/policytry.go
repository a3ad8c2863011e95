package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"yunwei/config"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/store"
)

type policyTry struct {
	config.Store
	File string `arg:"" help:"The policy file to try." type:"path"`
	From string `help:"Cases submitted at this time or later: 2026-01-01 in the policy's zone, or RFC 3339." placeholder:"TIME"`
	To   string `help:"Cases submitted before this time." placeholder:"TIME"`
	JSON bool   `help:"Write JSON." name:"json"`
}

// tryPage is how many cases are read at a time.
const tryPage = 200

// Run replays the recorded cases of a period under another policy and tells which promises would have been kept or
// broken instead. It changes nothing.
func (p policyTry) Run(ctx context.Context, c console) error {
	policy, err := loadPolicy(p.File)
	if err != nil {
		return err
	}
	q := store.RecordedQuery{}
	if q.From, err = timeFlag("from", p.From, policy.Zone()); err != nil {
		return err
	}
	if q.To, err = timeFlag("to", p.To, policy.Zone()); err != nil {
		return err
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		return fmt.Errorf("--to: the period must end after it begins")
	}
	var trials defect.Trials
	err = withStore(ctx, p.Store, func(db *store.Store) error { return tryAll(ctx, db, q, policy, time.Now(), &trials) })
	if err != nil {
		return err
	}
	if err := writeNumbers(c.err, "some cases cannot be read and were not tried", trials.Unread); err != nil {
		return err
	}
	if p.JSON {
		return writeTrialsJSON(c.out, policy, &trials)
	}
	return writeTrials(c.out, policy, &trials)
}

func tryAll(ctx context.Context, db *store.Store, q store.RecordedQuery, policy defect.Policy, now time.Time, into *defect.Trials) error {
	history, err := desk.NewPolicyHistory(ctx, db, policy, nil)
	if err != nil {
		return err
	}
	for after := int64(0); ; {
		page, next, err := db.Recordings(ctx, q, after, tryPage)
		if err != nil {
			return err
		}
		for _, r := range page {
			if r.Damage != "" {
				into.Unread = append(into.Unread, r.Case.Number)
				continue
			}
			into.Add(defect.Try(r, history.At(r.Case.CreatedAt), now))
		}
		if next == 0 {
			return nil
		}
		after = next
	}
}

// timeFlag reads a time as people write it.
func timeFlag(flag, text string, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	if at, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return at, nil
	}
	return time.Time{}, fmt.Errorf("--%s: a day such as 2026-01-01, or a time in RFC 3339 such as 2026-01-01T08:30:00+08:00, is needed", flag)
}

// maxNumbers is how many cases a line names; JSON names all.
const maxNumbers = 20

func writeTrials(out io.Writer, policy defect.Policy, trials *defect.Trials) error {
	if _, err := fmt.Fprintf(out, "policy %s, %d cases; figures are: as it was -> as it would have been\n\n", policy.Name, trials.Cases); err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PROMISE\tSEVERITY\tMET\tBROKEN\tRUNNING\tCANCELLED\tNOT MADE")
	sums := trials.Sums()
	for _, s := range sums {
		fmt.Fprintf(w, "%s\t%d", s.Clock, s.Severity)
		for _, o := range append(defect.Outcomes(), "") {
			fmt.Fprintf(w, "\t%d -> %d", s.Was[o], s.Would[o])
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, s := range sums {
		for _, list := range []struct {
			what    string
			numbers []string
		}{{"would be kept", s.Kept}, {"would be broken", s.Broken}, {"would end otherwise", s.Other}} {
			if err := writeNumbers(out, fmt.Sprintf("%s, severity %d, %s", s.Clock, s.Severity, list.what), list.numbers); err != nil {
				return err
			}
		}
	}
	return writeNumbers(out, "some steps could no longer have happened, so that what follows them is not comparable", trials.Dropped)
}

func writeNumbers(out io.Writer, what string, numbers []string) error {
	if len(numbers) == 0 {
		return nil
	}
	more := ""
	if n := len(numbers) - maxNumbers; n > 0 {
		numbers, more = numbers[:maxNumbers], fmt.Sprintf(" and %d more", n)
	}
	_, err := fmt.Fprintf(out, "\n%s: %s%s\n", what, strings.Join(numbers, ", "), more)
	return err
}

// trialsJSON is what a program reads of a trial.
type trialsJSON struct {
	Policy   string         `json:"policy"`
	Cases    int            `json:"cases"`
	Promises []trialSumJSON `json:"promises"`
	Dropped  []string       `json:"dropped"` // numbers of cases some of whose steps could no longer have happened
	Unread   []string       `json:"unread"`  // numbers of cases that cannot be read and were not tried
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

func writeTrialsJSON(out io.Writer, policy defect.Policy, trials *defect.Trials) error {
	answer := trialsJSON{Policy: policy.Name, Cases: trials.Cases, Promises: []trialSumJSON{}, Dropped: some(trials.Dropped), Unread: some(trials.Unread)}
	for _, s := range trials.Sums() {
		answer.Promises = append(answer.Promises, trialSumJSON{
			Clock: s.Clock, Severity: s.Severity, Was: byOutcome(s.Was), Would: byOutcome(s.Would), Kept: some(s.Kept), Broken: some(s.Broken), Other: some(s.Other),
		})
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(answer)
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
