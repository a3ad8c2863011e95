package defect_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/calendar"
	"yunwei/defect"
)

// office is the test policy with every severity on 5x8.
func office(t *testing.T) defect.Policy {
	t.Helper()
	return parsed(t, strings.ReplaceAll(shippedText(t), "calendar: 7x24,", "calendar: 5x8,"))
}

func TestClocks_WarnThenBreakThenEscalate(t *testing.T) {
	w := open(t, defect.DefaultPolicy(), 2)
	for range 61 {
		w.in(time.Minute)
	}
	require.Equal(t, []string{"submit", "warn response", "warn response", "breach response", "escalation response", "escalation response", "warn plan"}, kindsOf(w.events))
	require.Equal(t, []time.Time{opened, opened.Add(15 * time.Minute), opened.Add(24 * time.Minute), opened.Add(30 * time.Minute), opened.Add(30 * time.Minute), opened.Add(time.Hour), opened.Add(time.Hour)}, times(w.events))
	require.Equal(t, "response after 30m", w.events[5].Timing.Rule)
	require.Equal(t, []string{"supervisor"}, w.events[5].Timing.Notified)
	require.True(t, w.c.Overdue())
	require.True(t, clock(t, w, defect.ClockPlan).Warned())
	require.False(t, clock(t, w, defect.ClockResponse).Warned(), "it is past that")
	w.do("agent", defect.ActAcknowledge, inputs[defect.ActAcknowledge])
	k := clock(t, w, defect.ClockResponse)
	require.Equal(t, defect.ClockBreached, k.State(), "met late stays breached")
	require.Equal(t, 31*time.Minute, k.LateBy)
	require.False(t, w.c.Overdue())
	require.True(t, w.c.Breached())
}

func times(events []defect.Event) []time.Time {
	var out []time.Time
	for _, e := range events {
		out = append(out, e.At)
	}
	return out
}

func TestWarnsAt_IsWhenItIsWarned(t *testing.T) {
	w := open(t, defect.DefaultPolicy(), 2)
	first := w.c.WarnsAt(clock(t, w, defect.ClockResponse))
	require.Equal(t, opened.Add(15*time.Minute), first)
	w.in(15 * time.Minute)
	require.True(t, clock(t, w, defect.ClockResponse).Warned())
	require.Equal(t, first, w.c.WarnsAt(clock(t, w, defect.ClockResponse)), "also afterwards")
	w.in(15 * time.Minute)
	require.Zero(t, w.c.WarnsAt(clock(t, w, defect.ClockResponse)), "it is broken")
	w.do("agent", defect.ActAcknowledge, inputs[defect.ActAcknowledge])
	w.do("agent", defect.ActRequestInfo, inputs[defect.ActRequestInfo])
	require.Zero(t, w.c.WarnsAt(clock(t, w, defect.ClockResolve)), "it stands still")
	silent := open(t, defect.DefaultPolicy(), 2)
	silent.c.Policy.WarnAt = nil
	require.Zero(t, silent.c.WarnsAt(clock(t, silent, defect.ClockResponse)), "the policy warns of nothing")
}

func TestClocks_AfterAnOutage(t *testing.T) {
	w := open(t, defect.DefaultPolicy(), 2).in(70 * time.Minute)
	require.Equal(t, []string{"submit", "breach response", "escalation response", "escalation response", "warn plan"}, kindsOf(w.events), "no warning for a promise that broke meanwhile, one for one that still runs")
	breach := w.events[1]
	require.Equal(t, opened.Add(30*time.Minute), breach.At)
	require.Equal(t, 40*time.Minute, breach.Timing.LateBy)
	require.Equal(t, opened.Add(30*time.Minute), clock(t, w, defect.ClockResponse).BreachedAt)
	require.Equal(t, 40*time.Minute, clock(t, w, defect.ClockResponse).LateBy)
	require.Empty(t, w.c.Expire(w.now), "told once")

	w = open(t, defect.DefaultPolicy(), 2).do("agent", defect.ActAcknowledge, inputs[defect.ActAcknowledge]).in(100 * time.Minute)
	require.Equal(t, []string{"submit", "acknowledge", "warn plan"}, kindsOf(w.events), "of two warnings only the latest")
	require.Equal(t, 80, w.events[2].Timing.Percent)
	require.Empty(t, w.in(0).c.Expire(w.now))
}

func TestPause_AddsWorkingTimeOnly(t *testing.T) {
	w := open(t, office(t), 2) // Monday 17:00: an hour is left today
	w.do("agent", defect.ActAcknowledge, inputs[defect.ActAcknowledge])
	before := clock(t, w, defect.ClockResolve)
	w.in(30*time.Minute).do("agent", defect.ActRequestInfo, inputs[defect.ActRequestInfo])
	k := clock(t, w, defect.ClockResolve)
	require.Equal(t, defect.ClockPaused, k.State())
	require.Zero(t, k.DueAt)
	require.Equal(t, defect.ClockMet, clock(t, w, defect.ClockResponse).State())
	w.in(9 * 24 * time.Hour) // over a weekend
	require.Equal(t, []string{"submit", "acknowledge", "request_info"}, kindsOf(w.events), "nothing is broken or warned of while it stands still")
	w.do("reporter", defect.ActProvideInfo, inputs[defect.ActProvideInfo])
	k = clock(t, w, defect.ClockResolve)
	cal := w.c.Policy.Calendars["5x8"]
	paused := cal.Sub(opened.Add(30*time.Minute), w.now)
	require.Equal(t, paused, k.PausedFor)
	require.Equal(t, cal.Add(before.DueAt, paused), k.DueAt)
	require.Positive(t, cal.Sub(k.DueAt.Add(-time.Second), k.DueAt), "the due time lies in service hours")
}

func TestSeverity_ChangedKeepsWhatWasConsumedAndPaused(t *testing.T) {
	w := open(t, defect.DefaultPolicy(), 4).do("agent", defect.ActAcknowledge, inputs[defect.ActAcknowledge])
	w.in(2*time.Hour).do("agent", defect.ActRequestInfo, inputs[defect.ActRequestInfo])
	w.in(5*time.Hour).do("agent", defect.ActChangeSeverity, defect.Input{Severity: 1, Reason: "r"})
	k := clock(t, w, defect.ClockResolve)
	require.Equal(t, defect.ClockPaused, k.State(), "the pause is kept")
	require.Equal(t, 12*time.Hour, k.Target)
	w.in(time.Hour).do("reporter", defect.ActProvideInfo, inputs[defect.ActProvideInfo])
	k = clock(t, w, defect.ClockResolve)
	require.Equal(t, 6*time.Hour, k.PausedFor)
	require.Equal(t, opened.Add(12*time.Hour+6*time.Hour), k.DueAt, "from its own start")

	w = open(t, parsed(t, shippedText(t)), 4) // 5x8; the others count on 7x24
	w.in(30*time.Minute).do("agent", defect.ActChangeSeverity, defect.Input{Severity: 1, Reason: "r"})
	require.Equal(t, opened.Add(12*time.Hour), clock(t, w, defect.ClockResolve).DueAt, "half an hour was consumed on the old calendar")
	require.Equal(t, "7x24", clock(t, w, defect.ClockResolve).Calendar)
	require.Equal(t, "5x8", clock(t, w, defect.ClockResponse).Calendar, "only resolve is re-targeted")

	w = open(t, defect.DefaultPolicy(), 4).in(20*time.Hour).do("agent", defect.ActChangeSeverity, defect.Input{Severity: 1, Reason: "r"})
	events := w.c.Expire(w.now)
	require.Contains(t, kindsOf(events), "breach resolve", "shortened into the past")
	for _, e := range events {
		require.False(t, e.At.Before(w.now), "events stay in order")
	}
	require.Equal(t, opened.Add(12*time.Hour), clock(t, w, defect.ClockResolve).BreachedAt)
}

func TestSpareAndOnsite_HaveTheirOwnClocks(t *testing.T) {
	w := at(t, defect.Resolution, defect.DefaultPolicy())
	w.do("technician", defect.ActRequestSpare, inputs[defect.ActRequestSpare]).do("agent", defect.ActRequestInfo, inputs[defect.ActRequestInfo])
	require.Equal(t, []defect.Waiting{defect.WaitingSpare, defect.WaitingReporter}, w.c.Waiting)
	require.Equal(t, w.now.Add(24*time.Hour), clock(t, w, defect.ClockSparePart).DueAt)
	require.Equal(t, defect.ClockPaused, clock(t, w, defect.ClockResolve).State())
	w.do("technician", defect.ActReceiveSpare, defect.Input{})
	require.Equal(t, defect.ClockPaused, clock(t, w, defect.ClockResolve).State(), "the other waiting goes on")
	require.Equal(t, defect.ClockMet, clock(t, w, defect.ClockSparePart).State())
	w.do("agent", defect.ActEscalate, inputs[defect.ActEscalate])
	require.Equal(t, w.now.Add(2*time.Hour), clock(t, w, defect.ClockOnsite).DueAt)
	w.in(time.Hour).do("technician", defect.ActArrive, defect.Input{})
	require.Equal(t, defect.ClockMet, clock(t, w, defect.ClockOnsite).State())
	w.do("technician", defect.ActRequestSpare, inputs[defect.ActRequestSpare]).do("technician", defect.ActComplete, inputs[defect.ActComplete])
	require.Equal(t, []defect.Waiting{defect.WaitingReporter}, w.c.Waiting)
	require.Equal(t, defect.ClockCancelled, clock(t, w, defect.ClockSparePart).State())
}

func TestEnd_SilencesEverything(t *testing.T) {
	for _, stage := range []defect.Stage{defect.Withdrawn, defect.Duplicate, defect.Converted, defect.Closed} {
		w := at(t, stage, defect.DefaultPolicy())
		require.Zero(t, w.c.NextDue(), stage)
		require.Empty(t, w.c.Expire(w.now.Add(1000*time.Hour)))
		require.False(t, w.c.Overdue())
		for _, k := range w.c.Clocks {
			require.Contains(t, []defect.ClockState{defect.ClockMet, defect.ClockCancelled}, k.State())
		}
		require.Empty(t, w.c.AllowedActions(people["agent"]))
	}
}

func TestPolicy_CarriedByTheCase(t *testing.T) {
	p := office(t)
	w := open(t, p, 2)
	for _, e := range w.c.Policy.Calendars["5x8"].Exceptions {
		require.False(t, e.Date.Before(w.c.Policy.Calendars["5x8"].Exceptions[0].Date))
	}
	require.Less(t, len(w.c.Policy.Calendars["5x8"].Exceptions), len(p.Calendars["5x8"].Exceptions), "only the next 400 days")
}

// TestPolicy_WhenItIsEditedUnderACase: whatever becomes of the policy that it was submitted under, a case goes on as was
// promised: its running promises, those that a change of severity or a reopening makes anew, whom it calls and what pauses it.
func TestPolicy_WhenItIsEditedUnderACase(t *testing.T) {
	policy := func() defect.Policy {
		p := office(t)
		cal := p.Calendars["5x8"]
		cal.Exceptions = append(cal.Exceptions, calendar.Exception{Date: calendar.Date{Year: 2026, Month: 11, Day: 24}, Off: true, Name: "停工"})
		p.Calendars["5x8"] = cal
		return p
	}
	for name, c := range map[string]struct {
		edit func(p *defect.Policy)
		act  func(w *world)
	}{
		"the targets, and the severity changes": {
			func(p *defect.Policy) { p.Severities[1] = p.Severities[4] },
			func(w *world) { w.do("agent", defect.ActChangeSeverity, defect.Input{Severity: 1, Reason: "r"}) },
		},
		"the targets, and the case is reopened": {
			func(p *defect.Policy) { p.Severities[2] = p.Severities[4] },
			func(w *world) {
				w.do("agent", defect.ActAcknowledge, inputs[defect.ActAcknowledge]).do("agent", defect.ActClassify, inputs[defect.ActClassify])
				w.do("technician", defect.ActPropose, inputs[defect.ActPropose]).do("supervisor", defect.ActSign, inputs[defect.ActSign])
				w.do("technician", defect.ActComplete, inputs[defect.ActComplete]).do("agent", defect.ActVerify, inputs[defect.ActVerify])
				w.do("agent", defect.ActReply, inputs[defect.ActReply]).do("reporter", defect.ActReopen, inputs[defect.ActReopen])
			},
		},
		"the calendar, and a pause ends": {
			func(p *defect.Policy) { p.Calendars["5x8"] = p.Calendars["7x24"] },
			func(w *world) {
				w.do("agent", defect.ActRequestInfo, inputs[defect.ActRequestInfo]).in(time.Hour).do("reporter", defect.ActProvideInfo, inputs[defect.ActProvideInfo])
			},
		},
		"the days off of a calendar": {
			func(p *defect.Policy) {
				for i := range p.Calendars["5x8"].Exceptions {
					p.Calendars["5x8"].Exceptions[i].Off = false
				}
			},
			func(w *world) { w.do("agent", defect.ActChangeSeverity, defect.Input{Severity: 3, Reason: "r"}) },
		},
		"the hours of a calendar": {
			func(p *defect.Policy) {
				for _, day := range p.Calendars["5x8"].Week {
					for i := range day {
						day[i].From -= 60
					}
				}
			},
			func(w *world) {
				w.in(24*time.Hour).do("agent", defect.ActChangeSeverity, defect.Input{Severity: 3, Reason: "r"})
			},
		},
		"the pauses": {
			func(p *defect.Policy) { delete(p.Pause, defect.WaitingReporter) },
			func(w *world) { w.do("agent", defect.ActRequestInfo, inputs[defect.ActRequestInfo]) },
		},
		"a pause": {
			func(p *defect.Policy) { p.Pause[defect.WaitingReporter][0] = defect.ClockOnsite },
			func(w *world) { w.do("agent", defect.ActRequestInfo, inputs[defect.ActRequestInfo]) },
		},
		"the warnings": {
			func(p *defect.Policy) { p.WarnAt[0] = 1 },
			func(w *world) { w.in(time.Hour) },
		},
		"the rules": {
			func(p *defect.Policy) { p.Escalation[0].Notify[0] = "user:other"; p.Escalation[1].At = 1 },
			func(w *world) { w.in(24 * time.Hour) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			as, edited := open(t, policy(), 2), policy()
			w := open(t, edited, 2)
			c.edit(&edited)
			c.act(as)
			c.act(w)
			require.Equal(t, as.c.Clocks, w.c.Clocks)
			require.Equal(t, as.events, w.events)
			require.Equal(t, as.c.NextDue(), w.c.NextDue())
		})
	}
}
