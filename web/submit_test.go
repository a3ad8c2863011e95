package web_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
)

// fakeSubmissions is what the desk says about reports, and what it was asked.
type fakeSubmissions struct {
	similar  []desk.View
	used     desk.Suggestions
	noHelp   error            // what both are answered with
	lookups  []string         // of similar cases and suggestions
	badFiles map[string]error // why a file is refused, by name
	attached []string
}

func (f *fakeConsole) Similar(_ context.Context, _ desk.Caller, title, system string) ([]desk.View, error) {
	f.lookups = append(f.lookups, "similar "+title+" "+system)
	return f.similar, f.noHelp
}

func (f *fakeConsole) Suggestions(_ context.Context, _ desk.Caller, system string) (desk.Suggestions, error) {
	f.lookups = append(f.lookups, "used "+system)
	return f.used, f.noHelp
}

func (f *fakeConsole) AttachOnce(ctx context.Context, by desk.Caller, number, filename string, body io.Reader) (defect.Attachment, error) {
	if err := f.badFiles[filename]; err != nil {
		return defect.Attachment{}, err
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return defect.Attachment{}, apperr.Wrap(err, apperr.Unreadable, apperr.ReasonUnreadable)
	}
	f.attached = append(f.attached, number+" "+filename+" "+string(text))
	return f.Attach(ctx, by, number, filename, bytes.NewReader(text))
}

// sent is a file of a form.
type sent struct{ name, text string }

// sendReport sends a report as browsers do, its fields first and its files behind them.
func sendReport(t *testing.T, b *browser, values url.Values, files ...sent) *httptest.ResponseRecorder {
	t.Helper()
	body, kind := reportForm(t, values, files...)
	return b.do(http.MethodPost, "/defects/new", kind, body)
}

func reportForm(t *testing.T, values url.Values, files ...sent) (*bytes.Buffer, string) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, all := range values {
		for _, value := range all {
			require.NoError(t, form.WriteField(name, value))
		}
	}
	for _, file := range files {
		part, err := form.CreateFormFile("file", file.name)
		require.NoError(t, err)
		_, err = part.Write([]byte(file.text))
		require.NoError(t, err)
	}
	require.NoError(t, form.Close())
	return &body, form.FormDataContentType()
}

// follow goes where an answer sends the browser.
func (b *browser) follow(w *httptest.ResponseRecorder) *httptest.ResponseRecorder {
	b.t.Helper()
	address, _, _ := strings.Cut(w.Header().Get("Location"), "#")
	return b.get(address)
}

// sectionOf is what a page says under a heading.
func sectionOf(page, id string) string {
	_, from, _ := strings.Cut(page, `aria-labelledby="`+id+`"`)
	section, _, _ := strings.Cut(from, "</section>")
	return section
}

func goodReport() url.Values {
	return url.Values{"_key": {"the-key"}, "title": {"登录失败"}, "description": {"d"}, "severity": {"2"}, "system": {"OA"}}
}

func TestSubmit_WithFiles(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "reporter", "zh")
	w := sendReport(t, b, goodReport(), sent{"图 一.png", "png"}, sent{"", ""}, sent{"日志.txt", "log"})
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body)
	require.Equal(t, "/defects/"+firstNumber+"?filed=the-key", w.Header().Get("Location"))
	require.Equal(t, []string{firstNumber + " 图 一.png png", firstNumber + " 日志.txt log"}, f.attached)
	require.Equal(t, []string{"the-key"}, f.keys)
	require.NotContains(t, b.follow(w).Body.String(), "没有附上")

	f.attached = nil
	w = sendReport(t, b, goodReport())
	require.Equal(t, http.StatusSeeOther, w.Code, "without any")
	require.Empty(t, f.attached)
}

func TestSubmit_WithAFileThatIsRefused(t *testing.T) {
	for language, says := range map[string]string{
		"zh": "问题单已提交,但以下文件没有附上:“录像.mp4”(超过 20 MB)、“x.txt”(未被接受)、“新.txt”(暂时无法保存,请看附件列表中是否已有)、“b.txt”(暂时无法保存,请看附件列表中是否已有)。",
		"en": "The report was filed, but these files are not on it: &#34;录像.mp4&#34; (over 20 MB), &#34;x.txt&#34; (not accepted), &#34;新.txt&#34; (cannot be stored just now; see whether the list of files has it), &#34;b.txt&#34; (cannot be stored just now; see whether the list of files has it).",
	} {
		f, h := newSite(t)
		f.badFiles = map[string]error{
			"录像.mp4": apperr.New(apperr.TooLarge, apperr.ReasonTooLarge, apperr.Args{"limit": "20 MiB"}),
			"新.txt":  apperr.New(apperr.Unavailable, apperr.ReasonStoreAway, nil), "x.txt": apperr.New(apperr.WrongStage, apperr.ReasonStage, nil),
		}
		b := as(t, h, "reporter", language)
		w := sendReport(t, b, goodReport(), sent{"录像.mp4", strings.Repeat("x", 1<<20)}, sent{"a.txt", "a"}, sent{"x.txt", "x"}, sent{"新.txt", "x"}, sent{"b.txt", "x"})
		require.Equal(t, http.StatusSeeOther, w.Code, w.Body)
		require.Equal(t, []string{firstNumber + " a.txt a"}, f.attached, "the others stand")
		page := b.follow(w).Body.String()
		require.Contains(t, page, says)
	}
}

func TestSubmit_WithMoreFilesThanAreTaken(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "reporter", "zh")
	var files []sent
	for i := range 11 {
		files = append(files, sent{string(rune('a' + i)), "x"})
	}
	w := sendReport(t, b, goodReport(), files...)
	require.Len(t, f.attached, 10)
	require.Contains(t, b.follow(w).Body.String(), "“k”(一次最多 10 个文件)")
}

func TestSubmit_WithMorePartsThanAnyFormHas(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "reporter", "zh")
	files := make([]sent, 5000)
	for i := range files {
		files[i] = sent{strings.Repeat("名", 40), "x"}
	}
	w := sendReport(t, b, goodReport(), files...)
	require.Equal(t, http.StatusSeeOther, w.Code, "the report is filed")
	require.Len(t, f.attached, 10)
	require.Less(t, len(w.Header().Get("Location")), 16<<10, "an address that a browser can follow")
	require.Equal(t, http.StatusOK, b.follow(w).Code)

	many := goodReport()
	many["x"] = make([]string, 5000)
	require.Equal(t, http.StatusBadRequest, sendReport(t, b, many).Code)
	wide := goodReport()
	wide.Set(strings.Repeat("x", 600<<10), "")
	require.Equal(t, http.StatusRequestEntityTooLarge, sendReport(t, b, wide).Code)
}

// A connection that breaks off in the middle of a file leaves a case, and says what is missing to who comes back to it.
func TestSubmit_WithAFileThatBreaksOff(t *testing.T) {
	f, h := newSite(t)
	b := as(t, h, "reporter", "zh")
	body, kind := reportForm(t, goodReport(), sent{"a.txt", "whole"}, sent{"b.txt", strings.Repeat("x", 9000)})
	cut := io.MultiReader(bytes.NewReader(body.Bytes()[:body.Len()-3000]), broken{})
	w := b.do(http.MethodPost, "/defects/new", kind, cut)
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body)
	require.Equal(t, []string{firstNumber + " a.txt whole"}, f.attached)
	require.Contains(t, b.follow(w).Body.String(), "“b.txt”(没有完整收到)")

	body, kind = reportForm(t, goodReport(), sent{"a.txt", "x"})
	w = b.do(http.MethodPost, "/defects/new", kind, io.MultiReader(bytes.NewReader(body.Bytes()[:100]), broken{}))
	require.Equal(t, http.StatusBadRequest, w.Code)
	w = b.do(http.MethodPost, "/defects/new", "multipart/form-data", strings.NewReader("x"))
	require.Equal(t, http.StatusBadRequest, w.Code)
	long := goodReport()
	long.Set("description", strings.Repeat("x", 600<<10))
	require.Equal(t, http.StatusRequestEntityTooLarge, sendReport(t, b, long).Code)
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the line is dead") }

func TestSubmit_ComesBackWithEverything(t *testing.T) {
	for language, says := range map[string][]string{
		"zh": {`<li><a href="#new-system">系统</a>: 必填。</li>`, "请重新选择: 图.png、b.txt", "草稿已于 {time} 保存在本机"},
		"en": {`<li><a href="#new-system">System</a>: This is required.</li>`, "Please choose them again: 图.png, b.txt", "Draft saved on this computer at {time}"},
	} {
		f, h := newSite(t)
		b := as(t, h, "reporter", language)
		form := goodReport()
		form.Del("system")
		form.Set("title", "题 <b>")
		page := sendReport(t, b, form, sent{"图.png", strings.Repeat("x", 1<<20)}, sent{"b.txt", "x"}).Body.String()
		for _, text := range append(says, `value="题 &lt;b&gt;"`, `data-draft-typed="the-key"`) {
			require.Contains(t, page, text)
		}
		require.Equal(t, 1, strings.Count(page, "autofocus"))
		require.Regexp(t, `name="system"[^>]* autofocus aria-invalid="true" aria-describedby="new-system-error"`, page)
		require.Contains(t, f.lookups, "similar 题 <b> ", "and what is like it")
		require.Empty(t, f.attached)

		page = b.get("/defects/new").Body.String()
		require.NotContains(t, page, "data-draft-typed")
		require.NotContains(t, page, `id="lost"`)
		require.Contains(t, page, `data-user="reporter"`)
	}
}

func TestSubmit_KeepsItsKeyWhenNobodyKnowsTheOutcome(t *testing.T) {
	for language, says := range map[string]string{"zh": "不会重复建单", "en": "it makes no second case"} {
		f, h := newSite(t)
		b := as(t, h, "reporter", language)
		f.refuse = &apperr.Error{Code: apperr.Unavailable, Reason: apperr.ReasonTemporalAway}
		w := sendReport(t, b, goodReport(), sent{"a.txt", "x"})
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
		for _, text := range []string{says, `name="_key" value="the-key"`, `value="登录失败"`, "a.txt</p>"} {
			require.Contains(t, w.Body.String(), text)
		}
		require.Empty(t, f.lookups, "who is away is not asked again")
		f.refuse = nil
		w = sendReport(t, b, goodReport(), sent{"a.txt", "x"})
		require.Equal(t, http.StatusSeeOther, w.Code)
		require.Equal(t, []string{"the-key", "the-key"}, f.keys)
		form := goodReport()
		form.Del("system")
		require.NotContains(t, sendReport(t, b, form).Body.String(), `value="the-key"`, "what was refused is sent anew")
		require.Equal(t, http.StatusForbidden, sendReport(t, as(t, h, "auditor", language), goodReport(), sent{"a.txt", "x"}).Code)
	}
}

func TestNew_AnAgentBeginsWithWhoCalls(t *testing.T) {
	f, h := newSite(t)
	f.used = desk.Suggestions{Systems: []string{"OA <b>"}, Modules: []string{"公文"}, Assets: []string{"SW-3F-02"}, Units: []string{"城管局"}}
	place := func(page, name string) int {
		at := strings.Index(page, `name="`+name+`"`)
		require.Positive(t, at, name)
		return at
	}
	page := as(t, h, "agent", "zh").get("/defects/new").Body.String()
	names := []string{"channel", "reporter.name", "reporter.unit", "reporter.phone", "reporter.email", "title", "system", "module", "asset_id", "severity", "description", "file"}
	for i, name := range names[1:] {
		require.Less(t, place(page, names[i]), place(page, name), name)
	}
	require.Regexp(t, `name="reporter.name"[^>]* autofocus`, page)
	require.Contains(t, page, `type="tel"`)
	for list, option := range map[string]string{"used-systems": "OA &lt;b&gt;", "used-modules": "公文", "used-assets": "SW-3F-02", "used-units": "城管局"} {
		require.Contains(t, page, `list="`+list+`"`)
		require.Contains(t, page, `<datalist id="`+list+`"><option value="`+option+`">`)
	}
	page = as(t, h, "reporter", "zh").get("/defects/new").Body.String()
	require.Less(t, place(page, "title"), place(page, "reporter.phone"))
	require.NotContains(t, page, "autofocus")
	require.Contains(t, page, `capture="environment"`)
	f.noHelp = apperr.New(apperr.Unavailable, apperr.ReasonStoreAway, nil)
	require.Equal(t, http.StatusOK, as(t, h, "agent", "en").get("/defects/new").Code, "without SQL it does without")
}

func TestNew_ShowsSimilarCases(t *testing.T) {
	f, h := newSite(t)
	f.similar = []desk.View{f.open(people["reporter"], report())}
	f.used = desk.Suggestions{Modules: []string{"公文"}}
	for language, says := range map[string][]string{"zh": {"找到 1 个", "没有发现", "暂时无法", "填写标题和系统后"}, "en": {"1 found", "No similar", "just now", "Once there is"}} {
		f.lookups, f.noHelp = nil, nil
		b := as(t, h, "agent", language)
		w := b.get("/defects/similar?title=%E7%99%BB%E5%BD%95&system=OA")
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, []string{"similar 登录 OA"}, f.lookups)
		for _, text := range []string{says[0], `href="/defects/` + firstNumber + `" target="_blank"`, "登录&lt;script&gt;"} {
			require.Contains(t, w.Body.String(), text)
		}
		require.NotContains(t, w.Body.String(), "<html", "a part of the page")
		require.Contains(t, b.get("/defects/similar?title=+").Body.String(), says[3])
		w = b.get("/defects/suggestions?system=OA")
		require.Contains(t, w.Body.String(), `<option value="公文">`)
		require.Equal(t, "used OA", f.lookups[len(f.lookups)-1])

		page := b.post("/defects/new?similar=yes", url.Values{"_key": {"the-key"}, "title": {"登录"}, "description": {"我写的"}, "file": {"a.png", ""}}).Body.String()
		for _, text := range []string{says[0], "我写的</textarea>", `value="the-key"`, "a.png", `id="similar"`} {
			require.Contains(t, page, text)
		}
		require.NotContains(t, page, `aria-invalid`, "nothing was sent yet")

		f.noHelp = apperr.New(apperr.Unavailable, apperr.ReasonStoreAway, nil)
		require.Contains(t, b.get("/defects/similar?title=x").Body.String(), says[2])
		require.Equal(t, http.StatusServiceUnavailable, b.get("/defects/suggestions").Code)
		f.noHelp = nil
		found := f.similar
		f.similar = nil
		require.Contains(t, b.get("/defects/similar?title=x").Body.String(), says[1])
		f.similar = found
	}
	require.Equal(t, http.StatusForbidden, as(t, h, "auditor", "zh").post("/defects/new?similar=yes", url.Values{"title": {"x"}}).Code)
	require.Equal(t, http.StatusSeeOther, as(t, h, "", "zh").get("/defects/similar?title=x").Code)
	require.Empty(t, f.keys)
}

// What stands in the address of a case says nothing that somebody else could make it say.
func TestCase_TellsOfRefusedFilesInItsOwnWords(t *testing.T) {
	f, h := newSite(t)
	f.open(people["reporter"], report())
	b := as(t, h, "reporter", "zh")
	page := b.get("/defects/" + firstNumber + "?refused=%3Cb%3Ex&why=call+this+number&refused=@web.sign_out&why=too_large&refused=surplus").Body.String()
	require.Contains(t, page, "“&lt;b&gt;x”(未被接受)、“web.sign_out”(超过 20 MB)。")
	require.NotContains(t, page, "call this number")
	require.NotContains(t, sectionOf(page, "files"), "surplus")
	require.NotContains(t, b.get("/defects/"+firstNumber+"?refused=a").Body.String(), "没有附上")
}

func TestNew_LoadsItsModules(t *testing.T) {
	_, h := newSite(t)
	b := as(t, h, "agent", "zh")
	w := b.get("/defects/new")
	for _, name := range []string{"new.js", "draft.js", "new.css"} {
		at := regexp.MustCompile(`/static/` + regexp.QuoteMeta(name) + `\?v=[0-9a-f]+`).FindString(w.Body.String())
		require.NotEmpty(t, at, name)
		require.Equal(t, http.StatusOK, b.get(at).Code)
	}
	require.Contains(t, w.Header().Get("Content-Security-Policy"), "img-src 'self' blob:;")
}
