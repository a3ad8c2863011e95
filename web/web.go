// Package web is the pages that people see: server-rendered, in Chinese and English, from templates and assets that the
// binary holds. It calls package desk and knows no rule itself; no page asks another host for anything.
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

//go:embed assets
var assets embed.FS

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

// Desk is what the pages ask of the service desk, by page. Every error is an *apperr.Error.
type Desk interface {
	sessionDesk
	signOffDesk
	caseDesk
	clockDesk
	fileDesk
	newDesk
	inboxDesk
	liveDesk
	boardDesk
	accountDesk
	userDesk
	policyDesk
	noticeDesk
	dutyDesk
	reportDesk
	auditDesk
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
	engine.GET(assetPath+":file", files.serve)
	engine.GET("/sign/:link", p.readSheet)
	engine.POST("/sign/:link", p.decide)
	engine.GET(signInPath, p.askWho)
	engine.POST(signInPath, p.signIn)
	engine.POST("/sign-out", p.known(p.signOut))
	engine.GET("/", p.known(p.work))
	engine.POST("/notices/read", p.posted(p.readNotices))
	p.listRoutes(engine)
	p.newRoutes(engine)
	p.caseRoutes(engine)
	p.fileRoutes(engine)
	p.signOffRoutes(engine)
	p.liveRoutes(engine)
	p.boardRoutes(engine)
	p.dutyRoutes(engine)
	p.reportRoutes(engine)
	p.auditRoutes(engine)
	p.accountRoutes(engine)
	p.manageRoutes(engine)
	p.userRoutes(engine)
	p.policyRoutes(engine)
	p.noticeRoutes(engine)
	engine.NoRoute(p.nowhere)
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

func bounded(c *gin.Context) {
	limit := patience
	path := c.FullPath()
	switch {
	case path == livePath:
		return // it ends with the look at the page
	case strings.Contains(path, "/attachments"), path == newPath, path == exportPath, strings.HasSuffix(path, "/import"), strings.HasPrefix(path, reportPath):
		limit = filePatience
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), limit)
	defer cancel()
	c.Request = c.Request.WithContext(ctx)
	c.Next()
}
