package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

func TestClassify(t *testing.T) {
	dial := func(err error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", err)}
	}
	for _, tc := range []struct {
		err  error
		want Outcome
	}{
		{nil, Connected},
		{dial(syscall.ECONNREFUSED), Refused},
		{dial(syscall.ECONNRESET), Refused},
		{dial(syscall.ETIMEDOUT), TimedOut},
		{dial(syscall.ENETUNREACH), Unreachable},
		{dial(syscall.EMFILE), Exhausted},
		{dial(syscall.EADDRNOTAVAIL), Exhausted},
		{dial(syscall.EADDRINUSE), Exhausted},
		{dial(syscall.EINVAL), Failed},
		{fmt.Errorf("x: %w", os.ErrDeadlineExceeded), TimedOut},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), TimedOut},
		{errors.New("x"), Failed},
	} {
		if got := Classify(tc.err); got != tc.want {
			t.Errorf("Classify(%v) = %v, want %v", tc.err, got, tc.want)
		}
	}
}

func TestRegistryCountsPerEndpoint(t *testing.T) {
	var r Registry
	a := r.Acquire("a:1")
	if r.Acquire("a:1") != a {
		t.Fatal("the same name gave another endpoint")
	}
	r.Acquire("b:1").Attempted(Refused)
	a.Attempted(Connected)
	a.Release(3, 5)
	for _, s := range r.Stats() {
		switch s.Name {
		case "a:1":
			if s.Sessions != 1 || s.FromClient != 3 || s.ToClient != 5 || s.Attempts[Connected] != 1 {
				t.Errorf("a: %+v", s)
			}
		case "b:1":
			if s.Sessions != 1 || s.Attempts[Refused] != 1 {
				t.Errorf("b: %+v", s)
			}
		default:
			t.Errorf("unexpected endpoint %q", s.Name)
		}
	}
}

func TestRegistryForgetsOnlyIdleEndpoints(t *testing.T) {
	var r Registry
	busy := r.Acquire("busy:1")
	for i := range maxEndpoints + 10 {
		r.Acquire(fmt.Sprint("idle:", i)).Release(0, 0)
	}
	if n := len(r.Stats()); n > maxEndpoints {
		t.Errorf("%d endpoints kept, bound is %d", n, maxEndpoints)
	}
	if r.Acquire("busy:1") != busy {
		t.Error("an endpoint with a session was forgotten")
	}
}

func TestConnectTimeoutIsShared(t *testing.T) {
	if got := ConnectTimeout(6*time.Second, 3); got != 2*time.Second {
		t.Errorf("got %v", got)
	}
	if got := ConnectTimeout(6*time.Second, 0); got != 6*time.Second {
		t.Errorf("got %v", got)
	}
}
