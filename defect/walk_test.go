package defect_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yunwei/calendar"
	"yunwei/defect"
)

// walk takes random steps at random times, and checks after each what must always hold.
func walk(t rapid.TB, p defect.Policy, steps []byte) {
	names := slices.Sorted(maps.Keys(people))
	c, e := defect.Open("7K3M-Q9XT-WA5C", defect.Submission{
		Title: "t", Description: "d", Severity: defect.Severity(1 + len(steps)%4), System: "OA", Reporter: defect.Reporter{Username: "reporter", Name: "王芳"},
	}, p, people["reporter"], opened, defect.Keyed{})
	events, now := []defect.Event{e}, opened
	for len(steps) >= 4 {
		wait, who, a, variant := steps[0], names[int(steps[1])%len(names)], stepped[int(steps[2])%len(stepped)], steps[3]
		steps = steps[4:]
		now = now.Add(time.Duration(wait) * time.Duration(wait) * time.Minute / 4)
		events = append(events, c.Expire(now)...)
		if again := c.Expire(now); len(again) > 0 {
			t.Fatalf("told twice: %v", again)
		}
		if due := c.NextDue(); !due.IsZero() && !due.After(now) {
			t.Fatalf("the next due time %v is not ahead of %v", due, now)
		}
		before, snapshot := c.Clone(), mustJSON(t, c)
		cmd := defect.Command{Action: a, Input: varied(a, variant, c), By: people[who]}
		offered := slices.Contains(c.AllowedActions(people[who]), a)
		if a == defect.ActApplyHolidays {
			cmd.Input = anyHolidays(c, now, variant)
			offered = c.May(a, people[who]) == nil
		}
		step, err := c.Do(cmd, now)
		if mustJSON(t, before) != snapshot {
			t.Fatal("a clone changed with its original")
		}
		switch {
		case err != nil && mustJSON(t, c) != snapshot:
			t.Fatal("a refusal changed the case")
		case err == nil && !offered:
			t.Fatalf("%s took %s, which was not offered", who, a)
		case err == nil:
			events = append(events, step)
		}
		invariants(t, c, events)
		explained(t, c, now)
		reported(t, c, now)
	}
	for _, later := range []time.Duration{0, 100 * 24 * time.Hour} {
		unchanged(t, defect.Recorded{Case: c, Events: events}, p, now.Add(later))
	}
}

// unchanged checks that trying the very policy of a case changes nothing.
func unchanged(t rapid.TB, r defect.Recorded, p defect.Policy, now time.Time) {
	trial := defect.Try(r, p, now)
	if len(trial.Dropped) > 0 {
		t.Fatalf("steps were dropped: %+v", trial.Dropped)
	}
	if len(trial.Promises) < len(r.Case.Clocks) { // a rule that raises the level makes more, later
		t.Fatalf("%d promises of %d", len(trial.Promises), len(r.Case.Clocks))
	}
	for _, x := range trial.Promises {
		if x.Differs() || !x.WasDue.Equal(x.WouldDue) || x.WasLate != x.WouldLate {
			t.Fatalf("its own policy changes a promise: %+v", x)
		}
	}
}

// stepped are the actions of a walk.
var stepped = append(defect.Actions(), defect.ActApplyHolidays)

// anyHolidays puts a case under its holidays with one day changed, in the days around now.
func anyHolidays(c defect.Case, now time.Time, variant byte) defect.Input {
	day := calendar.DateOf(now).AddDays(int(variant)%15 - 5)
	change := calendar.Change{Days: []calendar.Exception{{Date: day, Off: variant%2 == 0, Name: "x"}}}
	n, _ := calendar.InForce("cn", []calendar.Change{change}, nil)
	return defect.Input{Reason: "r", Holidays: []defect.Holidays{c.UnderHolidays(defect.HolidayState{Set: "cn", Revision: c.Seq}, n, now)}}
}

// explained checks that what is told of every promise adds up to what its clock says.
func explained(t rapid.TB, c defect.Case, now time.Time) {
	for _, name := range defect.ClockNames() {
		for nth := 1; ; nth++ {
			x, ok := c.Explain(name, nth, now)
			if !ok {
				break
			}
			addsUp(t, x, now)
		}
	}
}

// reported checks that what reports count of every promise is what its explanation tells.
func reported(t rapid.TB, c defect.Case, now time.Time) {
	for i, p := range c.Promises() {
		k := c.Clocks[i]
		x, ok := c.Explain(p.Clock, p.Nth, now)
		switch {
		case !ok || p.N != i+1 || !x.Clock.StartedAt.Equal(p.StartedAt) || x.Clock.Cycle != p.Cycle:
			t.Fatalf("promise %d is %+v, explained as %+v", i+1, p, x.Clock)
		case p.EndedAt.IsZero() != k.Live():
			t.Fatalf("promise %d ended at %v", i+1, p.EndedAt)
		case p.Outcome == defect.OutcomeRunning && (p.Counted != 0 || p.Sides != defect.Sums{}):
			t.Fatalf("promise %d runs and has figures: %+v", i+1, p)
		}
		if k.Live() {
			continue
		}
		counted := time.Duration(0)
		for _, s := range x.Stretches {
			counted += s.Counted
		}
		sides := defect.Sums{Contractor: x.Sides[defect.SideContractor], Client: x.Sides[defect.SideClient], SparePart: x.Sides[defect.SideSpare]}
		if p.Counted != counted || p.Sides != sides {
			t.Fatalf("promise %d counts %v and %v, explained are %v and %v", i+1, p.Counted, p.Sides, counted, sides)
		}
	}
}

func addsUp(t rapid.TB, x defect.Explanation, now time.Time) {
	k := x.Clock
	at, toDue, passed, paused := k.StartedAt, time.Duration(0), time.Duration(0), time.Duration(0)
	for _, s := range x.Stretches {
		if !s.From.Equal(at) || !s.From.Before(s.To) {
			t.Fatalf("%s %d: %v follows %v", k.Name, x.Nth, s, at)
		}
		at = s.To
		if s.Phase != defect.PhaseLate {
			toDue += s.Counted
		}
		if s.Phase != defect.PhaseAhead {
			if s.Side != defect.SideNobody {
				passed += s.Service
			}
			if s.Paused {
				paused += s.Service
			}
		}
	}
	sides := time.Duration(0)
	for _, d := range x.Sides {
		sides += d
	}
	ended := now
	if !k.MetAt.IsZero() {
		ended = k.MetAt
	} else if !k.CancelledAt.IsZero() {
		ended = k.CancelledAt
	}
	reachesDue := !k.DueAt.IsZero() && (k.Live() || !ended.Before(k.DueAt))
	switch {
	case sides != passed:
		t.Fatalf("%s %d: the sides have %v of %v", k.Name, x.Nth, sides, passed)
	case reachesDue && toDue != k.Target:
		t.Fatalf("%s %d: %v counted up to the due time, the target is %v: %v", k.Name, x.Nth, toDue, k.Target, x.Stretches)
	case x.Used+x.Left != k.Target && !k.DueAt.IsZero():
		t.Fatalf("%s %d: used %v, left %v of %v", k.Name, x.Nth, x.Used, x.Left, k.Target)
	case k.State() != defect.ClockPaused && paused != k.PausedFor:
		t.Fatalf("%s %d: paused for %v, the clock says %v", k.Name, x.Nth, paused, k.PausedFor)
	case k.Live() && !k.DueAt.IsZero() && k.DueAt.After(now) && !at.Equal(k.DueAt):
		t.Fatalf("%s %d: explained to %v, it is due at %v", k.Name, x.Nth, at, k.DueAt)
	}
}

func mustJSON(t rapid.TB, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// varied gives an action inputs that lead different ways.
func varied(a defect.Action, variant byte, c defect.Case) defect.Input {
	in := inputs[a]
	odd := variant%2 == 1
	switch {
	case a == defect.ActSign:
		in.Proposal = c.Proposals
		if odd {
			in.Decision, in.Comment = defect.Reject, "no"
		}
	case a == defect.ActVerify && odd:
		in.Passed = &no
	case a == defect.ActClassify:
		in.Category = []defect.Category{defect.Technical, defect.Business, defect.Technical, defect.Operation}[variant%4]
		in.Severity = defect.Severity(variant % 5)
		in.Explanation = "e"
	case a == defect.ActChangeSeverity:
		in.Severity = defect.Severity(1 + variant%4)
	case a == defect.ActEscalate && odd:
		in.Level = defect.LevelExpert
	}
	return in
}

func invariants(t rapid.TB, c defect.Case, events []defect.Event) {
	taken := 0
	for i, e := range events {
		if e.Seq != i+1 {
			t.Fatalf("event %d has seq %d", i+1, e.Seq)
		}
		if i > 0 && e.At.Before(events[i-1].At) {
			t.Fatalf("event %d (%s) is before the one before it", e.Seq, e.Kind)
		}
		if !e.Whole() {
			t.Fatalf("event %d is not what its sum says", e.Seq)
		}
		if e.IsStep() {
			taken++
		}
	}
	if c.Version != taken || c.Seq != len(events) {
		t.Fatalf("version %d, seq %d after %d steps and %d events", c.Version, c.Seq, taken, len(events))
	}
	if diff := cmp.Diff(c, defect.Replay(c, events)); diff != "" {
		t.Fatalf("the events make another case: %s", diff)
	}
	var back defect.Case
	if err := json.Unmarshal([]byte(mustJSON(t, c)), &back); err != nil || mustJSON(t, back) != mustJSON(t, c) {
		t.Fatalf("the case does not come back from JSON: %v", err)
	}
	broken := map[[2]any]int{}
	for _, e := range events {
		if e.Kind == defect.KindBreach {
			broken[[2]any{e.Timing.Clock, e.Timing.DueAt}]++
		}
	}
	for k, n := range broken {
		if n > 1 {
			t.Fatalf("%v was broken %d times", k, n)
		}
	}
	for _, k := range c.Clocks {
		switch {
		case c.Closed() && k.Live():
			t.Fatalf("%s lives in an ended case", k.Name)
		case k.State() == defect.ClockPaused && !k.DueAt.IsZero(), k.State() == defect.ClockRunning && k.DueAt.IsZero():
			t.Fatalf("%s is %s and due at %v", k.Name, k.State(), k.DueAt)
		case k.PausedFor < 0 || k.LateBy < 0:
			t.Fatalf("%s: %+v", k.Name, k)
		}
	}
}

func TestWalks_HoldWhatAlwaysHolds(t *testing.T) {
	policies := []defect.Policy{defect.DefaultPolicy(), office(t), parsed(t, shippedText(t)), ladder(t)}
	rapid.Check(t, func(t *rapid.T) {
		p := policies[rapid.IntRange(0, len(policies)-1).Draw(t, "policy")]
		walk(t, p, rapid.SliceOfN(rapid.Byte(), 40, 240).Draw(t, "steps"))
	})
}

func FuzzCase(f *testing.F) {
	f.Add([]byte("steps that lead nowhere much, but somewhere"))
	f.Fuzz(func(t *testing.T, steps []byte) { walk(t, defect.DefaultPolicy(), steps[:min(len(steps), 400)]) })
}

func TestNumbers_CatchEverySlip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := defect.NewNumber([8]byte(rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "random")))
		if got, ok := defect.ParseNumber(number); !ok || got != number {
			t.Fatalf("%s reads back as %s", number, got)
		}
		symbols := []byte(number)
		i := rapid.IntRange(0, len(symbols)-1).Draw(t, "i")
		j := rapid.IntRange(0, len(symbols)-1).Draw(t, "j")
		other := rapid.SampledFrom([]byte("0123456789ABCDEFGHJKMNPQRSTVWXYZ")).Draw(t, "other")
		if symbols[i] == '-' || symbols[j] == '-' {
			return
		}
		wrong := slices.Clone(symbols)
		wrong[i] = other
		if _, ok := defect.ParseNumber(string(wrong)); ok && other != symbols[i] {
			t.Fatalf("%s passes for %s", wrong, number)
		}
		swapped := slices.Clone(symbols)
		swapped[i], swapped[j] = swapped[j], swapped[i]
		if _, ok := defect.ParseNumber(string(swapped)); ok && symbols[i] != symbols[j] {
			t.Fatalf("%s passes for %s", swapped, number)
		}
	})
}

func TestNumbers_AsPeopleWriteThem(t *testing.T) {
	number := defect.NewNumber([8]byte{1, 0, 0x10, 0, 0x20, 3})
	for _, text := range []string{number, " " + number, string([]byte(number)[:4]) + number[5:9] + number[10:], lower(number)} {
		got, ok := defect.ParseNumber(text)
		require.True(t, ok, text)
		require.Equal(t, number, got)
	}
	for _, text := range []string{"", "x", number + "0", number[:13], "<script>", "7K3M-Q9XT-WA5U", "登录"} {
		_, ok := defect.ParseNumber(text)
		require.False(t, ok, text)
	}
}

func lower(s string) string {
	out := []rune(s)
	for i, r := range out {
		switch {
		case r == '0':
			out[i] = 'o'
		case r == '1':
			out[i] = 'l'
		case r >= 'A' && r <= 'Z':
			out[i] = r + 'a' - 'A'
		}
	}
	return string(out)
}

func FuzzParseNumber(f *testing.F) {
	f.Add("7K3M-Q9XT-WA5C")
	f.Fuzz(func(t *testing.T, text string) {
		number, ok := defect.ParseNumber(text)
		if !ok {
			return
		}
		again, ok := defect.ParseNumber(number)
		require.True(t, ok)
		require.Equal(t, number, again)
	})
}

func BenchmarkDo(b *testing.B) {
	c, _ := defect.Open("7K3M-Q9XT-WA5C", defect.Submission{Title: "t", Severity: 2, Reporter: defect.Reporter{Username: "reporter"}}, defect.DefaultPolicy(), people["reporter"], opened, defect.Keyed{})
	cmd := defect.Command{Action: defect.ActAcknowledge, By: people["agent"]}
	for b.Loop() {
		one := c.Clone()
		if _, err := one.Do(cmd, opened); err != nil {
			b.Fatal(err)
		}
	}
}
