package resolve

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestKind(t *testing.T) {
	tests := []struct {
		kind   Kind
		name   string
		status int
	}{
		{Internal, "internal", 500},
		{NotFound, "not_found", 404},
		{Forbidden, "forbidden", 403},
		{Unavailable, "unavailable", 503},
		{Timeout, "timeout", 504},
		{kinds, "unknown", 500},
	}
	if len(tests) != int(kinds)+1 {
		t.Fatalf("%d kinds are tested, want %d", len(tests), kinds+1)
	}
	for _, tt := range tests {
		if got := tt.kind.String(); got != tt.name {
			t.Errorf("Kind(%d).String() = %q, want %q", tt.kind, got, tt.name)
		}
		if got := tt.kind.Status(); got != tt.status {
			t.Errorf("%v.Status() = %d, want %d", tt.kind, got, tt.status)
		}
		named, ok := ParseKind(tt.name)
		meant, known := KindOfStatus(tt.status)
		if tt.kind < kinds && (named != tt.kind || !ok || meant != tt.kind || !known) {
			t.Errorf("%v: parsed %v, %v; of its status %v, %v", tt.kind, named, ok, meant, known)
		}
	}
}

func TestKindOf(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want Kind
	}{
		{"an Error", Errorf(NotFound, "no such database"), NotFound},
		{"an Error in the chain", fmt.Errorf("while routing: %w", Errorf(Forbidden, "no")), Forbidden},
		{"the outer of two", Errorf(Unavailable, "%w", Errorf(NotFound, "no")), Unavailable},
		{"a deadline", fmt.Errorf("asking: %w", context.DeadlineExceeded), Timeout},
		{"a cancellation", context.Canceled, Internal},
		{"any other", errors.New("broken"), Internal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := KindOf(tt.err); got != tt.want {
				t.Errorf("KindOf(%v) = %v, want %v", tt.err, got, tt.want)
			}
		})
	}
}

func TestUnknownKinds(t *testing.T) {
	if k, ok := ParseKind("unknown"); ok || k != Internal {
		t.Errorf("ParseKind = %v, %v", k, ok)
	}
	if k, ok := KindOfStatus(418); ok || k != Internal {
		t.Errorf("KindOfStatus = %v, %v", k, ok)
	}
}

// TestAdvice: what clients may be told is a line of ASCII, whoever says so.
func TestAdvice(t *testing.T) {
	tests := []struct {
		err   error
		text  string
		retry time.Duration
	}{
		{nil, "", 0},
		{errors.New("broken"), "", 0},
		{Errorf(NotFound, "secret"), "", 0},
		{&Error{Text: "This project is paused.", RetryAfter: time.Minute}, "This project is paused.", time.Minute},
		{fmt.Errorf("x: %w", &Error{Text: "Paused."}), "Paused.", 0},
		{&Error{Text: "a\r\nSet-Cookie: x"}, "", 0},
		{&Error{Text: "größe"}, "", 0},
		{&Error{Text: strings.Repeat("x", MaxText)}, strings.Repeat("x", MaxText), 0},
		{&Error{Text: strings.Repeat("x", MaxText+1), RetryAfter: -1}, "", 0},
	}
	for _, tt := range tests {
		if text, retry := Advice(tt.err); text != tt.text || retry != tt.retry {
			t.Errorf("Advice(%v) = %q, %v", tt.err, text, retry)
		}
	}
}

func TestErrorText(t *testing.T) {
	cause := errors.New("connection refused")
	if got, want := Errorf(Unavailable, "redis: %w", cause).Error(), "unavailable: redis: connection refused"; got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
	if got, want := (&Error{Kind: NotFound}).Error(), "not_found"; got != want {
		t.Errorf("Error() without a cause = %q, want %q", got, want)
	}
	if !errors.Is(Errorf(Unavailable, "redis: %w", cause), cause) {
		t.Error("the cause isn't in the chain")
	}
}
