// Package web is the pages that people see: server-rendered, in Chinese and English, from templates and assets that the
// binary holds. It calls package desk and knows no rule itself; no page asks another host for anything.
package web

import (
	"context"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"time"

	"github.com/gin-gonic/gin"

	"yunwei/lang"
)

//go:embed templates/*.html
var templates embed.FS

//go:embed assets
var assets embed.FS

// Options are what the pages are made of. All are needed.
type Options struct {
	Desk Desk
	Log  *slog.Logger
	Zone *time.Location // of the site, in which times are shown
}

// Desk is what the pages ask of the service desk. Every error is an *apperr.Error.
type Desk interface {
	signOffDesk
}

// pages is the handlers' common ground.
type pages struct {
	desk  Desk
	log   *slog.Logger
	zone  *time.Location
	views map[lang.Lang]map[string]*template.Template
}

// patience bounds the making of a page.
const patience = 15 * time.Second

// NewHandler returns the pages. It fails only on templates that do not read, which the tests see to.
func NewHandler(o Options) (http.Handler, error) {
	gin.SetMode(gin.ReleaseMode)
	p := &pages{desk: o.Desk, log: o.Log, zone: o.Zone}
	var err error
	if p.views, err = readViews(o.Zone); err != nil {
		return nil, err
	}
	engine := gin.New()
	engine.ContextWithFallback = true
	if err := engine.SetTrustedProxies(nil); err != nil {
		return nil, fmt.Errorf("proxies: %w", err)
	}
	engine.Use(p.recovered, headers, bounded)
	files, err := fs.Sub(assets, "assets")
	if err != nil {
		return nil, fmt.Errorf("find the assets: %w", err)
	}
	engine.GET("/assets/*file", gin.WrapH(http.StripPrefix("/assets", http.FileServerFS(files))))
	engine.GET("/sign/:link", p.readSheet)
	engine.POST("/sign/:link", p.decide)
	engine.NoRoute(p.nowhere)
	return engine, nil
}

// headers lets a page load what is ours and nothing else, and keeps its address, which may hold a link, to itself.
func headers(c *gin.Context) {
	c.Header("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("X-Frame-Options", "DENY")
	c.Header("Referrer-Policy", "no-referrer")
	c.Header("Cross-Origin-Opener-Policy", "same-origin")
	c.Header("X-Robots-Tag", "noindex")
	c.Header("Cache-Control", "no-store")
	if path.Dir(c.Request.URL.Path) == "/assets" {
		c.Header("Cache-Control", "public, max-age=3600")
	}
}

func bounded(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), patience)
	defer cancel()
	c.Request = c.Request.WithContext(ctx)
	c.Next()
}
