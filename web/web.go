// Package web is the pages that people see: server-rendered, in Chinese and English, from templates and static files that the
// binary holds. It calls package desk and knows no rule itself; no page asks another host for anything.
//
// A file tells of one kind of page: what it asks of the desk, its routes, what it shows, and its handlers. A page works without
// scripts: what changes something is a form, which leads to a page of its own and comes back as it was filled in when it is
// refused; all that narrows a list stands in its address. Scripts only add, and take their words from the page.
package web

import (
	"context"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/edge"
	"yunwei/lang"
)

//go:embed templates
var templates embed.FS

//go:embed static
var static embed.FS

// Options are what the pages are made of. All are needed but URL and Workflow.
type Options struct {
	Desk Desk
	Log  *slog.Logger
	Edge *edge.Edge
	Zone *time.Location // of the site, in which times are shown
	URL  string         // where people reach the pages; with https cookies are sent over TLS only; empty when nobody said
	Now  func() time.Time
	// Workflow returns where the people of the service see the workflow of a case; nil when nobody said.
	Workflow func(number string) string
}

// Desk is what the pages ask of the service desk. Each part is declared where it is used, in the order in which the pages
// have their routes. Every error is an *apperr.Error.
type Desk interface {
	sessionDesk
	sheetDesk
	inboxDesk
	caseDesk
	clockDesk
	submitDesk
	fileDesk
	liveDesk
	boardDesk
	registerDesk
	dutyDesk
	reportDesk
	auditDesk
	accountDesk
	settingsDesk
	userDesk
	noticeDesk
	policyDesk
}

// pages is the handlers' common ground.
type pages struct {
	desk   Desk
	log    *slog.Logger
	zone   *time.Location
	secure bool
	now    func() time.Time
	flow   func(number string) string
	views  map[lang.Lang]map[string]*template.Template
	foes   *http.CrossOriginProtection // tells the requests that other sites make people's browsers send
}

// patience bounds the making of a page. Files and reports may take longer: the server's and the desk's own limits bound those.
const (
	patience     = 15 * time.Second
	filePatience = 3 * time.Minute
)

// NewHandler returns the pages. It fails on a URL that is none, and on templates that do not read, which the tests see to.
func NewHandler(o Options) (http.Handler, error) {
	p := &pages{desk: o.Desk, log: o.Log, zone: o.Zone, now: o.Now, flow: o.Workflow}
	if err := p.reachedAt(o.URL); err != nil {
		return nil, err
	}
	files, err := newFiles()
	if err != nil {
		return nil, err
	}
	if p.views, err = readViews(p, files); err != nil {
		return nil, err
	}
	engine, err := o.Edge.Engine()
	if err != nil {
		return nil, err
	}
	engine.Use(p.recovered, headers, p.sameOrigin, p.keepLanguage, bounded)
	engine.GET(staticPath+":file", files.serve)
	engine.NoRoute(p.nowhere)
	for _, routes := range []func(*gin.Engine){
		p.sessionRoutes, p.sheetRoutes, p.workRoutes, p.listRoutes, p.submitRoutes, p.caseRoutes, p.fileRoutes, p.signOffRoutes, p.liveRoutes,
		p.boardRoutes, p.registerRoutes, p.dutyRoutes, p.reportRoutes, p.auditRoutes,
		p.accountRoutes, p.settingsRoutes, p.manageRoutes, p.userRoutes, p.noticeRoutes, p.policyRoutes,
	} {
		routes(engine)
	}
	return engine, nil
}

// reachedAt notes where people reach the pages. What stands in front of us may have another name for us: a form from there
// is from here.
func (p *pages) reachedAt(address string) error {
	p.foes = http.NewCrossOriginProtection()
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("where people reach the pages: %w", err)
	}
	p.secure = u.Scheme == "https"
	if err := p.foes.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
		return fmt.Errorf("where people reach the pages: %w", err)
	}
	return nil
}

// headers lets a page load what is ours and nothing else, and keeps its address, which may hold a link, to itself. The
// referrer stays within the site and is not off: a browser that never tells it hides the origin of our own forms, too.
func headers(c *gin.Context) {
	c.Header("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("X-Frame-Options", "DENY")
	c.Header("Referrer-Policy", "same-origin")
	c.Header("Cross-Origin-Opener-Policy", "same-origin")
	c.Header("X-Robots-Tag", "noindex")
	c.Header("Cache-Control", "no-store")
}

// sameOrigin refuses changes that another site asks for in a person's name. It needs no token in the forms, so that a form
// that was open for long, or comes as a file, is as good as any.
func (p *pages) sameOrigin(c *gin.Context) {
	if err := p.foes.Check(c.Request); err != nil {
		p.fail(c, apperr.New(apperr.Forbidden, apperr.ReasonCrossOrigin, nil))
	}
}

// bounded bounds the making of a page, so that nobody waits for what does not come.
func bounded(c *gin.Context) {
	limit := patience
	path := c.FullPath()
	switch {
	case path == livePath:
		return // it ends with the look at the page
	case strings.Contains(path, "/attachments"), path == newPath, path == exportPath, path == exportAssetsPath, strings.HasSuffix(path, "/import"), strings.HasPrefix(path, reportPath):
		limit = filePatience
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), limit)
	defer cancel()
	c.Request = c.Request.WithContext(ctx)
	c.Next()
}
