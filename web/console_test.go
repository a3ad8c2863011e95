package web_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/notice"
)

var (
	staticLink = regexp.MustCompile(`/static/[a-z.-]+\?v=[0-9a-f]+`)
	scriptTag  = regexp.MustCompile(`<script[^>]*>`)
	// rawKey is a key of the catalogues that has no text.
	rawKey = regexp.MustCompile(`>\s*(web|input|stage|action|role|severity|clock|clock_state|event|field|error|title|level|category|channel|passed|fix_kind|sort|waiting|close_reason|why|side|phase|heading)\.[a-z_.]+`)
)

func report() defect.Submission {
	return defect.Submission{Title: "登录<script>", Description: "d & d", Severity: 2, System: "OA", Impact: "全市", Channel: defect.ChannelPhone, Reporter: defect.Reporter{Username: "reporter", Name: "王芳"}}
}

// walked has a case that has come to its reply, with everything on it.
func walked(t *testing.T, f *fakeDesk) {
	t.Helper()
	f.open(people["reporter"], report())
	yes := true
	for _, s := range []struct {
		by string
		a  defect.Action
		in defect.Input
	}{
		{"agent", defect.ActAcknowledge, defect.Input{Assignee: "technician", Assignment: defect.ByDuty("现场", "早班", 1, 2)}},
		{"agent", defect.ActClassify, defect.Input{Category: defect.Technical}},
		{"technician", defect.ActPropose, defect.Input{Cause: "光模块老化", Plan: "更换", Risk: "断网", Rollback: "换回"}},
		{"supervisor", defect.ActSign, defect.Input{Proposal: 1, Decision: defect.Approve, Comment: "同意"}},
		{"technician", defect.ActComplete, defect.Input{Summary: "已更换", Changes: "光模块", VersionBefore: "1", VersionAfter: "2"}},
		{"agent", defect.ActVerify, defect.Input{Passed: &yes, Method: "登录百次"}},
		{"technician", defect.ActReport, defect.Input{Summary: "报告", WorkHours: 1.5, Parts: "光模块一个"}},
		{"agent", defect.ActReply, defect.Input{Message: "已修复"}},
	} {
		_, err := f.act(people[s.by], firstNumber, s.a, s.in, nil)
		require.NoError(t, err, s.a)
	}
}

// runsOurModulesOnly holds that no script stands in a page, neither ours nor what somebody wrote into a report.
func runsOurModulesOnly(t *testing.T, page string) {
	t.Helper()
	for _, script := range scriptTag.FindAllString(page, -1) {
		require.Regexp(t, `^<script type="module" src="/static/[a-z.-]+\?v=[0-9a-f]+">$`, script)
	}
}

func TestPages_SpeakBothLanguages(t *testing.T) {
	f, h := newSite(t)
	walked(t, f)
	f.notices = []notice.Notice{{ID: 9, About: firstNumber, Seq: 1, Topic: notice.Submitted, Severity: 2, At: now, Username: "agent", Args: notice.Args{notice.ArgTitle: "登录"}}}
	f.files = []defect.Attachment{{File: defect.File{ID: "file-1", Name: "截图.png", Size: 3 << 20}, UploadedAt: now}}
	c := f.cases[firstNumber]
	c.Files = 1
	f.cases[firstNumber] = c
	for language, says := range map[string][]string{
		"zh": {"2 级 · 严重", "已回复", "光模块老化", "已更换", "登录百次", "光模块一个", "技术一", "按值班与负荷指派:现场", "截图.png", "3.0 MB", "2026-11-24 01:00", "响应 · 按时完成", "电话"},
		"en": {"2 · major", "replied", "Root cause", "Change record", "passed", "Hours of work", "技术一", "telephone", "met"},
	} {
		for username := range people {
			b := as(t, h, username, language)
			for _, target := range []string{"/", "/defects", "/defects?q=x&stage=open&severity=1", "/defects/" + firstNumber, "/defects/" + firstNumber + "/form", "/defects/" + firstNumber + "/clocks/resolve/1", "/sign-offs", "/sign-offs/" + firstNumber, "/defects/new", "/nowhere"} {
				w := b.get(target)
				page := w.Body.String()
				require.NotContains(t, []int{500, 303}, w.Code, target)
				require.Empty(t, rawKey.FindString(page), "%s of %s in %s", target, username, language)
				require.NotContains(t, page, "no value", target)
				require.NotContains(t, page, "ZgotmplZ", target)
				require.NotContains(t, page, "登录<script>", target)
				runsOurModulesOnly(t, page)
				require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
				require.Less(t, len(page), 90_000, "with its assets a page takes less than 100 kB")
			}
		}
		page := as(t, h, "technician", language).get("/defects/" + firstNumber).Body.String()
		for _, text := range says {
			require.Contains(t, page, text, language)
		}
	}
}

func TestList_FiltersStandInTheAddress(t *testing.T) {
	f, h := newSite(t)
	walked(t, f)
	b := as(t, h, "agent", "zh")
	page := b.get("/defects?stage=open&severity=1,2&assignee=technician&overdue=true&q=%E7%99%BB%E5%BD%95&sort=next_due&page=2").Body.String()
	require.Len(t, f.queries, 1)
	yes := true
	require.Equal(t, defect.Query{
		Stages: []defect.Stage{"submitted", "analysis", "confirmation", "sign_off", "resolution", "verification", "reply", "replied"}, Severities: []defect.Severity{1, 2},
		Assignee: "technician", Overdue: &yes, Text: "登录", Sort: defect.SortDue, Page: 2, Size: 50,
	}, f.queries[0])
	for _, text := range []string{`value="登录"`, `value="open" selected`, `value="technician" selected`, `value="true" selected`, `value="next_due" selected`, `rel="prev"`, "共 1 个"} {
		require.Contains(t, page, text)
	}
	for target, says := range map[string]string{
		"/defects?stage=none": "只接受", "/defects?severity=9": "1 到 4", "/defects?page=0": "应在", "/defects?sort=x": "只接受", "/defects?overdue=x": "布尔值",
	} {
		w := b.get(target)
		require.Equal(t, http.StatusUnprocessableEntity, w.Code, target)
		require.Contains(t, w.Body.String(), says, target)
	}
	require.Len(t, f.queries, 1, "what is no filter is not asked for")
	page = as(t, h, "reporter", "zh").get("/defects").Body.String()
	require.NotContains(t, page, `name="assignee"`, "reporters choose among nobody")
	f.away = &apperr.Error{Code: apperr.Unavailable, Reason: apperr.ReasonStoreAway, RetryAfter: time.Second}
	w := b.get("/defects")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Equal(t, "1", w.Header().Get("Retry-After"))
	f.away = apperr.New(apperr.Unavailable, apperr.ReasonStoreAway, nil)
	require.Equal(t, "2", b.get("/defects").Header().Get("Retry-After"), "what is away says when to come back")
}

func TestList_PageByPage(t *testing.T) {
	f, h := newSite(t)
	walked(t, f)
	f.next = "a+b"
	b := as(t, h, "agent", "en")
	for target, leads := range map[string][2]string{
		"/defects?severity=2&lang=en": {"", "/defects?page=2&amp;severity=2"},
		"/defects?page=3&severity=2":  {"/defects?page=2&amp;severity=2", "/defects?page=4&amp;severity=2"},
		"/defects?page=200":           {"/defects?page=199", "/defects?after=a%2Bb"},
		"/defects?after=x":            {"/defects", "/defects?after=a%2Bb"},
	} {
		page := b.get(target).Body.String()
		for i, rel := range []string{"prev", "next"} {
			if leads[i] == "" {
				require.NotContains(t, page, `rel="`+rel, target)
				continue
			}
			require.Contains(t, page, `<a href="`+leads[i]+`" rel="`+rel+`">`, target)
		}
	}
	b.get("/defects?after=x&page=3")
	asked := f.queries[len(f.queries)-1]
	require.Equal(t, []any{"x", 1}, []any{asked.After, asked.Page}, "a cursor prevails")
}

func TestList_WhenThereIsNothing(t *testing.T) {
	_, h := newSite(t)
	b := as(t, h, "agent", "zh")
	require.Contains(t, b.get("/defects").Body.String(), "还没有问题单")
	require.Contains(t, b.get("/defects?severity=1").Body.String(), "没有符合条件的问题单")
}

func TestList_TellsWhatIsLate(t *testing.T) {
	f, h := newSite(t)
	c, e := defect.Open(firstNumber, report(), defect.DefaultPolicy(), people["reporter"], now.Add(-61*time.Minute), defect.Keyed{})
	events := append([]defect.Event{e}, c.Expire(now)...)
	f.cases, f.events = map[string]defect.Case{firstNumber: c}, map[string][]defect.Event{firstNumber: events}
	b := as(t, h, "agent", "zh")
	page := b.get("/defects").Body.String()
	require.Contains(t, page, `tone-late">响应 · 超时`)
	require.Contains(t, page, "已超 31 分")
	page = b.get("/defects/" + firstNumber).Body.String()
	require.Contains(t, page, "已超时:响应")
	require.Contains(t, page, `tone-soon">处理方案 · 即将到期`)
	require.Contains(t, page, "剩 59 分")
}

// The year after the last holiday notice: what falls due in it may still move, and that is said wherever it is shown.
func TestPages_SayThatADueTimeMayMove(t *testing.T) {
	f, h := newSite(t)
	policy := defect.DefaultPolicy()
	for severity, targets := range policy.Severities {
		targets.Calendar = "5x8"
		policy.Severities[severity] = targets
	}
	s := report()
	s.Severity = 3
	c, _ := defect.Open(firstNumber, s, policy, people["reporter"], time.Date(2026, 12, 31, 8, 0, 0, 0, time.UTC), defect.Keyed{})
	_, err := c.Do(defect.Command{Action: defect.ActAcknowledge, By: people["agent"], Input: defect.Input{Assignee: "technician"}}, c.CreatedAt)
	require.NoError(t, err)
	c.Clocks = slices.DeleteFunc(c.Clocks, func(k defect.Clock) bool { return k.Name == defect.ClockPlan })
	f.cases = map[string]defect.Case{firstNumber: c}
	f.sheet.Case.Clocks, f.sheet.Case.Policy = c.Clocks, c.Policy
	for language, mark := range map[string]string{
		"zh": `</time> <abbr title="所依据的节假日安排尚未公布,到期时间可能变动。">暂定</abbr>`,
		"en": `</time> <abbr title="The holidays that it depends on are not published yet. It may still move.">provisional</abbr>`,
	} {
		for _, target := range []string{"/", "/defects", "/defects/" + firstNumber, "/sign/abc"} {
			require.Equal(t, 1, strings.Count(as(t, h, "technician", language).get(target).Body.String(), mark), "only the promise to resolve, on %s", target)
		}
	}
}

func TestCase_ShowsWhatOneMayDo(t *testing.T) {
	f, h := newSite(t)
	f.open(people["reporter"], report())
	for username, actions := range map[string][]string{
		"agent": {"acknowledge", "request_info", "escalate", "assign", "change_severity", "comment", "withdraw", "mark_duplicate"}, "reporter": {"comment", "withdraw", "mark_duplicate"},
		"technician": {"request_info", "escalate", "comment"}, "auditor": {},
	} {
		page := as(t, h, username, "zh").get("/defects/" + firstNumber).Body.String()
		offered := []string{}
		for _, m := range regexp.MustCompile(`name="_action" value="(\w+)"`).FindAllStringSubmatch(page, -1) {
			offered = append(offered, m[1])
		}
		require.Equal(t, actions, offered, username)
		require.Equal(t, username != "auditor", strings.Contains(page, `type="file"`), username)
	}
	c := f.cases[firstNumber]
	c.Submission.Reporter.Username = "another"
	f.cases[firstNumber] = c
	require.Equal(t, http.StatusNotFound, as(t, h, "reporter", "zh").get("/defects/"+firstNumber).Code)
}

// step fills in the form of a step as the page has it, with more.
func step(t *testing.T, b *browser, a defect.Action, more url.Values) url.Values {
	t.Helper()
	form, err := formOn(b.get("/defects/"+firstNumber).Body.String(), a)
	require.NoError(t, err)
	for name, values := range more {
		form[name] = values
	}
	return form
}

func TestAct_TakesTheStepOnce(t *testing.T) {
	f, h := newSite(t)
	f.open(people["reporter"], report())
	b := as(t, h, "agent", "zh")
	form := step(t, b, defect.ActAcknowledge, url.Values{"assignee": {"technician"}})
	w := b.post("/defects/"+firstNumber, form)
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body)
	require.Equal(t, "/defects/"+firstNumber+"?at=2&did=acknowledge&filed="+form.Get("_key"), w.Header().Get("Location"), "with the draft that the browser can forget")
	require.Equal(t, "technician", f.cases[firstNumber].Assignee)
	require.Equal(t, []string{form.Get("_key")}, f.keys)
	require.NotEmpty(t, f.keys[0])
	page := b.get(w.Header().Get("Location")).Body.String()
	require.Contains(t, page, "已完成:受理。")
	require.NotContains(t, page, "写入稍有延迟")
	require.Contains(t, b.get("/defects/"+firstNumber+"?did=acknowledge&at=3").Body.String(), "写入稍有延迟", "what is read is older than the step")
	for _, action := range []string{"apply_holidays", "attach", "fly"} {
		form.Set("_action", action)
		require.Equal(t, http.StatusNotFound, b.post("/defects/"+firstNumber, form).Code, action)
	}
}

func TestAct_ShowsErrorsBesideTheFields(t *testing.T) {
	f, h := newSite(t)
	f.open(people["reporter"], report())
	b := as(t, h, "agent", "zh")
	b.post("/defects/"+firstNumber, step(t, b, defect.ActAcknowledge, nil))
	form := step(t, b, defect.ActClassify, url.Values{"category": {"operation"}, "note": {"说明 <b>"}, "severity": {"3"}})
	w := b.post("/defects/"+firstNumber, form)
	page := w.Body.String()
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, page, `id="classify-explanation-error">必填。`)
	require.Contains(t, page, `说明 &lt;b&gt;</textarea>`)
	require.Contains(t, page, `value="operation" checked`)
	require.Contains(t, page, `value="3" selected`)
	again, err := formOn(page, defect.ActClassify)
	require.NoError(t, err)
	require.NotEqual(t, form.Get("_key"), again.Get("_key"), "what is sent next is another request")
	require.Equal(t, form.Get("_version"), again.Get("_version"))
	form.Set("severity", "viel")
	require.Contains(t, b.post("/defects/"+firstNumber, form).Body.String(), `id="classify-severity-error"`)
}

func TestAct_OnAStalePage(t *testing.T) {
	f, h := newSite(t)
	f.open(people["reporter"], report())
	b := as(t, h, "agent", "zh")
	form := step(t, b, defect.ActAssign, url.Values{"assignee": {"technician"}, "reason": {"我写的原因"}})
	comment := step(t, b, defect.ActComment, url.Values{"message": {"备注总是成立"}})
	_, err := f.act(people["reporter"], firstNumber, defect.ActComment, defect.Input{Message: "又出现了"}, nil)
	require.NoError(t, err)

	w := b.post("/defects/"+firstNumber, form)
	page := w.Body.String()
	require.Equal(t, http.StatusConflict, w.Code)
	require.Contains(t, page, "您打开页面之后的变化")
	require.Contains(t, page, "您填写的内容保留在表单中")
	require.NotContains(t, page, "请刷新后重试")
	require.Contains(t, page[strings.Index(page, `id="changed"`):strings.Index(page, `class="columns"`)], "又出现了")
	require.Contains(t, page, "我写的原因</textarea>")
	again, err := formOn(page, defect.ActAssign)
	require.NoError(t, err)
	again.Set("assignee", "technician")
	again.Set("reason", "我写的原因")
	require.Equal(t, http.StatusSeeOther, b.post("/defects/"+firstNumber, again).Code, "having read it, one may go on")
	require.Equal(t, http.StatusSeeOther, b.post("/defects/"+firstNumber, comment).Code, "a comment holds whatever has happened")

	form = step(t, b, defect.ActAcknowledge, url.Values{"assignee": {"technician"}})
	_, err = f.act(people["agent"], firstNumber, defect.ActAcknowledge, defect.Input{}, nil)
	require.NoError(t, err)
	w = b.post("/defects/"+firstNumber, form)
	require.Equal(t, http.StatusConflict, w.Code)
	require.Contains(t, w.Body.String(), `value="technician" selected`)
	require.Contains(t, w.Body.String(), "现在不能进行这一步")
}

func TestAct_WhenNobodyKnowsTheOutcome(t *testing.T) {
	f, h := newSite(t)
	f.open(people["reporter"], report())
	b := as(t, h, "agent", "zh")
	form := step(t, b, defect.ActComment, url.Values{"message": {"备注"}})
	f.refuse = &apperr.Error{Code: apperr.Unavailable, Reason: apperr.ReasonTemporalAway}
	w := b.post("/defects/"+firstNumber, form)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Contains(t, w.Body.String(), "备注</textarea>")
	again, err := formOn(w.Body.String(), defect.ActComment)
	require.NoError(t, err)
	require.Equal(t, form.Get("_key"), again.Get("_key"), "a repeat does nothing twice")
	require.Equal(t, form.Get("_version"), again.Get("_version"))
}

func TestCase_WhenSQLIsAway(t *testing.T) {
	f, h := newSite(t)
	walked(t, f)
	b := as(t, h, "reporter", "zh")
	upload(t, b, "a.txt", "x")
	f.away = apperr.New(apperr.Unavailable, apperr.ReasonStoreAway, nil)
	w := b.get("/defects/" + firstNumber)
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, 2, strings.Count(w.Body.String(), "这一部分稍后才能显示"), "of the files and of the timeline")
	f.away = nil
	require.Equal(t, http.StatusSeeOther, b.post("/defects/"+firstNumber, step(t, b, defect.ActAccept, nil)).Code)
}

func TestSign_ByASubstitute(t *testing.T) {
	f, h := newSite(t)
	f.open(people["reporter"], report())
	for _, s := range []struct {
		by string
		a  defect.Action
		in defect.Input
	}{{"agent", defect.ActAcknowledge, defect.Input{}}, {"agent", defect.ActClassify, defect.Input{Category: defect.Technical}}, {"technician", defect.ActPropose, defect.Input{Cause: "c", Plan: "p"}}} {
		_, err := f.act(people[s.by], firstNumber, s.a, s.in, nil)
		require.NoError(t, err)
	}
	require.NotContains(t, as(t, h, "supervisor", "zh").get("/defects/"+firstNumber).Body.String(), `name="for"`)
	b := as(t, h, "deputy", "zh")
	require.Contains(t, b.get("/").Body.String(), firstNumber)
	require.Contains(t, b.get("/defects/"+firstNumber).Body.String(), `<option value="supervisor">主管一`)
	w := b.post("/defects/"+firstNumber, step(t, b, defect.ActSign, url.Values{"decision": {"reject"}, "for": {"supervisor"}}))
	require.Contains(t, w.Body.String(), `id="sign-comment-error">必填。`)
	require.Contains(t, w.Body.String(), `value="reject" checked`)
	w = b.post("/defects/"+firstNumber, step(t, b, defect.ActSign, url.Values{"decision": {"approve"}, "for": {"supervisor"}}))
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body)
	signed := f.cases[firstNumber].SignOffs[0]
	require.Equal(t, []any{"deputy", "supervisor", 1}, []any{signed.By, signed.For, signed.Proposal})
	require.Contains(t, b.get("/defects/"+firstNumber).Body.String(), "代 主管一")
}

// upload sends a file, or a form without one.
func upload(t *testing.T, b *browser, name, text string) *httptest.ResponseRecorder {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	require.NoError(t, err)
	_, err = part.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, form.Close())
	return b.do(http.MethodPost, "/defects/"+firstNumber+"/attachments", form.FormDataContentType(), &body)
}

func TestFiles_UpAndDown(t *testing.T) {
	f, h := newSite(t)
	f.open(people["reporter"], report())
	b := as(t, h, "reporter", "zh")
	w := upload(t, b, "截图.txt", "hello")
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body)
	require.Equal(t, "hello", f.uploaded)
	require.Contains(t, b.get(w.Header().Get("Location")).Body.String(), `href="/attachments/file-1">截图.txt`)
	w = b.get("/attachments/file-1")
	require.Equal(t, "hello", w.Body.String())
	require.Contains(t, w.Header().Get("Content-Disposition"), "attachment;")
	require.Equal(t, http.StatusNotFound, b.get("/attachments/none").Code)

	w = upload(t, b, "", "")
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), `id="file-error" role="alert">需要一个文件`)
	f.refuse = apperr.New(apperr.TooLarge, apperr.ReasonTooLarge, apperr.Args{"limit": "20 MiB"})
	w = upload(t, b, "a", "x")
	require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	require.Contains(t, w.Body.String(), "20 MiB")
	require.Equal(t, http.StatusBadRequest, b.post("/defects/"+firstNumber+"/attachments", url.Values{"file": {"x"}}).Code)
}

func TestSubmit_ByTheReporter(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "reporter", "zh")
	page := b.get("/defects/new?follows=" + firstNumber).Body.String()
	require.Contains(t, page, `name="follows" value="`+firstNumber)
	require.NotContains(t, page, "reporter.name", "they are known by name")
	key := hidden.FindStringSubmatch(page[strings.Index(page, "_key")-30:])[2]
	form := url.Values{"_key": {key}, "title": {"题 <b>"}, "severity": {"2"}, "occurred_at": {"2027-11-23T10:00"}, "reporter.phone": {"123"}, "reporter.name": {"somebody"}, "channel": {"phone"}}
	w := b.post("/defects/new", form)
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	for _, text := range []string{`value="题 &lt;b&gt;"`, `value="2" selected`, `value="123"`, `value="2027-11-23T10:00"`, `id="new-description-error">必填。`, `id="new-system-error">必填。`} {
		require.Contains(t, w.Body.String(), text)
	}
	require.Empty(t, f.keys)
	form.Set("description", "第一行\r\n第二行")
	form.Set("system", "OA")
	w = b.post("/defects/new", form)
	require.Contains(t, w.Body.String(), `id="new-occurred_at-error">不能是将来的时间。`, "what the desk says, too")
	form.Set("occurred_at", "2026-11-23T10:00")
	w = b.post("/defects/new", form)
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body)
	require.Equal(t, "/defects/"+firstNumber+"?filed="+key, w.Header().Get("Location"))
	require.Equal(t, []string{key, key}, f.keys)
	s := f.cases[firstNumber].Submission
	require.Equal(t, "第一行\n第二行", s.Description)
	require.Equal(t, time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC), s.OccurredAt, "as the clocks of the site show")
	require.Equal(t, defect.ChannelWeb, s.Channel)
	require.Equal(t, defect.Reporter{Username: "reporter", Name: "王芳", Phone: "123"}, s.Reporter)
}

func TestSubmit_ByAnAgentForACaller(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "agent", "zh")
	require.Contains(t, b.get("/defects/new").Body.String(), `value="phone" selected`)
	form := url.Values{"title": {"t"}, "description": {"d"}, "severity": {"2"}, "system": {"OA"}, "channel": {"fax"}, "reporter.name": {"李处长"}, "reporter.email": {"x"}}
	require.Contains(t, b.post("/defects/new", form).Body.String(), `id="new-reporter-email-error"`)
	form.Set("reporter.email", "li@example.org")
	require.Equal(t, http.StatusSeeOther, b.post("/defects/new", form).Code)
	s := f.cases[firstNumber].Submission
	require.Equal(t, defect.Reporter{Name: "李处长", Email: "li@example.org"}, s.Reporter)
	require.Equal(t, defect.ChannelFax, s.Channel)

	f.refuse = &apperr.Error{Code: apperr.Unavailable, Reason: apperr.ReasonTemporalAway}
	form.Set("_key", "the-key")
	w := b.post("/defects/new", form)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Contains(t, w.Body.String(), `name="_key" value="the-key"`)
	require.Contains(t, w.Body.String(), `value="李处长"`)

	auditor := as(t, h, "auditor", "zh")
	require.NotContains(t, auditor.get("/").Body.String(), "/defects/new")
	require.Equal(t, http.StatusForbidden, auditor.get("/defects/new").Code)
	require.Equal(t, http.StatusForbidden, auditor.post("/defects/new", form).Code)
}

func TestWork_ByRole(t *testing.T) {
	for username, parts := range map[string][]string{
		"reporter": {"我报告的"}, "agent": {"待受理", "待验证和回复", "我负责的"}, "technician": {"我负责的"}, "supervisor": {"待我签字"}, "deputy": {"待我签字"}, "auditor": {"没有待办事项"},
	} {
		f, h := newSite(t)
		page := as(t, h, username, "zh").get("/").Body.String()
		at := -1
		for _, text := range parts {
			require.Greater(t, strings.Index(page, text), at, "%s of %s", text, username)
			at = strings.Index(page, text)
		}
		for _, q := range f.queries {
			require.Equal(t, defect.SortDue, q.Sort)
			require.NotContains(t, q.Stages, defect.Closed)
		}
	}
	f, h := newSite(t)
	walked(t, f)
	require.NotContains(t, as(t, h, "supervisor", "zh").get("/").Body.String(), firstNumber, "only what one may sign")
	f.away = apperr.New(apperr.Unavailable, apperr.ReasonStoreAway, nil)
	require.Equal(t, http.StatusServiceUnavailable, as(t, h, "agent", "zh").get("/").Code)
}

// Who signs is shown only what they may sign, and is told how much that is: also where it fills no page of what waits for
// signatures, and where there is too much of that to be looked at.
func TestWork_CountsAllThatOneMaySign(t *testing.T) {
	for _, c := range []struct {
		waiting, mine int
		says          string
		rows          int
		all           bool
	}{
		{30, 10, `待我签字 <span class="count">20</span>`, 20, false},
		{450, 100, `待我签字 <span class="count">350</span>`, 20, true},
		{450, 449, `待我签字 <span class="count">1</span>`, 1, false},
		{1250, 990, `待我签字 <span class="count">至少 10</span>`, 10, true},
	} {
		f, h := newSite(t)
		f.cases = map[string]defect.Case{}
		for i := range c.waiting {
			waits := f.sheet.Case.Clone()
			waits.Number = fmt.Sprintf("0000-0000-%04d", i)
			if i < c.mine {
				waits.Proposal = &defect.Proposal{N: 1, By: "supervisor"}
			}
			f.cases[waits.Number] = waits
		}
		page := as(t, h, "supervisor", "zh").get("/").Body.String()
		require.Contains(t, page, c.says)
		require.Equal(t, c.rows, strings.Count(page, `<td class="case">`), c.says)
		require.Equal(t, c.all, strings.Contains(page, `<a href="/defects?sort=next_due&amp;stage=sign_off">`), c.says)
	}
}

func TestInbox_IsMarkedAsRead(t *testing.T) {
	f, h := newSite(t)
	f.notices = []notice.Notice{
		{ID: 12, About: firstNumber, Seq: 2, Topic: notice.Acknowledged, Audience: notice.Reporter, Severity: 2, At: now, Args: notice.Args{notice.ArgTitle: "登录"}},
		{ID: 11, About: firstNumber, Seq: 1, Topic: notice.Submitted, Severity: 2, At: now, ReadAt: now, Args: notice.Args{notice.ArgTitle: "登录"}},
	}
	b := as(t, h, "reporter", "zh")
	page := b.get("/").Body.String()
	require.Contains(t, page, "您的问题已受理 "+firstNumber)
	require.Contains(t, page, `name="up_to" value="12"`)
	w := b.post("/notices/read", url.Values{"up_to": {"12"}})
	require.Equal(t, "/#inbox", w.Header().Get("Location"))
	require.EqualValues(t, 12, f.read)
	require.Equal(t, http.StatusBadRequest, b.post("/notices/read", url.Values{"up_to": {"x"}}).Code)
}

func TestInbox_AnAnnouncementSaysAllAndLeadsOn(t *testing.T) {
	f, h := newSite(t)
	f.notices = []notice.Notice{
		{ID: 3, Topic: notice.SwapAsked, At: now, Args: notice.Args{notice.ArgActor: "技术二", notice.ArgMessage: "家中有事"}},
		{ID: 2, Topic: notice.Substitute, At: now, Args: notice.Args{notice.ArgActor: "主管一"}},
		{ID: 1, Topic: notice.Test, At: now},
	}
	page := as(t, h, "technician", "zh").get("/").Body.String()
	for _, text := range []string{`<a href="/duty">[运维] 技术二 申请换班</a>`, "家中有事", `<a href="/sign-offs">[运维] 请您代 主管一 签字</a>`, "<strong>[运维] 测试通知</strong>"} {
		require.Contains(t, page, text)
	}
}

func TestPages_TheAnswerToAFormAskedForAgain(t *testing.T) {
	_, h := newSite(t)
	for _, path := range []string{
		"/policy/holidays/cn/preview", "/policy/holidays/cn/revisions/1/apply", "/users/technician/password", "/users/technician/state",
		"/account/password", "/account/substitutes",
	} {
		w := as(t, h, "deputy", "zh").get(path + "?lang=en")
		require.Equal(t, http.StatusSeeOther, w.Code, path)
		require.Equal(t, path[:strings.LastIndex(path, "/")], w.Header().Get("Location"))
	}
}
