package desk

import (
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/roster"
	"yunwei/store"
)

// dutyPlan has two on site and a line day and night, all by the plan of the contract.
func dutyPlan() roster.Plan {
	weekly := func(groups ...string) roster.Rotation {
		r := roster.Rotation{Every: roster.Weekly, Anchor: calendar.Date{Year: 2026, Month: time.November, Day: 23}}
		for _, g := range groups {
			r.Groups = append(r.Groups, strings.Fields(g))
		}
		return r
	}
	line := roster.Shift{Name: "热线", Kind: roster.Hotline, Start: 8 * 60, End: 8 * 60, Rotation: weekly("agent", "business")}
	holiday := line
	holiday.Name = "节日热线"
	return roster.Plan{
		Timezone: 8 * 60 * 60, Calendar: "5x8", Holidays: []roster.Shift{holiday},
		Shifts: []roster.Shift{line, {Name: "现场", Kind: roster.Onsite, Days: []roster.Day{"mon", "tue", "wed", "thu", "fri"}, Start: 8*60 + 30, End: 18 * 60, Minimum: 2, Rotation: weekly("technician expert")}},
	}
}

func (v *town) saveRoster(name string, p roster.Plan, version int) roster.Roster {
	v.t.Helper()
	r, _, err := v.SaveRoster(v.t.Context(), v.as("liaison"), name, p, version, "排班")
	require.NoError(v.t, err)
	return r
}

func whoOf(list []roster.Assignment) string {
	var out []string
	for _, a := range list {
		out = append(out, a.Shift+":"+strings.Join(a.People, ","))
	}
	return strings.Join(out, " ")
}

func fieldsOf(t *testing.T, err error) string {
	t.Helper()
	requireCode(t, apperr.Invalid, err)
	var out []string
	for _, f := range apperr.Of(err).Fields {
		out = append(out, f.Field+" "+string(f.Reason))
	}
	return strings.Join(out, ", ")
}

func TestSaveRoster_WhoAndWhat(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	r, findings, err := v.SaveRoster(ctx, v.as("admin"), "site", dutyPlan(), 0, " 排班 ")
	require.NoError(t, err)
	require.Equal(t, 1, r.Version)
	require.Equal(t, "排班", r.Reason)
	require.Equal(t, []string{"5x8", "2026-12-31"}, []string{r.Working.Name, r.Working.KnownThrough.String()}, "it carries its calendar")
	for _, f := range findings {
		require.Equal(t, roster.ProblemProvisional, f.Problem, "eight weeks reach into a year without a notice: %v", f)
	}
	for _, role := range []string{"agent", "technician", "supervisor", "auditor", "reporter"} {
		_, _, err := v.SaveRoster(ctx, v.as(role), "site", dutyPlan(), 1, "")
		requireCode(t, apperr.Forbidden, err)
	}
	_, _, err = v.SaveRoster(ctx, v.as("liaison"), "site", dutyPlan(), 0, "")
	requireCode(t, apperr.StaleVersion, err)
	require.Equal(t, apperr.Args{"version": "0", "current": "1"}, apperr.Of(err).Args)

	bad := dutyPlan()
	bad.Calendar, bad.Shifts[0].Kind = "4x4", "home"
	_, _, err = v.SaveRoster(ctx, v.as("liaison"), "Not A Name", bad, 0, "")
	require.Equal(t, "name field.roster_name, plan.shifts[0].kind field.enum, plan.calendar field.calendar", fieldsOf(t, err))

	thin := dutyPlan()
	thin.Shifts[1].Rotation.Groups = [][]string{{"technician", "stranger"}, {"Agent"}}
	_, findings, err = v.SaveRoster(ctx, v.as("liaison"), "site", thin, 1, "")
	require.NoError(t, err, "gaps keep nobody from saving")
	has := func(p roster.Problem, person string) bool {
		return slices.ContainsFunc(findings, func(f roster.Finding) bool { return f.Problem == p && f.Person == person })
	}
	require.True(t, has(roster.ProblemUnknown, "stranger"))
	require.True(t, has(roster.ProblemShort, ""))
	require.False(t, has(roster.ProblemTwice, "agent"), "in turns of two weeks they never meet")
	again, err := v.RosterFindings(ctx, v.as("auditor"), "site", 8)
	require.NoError(t, err)
	require.Equal(t, findings, again)
}

// The example of the documentation is a roster without a gap.
// What a process has not read is not fine: it says so, and looks through what it has just saved by itself.
func TestFindings_WhileTheRostersAreNotKnown(t *testing.T) {
	v := newTown(t)
	short := dutyPlan()
	short.Shifts[1].Minimum = 3
	r := v.saveRoster("site", short, 0)
	v.duties = newDuties(v.Desk.store, v.now)
	_, err := v.RosterFindings(t.Context(), v.as("agent"), "site", 2)
	requireCode(t, apperr.Unavailable, err)

	require.Equal(t, []roster.Roster{r}, v.withSaved(r))
	list := v.lookThrough(t.Context(), v.withSaved(r), "site", 2)
	require.NotEmpty(t, list)
	before := r
	before.Version, before.Shifts, before.Swaps = r.Version-1, nil, []roster.Swap{{ID: "w"}}
	v.duties.list = []roster.Roster{{Name: "line"}, before}
	with := v.withSaved(r)
	require.Equal(t, short.Shifts, with[1].Shifts, "as it was saved, though what is known is older")
	require.Equal(t, before.Swaps, with[1].Swaps)
	require.Nil(t, v.duties.list[1].Shifts, "what is known stays")
}

func TestSaveRoster_AsDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/roster.md")
	require.NoError(t, err)
	_, example, _ := strings.Cut(string(text), "-d '")
	example, _, _ = strings.Cut(example, "'\n")
	var in struct {
		Version int
		Plan    roster.Plan
	}
	require.NoError(t, json.Unmarshal([]byte(example), &in))
	v := newTown(t)
	require.NoError(t, v.store.AddUser(t.Context(), store.User{Person: personNamed("technician2", "技术二")}))
	require.NoError(t, v.people.refresh(t.Context()))
	_, findings, err := v.SaveRoster(t.Context(), v.as("liaison"), "site", in.Plan, in.Version, "")
	require.NoError(t, err)
	require.Len(t, findings, 1)
	require.Equal(t, roster.ProblemProvisional, findings[0].Problem)
}

func TestRenewRoster_AfterANotice(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	v.saveRoster("site", dutyPlan(), 0)
	newYear := time.Date(2027, 1, 1, 4, 0, 0, 0, time.UTC)
	v.change(HolidayChange{Document: []byte(notice2027), Why: "国办通知"})
	told, err := v.RosterFindings(ctx, v.as("agent"), "site", 8)
	require.NoError(t, err)
	require.Equal(t, roster.ProblemOutdated, told[0].Problem)
	worker, err := PolicyInForce(ctx, v.store, v.holidays.base)
	require.NoError(t, err)
	require.Equal(t, v.policy(ctx), worker, "who has no desk knows the holidays too")
	duty := func() string {
		t.Helper()
		list, err := v.DutyAt(ctx, v.as("agent"), "site", newYear)
		require.NoError(t, err)
		return whoOf(list)
	}
	require.Equal(t, "热线:business 现场:technician,expert", duty())
	_, _, err = v.RenewRoster(ctx, v.as("agent"), "site", "")
	requireCode(t, apperr.Forbidden, err)
	_, _, err = v.RenewRoster(ctx, v.as("liaison"), "none", "")
	requireCode(t, apperr.NotFound, err)
	r, told, err := v.RenewRoster(ctx, v.as("liaison"), "site", "2027 年放假通知")
	require.NoError(t, err)
	require.Empty(t, told)
	require.Equal(t, []any{2, "2027 年放假通知"}, []any{r.Version, r.Reason})
	require.Equal(t, "节日热线:business", duty())
}

func TestRoster_ReadByTheContractorAlone(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	v.saveRoster("site", dutyPlan(), 0)
	v.saveRoster("line", dutyPlan(), 0)
	for _, role := range defect.Roles() {
		_, _, err := v.Rosters(ctx, v.as(string(role)), "", 10)
		_, dutyErr := v.OnDuty(ctx, v.as(string(role)), v.clock)
		if role == defect.RoleReporter {
			requireCode(t, apperr.Forbidden, err)
			requireCode(t, apperr.Forbidden, dutyErr)
			continue
		}
		require.NoError(t, err)
		require.NoError(t, dutyErr)
	}
	list, next, err := v.Rosters(ctx, v.as("agent"), "", 1)
	require.NoError(t, err)
	require.Equal(t, []string{"line", "line"}, []string{list[0].Name, next})
	list, next, err = v.Rosters(ctx, v.as("agent"), next, 1)
	require.NoError(t, err)
	require.Equal(t, []string{"site", ""}, []string{list[0].Name, next})
	for _, name := range []string{"none", "Not A Name"} {
		_, err = v.Roster(ctx, v.as("agent"), name, 0)
		requireCode(t, apperr.NotFound, err)
		_, err = v.DutyAt(ctx, v.as("agent"), name, v.clock)
		requireCode(t, apperr.NotFound, err)
	}
	saves, more, err := v.RosterVersions(ctx, v.as("agent"), "site", 0, 10)
	require.NoError(t, err)
	require.False(t, more)
	require.Len(t, saves, 1)
}

func TestDuty_AsItStoodThen(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	started := v.clock
	v.saveRoster("site", dutyPlan(), 0)
	v.clock = v.clock.Add(48 * time.Hour)
	later := dutyPlan()
	later.Shifts[0].Rotation.Groups = [][]string{{"inspector"}}
	v.saveRoster("site", later, 1)
	for when, want := range map[time.Duration]string{
		-time.Hour: "", time.Minute: "热线:agent 现场:technician,expert", 24 * time.Hour: "热线:agent 现场:technician,expert",
		48 * time.Hour: "热线:inspector 现场:technician,expert", 7 * 24 * time.Hour: "热线:inspector 现场:technician,expert",
	} {
		got, err := v.DutyAt(ctx, v.as("agent"), "site", started.Add(when))
		require.NoError(t, err)
		require.Equal(t, want, whoOf(got), when)
	}
	list, err := v.DutyBetween(ctx, v.as("agent"), "site", started.Add(-time.Hour), started.Add(72*time.Hour))
	require.NoError(t, err)
	require.Equal(t, started, list[0].From, "before the first version there is nothing")
	for _, a := range list {
		if a.Shift == "热线" {
			want := "agent"
			if !a.From.Before(v.clock) {
				want = "inspector"
			}
			require.Equal(t, want, a.People[0], a)
		}
	}

	require.NoError(t, v.store.Close())
	got, err := v.OnDuty(ctx, v.as("agent"), v.clock.Add(time.Hour))
	require.NoError(t, err, "while SQL is away, what is known holds")
	require.NotEmpty(t, got)
	_, err = v.DutyAt(ctx, v.as("agent"), "site", started.Add(time.Minute))
	requireCode(t, apperr.Unavailable, err)
	known, err := v.Roster(ctx, v.as("agent"), "site", 0)
	require.NoError(t, err)
	require.Equal(t, 2, known.Version)
}

// Whoever the plan names can be replaced, with an account or without.
func TestDuty_AskedForWithinReason(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	v.saveRoster("site", dutyPlan(), 0)
	day := func(n int) time.Time { return v.clock.AddDate(0, 0, n) }
	early, late := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	for name, c := range map[string]struct {
		from, to time.Time
		want     string
	}{
		"backwards":  {day(1), day(0), "to field.window"},
		"no end":     {day(0), time.Time{}, "to field.window"},
		"too long":   {day(0), day(roster.MaxWindow).Add(time.Second), "to field.window"},
		"long since": {early, early.AddDate(0, 0, 1), "from field.range, to field.range"},
		"far ahead":  {late.Add(-time.Hour), late, "from field.range, to field.range"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := v.DutyBetween(ctx, v.as("agent"), "site", c.from, c.to)
			require.Equal(t, c.want, fieldsOf(t, err))
		})
	}
	list, err := v.DutyBetween(ctx, v.as("agent"), "site", day(0), day(roster.MaxWindow))
	require.NoError(t, err)
	require.NotEmpty(t, list)
	for _, at := range []time.Time{early, late} {
		_, err := v.DutyAt(ctx, v.as("agent"), "site", at)
		require.Equal(t, "at field.range", fieldsOf(t, err))
		_, err = v.OnDuty(ctx, v.as("agent"), at)
		require.Equal(t, "at field.range", fieldsOf(t, err))
	}
	_, err = v.DutyBetween(ctx, v.as("reporter"), "site", day(1), day(0))
	requireCode(t, apperr.Forbidden, err)
}

func TestOverride_InsteadOfSomebodyWithoutAnAccount(t *testing.T) {
	v := newTown(t)
	plan := dutyPlan()
	plan.Shifts[0].Rotation.Groups[0] = []string{"stranger"}
	v.saveRoster("site", plan, 0)
	_, err := v.AddOverride(t.Context(), v.as("liaison"), "site", roster.Override{From: v.clock, To: v.clock.Add(time.Hour), Instead: "Stranger", People: []string{"business"}, Reason: "r"})
	require.NoError(t, err)
}

func TestOverride_FromNowOn(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	v.saveRoster("site", dutyPlan(), 0)
	ask := roster.Override{From: v.clock.Add(-time.Hour), To: v.clock.Add(4 * time.Hour), Shift: "热线", Instead: "Agent", People: []string{" Business "}, Reason: "病假"}
	_, err := v.AddOverride(ctx, v.as("agent"), "site", ask)
	requireCode(t, apperr.Forbidden, err)
	_, err = v.AddOverride(ctx, v.as("liaison"), "none", ask)
	requireCode(t, apperr.NotFound, err)
	bad := ask
	bad.People, bad.Shift, bad.Reason, bad.To = []string{"reporter", "nobody"}, "x", " ", bad.From
	_, err = v.AddOverride(ctx, v.as("liaison"), "site", bad)
	require.Equal(t, "people[0] field.serves, people[1] field.serves, to field.span, shift field.shift, reason field.required", fieldsOf(t, err))

	bad = ask
	bad.Instead = "ghost"
	_, err = v.AddOverride(ctx, v.as("liaison"), "site", bad)
	require.Equal(t, "instead field.user", fieldsOf(t, err))

	o, err := v.AddOverride(ctx, v.as("liaison"), "site", ask)
	require.NoError(t, err)
	now, err := v.DutyAt(ctx, v.as("agent"), "site", v.clock)
	require.NoError(t, err)
	require.Equal(t, "热线:business 现场:technician,expert", whoOf(now))
	v.clock = v.clock.Add(time.Hour)
	requireCode(t, apperr.NotFound, v.CancelOverride(ctx, v.as("liaison"), "site", "none"))
	requireCode(t, apperr.Forbidden, v.CancelOverride(ctx, v.as("agent"), "site", o.ID))
	require.NoError(t, v.CancelOverride(ctx, v.as("admin"), "site", o.ID))
	requireCode(t, apperr.Conflict, v.CancelOverride(ctx, v.as("admin"), "site", o.ID))
	now, err = v.DutyAt(ctx, v.as("agent"), "site", v.clock)
	require.NoError(t, err)
	require.Equal(t, "热线:agent", whoOf(now))
	past, err := v.DutyAt(ctx, v.as("agent"), "site", v.clock.Add(-time.Minute))
	require.NoError(t, err)
	require.Contains(t, whoOf(past), "热线:business")
	list, next, err := v.Overrides(ctx, v.as("agent"), "site", "", 10)
	require.NoError(t, err)
	require.Empty(t, next)
	require.Equal(t, []string{"liaison", "admin"}, []string{list[0].By, list[0].CancelledBy})
	_, _, err = v.Overrides(ctx, v.as("agent"), "site", "nonsense", 10)
	require.Equal(t, "after field.cursor", fieldsOf(t, err))
}

func TestSwap_AskedByOneAgreedByTheOther(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	v.saveRoster("site", dutyPlan(), 0)
	this := roster.Span{From: v.clock, To: v.clock.Add(15 * time.Hour)}                                        // agent's week
	next := roster.Span{From: v.clock.Add(7 * 24 * time.Hour), To: v.clock.Add(7*24*time.Hour + 15*time.Hour)} // business's
	ask := roster.Swap{With: "business", Give: this, Take: next, Reason: "婚礼"}
	_, err := v.AskSwap(ctx, v.as("inspector"), "site", ask)
	require.Equal(t, "give.from field.not_on_duty", fieldsOf(t, err))
	_, err = v.AskSwap(ctx, v.as("auditor"), "site", ask)
	requireCode(t, apperr.Forbidden, err)
	_, err = v.AskSwap(ctx, v.as("agent"), "site", roster.Swap{With: "reporter", Give: this, Take: this})
	require.Equal(t, "with field.serves, take.from field.overlap", fieldsOf(t, err))

	w, err := v.AskSwap(ctx, v.as("agent"), "site", ask)
	require.NoError(t, err)
	line := func(at time.Time) string {
		t.Helper()
		list, err := v.DutyAt(ctx, v.as("agent"), "site", at)
		require.NoError(t, err)
		return whoOf(list[:1])
	}
	require.Equal(t, "热线:agent", line(v.clock))
	_, err = v.AnswerSwap(ctx, v.as("agent"), "site", w.ID, true)
	requireCode(t, apperr.Forbidden, err)
	_, err = v.AnswerSwap(ctx, v.as("business"), "site", "none", true)
	requireCode(t, apperr.NotFound, err)
	_, err = v.AnswerSwap(ctx, v.as("business"), "site", w.ID, true)
	require.NoError(t, err)
	_, err = v.AnswerSwap(ctx, v.as("business"), "site", w.ID, false)
	requireCode(t, apperr.Conflict, err)
	require.Equal(t, []string{"热线:business", "热线:agent"}, []string{line(v.clock), line(next.From)})

	requireCode(t, apperr.Forbidden, v.CancelSwap(ctx, v.as("technician"), "site", w.ID))
	requireCode(t, apperr.Forbidden, v.CancelSwap(ctx, v.as("reporter"), "site", "none"))
	requireCode(t, apperr.NotFound, v.CancelSwap(ctx, v.as("liaison"), "site", "none"))
	require.NoError(t, v.CancelSwap(ctx, v.as("business"), "site", w.ID))
	requireCode(t, apperr.Conflict, v.CancelSwap(ctx, v.as("business"), "site", w.ID))
	require.Equal(t, []string{"热线:agent", "热线:business"}, []string{line(v.clock.Add(time.Second)), line(next.From)})

	w, err = v.AskSwap(ctx, v.as("agent"), "site", ask)
	require.NoError(t, err)
	requireCode(t, apperr.Forbidden, v.CancelSwap(ctx, v.as("business"), "site", w.ID))
	require.NoError(t, v.CancelSwap(ctx, v.as("agent"), "site", w.ID))
	_, err = v.AnswerSwap(ctx, v.as("business"), "site", w.ID, true)
	requireCode(t, apperr.Conflict, err)
	w, err = v.AskSwap(ctx, v.as("agent"), "site", ask)
	require.NoError(t, err)
	v.clock = next.To
	_, err = v.AnswerSwap(ctx, v.as("business"), "site", w.ID, true)
	requireCode(t, apperr.Conflict, err)
	list, _, err := v.Swaps(ctx, v.as("auditor"), "site", "", 10)
	require.NoError(t, err)
	require.Len(t, list, 3)
}

func TestDutyBook_FromSignInToHandOver(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	v.saveRoster("site", dutyPlan(), 0)
	_, err := v.SignOnDuty(ctx, v.as("auditor"), "site", "", "")
	requireCode(t, apperr.Forbidden, err)
	_, err = v.SignOnDuty(ctx, v.as("agent"), "none", "", "")
	require.Equal(t, "roster field.roster", fieldsOf(t, err))
	_, err = v.SignOnDuty(ctx, v.as("agent"), "site", "x", "")
	require.Equal(t, "shift field.shift", fieldsOf(t, err))
	p, err := v.SignOnDuty(ctx, v.as("agent"), "site", "", "到岗")
	require.NoError(t, err)
	require.Equal(t, roster.Presence{ID: p.ID, Roster: "site", Shift: "热线", Username: "agent", In: v.clock, NoteIn: "到岗"}, p)
	_, err = v.SignOnDuty(ctx, v.as("agent"), "site", "", "")
	requireCode(t, apperr.Conflict, err)
	there, _, err := v.Presences(ctx, v.as("liaison"), store.PresenceFilter{Present: true}, "", 10)
	require.NoError(t, err)
	require.Equal(t, []roster.Presence{p}, there)

	number := v.submit().Number
	_, err = v.Act(ctx, v.as("agent"), number, defect.ActAcknowledge, defect.Input{Assignee: "agent"}, nil, "")
	require.NoError(t, err)
	e, err := v.WriteLog(ctx, v.as("agent"), roster.LogEntry{Roster: "site", Text: " 接到电话 ", Case: strings.ToLower(number)})
	require.NoError(t, err)
	require.Equal(t, roster.LogEntry{ID: e.ID, Roster: "site", Shift: "热线", At: v.clock, By: "agent", Text: "接到电话", Case: number}, e)
	_, err = v.WriteLog(ctx, v.as("agent"), roster.LogEntry{Roster: "site", Text: "x", Case: defect.NewNumber([8]byte{1})})
	require.Equal(t, "case field.case", fieldsOf(t, err))
	lines, _, err := v.DutyLog(ctx, v.as("auditor"), "site", time.Time{}, time.Time{}, "", 10)
	require.NoError(t, err)
	require.Equal(t, []roster.LogEntry{e}, lines)
	_, _, err = v.DutyLog(ctx, v.as("reporter"), "site", time.Time{}, time.Time{}, "", 10)
	requireCode(t, apperr.Forbidden, err)

	_, err = v.HandOver(ctx, v.as("agent"), roster.HandOver{Roster: "site", To: "agent", Note: "n"})
	require.Equal(t, "to field.repeated", fieldsOf(t, err))
	_, err = v.HandOver(ctx, v.as("agent"), roster.HandOver{Roster: "site", To: "reporter", Note: "n"})
	require.Equal(t, "to field.serves", fieldsOf(t, err))
	h, err := v.HandOver(ctx, v.as("agent"), roster.HandOver{Roster: "site", To: "Business", Note: "盯紧网络"})
	require.NoError(t, err)
	require.Equal(t, []any{"agent", "business", 1, true, "热线"}, []any{h.From, h.To, h.OpenCases, h.OpenKnown, h.Shift})
	_, err = v.AcknowledgeHandOver(ctx, v.as("agent"), h.ID, "")
	requireCode(t, apperr.Forbidden, err)
	_, err = v.AcknowledgeHandOver(ctx, v.as("business"), "none", "")
	requireCode(t, apperr.NotFound, err)
	pending, _, err := v.HandOvers(ctx, v.as("business"), "", true, "", 10)
	require.NoError(t, err)
	require.Len(t, pending, 1)
	v.clock = v.clock.Add(time.Hour)
	read, err := v.AcknowledgeHandOver(ctx, v.as("business"), h.ID, " 收到 ")
	require.NoError(t, err)
	require.Equal(t, v.clock, read.AcknowledgedAt)
	_, err = v.AcknowledgeHandOver(ctx, v.as("business"), h.ID, "")
	requireCode(t, apperr.Conflict, err)
	all, _, err := v.HandOvers(ctx, v.as("business"), "site", false, "", 10)
	require.NoError(t, err)
	require.Equal(t, []roster.HandOver{read}, all)

	out, err := v.SignOffDuty(ctx, v.as("agent"), "下班")
	require.NoError(t, err)
	require.Equal(t, v.clock, out.Out)
	_, err = v.SignOffDuty(ctx, v.as("agent"), "")
	requireCode(t, apperr.Conflict, err)
}

func TestAct_AssignsByDutyAndLoad(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	take := func(in defect.Input, key string) View {
		t.Helper()
		got, err := v.Act(ctx, v.as("agent"), v.submit().Number, defect.ActAcknowledge, in, nil, key)
		require.NoError(t, err)
		return got
	}
	require.Equal(t, "agent", take(defect.Input{}, "").Assignee, "without a roster the actor")
	v.saveRoster("site", dutyPlan(), 0) // agent, technician and expert are on duty
	var got []string
	for range 5 {
		v.clock = v.clock.Add(time.Second)
		got = append(got, take(defect.Input{}, "").Assignee)
	}
	require.Equal(t, []string{"expert", "technician", "agent", "expert", "technician"}, got, "the least loaded, then who waited longest")

	named := take(defect.Input{Assignee: "business"}, "")
	require.Equal(t, "business", named.Assignee)
	events, _, err := v.Events(ctx, v.as("agent"), named.Number, 0, 10)
	require.NoError(t, err)
	require.Nil(t, events[1].Input.Assignment)

	v.clock = v.clock.Add(time.Second)
	forged := take(defect.Input{Assignment: &defect.Assignment{Code: "favour"}}, "key")
	require.Equal(t, "agent", forged.Assignee)
	events, _, err = v.Events(ctx, v.as("agent"), forged.Number, 0, 10)
	require.NoError(t, err)
	require.Equal(t, defect.ByDuty("site", "热线", 2, 3), events[1].Input.Assignment)
	again, err := v.Act(ctx, v.as("agent"), forged.Number, defect.ActAcknowledge, defect.Input{}, nil, "key")
	require.NoError(t, err, "the key stands for what the caller sent, not for whom the desk found")
	require.Equal(t, "agent", again.Assignee)

	only := dutyPlan()
	only.Shifts, only.Holidays = only.Shifts[:1], nil
	only.Shifts[0].Rotation.Groups = [][]string{{"inspector"}}
	v.saveRoster("site", only, 1)
	require.Equal(t, "agent", take(defect.Input{}, "").Assignee, "an inspector takes no cases")
	v.saveRoster("site", dutyPlan(), 2)
	open := v.submit().Number
	require.NoError(t, v.store.Close())
	away, err := v.Act(ctx, v.as("agent"), open, defect.ActAcknowledge, defect.Input{}, nil, "")
	require.NoError(t, err)
	require.Equal(t, "agent", away.Assignee, "while SQL is away nobody knows the load")
}

func TestAct_AnswerThatWasLostAndAskedForAgain(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	v.saveRoster("site", dutyPlan(), 0)
	number := v.submit().Number
	// The first try has reached the case, with another assignee than the second would find.
	k := keyed(v.as("agent"), "act "+number, "key", []any{defect.ActAcknowledge, defect.Input{}, (*int)(nil)})
	_, err := v.cases.act(ctx, number, "", defect.Command{Action: defect.ActAcknowledge, By: v.as("agent").Person, Key: k.Key, Print: k.Print, Input: defect.Input{Assignee: "technician", Assignment: defect.ByDuty("site", "现场", 0, 3)}})
	require.NoError(t, err)
	state, err := v.cases.state(ctx, number)
	require.NoError(t, err)
	_, ok := v.project(ctx, number, nil, state.Journal)
	require.True(t, ok)
	got, err := v.Act(ctx, v.as("agent"), number, defect.ActAcknowledge, defect.Input{}, nil, "key")
	require.NoError(t, err)
	require.Equal(t, "technician", got.Assignee)
}

func TestOverride_NoMoreThanARosterTakes(t *testing.T) {
	v := newTown(t)
	ctx := t.Context()
	v.saveRoster("site", dutyPlan(), 0)
	for i := range maxLiveChanges {
		require.NoError(t, v.store.AddOverride(ctx, "site", roster.Override{ID: strconv.Itoa(i), From: v.clock, To: v.clock.Add(time.Hour), At: v.clock}))
	}
	_, err := v.AddOverride(ctx, v.as("liaison"), "site", roster.Override{From: v.clock, To: v.clock.Add(time.Hour), People: []string{"agent"}, Reason: "r"})
	require.Equal(t, "name field.too_many", fieldsOf(t, err))
}

// personNamed is a technician of a name.
func personNamed(username, name string) defect.Person {
	return defect.Person{Username: username, Name: name, Roles: []defect.Role{defect.RoleTechnician}}
}
