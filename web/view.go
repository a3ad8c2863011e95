package web

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"math"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/edge"
	"yunwei/lang"
	"yunwei/roster"
)

// readViews reads every page in every language: a template fills in layout.html, with the help of the ones in parts/.
func readViews(p *pages, ours files) (map[lang.Lang]map[string]*template.Template, error) {
	found, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("find the pages: %w", err)
	}
	out := map[lang.Lang]map[string]*template.Template{}
	for _, l := range lang.Langs() {
		out[l] = map[string]*template.Template{}
		for _, file := range found {
			t, err := template.New("layout.html").Funcs(p.funcs(l)).Funcs(template.FuncMap{"static": ours.url, "has": ours.has}).ParseFS(templates, "templates/parts/*.html", file)
			if err != nil {
				return nil, fmt.Errorf("read the page %s: %w", file, err)
			}
			out[l][strings.TrimSuffix(path.Base(file), ".html")] = t
		}
	}
	return out, nil
}

// funcs are what templates can say: t a text of the catalogue, term the name of a term, when a time at the site.
func (p *pages) funcs(l lang.Lang) template.FuncMap {
	return template.FuncMap{
		"t": func(key string, args ...any) string {
			named := apperr.Args{}
			for i := 0; i+1 < len(args); i += 2 {
				named[fmt.Sprint(args[i])] = fmt.Sprint(args[i+1])
			}
			return l.Text(apperr.Reason(key), named)
		},
		"term":    func(kind string, name any) string { return l.Term(kind + "." + fmt.Sprint(name)) },
		"when":    func(at time.Time) string { return at.In(p.zone).Format("2006-01-02 15:04") },
		"stamp":   func(at time.Time) string { return at.UTC().Format(time.RFC3339) },
		"clock":   func(c defect.Case, k defect.Clock) clockView { return p.clockOf(l, &c, k) },
		"size":    size,
		"next":    func(n int) int { return n + 1 },
		"exactly": func(at time.Time) string { return at.In(p.zone).Format("2006-01-02 15:04:05") },
		"now":     p.now,
		"act":     func(act dutyAct) string { return l.Term("web.duty_act." + strings.ReplaceAll(string(act), "-", "_")) },
		"row":     func(name string, tab rosterTab, id string, act dutyAct) rowStep { return rowStep{name, tab, id, act} },
	}
}

// view is what every page is given.
type view struct {
	Lang     lang.Lang
	Other    lang.Lang // the language to switch to
	OtherURL string    // this page in that language
	Page     string    // its name
	Title    string
	Me       *desk.Caller // who has signed in; nil for nobody
	Nav      []navItem
	Live     *liveOn // what to follow; nil where nothing changes
	Wall     bool    // see onWall
	Data     any
}

// navItem is a way to another page.
type navItem struct {
	URL, Label string
	Here       bool
}

// nav returns the ways that a person has.
func (p *pages) nav(c *gin.Context, l lang.Lang, by desk.Caller) []navItem {
	here := c.FullPath()
	items := []navItem{
		{URL: "/", Label: l.Term("web.nav.work"), Here: here == "/"},
	}
	if _, signs := signWork(by); signs {
		items = append(items, navItem{URL: signOffsPath, Label: l.Term("web.nav.sign_offs"), Here: strings.HasPrefix(here, signOffsPath)})
	}
	items = append(items, navItem{URL: listPath + "?stage=" + openStages, Label: l.Term("web.nav.defects"), Here: here == listPath})
	if defect.MaySubmit(by.Person) {
		items = append(items, navItem{URL: newPath, Label: l.Term("web.nav.new"), Here: here == newPath})
	}
	if defect.MayWatch(by.Person) {
		items = append(items, navItem{URL: boardPath, Label: l.Term("web.nav.board"), Here: here == boardPath})
	}
	if p.desk.MayReadAssets(by) == nil {
		items = append(items, navItem{URL: registerPath, Label: l.Term("asset.facts"), Here: strings.HasPrefix(here, registerPath)})
	}
	if p.desk.MayDuty(by, roster.TaskRead) == nil {
		items = append(items, navItem{URL: dutyPath, Label: l.Term("web.nav.duty"), Here: strings.HasPrefix(here, dutyPath) || here == newRosterPath})
	}
	reports := navItem{URL: reportPath, Label: l.Term("web.nav.reports"), Here: strings.HasPrefix(here, reportPath) || strings.HasPrefix(here, auditPath)}
	switch {
	case p.desk.MayReport(by) == nil:
		items = append(items, reports)
	case p.desk.MayAudit(by) == nil:
		reports.URL = auditPath
		items = append(items, reports)
	}
	if manages(by) {
		items = append(items, navItem{URL: managePath, Label: l.Term("web.nav.manage"), Here: managed(here)})
	}
	return items
}

// languageCookie keeps the language that a person has switched to.
const languageCookie = "yunwei_lang"

// language returns the one that a request asks for: by its address, else by its cookie, else by its header.
func language(c *gin.Context) lang.Lang {
	kept, _ := c.Cookie(languageCookie) // none is as good as an empty one
	for _, wish := range []string{c.Query("lang"), kept} {
		for _, l := range lang.Langs() {
			if wish == string(l) {
				return l
			}
		}
	}
	return lang.Match(c.GetHeader("Accept-Language"))
}

// keepLanguage keeps a language that is switched to for a year.
func (p *pages) keepLanguage(c *gin.Context) {
	if l := language(c); c.Query("lang") == string(l) {
		p.setCookie(c, languageCookie, string(l), 365*24*60*60)
	}
}

// above sends who asks again for the answer to a form, by loading it anew or in the other language, to the page that has the
// form.
func above(c *gin.Context, _ desk.Caller) {
	c.Redirect(http.StatusSeeOther, path.Dir(c.Request.URL.EscapedPath()))
}

// show writes a page.
func (p *pages) show(c *gin.Context, status int, name, title string, data any) {
	l := language(c)
	v := view{Lang: l, Page: name, Title: title, Data: data, Wall: onWall(c)}
	for _, other := range lang.Langs() {
		if other != l {
			query := c.Request.URL.Query()
			query.Set("lang", string(other))
			v.Other, v.OtherURL = other, "?"+query.Encode()
		}
	}
	if by, ok := c.Value(callerKey).(desk.Caller); ok {
		v.Me, v.Nav = &by, p.nav(c, l, by)
	}
	if w, ok := data.(watcher); ok && status == http.StatusOK {
		on := w.watches()
		v.Live = &on
	}
	var page bytes.Buffer
	if err := p.views[l][name].Execute(&page, v); err != nil {
		p.log.ErrorContext(c, "a page cannot be written", "page", name, "error", err)
		c.AbortWithStatus(http.StatusInternalServerError)
		return
	}
	c.Header("Content-Language", string(l))
	c.Header("Vary", "Accept-Language, Cookie")
	c.Data(status, "text/html; charset=utf-8", page.Bytes())
}

// showPart writes a part of a page, which a script puts in its place.
func (p *pages) showPart(c *gin.Context, page, part string, data any) {
	l := language(c)
	var text bytes.Buffer
	if err := p.views[l][page].ExecuteTemplate(&text, part, data); err != nil {
		p.log.ErrorContext(c, "a part of a page cannot be written", "page", page, "part", part, "error", err)
		c.AbortWithStatus(http.StatusInternalServerError)
		return
	}
	c.Header("Content-Language", string(l))
	c.Data(http.StatusOK, "text/html; charset=utf-8", text.Bytes())
}

// statusOf returns the status of a page that tells of an error: that of its code, but no 401, at which a browser would ask for
// a password.
func statusOf(code apperr.Code) int {
	if code == apperr.Unauthenticated {
		return http.StatusForbidden
	}
	return code.Status()
}

// refuse notes a refusal in the headers, and in the log when somebody has to look into it, and returns its status.
func (p *pages) refuse(c *gin.Context, err error) int {
	e := apperr.Of(err)
	status := statusOf(e.Code)
	if cause := errors.Unwrap(e); cause != nil || status == http.StatusInternalServerError {
		p.log.ErrorContext(c, "a page was refused", "id", edge.ID(c), "route", c.FullPath(), "error", err)
	}
	if wait := e.Wait(); wait > 0 {
		c.Header("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	return status
}

// refused notes that a form was refused, and returns the status of the page that shows it again, as it was filled in.
func (p *pages) refused(c *gin.Context, values url.Values, err error) (status int, was filled) {
	return p.refuse(c, err), filled{values: values, err: forPeople(c, err)}
}

// problem is what the page of an error shows.
type problem struct {
	Title, Detail string
	Retry         bool   // it may be another matter in a moment
	Form          bool   // a form was sent, which the browser has kept
	ID            string // of the request, for whoever looks into it; empty when nobody has to
	Code          apperr.Code
	Known         bool   // its reader has signed in
	Away          *away  // something does not answer, and may in a moment
	Roles         string // of its reader, in words
}

// fail shows an error as a page. Causes stay in the log.
func (p *pages) fail(c *gin.Context, err error) {
	said := apperr.Of(err).Reason
	e, l, status := apperr.Of(forPeople(c, err)), language(c), p.refuse(c, err)
	told := problem{Title: l.Term("title." + string(e.Code)), Detail: l.Text(e.Reason, e.Args), Form: changes(c), Code: e.Code}
	// Of a form, the page's own words say what to do.
	told.Retry = status == http.StatusServiceUnavailable && (!told.Form || e.Reason == said)
	if status == http.StatusInternalServerError {
		told.ID = edge.ID(c)
	}
	if said == apperr.ReasonInternal { // without the ID, which stands on a line of its own
		told.Detail = l.Text(said, nil)
	}
	by, known := c.Value(callerKey).(desk.Caller)
	if told.Known = known; known {
		told.Roles = terms(l, "role.", by.Roles)
	}
	if known && e.Reason == apperr.ReasonStoreAway && !told.Form {
		told.Away = awayFrom(c, by, err)
	}
	p.show(c, status, "problem", told.Title, told)
	c.Abort()
}

// changes reports whether a request is one that changes something: a form.
func changes(c *gin.Context) bool { return c.Request.Method == http.MethodPost }

// terms names some terms of a kind.
func terms[T ~string](l lang.Lang, kind string, all []T) string {
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = l.Term(kind + string(one))
	}
	return strings.Join(names, l.Term("list.separator"))
}

// recovered answers a panic with an error page and keeps its trace in the log.
func (p *pages) recovered(c *gin.Context) {
	defer func() {
		if r := recover(); r != nil {
			p.log.ErrorContext(c, "panic", "id", edge.ID(c), "route", c.FullPath(), "panic", r, "stack", string(debug.Stack()))
			if !c.Writer.Written() {
				p.fail(c, apperr.New(apperr.Internal, apperr.ReasonInternal, nil))
			}
			c.Abort()
		}
	}()
	c.Next()
}

// nowhere answers for addresses that there are not; who has signed in finds their way from there.
func (p *pages) nowhere(c *gin.Context) {
	if _, err := p.caller(c); err != nil && !apperr.Is(err, apperr.Unauthenticated) {
		p.fail(c, err)
		return
	}
	p.fail(c, apperr.New(apperr.NotFound, apperr.ReasonUnknownPath, nil))
}
