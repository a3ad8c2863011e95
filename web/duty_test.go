package web_test

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/roster"
)

// fakeDuty keeps one roster by the rules of package roster, without SQL, and records what it is asked.
type fakeDuty struct {
	saved     []roster.Roster // its versions; none: there is no roster
	findings  []roster.Finding
	overrides []roster.Override
	swaps     []roster.Swap
	log       []roster.LogEntry
	handOvers []roster.HandOver
	presences []roster.Presence
	more      string // the cursor that lists give
	after     []string
	did       []string
	dutyAway  error // what lists and changes are answered with
	dutyWrong error // what changes are answered with
	weeks     []int
	logSpan   [2]time.Time
	override  roster.Override
	swap      roster.Swap
	table     string
}

func (f *fakeDuty) MayDuty(by desk.Caller, task roster.Task) error {
	roles := map[roster.Task][]defect.Role{
		roster.TaskRead: append(defect.DutyRoles(), defect.RoleAuditor), roster.TaskServe: defect.DutyRoles(), roster.TaskPlan: {defect.RoleLiaison, defect.RoleAdmin},
	}
	if by.Has(roles[task]...) {
		return nil
	}
	return apperr.New(apperr.Forbidden, apperr.ReasonDutyRole, apperr.Args{"task": "@duty." + string(task), "roles": "@role.liaison"})
}

func (f *fakeDuty) DutyPeople(desk.Caller) []defect.Person {
	return []defect.Person{people["agent"], people["deputy"], people["technician"]}
}

func (f *fakeDuty) DutyPerson(_ desk.Caller, who string) (string, bool) {
	for _, p := range people {
		if who == p.Name || strings.EqualFold(who, p.Username) {
			return p.Username, true
		}
	}
	return "", false
}

func (f *fakeDuty) Calendars(context.Context, desk.Caller) []calendar.Calendar {
	return []calendar.Calendar{{Name: "5x8"}}
}

func (f *fakeDuty) current() (roster.Roster, error) {
	if len(f.saved) == 0 {
		return roster.Roster{}, apperr.New(apperr.NotFound, apperr.ReasonRosterUnknown, nil)
	}
	r := f.saved[len(f.saved)-1]
	r.Overrides, r.Swaps = f.overrides, f.swaps
	return r, nil
}

func (f *fakeDuty) Rosters(_ context.Context, _ desk.Caller, after string, _ int) ([]roster.Roster, string, error) {
	f.after = append(f.after, after)
	if f.dutyAway != nil {
		return nil, "", f.dutyAway
	}
	r, err := f.current()
	if err != nil {
		return nil, "", nil //nolint:nilerr // there is none
	}
	return []roster.Roster{r}, f.more, nil
}

func (f *fakeDuty) Roster(_ context.Context, _ desk.Caller, name string, version int) (roster.Roster, error) {
	r, err := f.current()
	if err != nil || r.Name != name || version > len(f.saved) {
		return roster.Roster{}, apperr.New(apperr.NotFound, apperr.ReasonRosterUnknown, nil)
	}
	if version > 0 {
		return f.saved[version-1], nil
	}
	return r, nil
}

func (f *fakeDuty) RosterVersions(_ context.Context, _ desk.Caller, name string, before, _ int) ([]desk.RosterVersion, bool, error) {
	f.after = append(f.after, strconv.Itoa(before))
	if f.dutyAway != nil {
		return nil, false, f.dutyAway
	}
	var out []desk.RosterVersion
	for _, r := range slices.Backward(f.saved) {
		out = append(out, desk.RosterVersion{Name: name, Version: r.Version, SavedAt: r.SavedAt, SavedBy: r.SavedBy, Reason: r.Reason})
	}
	return out, f.more != "", nil
}

func (f *fakeDuty) SaveRoster(_ context.Context, by desk.Caller, name string, plan roster.Plan, version int, reason string) (roster.Roster, []roster.Finding, error) {
	f.did = append(f.did, "save "+name+" "+strconv.Itoa(version)+" "+reason)
	if err := f.dutyError(); err != nil {
		return roster.Roster{}, nil, err
	}
	plan = plan.Tidy()
	var wrong apperr.Fields
	if !roster.ValidName(name) {
		wrong.Add("name", apperr.FieldRosterID, nil)
	}
	if err := plan.Check(); err != nil {
		for _, field := range apperr.Of(err).Fields {
			wrong.Add("plan."+field.Field, field.Reason, field.Args)
		}
	}
	if err := wrong.Err(); err != nil {
		return roster.Roster{}, nil, err
	}
	if version != len(f.saved) {
		return roster.Roster{}, nil, apperr.New(apperr.StaleVersion, apperr.ReasonRosterVersion, apperr.Args{"version": strconv.Itoa(version), "current": strconv.Itoa(len(f.saved))})
	}
	f.saved = append(f.saved, roster.Roster{Name: name, Plan: plan, Version: version + 1, SavedAt: now, SavedBy: by.Username, Reason: reason})
	return f.saved[version], f.findings, nil
}

func (f *fakeDuty) dutyError() error {
	if f.dutyAway != nil {
		return f.dutyAway
	}
	return f.dutyWrong
}

func (f *fakeDuty) RenewRoster(context.Context, desk.Caller, string, string) (roster.Roster, []roster.Finding, error) {
	f.did = append(f.did, "renew")
	return roster.Roster{}, nil, f.dutyError()
}

func (f *fakeDuty) ImportRoster(_ context.Context, _ desk.Caller, _ string, body io.Reader, reason string) (roster.Roster, []roster.Finding, error) {
	text, err := io.ReadAll(body)
	if err != nil {
		return roster.Roster{}, nil, err
	}
	f.table = string(text) + " " + reason
	return roster.Roster{}, nil, f.dutyError()
}

func (f *fakeDuty) ExportRoster(_ context.Context, _ desk.Caller, _ string, weeks int, _ bool) ([]byte, error) {
	f.weeks = append(f.weeks, weeks)
	return []byte("xlsx"), f.dutyError()
}

func (f *fakeDuty) RosterFindings(_ context.Context, _ desk.Caller, _ string, weeks int) ([]roster.Finding, error) {
	f.weeks = append(f.weeks, weeks)
	return f.findings, nil
}

func (f *fakeDuty) OnDuty(_ context.Context, _ desk.Caller, at time.Time) ([]roster.Assignment, error) {
	r, err := f.current()
	if err != nil {
		return nil, nil //nolint:nilerr // there is none
	}
	return r.OnDuty(at), nil
}

func (f *fakeDuty) DutyBetween(_ context.Context, _ desk.Caller, _ string, from, to time.Time) ([]roster.Assignment, error) {
	if f.dutyAway != nil && from.Before(now) {
		return nil, f.dutyAway
	}
	if err := roster.CheckWindow(from, to); err != nil {
		return nil, err
	}
	r, err := f.current()
	return r.Between(from, to), err
}

func (f *fakeDuty) AddOverride(_ context.Context, _ desk.Caller, _ string, o roster.Override) (roster.Override, error) {
	f.override = o
	return o, f.dutyError()
}

func (f *fakeDuty) MayCancelOverride(by desk.Caller, o roster.Override) error {
	if err := f.MayDuty(by, roster.TaskPlan); err != nil || o.Live(now) {
		return err
	}
	return apperr.New(apperr.Conflict, apperr.ReasonChangeOver, nil)
}

func (f *fakeDuty) CancelOverride(_ context.Context, _ desk.Caller, _, id string) error {
	f.did = append(f.did, "cancel override "+id)
	return f.dutyError()
}

func (f *fakeDuty) Overrides(_ context.Context, _ desk.Caller, _, after string, _ int) ([]roster.Override, string, error) {
	f.after = append(f.after, "overrides "+after)
	return f.overrides, f.more, f.dutyAway
}

func (f *fakeDuty) AskSwap(_ context.Context, _ desk.Caller, _ string, w roster.Swap) (roster.Swap, error) {
	f.swap = w
	return w, f.dutyError()
}

func (f *fakeDuty) MayAnswerSwap(by desk.Caller, w roster.Swap) error {
	if w.With == by.Username && w.Waits(now) {
		return nil
	}
	return apperr.New(apperr.Conflict, apperr.ReasonChangeOver, nil)
}

func (f *fakeDuty) AnswerSwap(_ context.Context, _ desk.Caller, _, id string, agree bool) (roster.Swap, error) {
	f.did = append(f.did, "answer "+id+" "+strconv.FormatBool(agree))
	return roster.Swap{}, f.dutyError()
}

func (f *fakeDuty) MayCancelSwap(by desk.Caller, w roster.Swap) error {
	if w.By == by.Username && w.Live(now) {
		return nil
	}
	return apperr.New(apperr.Conflict, apperr.ReasonChangeOver, nil)
}

func (f *fakeDuty) CancelSwap(_ context.Context, _ desk.Caller, _, id string) error {
	f.did = append(f.did, "cancel swap "+id)
	return f.dutyError()
}

func (f *fakeDuty) Swaps(_ context.Context, _ desk.Caller, _, after string, _ int) ([]roster.Swap, string, error) {
	f.after = append(f.after, "swaps "+after)
	return slices.Clone(f.swaps), f.more, f.dutyAway
}

func (f *fakeDuty) SignOnDuty(_ context.Context, by desk.Caller, name, shift, note string) (roster.Presence, error) {
	if err := f.dutyError(); err != nil {
		return roster.Presence{}, err
	}
	f.presences = append(f.presences, roster.Presence{ID: "p", Roster: name, Shift: shift, Username: by.Username, In: now, NoteIn: note})
	return f.presences[0], nil
}

func (f *fakeDuty) SignOffDuty(_ context.Context, _ desk.Caller, note string) (roster.Presence, error) {
	if err := f.dutyError(); err != nil {
		return roster.Presence{}, err
	}
	f.presences[0].Out, f.presences[0].NoteOut = now, note
	return f.presences[0], nil
}

func (f *fakeDuty) Presences(_ context.Context, _ desk.Caller, q desk.PresenceFilter, after string, _ int) ([]roster.Presence, string, error) {
	f.after = append(f.after, "presences "+after)
	list := slices.DeleteFunc(slices.Clone(f.presences), func(p roster.Presence) bool {
		return q.Present && !p.Out.IsZero() || q.Username != "" && q.Username != p.Username
	})
	return list, f.more, f.dutyAway
}

func (f *fakeDuty) WriteLog(_ context.Context, by desk.Caller, e roster.LogEntry) (roster.LogEntry, error) {
	if err := f.dutyError(); err != nil {
		return roster.LogEntry{}, err
	}
	e.By, e.At = by.Username, now
	f.log = append(f.log, e)
	return e, nil
}

func (f *fakeDuty) DutyLog(_ context.Context, _ desk.Caller, _ string, from, to time.Time, after string, _ int) ([]roster.LogEntry, string, error) {
	f.after, f.logSpan = append(f.after, "log "+after), [2]time.Time{from, to}
	return f.log, f.more, f.dutyAway
}

func (f *fakeDuty) HandOver(_ context.Context, by desk.Caller, h roster.HandOver) (roster.HandOver, error) {
	if err := f.dutyError(); err != nil {
		return roster.HandOver{}, err
	}
	h.ID, h.From, h.At, h.OpenCases, h.OpenKnown = "h-1", by.Username, now, 3, true
	f.handOvers = append(f.handOvers, h)
	return h, nil
}

func (f *fakeDuty) MayAcknowledge(by desk.Caller, h roster.HandOver) error {
	if h.To == by.Username && h.AcknowledgedAt.IsZero() {
		return nil
	}
	return apperr.New(apperr.Conflict, apperr.ReasonAcknowledged, nil)
}

func (f *fakeDuty) AcknowledgeHandOver(_ context.Context, _ desk.Caller, id, remark string) (roster.HandOver, error) {
	if err := f.dutyError(); err != nil {
		return roster.HandOver{}, err
	}
	f.did = append(f.did, "acknowledge "+id)
	f.handOvers[0].AcknowledgedAt, f.handOvers[0].Remark = now, remark
	return f.handOvers[0], nil
}

func (f *fakeDuty) HandOvers(_ context.Context, _ desk.Caller, _ string, pending bool, after string, _ int) ([]roster.HandOver, string, error) {
	f.after = append(f.after, "hand-overs "+after)
	list := slices.DeleteFunc(slices.Clone(f.handOvers), func(h roster.HandOver) bool { return pending && !h.AcknowledgedAt.IsZero() })
	return list, f.more, f.dutyAway
}

var errSQLAway = &apperr.Error{Code: apperr.Unavailable, Reason: apperr.ReasonStoreAway, RetryAfter: time.Second}

// aNumber is a case's, by its check symbol, too.
var aNumber = defect.NewNumber([8]byte{1})

// date reads a day.
func date(t *testing.T, text string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(text)
	require.NoError(t, err)
	return d
}

// planned returns a plan: two on site on workdays, one on the line at all times, and another line on days off.
func planned(t *testing.T) roster.Plan {
	t.Helper()
	first := date(t, "2026-11-23")
	return roster.Plan{
		Timezone: 8 * 3600, Calendar: "5x8",
		Shifts: []roster.Shift{
			{Name: "现场", Kind: roster.Onsite, Days: roster.Days()[:5], Start: 8*60 + 30, End: 18 * 60, Minimum: 2,
				Rotation: roster.Rotation{Every: roster.Weekly, Length: 1, Anchor: first, Groups: [][]string{{"agent", "technician"}, {"supervisor", "deputy"}}}},
			{Name: "热线", Kind: roster.Hotline, Start: 8 * 60, End: 8 * 60, Rotation: roster.Rotation{Every: roster.Daily, Anchor: first, Groups: [][]string{{"agent"}, {"technician"}}}},
		},
		Holidays: []roster.Shift{{Name: "节日热线", Kind: roster.Hotline, Start: 8 * 60, End: 8 * 60, Rotation: roster.Rotation{Every: roster.Daily, Anchor: first, Groups: [][]string{{"agent"}}}}},
	}
}

// rostered has a roster that was saved once. Now is 01:00 of Tuesday at the site.
func rostered(t *testing.T, f *fakeDesk) {
	t.Helper()
	r := roster.Roster{Name: "site", Plan: planned(t), Version: 1, SavedAt: now.Add(-30 * 24 * time.Hour), SavedBy: "deputy", Reason: "首次排班"}
	r.Working = calendar.Calendar{Name: "5x8", KnownThrough: date(t, "2026-12-31"), Exceptions: []calendar.Exception{{Date: date(t, "2026-11-26"), Off: true, Name: "校庆"}, {Date: date(t, "2026-11-28"), Name: "校庆"}}}
	f.saved = []roster.Roster{r}
}

// rosterPages are all pages of a roster.
var rosterPages = []string{
	"/duty", "/duty/site", "/duty/site/changes", "/duty/site/log", "/duty/site/hand-overs", "/duty/site/presence", "/duty/site/findings", "/duty/site/table", "/duty/site/versions", "/duty/site/versions/1",
}

// changed fills the book and the changes of a roster.
func booked(f *fakeDesk) {
	day := now.Truncate(24 * time.Hour)
	f.swaps = []roster.Swap{
		{ID: "w-1", By: "technician", With: "agent", Give: roster.Span{From: day.Add(48 * time.Hour), To: day.Add(56 * time.Hour)}, Take: roster.Span{From: day.Add(72 * time.Hour), To: day.Add(80 * time.Hour)}, Reason: "家中有事", At: now, State: roster.SwapAsked},
		{ID: "w-2", By: "agent", With: "deputy", Give: roster.Span{From: day.Add(-48 * time.Hour), To: day.Add(-40 * time.Hour)}, Take: roster.Span{From: day.Add(-24 * time.Hour), To: day.Add(-16 * time.Hour)}, At: now, State: roster.SwapRefused},
	}
	f.overrides = []roster.Override{
		{ID: "o-1", From: now, To: now.Add(12 * time.Hour), Instead: "agent", People: []string{"deputy"}, By: "deputy", Reason: "病假", At: now},
		{ID: "o-2", From: now.Add(-48 * time.Hour), To: now.Add(-24 * time.Hour), People: []string{"agent"}, By: "deputy", Reason: "培训", At: now.Add(-72 * time.Hour), CancelledBy: "deputy", CancelledAt: now.Add(-47 * time.Hour)},
	}
	f.log = []roster.LogEntry{{ID: "l-1", Roster: "site", Shift: "热线", At: now, By: "agent", Text: "机房<b>巡视</b>正常", Case: firstNumber}}
	f.handOvers = []roster.HandOver{{ID: "h-1", Roster: "site", Shift: "现场", At: now, From: "agent", To: "technician", OpenCases: 3, OpenKnown: true, Note: "打印机待修"}}
	f.presences = []roster.Presence{{ID: "p-1", Roster: "site", Shift: "热线", Username: "agent", In: now, NoteIn: "按时"}}
	f.findings = []roster.Finding{
		{Problem: roster.ProblemOutdated, Roster: "site", From: now, To: now.Add(24 * time.Hour), Timezone: 8 * 3600},
		{Problem: roster.ProblemUncovered, Roster: "site", Kind: roster.Onsite, From: now.Add(8 * time.Hour), To: now.Add(16 * time.Hour), Need: 2, Timezone: 8 * 3600},
		{Problem: roster.ProblemTwice, Roster: "site", Shifts: []string{"现场", "热线"}, Person: "technician", From: now.Add(9 * time.Hour), To: now.Add(10 * time.Hour), Timezone: 8 * 3600},
	}
}

func TestDuty_SpeaksBothLanguages(t *testing.T) {
	f, h := newSite(t)
	rostered(t, f)
	booked(f)
	says := map[string]map[string][]string{
		"zh": {
			"/duty":               {"当前值班", "接口人", "有调整", "至 08:00", "等待您答复", "服务台 的交接记录(site)"},
			"/duty/site":          {"2026-11-23 – 2026-11-29", "11-24 周二", "今天", `mark-off`, "休 校庆", "班 校庆", "08:00–次日 08:00", "日历有变", "无人</span> <span class=\"small\">09:00–17:00 现场值守", "重复</span> <span class=\"small\">10:00–11:00 技术一 现场、热线"},
			"/duty/site/changes":  {"待答复", "家中有事", "未同意", "替 服务台", "病假", "由 接口人 取消", "11-25 周三"},
			"/duty/site/log":      {"机房&lt;b&gt;巡视", "写值班日志", firstNumber},
			"/duty/site/findings": {"共 3 个", "技术一 在 2026-11-24 10:00"},
			"/duty/site/versions": {"首次排班", "第 1 版"},
		},
		"en": {
			"/duty": {"On duty now", "changed", "Waiting for your answer"}, "/duty/site": {"Tue 11-24", "08:00–08:00 next day", "off 校庆", "nobody"}, "/duty/site/changes": {"asked", "in place of 服务台"},
			"/duty/site/hand-overs": {"3 open cases in hand", "Acknowledge"}, "/duty/site/table": {"Download xlsx"},
		},
	}
	for language, pages := range says {
		b := as(t, h, "technician", language)
		for target, texts := range pages {
			page := b.get(target).Body.String()
			for _, text := range texts {
				require.Contains(t, page, text, "%s in %s", target, language)
			}
		}
		for username := range people {
			b := as(t, h, username, language)
			for _, target := range append(rosterPages, "/rosters/new", "/duty/site/plan") {
				w := b.get(target)
				require.NotContains(t, []int{500, 303, 404}, w.Code, "%s of %s", target, username)
				require.Empty(t, rawKey.FindString(w.Body.String()), "%s of %s in %s", target, username, language)
				require.NotContains(t, w.Body.String(), "no value", target)
				require.NotContains(t, w.Body.String(), "ZgotmplZ", target)
			}
		}
	}
}

func TestDuty_ShowsOnlyWhatOneMayDo(t *testing.T) {
	f, h := newSite(t)
	rostered(t, f)
	booked(f)
	all := []string{
		`href="/rosters/new"`, `href="/duty/site/plan"`, `value="override"`, `value="cancel-override"`, `value="renew"`, `action="/duty/site/import"`, // of who plans
		`value="log"`, `value="hand-over"`, `value="sign-on"`, `value="sign-off"`, `value="swap"`, `value="agree"`, `value="cancel-swap"`, `value="acknowledge"`,
	}
	for username, may := range map[string][]string{
		"agent": {`value="log"`, `value="hand-over"`, `value="sign-off"`, `value="swap"`, `value="agree"`}, "technician": {`value="log"`, `value="hand-over"`, `value="sign-on"`, `value="swap"`, `value="cancel-swap"`, `value="acknowledge"`},
		"deputy": {
			`href="/rosters/new"`, `href="/duty/site/plan"`, `value="override"`, `value="cancel-override"`, `value="renew"`, `action="/duty/site/import"`, `value="log"`, `value="hand-over"`, `value="sign-on"`, `value="swap"`,
		},
		"auditor": {},
	} {
		b := as(t, h, username, "zh")
		var text strings.Builder
		for _, target := range rosterPages {
			w := b.get(target)
			require.Equal(t, http.StatusOK, w.Code, "%s of %s", target, username)
			require.Contains(t, w.Body.String(), `href="/duty"`)
			text.WriteString(w.Body.String())
		}
		for _, one := range all {
			require.Equal(t, slices.Contains(may, one), strings.Contains(text.String(), one), "%s of %s", one, username)
		}
	}
	b := as(t, h, "reporter", "zh")
	require.NotContains(t, b.get("/").Body.String(), `href="/duty"`, "no way leads there")
	for _, target := range []string{"/duty", "/rosters/new", "/duty/site/plan"} {
		require.Equal(t, http.StatusForbidden, b.get(target).Code, target)
	}
	require.Equal(t, http.StatusForbidden, as(t, h, "agent", "zh").post("/duty/site/plan", url.Values{}).Code)
}

func TestDuty_WhenThereIsNothing(t *testing.T) {
	_, h := newSite(t)
	page := as(t, h, "deputy", "zh").get("/duty").Body.String()
	require.Contains(t, page, "还没有值班表")
	require.Contains(t, page, `href="/rosters/new"`)
	page = as(t, h, "agent", "zh").get("/duty").Body.String()
	require.Contains(t, page, "请项目接口人或管理员新建")
	require.NotContains(t, page, `href="/rosters/new"`)
	require.Equal(t, http.StatusNotFound, as(t, h, "agent", "zh").get("/duty/none").Code)
}

func TestWeek_GoesToOtherWeeks(t *testing.T) {
	f, h := newSite(t)
	rostered(t, f)
	b := as(t, h, "technician", "zh")
	page := b.get("/duty/site").Body.String()
	require.Contains(t, page, `href="/duty/site?week=2026-11-16" rel="prev"`)
	require.Contains(t, page, `href="/duty/site?week=2026-11-30" rel="next"`)
	require.Equal(t, 7, strings.Count(page, `<tr class="day`))
	require.Equal(t, 1, strings.Count(page, `aria-current="date"`))
	page = b.get("/duty/site?week=2026-12-03").Body.String()
	require.Contains(t, page, "2026-11-30 – 2026-12-06", "any day names its week")
	require.Contains(t, page, "主管一、接口人", "the next group has its turn")
	require.NotContains(t, page, `aria-current="date"`)
	page = b.get("/duty/site?week=2027-01-04").Body.String()
	require.Contains(t, page, "放假安排未公布")
	require.Equal(t, http.StatusOK, b.get("/duty/site?week=x").Code)
	require.Contains(t, b.get("/duty/site?week=9999-12-20").Body.String(), "1970", "a year that no roster is made for")
}

// dutyStep sends the form of a step.
func dutyStep(b *browser, act string, form url.Values) (status int, page, to string) {
	form.Set("_action", act)
	w := b.post("/duty/site", form)
	return w.Code, w.Body.String(), w.Header().Get("Location")
}

func TestDutySteps_FromTheFormToTheBook(t *testing.T) {
	f, h := newSite(t)
	rostered(t, f)
	b := as(t, h, "technician", "zh")
	for _, s := range []struct {
		act  string
		form url.Values
		to   string
	}{
		{"sign-on", url.Values{"shift": {"热线"}, "note": {"按时"}, "_tab": {"week"}}, "/duty/site?did=sign-on"},
		{"log", url.Values{"text": {"一\r\n二"}, "case": {aNumber}}, "/duty/site/log?did=log"},
		{"hand-over", url.Values{"to": {"agent"}, "note": {"待修"}}, "/duty/site/hand-overs?did=hand-over"},
		{"acknowledge", url.Values{"_id": {"h-1"}, "remark": {"收到"}}, "/duty/site/hand-overs?did=acknowledge"},
		{"sign-off", url.Values{"note": {"交班"}, "_tab": {"nowhere"}}, "/duty/site/presence?did=sign-off"},
		{"agree", url.Values{"_id": {"w-1"}}, "/duty/site/changes?did=agree"},
		{"refuse", url.Values{"_id": {"w-2"}}, "/duty/site/changes?did=refuse"},
		{"cancel-swap", url.Values{"_id": {"w-3"}}, "/duty/site/changes?did=cancel-swap"},
		{"cancel-override", url.Values{"_id": {"o-1"}}, "/duty/site/changes?did=cancel-override"},
		{"renew", url.Values{}, "/duty/site/findings?did=renew"},
	} {
		status, page, to := dutyStep(b, s.act, s.form)
		require.Equal(t, http.StatusSeeOther, status, "%s: %s", s.act, page)
		require.Equal(t, s.to, to, s.act)
		require.Contains(t, b.get(to).Body.String(), `class="note did"`, s.act)
	}
	require.Equal(t, []string{"acknowledge h-1", "answer w-1 true", "answer w-2 false", "cancel swap w-3", "cancel override o-1", "renew"}, f.did)
	require.Equal(t, []roster.LogEntry{{Roster: "site", At: now, By: "technician", Text: "一\n二", Case: aNumber}}, f.log)
	require.Equal(t, "收到", f.handOvers[0].Remark)
	require.Equal(t, roster.Presence{ID: "p", Roster: "site", Shift: "热线", Username: "technician", In: now, Out: now, NoteIn: "按时", NoteOut: "交班"}, f.presences[0])
	status, _, _ := dutyStep(b, "fly", url.Values{})
	require.Equal(t, http.StatusNotFound, status)
}

func TestDutySteps_TellMistakesBesideTheFields(t *testing.T) {
	f, h := newSite(t)
	rostered(t, f)
	b := as(t, h, "technician", "zh")
	status, page, _ := dutyStep(b, "log", url.Values{"text": {" "}, "case": {"no number"}, "shift": {"热线"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, page, `id="log-text-error">必填`)
	require.Contains(t, page, `id="log-case-error"`)
	require.Contains(t, page, `value="no number"`)
	require.Contains(t, page, `<option value="热线" selected>`)

	var wrong apperr.Fields
	wrong.Add("take.from", apperr.FieldNotOnDuty, apperr.Args{"person": "agent"})
	f.dutyWrong = wrong.Err()
	page = b.get("/duty/site/changes").Body.String()
	choices := func(name string) []string {
		var out []string
		_, list, _ := strings.Cut(page, `<select id="swap-`+name+`"`)
		list, _, _ = strings.Cut(list, "</select>")
		for _, part := range strings.Split(list, `<option value="`)[2:] {
			value, _, _ := strings.Cut(part, `"`)
			out = append(out, strings.ReplaceAll(value, "&#43;", "+"))
		}
		return out
	}
	give, take := choices("give"), choices("take")
	require.Len(t, give, 23, "four weeks: thirteen days on the line, and ten on site")
	require.True(t, strings.HasPrefix(give[0], "technician|"))
	status, page, _ = dutyStep(b, "swap", url.Values{"give": {give[1]}, "take": {take[0]}, "reason": {"有事"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, page, `id="swap-take-error">服务台 在这段时间没有值班`)
	require.Contains(t, page, ">有事</textarea>")
	require.Contains(t, page, `value="`+take[0]+`" selected`)
	person, _, _ := strings.Cut(take[0], "|")
	require.Equal(t, person, f.swap.With)
	require.True(t, f.swap.Give.From.Before(f.swap.Give.To))
	status, page, _ = dutyStep(b, "swap", url.Values{"give": {"x|y|z"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, page, `id="swap-give-error">必填`)

	planner := as(t, h, "deputy", "zh")
	wrong = apperr.Fields{}
	wrong.Add("people[1]", apperr.FieldServes, nil)
	f.dutyWrong = wrong.Err()
	status, page, _ = dutyStep(planner, "override", url.Values{"from": {"2026-11-24T08:30"}, "to": {"2026-11-24T18:00"}, "people": {"agent", "deputy"}, "reason": {"病假"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, page, `id="override-people-error"`)
	require.Contains(t, page, `name="people" value="deputy" checked`)
	require.Equal(t, time.Date(2026, 11, 24, 0, 30, 0, 0, time.UTC), f.override.From.UTC(), "in the zone of the roster")
	require.Equal(t, []string{"agent", "deputy"}, f.override.People)
	require.Contains(t, page, `<input type="datetime-local" id="override-to" name="to" value="2026-11-24T18:00"`)
	status, page, _ = dutyStep(planner, "override", url.Values{"from": {"2026-11-24T08:30"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	for _, name := range []string{"to", "people", "reason"} {
		require.Contains(t, page, `id="override-`+name+`-error">必填`)
	}
	f.dutyWrong = apperr.New(apperr.Conflict, apperr.ReasonChangeOver, nil)
	status, page, _ = dutyStep(b, "agree", url.Values{"_id": {"w-1"}})
	require.Equal(t, http.StatusConflict, status)
	require.Contains(t, page, "这条替班或换班已答复")
}

func TestDuty_WhileSQLIsAway(t *testing.T) {
	f, h := newSite(t)
	rostered(t, f)
	booked(f)
	f.dutyAway = errSQLAway
	b := as(t, h, "technician", "zh")
	page := b.get("/duty").Body.String()
	require.Contains(t, page, "只显示当前值班人员")
	require.Contains(t, page, "接口人", "who is on duty is known")
	for _, target := range rosterPages[1:8] {
		w := b.get(target)
		require.Equal(t, http.StatusOK, w.Code, target)
	}
	require.Contains(t, b.get("/duty/site/log").Body.String(), "稍后才能显示")
	for target, known := range map[string]bool{"/duty/site": true, "/duty/site?week=2026-11-02": false} {
		_, week, _ := strings.Cut(b.get(target).Body.String(), `<table class="week">`)
		week, _, _ = strings.Cut(week, "</table>")
		require.Equal(t, known, strings.Contains(week, "08:30–18:00"), "what is to come is known: %s", target)
	}
	status, page, _ := dutyStep(b, "log", url.Values{"text": {"写了很久"}})
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, page, ">写了很久</textarea>")
	require.Contains(t, page, "数据库暂时不可用")
	status, page, _ = dutyStep(b, "acknowledge", url.Values{"_id": {"h-1"}, "remark": {"收到"}})
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, page, "数据库暂时不可用")
	w := as(t, h, "deputy", "zh").post("/duty/site/plan", planForm())
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Contains(t, w.Body.String(), "技术一, agent")
}

func TestDuty_PageByPage(t *testing.T) {
	f, h := newSite(t)
	rostered(t, f)
	booked(f)
	f.more = "a+b"
	b := as(t, h, "agent", "zh")
	for target, leads := range map[string][]string{
		"/duty":                                  {"/duty?after=a%2Bb"},
		"/duty?after=x":                          {`href="/duty">第一页`},
		"/duty/site/log":                         {"/duty/site/log?after=a%2Bb"},
		"/duty/site/log?from=2026-11-01&after=x": {"/duty/site/log?after=a%2Bb&amp;from=2026-11-01", "/duty/site/log?from=2026-11-01\">第一页"},
		"/duty/site/hand-overs?pending=true":     {"/duty/site/hand-overs?after=a%2Bb&amp;pending=true"},
		"/duty/site/presence?here=true":          {"/duty/site/presence?after=a%2Bb&amp;here=true"},
		"/duty/site/changes":                     {"/duty/site/changes?after=a%2Bb&amp;part=swaps", "/duty/site/changes?after=a%2Bb&amp;part=overrides"},
		"/duty/site/versions":                    {"/duty/site/versions?after=1"},
	} {
		page := b.get(target).Body.String()
		for _, lead := range leads {
			require.Contains(t, page, lead, target)
		}
	}
	f.after = nil
	page := b.get("/duty/site/changes?part=overrides&after=z").Body.String()
	require.Contains(t, f.after, "overrides z")
	require.NotContains(t, f.after, "swaps z")
	require.NotContains(t, page, `id="swaps"`)
	b.get("/duty/site/log?from=2026-11-01&to=2026-11-02")
	require.Equal(t, [2]time.Time{time.Date(2026, 10, 31, 16, 0, 0, 0, time.UTC), time.Date(2026, 11, 2, 16, 0, 0, 0, time.UTC)}, f.logSpan, "both days, at the site")

	one := f.findings[1]
	f.findings = slices.Repeat([]roster.Finding{one}, 120)
	page = b.get("/duty/site/findings?weeks=12&after=50").Body.String()
	require.Equal(t, 50, strings.Count(page, "problem-uncovered"))
	require.Contains(t, page, "/duty/site/findings?after=100&amp;weeks=12")
	require.Equal(t, 12, f.weeks[len(f.weeks)-1])
}

func TestTable_ComesAndGoes(t *testing.T) {
	f, h := newSite(t)
	rostered(t, f)
	b := as(t, h, "deputy", "zh")
	w := b.get("/duty/site/export?weeks=4")
	require.Equal(t, "xlsx", w.Body.String())
	require.Equal(t, "attachment; filename=site.xlsx", w.Header().Get("Content-Disposition"))
	require.Equal(t, []int{4}, f.weeks)

	send := func(file string) (int, string) {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		require.NoError(t, form.WriteField("reason", "十二月排班"))
		if file != "" {
			part, err := form.CreateFormFile("file", "值班.xlsx")
			require.NoError(t, err)
			_, err = io.WriteString(part, file)
			require.NoError(t, err)
		}
		require.NoError(t, form.Close())
		w := b.do(http.MethodPost, "/duty/site/import", form.FormDataContentType(), &body)
		return w.Code, w.Body.String() + w.Header().Get("Location")
	}
	status, page := send("rows")
	require.Equal(t, http.StatusSeeOther, status)
	require.Equal(t, "/duty/site/findings?did=import", page)
	require.Equal(t, "rows 十二月排班", f.table)
	status, page = send("")
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, page, `value="十二月排班"`)

	var wrong apperr.Fields
	wrong.Add("值班表!E5", apperr.FieldPerson, apperr.Args{"person": "张三"})
	wrong.Add("值班表!A6", apperr.FieldDate, nil)
	f.dutyWrong = wrong.Err()
	status, page = send("rows")
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, page, "<li>值班表!E5: “张三”")
	require.Contains(t, page, "<li>值班表!A6: ")
	require.Contains(t, page, `value="十二月排班"`)
}

// planForm is the form of a plan with one shift.
func planForm() url.Values {
	return url.Values{
		"_version": {"1"}, "timezone": {"+08:00"}, "calendar": {"5x8"}, "reason": {"换组"},
		"shifts[0].name": {"现场"}, "shifts[0].kind": {"onsite"}, "shifts[0].days": {"mon", "tue"}, "shifts[0].start": {"8:30"}, "shifts[0].end": {"18:00"}, "shifts[0].minimum": {"2"},
		"shifts[0].every": {"week"}, "shifts[0].length": {"2"}, "shifts[0].anchor": {"2026-11-23"}, "shifts[0].groups": {"技术一, agent\r\n\r\ndeputy、主管一"},
	}
}

func TestPlan_IsSavedAsItIsFilledIn(t *testing.T) {
	f, h := newSite(t)
	rostered(t, f)
	f.saved[0].Entries = []roster.Entry{{Date: date(t, "2026-12-01"), Shift: "现场", People: []string{"agent"}}}
	b := as(t, h, "deputy", "zh")
	page := b.get("/duty/site/plan").Body.String()
	for _, text := range []string{`name="_version" value="1"`, `value="08:30"`, ">服务台, 技术一\n主管一, 接口人</textarea>", `value="mon" checked`, `name="holidays[0].name" value="节日热线"`, "删除按日期安排的 1 条"} {
		if !strings.Contains(text, "\n") {
			require.Contains(t, page, text)
			continue
		}
		require.Contains(t, page, text)
	}
	w := b.post("/duty/site/plan", planForm())
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body)
	require.Equal(t, "/duty/site/findings?did=save", w.Header().Get("Location"))
	require.Equal(t, []string{"save site 1 换组"}, f.did)
	saved := f.saved[1]
	require.Equal(t, []roster.Shift{{
		Name: "现场", Kind: roster.Onsite, Days: []roster.Day{"mon", "tue"}, Start: 8*60 + 30, End: 18 * 60, Minimum: 2,
		Rotation: roster.Rotation{Every: roster.Weekly, Length: 2, Anchor: date(t, "2026-11-23"), Groups: [][]string{{"technician", "agent"}, {"deputy", "supervisor"}}},
	}}, saved.Shifts)
	require.Empty(t, saved.Holidays)
	require.Len(t, saved.Entries, 1, "single days stay")

	form := planForm()
	form.Set("_version", "2")
	form.Set("drop_entries", "true")
	form.Set("retired", "true")
	w = b.post("/duty/site/plan", form)
	require.Equal(t, "/duty/site?did=save", w.Header().Get("Location"))
	require.Empty(t, f.saved[2].Entries)
	require.True(t, f.saved[2].Retired)
	require.Contains(t, b.get("/duty/site").Body.String(), "已停用")
}

func TestPlan_TellsMistakesBesideTheFields(t *testing.T) {
	f, h := newSite(t)
	rostered(t, f)
	form := planForm()
	form.Set("timezone", "east")
	form.Set("shifts[0].start", "half past")
	form.Set("shifts[0].groups", "张三\nagent agent")
	form.Set("shifts[2].name", "热线") // the one between was left empty
	form.Set("shifts[2].kind", "hotline")
	form.Set("shifts[2].anchor", "")
	form.Set("shifts[2].length", "many")
	w := as(t, h, "deputy", "zh").post("/duty/site/plan", form)
	page := w.Body.String()
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Empty(t, f.did, "what is no plan is not sent")
	for id, says := range map[string]string{
		"plan-timezone": "时区", "plan-shifts-0-start": "08:30", "plan-shifts-0-groups": "第 1 行:“张三”", "plan-shifts-1-start": "必填", "plan-shifts-1-anchor": "必填", "plan-shifts-1-length": "整数",
		"plan-shifts-1-groups": "必填",
	} {
		_, text, found := strings.Cut(page, `id="`+id+`-error">`)
		require.True(t, found, id)
		text, _, _ = strings.Cut(text, "</p>")
		require.Contains(t, text, says, id)
	}
	require.Contains(t, page, `value="half past"`)
	require.Contains(t, page, `name="shifts[1].name" value="热线"`)
	form = planForm()
	form.Set("shifts[0].groups", "agent agent")
	w = as(t, h, "deputy", "en").post("/duty/site/plan", form)
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), `id="plan-shifts-0-groups-error">Line 1: This must not be the same`)
}

func TestPlan_StaleKeepsEverything(t *testing.T) {
	f, h := newSite(t)
	rostered(t, f)
	second := f.saved[0]
	second.Version, second.SavedBy, second.Reason = 2, "agent", "他人修改"
	f.saved = append(f.saved, second)
	b := as(t, h, "deputy", "zh")
	w := b.post("/duty/site/plan", planForm())
	page := w.Body.String()
	require.Equal(t, http.StatusConflict, w.Code)
	require.Len(t, f.saved, 2)
	for _, text := range []string{"他人保存了新版本", "他人修改", `href="/duty/site/versions/2"`, "技术一, agent", ">换组</textarea>", `name="_version" value="2"`} {
		require.Contains(t, page, text)
	}
	form := planForm()
	form.Set("_version", "2")
	require.Equal(t, http.StatusSeeOther, b.post("/duty/site/plan", form).Code, "its author has read what changed")
}

func TestPlan_NewRoster(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "deputy", "zh")
	page := b.get("/rosters/new").Body.String()
	for _, text := range []string{`name="name"`, `value="&#43;08:00"`, `value="现场值守"`, `value="7x24 热线"`, `value="2026-11-23"`} {
		require.Contains(t, page, text)
	}
	form := planForm()
	form.Set("name", "Bad Name")
	w := b.post("/rosters/new", form)
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), `id="plan-name-error"`)
	form.Set("name", "site")
	w = b.post("/rosters/new", form)
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body)
	require.Equal(t, 1, f.saved[0].Version)
	w = b.post("/rosters/new", form)
	require.Equal(t, http.StatusConflict, w.Code)
	require.Contains(t, w.Body.String(), `id="plan-name-error">已有同名的值班表`)
	require.Len(t, f.saved, 1, "nobody's roster is overwritten")
}

func TestPlan_TakesMoreAndFewerShifts(t *testing.T) {
	f, h := newSite(t)
	rostered(t, f)
	b := as(t, h, "deputy", "zh")
	form := planForm()
	form.Set("_do", "add holidays")
	w := b.post("/duty/site/plan", form)
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Body.String(), `name="holidays[0].name" value=""`)
	require.Contains(t, w.Body.String(), "技术一, agent")
	form.Set("_do", "drop shifts[0]")
	w = b.post("/duty/site/plan", form)
	require.NotContains(t, w.Body.String(), `name="shifts[0].name"`)
	require.Empty(t, f.did)
}
