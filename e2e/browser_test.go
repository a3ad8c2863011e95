package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// browserLimit bounds one thing that is done in a browser.
const browserLimit = 30 * time.Second

// chromium starts a browser without a window, which ends with the test. It is Debian's, which CI has; who has none tests
// without.
func chromium(t *testing.T) context.Context {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "" {
			t.Skip("there is no chromium here: the pages are tested by their forms alone, see TestConsole")
		}
		require.NoError(t, err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		// Nothing of it asks any other host for anything.
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("no-proxy-server", true), chromedp.Flag("lang", "zh-CN"), chromedp.Flag("force-color-profile", "srgb"), chromedp.WSURLReadTimeout(browserLimit))
	ctx, cancel := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx))
	return ctx
}

// look is how somebody looks at the pages.
type look struct {
	language      string
	dark          bool
	width, height int64
	touch         bool
}

var (
	desktop = look{language: "zh", width: 1280, height: 900}
	wide    = look{language: "zh", width: 1920, height: 1080}
	phone   = look{language: "zh", width: 360, height: 740, touch: true}
)

// tab is somebody's browser, with a session of its own.
type tab struct {
	t    *testing.T
	site *site
	ctx  context.Context
	name string

	mu     sync.Mutex
	errors []string // what the console of the browser complained about
}

// open opens a browser for somebody who has not signed in.
func (s *site) open(chrome context.Context, l look) *tab {
	s.t.Helper()
	b := &tab{t: s.t, site: s}
	ctx, cancel := chromedp.NewContext(chrome, chromedp.WithNewBrowserContext(), chromedp.WithListener(b.hear))
	s.t.Cleanup(cancel)
	b.ctx = ctx
	require.NoError(s.t, chromedp.Do(ctx)) // the tab lives as long as the context that it is made with
	b.run("open a tab", call(cdplog.Enable, cdp.Empty{}), b.as(l))
	return b
}

// as makes the browser look like one of a kind.
func (b *tab) as(l look) chromedp.Action[chromedp.Void] {
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	return chromedp.Steps(
		call(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: l.width, Height: l.height, DeviceScaleFactor: 1, Mobile: l.touch}),
		call(emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: l.touch}),
		call(emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: "Mozilla/5.0 (tests)", AcceptLanguage: l.language}),
		call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}}),
	)
}

// call is a command of the browser's protocol.
func call[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// hear collects what a developer would see in red.
func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.errors = append(b.errors, fmt.Sprintf("exception: %s %+v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError {
			b.errors = append(b.errors, fmt.Sprintf("console: %v", e.Args))
		}
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.EntryLevelError {
			b.errors = append(b.errors, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	}
}

// complaints returns what the console said since the last time.
func (b *tab) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := b.errors
	b.errors = nil
	return out
}

// run does something, within bounds; what tells of it when it fails.
func (b *tab) run(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, browserLimit)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		require.NoError(b.t, err, "%s, %s\n%s", b.name, what, b.text("body"))
	}
}

// text returns what an element says, or nothing.
func (b *tab) text(selector string) string {
	ctx, cancel := context.WithTimeout(b.ctx, browserLimit)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", selector)))
	if err != nil {
		return err.Error()
	}
	return text
}

// ask asks the page something.
func ask[T any](b *tab, script string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, browserLimit)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err, "%s, %s", b.name, script)
	return v
}

// goTo opens a page and waits until it stands.
func (b *tab) goTo(path string) {
	b.t.Helper()
	b.run("open "+path, chromedp.Navigate(b.site.url+path), chromedp.WaitReady(chromedp.CSS("main")))
}

// until waits for something to be true of the page, or of the one that comes in its place.
func (b *tab) until(what, script string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, browserLimit)
	defer cancel()
	holds := func() bool {
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script))
		return err == nil && is // a page that goes away cannot say
	}
	if !assert.Eventually(b.t, holds, browserLimit, waitTick) {
		require.Fail(b.t, "never: "+what, "%s\n%s", b.name, b.text("body"))
	}
}

// says waits until an element of the page says something.
func (b *tab) says(selector, text string) {
	b.t.Helper()
	b.until(selector+" says "+text, fmt.Sprintf("[...document.querySelectorAll(%q)].some(e => e.innerText.includes(%q))", selector, text))
}

// signIn signs somebody in.
func (b *tab) signIn(username string) *tab {
	b.t.Helper()
	b.name = username
	b.goTo("/sign-in")
	b.fill("form[action='/sign-in']", map[string]string{"username": username, "password": password})
	b.send("form[action='/sign-in']")
	b.until("they are in", "!location.pathname.startsWith('/sign-in')")
	return b
}

// fill fills in a form by the names of its fields, as a person does: typing, choosing, ticking.
func (b *tab) fill(form string, values map[string]string) {
	b.t.Helper()
	for name, value := range values {
		field := fmt.Sprintf("%s [name=%q]", form, name)
		kind := ask[string](b, fmt.Sprintf("(e => e ? e.tagName + ' ' + e.type : 'none')(document.querySelector(%q))", field))
		switch {
		case strings.HasSuffix(kind, "radio"):
			b.run("choose "+name, chromedp.Click(chromedp.CSS(fmt.Sprintf("%s[value=%q]", field, value))))
		case strings.HasPrefix(kind, "SELECT"):
			b.run("choose "+name, chromedp.SetValue(chromedp.CSS(field), value))
		default:
			b.run("fill in "+name, chromedp.WaitVisible(chromedp.CSS(field)), chromedp.SendKeys(chromedp.CSS(field), value))
		}
	}
}

// send presses the button of a form and waits for the page that follows.
func (b *tab) send(form string) {
	b.t.Helper()
	ask[bool](b, "window.before = true")
	b.run("send "+form, chromedp.Click(chromedp.CSS(form+" button:not([type=button])")))
	b.until("another page is there", "!window.before && document.readyState === 'complete'")
}

// form returns the form of a step on the page of a case, unfolded.
func (b *tab) form(action string) string {
	b.t.Helper()
	form := fmt.Sprintf("form:has(input[name=_action][value=%q])", action)
	b.run("unfold "+action, chromedp.WaitReady(chromedp.CSS(form)))
	if !ask[bool](b, fmt.Sprintf("document.querySelector(%q).closest('details')?.open ?? true", form)) {
		b.run("unfold "+action, chromedp.Click(chromedp.CSS(fmt.Sprintf("details:has(input[name=_action][value=%q]) > summary", action))))
	}
	return form
}

// step takes a step on the page of a case.
func (b *tab) step(number, action string, values map[string]string) {
	b.t.Helper()
	b.goTo("/defects/" + number)
	form := b.form(action)
	b.fill(form, values)
	b.send(form)
	b.until("the step is taken: "+action, fmt.Sprintf("new URLSearchParams(location.search).get('did') === %q", action))
}

// number returns the number of the case that the page is about.
func (b *tab) number() string {
	b.t.Helper()
	b.until("there is a case", "location.pathname.startsWith('/defects/') && location.pathname !== '/defects/new'")
	return strings.TrimPrefix(ask[string](b, "location.pathname"), "/defects/")
}

// pictures returns the folder that pictures of the pages go to, where they are wanted: `make screenshots`.
func pictures() string { return os.Getenv("YUNWEI_SCREENSHOTS") }

// shot writes a picture of the whole page, where pictures are wanted.
func (b *tab) shot(name string) {
	b.t.Helper()
	dir := pictures()
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, browserLimit)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	require.NoError(b.t, err)
	require.NoError(b.t, os.MkdirAll(dir, 0o750))
	require.NoError(b.t, os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o600))
}

// finding is what the rules of axe-core found.
type finding struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, FailureSummary string }
}

func (f finding) String() string {
	out := f.ID + " (" + f.Impact + "): " + f.Help
	for _, n := range f.Nodes {
		out += "\n  " + n.HTML + "\n  " + strings.ReplaceAll(n.FailureSummary, "\n", " ")
	}
	return out
}

// axe returns the rules of axe-core. `make test` gets them where there is npm.
func axe(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("node_modules", "axe-core", "axe.min.js"))
	if os.IsNotExist(err) && os.Getenv("CI") == "" {
		t.Log("axe-core is not here (`npm ci` in e2e/ gets it): accessibility is not tested in this run")
		return ""
	}
	require.NoError(t, err)
	return string(text)
}

// barriers returns what keeps people from using the page by the rules of WCAG 2.2 A and AA.
func (b *tab) barriers(rules string) []string {
	b.t.Helper()
	if rules == "" {
		return nil
	}
	ask[int](b, rules+";0")
	text := ask[string](b, `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => JSON.stringify(r.violations))`)
	var found []finding
	require.NoError(b.t, json.Unmarshal([]byte(text), &found))
	var out []string
	for _, f := range found {
		if f.Impact == "serious" || f.Impact == "critical" {
			out = append(out, f.String())
		}
	}
	return out
}
