package defect_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/calendar"
	"yunwei/defect"
)

// TestExplain_OverAWeekendAndAPause: what a severity 3 on office hours looks like to whoever disputes it.
func TestExplain_OverAWeekendAndAPause(t *testing.T) {
	friday := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC) // 16:00 in Beijing; the desk closes at 18:00
	p := office(t)
	c, _ := defect.Open("7K3M-Q9XT-WA5C", defect.Submission{
		Title: "t", Description: "d", Severity: 3, System: "OA", Reporter: defect.Reporter{Username: "reporter"},
	}, p, people["reporter"], friday, defect.Keyed{})
	do := func(after time.Duration, who string, a defect.Action, in defect.Input) {
		t.Helper()
		now := friday.Add(after)
		c.Expire(now)
		_, err := c.Do(defect.Command{Action: a, Input: in, By: people[who]}, now)
		require.NoError(t, err)
	}
	do(time.Hour, "agent", defect.ActAcknowledge, defect.Input{})
	do(time.Hour, "agent", defect.ActRequestInfo, defect.Input{Message: "which printer?"}) // 17:00 on Friday
	monday := 65*time.Hour + 30*time.Minute                                                // 09:30 on Monday
	do(monday, "reporter", defect.ActProvideInfo, defect.Input{Message: "the one in room 2"})

	x, ok := c.Explain(defect.ClockPlan, 0, friday.Add(monday))
	require.True(t, ok)
	require.Equal(t, 2*time.Hour, x.Used+x.Left)
	require.Equal(t, time.Hour, x.Used, "an hour on Friday")
	require.Equal(t, map[defect.Side]time.Duration{defect.SideContractor: time.Hour, defect.SideClient: 2 * time.Hour}, x.Sides)
	type told struct {
		hours           time.Duration
		counted, paused bool
		why             calendar.Why
		phase           defect.Phase
	}
	var got []told
	for _, s := range x.Stretches {
		got = append(got, told{s.To.Sub(s.From), s.Counted > 0, s.Paused, s.Why, s.Phase})
	}
	require.Equal(t, []told{
		{time.Hour, true, false, calendar.Hours, defect.PhaseElapsed},
		{time.Hour, false, true, calendar.Hours, defect.PhaseElapsed},
		{6 * time.Hour, false, true, calendar.Closed, defect.PhaseElapsed},
		{48 * time.Hour, false, true, calendar.Weekend, defect.PhaseElapsed},
		{8*time.Hour + 30*time.Minute, false, true, calendar.Closed, defect.PhaseElapsed},
		{time.Hour, false, true, calendar.Hours, defect.PhaseElapsed},
		{time.Hour, true, false, calendar.Hours, defect.PhaseAhead},
	}, got)
	require.Equal(t, friday.Add(monday+time.Hour), c.Clocks[1].DueAt)

	_, ok = c.Explain(defect.ClockOnsite, 0, friday)
	require.False(t, ok, "there is no such promise")
	_, ok = c.Explain(defect.ClockPlan, 2, friday)
	require.False(t, ok, "there is one only")
}

// TestExplain_OfWhatOccurredLongBeforeItsReport: no promise runs, and nobody's waiting counts, before there was a case.
func TestExplain_OfWhatOccurredLongBeforeItsReport(t *testing.T) {
	for name, ago := range map[string]time.Duration{"not said": -1, "at once": 0, "an hour ago": time.Hour, "a year ago": 365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			s := defect.Submission{Title: "t", Description: "d", Severity: 2, System: "OA", Reporter: defect.Reporter{Username: "reporter"}}
			if ago >= 0 {
				s.OccurredAt = opened.Add(-ago)
			}
			require.NoError(t, s.Check(opened))
			w := &world{t: t, now: opened}
			w.c, _ = defect.Open("7K3M-Q9XT-WA5C", s, defect.DefaultPolicy(), people["reporter"], opened, defect.Keyed{})
			require.Equal(t, s.OccurredAt, w.c.Submission.OccurredAt)
			require.Equal(t, opened, w.c.CreatedAt)
			require.Len(t, w.c.Clocks, 3)
			for _, k := range w.c.Clocks {
				require.Equal(t, opened, k.StartedAt, k.Name)
				require.Equal(t, opened.Add(k.Target), k.DueAt, k.Name)
				require.Equal(t, opened, k.Legs[0].From, k.Name)
			}
			require.Empty(t, w.c.Expire(opened), "nothing is late on arrival")
			w.do("agent", defect.ActRequestInfo, inputs[defect.ActRequestInfo]).in(3*time.Minute).do("reporter", defect.ActProvideInfo, inputs[defect.ActProvideInfo])
			w.in(2*time.Minute).do("agent", defect.ActAcknowledge, inputs[defect.ActAcknowledge])
			for name, used := range map[defect.ClockName]time.Duration{defect.ClockResponse: 5 * time.Minute, defect.ClockPlan: 2 * time.Minute, defect.ClockResolve: 2 * time.Minute} {
				x, ok := w.c.Explain(name, 0, w.now)
				require.True(t, ok)
				require.Equal(t, opened, x.Stretches[0].From, name)
				require.Equal(t, map[defect.Side]time.Duration{defect.SideContractor: 2 * time.Minute, defect.SideClient: 3 * time.Minute}, x.Sides, name)
				elapsed := time.Duration(0)
				for _, s := range x.Stretches {
					if s.Phase != defect.PhaseAhead {
						elapsed += s.Counted
					}
				}
				require.Equal(t, used, elapsed, name)
			}
			require.Equal(t, 3*time.Minute, clock(t, w, defect.ClockPlan).PausedFor)
		})
	}
}
