// Package edge is what every HTTP face of the desk does with a request before it looks at it: who asks, by which ID it is
// found again, what the log and the figures tell of it, and how a table leaves as a file. The API and the pages share one.
package edge

import (
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
)

// IDHeader names the header that bears a request's ID, both ways.
const IDHeader = "X-Request-ID"

const (
	idKey       = "request_id"
	usernameKey = "username"
)

var saneID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// Options are what an edge is made of.
type Options struct {
	Log      *slog.Logger
	Registry prometheus.Registerer // gets the figures of requests
	Proxies  []string              // addresses and networks whose word on who asks is taken; nobody's when there are none
}

// Edge is the common ground of the faces of one process.
type Edge struct {
	log      *slog.Logger
	proxies  []string
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	stranger sync.Once
}

// New returns an edge. It fails on a proxy that is neither an address nor a network, and on figures that are there already.
func New(o Options) (*Edge, error) {
	gin.SetMode(gin.ReleaseMode) // any other writes to standard output, which is for the line that says ready
	e := &Edge{
		log: o.Log, proxies: o.Proxies,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "yunwei_http_requests_total", Help: "Requests by route, method and status."}, []string{"route", "method", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "yunwei_http_request_duration_seconds", Help: "How long requests took.", Buckets: prometheus.DefBuckets}, []string{"route", "method"}),
	}
	if err := gin.New().SetTrustedProxies(o.Proxies); err != nil {
		return nil, fmt.Errorf("trusted proxies: an IP address or a network like 10.0.0.0/8 is accepted: %w", err)
	}
	for _, c := range []prometheus.Collector{e.requests, e.duration} {
		if err := o.Registry.Register(c); err != nil {
			return nil, fmt.Errorf("the figures of requests: %w", err)
		}
	}
	return e, nil
}

// Engine returns an empty gin engine whose requests are identified, logged and counted.
func (e *Edge) Engine() (*gin.Engine, error) {
	engine := gin.New()
	engine.ContextWithFallback = true
	if err := engine.SetTrustedProxies(e.proxies); err != nil {
		return nil, fmt.Errorf("trusted proxies: %w", err)
	}
	engine.Use(identify, e.record)
	return engine, nil
}

// identify gives a request an ID, its own when it is a sane one, by which it is found in the log.
func identify(c *gin.Context) {
	id := c.GetHeader(IDHeader)
	if !saneID.MatchString(id) {
		id = uuid.NewString()
	}
	c.Set(idKey, id)
	c.Header(IDHeader, id)
}

// ID returns the ID of a request.
func ID(c *gin.Context) string { return c.GetString(idKey) }

// KnownAs notes for the log who asks, once that is known.
func KnownAs(c *gin.Context, username string) { c.Set(usernameKey, username) }

// record logs and counts a request: by its route and never by its address, which may hold a link; without its query, body
// and token.
func (e *Edge) record(c *gin.Context) {
	began := time.Now()
	e.heed(c)
	c.Next()
	took, status := time.Since(began), c.Writer.Status()
	route, method := c.FullPath(), c.Request.Method
	if route == "" {
		route, method = "none", "none" // anybody can make up addresses and methods
	}
	e.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
	if c.Writer.Header().Get("Content-Type") != "text/event-stream" { // which lasts as long as somebody listens
		e.duration.WithLabelValues(route, method).Observe(took.Seconds())
	}
	if route == "/healthz" || route == "/readyz" || route == "/metrics" {
		return
	}
	e.log.InfoContext(c, "request", "id", ID(c), "method", method, "route", route, "status", status, "took", took, "user", c.GetString(usernameKey))
}

// heed says once that a proxy forwards which nobody has named: all who come by it then look like one, and share one limit of
// failed sign-ins.
func (e *Edge) heed(c *gin.Context) {
	if len(e.proxies) > 0 || c.GetHeader("X-Forwarded-For") == "" {
		return
	}
	e.stranger.Do(func() {
		e.log.WarnContext(c, "requests are forwarded by a proxy that --trusted-proxy does not name: everybody behind it looks like one, and shares one limit of failed sign-ins", "proxy", c.RemoteIP())
	})
}
