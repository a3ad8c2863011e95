package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
)

// do takes a step of the case in somebody's name.
func do(t *testing.T, f *fakeDesk, by string, a defect.Action, in defect.Input) {
	t.Helper()
	_, err := f.act(people[by], firstNumber, a, in, nil)
	require.NoError(t, err, a)
}

// proposed has a case whose second proposal waits for a signature, and another case behind it.
func proposed(t *testing.T, f *fakeDesk) {
	t.Helper()
	f.open(people["reporter"], report())
	do(t, f, "agent", defect.ActAcknowledge, defect.Input{Assignee: "technician"})
	do(t, f, "agent", defect.ActClassify, defect.Input{Category: defect.Technical})
	do(t, f, "technician", defect.ActPropose, defect.Input{Cause: "交换机", Plan: "换交换机"})
	do(t, f, "supervisor", defect.ActSign, defect.Input{Proposal: 1, Decision: defect.Reject, Comment: "太贵"})
	do(t, f, "technician", defect.ActPropose, defect.Input{Cause: "光模块 <b>", Plan: "换光模块", Risk: "断网十分钟"})
	second := f.cases[firstNumber].Clone()
	second.Number, second.Submission.Title = "ZZZZ-ZZZZ-ZZZZ", "另一个"
	f.cases[second.Number] = second
}

// decision fills in the form of a sign-off page.
func decision(t *testing.T, page string, more url.Values) url.Values {
	t.Helper()
	form, err := formOn(page, defect.ActSign)
	require.NoError(t, err)
	for name, values := range more {
		form[name] = values
	}
	return form
}

func TestSignOffs_ShowAllThatIsNeededToDecide(t *testing.T) {
	f, h := newSite(t)
	proposed(t, f)
	for language, says := range map[string][]string{
		"zh": {"待我签字 <span class=\"count\">2", "2 级 · 严重", "第 2 号处理方案", "光模块 &lt;b&gt;", "换光模块", "断网十分钟", "<dt>回退方案</dt><dd class=\"text\">未填写", "d &amp; d", "全市", "王芳", "解决 · 进行中", "此前的处理方案和签字", "换交换机", "太贵", "驳回", "同意", "该级别需要 1 人签字同意", "暂不签字"},
		"en": {"For me to sign", "Handling plan 2", "Root cause", "not given", "Earlier handling plans", "换交换机", "太贵", "approve", "Leave it for now"},
	} {
		b := as(t, h, "supervisor", language)
		for _, target := range []string{"/sign-offs", "/sign-offs/" + firstNumber} {
			page := b.get(target).Body.String()
			require.Empty(t, rawKey.FindString(page))
			for _, text := range says {
				require.Contains(t, page, text, language)
			}
			require.Equal(t, 1, strings.Count(page, "换光模块"), "the proposal that waits is no part of the history")
			require.Contains(t, page, `<a href="/sign-offs/ZZZZ-ZZZZ-ZZZZ">另一个</a>`)
			require.Contains(t, page, `<a href="/sign-offs/`+firstNumber+`" aria-current="true">`)
			require.NotContains(t, page, `name="for"`)
			require.Less(t, len(page), 60_000)
		}
		require.Contains(t, b.get("/").Body.String(), `href="/sign-offs"`)
	}
	require.NotContains(t, as(t, h, "technician", "zh").get("/").Body.String(), `href="/sign-offs"`)
	require.Contains(t, as(t, h, "technician", "zh").get("/sign-offs").Body.String(), "您的角色没有签字职责")
	page := as(t, h, "technician", "zh").get("/sign-offs/" + firstNumber).Body.String()
	require.Contains(t, page, "您现在不能为该处理方案签字")
	require.NotContains(t, page, `name="decision"`)
	require.Equal(t, http.StatusNotFound, as(t, h, "supervisor", "zh").get("/sign-offs/0000-0000-0000").Code)
}

func TestSignOffs_OneAfterTheOther(t *testing.T) {
	f, h := newSite(t)
	proposed(t, f)
	b := as(t, h, "supervisor", "zh")
	form := decision(t, b.get("/sign-offs").Body.String(), url.Values{"decision": {"approve"}, "comment": {"可以"}})
	w := b.post("/sign-offs/"+firstNumber, form)
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body)
	require.Equal(t, "/sign-offs?did=approve&on="+firstNumber, w.Header().Get("Location"))
	signed := f.cases[firstNumber].SignOffs[1]
	require.Equal(t, []any{"supervisor", 2, defect.Approve, "可以"}, []any{signed.By, signed.Proposal, signed.Decision, signed.Comment})
	require.Equal(t, []string{form.Get("_key")}, f.keys)
	page := b.get(w.Header().Get("Location")).Body.String()
	require.Contains(t, page, "已签字:同意 "+firstNumber)
	require.Contains(t, page, `action="/sign-offs/ZZZZ-ZZZZ-ZZZZ"`, "the next one")
	for _, made := range []string{"did=approve&on=your+password+has+ended", "did=fly&on=" + firstNumber} {
		require.NotContains(t, b.get("/sign-offs?"+made).Body.String(), "note did", "an address says what it likes")
	}
	delete(f.cases, "ZZZZ-ZZZZ-ZZZZ")
	require.Contains(t, b.get("/sign-offs").Body.String(), "没有等待您签字的处理方案")
}

func TestSignOffs_KeepWhatWasTyped(t *testing.T) {
	f, h := newSite(t)
	proposed(t, f)
	b := as(t, h, "supervisor", "zh")
	form := decision(t, b.get("/sign-offs").Body.String(), url.Values{"decision": {"reject"}})
	w := b.post("/sign-offs/"+firstNumber, form)
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), `id="sign-comment-error">必填。`)
	require.NotEqual(t, form.Get("_key"), decision(t, w.Body.String(), nil).Get("_key"))

	form = decision(t, b.get("/sign-offs").Body.String(), url.Values{"comment": {"我的意见"}})
	w = b.post("/sign-offs/"+firstNumber, form)
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Contains(t, w.Body.String(), "我的意见</textarea>")
	require.Contains(t, w.Body.String(), `<p class="wrong" role="alert">必填。`, "of the decision, which is a button")

	form.Set("decision", "approve")
	f.refuse = &apperr.Error{Code: apperr.Unavailable, Reason: apperr.ReasonTemporalAway}
	w = b.post("/sign-offs/"+firstNumber, form)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Contains(t, w.Body.String(), "我的意见</textarea>")
	require.Equal(t, form.Get("_key"), decision(t, w.Body.String(), nil).Get("_key"), "a repeat signs nothing twice")
}

func TestSignOffs_WhenTheProposalIsAnother(t *testing.T) {
	f, h := newSite(t)
	proposed(t, f)
	b := as(t, h, "supervisor", "zh")
	form := decision(t, b.get("/sign-offs").Body.String(), url.Values{"decision": {"approve"}, "comment": {"我的意见"}})
	do(t, f, "deputy", defect.ActSign, defect.Input{Proposal: 2, Decision: defect.Reject, Comment: "还是太贵", For: "supervisor"})
	do(t, f, "technician", defect.ActPropose, defect.Input{Cause: "光纤", Plan: "理光纤"})
	w := b.post("/sign-offs/"+firstNumber, form)
	page := w.Body.String()
	require.Equal(t, http.StatusConflict, w.Code)
	changed := page[strings.Index(page, `id="changed"`):strings.Index(page, `id="reported"`)]
	require.Contains(t, changed, "还是太贵")
	require.Contains(t, changed, "理光纤")
	require.Contains(t, page, "第 3 号处理方案")
	require.Contains(t, page, "我的意见</textarea>")
	again := decision(t, page, url.Values{"decision": {"approve"}, "comment": {"我的意见"}})
	require.Equal(t, "3", again.Get("proposal"))
	require.Equal(t, http.StatusSeeOther, b.post("/sign-offs/"+firstNumber, again).Code, "having read it, one may sign")
	w = b.post("/sign-offs/"+firstNumber, again)
	require.Equal(t, http.StatusConflict, w.Code)
	require.Contains(t, w.Body.String(), "您填写的内容保留在上面", "it has gone on")
	require.Contains(t, w.Body.String(), "我的意见</textarea>")
}

func TestSignOffs_ByASubstitute(t *testing.T) {
	f, h := newSite(t)
	proposed(t, f)
	b := as(t, h, "deputy", "zh")
	page := b.get("/sign-offs").Body.String()
	require.Contains(t, page, `<option value="supervisor">主管一`)
	w := b.post("/sign-offs/"+firstNumber, decision(t, page, url.Values{"decision": {"reject"}, "for": {"supervisor"}}))
	require.Contains(t, w.Body.String(), `<option value="supervisor" selected>`)
	w = b.post("/sign-offs/"+firstNumber, decision(t, page, url.Values{"decision": {"approve"}, "for": {"supervisor"}}))
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body)
	signed := f.cases[firstNumber].SignOffs[1]
	require.Equal(t, []any{"deputy", "supervisor"}, []any{signed.By, signed.For})
}

func TestSignOffs_WhenSQLIsAway(t *testing.T) {
	f, h := newSite(t)
	proposed(t, f)
	b := as(t, h, "supervisor", "zh")
	f.away = &apperr.Error{Code: apperr.Unavailable, Reason: apperr.ReasonStoreAway}
	w := b.get("/sign-offs")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Equal(t, "2", w.Header().Get("Retry-After"))
	require.Contains(t, w.Body.String(), `href="/sign-offs">重试`)
	w = b.get("/sign-offs/" + firstNumber)
	require.Equal(t, http.StatusOK, w.Code, "what is known by its number can be read and signed")
	require.Contains(t, w.Body.String(), "换光模块")
	require.Equal(t, http.StatusSeeOther, b.post("/sign-offs/"+firstNumber, decision(t, w.Body.String(), url.Values{"decision": {"approve"}})).Code)
}

// What was typed is kept whatever a field looks like, when a page has gone stale over it.
func TestAct_OnAStalePageKeepsEveryKindOfField(t *testing.T) {
	steps := []struct {
		by   string
		a    defect.Action
		form url.Values
		kept []string
	}{
		{"agent", defect.ActAcknowledge, url.Values{"assignee": {"technician"}}, []string{`value="technician" selected`}},
		{"agent", defect.ActClassify, url.Values{"category": {"business"}, "severity": {"3"}, "note": {"行一\r\n行二"}}, []string{`value="business" checked`, `value="3" selected`, "行一\r\n行二</textarea>"}},
		{"technician", defect.ActPropose, url.Values{"cause": {"因"}, "plan": {"法"}, "risk": {"险"}, "rollback": {"退"}}, []string{"因</textarea>", "法</textarea>", "险</textarea>", "退</textarea>"}},
		{"supervisor", defect.ActSign, url.Values{"decision": {"reject"}, "comment": {"不行"}}, []string{`value="reject" checked`, "不行</textarea>"}},
		{"technician", defect.ActComplete, url.Values{"summary": {"完"}, "version_before": {`1 "a"`}, "kind": {"workaround"}}, []string{"完</textarea>", `value="1 &#34;a&#34;"`, `value="workaround" selected`}},
		{"agent", defect.ActVerify, url.Values{"passed": {"false"}, "method": {"试"}}, []string{`value="false" checked`, "试</textarea>"}},
		{"technician", defect.ActReport, url.Values{"summary": {"报"}, "work_hours": {"2.5"}}, []string{`name="work_hours" value="2.5"`}},
		{"agent", defect.ActReply, url.Values{"message": {"答"}}, []string{"答</textarea>"}},
		{"reporter", defect.ActAccept, url.Values{"satisfaction": {"4"}, "comment": {"好"}}, []string{`value="4" selected`, "好</textarea>"}},
	}
	inputs := []defect.Input{
		{Assignee: "technician"}, {Category: defect.Technical}, {Cause: "c", Plan: "p"}, {Proposal: 1, Decision: defect.Approve}, {Summary: "s"},
		{Passed: new(true), Method: "m"}, {Summary: "s"}, {Message: "m"},
	}
	f, h := newSite(t)
	f.open(people["reporter"], report())
	for i, s := range steps {
		b := as(t, h, s.by, "zh")
		form := step(t, b, s.a, s.form)
		do(t, f, "agent", defect.ActComment, defect.Input{Message: "变化 " + strconv.Itoa(i)})
		w := b.post("/defects/"+firstNumber, form)
		require.Equal(t, http.StatusConflict, w.Code, s.a)
		for _, text := range s.kept {
			require.Contains(t, formText(t, w, s.a), text, s.a)
		}
		if i < len(inputs) {
			do(t, f, s.by, s.a, inputs[i])
		}
	}
}

// formText returns the form of a step as a page has it.
func formText(t *testing.T, w *httptest.ResponseRecorder, a defect.Action) string {
	t.Helper()
	for _, form := range strings.Split(w.Body.String(), "<form")[1:] {
		if strings.Contains(form, `name="_action" value="`+string(a)+`"`) {
			inside, _, _ := strings.Cut(form, "</form>")
			return inside
		}
	}
	t.Fatalf("no form for %s", a)
	return ""
}
