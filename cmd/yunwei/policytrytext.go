package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"yunwei/defect"
	"yunwei/roster"
)

// maxNumbers is how many cases a line names; JSON names all.
const maxNumbers = 20

// write tells people what came of the trial.
func (t *trial) write(out io.Writer) error {
	if _, err := fmt.Fprintf(out, "policy %s%s, %s; figures are: as it was -> as it would have been\n\n", t.policy.Name, t.what(), counted(t.promises.Cases, "case")); err != nil {
		return err
	}
	if err := t.writePromises(out); err != nil {
		return err
	}
	return t.writeDuty(out)
}

// what names what is tried beside the policy.
func (t *trial) what() string {
	var b strings.Builder
	if sets := slices.Sorted(maps.Keys(t.holidays)); len(sets) > 0 {
		fmt.Fprintf(&b, ", other holidays of %s", strings.Join(sets, ", "))
	}
	if names := slices.Sorted(maps.Keys(t.rosters)); len(names) > 0 {
		fmt.Fprintf(&b, ", other roster %s", strings.Join(names, ", "))
	}
	return b.String()
}

func (t *trial) writePromises(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PROMISE\tSEVERITY\tMET\tBROKEN\tRUNNING\tCANCELLED\tNOT MADE")
	sums := t.promises.Sums()
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
	return writeNumbers(out, "some steps could no longer have happened, so that what follows them is not comparable", t.promises.Dropped)
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

// writeDuty tells whom the rules would have called among those on duty, where they call any.
func (t *trial) writeDuty(out io.Writer) error {
	d := &t.duty
	if d.Calls == (roster.Count{}) && len(t.rosters) == 0 {
		return nil
	}
	rosters := ""
	if len(t.rosters) > 0 {
		rosters = "no promise depends on a roster: the figures above move with the policy and its holidays alone\n"
	}
	_, err := fmt.Fprintf(out, "\ncalls for whoever is on duty: %s, of them while nobody was on duty: %s\n%s", shown(d.Calls), shown(d.Unattended), rosters)
	if err != nil {
		return err
	}
	people := d.People()
	if len(people) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nON DUTY\tCALLED")
	for _, p := range people {
		fmt.Fprintf(w, "%s\t%s\n", p.Username, shown(p.Count))
	}
	if len(d.Differ) > 0 {
		fmt.Fprintln(w, "\nCASE\tRULE\tCALLED\tWOULD HAVE BEEN CALLED")
		for _, one := range d.Differ[:min(len(d.Differ), maxNumbers)] {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", one.Case, one.Rule, t.called(one.Was), t.called(one.Would))
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if more := len(d.Differ) - maxNumbers; more > 0 {
		_, err = fmt.Fprintf(out, "and %s that would have been otherwise\n", counted(more, "more call"))
	}
	return err
}

func shown(c roster.Count) string { return fmt.Sprintf("%d -> %d", c.Was, c.Would) }

// called is who was called and when, on the site's clocks.
func (t *trial) called(c roster.Called) string {
	if c.At.IsZero() {
		return "no call"
	}
	who := "nobody on duty"
	if len(c.People) > 0 {
		who = strings.Join(c.People, ", ")
	}
	return c.At.In(t.policy.Zone()).Format("2006-01-02 15:04 ") + who
}
