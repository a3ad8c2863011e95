package calendar_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
	_ "time/tzdata" // hosts in other zones than that of the machine that runs the tests

	"github.com/stretchr/testify/require"

	"yunwei/calendar"
	"yunwei/defect"
)

// The feasts: the Spring Festival and the National Day of every year whose notice is known.
var feasts = []string{
	"2019-02-05", "2020-01-25", "2021-02-12", "2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29", "2026-02-17",
	"2019-10-01", "2020-10-01", "2021-10-01", "2022-10-01", "2023-10-01", "2024-10-01", "2025-10-01", "2026-10-01",
}

const (
	hostVariable = "YUNWEI_PROOF_HOST" // set in a test process that stands for a host in another zone
	proofBefore  = 9                   // days before a feast at which reports begin to come in
	proofAfter   = 9                   // days after it at which they end
	proofReach   = 36                  // days that the oracle looks ahead: longer than any promise runs
)

// TestPromises_OnHostsInOtherZones runs the proof below in processes of their own, one for each zone of a host.
func TestPromises_OnHostsInOtherZones(t *testing.T) {
	program, err := os.Executable()
	require.NoError(t, err)
	for _, zone := range []string{"UTC", "Asia/Shanghai", "Europe/Berlin"} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestPromises_AroundEveryFeast$", "-test.v")
			cmd.Env = append(os.Environ(), "TZ="+zone, hostVariable+"="+zone)
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, string(out))
			require.Contains(t, string(out), "host in "+zone, "the proof ran")
		})
	}
}

// TestPromises_AroundEveryFeast opens cases of every severity of both shipped policies, and of one whose every promise
// counts on 5x8, around every feast, and compares the due time of every promise with a count minute by minute.
func TestPromises_AroundEveryFeast(t *testing.T) {
	if zone := os.Getenv(hostVariable); zone != "" {
		want, err := time.LoadLocation(zone)
		require.NoError(t, err)
		for _, month := range []time.Month{time.January, time.July} {
			at := time.Date(2026, month, 1, 0, 0, 0, 0, time.UTC)
			require.Equal(t, at.In(want).Format(time.RFC3339), at.Local().Format(time.RFC3339))
		}
		t.Log("host in " + zone)
	}
	policies := proofPolicies(t)
	known := map[string]minutes{}
	checked := 0
	for _, feast := range feasts {
		begin := at(feast+" 00:00:00").AddDate(0, 0, -proofBefore)
		for name, p := range policies {
			for cal, c := range p.Calendars {
				key := fmt.Sprint(feast, cal, c.Always)
				if _, ok := known[key]; !ok {
					known[key] = minutesOf(c, begin)
				}
			}
			for severity := defect.Severity(1); severity <= 4; severity++ {
				for minute := 0; minute < (proofBefore+proofAfter)*24*60; minute += 397 {
					start := begin.Add(time.Duration(minute) * time.Minute)
					oracle := func(cal string, d time.Duration) time.Time {
						return known[fmt.Sprint(feast, cal, p.Calendars[cal].Always)].after(start, d)
					}
					checked += checkPromises(t, fmt.Sprintf("%s, severity %d, %v", name, severity, start), p, severity, start.Local(), oracle)
				}
			}
		}
	}
	require.Greater(t, checked, 50_000)
}

// proofPolicies are the shipped ones, and the default with all promises on office hours, days of 24 counted hours too.
func proofPolicies(t *testing.T) map[string]defect.Policy {
	t.Helper()
	strict, err := defect.ShippedPolicy("om-plan-strict")
	require.NoError(t, err)
	office := defect.DefaultPolicy()
	for s, targets := range office.Severities {
		targets.Calendar = "5x8"
		office.Severities[s] = targets
	}
	return map[string]defect.Policy{"om-plan": defect.DefaultPolicy(), "om-plan-strict": strict, "5x8": office}
}

// checkPromises compares a new case's clocks, and the promises that come later, with the oracle.
func checkPromises(t *testing.T, what string, p defect.Policy, s defect.Severity, start time.Time, oracle func(string, time.Duration) time.Time) int {
	t.Helper()
	c, _ := defect.Open("7K3M-Q9XT-WA5C", defect.Submission{Title: "t", Severity: s, System: "OA"}, p, defect.Person{Username: "reporter"}, start, defect.Keyed{})
	require.Len(t, c.Clocks, 3)
	for _, k := range c.Clocks {
		if want := oracle(k.Calendar, k.Target); !k.DueAt.Equal(want) {
			require.Equal(t, want, k.DueAt, "%s: %s of %v on %s", what, k.Name, k.Target, k.Calendar)
		}
	}
	terms := []defect.Term{p.Onsite, p.SparePart, p.ServiceReport, p.AutoClose}
	for _, term := range terms {
		name := term.Calendar
		if name == "" {
			name = p.Severities[s].Calendar
		}
		cal := p.Calendars[name]
		target := term.Limit.On(cal)
		if got, want := cal.Add(start, target), oracle(name, target); !got.Equal(want) {
			require.Equal(t, want, got, "%s: %v on %s", what, target, name)
		}
	}
	return len(c.Clocks) + len(terms)
}

// minutes is the oracle: of every minute from begin on, how many minutes before it were open. It knows nothing of the
// package but its data.
type minutes struct {
	begin time.Time
	open  []int // open[i] is how many of the first i minutes are
	first []int // first[n] is the minute at whose end n minutes have been open
}

func minutesOf(c calendar.Calendar, begin time.Time) minutes {
	m := minutes{begin: begin, open: []int{0}, first: []int{0}}
	s := slowOf(c)
	for i := range (proofBefore + proofAfter + proofReach) * 24 * 60 {
		open := m.open[i]
		if c.Always || s.open(begin.Add(time.Duration(i)*time.Minute)) {
			open++
			m.first = append(m.first, i+1)
		}
		m.open = append(m.open, open)
	}
	return m
}

// after returns the end of the minute by which d, whole minutes, has been counted from start on.
func (m minutes) after(start time.Time, d time.Duration) time.Time {
	before := m.open[int(start.Sub(m.begin)/time.Minute)]
	return m.begin.Add(time.Duration(m.first[before+int(d/time.Minute)]) * time.Minute).UTC()
}

// TestAdd_AllocatesNothing: however long the promise and however many its holidays. How fast it is, BenchmarkAdd tells.
func TestAdd_AllocatesNothing(t *testing.T) {
	from := at("2025-01-02 08:30:00")
	for _, c := range []calendar.Calendar{office(t), nights(t), always} {
		for _, d := range []time.Duration{time.Minute, 8 * time.Hour, 8 * time.Hour * 248, 8 * time.Hour * 248 * 20} {
			require.Zero(t, testing.AllocsPerRun(20, func() { c.Add(from, d) }), "%s: %v", c.Name, d)
			to := from.Add(3 * d)
			require.Zero(t, testing.AllocsPerRun(20, func() { c.Sub(from, to) }), "%s: %v", c.Name, d)
		}
	}
}
