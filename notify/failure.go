package notify

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Kind is what can be done about a failure.
type Kind int

// The kinds.
const (
	// Temporary: this message was not taken now, and may be later.
	Temporary Kind = iota
	// Down: nothing can be sent over the channel for the moment.
	Down
	// Limited: the channel asks for fewer messages.
	Limited
	// Unclear: the answer was lost. The channel may have taken the message or not.
	Unclear
	// Refused: the channel does not let us in, whatever the message. Somebody has to mend its settings.
	Refused
	// Permanent: this message, or its address, is never taken.
	Permanent
)

var kindNames = [...]string{Temporary: "temporary", Down: "down", Limited: "limited", Unclear: "unclear", Refused: "refused", Permanent: "permanent"}

// String names the kind in logs and figures.
func (k Kind) String() string { return kindNames[k] }

// Failure is why a channel did not take a message.
type Failure struct {
	Kind  Kind
	After time.Duration // of Limited: how long the channel wants to be left alone; 0 says nothing
	cause error
}

// Error implements error.
func (f *Failure) Error() string { return f.Kind.String() + ": " + f.cause.Error() }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.cause }

func failed(kind Kind, format string, args ...any) *Failure {
	return &Failure{Kind: kind, cause: fmt.Errorf(format, args...)}
}

// failureOf returns the Failure that err is or wraps. What a channel did not tell apart is temporary; a deadline that ran
// out leaves open what happened.
func failureOf(err error) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &Failure{Kind: Unclear, cause: err}
	}
	return &Failure{Kind: Temporary, cause: err}
}
