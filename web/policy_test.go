package web_test

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/desk"
)

// policyFake is what the desk does about the policy and its holidays.
type policyFake struct {
	change  desk.HolidayChange
	key     string
	after   string
	made    int // revisions
	wrong   error
	applied string
}

func (f *fakeConsole) Policy(context.Context, desk.Caller) defect.Policy {
	p := defect.DefaultPolicy()
	p.Escalation = append(p.Escalation, defect.Rule{Clock: defect.ClockPlan, At: 90, Notify: []string{defect.NotifyOnDuty, "user:li"}, Repeat: calendar.Limit{Counted: 10 * time.Minute}, Times: 3, Level: defect.LevelExpert})
	return p
}

func (f *fakeConsole) Due(_ context.Context, _ desk.Caller, name string, from time.Time, limit calendar.Limit) (desk.Due, error) {
	c, ok := defect.DefaultPolicy().Calendars[name]
	if !ok {
		return desk.Due{}, apperr.New(apperr.NotFound, apperr.ReasonCalendarUnknown, nil)
	}
	at := c.Add(from, limit.On(c))
	return desk.Due{At: at, Provisional: c.Provisional(from, at), Intervals: c.Explain(from, limit.On(c))}, nil
}

func (f *fakeConsole) HolidayYear(_ context.Context, by desk.Caller, set string, year int) (desk.HolidayYear, error) {
	if !defect.SeesAll(by.Person) {
		return desk.HolidayYear{}, apperr.New(apperr.Forbidden, apperr.ReasonHolidaysRead, nil)
	}
	n, ok := calendar.Holidays(set)
	if !ok {
		return desk.HolidayYear{}, apperr.New(apperr.NotFound, apperr.ReasonHolidaySet, apperr.Args{"set": set})
	}
	if year == 0 {
		year = now.Year()
	}
	y := desk.HolidayYear{HolidaySet: desk.HolidaySet{HolidayState: defect.HolidayState{Set: set, Revision: f.made}, BuildsOn: calendar.BaseOf(set), Notice: n}, Year: year, Provisional: year > 2026}
	y.Days = slices.DeleteFunc(slices.Clone(n.Exceptions), func(e calendar.Exception) bool { return e.Date.Year != year })
	return y, nil
}

func (f *fakeConsole) HolidayRevisions(_ context.Context, _ desk.Caller, set string, after, limit int) ([]calendar.Revision, int, error) {
	var out []calendar.Revision
	for n := after + 1; n <= min(f.made, after+limit); n++ {
		r := calendar.Revision{Set: set, N: n, By: "deputy", Why: fmt.Sprint("缘由", n), At: now, Effect: holidayEffect()}
		switch n % 3 {
		case 0:
			r.Change.Reverts = n - 1
		case 1:
			r.Change.Years = []calendar.Year{{Year: 2027}}
		default:
			r.Change.Days = []calendar.Exception{{Name: "停电"}}
		}
		out = append(out, r)
	}
	return out, 0, nil
}

func holidayEffect() calendar.Effect {
	return calendar.Effect{
		Days:    []calendar.DayChange{{Date: calendar.Date{Year: 2026, Month: 12, Day: 5}, Before: calendar.Workday, After: calendar.DayOff, Name: "停电检修"}, {Date: calendar.Date{Year: 2026, Month: 12, Day: 6}, Name: "x"}},
		Through: calendar.Date{Year: 2027, Month: 12, Day: 31}, Before: calendar.Date{Year: 2026, Month: 12, Day: 31},
	}
}

func (f *fakeConsole) MayChangeHolidays(by desk.Caller) error {
	if !defect.MayKeepHolidays(by.Person) {
		return apperr.New(apperr.Forbidden, apperr.ReasonHolidaysKeep, nil)
	}
	return nil
}

func (f *fakeConsole) ChangeHolidays(_ context.Context, by desk.Caller, set string, c desk.HolidayChange, key string) (calendar.Revision, bool, error) {
	f.change, f.key = c, key
	var wrong apperr.Fields
	if c.Why == "" {
		wrong.Add("why", apperr.FieldRequired, nil)
	}
	if err := wrong.Err(); err != nil {
		return calendar.Revision{}, false, err
	}
	f.made++
	return calendar.Revision{Set: set, N: f.made}, true, f.MayChangeHolidays(by)
}

func (f *fakeConsole) PreviewHolidays(_ context.Context, by desk.Caller, set string, c desk.HolidayChange, after string, _ int) (desk.HolidayEffect, error) {
	f.change, f.after = c, after
	if f.wrong != nil {
		return desk.HolidayEffect{}, f.wrong
	}
	return moved(set), f.MayChangeHolidays(by)
}

func moved(set string) desk.HolidayEffect {
	return desk.HolidayEffect{
		HolidayState: defect.HolidayState{Set: set, Revision: 9}, Effect: holidayEffect(), Unread: []string{"BROKEN"}, Next: "further on",
		Cases: []desk.HolidayCase{{Number: firstNumber, Title: "登录<script>", Severity: 2, Stage: defect.Analysis, Moves: []defect.Move{
			{Clock: defect.ClockResolve, Before: now, After: now.Add(24 * time.Hour), ProvisionalAfter: true}, {Before: now, Breaks: true, Paused: true},
		}}},
	}
}

func (f *fakeConsole) HolidayEffect(_ context.Context, by desk.Caller, set string, n int, after string, _ int) (desk.HolidayEffect, error) {
	f.after = after
	if !defect.SeesAll(by.Person) {
		return desk.HolidayEffect{}, apperr.New(apperr.Forbidden, apperr.ReasonHolidaysRead, nil)
	}
	if n < 1 || n > f.made {
		return desk.HolidayEffect{}, apperr.New(apperr.NotFound, apperr.ReasonHolidayRevision, apperr.Args{"set": set, "revision": fmt.Sprint(n)})
	}
	return moved(set), nil
}

func (f *fakeConsole) ApplyHolidays(_ context.Context, by desk.Caller, set string, n int, why string, s desk.Selection) (desk.HolidaysApplied, error) {
	if err := f.MayChangeHolidays(by); err != nil {
		return desk.HolidaysApplied{}, err
	}
	var wrong apperr.Fields
	if why == "" {
		wrong.Add("why", apperr.FieldRequired, nil)
	}
	if err := wrong.Err(); err != nil {
		return desk.HolidaysApplied{}, err
	}
	f.applied = fmt.Sprint(set, n, why, s.Numbers, s.After)
	return desk.HolidaysApplied{Items: []desk.HolidayResult{
		{HolidayCase: moved(set).Cases[0], Result: desk.ResultDone},
		{HolidayCase: desk.HolidayCase{Number: "x"}, Result: desk.ResultFailed, Err: apperr.New(apperr.NotFound, apperr.ReasonNumber, nil)},
	}, Next: "further on", Left: 7}, nil
}

func TestPolicy_SpeaksBothLanguages(t *testing.T) {
	f, h := newSite(t)
	f.made = 23
	for language, says := range map[string][]string{
		"zh": {"om-plan-2019", "12 小时", "5 天", "30 分钟", "5 个工作日", "08:30-12:00、13:30-18:00", "周一、周二、周三、周四、周五", "响应到期后 30 分钟", "通知主管领导", "解决时限用到 80% 时", "值班人员、li", "每 10 分钟 再催一次,最多 3 次", "尚未公布", "春节", "2026-02-15 – 2026-02-23", "50%、80%"},
		"en": {"12 h", "5 days", "30 min", "5 working days", "Mon", "When the response falls due", "tell: supervisor", "not published yet", "who is on duty"},
	} {
		for username := range people {
			b := as(t, h, username, language)
			for _, target := range []string{"/policy", "/policy?calendar=5x8&from=2026-11-27T17:30&limit=5wd", "/policy?limit=soon", "/policy?calendar=none&from=2026-11-27T17:30&limit=2h", "/policy/holidays/cn", "/policy/holidays/site?year=2027", "/policy/holidays/none", "/policy/holidays/cn?year=9999", "/policy/holidays/cn/revisions/2", "/policy/holidays/cn/revisions/99"} {
				w := b.get(target)
				page := w.Body.String()
				require.NotContains(t, []int{500, 303}, w.Code, target)
				require.Empty(t, rawKey.FindString(page), "%s of %s in %s", target, username, language)
				require.NotContains(t, page, "no value", target)
				require.NotContains(t, page, "ZgotmplZ", target)
				require.Less(t, len(page), 60_000)
			}
		}
		w := as(t, h, "reporter", language).get("/policy")
		require.Equal(t, http.StatusOK, w.Code, "everybody may know what was promised")
		require.NotContains(t, w.Body.String(), "/policy/holidays/")
		for _, text := range says {
			require.Contains(t, w.Body.String(), text, language)
		}
	}
}

func TestPolicy_WorksOutWhenSomethingIsDue(t *testing.T) {
	_, h := newSite(t)
	b := as(t, h, "reporter", "zh")
	page := b.get("/policy?calendar=5x8&from=2026-09-30T17:00&limit=2h").Body.String()
	for _, text := range []string{`datetime="2026-10-08T01:30:00Z"`, "放假 国庆节", "非工作时间", "不计", "1 小时", `value="2h"`, `value="5x8" selected`} {
		require.Contains(t, page, text)
	}
	require.Contains(t, b.get("/policy?calendar=5x8&from=2027-09-30T17:00&limit=2h").Body.String(), "暂定")
	for query, text := range map[string]string{
		"limit=soon&from=2026-09-30T17:00": `id="due-limit-error"`, "limit=2h&from=x": `id="due-from-error"`, "limit=": `id="due-from-error">必填`, "limit=2h&from=2026-09-30T17:00&calendar=none": "没有这个服务日历",
	} {
		w := b.get("/policy?" + query)
		require.Contains(t, []int{404, 422}, w.Code, query)
		require.Contains(t, w.Body.String(), text, query)
	}
}

func TestHolidays_RevisionsFromTheLatest(t *testing.T) {
	f, h := newSite(t)
	f.made = 23
	page := as(t, h, "agent", "zh").get("/policy/holidays/cn").Body.String()
	require.Contains(t, page, "缘由23")
	require.Contains(t, page, "缘由4")
	require.NotContains(t, page, "缘由3<")
	require.Less(t, strings.Index(page, "缘由23"), strings.Index(page, "缘由22"))
	require.Contains(t, page, `href="?upto=3#revisions"`)
	require.NotContains(t, page, "<form method=\"post\" action=\"/policy", "who keeps no holidays changes none")
	page = as(t, h, "agent", "zh").get("/policy/holidays/cn?upto=3").Body.String()
	require.Contains(t, page, "2027 年通知")
	require.Contains(t, page, "撤销第 2 次修订")
	require.NotContains(t, page, "缘由4")
	require.Equal(t, http.StatusForbidden, as(t, h, "reporter", "zh").get("/policy/holidays/cn").Code)
}

// fileForm is a form with a file, as browsers send it.
func fileForm(t *testing.T, fields url.Values, name, text string) (kind string, body *bytes.Buffer) {
	t.Helper()
	body = &bytes.Buffer{}
	form := multipart.NewWriter(body)
	for field, values := range fields {
		for _, v := range values {
			require.NoError(t, form.WriteField(field, v))
		}
	}
	part, err := form.CreateFormFile("file", name)
	require.NoError(t, err)
	_, err = part.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, form.Close())
	return form.FormDataContentType(), body
}

func TestHolidays_DaysFromPreviewToSaving(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "deputy", "zh")
	require.Contains(t, b.get("/policy/holidays/cn").Body.String(), `action="/policy/holidays/cn/preview"`)
	kind, body := fileForm(t, url.Values{"date": {"", "2026-12-05", "2026-12-06"}, "kind": {"off", "off", "work"}, "name": {"", " 停电检修 ", "停电检修"}}, "", "")
	w := b.do(http.MethodPost, "/policy/holidays/cn/preview", kind, body)
	require.Equal(t, http.StatusOK, w.Code)
	want := []calendar.Exception{{Date: calendar.Date{Year: 2026, Month: 12, Day: 5}, Off: true, Name: "停电检修"}, {Date: calendar.Date{Year: 2026, Month: 12, Day: 6}, Name: "停电检修"}}
	require.Equal(t, desk.HolidayChange{Days: want}, f.change)
	page := w.Body.String()
	for _, text := range []string{"尚未保存", "2026-12-05", "按周历", "2026-12-31 → 2027-12-31", "登录&lt;script&gt;", "应用后立即超时", "BROKEN", "暂定", "暂停"} {
		require.Contains(t, page, text)
	}
	require.Zero(t, f.made)

	carried := func(page, mark string) url.Values {
		for _, form := range strings.Split(page, "<form")[1:] {
			if form, _, _ = strings.Cut(form, "</form>"); strings.Contains(form, mark) {
				out := url.Values{}
				for _, m := range hidden.FindAllStringSubmatch(form, -1) {
					out.Add(m[1], m[2])
				}
				return out
			}
		}
		return nil
	}
	more := carried(page, `name="after"`)
	page = b.post("/policy/holidays/cn/preview", more).Body.String()
	require.Equal(t, "further on", f.policyFake.after)
	require.Equal(t, want, f.change.Days)
	save := carried(page, `id="why"`)
	require.Equal(t, more["_key"], save["_key"], "one key for one change, whatever pages were looked at")
	w = b.post("/policy/holidays/cn", save)
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), `id="why-error" role="alert">必填`)
	save.Set("why", "停电")
	w = b.post("/policy/holidays/cn", save)
	require.Equal(t, "/policy/holidays/cn/revisions/1?did=saved", w.Header().Get("Location"), w.Body)
	require.Equal(t, []any{desk.HolidayChange{Days: want, Why: "停电"}, save.Get("_key")}, []any{f.change, f.key})
	require.NotEmpty(t, f.key)
	require.Contains(t, b.get(w.Header().Get("Location")).Body.String(), "已保存")
	require.Equal(t, http.StatusForbidden, as(t, h, "agent", "zh").post("/policy/holidays/cn", save).Code)
}

func TestHolidays_RefusedWithWhatWasTyped(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "deputy", "zh")
	var wrong apperr.Fields
	wrong.Add("days[0].date", apperr.FieldNoticeDate, nil)
	f.wrong = wrong.Err()
	kind, body := fileForm(t, url.Values{"date": {"", "soon"}, "kind": {"off", "work"}, "name": {"", "停电"}}, "", "")
	w := b.do(http.MethodPost, "/policy/holidays/cn/preview", kind, body)
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	for _, text := range []string{`value="soon"`, `id="day-2-error"`, `value="work" selected`} {
		require.Contains(t, w.Body.String(), text)
	}
	f.wrong = apperr.New(apperr.Conflict, apperr.ReasonHolidaysSame, nil)
	w = b.post("/policy/holidays/cn/preview", url.Values{"reverts": {"1"}})
	require.Equal(t, http.StatusConflict, w.Code)
	require.Equal(t, desk.HolidayChange{Reverts: 1}, f.change)
	kind, body = fileForm(t, nil, "2027.json", strings.Repeat("x", 200<<10))
	w = b.do(http.MethodPost, "/policy/holidays/cn/preview", kind, body)
	require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	require.Contains(t, w.Body.String(), "128 KiB")
	kind, body = fileForm(t, nil, "2027.json", strings.Repeat("x", 2<<20))
	require.Equal(t, http.StatusRequestEntityTooLarge, b.do(http.MethodPost, "/policy/holidays/cn/preview", kind, body).Code)
}

func TestHolidays_ANoticeIsCarriedAlong(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "deputy", "zh")
	text := "{\"year\": 2027,\n \"days\": []}"
	kind, body := fileForm(t, url.Values{"date": {""}, "name": {""}}, "2027.json", text)
	page := b.do(http.MethodPost, "/policy/holidays/cn/preview", kind, body).Body.String()
	require.Equal(t, desk.HolidayChange{Document: []byte(text), File: "2027.json"}, f.change)
	require.Contains(t, page, `name="file_name" value="2027.json"`)
	require.Equal(t, http.StatusSeeOther, b.post("/policy/holidays/cn", url.Values{"document": {text}, "file_name": {"2027.json"}, "why": {"w"}, "_key": {"k"}}).Code)
	require.Equal(t, desk.HolidayChange{Document: []byte(text), File: "2027.json", Why: "w"}, f.change)
}

func TestHolidays_AppliedToChosenCases(t *testing.T) {
	f, h := newSite(t)
	f.made = 2
	b := as(t, h, "deputy", "zh")
	page := b.get("/policy/holidays/cn/revisions/2?after=a").Body.String()
	require.Equal(t, "a", f.policyFake.after)
	for _, text := range []string{"缘由2", `name="number" value="` + firstNumber, `name="which" value="chosen"`, `name="reverts" value="2"`, `href="?after=further%20on#cases"`} {
		require.Contains(t, page, text)
	}
	require.NotContains(t, b.get("/policy/holidays/cn/revisions/1").Body.String(), `name="which"`, "only the latest is applied")
	require.NotContains(t, as(t, h, "agent", "zh").get("/policy/holidays/cn/revisions/2").Body.String(), "<form method=\"post\" action=\"/policy")
	apply := func(form url.Values) (int, string) {
		w := b.post("/policy/holidays/cn/revisions/2/apply", form)
		return w.Code, w.Body.String()
	}
	code, page := apply(url.Values{"which": {"chosen"}, "why": {"通知"}})
	require.Equal(t, 422, code)
	require.Contains(t, page, "请至少选择一项")
	require.Contains(t, page, `value="通知"`)
	code, page = apply(url.Values{"which": {"chosen"}, "number": {firstNumber}})
	require.Equal(t, 422, code)
	require.Contains(t, page, `id="why-error" role="alert">必填`)
	require.Empty(t, f.applied)
	code, page = apply(url.Values{"which": {"chosen"}, "number": {firstNumber}, "why": {"通知"}, "after": {"a"}})
	require.Equal(t, 200, code)
	require.Equal(t, "cn2通知["+firstNumber+"]", f.applied)
	for _, text := range []string{"已应用", "未成功:", "还有 7 个", `name="after" value="further on"`} {
		require.Contains(t, page, text)
	}
	code, _ = apply(url.Values{"which": {"all"}, "why": {"通知"}, "after": {"a"}})
	require.Equal(t, 200, code)
	require.Equal(t, "cn2通知[]a", f.applied)
}
