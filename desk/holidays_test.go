package desk

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/contract"
	"yunwei/defect"
	"yunwei/store/storetest"
)

const notice2027 = `{"year": 2027, "papers": [], "days": [
{"name": "元旦", "date": "2027-01-01", "isOffDay": true},
{"name": "春节", "date": "2027-02-05", "isOffDay": true}]}`

// onOfficeHours puts the desk on a policy whose every promise counts on 5x8.
func (v *town) onOfficeHours() *town {
	p := defect.DefaultPolicy()
	for s, targets := range p.Severities {
		targets.Calendar = "5x8"
		p.Severities[s] = targets
	}
	v.holidays = newHolidays(v.store, p)
	return v
}

func off(days ...string) HolidayChange {
	c := HolidayChange{Why: "国办通知", Days: []calendar.Exception{}}
	for _, d := range days {
		date, err := calendar.ParseDate(d)
		if err != nil {
			panic(err)
		}
		c.Days = append(c.Days, calendar.Exception{Date: date, Off: true, Name: "停工"})
	}
	return c
}

func (v *town) change(c HolidayChange) calendar.Revision {
	v.t.Helper()
	r, made, err := v.ChangeHolidays(v.t.Context(), v.as("liaison"), "cn", c, "")
	require.NoError(v.t, err)
	require.True(v.t, made)
	return r
}

func resolveDue(c defect.Case) time.Time {
	for _, k := range c.Clocks {
		if k.Name == defect.ClockResolve {
			return k.DueAt
		}
	}
	return time.Time{}
}

func TestHolidays_FromNoticeToNewCases(t *testing.T) {
	v := newTown(t).onOfficeHours()
	ctx := t.Context()
	v.clock = time.Date(2026, 12, 31, 9, 0, 0, 0, time.UTC) // Thursday 17:00 at the site
	before := v.submit()
	due, err := v.Due(ctx, v.as("agent"), "5x8", v.clock, calendar.Limit{Counted: 2 * time.Hour})
	require.NoError(t, err)
	require.True(t, due.Provisional)
	r := v.change(HolidayChange{Document: []byte(notice2027), Why: "国办发明电〔2026〕7号"})
	require.Equal(t, 1, r.N)
	require.Equal(t, "liaison", r.By)
	require.Equal(t, []calendar.DayChange{
		{Date: calendar.Date{Year: 2027, Month: 1, Day: 1}, After: calendar.DayOff, Name: "元旦"}, {Date: calendar.Date{Year: 2027, Month: 2, Day: 5}, After: calendar.DayOff, Name: "春节"},
	}, r.Effect.Days)
	require.Equal(t, "2027-12-31", r.Effect.Through.String())

	due, err = v.Due(ctx, v.as("agent"), "5x8", v.clock, calendar.Limit{Counted: 2 * time.Hour})
	require.NoError(t, err)
	require.False(t, due.Provisional)
	require.Equal(t, time.Date(2027, 1, 4, 1, 30, 0, 0, time.UTC), due.At)
	after := v.submit()
	require.Equal(t, resolveDue(before.Case).AddDate(0, 0, 1), resolveDue(after.Case), "new cases count on it: New Year's Day is off")
	read, err := v.Defect(ctx, v.as("agent"), before.Number)
	require.NoError(t, err)
	require.Equal(t, before.Clocks, read.Clocks, "open ones never silently")
	set, err := v.HolidayYear(ctx, v.as("agent"), "cn", 2027)
	require.NoError(t, err)
	require.Equal(t, 1, set.Revision)
	require.Equal(t, "2027-12-31", set.KnownThrough.String())
	sets, err := v.HolidaySets(ctx, v.as("agent"))
	require.NoError(t, err)
	require.Len(t, sets, 1)

	require.NoError(t, v.store.Close())
	require.Error(t, v.holidays.refresh(ctx))
	set, err = v.HolidayYear(ctx, v.as("agent"), "cn", 2027)
	require.NoError(t, err)
	require.Equal(t, 1, set.Revision, "in force also while SQL is away")
}

// TestHolidayYear_AtTheSite: there a year begins while another is not over in UTC.
func TestHolidayYear_AtTheSite(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	newYear := time.Date(2026, 12, 31, 16, 0, 0, 0, time.UTC) // at +08:00
	for at, want := range map[time.Time]int{newYear.Add(-time.Second): 2026, newYear: 2027, newYear.Add(8 * time.Hour): 2027} {
		v.clock = at
		y, err := v.HolidayYear(ctx, v.as("agent"), "cn", 0)
		require.NoError(t, err)
		require.Equal(t, []any{want, want == 2027}, []any{y.Year, y.Provisional}, at)
		for _, e := range y.Days {
			require.Equal(t, want, e.Date.Year)
		}
		require.Equal(t, want == 2026, len(y.Days) > 0)
	}
	y, err := v.HolidayYear(ctx, v.as("agent"), calendar.China, 2026)
	require.NoError(t, err)
	require.Len(t, y.Days, 39)
	require.Equal(t, []any{2026, false}, []any{y.Year, y.Provisional}, "any may be asked for")
	_, err = v.HolidayYear(ctx, v.as("agent"), "none", 0)
	requireCode(t, apperr.NotFound, err)
}

func TestHolidays_AreSeenByOtherProcesses(t *testing.T) {
	v := newTown(t).onOfficeHours()
	other := newHolidays(v.store, v.holidays.base)
	v.change(off("2026-11-24"))
	v.change(off("2026-11-25"))
	require.NoError(t, other.refresh(t.Context()))
	require.NoError(t, other.refresh(t.Context()), "nothing new is no fault")
	policy, loaded := other.inForce()
	require.True(t, loaded)
	require.Equal(t, v.policy(t.Context()), policy)
	v.change(HolidayChange{Reverts: 1, Why: "误录"})
	require.NoError(t, other.refresh(t.Context()))
	policy, _ = other.inForce()
	require.True(t, policy.Calendars["5x8"].Open(time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)))
	require.False(t, policy.Calendars["5x8"].Open(time.Date(2026, 11, 25, 2, 0, 0, 0, time.UTC)))

	v.holidays = newHolidays(v.store, v.holidays.base)
	require.Equal(t, policy, v.policy(t.Context()), "a process that has just begun asks before it answers")
}

func TestHolidays_WhoMay(t *testing.T) {
	v := newTown(t).onOfficeHours()
	ctx := t.Context()
	v.change(off("2026-11-24"))
	for _, role := range defect.Roles() {
		by := v.as(string(role))
		_, _, err := v.ChangeHolidays(ctx, by, "cn", off("2026-11-25"), "same")
		_, applyErr := v.ApplyHolidays(ctx, by, "cn", 1, "r", Selection{})
		_, previewErr := v.PreviewHolidays(ctx, by, "cn", off("2026-11-27"), "", 10)
		if role == defect.RoleLiaison || role == defect.RoleAdmin {
			require.NoError(t, previewErr, role)
			require.False(t, apperr.Is(err, apperr.Forbidden) || apperr.Is(applyErr, apperr.Forbidden), role)
		} else {
			requireCode(t, apperr.Forbidden, err)
			requireCode(t, apperr.Forbidden, applyErr)
			requireCode(t, apperr.Forbidden, previewErr)
		}
		_, _, listErr := v.HolidayRevisions(ctx, by, "cn", 0, 10)
		_, setErr := v.HolidayYear(ctx, by, "cn", 0)
		_, effectErr := v.HolidayEffect(ctx, by, "cn", 1, "", 10)
		for _, err := range []error{listErr, setErr, effectErr} {
			if role == defect.RoleReporter {
				requireCode(t, apperr.Forbidden, err)
			} else {
				require.NoError(t, err, role)
			}
		}
	}
}

func TestHolidays_WhatIsRefused(t *testing.T) {
	v := newTown(t).onOfficeHours()
	ctx := t.Context()
	for name, c := range map[string]struct {
		set    string
		change HolidayChange
		code   apperr.Code
		field  string
		reason apperr.Reason
	}{
		"an unknown set":       {"de", off("2026-11-24"), apperr.NotFound, "", apperr.ReasonHolidaySet},
		"no reason":            {"cn", HolidayChange{Days: off("2026-11-24").Days, Why: " "}, apperr.Invalid, "why", apperr.FieldRequired},
		"nothing":              {"cn", HolidayChange{Why: "r"}, apperr.Invalid, "document", apperr.FieldHolidayChange},
		"two things":           {"cn", HolidayChange{Why: "r", Reverts: 1, Days: off("2026-11-24").Days}, apperr.Invalid, "document", apperr.FieldHolidayChange},
		"no days":              {"cn", off(), apperr.Invalid, "days", apperr.FieldNoticeMissing},
		"a day twice":          {"cn", off("2026-11-24", "2026-11-24"), apperr.Invalid, "days[1].date", apperr.FieldNoticeTwice},
		"a mistake":            {"cn", HolidayChange{Why: "r", Document: []byte("{\n\"year\": 1, \"days\": []}")}, apperr.Invalid, "document.year", apperr.FieldNoticeYear},
		"a mistake in a file":  {"cn", HolidayChange{Why: "r", File: "x.json", Document: []byte("{\n\"year\": 1, \"days\": []}")}, apperr.Invalid, "file:2:year", apperr.FieldNoticeYear},
		"no notice":            {"cn", HolidayChange{Why: "r", File: "x.txt", Document: []byte("明年放假")}, apperr.Invalid, "file:1", apperr.FieldNoticeUnreadable},
		"nothing to take back": {"cn", HolidayChange{Why: "r", Reverts: 1}, apperr.Invalid, "reverts", apperr.FieldReverts},
		"less than nothing":    {"cn", HolidayChange{Why: "r", Reverts: -1}, apperr.Invalid, "reverts", apperr.FieldReverts},
		"what is so already":   {"cn", HolidayChange{Why: "r", Days: []calendar.Exception{{Date: calendar.Date{Year: 2026, Month: 2, Day: 17}, Off: true, Name: "春节"}}}, apperr.Conflict, "", apperr.ReasonHolidaysSame},
	} {
		_, _, err := v.ChangeHolidays(ctx, v.as("admin"), c.set, c.change, "")
		require.Error(t, err, name)
		e := apperr.Of(err)
		require.Equal(t, c.code, e.Code, name)
		if c.field == "" {
			require.Equal(t, c.reason, e.Reason, name)
		} else {
			require.Equal(t, apperr.Field{Field: c.field, Reason: c.reason}, e.Fields[0], name)
		}
	}
	list, _, err := v.HolidayRevisions(ctx, v.as("admin"), "cn", 0, 10)
	require.NoError(t, err)
	require.Empty(t, list, "a refusal leaves nothing")
	for _, f := range calendar.Faults() {
		require.Contains(t, noticeReasons, apperr.Reason("field.notice_"+string(f)))
	}
}

// noticeReasons are what the catalogues have texts for.
var noticeReasons = []apperr.Reason{
	apperr.FieldNoticeUnreadable, apperr.FieldNoticeSize, apperr.FieldNoticeMissing, apperr.FieldNoticeUnknown, apperr.FieldNoticeTwice, apperr.FieldNoticeYear,
	apperr.FieldNoticeDate, apperr.FieldNoticeOutside, apperr.FieldNoticeName, apperr.FieldNoticeOff, apperr.FieldNoticeSpan, apperr.FieldNoticeNothing,
}

func TestHolidays_WithAKey(t *testing.T) {
	v := newTown(t).onOfficeHours()
	ctx := t.Context()
	first, made, err := v.ChangeHolidays(ctx, v.as("admin"), "cn", off("2026-11-24"), "k")
	require.NoError(t, err)
	require.True(t, made)
	again, made, err := v.ChangeHolidays(ctx, v.as("admin"), "cn", off("2026-11-24"), "k")
	require.NoError(t, err)
	require.False(t, made)
	require.Equal(t, first.N, again.N)
	_, _, err = v.ChangeHolidays(ctx, v.as("admin"), "cn", off("2026-11-25"), "k")
	require.Equal(t, apperr.ReasonKeyReused, apperr.Of(err).Reason)
}

func TestHolidays_ShownFirstThenApplied(t *testing.T) {
	v := newTown(t).onOfficeHours()
	ctx := t.Context()
	var numbers []string
	for range 7 {
		numbers = append(numbers, v.submit().Number)
		v.clock = v.clock.Add(time.Second)
	}
	closed := numbers[3]
	_, err := v.Act(ctx, v.as("reporter"), closed, defect.ActWithdraw, defect.Input{Reason: "r"}, nil, "")
	require.NoError(t, err)

	shown := v.pages(func(after string) (HolidayEffect, error) {
		return v.PreviewHolidays(ctx, v.as("liaison"), "cn", off("2026-11-24"), after, 2)
	})
	require.Len(t, shown, 6)
	list, _, err := v.HolidayRevisions(ctx, v.as("liaison"), "cn", 0, 10)
	require.NoError(t, err)
	require.Empty(t, list, "a preview makes nothing")
	n := v.change(off("2026-11-24")).N
	again := v.pages(func(after string) (HolidayEffect, error) {
		return v.HolidayEffect(ctx, v.as("auditor"), "cn", n, after, 4)
	})
	require.Equal(t, shown, again, "what was shown is what would be")
	asked := len(v.cases.asked)

	got, err := v.ApplyHolidays(ctx, v.as("liaison"), "cn", n, "按通知", Selection{Numbers: []string{numbers[0], closed, "rubbish"}})
	require.NoError(t, err)
	require.Equal(t, []Result{ResultDone, ResultUnchanged, ResultFailed}, results(got))
	require.Equal(t, shown[0].Moves, got.Items[0].Moves)
	got, err = v.ApplyHolidays(ctx, v.as("liaison"), "cn", n, "按通知", Selection{})
	require.NoError(t, err)
	require.Len(t, got.Items, 5, "the first is done, one has ended")
	require.Empty(t, got.Next)
	require.Equal(t, 6, strings.Count(strings.Join(v.cases.asked[asked:], ","), "act apply_holidays"), "one step in each workflow")
	for _, c := range shown {
		read, err := v.Defect(ctx, v.as("agent"), c.Number)
		require.NoError(t, err)
		for _, m := range c.Moves {
			for _, k := range read.Clocks {
				if k.Name == m.Clock {
					require.Equal(t, m.After, k.DueAt, "moved to where it was said")
				}
			}
		}
		events, _, err := v.Events(ctx, v.as("agent"), c.Number, 1, 10)
		require.NoError(t, err)
		require.Equal(t, "apply_holidays", string(events[0].Kind))
		require.Equal(t, "liaison", events[0].Actor.Username)
		require.Equal(t, "按通知", events[0].Input.Reason)
	}
	require.Empty(t, v.pages(func(after string) (HolidayEffect, error) {
		return v.HolidayEffect(ctx, v.as("auditor"), "cn", n, after, 4)
	}))
	for _, s := range []Selection{{}, {Unmoved: true}, {Numbers: numbers[:1]}} {
		got, err = v.ApplyHolidays(ctx, v.as("admin"), "cn", n, "again", s)
		require.NoError(t, err)
		require.NotContains(t, results(got), ResultDone, "once is enough")
	}
	_, err = v.HolidayEffect(ctx, v.as("auditor"), "cn", n+1, "", 4)
	requireCode(t, apperr.NotFound, err)
	_, err = v.HolidayEffect(ctx, v.as("auditor"), "cn", n, "rubbish", 4)
	requireCode(t, apperr.Invalid, err)
	v.change(off("2026-11-25"))
	_, err = v.ApplyHolidays(ctx, v.as("admin"), "cn", n, "late", Selection{})
	requireCode(t, apperr.Conflict, err)
	_, err = v.ApplyHolidays(ctx, v.as("admin"), "cn", n+1, " ", Selection{})
	requireCode(t, apperr.Invalid, err)
}

// pages gathers all pages of an effect.
func (v *town) pages(ask func(after string) (HolidayEffect, error)) []HolidayCase {
	v.t.Helper()
	var out []HolidayCase
	for after := ""; ; {
		page, err := ask(after)
		require.NoError(v.t, err)
		out = append(out, page.Cases...)
		if after = page.Next; after == "" {
			return out
		}
	}
}

func results(a HolidaysApplied) []Result {
	var out []Result
	for _, r := range a.Items {
		out = append(out, r.Result)
	}
	return out
}

func TestHolidays_AppliedToCasesThatCountOnThemLater(t *testing.T) {
	v := newTown(t) // 7x24, but silence is consent after five days of 5x8
	ctx := t.Context()
	number := v.submit().Number
	n := v.change(off("2026-12-01")).N
	require.Empty(t, v.pages(func(after string) (HolidayEffect, error) {
		return v.HolidayEffect(ctx, v.as("agent"), "cn", n, after, 10)
	}))
	got, err := v.ApplyHolidays(ctx, v.as("admin"), "cn", n, "r", Selection{})
	require.NoError(t, err)
	require.Empty(t, got.Items, "no promise moves, no step")
	got, err = v.ApplyHolidays(ctx, v.as("admin"), "cn", n, "r", Selection{Unmoved: true})
	require.NoError(t, err)
	require.Equal(t, []Result{ResultDone}, results(got))
	read, err := v.Defect(ctx, v.as("agent"), number)
	require.NoError(t, err)
	require.Equal(t, []defect.HolidayState{{Set: "cn", Revision: n}}, read.Holidays)
}

func TestHolidays_OfASiteFollowThoseOfItsBase(t *testing.T) {
	v := newTown(t).onOfficeHours()
	ctx := t.Context()
	p := v.holidays.base
	c := p.Calendars["5x8"]
	c.Follows = "site-north"
	p.Calendars["5x8"] = c
	v.holidays = newHolidays(v.store, p)
	v.submit()
	own, _, err := v.ChangeHolidays(ctx, v.as("admin"), "site-north", off("2026-11-24"), "")
	require.NoError(t, err)
	require.Equal(t, 1, own.N)
	base := v.change(off("2026-11-25"))
	got, err := v.ApplyHolidays(ctx, v.as("admin"), "cn", base.N, "r", Selection{})
	require.NoError(t, err)
	require.Equal(t, []Result{ResultDone}, results(got))
	read, err := v.Defect(ctx, v.as("agent"), got.Items[0].Number)
	require.NoError(t, err)
	require.Equal(t, []defect.HolidayState{{Set: "site-north", Revision: 1, Base: 1}}, read.Holidays, "both at once")
	require.Empty(t, v.pages(func(after string) (HolidayEffect, error) {
		return v.HolidayEffect(ctx, v.as("admin"), "site-north", 1, after, 10)
	}))
	sets, err := v.HolidaySets(ctx, v.as("admin"))
	require.NoError(t, err)
	require.Len(t, sets, 2)
	require.Equal(t, "cn", sets[1].BuildsOn)
}

func TestApplyHolidays_InRequestsThatAreBounded(t *testing.T) {
	v := newTown(t).onOfficeHours()
	ctx := t.Context()
	for range MaxApplied + 3 {
		v.submit()
		v.clock = v.clock.Add(time.Millisecond)
	}
	n := v.change(off("2026-11-24")).N
	first, err := v.ApplyHolidays(ctx, v.as("admin"), "cn", n, "r", Selection{})
	require.NoError(t, err)
	require.Len(t, first.Items, MaxApplied)
	require.NotEmpty(t, first.Next)
	require.Equal(t, 3, first.Left)
	rest, err := v.ApplyHolidays(ctx, v.as("admin"), "cn", n, "r", Selection{After: first.Next})
	require.NoError(t, err)
	require.Len(t, rest.Items, 3)
	require.Empty(t, rest.Next)
	_, err = v.ApplyHolidays(ctx, v.as("admin"), "cn", n, "r", Selection{Numbers: make([]string, MaxApplied+1)})
	requireCode(t, apperr.Invalid, err)
}

// lostCases are workflows of which some do not answer.
type lostCases struct {
	*fakeCases
	lost map[string]bool
	ends error // what Temporal itself answers
}

func (l *lostCases) act(ctx context.Context, number, id string, cmd defect.Command) (contract.ActResult, error) {
	if l.lost[number] {
		return contract.ActResult{}, fromTemporal(context.DeadlineExceeded)
	}
	return l.fakeCases.act(ctx, number, id, cmd)
}

func (l *lostCases) ping(context.Context) error { return l.ends }

func TestApplyHolidays_WhenWorkflowsDoNotAnswer(t *testing.T) {
	v := newTown(t).onOfficeHours()
	ctx := t.Context()
	lost := &lostCases{fakeCases: v.cases, lost: map[string]bool{}}
	v.Desk.cases = lost
	var numbers []string
	for range 6 {
		numbers = append(numbers, v.submit().Number)
		v.clock = v.clock.Add(time.Second)
	}
	n := v.change(off("2026-11-24")).N
	lost.lost[numbers[1]] = true
	got, err := v.ApplyHolidays(ctx, v.as("admin"), "cn", n, "r", Selection{Numbers: numbers[:3]})
	require.NoError(t, err)
	require.Equal(t, []Result{ResultDone, ResultFailed, ResultDone}, results(got), "one that is lost holds up no other")
	require.Equal(t, apperr.Unavailable, got.Items[1].Err.Code)

	lost.lost[numbers[1]], lost.lost[numbers[4]], lost.ends = false, true, errors.New("away")
	got, err = v.ApplyHolidays(ctx, v.as("admin"), "cn", n, "r", Selection{})
	require.NoError(t, err)
	require.Equal(t, []Result{ResultDone, ResultDone, ResultFailed}, results(got), "it stops where Temporal is away")
	require.Equal(t, 2, got.Left, "and goes on with that one")
	_, err = v.ApplyHolidays(ctx, v.as("admin"), "cn", n, "r", Selection{After: got.Next})
	requireCode(t, apperr.Unavailable, err)
	lost.ends, lost.lost = nil, map[string]bool{}
	got, err = v.ApplyHolidays(ctx, v.as("admin"), "cn", n, "r", Selection{After: got.Next})
	require.NoError(t, err)
	require.Equal(t, []Result{ResultDone, ResultDone}, results(got))
}

func TestHolidays_OfCasesThatCannotBeRead(t *testing.T) {
	v := newTown(t).onOfficeHours()
	ctx := t.Context()
	var numbers []string
	for range 3 {
		numbers = append(numbers, v.submit().Number)
		v.clock = v.clock.Add(time.Second)
	}
	storetest.Tamper(t, v.file, "UPDATE defect_docs SET doc = '{bad' WHERE id = (SELECT id FROM defects WHERE number = '"+numbers[1]+"')")
	shown, err := v.PreviewHolidays(ctx, v.as("liaison"), "cn", off("2026-11-24"), "", 10)
	require.NoError(t, err)
	require.Equal(t, []string{numbers[1]}, shown.Unread)
	require.Len(t, shown.Cases, 2, "the others are looked at")
	done, err := v.ApplyHolidays(ctx, v.as("liaison"), "cn", v.change(off("2026-11-24")).N, "r", Selection{})
	require.NoError(t, err)
	require.Equal(t, []Result{ResultDone, ResultFailed, ResultDone}, results(done))
	require.Equal(t, numbers[1], done.Items[1].Number)
	require.Equal(t, apperr.ReasonDefectDamaged, done.Items[1].Err.Reason)
}

func TestPolicy_IsTheOneThatNewCasesCountOn(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	day := calendar.Exception{Date: calendar.Date{Year: 2026, Month: time.December, Day: 7}, Off: true, Name: "停电检修"}
	require.NotContains(t, v.Policy(ctx, v.as("reporter")).Calendars["5x8"].Exceptions, day)
	_, _, err := v.ChangeHolidays(ctx, v.as("liaison"), "cn", HolidayChange{Days: []calendar.Exception{day}, Why: "停电"}, "")
	require.NoError(t, err)
	p := v.Policy(ctx, v.as("reporter"))
	require.Contains(t, p.Calendars["5x8"].Exceptions, day)
	require.Equal(t, defect.DefaultPolicy().Hash, p.Hash)
}
