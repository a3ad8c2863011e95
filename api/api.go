// Package api is the JSON HTTP API: requests in, problems and answers out. What may happen is decided by package desk; here
// is only how it is asked for over HTTP. It knows neither Temporal nor SQL.
//
// One table, routes, says what there is: it registers the handlers on gin, checks parameters and bodies, and makes the
// OpenAPI document, so that none of the three can differ from the others.
package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"yunwei/calendar"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/notice"
)

// Desk is what the API asks of the service desk. Every error is an *apperr.Error.
type Desk interface {
	SignIn(ctx context.Context, username, password string) (desk.Session, error)
	SignOut(ctx context.Context, by desk.Caller) error
	Authenticate(ctx context.Context, token string) (desk.Caller, error)

	Submit(ctx context.Context, by desk.Caller, s defect.Submission, idempotencyKey string) (v desk.View, created bool, err error)
	MaySubmit(by desk.Caller) error
	Defect(ctx context.Context, by desk.Caller, number string) (desk.View, error)
	Defects(ctx context.Context, by desk.Caller, q defect.Query) (desk.Page, error)
	Events(ctx context.Context, by desk.Caller, number string, after, limit int) (events []defect.Event, more bool, err error)
	Act(ctx context.Context, by desk.Caller, number string, a defect.Action, in defect.Input, version *int, idempotencyKey string) (desk.View, error)
	MayAct(ctx context.Context, by desk.Caller, number string, a defect.Action) error

	Attach(ctx context.Context, by desk.Caller, number, filename string, body io.Reader) (defect.Attachment, error)
	Attachments(ctx context.Context, by desk.Caller, number, after string, limit int) (list []defect.Attachment, next string, err error)
	Attachment(ctx context.Context, by desk.Caller, id string) (desk.Content, error)

	ExplainClock(ctx context.Context, by desk.Caller, number string, name defect.ClockName, nth int) (defect.Explanation, error)
	Calendars(ctx context.Context, by desk.Caller) []calendar.Calendar
	Due(ctx context.Context, by desk.Caller, name string, from time.Time, limit calendar.Limit) (desk.Due, error)
	HolidaySets(ctx context.Context, by desk.Caller) ([]desk.HolidaySet, error)
	HolidaySet(ctx context.Context, by desk.Caller, set string) (desk.HolidaySet, error)
	HolidayRevisions(ctx context.Context, by desk.Caller, set string, after, limit int) (list []calendar.Revision, next int, err error)
	MayChangeHolidays(by desk.Caller) error
	ChangeHolidays(ctx context.Context, by desk.Caller, set string, c desk.HolidayChange, idempotencyKey string) (r calendar.Revision, made bool, err error)
	PreviewHolidays(ctx context.Context, by desk.Caller, set string, c desk.HolidayChange, after string, limit int) (desk.HolidayEffect, error)
	HolidayEffect(ctx context.Context, by desk.Caller, set string, n int, after string, limit int) (desk.HolidayEffect, error)
	ApplyHolidays(ctx context.Context, by desk.Caller, set string, n int, why string, s desk.Selection) (desk.HolidaysApplied, error)
	Ready(ctx context.Context) []desk.Dependency

	substitutionDesk
	MayReport(by desk.Caller) error
	PromiseReport(ctx context.Context, by desk.Caller, q defect.PromiseQuery) (defect.PromiseReport, error)
	Promises(ctx context.Context, by desk.Caller, q defect.PromiseQuery, after string, limit int) (list []defect.CasePromise, next string, err error)
	Zone() *time.Location
	MayAudit(by desk.Caller) error
	Audits(ctx context.Context, by desk.Caller, after string, limit int) (list []desk.Audit, next string, err error)
	Findings(ctx context.Context, by desk.Caller, id, after string, limit int) (list []defect.Drift, next string, err error)
	Duty
	Inbox(ctx context.Context, by desk.Caller, unread bool, before int64, limit int) (desk.NoticePage, error)
	ReadNotices(ctx context.Context, by desk.Caller, upTo int64) (int, error)
	NoticeSettings(ctx context.Context, by desk.Caller) (notice.Settings, error)
	SetNoticeSettings(ctx context.Context, by desk.Caller, s notice.Settings) error
	Notices(ctx context.Context, by desk.Caller, q desk.NoticeQuery) (desk.NoticePage, error)
	MayReadNotices(by desk.Caller) error
	RetryNotice(ctx context.Context, by desk.Caller, id int64) (notice.Notice, error)
}

// Options are what the API is made of. All are needed.
type Options struct {
	Desk     Desk
	Log      *slog.Logger
	Registry prometheus.Registerer // gets the figures of requests
	Metrics  http.Handler          // serves all figures at /metrics
	Version  string                // of the program, for the OpenAPI document
	Now      func() time.Time
}

// api is the handlers' common ground.
type api struct {
	desk    Desk
	log     *slog.Logger
	now     func() time.Time
	failed  *throttle // sign-ins that failed
	version string
}

// NewHandler returns the API.
func NewHandler(o Options) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	a := &api{desk: o.Desk, log: o.Log, now: o.Now, failed: newThrottle(), version: o.Version}
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	engine.ContextWithFallback = true
	if err := engine.SetTrustedProxies(nil); err != nil {
		o.Log.Error("proxies", "error", err) // none is always accepted
	}
	engine.Use(identify, a.record(newFigures(o.Registry)), a.recovered, headers)
	engine.NoRoute(a.noRoute)
	engine.NoMethod(a.noMethod)
	for _, r := range a.routes() {
		engine.Handle(r.method, prefix+r.path, a.handler(r))
	}
	engine.GET("/healthz", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "ok"}) })
	engine.GET("/readyz", a.ready)
	engine.GET("/metrics", gin.WrapH(o.Metrics))
	a.documented(engine)
	return engine
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
