package web_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/roster"
)

// fakeBoard is what the board is answered with.
type fakeBoard struct {
	figures  desk.Board
	duty     desk.Duty
	limit    int // that was asked for
	dutyAway error
}

func (f *fakeConsole) Board(_ context.Context, by desk.Caller, limit int) (desk.Board, error) {
	f.board.limit = limit
	if !defect.MayWatch(by.Person) {
		return desk.Board{}, apperr.New(apperr.Forbidden, apperr.ReasonBoard, nil)
	}
	return f.board.figures, f.away
}

func (f *fakeConsole) BoardDuty(context.Context, desk.Caller) (desk.Duty, error) {
	return f.board.duty, f.board.dutyAway
}

// watched has a board with something of everything.
func watched(t *testing.T) (*fakeDesk, http.Handler) {
	t.Helper()
	f, h := newSite(t)
	midnight := time.Date(2026, 11, 24, 0, 0, 0, 0, cst)
	var days []desk.Day
	for i := desk.BoardDays - 1; i >= 0; i-- {
		days = append(days, desk.Day{From: midnight.AddDate(0, 0, -i), DayFigures: desk.DayFigures{Submitted: i, Ended: 2, Kept: 7, Broken: 1}})
	}
	soon, c := f.sheet.Case.Clone(), f.sheet.Case.Clone()
	soon.Assignee = "technician"
	c.Clocks[1].BreachedAt, c.Clocks[1].DueAt = now.Add(-26*time.Hour), now.Add(-26*time.Hour)
	f.board = fakeBoard{
		figures: desk.Board{
			At: now, Cases: 30, Until: now.Add(24 * time.Hour), Days: days,
			Open: []desk.OpenCount{{Stage: defect.Submitted, Severity: 1, N: 4}, {Stage: defect.Submitted, Severity: 2, N: 40}, {Stage: defect.SignOff, Severity: 2, N: 1}},
			Soon: desk.Watch{Items: []desk.Watched{{Case: soon, Clock: soon.Clocks[0]}}, Total: 4, TotalExact: true},
			Broken: desk.Watch{
				Items: []desk.Watched{{Case: c, Clock: c.Clocks[1]}}, Total: defect.MaxDepth,
			},
		},
		duty: desk.Duty{Rostered: true, Assignments: []roster.Assignment{
			{Roster: "site", Shift: "热线", Kind: roster.Hotline, From: now.Add(-time.Hour), To: now.Add(7 * time.Hour), People: []string{"agent", "nobody"}},
			{Roster: "site", Shift: "空班", Kind: roster.Onsite, From: now.Add(-time.Hour), To: now.Add(time.Hour)},
		}},
	}
	return f, h
}

func TestBoard_ShowsHowThingsStand(t *testing.T) {
	f, h := watched(t)
	for language, says := range map[string][]string{
		"zh": {
			"值班看板", "2026-11-24 01:00:00", ">45</a>", "响应 · 进行中", "剩 30 分", "技术一", "未指派", "处理方案 · 超时", "已超 1 天 2 小时", "还有 3 项", "至少 10000",
			"服务台、nobody", "7x24 热线", "2026-11-24 08:00", "本班次无人", "87.5%", "提交 435 个,结束 60 个", "2026-10-26 提交 29 个,结束 2 个", "按时完成 210 项,超时 30 项",
		},
		"en": {"Watch board", "response · running", "30 min left", "unassigned", "handling plan · broken", "and 3 more", "at least 10000", "7x24 hotline", "nobody on this shift", "435 submitted, 60 ended"},
	} {
		w := as(t, h, "agent", language).get("/board")
		page := w.Body.String()
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, 10, f.board.limit)
		require.Empty(t, rawKey.FindString(page), language)
		require.NotContains(t, page, "style=", "the policy of the page lets no style through that is not in a file")
		require.NotContains(t, page, "ZgotmplZ")
		runsOurModulesOnly(t, page)
		require.Less(t, len(page), 60_000)
		for _, text := range says {
			require.Contains(t, page, text, language)
		}
		for _, link := range []string{
			"/defects?severity=1&amp;stage=submitted", "/defects?stage=sign_off", "/defects?stage=open&amp;severity=2", "/defects/" + firstNumber,
			"/defects?sort=next_due&amp;stage=open", "/defects?overdue=true&amp;sort=next_due&amp;stage=open", "/board?wall=1",
		} {
			require.Contains(t, page, `href="`+link+`"`)
		}
		require.Contains(t, page, `<td class="heat-4"><a href="/defects?severity=2&amp;stage=submitted">40</a>`)
		require.Contains(t, page, `<td class="heat-1"><a href="/defects?severity=1&amp;stage=submitted">4</a>`)
		require.Contains(t, page, `<td class="heat-0">0</td>`, "where there is nothing nothing leads")
		require.Contains(t, page, `aria-current="page"`)
		require.NotContains(t, page, "http-equiv")
	}
}

// Each chart shows every day, and the table beside has the same figures.
func TestBoard_DrawsWhatItsTableSays(t *testing.T) {
	_, h := watched(t)
	page := as(t, h, "auditor", "en").get("/board").Body.String()
	require.Equal(t, 2, strings.Count(page, `<svg role="img" aria-label="`))
	require.Equal(t, 2*desk.BoardDays, strings.Count(page, "<g><title>2026-"))
	require.Equal(t, desk.BoardDays-1, strings.Count(page, `<rect class="submitted"`), "no bar for none")
	require.Contains(t, page, `<th scope="row">2026-10-26</th><td>29</td><td>2</td><td>7</td><td>1</td><td>87.5%</td>`)
	require.Contains(t, page, `<td>435</td><td>60</td><td>210</td><td>30</td><td>87.5%</td>`)
	require.Less(t, strings.Index(page, `<th scope="row">2026-11-24`), strings.Index(page, `<th scope="row">2026-10-26`), "the latest first")
	bar := regexp.MustCompile(`<rect class="(broken|kept)" x="0.40%" y="([0-9.]+)%" width="2.53%" height="([0-9.]+)%"/>`)
	require.Equal(t, [][]string{{"broken", "87.50", "12.50"}, {"kept", "0.00", "87.50"}}, [][]string{bar.FindAllStringSubmatch(page, 2)[0][1:], bar.FindAllStringSubmatch(page, 2)[1][1:]}, "one upon the other")
	require.Equal(t, 2, strings.Count(page, `dy="1.3em">11-24</text>`))
	require.Equal(t, 2, strings.Count(page, `dy="1.3em">11-17</text>`))
}

func TestBoard_ScalesItsCharts(t *testing.T) {
	f, h := watched(t)
	for most, scale := range map[int][]int{0: {2, 1, 0}, 2: {2, 1, 0}, 3: {4, 2, 0}, 9: {10, 5, 0}, 11: {20, 10, 0}, 95: {100, 50, 0}, 420: {600, 300, 0}} {
		f.board.figures.Days = []desk.Day{{From: now, DayFigures: desk.DayFigures{Submitted: most}}, {From: now}}
		page := as(t, h, "agent", "en").get("/board").Body.String()
		require.Contains(t, page, fmt.Sprintf("<span>%d</span><span>%d</span><span>%d</span>", scale[0], scale[1], scale[2]), most)
		require.Contains(t, page, "none decided")
	}
	f.board.figures.Days = []desk.Day{{From: now, DayFigures: desk.DayFigures{Kept: 99_999, Broken: 1}}}
	require.Contains(t, as(t, h, "agent", "en").get("/board").Body.String(), ">99.9%<", "not all were kept")
}

func TestBoard_OnAWall(t *testing.T) {
	f, h := watched(t)
	b := as(t, h, "agent", "zh")
	page := b.get("/board?wall=1").Body.String()
	require.Equal(t, 6, f.board.limit)
	for _, text := range []string{`<html lang="zh" class="wall">`, `<meta http-equiv="refresh" content="30">`, `href="/board"`, "2026-10-26 提交 29 个"} {
		require.Contains(t, page, text)
	}
	for _, text := range []string{"<nav", "<form", "<details"} {
		require.NotContains(t, page, text)
	}
	for _, err := range []error{apperr.New(apperr.Unavailable, apperr.ReasonStoreAway, nil), apperr.New(apperr.Internal, apperr.ReasonInternal, nil)} {
		f.away = err
		require.Contains(t, b.get("/board?wall=1").Body.String(), `http-equiv="refresh"`, "a wall comes back by itself")
	}
	require.NotContains(t, b.get("/defects?wall=1").Body.String(), "http-equiv")
}

func TestBoard_WhenSQLIsAway(t *testing.T) {
	f, h := watched(t)
	f.away = apperr.New(apperr.Unavailable, apperr.ReasonStoreAway, nil)
	w := as(t, h, "agent", "zh").get("/board")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	require.Contains(t, w.Body.String(), "数据库暂时无法访问")
	require.Contains(t, w.Body.String(), "服务台、nobody", "who is on duty is known all the same")
	require.NotContains(t, w.Body.String(), "<svg")
	f.board.duty, f.board.dutyAway = desk.Duty{}, f.away
	require.Contains(t, as(t, h, "agent", "zh").get("/board").Body.String(), "值班表暂时无法读取")
	f.board.dutyAway = apperr.New(apperr.Internal, apperr.ReasonInternal, nil)
	require.Equal(t, http.StatusInternalServerError, as(t, h, "agent", "zh").get("/board").Code)
}

func TestBoard_WithNothingYet(t *testing.T) {
	f, h := watched(t)
	f.board.figures = desk.Board{At: now}
	f.board.duty = desk.Duty{}
	page := as(t, h, "agent", "zh").get("/board").Body.String()
	for _, text := range []string{"还没有问题单", "建立账号", "保存值班表", `<a href="/defects/new">`, "没有在用的值班表"} {
		require.Contains(t, page, text)
	}
	require.NotContains(t, page, "<svg")
	require.NotContains(t, as(t, h, "auditor", "zh").get("/board").Body.String(), `<a href="/defects/new">`)
	f.board.duty.Rostered = true
	require.Contains(t, as(t, h, "agent", "zh").get("/board").Body.String(), "现在无人值班")
}

func TestBoard_IsNotForReporters(t *testing.T) {
	_, h := watched(t)
	b := as(t, h, "reporter", "zh")
	require.NotContains(t, b.get("/").Body.String(), `href="/board"`)
	w := b.get("/board")
	require.Equal(t, http.StatusForbidden, w.Code)
	require.Contains(t, w.Body.String(), "值班看板供运维单位人员和审计员查看")
	require.Contains(t, as(t, h, "technician", "zh").get("/").Body.String(), `<a href="/board">看板</a>`)
	require.Equal(t, http.StatusSeeOther, as(t, h, "", "zh").get("/board?wall=1").Code)
}
