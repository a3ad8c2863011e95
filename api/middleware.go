package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"yunwei/apperr"
)

const (
	requestIDHeader = "X-Request-ID"
	requestIDKey    = "request_id"
	usernameKey     = "username"

	// patience bounds a request; files may take longer.
	patience     = 15 * time.Second
	filePatience = readTimeout
)

var saneID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// identify gives a request an ID, its own when it is a sane one, by which it is found in the log.
func identify(c *gin.Context) {
	id := c.GetHeader(requestIDHeader)
	if !saneID.MatchString(id) {
		id = uuid.NewString()
	}
	c.Set(requestIDKey, id)
	c.Header(requestIDHeader, id)
}

// figures are those of the requests.
type figures struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

func newFigures(r prometheus.Registerer) figures {
	f := figures{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "yunwei_http_requests_total", Help: "Requests by route, method and status."}, []string{"route", "method", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "yunwei_http_request_duration_seconds", Help: "How long requests took.", Buckets: prometheus.DefBuckets}, []string{"route", "method"}),
	}
	for _, c := range []prometheus.Collector{f.requests, f.duration} {
		if err := r.Register(c); err != nil && !errors.As(err, new(prometheus.AlreadyRegisteredError)) {
			panic(fmt.Sprintf("the figures of requests: %v", err)) //nolint:forbidigo // two figures of one name are a mistake of ours, at the start
		}
	}
	return f
}

// record logs and counts a request: never its query, its body or its token.
func (a *api) record(f figures) gin.HandlerFunc {
	return func(c *gin.Context) {
		began := time.Now()
		c.Next()
		took, status := time.Since(began), c.Writer.Status()
		route, method := c.FullPath(), c.Request.Method
		if route == "" {
			route, method = "none", "none" // anybody can make up addresses and methods
		}
		f.requests.WithLabelValues(route, method, strconv.Itoa(status)).Inc()
		f.duration.WithLabelValues(route, method).Observe(took.Seconds())
		if route == "/healthz" || route == "/readyz" || route == "/metrics" {
			return
		}
		a.log.InfoContext(c, "request", "id", c.GetString(requestIDKey), "method", method, "route", route, "status", status, "took", took, "user", c.GetString(usernameKey))
	}
}

// recovered answers a panic with an internal error and keeps its trace in the log.
func (a *api) recovered(c *gin.Context) {
	defer func() {
		if p := recover(); p != nil {
			a.log.ErrorContext(c, "panic", "id", c.GetString(requestIDKey), "panic", p, "stack", string(debug.Stack()))
			if !c.Writer.Written() {
				a.refuse(c, apperr.New(apperr.Internal, apperr.ReasonInternal, nil))
			}
			c.Abort()
		}
	}()
	c.Next()
}

// headers keeps browsers from making more of an answer than it is.
func headers(c *gin.Context) {
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("X-Frame-Options", "DENY")
	c.Header("Referrer-Policy", "no-referrer")
	c.Header("Cache-Control", "no-store")
	if strings.HasPrefix(c.Request.URL.Path, prefix+"/") {
		c.Header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	}
}

// bounded ends a request that takes too long.
func bounded(c *gin.Context) {
	limit := patience
	if path := c.FullPath(); strings.Contains(path, "/attachments") || strings.Contains(path, "/reports/") {
		limit = filePatience
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), limit)
	defer cancel()
	c.Request = c.Request.WithContext(ctx)
	c.Next()
}

func (a *api) noRoute(c *gin.Context) {
	a.refuse(c, apperr.New(apperr.NotFound, apperr.ReasonUnknownPath, nil))
}

func (a *api) noMethod(c *gin.Context) {
	a.refuse(c, apperr.New(apperr.MethodNotAllowed, apperr.ReasonMethod, nil))
}

// bearer returns the token of a request, or nothing.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
