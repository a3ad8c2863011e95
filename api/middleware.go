package api

import (
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/edge"
)

const (
	// patience bounds the coming of a body, and the work on a request once it is here; files may take longer.
	patience     = 15 * time.Second
	filePatience = readTimeout
)

// recovered answers a panic with an internal error and keeps its trace in the log.
func (a *api) recovered(c *gin.Context) {
	defer func() {
		if p := recover(); p != nil {
			a.log.ErrorContext(c, "panic", "id", edge.ID(c), "panic", p, "stack", string(debug.Stack()))
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
