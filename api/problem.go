package api

import (
	"errors"
	"math"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/edge"
	"yunwei/lang"
)

// problem is an error as callers get it (RFC 9457).
type problem struct {
	Type   string         `json:"type" doc:"Address that names the kind of problem; the code is its last part."`
	Title  string         `json:"title" doc:"The kind of problem in the caller's language."`
	Status int            `json:"status"`
	Code   string         `json:"code" doc:"The kind of problem, for programs; it never changes."`
	Detail string         `json:"detail" doc:"What was wrong and what would be accepted, in the caller's language."`
	Errors []fieldProblem `json:"errors" doc:"What is wrong with single fields."`
}

type fieldProblem struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

const problemType = "application/problem+json"

// language returns the one that a request asks for.
func language(c *gin.Context) lang.Lang { return lang.Match(c.GetHeader("Accept-Language")) }

// refuse answers with an error. Causes stay in the log.
func (a *api) refuse(c *gin.Context, err error) {
	e := apperr.Of(err)
	status := e.Code.Status()
	if cause := errors.Unwrap(e); cause != nil || status == http.StatusInternalServerError {
		a.log.ErrorContext(c, "refused", "id", edge.ID(c), "error", err)
	}
	l := language(c)
	p := problem{
		Type: "/problems/" + string(e.Code), Title: l.Term("title." + string(e.Code)), Status: status,
		Code: string(e.Code), Detail: l.Text(e.Reason, e.Args), Errors: []fieldProblem{},
	}
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, fieldProblem{Field: f.Field, Message: l.Text(f.Reason, f.Args)})
	}
	if wait := e.Wait(); wait > 0 {
		c.Header("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	if status == http.StatusUnauthorized {
		c.Header("WWW-Authenticate", "Bearer")
	}
	c.Header("Content-Language", string(l))
	c.Header("Vary", "Accept-Language")
	c.Header("Content-Type", problemType)
	c.AbortWithStatusJSON(status, p)
}
