package resolve

import (
	"context"
	"errors"
	"fmt"
	"testing"
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
