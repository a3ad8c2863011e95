// Package api is the JSON HTTP API: requests in, problems and answers out. What may happen is decided by package desk; here
// is only how it is asked for over HTTP. It knows neither Temporal nor SQL.
//
// One table, routes, says what there is: it registers the handlers on gin, checks parameters and bodies, and makes the
// OpenAPI document, so that none of the three can differ from the others.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"yunwei/desk"
	"yunwei/edge"
)

// Desk is what the API asks of the service desk, by noun: each part is declared beside the handlers that ask for it. Every
// error is an *apperr.Error.
type Desk interface {
	sessionDesk
	userDesk
	assetDesk
	caseDesk
	fileDesk
	clockDesk
	holidayDesk
	substitutionDesk
	dutyDesk
	noticeDesk
	reportDesk
	auditDesk
	boardDesk

	Ready(ctx context.Context) []desk.Dependency
}

// Options are what the API is made of. All are needed.
type Options struct {
	Desk    Desk
	Log     *slog.Logger
	Edge    *edge.Edge
	Metrics http.Handler // serves all figures at /metrics
	Version string       // of the program, for the OpenAPI document
	Now     func() time.Time
}

// api is the handlers' common ground.
type api struct {
	desk    Desk
	log     *slog.Logger
	now     func() time.Time
	version string
}

// NewHandler returns the API.
func NewHandler(o Options) (http.Handler, error) {
	a := &api{desk: o.Desk, log: o.Log, now: o.Now, version: o.Version}
	engine, err := o.Edge.Engine()
	if err != nil {
		return nil, err
	}
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	engine.Use(a.recovered, headers)
	engine.NoRoute(a.noRoute)
	engine.NoMethod(a.noMethod)
	for _, r := range a.routes() {
		engine.Handle(r.method, prefix+r.path, a.handler(r))
	}
	engine.GET("/healthz", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "ok"}) })
	engine.GET("/readyz", a.ready)
	engine.GET("/metrics", gin.WrapH(o.Metrics))
	a.documented(engine)
	return engine, nil
}

// Limits of a connection. Bodies have limits of their own.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 3 * time.Minute // a large attachment over a slow line
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10
)

// Server returns an HTTP server for a handler, with its limits.
func Server(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: readTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader}
}

// ready tells whether each dependency answers, without saying why not: that is in the log.
func (a *api) ready(c *gin.Context) {
	status, answer := http.StatusOK, readyBody{Status: "ok"}
	for _, d := range a.desk.Ready(c) {
		answer.Dependencies = append(answer.Dependencies, dependencyBody{Name: d.Name, OK: d.OK})
		if !d.OK {
			status, answer.Status = http.StatusServiceUnavailable, "unavailable"
			a.log.WarnContext(c, "a dependency does not answer", "name", d.Name, "error", d.Err)
		}
	}
	c.JSON(status, answer)
}

type readyBody struct {
	Status       string           `json:"status"`
	Dependencies []dependencyBody `json:"dependencies"`
}

type dependencyBody struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
}
