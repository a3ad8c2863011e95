package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/notice"
)

func TestList_HasEveryFilterOfTheAPI(t *testing.T) {
	f, h := newSite(t)
	walked(t, f)
	for language, says := range map[string][]string{"zh": {"更多筛选", "问题提出人(用户名)", "提交时间从", "等待中"}, "en": {"More filters", "Reporter (user name)", "Submitted from", "not waiting"}} {
		b := as(t, h, "agent", language)
		page := b.get("/defects?system=OA&category=business&reporter=reporter&asset_id=A1&waiting=true&from=2026-11-01&to=2026-11-30").Body.String()
		yes := true
		require.Equal(t, defect.Query{
			System: "OA", Category: defect.Business, Reporter: "reporter", AssetID: "A1", Waiting: &yes, Sort: defect.SortNewest, Page: 1, Size: 50,
			From: time.Date(2026, 11, 1, 0, 0, 0, 0, cst), To: time.Date(2026, 12, 1, 0, 0, 0, 0, cst),
		}, f.queries[len(f.queries)-1], "with its last day, as the site counts days")
		for _, text := range append(says, `class="further" open`, `name="system" value="OA"`, `value="business" selected`, `name="reporter" value="reporter"`, `name="asset_id" value="A1"`, `<option value="true" selected>`, `value="2026-11-01"`, `value="2026-11-30"`) {
			require.Contains(t, page, text)
		}
		require.NotContains(t, b.get("/defects?severity=2").Body.String(), `class="further" open`)
	}
	require.NotContains(t, as(t, h, "reporter", "zh").get("/defects").Body.String(), `name="reporter"`, "who sees only their own asks for nobody's")
	for target, says := range map[string]string{"from=morgen": "应为日期", "category=x": "只接受", "waiting=x": "布尔值", "from=2026-11-02&to=2026-11-01": "结束时间必须晚于"} {
		w := as(t, h, "agent", "zh").get("/defects?" + target)
		require.Equal(t, http.StatusUnprocessableEntity, w.Code, target)
		require.Contains(t, w.Body.String(), says, target)
		require.Contains(t, w.Body.String(), `class="further" open`, target)
	}
	require.Equal(t, http.StatusOK, as(t, h, "agent", "zh").get("/defects?from=2026-11-02&to=2026-11-02").Code, "a single day is a period")
}

func TestList_IsSortedByTheHeadsOfItsColumns(t *testing.T) {
	f, h := newSite(t)
	walked(t, f)
	for language, heads := range map[string][]string{"zh": {"级别", "时限", "提交时间", "更新时间"}, "en": {"Severity", "Promise", "Submitted", "Updated"}} {
		b := as(t, h, "agent", language)
		for sort, says := range map[string]string{
			"":            `aria-sort="descending" class="roomy"><a href="/defects?severity=2&amp;sort=created_at">` + heads[2],
			"-created_at": `aria-sort="descending" class="roomy"><a href="/defects?severity=2&amp;sort=created_at">` + heads[2],
			"created_at":  `aria-sort="ascending" class="roomy"><a href="/defects?severity=2&amp;sort=-created_at">` + heads[2],
			"severity":    `aria-sort="ascending"><a href="/defects?severity=2&amp;sort=severity">` + heads[0],
			"next_due":    `aria-sort="ascending"><a href="/defects?severity=2&amp;sort=next_due">` + heads[1],
			"-updated_at": `aria-sort="descending"><a href="/defects?severity=2&amp;sort=-updated_at">` + heads[3],
		} {
			page := b.get("/defects?severity=2&page=1&sort=" + sort).Body.String()
			require.Contains(t, page, says, sort)
			require.Equal(t, 1, strings.Count(page, "aria-sort"), sort)
		}
	}
}

// While SQL is away the pages that are made of it say what works all the same, and keep what was asked.
func TestPages_WhileSQLIsAway(t *testing.T) {
	for language, says := range map[string][]string{
		"zh": {"数据库暂时不可用", ">重试</a>", "按编号打开问题单", "提交照常受理"},
		"en": {"cannot be shown right now", ">Try again</a>", "Open a case by its number", "it is taken as usual"},
	} {
		f, h := newSite(t)
		f.away = &apperr.Error{Code: apperr.Unavailable, Reason: apperr.ReasonStoreAway, RetryAfter: 3 * time.Second}
		b := as(t, h, "agent", language)
		for _, target := range []string{"/", "/defects?severity=2&q=x"} {
			w := b.get(target)
			require.Equal(t, http.StatusServiceUnavailable, w.Code)
			require.Equal(t, "3", w.Header().Get("Retry-After"))
			page := w.Body.String()
			require.Empty(t, rawKey.FindString(page))
			for _, text := range append(says, `action="/find"`, `href="`+strings.ReplaceAll(target, "&", "&amp;")+`"`, `href="/defects/new"`) {
				require.Contains(t, page, text, target)
			}
			require.Equal(t, 1, strings.Count(page, "<h1"), target)
		}
		require.Contains(t, b.get("/defects?severity=2&q=x").Body.String(), `value="x"`, "the filters stay as they are")
	}
	f, h := newSite(t)
	f.away = &apperr.Error{Code: apperr.Unavailable, Reason: apperr.ReasonStoreAway}
	require.NotContains(t, as(t, h, "agent", "zh").get("/").Body.String(), "通过通知中的链接签字")
	require.Contains(t, as(t, h, "supervisor", "zh").get("/").Body.String(), "通过通知中的链接签字")
	require.NotContains(t, as(t, h, "auditor", "zh").get("/defects").Body.String(), `href="/defects/new"`)
}

func TestFind_LeadsToACase(t *testing.T) {
	_, h := newSite(t)
	b := as(t, h, "agent", "zh")
	for _, typed := range []string{"PRQ9-BNH9-KFPR", "prq9bnh9kfpr", "%20PRQ9-BNH9-KFPR%20"} {
		w := b.get("/find?number=" + typed)
		require.Equal(t, http.StatusSeeOther, w.Code, typed)
		require.Equal(t, "/defects/PRQ9-BNH9-KFPR", w.Header().Get("Location"), typed)
	}
	w := b.get("/find?number=//evil.example")
	require.Equal(t, http.StatusNotFound, w.Code)
	require.Contains(t, w.Body.String(), `action="/find"`, "to try another")
}

func TestPages_SayWhereToBegin(t *testing.T) {
	for language, says := range map[string]map[string]string{
		"zh": {"reporter": "发现系统问题时", "agent": "接到电话、邮件或传真时", "technician": "指派给您的问题单会出现在这里", "supervisor": "等待您签字的处理方案", "auditor": "可以在这里和报表中查看"},
		"en": {"reporter": "When a system fails you", "agent": "When somebody calls", "technician": "Cases assigned to you show here", "supervisor": "Handling plans that wait", "auditor": "Once there are cases"},
	} {
		for username, text := range says {
			_, h := newSite(t)
			b := as(t, h, username, language)
			for _, target := range []string{"/", "/defects"} {
				page := b.get(target).Body.String()
				require.Contains(t, page, text, "%s on %s", username, target)
				require.Equal(t, username != "auditor", strings.Contains(page, `<a class="button" href="/defects/new">`), username)
			}
			require.NotContains(t, b.get("/defects?severity=1").Body.String(), text, "a filter may find nothing")
		}
	}
	f, h := newSite(t)
	f.open(people["reporter"], report())
	require.NotContains(t, as(t, h, "supervisor", "zh").get("/").Body.String(), "从这里开始", "nothing to do is not nothing there")
}

func TestProblem_OfSomebodyWhoMayNot(t *testing.T) {
	_, h := newSite(t)
	for language, says := range map[string][]string{"zh": {"您的角色不能提交问题单", "您的角色是:审计员", "请联系系统管理员"}, "en": {"Your roles: auditor", "ask an administrator"}} {
		w := as(t, h, "auditor", language).get("/defects/new")
		require.Equal(t, http.StatusForbidden, w.Code)
		for _, text := range append(says, `<a href="/">`) {
			require.Contains(t, w.Body.String(), text)
		}
	}
}

func TestInbox_GoesBack(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "reporter", "zh")
	page := b.get("/?before=5").Body.String()
	require.Contains(t, page, `<a href="/#inbox">最新</a>`, "also where there is nothing older")
	f.notices = []notice.Notice{{ID: 4, About: firstNumber, Seq: 1, Topic: notice.Submitted, Severity: 2, At: now, ReadAt: now, Args: notice.Args{notice.ArgTitle: "登录"}}}
	page = b.get("/?before=5").Body.String()
	require.Contains(t, page, `<a href="/defects/`+firstNumber+`">`)
	require.NotContains(t, page, `class="unread"`)
	require.NotContains(t, page, `name="up_to"`, "what is newer is not marked as read with it")
}
