package web

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/lang"
)

// views are the pages there are, each a template that fills in layout.html.
var views = []string{"sign", "problem"}

// readViews reads every page in every language.
func readViews(zone *time.Location) (map[lang.Lang]map[string]*template.Template, error) {
	out := map[lang.Lang]map[string]*template.Template{}
	for _, l := range lang.Langs() {
		out[l] = map[string]*template.Template{}
		for _, name := range views {
			t, err := template.New("layout.html").Funcs(funcs(l, zone)).ParseFS(templates, "templates/layout.html", "templates/"+name+".html")
			if err != nil {
				return nil, fmt.Errorf("read the page %s: %w", name, err)
			}
			out[l][name] = t
		}
	}
	return out, nil
}

// funcs are what templates can say: t a text of the catalogue, term the name of a term, when a time at the site.
func funcs(l lang.Lang, zone *time.Location) template.FuncMap {
	return template.FuncMap{
		"t": func(key string, args ...any) string {
			named := apperr.Args{}
			for i := 0; i+1 < len(args); i += 2 {
				named[fmt.Sprint(args[i])] = fmt.Sprint(args[i+1])
			}
			return l.Text(apperr.Reason(key), named)
		},
		"term":  func(kind string, name any) string { return l.Term(kind + "." + fmt.Sprint(name)) },
		"when":  func(at time.Time) string { return at.In(zone).Format("2006-01-02 15:04") },
		"stamp": func(at time.Time) string { return at.UTC().Format(time.RFC3339) },
	}
}

// view is what every page is given.
type view struct {
	Lang  lang.Lang
	Other lang.Lang // the language to switch to
	Title string
	Data  any
}

// language returns the one that a request asks for: by its address, else by its header.
func language(c *gin.Context) lang.Lang {
	for _, l := range lang.Langs() {
		if c.Query("lang") == string(l) {
			return l
		}
	}
	return lang.Match(c.GetHeader("Accept-Language"))
}

// show writes a page.
func (p *pages) show(c *gin.Context, status int, name, title string, data any) {
	l := language(c)
	v := view{Lang: l, Title: title, Data: data}
	for _, other := range lang.Langs() {
		if other != l {
			v.Other = other
		}
	}
	var page bytes.Buffer
	if err := p.views[l][name].Execute(&page, v); err != nil {
		p.log.ErrorContext(c, "a page cannot be written", "page", name, "error", err)
		c.AbortWithStatus(http.StatusInternalServerError)
		return
	}
	c.Header("Content-Language", string(l))
	c.Header("Vary", "Accept-Language")
	c.Data(status, "text/html; charset=utf-8", page.Bytes())
}

// statuses are those of the problems that a page can meet; any other is a 500.
var statuses = map[apperr.Code]int{
	apperr.Unreadable:      http.StatusBadRequest,
	apperr.Unauthenticated: http.StatusForbidden, // nobody is asked for a password here
	apperr.Forbidden:       http.StatusForbidden,
	apperr.NotFound:        http.StatusNotFound,
	apperr.WrongStage:      http.StatusConflict,
	apperr.StaleVersion:    http.StatusConflict,
	apperr.StaleProposal:   http.StatusConflict,
	apperr.Conflict:        http.StatusConflict,
	apperr.Invalid:         http.StatusUnprocessableEntity,
	apperr.TooManyRequests: http.StatusTooManyRequests,
	apperr.Unavailable:     http.StatusServiceUnavailable,
}

// problem is what the page of an error shows.
type problem struct {
	Title, Detail string
	Retry         bool // it may be another matter in a moment
}

// fail shows an error as a page. Causes stay in the log.
func (p *pages) fail(c *gin.Context, err error) {
	e := apperr.Of(err)
	status, ok := statuses[e.Code]
	if !ok {
		status = http.StatusInternalServerError
	}
	if cause := errors.Unwrap(e); cause != nil || status == http.StatusInternalServerError {
		p.log.ErrorContext(c, "a page was refused", "route", c.FullPath(), "error", err)
	}
	if e.RetryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	l := language(c)
	told := problem{Title: l.Term("title." + string(e.Code)), Detail: l.Text(e.Reason, e.Args), Retry: status == http.StatusServiceUnavailable}
	p.show(c, status, "problem", told.Title, told)
	c.Abort()
}

// recovered answers a panic with an error page and keeps its trace in the log.
func (p *pages) recovered(c *gin.Context) {
	defer func() {
		if r := recover(); r != nil {
			p.log.ErrorContext(c, "panic", "route", c.FullPath(), "panic", r, "stack", string(debug.Stack()))
			if !c.Writer.Written() {
				p.fail(c, apperr.New(apperr.Internal, apperr.ReasonInternal, nil))
			}
			c.Abort()
		}
	}()
	c.Next()
}

func (p *pages) nowhere(c *gin.Context) {
	p.fail(c, apperr.New(apperr.NotFound, apperr.ReasonUnknownPath, nil))
}
