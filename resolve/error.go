package resolve

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Kind classifies a resolver's error.
type Kind uint8

// The kinds of error. The zero value is Internal.
const (
	// Internal: the resolver itself failed.
	Internal Kind = iota
	// NotFound: no such resource.
	NotFound
	// Forbidden: the resource may not be reached, or not by this client; in the
	// second case Error.TTL must be negative.
	Forbidden
	// Unavailable: the resource exists and can't be reached now.
	Unavailable
	// Timeout: the answer or the resource took too long.
	Timeout

	kinds
)

var kindTable = [kinds]struct {
	name   string
	status int
}{
	Internal:    {"internal", 500},
	NotFound:    {"not_found", 404},
	Forbidden:   {"forbidden", 403},
	Unavailable: {"unavailable", 503},
	Timeout:     {"timeout", 504},
}

// String returns the kind's name.
func (k Kind) String() string {
	if k < kinds {
		return kindTable[k].name
	}
	return "unknown"
}

// Status returns the HTTP status a webhook uses for the kind.
func (k Kind) Status() int {
	if k < kinds {
		return kindTable[k].status
	}
	return kindTable[Internal].status
}

// Error is a resolver's error. Its text is for logs, clients never see it.
type Error struct {
	Kind Kind
	// Err is the cause; nil when the kind says it all.
	Err error
	// TTL is how long the error may be reused, as Result.TTL is for an answer:
	// 0 means the cache's default, negative means not at all.
	TTL time.Duration
}

// Errorf returns an *Error of the kind with a formatted cause; %w works.
func Errorf(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Err: fmt.Errorf(format, args...)}
}

// Error describes the kind and the cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Kind.String()
	}
	return e.Kind.String() + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of any error a Resolver returned: that of the *Error
// in its chain, Timeout for an expired context, else Internal.
func KindOf(err error) Kind {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	default:
		return Internal
	}
}
