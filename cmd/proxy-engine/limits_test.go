package main

import (
	"bytes"
	"log/slog"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
)

func limited(maxSessions int) *engine.Config {
	return &engine.Config{Impl: engine.Reactor, EventLoops: 2, MaxSessions: maxSessions, Listeners: make([]engine.Listener, 1)}
}

func TestSessionsWithin(t *testing.T) {
	kept := reserve(limited(1))
	tests := []struct {
		limit uint64
		max   int
		want  int
	}{
		{0, 10, 0},
		{kept - 1, 10, 0},
		{kept + 1, 10, 0},
		{kept + 2, 10, 1},
		{kept + 19, 10, 9},
		{kept + 20, 10, 10},
		{1 << 60, 10, 10},
	}
	for _, tt := range tests {
		if got := sessionsWithin(tt.limit, limited(tt.max)); got != tt.want {
			t.Errorf("limit %d: got %d, want %d", tt.limit, got, tt.want)
		}
	}
	if got := descriptorsFor(limited(10)); got != kept+20 {
		t.Errorf("ten sessions need %d descriptors, want %d", got, kept+20)
	}
}

func TestFitSessionsSaysSo(t *testing.T) {
	tests := []struct {
		max   int
		level string
	}{
		{1, "level=INFO"},
		// More descriptors than the kernel gives anybody.
		{math.MaxInt32, "level=WARN"},
	}
	for _, tt := range tests {
		var out bytes.Buffer
		cfg := limited(tt.max)
		if err := fitSessions(cfg, slog.New(slog.NewTextHandler(&out, nil))); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), tt.level) || cfg.MaxSessions < 1 || cfg.MaxSessions > tt.max {
			t.Errorf("%d sessions: %d allowed, %s", tt.max, cfg.MaxSessions, out.String())
		}
	}
}

func TestRaiseProcs(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	raise := func(impl engine.Impl, user string) int {
		t.Setenv("GOMAXPROCS", user)
		runtime.GOMAXPROCS(3)
		raiseProcs(&engine.Config{Impl: impl, EventLoops: 4})
		return runtime.GOMAXPROCS(0)
	}
	if n := raise(engine.Reactor, ""); n != 6 {
		t.Errorf("4 event loops: %d processors, want 6", n)
	}
	if n := raise(engine.Reactor, "3"); n != 3 {
		t.Errorf("the user's 3 became %d", n)
	}
	if n := raise(engine.Goroutine, ""); n != 3 {
		t.Errorf("without event loops: %d processors, want 3", n)
	}
}
