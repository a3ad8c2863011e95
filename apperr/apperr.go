// Package apperr is the one error type that every layer speaks: a code that says what kind of refusal it is, a
// reason that names the text to show, and the fields it concerns. It knows no language, and of HTTP no more than the
// status of each code; the api and web packages turn an Error into an answer and into words.
package apperr

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Code is the kind of a refusal. It is part of the public contract (the `code` of a problem) and never changes.
type Code string

// The codes, each with the HTTP status that it becomes.
const (
	Unreadable           Code = "unreadable"             // 400: not JSON, or not a request at all
	Unauthenticated      Code = "unauthenticated"        // 401: no token, a wrong one, or one that has ended
	Forbidden            Code = "forbidden"              // 403: not this person's step
	NotFound             Code = "not_found"              // 404: unknown, or not for this person to see
	MethodNotAllowed     Code = "method_not_allowed"     // 405: the address exists, the method does not
	WrongStage           Code = "wrong_stage"            // 409: the case is not where this step begins
	StaleVersion         Code = "stale_version"          // 409: somebody else acted since the caller last read
	StaleProposal        Code = "stale_proposal"         // 409: a signature for a proposal that is no longer current
	Conflict             Code = "conflict"               // 409: at odds with what is already there
	TooLarge             Code = "too_large"              // 413: the body is over its limit
	UnsupportedMediaType Code = "unsupported_media_type" // 415: a content type that is not taken
	Invalid              Code = "invalid"                // 422: readable, but fields are wrong; see Error.Fields
	TooManyRequests      Code = "too_many_requests"      // 429: slow down, see Error.RetryAfter
	Internal             Code = "internal"               // 500: ours to mend; the cause stays in the log
	Unavailable          Code = "unavailable"            // 503: something we depend on is away, see Error.RetryAfter
)

// Status returns the HTTP status of a code, 500 for one that is none. This is the one place where a code becomes a status.
func (c Code) Status() int {
	switch c {
	case Unreadable:
		return 400
	case Unauthenticated:
		return 401
	case Forbidden:
		return 403
	case NotFound:
		return 404
	case MethodNotAllowed:
		return 405
	case WrongStage, StaleVersion, StaleProposal, Conflict:
		return 409
	case TooLarge:
		return 413
	case UnsupportedMediaType:
		return 415
	case Invalid:
		return 422
	case TooManyRequests:
		return 429
	case Unavailable:
		return 503
	case Internal:
	}
	return 500
}

// Reason names a text of the catalogues in package lang.
type Reason string

// Args fill the placeholders of a reason's text. A value that begins with "@" is itself a key of the catalogue, so
// that a stage or an action is named in the reader's language.
type Args map[string]string

// Field is what is wrong with one field of the caller's input.
type Field struct {
	Field  string `json:"field"` // the name in the caller's document, dotted where nested: reporter.phone
	Reason Reason `json:"reason"`
	Args   Args   `json:"args,omitempty"`
}

// Error is a refusal. It is plain data (but for its cause), so that it crosses a Temporal update whole.
type Error struct {
	Code       Code          `json:"code"`
	Reason     Reason        `json:"reason"`
	Args       Args          `json:"args,omitempty"`
	Fields     []Field       `json:"fields,omitempty"`
	RetryAfter time.Duration `json:"retry_after,omitempty"` // how long the caller had better wait; 0 says nothing

	cause error
}

// New returns a refusal of the given kind; reason names its text.
func New(code Code, reason Reason, args Args) *Error {
	return &Error{Code: code, Reason: reason, Args: args}
}

// Wrap returns a refusal that keeps cause for the log. The cause is never shown to a caller and never serialised.
func Wrap(cause error, code Code, reason Reason) *Error {
	return &Error{Code: code, Reason: reason, cause: cause}
}

// Error is for logs: code, reason, arguments and fields, never the values that a caller sent.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Code, e.Reason)
	for _, k := range slices.Sorted(maps.Keys(e.Args)) {
		fmt.Fprintf(&b, " %s=%s", k, e.Args[k])
	}
	for _, f := range e.Fields {
		fmt.Fprintf(&b, "; %s: %s", f.Field, f.Reason)
	}
	if e.cause != nil {
		fmt.Fprintf(&b, ": %v", e.cause)
	}
	return b.String()
}

// defaultWait is how long a caller had better wait while something is away that does not say how long.
const defaultWait = 2 * time.Second

// Wait returns how long the caller is told to wait; 0 says nothing. Of what is away, callers are promised to be told.
func (e *Error) Wait() time.Duration {
	if e.Code == Unavailable && e.RetryAfter <= 0 {
		return defaultWait
	}
	return max(e.RetryAfter, 0)
}

// Unwrap returns the cause, if any.
func (e *Error) Unwrap() error { return e.cause }

// Of returns the Error that err is or wraps; any other error comes back as Internal with err as its cause, and nil as nil.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Wrap(err, Internal, ReasonInternal)
}

// Is reports whether err is, or wraps, a refusal with this code.
func Is(err error, code Code) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == code
}

// Fields gathers what is wrong with an input, so that the caller hears everything at once.
type Fields []Field

// Add notes one fault.
func (f *Fields) Add(field string, reason Reason, args Args) {
	*f = append(*f, Field{Field: field, Reason: reason, Args: args})
}

// Err returns an Invalid error that lists the faults, or nil when there is none.
func (f Fields) Err() error {
	if len(f) == 0 {
		return nil
	}
	return &Error{Code: Invalid, Reason: ReasonInvalid, Fields: f}
}
