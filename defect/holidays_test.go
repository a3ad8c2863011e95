package defect_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/defect"
)

func off(days ...string) calendar.Change {
	var c calendar.Change
	for _, d := range days {
		date, err := calendar.ParseDate(d)
		if err != nil {
			panic(err)
		}
		c.Days = append(c.Days, calendar.Exception{Date: date, Off: true, Name: "停工"})
	}
	return c
}

func worked(day string) calendar.Change {
	c := off(day)
	c.Days[0].Off = false
	return c
}

// under is the input that puts a case under mainland China's holidays with some changes.
func (w *world) under(revision int, changes ...calendar.Change) defect.Input {
	n, ok := calendar.InForce("cn", changes, nil)
	require.True(w.t, ok)
	return defect.Input{Reason: "国办通知", Holidays: []defect.Holidays{w.c.UnderHolidays(defect.HolidayState{Set: "cn", Revision: revision}, n, w.now)}}
}

func day(text string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", text, time.FixedZone("", 8*3600))
	if err != nil {
		panic(err)
	}
	return at.UTC()
}

func TestHolidays_MoveTheRunningPromises(t *testing.T) {
	w := open(t, office(t), 2) // Monday 2026-11-23, 17:00: half an hour to respond, two hours to plan, 24 hours to resolve
	require.Equal(t, day("2026-11-26 17:00"), clock(t, w, defect.ClockResolve).DueAt)
	w.in(time.Hour)
	in := w.under(1, off("2026-11-24", "2026-11-26"))
	moves, concerned := w.c.Moves(in.Holidays, w.now)
	require.True(t, concerned)
	require.Equal(t, []defect.Move{
		{Clock: defect.ClockPlan, Cycle: 1, Before: day("2026-11-24 09:30"), After: day("2026-11-25 09:30")},
		{Clock: defect.ClockResolve, Cycle: 1, Before: day("2026-11-26 17:00"), After: day("2026-11-30 17:00")},
	}, moves, "the promise to respond is broken")
	before := w.c.Clone()
	require.Equal(t, before, w.c, "a look changes nothing")

	w.do("liaison", defect.ActApplyHolidays, in)
	require.Equal(t, moves[0].After, clock(t, w, defect.ClockPlan).DueAt)
	require.Equal(t, moves[1].After, clock(t, w, defect.ClockResolve).DueAt)
	require.Equal(t, []defect.HolidayState{{Set: "cn", Revision: 1}}, w.c.Holidays)
	require.Equal(t, "apply_holidays", string(w.events[len(w.events)-1].Kind))
	require.Equal(t, "国办通知", w.events[len(w.events)-1].Input.Reason)
	require.Equal(t, before.Policy, w.c.Policy, "what was promised stays what it was")
	require.Equal(t, w.c, defect.Replay(w.c, w.events))
	_, concerned = w.c.Moves(in.Holidays, w.now)
	require.False(t, concerned, "there is nothing left to do")
	x, ok := w.c.Explain(defect.ClockResolve, 0, w.now)
	require.True(t, ok)
	require.Equal(t, clock(t, w, defect.ClockResolve).Target, x.Used+x.Left)
	require.Contains(t, mustJSON(t, x), "停工", "the explanation names the day")
}

func TestHolidays_KeepPausesAndWhatWasConsumed(t *testing.T) {
	w := open(t, office(t), 2).do("agent", defect.ActAcknowledge, inputs[defect.ActAcknowledge])
	w.in(time.Hour).do("agent", defect.ActRequestInfo, inputs[defect.ActRequestInfo]) // an hour is consumed
	w.in(24*time.Hour).do("reporter", defect.ActProvideInfo, inputs[defect.ActProvideInfo])
	legs := clock(t, w, defect.ClockResolve).Legs
	require.Equal(t, 8*time.Hour, clock(t, w, defect.ClockResolve).PausedFor)
	require.Equal(t, day("2026-11-27 17:00"), clock(t, w, defect.ClockResolve).DueAt)
	w.do("admin", defect.ActApplyHolidays, w.under(1, off("2026-11-26")))
	k := clock(t, w, defect.ClockResolve)
	require.Equal(t, legs, k.Legs)
	require.Equal(t, 8*time.Hour, k.PausedFor)
	require.Equal(t, day("2026-11-30 17:00"), k.DueAt, "23 hours from Tuesday 18:00, Thursday off")
	x, _ := w.c.Explain(defect.ClockResolve, 0, w.now)
	require.Equal(t, time.Hour, x.Used)

	w.do("agent", defect.ActRequestInfo, inputs[defect.ActRequestInfo])
	in := w.under(2, off("2026-11-25"))
	moves, _ := w.c.Moves(in.Holidays, w.now)
	require.Equal(t, []defect.Move{
		{Clock: defect.ClockPlan, Cycle: 1, Paused: true, Before: day("2026-11-25 09:30"), After: day("2026-11-26 09:30")},
	}, moves, "of a paused promise it is told what would be if it ran on now; to resolve, Thursday takes the place of Wednesday")
}

func TestHolidays_ADayThatPassedCountsOtherwise(t *testing.T) {
	w := open(t, office(t), 2).do("agent", defect.ActAcknowledge, inputs[defect.ActAcknowledge])
	w.in(20*time.Minute).do("agent", defect.ActRequestInfo, inputs[defect.ActRequestInfo])
	w.in(48*time.Hour).do("reporter", defect.ActProvideInfo, inputs[defect.ActProvideInfo])
	require.Equal(t, 16*time.Hour, clock(t, w, defect.ClockResolve).PausedFor)
	w.do("admin", defect.ActApplyHolidays, w.under(1, off("2026-11-24")))
	require.Equal(t, 8*time.Hour, clock(t, w, defect.ClockResolve).PausedFor, "the pause lay in fewer hours")
	for _, name := range []defect.ClockName{defect.ClockResponse, defect.ClockPlan, defect.ClockResolve} {
		x, ok := w.c.Explain(name, 0, w.now)
		require.True(t, ok)
		addsUp(t, x, w.now)
	}
}

func TestHolidays_ShortenedIntoThePast(t *testing.T) {
	w := open(t, office(t), 2).do("agent", defect.ActAcknowledge, inputs[defect.ActAcknowledge])
	w.do("admin", defect.ActApplyHolidays, w.under(1, off("2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27")))
	require.Equal(t, day("2026-11-30 09:30"), clock(t, w, defect.ClockPlan).DueAt)
	w.in(40 * time.Hour) // Wednesday 09:00, a day that turns out to be worked
	require.NotContains(t, kindsOf(w.events), "breach plan")
	in := w.under(2)
	moves, _ := w.c.Moves(in.Holidays, w.now)
	require.True(t, moves[0].Breaks, "told before")
	w.do("admin", defect.ActApplyHolidays, in)
	events := w.in(0).events
	breach := events[len(events)-1]
	for _, e := range events {
		if e.Kind == defect.KindBreach {
			breach = e
		}
	}
	require.Equal(t, defect.ClockPlan, breach.Timing.Clock)
	require.Equal(t, day("2026-11-24 09:30"), breach.Timing.DueAt)
	require.Equal(t, w.now, breach.At, "it is known since now")
	require.Equal(t, w.now.Sub(day("2026-11-24 09:30")), breach.Timing.LateBy)
	require.Equal(t, 1, strings.Count(strings.Join(kindsOf(w.in(time.Hour).events), ","), "breach plan"))
}

func TestHolidays_WarnAgainWhereItIsAheadAgain(t *testing.T) {
	w := open(t, office(t), 2).do("agent", defect.ActAcknowledge, inputs[defect.ActAcknowledge]).in(16*time.Hour + 10*time.Minute) // Tuesday 09:10: plan is at 83 %
	require.Equal(t, []string{"warn 50%", "warn 80%"}, clock(t, w, defect.ClockPlan).Fired)
	w.do("admin", defect.ActApplyHolidays, w.under(1, off("2026-11-24")))
	require.Equal(t, []string{"warn 50%"}, clock(t, w, defect.ClockPlan).Fired, "the other is Wednesday's")
	w.in(24 * time.Hour)
	require.Equal(t, []string{"warn 50%", "warn 80%"}, clock(t, w, defect.ClockPlan).Fired)
	require.Empty(t, w.c.Expire(w.now), "once")
}

func TestHolidays_LeaveBrokenAndEndedAlone(t *testing.T) {
	w := open(t, office(t), 2).in(20 * time.Hour) // response and plan are broken
	broken := clock(t, w, defect.ClockPlan)
	require.Equal(t, defect.ClockBreached, broken.State())
	w.do("admin", defect.ActApplyHolidays, w.under(1, off("2026-11-23", "2026-11-24")))
	require.Equal(t, broken, clock(t, w, defect.ClockPlan))
	x, ok := w.c.Explain(defect.ClockPlan, 0, w.now)
	require.True(t, ok)
	addsUp(t, x, w.now)
	require.False(t, x.Provisional)
	for _, stage := range []defect.Stage{defect.Withdrawn, defect.Duplicate, defect.Converted, defect.Closed} {
		w := at(t, stage, office(t))
		in := w.under(1, off("2026-11-25"))
		moves, concerned := w.c.Moves(in.Holidays, w.now)
		require.Empty(t, moves)
		require.False(t, concerned)
		w.refused(apperr.WrongStage, apperr.ReasonStage, "admin", defect.ActApplyHolidays, in)
	}
}

func TestHolidays_MoveTheClosing(t *testing.T) {
	w := at(t, defect.Replied, defect.DefaultPolicy())
	w.in(20*time.Hour).do("technician", defect.ActReport, inputs[defect.ActReport])
	before, from := w.c.AutoCloseAt, w.now
	require.False(t, w.c.SilenceProvisional())
	w.in(3 * time.Hour)
	in := w.under(1, off("2026-11-25", "2026-11-26"))
	moves, _ := w.c.Moves(in.Holidays, w.now)
	require.Len(t, moves, 1)
	require.Empty(t, moves[0].Clock)
	w.do("admin", defect.ActApplyHolidays, in)
	require.Equal(t, moves[0].After, w.c.AutoCloseAt)
	require.True(t, before.Before(w.c.AutoCloseAt))
	require.Equal(t, w.c.Calendars[len(w.c.Calendars)-1]["5x8"].Add(from, 40*time.Hour), w.c.AutoCloseAt)
	w.in(before.Sub(w.now))
	require.Equal(t, defect.Replied, w.c.Stage)
	w.do("admin", defect.ActApplyHolidays, w.under(2))
	w.in(0)
	require.Equal(t, defect.Closed, w.c.Stage)
	require.Equal(t, w.now, w.events[len(w.events)-1].At, "events stay in order")
}

func TestHolidays_MakeAPromiseCertain(t *testing.T) {
	w := open(t, office(t), 4) // 120 counted hours: fifteen working days
	w.now = day("2026-12-28 09:00")
	var e defect.Event
	w.c, e = defect.Open(w.c.Number, w.c.Submission, office(t), people["reporter"], w.now, defect.Keyed{})
	w.events = []defect.Event{e}
	require.True(t, w.c.Provisional(clock(t, w, defect.ClockResolve)))
	notice, err := calendar.ParseNotice([]byte(`{"year":2027,"days":[{"name":"元旦","date":"2027-01-01","isOffDay":true}]}`))
	require.NoError(t, err)
	in := w.under(1, notice)
	moves, _ := w.c.Moves(in.Holidays, w.now)
	require.Equal(t, defect.ClockResolve, moves[0].Clock)
	require.True(t, moves[0].ProvisionalBefore)
	require.False(t, moves[0].ProvisionalAfter)
	w.do("admin", defect.ActApplyHolidays, in)
	require.False(t, w.c.Provisional(clock(t, w, defect.ClockResolve)))
	require.Equal(t, moves[0].After, clock(t, w, defect.ClockResolve).DueAt)
	require.Equal(t, moves[0].Before.Add(24*time.Hour), moves[0].After)

	w = open(t, defect.DefaultPolicy(), 4)
	moves, concerned := w.c.Moves(w.under(1, notice).Holidays, w.now)
	require.Empty(t, moves, "7x24 knows no holidays")
	require.True(t, concerned, "but the time after which silence is consent will")
	w = at(t, defect.Replied, defect.DefaultPolicy())
	require.False(t, w.c.SilenceProvisional(), "there is none yet")
	w.in(37*24*time.Hour).do("technician", defect.ActReport, inputs[defect.ActReport])
	require.True(t, w.c.SilenceProvisional(), "five days from the end of December")
}

func TestHolidays_ByWhomAndWhatIsRefused(t *testing.T) {
	w := open(t, office(t), 2)
	in := w.under(2, off("2026-11-25"))
	for _, who := range []string{"reporter", "agent", "technician", "supervisor", "auditor", "expert"} {
		w.refused(apperr.Forbidden, apperr.ReasonRole, who, defect.ActApplyHolidays, in)
	}
	require.NotContains(t, w.c.AllowedActions(people["admin"]), defect.ActApplyHolidays, "it is no form to fill in")
	without := in
	without.Reason = ""
	w.refused(apperr.Invalid, apperr.ReasonInvalid, "admin", defect.ActApplyHolidays, without)
	w.refused(apperr.Invalid, apperr.ReasonInvalid, "admin", defect.ActApplyHolidays, defect.Input{Reason: "r"})
	w.refused(apperr.Invalid, apperr.ReasonInvalid, "admin", defect.ActComment, defect.Input{Message: "m", Holidays: in.Holidays})
	wrong := in
	wrong.Holidays = []defect.Holidays{in.Holidays[0]}
	wrong.Holidays[0].Set = "site"
	w.refused(apperr.Invalid, apperr.ReasonInvalid, "admin", defect.ActApplyHolidays, wrong)
	wrong.Holidays[0] = w.under(2, off("2026-11-25")).Holidays[0]
	wrong.Holidays[0].Days = append(wrong.Holidays[0].Days, wrong.Holidays[0].Days[0])
	w.refused(apperr.Invalid, apperr.ReasonInvalid, "admin", defect.ActApplyHolidays, wrong)
	w.do("admin", defect.ActApplyHolidays, w.under(2, off("2026-11-25")))
	w.refused(apperr.Conflict, apperr.ReasonHolidaysOlder, "admin", defect.ActApplyHolidays, w.under(2, off("2026-11-25")))
	w.refused(apperr.Conflict, apperr.ReasonHolidaysOlder, "admin", defect.ActApplyHolidays, w.under(1))
	w.do("admin", defect.ActApplyHolidays, w.under(3, worked("2026-11-28")))
	require.Len(t, w.c.Holidays, 1)
}

func TestHolidays_OfASite(t *testing.T) {
	p := parsed(t, strings.Replace(strings.ReplaceAll(shippedText(t), "calendar: 7x24,", "calendar: 5x8,"), "holidays: cn}", `holidays: site-north, exceptions: [{date: "2026-11-24", off: true, name: 司庆}]}`, 1))
	w := open(t, p, 2)
	require.Equal(t, []string{"site-north"}, w.c.FollowedSets())
	require.Equal(t, day("2026-11-25 09:30"), clock(t, w, defect.ClockPlan).DueAt, "its own day")
	n, _ := calendar.InForce("site-north", []calendar.Change{off("2026-11-25"), worked("2026-11-24")}, nil)
	h := w.c.UnderHolidays(defect.HolidayState{Set: "site-north", Revision: 2, Base: 1}, n, w.now)
	w.do("admin", defect.ActApplyHolidays, defect.Input{Reason: "r", Holidays: []defect.Holidays{h}})
	require.Equal(t, day("2026-11-26 09:30"), clock(t, w, defect.ClockPlan).DueAt, "its own day prevails still")
	h.Revision, h.Base = 3, 0
	w.refused(apperr.Conflict, apperr.ReasonHolidaysOlder, "admin", defect.ActApplyHolidays, defect.Input{Reason: "r", Holidays: []defect.Holidays{h}})
	for _, name := range []string{"de", "site-Nord", "cn2"} {
		_, err := defect.ParsePolicy([]byte(strings.Replace(shippedText(t), "holidays: cn", "holidays: "+name, 1)))
		require.ErrorContains(t, err, "line 5: calendars.5x8.holidays")
	}
}

// TestHolidays_OfACaseFromBeforeSetsHadNames: a case that an earlier release opened is reached too.
func TestHolidays_OfACaseFromBeforeSetsHadNames(t *testing.T) {
	p := office(t)
	old := p.Calendars["5x8"]
	old.Follows = ""
	old.Exceptions = append(old.Exceptions, off("2026-11-25").Days...)
	p.Calendars["5x8"] = old
	w := open(t, p, 2)
	require.Equal(t, []string{"cn"}, w.c.FollowedSets())
	w.do("admin", defect.ActApplyHolidays, w.under(1, off("2026-11-24")))
	require.Equal(t, day("2026-11-26 09:30"), clock(t, w, defect.ClockPlan).DueAt, "the site's own Wednesday is off still")
	w.do("admin", defect.ActApplyHolidays, w.under(2))
	require.Equal(t, day("2026-11-24 09:30"), clock(t, w, defect.ClockPlan).DueAt)
	require.Equal(t, off("2026-11-25").Days, w.c.Calendars[len(w.c.Calendars)-1]["5x8"].Own, "and after the next revision")
}
