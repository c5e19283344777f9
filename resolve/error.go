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

// ParseKind is the inverse of Kind.String.
func ParseKind(name string) (k Kind, ok bool) {
	for k := range kinds {
		if kindTable[k].name == name {
			return k, true
		}
	}
	return Internal, false
}

// KindOfStatus is the inverse of Kind.Status.
func KindOfStatus(status int) (k Kind, ok bool) {
	for k := range kinds {
		if kindTable[k].status == status {
			return k, true
		}
	}
	return Internal, false
}

// Error is a resolver's error. What Error returns is for logs, clients never see
// it; they may see Text.
type Error struct {
	Kind Kind
	// Err is the cause; nil when the kind says it all.
	Err error
	// TTL is how long the error may be reused, as Result.TTL is for an answer:
	// 0 means the cache's default, negative means not at all.
	TTL time.Duration
	// RetryAfter is when a client may come again, 0 if nobody knows. Clients are
	// told where their protocol has a way to (HTTP).
	RetryAfter time.Duration
	// Text is what the client is told besides the kind's own words, "" for
	// nothing: a constant that the operator has approved, never what came over a
	// network. At most MaxText bytes of printable ASCII, see ValidText.
	Text string
}

// MaxText bounds Error.Text, in bytes.
const MaxText = 200

// ValidText says whether text may be an Error.Text: it goes into protocols where
// anything but a line of printable ASCII would need an escape.
func ValidText(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return len(text) <= MaxText
}

// Advice returns what the client may be told of any error a Resolver returned: the
// Text, unless it isn't valid, and the RetryAfter of the *Error in its chain.
func Advice(err error) (text string, retryAfter time.Duration) {
	var e *Error
	if !errors.As(err, &e) {
		return "", 0
	}
	if ValidText(e.Text) {
		text = e.Text
	}
	return text, max(0, e.RetryAfter)
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
