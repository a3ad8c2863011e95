package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// TestBrowser_ACaseLivedBySixPeople goes from the report to the reporter's word, each in a browser of their own.
func TestBrowser_ACaseLivedBySixPeople(t *testing.T) {
	chrome := chromium(t)
	s := fresh(t).start()
	people := map[string]*tab{}
	for _, name := range []string{"reporter", "agent", "technician", "supervisor", "liaison", "technician2"} {
		people[name] = s.open(chrome, desktop).signIn(name)
	}
	reporter := people["reporter"]
	reporter.goTo("/defects/new")
	form := "form[action='/defects/new']"
	reporter.fill(form, map[string]string{"title": "登录时断时续", "description": "上午起登录经常失败", "severity": "2", "system": "OA", "impact": "全市"})
	reporter.send(form)
	number := reporter.number()
	watcher := people["liaison"]
	watcher.goTo("/defects/" + number)

	for _, step := range []struct {
		by, action string
		values     map[string]string
	}{
		{"agent", "acknowledge", map[string]string{"assignee": "technician2"}},
		{"agent", "classify", map[string]string{"category": "technical"}},
		{"agent", "assign", map[string]string{"assignee": "technician", "reason": "光传输归他"}},
		{"technician", "propose", map[string]string{"cause": "光模块老化", "plan": "更换光模块", "risk": "断网两分钟", "rollback": "换回旧模块"}},
		{"supervisor", "sign", map[string]string{"decision": "approve", "comment": "同意"}},
		{"technician", "complete", map[string]string{"summary": "已更换光模块", "kind": "final"}},
		{"agent", "verify", map[string]string{"passed": "true", "method": "连续登录一百次"}},
		{"technician", "report", map[string]string{"summary": "更换 1 号机柜光模块", "work_hours": "1.5"}},
		{"technician2", "comment", map[string]string{"message": "备件已登记"}},
		{"agent", "reply", map[string]string{"message": "光模块老化导致断续,已更换"}},
		{"reporter", "accept", map[string]string{"satisfaction": "5", "comment": "很快"}},
	} {
		people[step.by].step(number, step.action, step.values)
	}
	watcher.says("main", "同意")
	watcher.says("[aria-current=step]", "已关闭")
	require.Equal(t, "closed", s.as("agent").read(number).text("stage"))
	for name, b := range people {
		require.Empty(t, b.complaints(), name)
	}
}

// pages are all that there is to see, with who looks at it. %s is the number of a case.
var pages = []struct{ name, path, by string }{
	{"sign-in", "/sign-in", ""},
	{"work", "/", "agent"},
	{"work-supervisor", "/", "supervisor"},
	{"work-reporter", "/", "reporter"},
	{"sign-offs", "/sign-offs", "supervisor"},
	{"list", "/defects?stage=open", "agent"},
	{"list-filtered", "/defects?q=登录&severity=1,2&sort=next_due", "agent"},
	{"list-empty", "/defects?q=没有这样的问题", "agent"},
	{"case", "/defects/%s", "technician"},
	{"case-sign", "/defects/%s", "supervisor"},
	{"case-reporter", "/defects/%s", "reporter"},
	{"clock", "/defects/%s/clocks/resolve/1", "agent"},
	{"form", "/defects/%s/form", "agent"},
	{"new", "/defects/new", "reporter"},
	{"new-for-a-caller", "/defects/new", "agent"},
	{"board", "/board", "liaison"},
	{"wall", "/board?wall=1", "liaison"},
	{"assets", "/assets", "agent"},
	{"assets-none", "/assets?q=没有这样的资产", "auditor"},
	{"asset", "/assets/P-01", "technician"},
	{"asset-form", "/assets/P-01/change", "liaison"},
	{"asset-new", "/assets/new?parent=P-01", "liaison"},
	{"asset-import", "/assets/import", "agent"},
	{"new-on-an-asset", "/defects/new?asset=P-01", "reporter"},
	{"duty", "/duty", "liaison"},
	{"roster", "/duty/site", "liaison"},
	{"roster-changes", "/duty/site/changes", "technician"},
	{"roster-log", "/duty/site/log", "technician"},
	{"roster-plan", "/duty/site/plan", "liaison"},
	{"roster-new", "/rosters/new", "liaison"},
	{"report", "/reports/promises?from=2026-01-01&by=severity", "liaison"},
	{"report-cases", "/reports/promises/cases?from=2026-01-01&by=severity", "liaison"},
	{"audits", "/audits", "auditor"},
	{"policy", "/policy", "reporter"},
	{"holidays", "/policy/holidays/cn", "liaison"},
	{"account", "/account", "supervisor"},
	{"notice-settings", "/account/notices", "agent"},
	{"manage", "/manage", "admin"},
	{"users", "/users", "admin"},
	{"user", "/users/technician", "admin"},
	{"user-new", "/add-user", "admin"},
	{"notices", "/notices", "admin"},
	{"forbidden", "/users", "reporter"},
	{"problem", "/nowhere", "agent"},
}

// expected are the errors that the browser tells of on a page that is one.
var expected = map[string]string{"problem": "404", "forbidden": "403"}

// TestBrowser_EachPage looks at every page in both languages, light and dark, on a desk, on a phone and on a wall: nobody is kept out,
// nothing is cut off, and the browser complains of nothing.
func TestBrowser_EachPage(t *testing.T) {
	chrome, rules := chromium(t), axe(t)
	s := fresh(t).start()
	number := town(s)
	tabs := map[string]*tab{"": s.open(chrome, desktop)}
	for _, p := range pages {
		b := tabs[p.by]
		if b == nil {
			b = s.open(chrome, desktop).signIn(p.by)
			tabs[p.by] = b
		}
		path := p.path
		if strings.Contains(path, "%s") {
			path = fmt.Sprintf(path, number)
		}
		for _, l := range looks() {
			name := p.name + "-" + l.name()
			t.Run(name, func(t *testing.T) {
				b.t = t
				b.run("look "+name, b.as(l))
				b.goTo(path)
				b.shot(name)
				require.Empty(t, b.barriers(rules))
				require.LessOrEqual(t, ask[int](b, "document.documentElement.scrollWidth"), int(l.width), "nothing is wider than the screen")
				require.NotRegexp(t, `\b(web|input|error|field)\.[a-z]+\.[a-z]+`, b.text("body"))
				status, isProblem := expected[p.name]
				complaints := slices.DeleteFunc(b.complaints(), func(c string) bool { return isProblem && strings.Contains(c, status) })
				require.Empty(t, complaints)
				require.Less(t, ask[int](b, weight), 100_000, "with all that belongs to it, pictures aside")
			})
		}
	}
}

// weight is how much a page is with its styles and modules.
const weight = `(async () => {
  let n = new Blob([document.documentElement.outerHTML]).size;
  for (const e of document.querySelectorAll("link[rel=stylesheet], script[src]")) {
    n += (await (await fetch(e.href ?? e.src)).blob()).size;
  }
  return n;
})()`

// name says what a look is, as the names of pictures do.
func (l look) name() string {
	name := l.language
	if l.dark {
		name += "-dark"
	}
	switch l.width {
	case phone.width:
		name += "-phone"
	case wide.width:
		name += "-wide"
	}
	return name
}

// looks are each language, light and dark, large and small, in half of the ways to put them together, and as wide as it gets;
// pictures are taken of all.
func looks() []look {
	out := []look{wide}
	for _, language := range []string{"zh", "en"} {
		for _, dark := range []bool{false, true} {
			for _, l := range []look{desktop, phone} {
				if odd := (language == "en") != (dark != l.touch); odd || pictures() != "" {
					l.language, l.dark = language, dark
					out = append(out, l)
				}
			}
		}
	}
	return out
}

// town has a roster and lets some cases live, so that there is something to see. It returns the number of one that waits for a
// signature.
func town(s *site) string {
	s.as("liaison").do(http.MethodPut, "/api/v1/rosters/site", twoShifts)
	reporter, agent, technician, supervisor := s.as("reporter"), s.as("agent"), s.as("technician"), s.as("supervisor")
	for i, c := range []struct {
		title, system string
		severity      int
	}{
		{"公文系统无法登录", "公文系统", 1},
		{"打印机卡纸", "办公设备", 4},
		{"门户网站首页打开缓慢", "门户网站", 3},
		{"视频会议室没有声音", "视频会议", 2},
		{"邮件附件无法下载", "邮件系统", 3},
	} {
		n := reporter.submit(fields{"title": c.title, "description": c.title + ",多个处室反映,上午九点起出现。", "severity": c.severity, "system": c.system})
		if i%2 == 0 {
			agent.must(n, "acknowledge", fields{"assignee": "technician"})
		}
	}
	number := reporter.submit(fields{
		"title": "OA 登录时断时续", "description": "上午起登录经常失败,刷新几次后可以进入。\n影响全市公文流转。", "severity": 2, "system": "OA", "module": "登录", "impact": "全市各处室", "asset_id": "SRV-0042",
	})
	for _, step := range []struct {
		by     *person
		action string
		values fields
	}{
		{agent, "acknowledge", fields{"assignee": "technician"}},
		{agent, "classify", fields{"category": "technical"}},
		{technician, "propose", fields{"cause": "光模块老化", "plan": "更换光模块"}},
		{supervisor, "sign", fields{"proposal": 1, "decision": "reject", "comment": "请补充回退方案"}},
		{technician, "propose", fields{"cause": "1 号机柜光模块老化,误码率升高", "plan": "今晚 20:00 更换光模块,逐台切换", "risk": "切换时断网约两分钟", "rollback": "换回旧模块"}},
	} {
		step.by.must(number, step.action, step.values)
	}
	return number
}

// twoShifts is a roster with people on site and a line that is answered day and night.
const twoShifts = `{"version": 0, "reason": "首次排班", "plan": {"timezone": "+08:00", "calendar": "5x8", "shifts": [
  {"name": "现场", "kind": "onsite", "days": ["mon","tue","wed","thu","fri"], "start": "08:30", "end": "18:00", "minimum": 2,
   "rotation": {"every": "week", "anchor": "2026-11-23", "groups": [["technician","business"], ["technician2","expert"]]}},
  {"name": "热线", "kind": "hotline", "start": "08:00", "end": "08:00",
   "rotation": {"every": "day", "length": 2, "anchor": "2026-11-23", "groups": [["agent"], ["inspector"]]}}]}}`

// TestBrowser_SeesWhatOthersDo: a page that is open follows, without being asked and without losing what somebody types.
func TestBrowser_SeesWhatOthersDo(t *testing.T) {
	chrome := chromium(t)
	s := fresh(t).start()
	number := s.as("reporter").submit(report())
	agent := s.as("agent")
	agent.must(number, "acknowledge", fields{"assignee": "technician"})

	list := s.open(chrome, desktop).signIn("liaison")
	list.goTo("/defects")
	b := s.open(chrome, desktop).signIn("technician")
	b.goTo("/defects/" + number)
	comment := b.form("comment")
	b.fill(comment, map[string]string{"message": "我正在写"})

	agent.must(number, "classify", fields{"category": "technical"})
	b.says("[aria-current=step]", "确认")
	b.says("ol.timeline", "判定类别")
	list.says("table.cases", "确认")
	require.Equal(t, "我正在写", ask[string](b, fmt.Sprintf("document.querySelector(%q).value", comment+" [name=message]")), "what is being typed stays")
	b.send(comment)
	b.says("ol.timeline", "我正在写")
	require.Empty(t, append(b.complaints(), list.complaints()...), "a comment holds whatever has happened meanwhile; other steps are refused, see TestBrowser_OnAPhone")
}

// TestBrowser_ByKeyboardAlone reports a defect without a mouse.
func TestBrowser_ByKeyboardAlone(t *testing.T) {
	chrome := chromium(t)
	s := fresh(t).start()
	b := s.open(chrome, desktop)
	b.goTo("/")
	press := func(keys string) { b.run("press", chromedp.KeyEvent(keys)) }
	// reach presses the tabulator until the focus is where it should be.
	reach := func(selector string) {
		t.Helper()
		for range 60 {
			if ask[bool](b, fmt.Sprintf("document.activeElement.matches(%q)", selector)) {
				require.True(t, ask[bool](b, "getComputedStyle(document.activeElement).outlineStyle !== 'none' || document.activeElement.matches('main')"), "one sees where the focus is: "+selector)
				return
			}
			press(kb.Tab)
		}
		require.Fail(t, "the focus never comes to "+selector)
	}
	next := func(key string) {
		t.Helper()
		ask[bool](b, "window.before = true")
		press(key)
		b.until("another page is there", "!window.before && document.readyState === 'complete'")
	}
	reach("[name=username]")
	press("reporter")
	reach("[name=password]")
	press(password)
	next(kb.Enter)
	reach("a[href='/defects/new']")
	next(kb.Enter)
	reach("[name=title]")
	press("键盘报告的问题")
	reach("[name=description]")
	press("没有鼠标")
	reach("[name=severity]")
	press(kb.ArrowDown)
	press(kb.ArrowDown)
	reach("[name=system]")
	press("OA")
	reach("form[action='/defects/new'] button.main")
	next(kb.Enter)
	b.says("h1", "键盘报告的问题")
	require.Empty(t, b.complaints())
}

// TestBrowser_OnAPhone signs between two meetings: in English, on a small screen, on a page that another signed before.
func TestBrowser_OnAPhone(t *testing.T) {
	chrome := chromium(t)
	s := fresh(t).start()
	number := town(s)
	l := phone
	l.language = "en"
	b := s.open(chrome, l).signIn("supervisor")
	require.Contains(t, b.text("body"), "OA 登录时断时续", "what waits for a signature is on the first page")
	b.goTo("/defects/" + number)
	form := b.form("sign")
	b.fill(form, map[string]string{"decision": "approve", "comment": "On my way to a meeting"})

	// While they type, the plan is replaced by another.
	supervisor, technician := s.as("supervisor2"), s.as("technician")
	supervisor.must(number, "sign", fields{"proposal": 2, "decision": "reject", "comment": "另定时间"})
	technician.must(number, "propose", fields{"cause": "c", "plan": "明晚更换"})
	b.send(form)
	b.says("[role=alert]", "the step was not taken")
	b.says("main", "明晚更换")
	form = b.form("sign")
	require.Equal(t, "On my way to a meeting", ask[string](b, fmt.Sprintf("document.querySelector(%q).value", form+" [name=comment]")))
	b.send(form)
	b.says("[aria-current=step]", "Resolution")
	for _, c := range b.complaints() {
		require.Contains(t, c, fmt.Sprint(http.StatusConflict), "the refusal alone")
	}
}

// TestBrowser_SwitchesTheLanguage keeps what was chosen.
func TestBrowser_SwitchesTheLanguage(t *testing.T) {
	chrome := chromium(t)
	s := fresh(t).start()
	b := s.open(chrome, desktop).signIn("reporter")
	require.Equal(t, "zh", ask[string](b, "document.documentElement.lang"))
	b.goTo("/defects")
	ask[bool](b, "window.before = true")
	b.run("switch", chromedp.Click(chromedp.CSS("a[hreflang=en]")))
	b.until("another page is there", "!window.before && document.readyState === 'complete'")
	b.goTo("/defects/new")
	require.Equal(t, "en", ask[string](b, "document.documentElement.lang"))
	b.says("h1", "Report")
}

// TestBrowser_KeepsADraft: what somebody types is there again after they left the page, until it was taken; nobody else sees it.
func TestBrowser_KeepsADraft(t *testing.T) {
	chrome := chromium(t)
	s := fresh(t).start()
	b := s.open(chrome, desktop).signIn("reporter")
	form := "form[action='/defects/new']"
	b.goTo("/defects/new")
	b.fill(form, map[string]string{"title": "打印机卡纸", "system": "办公设备", "severity": "4"})
	b.says("[data-draft-state]", "草稿已于")
	key := ask[string](b, fmt.Sprintf("document.querySelector(%q).value", form+" [name=_key]"))
	b.goTo("/")
	b.goTo("/defects/new")
	b.says("[data-draft-note]", "已恢复")
	kept := func() string {
		return ask[string](b, fmt.Sprintf("[...document.querySelectorAll(%q)].map(e => e.value).join('|')", form+" :is([name=title], [name=system], [name=severity], [name=_key])"))
	}
	require.Equal(t, key+"|打印机卡纸|办公设备|4", kept(), "with its key: to send it again does nothing twice")
	b.fill(form, map[string]string{"description": "每天上午卡纸"})
	b.send(form)
	number := b.number()
	b.says("h1", "打印机卡纸")
	b.goTo("/defects/new")
	require.Empty(t, strings.Trim(kept()[36:], "|"), "what was taken is no draft any more")

	// A step of a case keeps one, too, and signing out takes all of them along.
	b.goTo("/defects/" + number)
	comment := b.form("comment")
	b.fill(comment, map[string]string{"message": "还是卡"})
	b.says(comment+" [data-draft-state]", "草稿已于")
	b.goTo("/")
	b.goTo("/defects/" + number)
	b.until("the draft is back", fmt.Sprintf("document.querySelector(%q)?.value === '还是卡'", comment+" [name=message]"))
	b.send("form[action='/sign-out']")
	require.Equal(t, 0, ask[int](b, "Object.keys(localStorage).length"))
	require.Empty(t, b.complaints())
}

// TestBrowser_ReportsOnAnAsset: a report that is opened on an asset is about that one, whatever somebody began to report before.
func TestBrowser_ReportsOnAnAsset(t *testing.T) {
	chrome := chromium(t)
	s := fresh(t).start()
	b := s.open(chrome, phone).signIn("technician")
	b.goTo("/defects/new")
	b.fill("#report", map[string]string{"title": "打印机卡纸", "system": "办公设备", "severity": "4", "asset_id": "P-12"})
	b.says("[data-draft-state]", "草稿已于")
	b.goTo("/assets/p-11")
	b.run("report on it", chromedp.Click("a[href='/defects/new?asset=P-11']"))
	b.until("the form is there", "document.querySelector('#report [name=asset_id]')?.value === 'P-11'")
	b.fill("#report", map[string]string{"title": "端口不通", "description": "三号端口", "system": "网络", "severity": "3"})
	b.says("[data-draft-state]", "草稿已于")
	b.goTo("/")
	b.goTo("/defects/new?asset=P-11")
	b.says("[data-draft-note]", "已恢复")
	b.send("#report")
	number := b.number()
	require.Equal(t, "P-11", s.as("agent").read(number).text("asset_id"))
	b.goTo("/assets/P-11")
	b.says("#cases + table", "端口不通")
	b.goTo("/defects/new")
	b.says("[data-draft-note]", "已恢复")
	require.Equal(t, "P-12", ask[string](b, "document.querySelector('#report [name=asset_id]').value"), "the other draft is as it was")
	require.Empty(t, b.complaints())
}

// TestBrowser_WhileTemporalIsAway: the form says that it keeps what was typed, and sent again later it makes one case.
func TestBrowser_WhileTemporalIsAway(t *testing.T) {
	chrome := chromium(t)
	g := newGate(t, temporalServer(t))
	s := fresh(t)
	s.env = append(s.env, "TEMPORAL_ADDRESS="+g.l.Addr().String())
	s.start()
	b := s.open(chrome, desktop).signIn("reporter")
	b.goTo("/defects/new")
	form := "form[action='/defects/new']"
	b.fill(form, map[string]string{"title": "打印机卡纸", "description": "每天上午卡纸", "severity": "4", "system": "办公设备"})
	g.shut()
	b.send(form)
	b.says("[role=alert]", "没有应答")
	b.says("[data-draft-state]", "草稿已于")
	require.Equal(t, "每天上午卡纸", ask[string](b, fmt.Sprintf("document.querySelector(%q).value", form+" [name=description]")))
	g.reopen()
	require.Eventually(t, func() bool {
		b.send(form)
		return ask[string](b, "location.pathname") != "/defects/new"
	}, startLimit, waitTick, "connections come back after a pause")
	b.says("h1", "打印机卡纸")
	require.Equal(t, "1", s.as("agent").do(http.MethodGet, "/api/v1/defects", nil).text("total"))
}

// TestBrowser_CountsDown: a promise turns amber and red while its page is open, by itself, at the moments that the policy says.
func TestBrowser_CountsDown(t *testing.T) {
	chrome := chromium(t)
	s := fresh(t)
	s.start(s.policy("12s", "1h", "1h")...)
	b := s.open(chrome, desktop).signIn("agent")
	number := s.as("reporter").submit(report())
	b.goTo("/defects/" + number)
	ask[bool](b, "dispatchEvent(new Event('pagehide'))") // nothing comes from the server any more
	promise := "#live-clocks [data-name='响应']"
	require.True(t, ask[bool](b, fmt.Sprintf("document.querySelector(%q).classList.contains('tone-calm')", promise)))
	b.until("it is amber", fmt.Sprintf("document.querySelector(%q).classList.contains('tone-soon')", promise))
	b.says(promise, "即将到期")
	b.until("it is red", fmt.Sprintf("document.querySelector(%q).classList.contains('tone-late')", promise))
	b.says(promise, "超时")
	require.Empty(t, b.complaints())
}

// TestBrowser_TakesPicturesByDropAndPaste: as they are dragged onto the form, and as a screenshot is pasted.
func TestBrowser_TakesPicturesByDropAndPaste(t *testing.T) {
	chrome := chromium(t)
	s := fresh(t).start()
	b := s.open(chrome, desktop).signIn("reporter")
	b.goTo("/defects/new")
	form := "form[action='/defects/new']"
	b.fill(form, map[string]string{"title": "登录失败", "description": "见截图", "severity": "3", "system": "OA"})
	picture := fmt.Sprintf("Uint8Array.fromBase64(%q)", base64.StdEncoding.EncodeToString(onePixel(t)))
	for _, c := range []struct{ name, event string }{
		{"拖入.png", "new DragEvent('drop', {dataTransfer: d, bubbles: true, cancelable: true})"},
		{"image.png", "new ClipboardEvent('paste', {clipboardData: d, bubbles: true, cancelable: true})"},
	} {
		require.True(t, ask[bool](b, fmt.Sprintf(`(() => {
			const d = new DataTransfer();
			d.items.add(new File([%s], %q, {type: "image/png"}));
			const e = %s;
			document.querySelector(%q).dispatchEvent(e);
			return e.defaultPrevented;
		})()`, picture, c.name, c.event, form)), c.name)
	}
	b.send(form)
	b.until("both pictures are there", "[...document.querySelectorAll('main img')].filter(e => e.complete && e.naturalWidth === 1).length === 2")
	b.says("main", "拖入.png")
	b.says("main", "截图")
	require.Empty(t, b.complaints())
}

// TestBrowser_PrintsTheForm: on A4, the form alone.
func TestBrowser_PrintsTheForm(t *testing.T) {
	chrome := chromium(t)
	s := fresh(t).start()
	number := town(s)
	b := s.open(chrome, desktop).signIn("agent")
	b.goTo("/defects/" + number + "/form")
	b.run("as printers see it", call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}))
	require.Equal(t, "none", ask[string](b, "getComputedStyle(document.querySelector('.bar')).display"))
	ctx, cancel := context.WithTimeout(b.ctx, browserLimit)
	defer cancel()
	printed, err := chromedp.Call(ctx, page.PrintToPDF, page.PrintToPDFParams{PreferCSSPageSize: new(true)})
	require.NoError(t, err)
	sheets := regexp.MustCompile(`/MediaBox \[0 0 (\d+)[.\d]* (\d+)`).FindAllStringSubmatch(string(printed.Data), -1)
	require.NotEmpty(t, sheets)
	require.LessOrEqual(t, len(sheets), 2, "a case of one round takes two sheets at most")
	for _, sheet := range sheets {
		require.Contains(t, []string{"594", "595", "596"}, sheet[1])
		require.Contains(t, []string{"841", "842"}, sheet[2])
	}
}

// TestBrowser_FindsWhatIsKnown: while somebody types, cases that are open already are shown, and a picture goes along.
func TestBrowser_FindsWhatIsKnown(t *testing.T) {
	chrome := chromium(t)
	s := fresh(t).start()
	number := s.as("reporter").submit(fields{"title": "邮件附件无法下载", "description": "d", "severity": 3, "system": "邮件系统"})
	b := s.open(chrome, phone).signIn("agent")
	b.goTo("/defects/new")
	form := "form[action='/defects/new']"
	b.fill(form, map[string]string{"title": "附件无法下载", "system": "邮件系统"})
	b.until("the case that is open already is shown", fmt.Sprintf("document.querySelector('main a[href*=%q]') !== null", number))
	picture := filepath.Join(t.TempDir(), "截图.png")
	require.NoError(t, os.WriteFile(picture, onePixel(t), 0o600))
	b.run("choose a picture", chromedp.SetUploadFiles(chromedp.CSS(form+" input[type=file][multiple]"), []string{picture}))
	b.fill(form, map[string]string{"description": "从昨天起", "severity": "3", "reporter.name": "李女士"})
	b.send(form)
	b.until("the picture is there", "[...document.querySelectorAll('main img')].some(e => e.complete && e.naturalWidth === 1)")
	require.Empty(t, b.complaints())
}

// onePixel is the smallest picture.
func onePixel(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, image.NewGray(image.Rect(0, 0, 1, 1))))
	return out.Bytes()
}
