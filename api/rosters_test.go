package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
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

// dutyAsked is what the fake desk was given about rosters.
type dutyAsked struct {
	plan     roster.Plan
	version  int
	reason   string
	override roster.Override
	swap     roster.Swap
	line     roster.LogEntry
	note     roster.HandOver
	presence desk.PresenceFilter
	table    string
	english  bool
	limit    int
	after    string
}

func aRoster() roster.Roster {
	return roster.Roster{
		Name: "site", Version: 3, SavedAt: now, SavedBy: "liaison", Working: calendar.Calendar{KnownThrough: calendar.Date{Year: 2026, Month: 12, Day: 31}},
		Plan: roster.Plan{
			Timezone: 8 * 60 * 60, Calendar: "5x8",
			Shifts: []roster.Shift{{
				Name: "夜班", Kind: roster.Hotline, Days: []roster.Day{"mon"}, Start: 20 * 60, End: 8 * 60,
				Rotation: roster.Rotation{Every: roster.Weekly, Anchor: calendar.Date{Year: 2026, Month: 1, Day: 5}, Groups: [][]string{{"a", "b"}, {"c"}}},
			}},
			Entries: []roster.Entry{
				{Date: calendar.Date{Year: 2026, Month: 12, Day: 1}, Shift: "夜班", People: []string{"d"}},
				{Date: calendar.Date{Year: 2026, Month: 12, Day: 2}, Shift: "夜班", Start: 0, End: 24 * 60, People: []string{"d"}},
			},
		},
	}
}

func someFindings(n int) []roster.Finding {
	list := make([]roster.Finding, n)
	for i := range list {
		list[i] = roster.Finding{Problem: roster.ProblemShort, Roster: "site", Kind: roster.Onsite, From: now.Add(time.Duration(i) * time.Hour), To: now.Add(time.Duration(i+1) * time.Hour), Have: 1, Need: 2, Timezone: 8 * 60 * 60}
	}
	return list
}

func someDuty(n int) []roster.Assignment {
	list := make([]roster.Assignment, n)
	for i := range list {
		list[i] = roster.Assignment{Roster: "site", Shift: "夜班", Kind: roster.Hotline, From: now, To: now.Add(time.Hour), People: []string{fmt.Sprint(i)}}
	}
	return list
}

func (f *fakeDesk) MayDuty(desk.Caller, roster.Task) error { return f.may }
func (f *fakeDesk) Rosters(_ context.Context, _ desk.Caller, after string, limit int) ([]roster.Roster, string, error) {
	f.duty.after, f.duty.limit = after, limit
	return []roster.Roster{aRoster()}, "site", f.ask("rosters")
}
func (f *fakeDesk) Roster(_ context.Context, _ desk.Caller, name string, version int) (roster.Roster, error) {
	f.duty.version = version
	return aRoster(), f.ask("roster " + name)
}
func (f *fakeDesk) RosterVersions(_ context.Context, _ desk.Caller, name string, before, limit int) ([]desk.RosterVersion, bool, error) {
	f.duty.version, f.duty.limit = before, limit
	return []desk.RosterVersion{{Name: name, Version: 2, SavedAt: now}}, true, f.ask("versions " + name)
}
func (f *fakeDesk) SaveRoster(_ context.Context, _ desk.Caller, name string, plan roster.Plan, version int, reason string) (roster.Roster, []roster.Finding, error) {
	f.duty.plan, f.duty.version, f.duty.reason = plan, version, reason
	return roster.Roster{Name: name, Version: version + 1, Plan: plan}, someFindings(201), f.ask("save " + name)
}
func (f *fakeDesk) RenewRoster(_ context.Context, _ desk.Caller, name, reason string) (roster.Roster, []roster.Finding, error) {
	f.duty.reason = reason
	return aRoster(), nil, f.ask("renew " + name)
}
func (f *fakeDesk) ImportRoster(_ context.Context, _ desk.Caller, name string, body io.Reader, reason string) (roster.Roster, []roster.Finding, error) {
	b, err := io.ReadAll(body)
	f.duty.table, f.duty.reason = string(b), reason
	return aRoster(), nil, errors.Join(err, f.ask("import "+name))
}
func (f *fakeDesk) ExportRoster(_ context.Context, _ desk.Caller, name string, weeks int, english bool) ([]byte, error) {
	f.duty.english, f.duty.limit = english, weeks
	return []byte("PK"), f.ask("export " + name)
}
func (f *fakeDesk) RosterFindings(_ context.Context, _ desk.Caller, name string, weeks int) ([]roster.Finding, error) {
	f.duty.limit = weeks
	return someFindings(5), f.ask("findings " + name)
}
func instant(at time.Time) error {
	var wrong apperr.Fields
	roster.CheckInstant("at", at, &wrong)
	return wrong.Err()
}
func (f *fakeDesk) OnDuty(_ context.Context, _ desk.Caller, at time.Time) ([]roster.Assignment, error) {
	if err := instant(at); err != nil {
		return nil, err
	}
	return someDuty(5), f.ask("on duty " + at.Format(time.RFC3339))
}
func (f *fakeDesk) DutyAt(_ context.Context, _ desk.Caller, name string, at time.Time) ([]roster.Assignment, error) {
	if err := instant(at); err != nil {
		return nil, err
	}
	return someDuty(1), f.ask("duty " + name + " " + at.Format(time.RFC3339))
}
func (f *fakeDesk) DutyBetween(_ context.Context, _ desk.Caller, name string, from, to time.Time) ([]roster.Assignment, error) {
	if err := roster.CheckWindow(from, to); err != nil {
		return nil, err
	}
	return someDuty(5), f.ask("duty " + name + " " + from.Format(time.RFC3339) + " " + to.Format(time.RFC3339))
}
func (f *fakeDesk) AddOverride(_ context.Context, _ desk.Caller, name string, o roster.Override) (roster.Override, error) {
	f.duty.override = o
	return o, f.ask("override " + name)
}
func (f *fakeDesk) CancelOverride(_ context.Context, _ desk.Caller, name, id string) error {
	return f.ask("cancel override " + name + " " + id)
}
func (f *fakeDesk) Overrides(_ context.Context, _ desk.Caller, name, _ string, _ int) ([]roster.Override, string, error) {
	return []roster.Override{{ID: "o"}}, "o", f.ask("overrides " + name)
}
func (f *fakeDesk) AskSwap(_ context.Context, _ desk.Caller, name string, w roster.Swap) (roster.Swap, error) {
	f.duty.swap = w
	w.State = roster.SwapAsked
	return w, f.ask("swap " + name)
}
func (f *fakeDesk) AnswerSwap(_ context.Context, _ desk.Caller, name, id string, agree bool) (roster.Swap, error) {
	return roster.Swap{State: roster.SwapAgreed}, f.ask(fmt.Sprint("answer ", name, " ", id, " ", agree))
}
func (f *fakeDesk) CancelSwap(_ context.Context, _ desk.Caller, name, id string) error {
	return f.ask("cancel swap " + name + " " + id)
}
func (f *fakeDesk) Swaps(_ context.Context, _ desk.Caller, name, _ string, _ int) ([]roster.Swap, string, error) {
	return []roster.Swap{{ID: "w", State: roster.SwapAsked}}, "", f.ask("swaps " + name)
}
func (f *fakeDesk) SignOnDuty(_ context.Context, _ desk.Caller, name, shift, note string) (roster.Presence, error) {
	return roster.Presence{ID: "p", Roster: name, Shift: shift, NoteIn: note, In: now}, f.ask("sign in " + name)
}
func (f *fakeDesk) SignOffDuty(_ context.Context, _ desk.Caller, note string) (roster.Presence, error) {
	return roster.Presence{ID: "p", NoteOut: note, In: now, Out: now}, f.ask("sign out")
}
func (f *fakeDesk) Presences(_ context.Context, _ desk.Caller, p desk.PresenceFilter, _ string, _ int) ([]roster.Presence, string, error) {
	f.duty.presence = p
	return []roster.Presence{{ID: "p"}}, "", f.ask("presences")
}
func (f *fakeDesk) WriteLog(_ context.Context, _ desk.Caller, e roster.LogEntry) (roster.LogEntry, error) {
	f.duty.line = e
	return e, f.ask("write")
}
func (f *fakeDesk) DutyLog(_ context.Context, _ desk.Caller, name string, from, to time.Time, _ string, _ int) ([]roster.LogEntry, string, error) {
	return []roster.LogEntry{{ID: "l", Text: "t"}}, "", f.ask(fmt.Sprint("log ", name, " ", !from.IsZero(), " ", !to.IsZero()))
}
func (f *fakeDesk) HandOver(_ context.Context, _ desk.Caller, h roster.HandOver) (roster.HandOver, error) {
	f.duty.note = h
	h.OpenKnown, h.OpenCases = true, 4
	return h, f.ask("hand over")
}
func (f *fakeDesk) AcknowledgeHandOver(_ context.Context, _ desk.Caller, id, remark string) (roster.HandOver, error) {
	return roster.HandOver{ID: id, Remark: remark, AcknowledgedAt: now}, f.ask("acknowledge " + id)
}
func (f *fakeDesk) HandOvers(_ context.Context, _ desk.Caller, name string, pending bool, _ string, _ int) ([]roster.HandOver, string, error) {
	return []roster.HandOver{{ID: "h"}}, "", f.ask(fmt.Sprint("hand-overs ", name, " ", pending))
}

const goodPlan = `{"timezone":"+08:00","calendar":"5x8","shifts":[{"name":"夜班","kind":"hotline","days":["mon"],"start":"20:00","end":"8:00","minimum":1,
	"rotation":{"every":"week","length":2,"anchor":"2026-01-05","groups":[["a","b"],["c"]]}}],"holidays":null,"entries":[{"date":"2026-12-01","shift":"夜班","people":["d"]}]}`

var aNumber = defect.NewNumber([8]byte{7})

const goodSwap = `{"with":"b","give":{"from":"2026-11-23T00:00:00Z","to":"2026-11-23T08:00:00Z"},"take":{"from":"2026-11-24T00:00:00Z","to":"2026-11-24T08:00:00Z"}}`

func TestDutyRoutes_AnswerAsDocumented(t *testing.T) {
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		asked              string
	}{
		"rosters":         {"GET", "/rosters?after=a&page_size=7", "", 200, "rosters"},
		"roster":          {"GET", "/rosters/site?version=2", "", 200, "roster site"},
		"save":            {"PUT", "/rosters/site", `{"plan":` + goodPlan + `,"version":2}`, 200, "save site"},
		"save a new one":  {"PUT", "/rosters/site", `{"plan":` + goodPlan + `}`, 201, "save site"},
		"renew":           {"POST", "/rosters/site/renew", `{"reason":"r"}`, 200, "renew site"},
		"versions":        {"GET", "/rosters/site/versions?before=9", "", 200, "versions site"},
		"duty now":        {"GET", "/rosters/site/duty", "", 200, "duty site 2026-11-23T09:00:00Z"},
		"duty then":       {"GET", "/rosters/site/duty?at=2026-01-01T08:00:00%2B08:00", "", 200, "duty site 2026-01-01T00:00:00Z"},
		"duty in a span":  {"GET", "/rosters/site/duty?from=2026-01-01T00:00:00Z&to=2026-03-04T00:00:00Z", "", 200, "duty site 2026-01-01T00:00:00Z 2026-03-04T00:00:00Z"},
		"findings":        {"GET", "/rosters/site/findings?weeks=3", "", 200, "findings site"},
		"override":        {"POST", "/rosters/site/overrides", `{"from":"2026-11-23T00:00:00Z","to":"2026-11-23T08:00:00Z","people":["a"],"reason":"r"}`, 201, "override site"},
		"overrides":       {"GET", "/rosters/site/overrides", "", 200, "overrides site"},
		"cancel override": {"DELETE", "/rosters/site/overrides/o1", "", 204, "cancel override site o1"},
		"swap":            {"POST", "/rosters/site/swaps", goodSwap, 201, "swap site"},
		"swaps":           {"GET", "/rosters/site/swaps", "", 200, "swaps site"},
		"agree":           {"POST", "/rosters/site/swaps/w1/agree", "", 200, "answer site w1 true"},
		"refuse":          {"POST", "/rosters/site/swaps/w1/refuse", "", 200, "answer site w1 false"},
		"cancel swap":     {"DELETE", "/rosters/site/swaps/w1", "", 204, "cancel swap site w1"},
		"export":          {"GET", "/rosters/site/export", "", 200, "export site"},
		"on duty now":     {"GET", "/duty", "", 200, "on duty 2026-11-23T09:00:00Z"},
		"on duty then":    {"GET", "/duty?at=2026-01-01T00:00:00Z", "", 200, "on duty 2026-01-01T00:00:00Z"},
		"sign in":         {"POST", "/duty/sign-in", `{"roster":"site","note":"n"}`, 201, "sign in site"},
		"sign out":        {"POST", "/duty/sign-out", "", 200, "sign out"},
		"presence":        {"GET", "/duty/presence?present=true&roster=site&username=a", "", 200, "presences"},
		"write":           {"POST", "/duty/log", `{"roster":"site","text":"t","case":"` + aNumber + `"}`, 201, "write"},
		"log":             {"GET", "/duty/log?roster=site&from=2026-01-01T00:00:00Z", "", 200, "log site true false"},
		"hand over":       {"POST", "/duty/hand-overs", `{"roster":"site","to":"b","note":"n"}`, 201, "hand over"},
		"hand-overs":      {"GET", "/duty/hand-overs?pending=true", "", 200, "hand-overs  true"},
		"acknowledge":     {"POST", "/duty/hand-overs/h1/acknowledge", `{"remark":"r"}`, 200, "acknowledge h1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			w := s.ask(c.method, "/api/v1"+c.path, c.body)
			require.Equal(t, c.status, w.Code, w.Body)
			require.Equal(t, []string{c.asked}, s.asked)
			s = newSite(t)
			s.fail = apperr.New(apperr.NotFound, apperr.ReasonRosterUnknown, nil)
			require.Equal(t, "没有这个值班表。", s.refused(s.ask(c.method, "/api/v1"+c.path, c.body), 404, "not_found").Detail)
			require.Equal(t, "There is no such roster.", s.refused(s.ask(c.method, "/api/v1"+c.path, c.body, "Accept-Language", "en"), 404, "not_found").Detail)
		})
	}
}

func TestDutyRefusals_NameTheField(t *testing.T) {
	with := func(from, to string) string { return `{"plan":` + strings.Replace(goodPlan, from, to, 1) + `}` }
	for name, c := range map[string]struct{ method, path, body, field string }{
		"no plan":               {"PUT", "/rosters/site", `{}`, "plan"},
		"no zone":               {"PUT", "/rosters/site", with(`"timezone":"+08:00",`, ""), "plan.timezone"},
		"a zone":                {"PUT", "/rosters/site", with(`"+08:00"`, `"Asia/Shanghai"`), "plan.timezone"},
		"a kind":                {"PUT", "/rosters/site", with(`"hotline"`, `"home"`), "plan.shifts[0].kind"},
		"a day of the week":     {"PUT", "/rosters/site", with(`["mon"]`, `["mon","someday"]`), "plan.shifts[0].days[1]"},
		"a start":               {"PUT", "/rosters/site", with(`"20:00"`, `"20"`), "plan.shifts[0].start"},
		"an anchor":             {"PUT", "/rosters/site", with(`"2026-01-05"`, `"2026-02-30"`), "plan.shifts[0].rotation.anchor"},
		"a group that is none":  {"PUT", "/rosters/site", with(`["c"]`, `"c"`), "plan.shifts[0].rotation.groups[1]"},
		"somebody without name": {"PUT", "/rosters/site", with(`["c"]`, `["c"," "]`), "plan.shifts[0].rotation.groups[1][1]"},
		"half an entry's hours": {"PUT", "/rosters/site", with(`"shift":"夜班","people"`, `"shift":"夜班","start":"8:00","people"`), "plan.entries[0].end"},
		"an unknown key":        {"PUT", "/rosters/site", with(`"length":2`, `"weeks":2`), "plan.shifts[0].rotation.weeks"},
		"a version":             {"PUT", "/rosters/site", `{"plan":` + goodPlan + `,"version":-1}`, "version"},
		"an instant and a span": {"GET", "/rosters/site/duty?at=2026-01-01T00:00:00Z&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z", "", "at"},
		"half a span":           {"GET", "/rosters/site/duty?to=2026-01-02T00:00:00Z", "", "from"},
		"a span backwards":      {"GET", "/rosters/site/duty?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "", "to"},
		"a long span":           {"GET", "/rosters/site/duty?from=2026-01-01T00:00:00Z&to=2026-03-05T00:00:00Z", "", "to"},
		"a large page":          {"GET", "/duty?page_size=201", "", "page_size"},
		"duty too late":         {"GET", "/duty?at=9999-12-31T23:59:59Z", "", "at"},
		"a roster's too late":   {"GET", "/rosters/site/duty?at=9999-12-31T23:59:59Z", "", "at"},
		"a span too early":      {"GET", "/rosters/site/duty?from=1900-01-01T00:00:00Z&to=1900-01-02T00:00:00Z", "", "from"},
		"many weeks":            {"GET", "/rosters/site/findings?weeks=27", "", "weeks"},
		"nobody":                {"POST", "/rosters/site/overrides", `{"from":"2026-11-23T00:00:00Z","to":"2026-11-23T08:00:00Z","reason":"r"}`, "people"},
		"half a swap":           {"POST", "/rosters/site/swaps", `{"with":"b","give":{"from":"2026-11-23T00:00:00Z"},"take":{"from":"2026-11-24T00:00:00Z","to":"2026-11-24T08:00:00Z"}}`, "give.to"},
		"no roster":             {"POST", "/duty/sign-in", `{}`, "roster"},
		"no text":               {"POST", "/duty/log", `{"roster":"site"}`, "text"},
		"a case with a slip":    {"POST", "/duty/log", `{"roster":"site","text":"t","case":"7K3M-Q9XT"}`, "case"},
		"to nobody":             {"POST", "/duty/hand-overs", `{"roster":"site","note":"n"}`, "to"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, language := range []string{"zh", "en"} {
				s := newSite(t)
				p := s.refused(s.ask(c.method, "/api/v1"+c.path, c.body, "Accept-Language", language), 422, "invalid")
				require.Equal(t, c.field, p.Errors[0].Field)
				require.NotRegexp(t, `^field\.`, p.Errors[0].Message)
				require.Empty(t, s.asked)
				if c.method == http.MethodGet {
					continue
				}
				s.may = apperr.New(apperr.Forbidden, apperr.ReasonDutyRole, apperr.Args{"task": "@duty.plan", "roles": "@role.liaison,@role.admin"})
				if strings.Contains(name, "half an entry") {
					continue // the desk says so
				}
				told := s.refused(s.ask(c.method, "/api/v1"+c.path, c.body, "Accept-Language", language), 403, "forbidden").Detail
				require.Equal(t, map[string]string{"zh": "“编排值班”只能由以下角色进行:项目接口人、系统管理员。", "en": "To plan duty is for these roles: liaison, admin."}[language], told)
			}
		})
	}
}

func TestSaveRoster_PassesOnWhatWasSaid(t *testing.T) {
	s := newSite(t)
	w := s.ask("PUT", "/api/v1/rosters/site", `{"plan":`+goodPlan+`,"version":2,"reason":"r"}`, "Accept-Language", "en")
	require.Equal(t, 200, w.Code, w.Body)
	want := aRoster().Plan
	want.Shifts[0].Minimum, want.Shifts[0].Rotation.Length = 1, 2
	want.Entries = want.Entries[:1]
	require.Equal(t, want, s.duty.plan)
	require.Equal(t, []any{2, "r"}, []any{s.duty.version, s.duty.reason})
	var body struct {
		Findings []struct{ Text string }
		Total    int `json:"findings_total"`
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
	require.Len(t, body.Findings, 200)
	require.Equal(t, 201, body.Total)
	require.Equal(t, "site: 1 of 2 people (on site) from 2026-11-23 17:00 to 2026-11-23 18:00.", body.Findings[0].Text)
}

func TestRoster_MayBeSavedAsItWasRead(t *testing.T) {
	s := newSite(t)
	w := s.ask("GET", "/api/v1/rosters/site", "")
	var body struct {
		Plan    json.RawMessage
		Version int
		Through string `json:"known_through"`
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
	require.Equal(t, "2026-12-31", body.Through)
	require.Equal(t, 200, s.ask("PUT", "/api/v1/rosters/site", fmt.Sprintf(`{"plan":%s,"version":%d}`, body.Plan, body.Version)).Code)
	want := aRoster().Plan
	want.Shifts[0].Minimum, want.Shifts[0].Rotation.Length = 1, 1
	want.Holidays = []roster.Shift{}
	require.Equal(t, want, s.duty.plan)
}

func TestDutyLists_PageByPage(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/duty", "/rosters/site/findings", "/rosters/site/duty?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z"} {
		var seen int
		for after := 0; ; {
			var body struct {
				Items []map[string]any
				Next  *int
			}
			sep := "?"
			if strings.Contains(path, "?") {
				sep = "&"
			}
			w := s.ask("GET", fmt.Sprintf("/api/v1%s%spage_size=2&after=%d", path, sep, after), "")
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
			seen += len(body.Items)
			if body.Next == nil {
				break
			}
			after = *body.Next
		}
		require.Equal(t, 5, seen, path)
	}
	var body struct{ Items []any }
	require.NoError(t, json.Unmarshal(s.ask("GET", "/api/v1/duty?after=99", "").Body.Bytes(), &body))
	require.NotNil(t, body.Items)
	require.Empty(t, body.Items)
}

func TestDutyBook_PassesOnWhatWasSaid(t *testing.T) {
	s := newSite(t)
	s.ask("POST", "/api/v1/rosters/site/swaps", goodSwap)
	require.Equal(t, "b", s.duty.swap.With)
	require.True(t, s.duty.swap.Take.To.Equal(now.Add(23*time.Hour)))
	s.ask("POST", "/api/v1/rosters/site/overrides", `{"from":"2026-11-23T00:00:00Z","to":"2026-11-23T08:00:00Z","people":["a"],"reason":"r","instead":"c","shift":"夜班"}`)
	require.Equal(t, []string{"夜班", "c", "a", "r"}, []string{s.duty.override.Shift, s.duty.override.Instead, s.duty.override.People[0], s.duty.override.Reason})
	require.Equal(t, 422, s.ask("POST", "/api/v1/rosters/site/overrides", `{"id":"x","from":"2026-11-23T00:00:00Z","to":"2026-11-23T08:00:00Z","people":["a"],"reason":"r"}`).Code, "an ID is ours")
	s.ask("POST", "/api/v1/duty/log", `{"roster":"site","shift":"夜班","text":"t","case":"`+aNumber+`"}`)
	require.Equal(t, roster.LogEntry{Roster: "site", Shift: "夜班", Text: "t", Case: aNumber}, s.duty.line)
	w := s.ask("POST", "/api/v1/duty/hand-overs", `{"roster":"site","to":"b","note":"n"}`)
	require.Equal(t, roster.HandOver{Roster: "site", To: "b", Note: "n"}, s.duty.note)
	require.Contains(t, w.Body.String(), `"open_cases":4`)
	require.Contains(t, s.ask("GET", "/api/v1/duty/hand-overs", "").Body.String(), `"open_cases":null`)
	s.ask("GET", "/api/v1/duty/presence?present=true&roster=site&username=a", "")
	require.Equal(t, desk.PresenceFilter{Roster: "site", Username: "a", Present: true}, s.duty.presence)
}

func TestDutyTable_UpAndDown(t *testing.T) {
	s := newSite(t)
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	part, err := m.CreateFormFile("file", "table.xlsx")
	require.NoError(t, err)
	_, err = part.Write([]byte("content"))
	require.NoError(t, errors.Join(err, m.Close()))
	w := s.ask("POST", "/api/v1/rosters/site/import?reason=%E5%8D%81%E4%BA%8C%E6%9C%88", form.String(), "Content-Type", m.FormDataContentType())
	require.Equal(t, 200, w.Code, w.Body)
	require.Equal(t, []string{"content", "十二月"}, []string{s.duty.table, s.duty.reason})
	s.refused(s.ask("POST", "/api/v1/rosters/site/import", `{}`), 415, "unsupported_media_type")

	w = s.ask("GET", "/api/v1/rosters/site/export?weeks=4", "", "Accept-Language", "en")
	require.Equal(t, "PK", w.Body.String())
	require.Equal(t, "attachment; filename=site.xlsx", w.Header().Get("Content-Disposition"))
	require.Contains(t, w.Header().Get("Content-Type"), "spreadsheetml")
	require.Equal(t, []any{true, 4}, []any{s.duty.english, s.duty.limit})
}

func TestEvents_WhyAnAssigneeWasFound(t *testing.T) {
	s := newSite(t)
	s.found = defect.ByDuty("site", "热线", 2, 3)
	for language, want := range map[string]string{
		"zh": "按值班与负荷指派:site 的 热线 当值,手中有 2 个未完成的问题单,在 3 人中最少。",
		"en": "Assigned by duty and load: on duty by site (热线), with 2 open cases, the fewest of 3 people.",
	} {
		var body struct {
			Items []struct {
				Data struct{ Assignment map[string]any }
			}
		}
		require.NoError(t, json.Unmarshal(s.ask("GET", "/api/v1/defects/x/events", "", "Accept-Language", language).Body.Bytes(), &body))
		got := body.Items[2].Data.Assignment
		require.Equal(t, []any{"duty", want}, []any{got["code"], got["text"]})
	}
	s.refused(s.ask("POST", "/api/v1/defects/x/actions/acknowledge", `{"assignment":{"code":"duty"}}`), 422, "invalid")
}

func TestDocument_DescribesLists(t *testing.T) {
	s := newSite(t)
	var doc map[string]any
	require.NoError(t, json.Unmarshal(s.ask("GET", "/api/openapi.json", "").Body.Bytes(), &doc))
	at := func(v any, path ...string) any {
		for _, key := range path {
			m, ok := v.(map[string]any)
			require.True(t, ok, key)
			v = m[key]
		}
		return v
	}
	shifts := at(doc, "paths", "/api/v1/rosters/{name}", "put", "requestBody", "content", "application/json", "schema", "properties", "plan", "properties", "shifts")
	require.Equal(t, "array", at(shifts, "type"))
	require.InDelta(t, roster.MaxShifts, at(shifts, "maxItems"), 0)
	rotation := at(shifts, "items", "properties", "rotation", "properties")
	require.Equal(t, "date", at(rotation, "anchor", "format"))
	require.Equal(t, "string", at(rotation, "groups", "items", "items", "type"))
}

func FuzzSaveRoster(f *testing.F) {
	f.Add(`{"plan":` + goodPlan + `,"version":1}`)
	f.Add(`{"plan":{"timezone":"","shifts":[{"start":"","end":null,"rotation":{"anchor":""}}],"entries":[{"start":""}]}}`)
	s := newSite(f)
	f.Fuzz(func(t *testing.T, body string) {
		s.t = t
		w := s.ask("PUT", "/api/v1/rosters/site", body)
		require.Contains(t, []int{200, 201, 400, 413, 415, 422}, w.Code, w.Body)
	})
}
