package web_test

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
)

// fakeReports answers for reports and audits, and records what it is asked.
type fakeReports struct {
	promises   []defect.CasePromise
	nextOnes   string // the cursor that the lists give
	drifts     []defect.Drift
	runs       []desk.Audit
	asks       []defect.PromiseQuery
	cursors    []string
	reportAway error
}

func (f *fakeReports) MayReport(by desk.Caller) error {
	if defect.SeesAll(by.Person) {
		return nil
	}
	return apperr.New(apperr.Forbidden, apperr.ReasonReports, nil)
}

func (f *fakeReports) PromiseReport(_ context.Context, _ desk.Caller, q defect.PromiseQuery) (defect.PromiseReport, error) {
	f.asks = append(f.asks, q)
	if f.reportAway != nil {
		return defect.PromiseReport{}, f.reportAway
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		var wrong apperr.Fields
		wrong.Add("to", apperr.FieldPeriod, nil)
		return defect.PromiseReport{}, wrong.Err()
	}
	var sums defect.PromiseSums
	for _, p := range f.promises {
		sums.Add(p.Key(q.By), p.Figure())
	}
	return sums.Report(), nil
}

func (f *fakeReports) Promises(_ context.Context, _ desk.Caller, q defect.PromiseQuery, after string, _ int) ([]defect.CasePromise, string, error) {
	f.asks, f.cursors = append(f.asks, q), append(f.cursors, after)
	if f.reportAway != nil {
		return nil, "", f.reportAway
	}
	if after != "" {
		return nil, "", nil
	}
	return f.promises, f.nextOnes, nil
}

func (f *fakeReports) MayAudit(by desk.Caller) error {
	if by.Has(defect.RoleAdmin, defect.RoleAuditor) {
		return nil
	}
	return apperr.New(apperr.Forbidden, apperr.ReasonAudits, nil)
}

func (f *fakeReports) Audits(_ context.Context, by desk.Caller, after string, _ int) ([]desk.Audit, string, error) {
	f.cursors = append(f.cursors, after)
	if err := f.MayAudit(by); err != nil {
		return nil, "", err
	}
	return f.runs, f.nextOnes, f.reportAway
}

func (f *fakeReports) Findings(_ context.Context, by desk.Caller, id, after string, _ int) ([]defect.Drift, string, error) {
	f.cursors = append(f.cursors, id+" "+after)
	if err := f.MayAudit(by); err != nil {
		return nil, "", err
	}
	return f.drifts, f.nextOnes, f.reportAway
}

// promised has three promises: kept, broken, running.
func promised(f *fakeDesk) {
	one := func(clock defect.ClockName, severity defect.Severity, outcome defect.Outcome, met bool, took time.Duration) defect.CasePromise {
		p := defect.Promise{
			Clock: clock, Nth: 1, Severity: severity, Person: "technician", System: "OA<b>", Month: 202611, StartedAt: now, DueAt: now.Add(2 * time.Hour), State: defect.ClockRunning,
			Outcome: outcome, Met: met, Counted: took, Sides: defect.Sums{Contractor: took, Client: time.Hour},
		}
		if met {
			p.EndedAt = now.Add(took)
		}
		if outcome == defect.OutcomeBroken {
			p.LateBy = 90 * time.Minute
		}
		return defect.CasePromise{Number: firstNumber, Promise: p}
	}
	f.promises = []defect.CasePromise{
		one(defect.ClockResponse, 1, defect.OutcomeMet, true, 25*time.Minute), one(defect.ClockResolve, 1, defect.OutcomeBroken, true, 27*time.Hour), one(defect.ClockPlan, 2, defect.OutcomeRunning, false, 0),
	}
}

func TestReport_SpeaksBothLanguages(t *testing.T) {
	f, h := newSite(t)
	promised(f)
	for language, says := range map[string][]string{
		"zh": {"服务承诺报表", "2026-11-01 至 2026-11-30 开始计时的承诺", "1 级", "50.0%", "1 天 3 小时", "统计于 2026-11-24 01:00", "本月", "上季度"},
		"en": {"Report on promises", "1 · critical", "50.0%", "1 d 3 h", "Median time", "This month"},
	} {
		b := as(t, h, "auditor", language)
		page := b.get("/reports/promises").Body.String()
		for _, text := range says {
			require.Contains(t, page, text, language)
		}
		for _, target := range []string{
			"/reports/promises", "/reports/promises?by=person", "/reports/promises?by=system", "/reports/promises?by=month", "/reports/promises?by=clock", "/reports/promises?by=unit", "/reports/promises/cases",
			"/reports/promises/cases?by=severity&key=1&outcome=broken&clock=resolve", "/reports/promises/cases?by=unit&none=true&timed=true", "/audits", "/audits/a-1",
		} {
			w := b.get(target)
			require.Equal(t, http.StatusOK, w.Code, target)
			require.Empty(t, rawKey.FindString(w.Body.String()), "%s in %s", target, language)
			require.NotContains(t, w.Body.String(), "ZgotmplZ", target)
			require.NotContains(t, w.Body.String(), "OA<b>", target)
		}
	}
	b := as(t, h, "auditor", "zh")
	require.Contains(t, b.get("/reports/promises?by=person").Body.String(), "技术一")
	require.Contains(t, b.get("/reports/promises?by=month").Body.String(), "2026-11</th>")
	require.Contains(t, b.get("/reports/promises?by=unit").Body.String(), "未填写")
}

func TestReport_FiltersStandInTheAddress(t *testing.T) {
	f, h := newSite(t)
	promised(f)
	b := as(t, h, "agent", "zh")
	page := b.get("/reports/promises?from=2026-10-01&to=2026-10-31&by=clock&clock=resolve").Body.String()
	require.Equal(t, defect.PromiseQuery{From: time.Date(2026, 9, 30, 16, 0, 0, 0, time.UTC), To: time.Date(2026, 10, 31, 16, 0, 0, 0, time.UTC), By: defect.ByClock, Clock: defect.ClockResolve}, f.asks[0], "whole days at the site")
	for _, text := range []string{`value="2026-10-01"`, `value="clock" selected`, `value="resolve" selected`, `href="/reports/promises?by=clock&amp;clock=resolve&amp;from=2026-10-01&amp;to=2026-10-31" aria-current="true">上月`} {
		require.Contains(t, page, text)
	}
	b.get("/reports/promises?from=&to=")
	require.Equal(t, defect.PromiseQuery{By: defect.BySeverity}, f.asks[1], "empty days bound nothing")
	b.get("/reports/promises")
	require.Equal(t, time.Date(2026, 10, 31, 16, 0, 0, 0, time.UTC), f.asks[2].From, "this month, when nobody says")
	asked := len(f.asks)
	for target, says := range map[string]string{
		"/reports/promises?from=x&to=": `id="from-error"`, "/reports/promises?by=weather": "只接受", "/reports/promises?clock=tea": "只接受",
	} {
		w := b.get(target)
		require.Equal(t, http.StatusUnprocessableEntity, w.Code, target)
		require.Contains(t, w.Body.String(), says, target)
	}
	require.Len(t, f.asks, asked)
	w := b.get("/reports/promises?from=2026-11-30&to=2026-11-01")
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), `id="to-error"`)
	require.Contains(t, w.Body.String(), `value="2026-11-30"`)
}

func TestReport_LeadsFromEachFigureToItsPromises(t *testing.T) {
	f, h := newSite(t)
	promised(f)
	f.nextOnes = "a+b"
	b := as(t, h, "agent", "zh")
	page := b.get("/reports/promises?from=2026-11-01&to=2026-11-30&by=severity").Body.String()
	link := "/reports/promises/cases?by=severity&amp;from=2026-11-01&amp;key=1&amp;outcome=broken&amp;to=2026-11-30"
	require.Contains(t, page, `<a href="`+link+`">1</a>`)
	require.Contains(t, page, "/reports/promises/cases?by=severity&amp;from=2026-11-01&amp;timed=true&amp;to=2026-11-30", "the total leads on, too")
	page = b.get(strings.ReplaceAll(link, "&amp;", "&")).Body.String()
	asked := f.asks[len(f.asks)-1]
	require.Equal(t, []any{"1", true, defect.OutcomeBroken}, []any{asked.Key, asked.Keyed, asked.Outcome})
	for _, text := range []string{
		`<span>级别:1 级 · 紧急</span>`, `href="/defects/` + firstNumber + `"`, "1 小时 30 分", `tone-late">超时`, "&amp;after=a%2Bb", `href="/reports/promises?by=severity&amp;from=2026-11-01&amp;to=2026-11-30"`,
	} {
		if text == "&amp;after=a%2Bb" {
			text = "cases?after=a%2Bb&amp;by=severity"
		}
		require.Contains(t, page, text)
	}
	page = b.get("/reports/promises/cases?by=unit&none=true&after=x").Body.String()
	require.Equal(t, "x", f.cursors[len(f.cursors)-1])
	require.True(t, f.asks[len(f.asks)-1].Keyed)
	require.Contains(t, page, "第一页")
	require.Contains(t, page, "没有符合条件的承诺")
}

func TestReport_PageByPage(t *testing.T) {
	f, h := newSite(t)
	promised(f)
	one := f.promises[0]
	f.promises = nil
	for n := range 150 {
		one.System = "S" + strconv.Itoa(1000+n)
		f.promises = append(f.promises, one)
	}
	b := as(t, h, "agent", "zh")
	page := b.get("/reports/promises?by=system").Body.String()
	require.Contains(t, page, "S1099")
	require.NotContains(t, page, "S1100")
	require.Contains(t, page, "page=2")
	page = b.get("/reports/promises?by=system&page=2").Body.String()
	require.Contains(t, page, "S1149")
	require.Contains(t, page, ">150</a>", "the total is of all pages")
	require.NotContains(t, page, "page=3")
}

func TestReport_IsTakenAlong(t *testing.T) {
	f, h := newSite(t)
	promised(f)
	b := as(t, h, "agent", "zh")
	w := b.get("/reports/promises/export?from=2026-11-01&to=2026-11-30&by=severity")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "attachment; filename=promises.xlsx", w.Header().Get("Content-Disposition"))
	book, err := excelize.OpenReader(bytes.NewReader(w.Body.Bytes()))
	require.NoError(t, err)
	require.Equal(t, []string{"汇总", "明细"}, book.GetSheetList())
	rows, err := book.GetRows("汇总")
	require.NoError(t, err)
	require.Equal(t, []string{"合计", "3", "1", "1", "1", "0", "0.5"}, rows[3][:7])
	rows, err = book.GetRows("明细")
	require.NoError(t, err)
	require.Len(t, rows, 4)
	require.Equal(t, "OA<b>", rows[1][3])
	require.NoError(t, book.Close())
	f.reportAway = errSQLAway
	require.Equal(t, http.StatusServiceUnavailable, b.get("/reports/promises/export").Code)
	require.Equal(t, http.StatusUnprocessableEntity, b.get("/reports/promises/export?by=x").Code)
}

func TestReports_AreForThoseWhoMay(t *testing.T) {
	f, h := newSite(t)
	promised(f)
	for username, may := range map[string][3]int{"reporter": {403, 403, 403}, "agent": {200, 200, 403}, "auditor": {200, 200, 200}} {
		b := as(t, h, username, "zh")
		for i, target := range []string{"/reports/promises", "/reports/promises/cases", "/audits"} {
			require.Equal(t, may[i], b.get(target).Code, "%s of %s", target, username)
		}
		page := b.get("/").Body.String()
		require.Equal(t, may[0] == 200, strings.Contains(page, `href="/reports/promises"`), username)
		if may[0] == 200 {
			require.Equal(t, may[2] == 200, strings.Contains(b.get("/reports/promises").Body.String(), `href="/audits"`), username)
		}
	}
	require.Equal(t, http.StatusForbidden, as(t, h, "reporter", "zh").get("/reports/promises/export").Code)
}

func TestReport_WhileSQLIsAwayAndWhenThereIsNothing(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "auditor", "zh")
	require.Contains(t, b.get("/reports/promises").Body.String(), "没有符合条件的承诺")
	require.Contains(t, b.get("/audits").Body.String(), "还没有核对")
	require.Contains(t, b.get("/audits/a-1").Body.String(), "没有发现问题")
	f.reportAway = errSQLAway
	for _, target := range []string{"/reports/promises?from=2026-01-02&to=", "/reports/promises/cases", "/audits"} {
		require.Equal(t, http.StatusServiceUnavailable, b.get(target).Code, target)
	}
	page := b.get("/reports/promises?from=2026-01-02&to=").Body.String()
	require.Contains(t, page, "数据库暂时不可用")
	require.Contains(t, page, `value="2026-01-02"`)
}

func TestAudits_ShowWhatTheyFound(t *testing.T) {
	f, h := newSite(t)
	f.runs = []desk.Audit{{ID: "a-2", StartedAt: now, Checked: 12}, {ID: "a-1", StartedAt: now, EndedAt: now.Add(time.Minute), Checked: 90, Findings: 2}, {ID: "a-0", StartedAt: now, EndedAt: now}}
	f.drifts = []defect.Drift{{Number: firstNumber, Kind: defect.DriftSeq, Fact: defect.FactBehind, Args: apperr.Args{"sql": "3", "workflow": "4"}, FoundAt: now}}
	f.nextOnes = "n"
	b := as(t, h, "auditor", "zh")
	page := b.get("/audits?after=x").Body.String()
	for _, text := range []string{`tone-late" href="/audits/a-1">2 个问题`, `tone-done">一致`, `tone-calm">进行中`, "/audits?after=n", `href="/audits">第一页`} {
		require.Contains(t, page, text)
	}
	page = b.get("/audits/a-1").Body.String()
	require.Contains(t, page, "数据库停在第 3 个事件,工作流在第 4 个。")
	require.Contains(t, page, "/audits/a-1?after=n")
	require.Equal(t, []string{"x", "a-1 "}, f.cursors)
	require.Contains(t, as(t, h, "auditor", "en").get("/audits/a-1").Body.String(), "stay at different events")
}
