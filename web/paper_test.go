package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yunwei/defect"
)

// ofThePlan are the words of the plan's chapter 3.4 on what stands on the form and happens to it, in its order.
var ofThePlan = []string{
	"系统缺陷类问题提交单",
	"问题提交", "问题提出人", "应用信息系统", "故障级别", "问题描述",
	"问题分析", "问题类型", "技术问题", "业务问题", "操作问题",
	"问题确认、解决", "分析过程", "问题产生原因", "具体处理建议和措施", "主管领导签字", "变更记录", "实施人员", "服务人员确认", "是否解决",
	"问题上报", "服务报告",
	"问题回复", "解决方法",
}

func TestPaper_IsThePlansForm(t *testing.T) {
	f, h := newSite(t)
	walked(t, f)
	w := as(t, h, "agent", "zh").get("/defects/" + firstNumber + "/form")
	require.Equal(t, http.StatusOK, w.Code)
	_, page, found := strings.Cut(w.Body.String(), `<article class="form">`)
	require.True(t, found)
	for at, rest := 0, page; at < len(ofThePlan); at++ {
		i := strings.Index(rest, ofThePlan[at])
		require.GreaterOrEqual(t, i, 0, "%s, behind %s", ofThePlan[at], ofThePlan[:at])
		rest = rest[i+len(ofThePlan[at]):]
	}
	for _, text := range []string{
		firstNumber, "王芳", "OA", "登录&lt;script&gt;", "d &amp; d", "全市", "2 级 · 严重", "电话", "☑ 技术问题", "☐ 业务问题", "☐ 操作问题", "光模块老化", "更换", "断网", "换回",
		"<td>主管一</td><td>同意 · 第 1 号处理方案</td>", "已更换", "☑ 已解决", "☐ 未解决", "登录百次", "1.5", "光模块一个", "已修复", "服务台",
	} {
		require.Contains(t, page, text)
	}
	require.Contains(t, as(t, h, "reporter", "zh").get("/defects/"+firstNumber).Body.String(), `href="/defects/`+firstNumber+`/form"`)
}

// What is not there yet has room to be filled in by hand.
func TestPaper_OfANewCase(t *testing.T) {
	f, h := newSite(t)
	f.open(people["reporter"], report())
	for language, says := range map[string][]string{
		"zh": {"系统缺陷类问题提交单", "☐ 技术问题", "☐ 同意", "☐ 驳回", "☐ 已解决", "☐ 未解决", "提出人签字"},
		"en": {"Defect report form", "☐ technical", "☐ approve", "Sign-off by the supervisor", "Signature of the reporter", "No. " + firstNumber},
	} {
		page := as(t, h, "reporter", language).get("/defects/" + firstNumber + "/form").Body.String()
		require.Empty(t, rawKey.FindString(page))
		require.NotContains(t, page, "☑")
		require.Equal(t, 2, strings.Count(page, `<tr class="blank">`))
		for _, text := range says {
			require.Contains(t, page, text)
		}
	}
	c := f.cases[firstNumber]
	targets := c.Policy.Severities[2]
	targets.SignOffs = 3
	c.Policy.Severities = map[defect.Severity]defect.Targets{2: targets}
	f.cases[firstNumber] = c
	require.Equal(t, 3, strings.Count(as(t, h, "agent", "zh").get("/defects/"+firstNumber+"/form").Body.String(), `<tr class="blank">`), "as many as the policy asks for")
	c.Submission.Reporter.Username = "another"
	f.cases[firstNumber] = c
	require.Equal(t, http.StatusNotFound, as(t, h, "reporter", "zh").get("/defects/"+firstNumber+"/form").Code)
}

// A case that was opened again keeps what it had come to: on its page and on paper.
func TestCase_OpenedAgainShowsItsRounds(t *testing.T) {
	f, h := newSite(t)
	walked(t, f)
	do(t, f, "reporter", defect.ActReopen, defect.Input{Reason: "又断了"})
	do(t, f, "agent", defect.ActAcknowledge, defect.Input{Assignee: "technician"})
	do(t, f, "agent", defect.ActClassify, defect.Input{Category: defect.Business})
	do(t, f, "technician", defect.ActComment, defect.Input{Message: "查"})
	for language, says := range map[string][]string{
		"zh": {"第 2 次处理,已重新打开 1 次", "第 1 次处理", "重新打开的原因:", "又断了", "光模块老化", "技术一"},
		"en": {"Round 2 · opened again 1×", "Round 1", "Why it was opened again:", "又断了", "光模块老化"},
	} {
		page := as(t, h, "technician", language).get("/defects/" + firstNumber).Body.String()
		paper := as(t, h, "technician", language).get("/defects/" + firstNumber + "/form").Body.String()
		for _, text := range says[1:] {
			require.Contains(t, page, text, language)
			require.Contains(t, paper, text, language)
		}
		require.Contains(t, page, says[0])
		require.Contains(t, page, `id="cycle-1"`)
	}
}

func TestCase_LeadsToItsWorkflow(t *testing.T) {
	f, h := newSite(t)
	f.open(people["reporter"], report())
	link := `<a href="https://temporal.example.org/workflows/` + firstNumber + `"`
	for username := range people {
		page := as(t, h, username, "zh").get("/defects/" + firstNumber).Body.String()
		require.Equal(t, username != "reporter", strings.Contains(page, link), username)
	}
}

var (
	liveStart = regexp.MustCompile(`<(div|section|nav) [^>]*id="live-[a-z]+" data-live>`)
	anyID     = regexp.MustCompile(` id="([^"]+)"`)
)

// element returns what is in the element of a tag that begins at the start of a page's rest.
func element(rest, tag string) string {
	depth := 0
	for _, at := range regexp.MustCompile(`</?`+tag+`[ >]`).FindAllStringIndex(rest, -1) {
		if rest[at[0]+1] != '/' {
			depth++
			continue
		}
		depth--
		if depth == 0 {
			return rest[:at[0]]
		}
	}
	return rest
}

// Sections that are renewed while somebody reads are marked as such, and nothing that is typed into is in one but the steps of a
// case, which the script leaves alone from the first key on.
func TestPages_MarkWhatIsRenewed(t *testing.T) {
	f, h := newSite(t)
	walked(t, f)
	do(t, f, "reporter", defect.ActReopen, defect.Input{Reason: "又断了"})
	for _, c := range []struct {
		target, username string
		live             int
	}{
		{"/", "agent", 2}, {"/defects", "agent", 1}, {"/defects/" + firstNumber, "agent", 7}, {"/sign-offs", "supervisor", 1}, {"/sign-offs/" + firstNumber, "supervisor", 1},
		{"/defects/" + firstNumber + "/form", "agent", 0},
	} {
		page := as(t, h, c.username, "zh").get(c.target).Body.String()
		starts := liveStart.FindAllStringSubmatchIndex(page, -1)
		require.Len(t, starts, c.live, c.target)
		for _, at := range starts {
			if strings.Contains(page[at[0]:at[1]], "live-actions") {
				continue
			}
			inside := element(page[at[0]:], page[at[2]:at[3]])
			for _, typed := range []string{"<textarea", "<select", `type="text"`, `type="file"`} {
				require.NotContains(t, inside, typed, c.target)
			}
		}
		seen := map[string]bool{}
		for _, id := range anyID.FindAllStringSubmatch(page, -1) {
			require.False(t, seen[id[1]], "%s stands twice on %s", id[1], c.target)
			seen[id[1]] = true
		}
	}
}
