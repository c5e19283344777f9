package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// fakeProxy has sessions that end by themselves after a time, if ever.
type fakeProxy struct {
	stats         engine.Stats
	ending        <-chan time.Time
	failed        chan error
	retired, shut time.Time
}

func (p *fakeProxy) Failed() <-chan error { return p.failed }

func (p *fakeProxy) Stats() engine.Stats { return p.stats }

func (p *fakeProxy) Retire() { p.retired = time.Now() }

func (p *fakeProxy) Shutdown(ctx context.Context) error {
	p.shut = time.Now()
	select {
	case <-p.ending:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// supervise returns a supervisor of the proxy and its signals.
func supervise(p *fakeProxy, t timing) (*supervisor, chan os.Signal) {
	signals := make(chan os.Signal, 4)
	return &supervisor{
		proxy: p, log: slog.New(slog.DiscardHandler), signals: signals,
		timing: func() timing { return t }, ending: func(bool) {},
	}, signals
}

func TestSupervise(t *testing.T) {
	const drain = 30 * time.Second
	tests := []struct {
		name  string
		delay time.Duration
		// secondAfter the first signal, and sessions end endAfter it; 0 is never.
		secondAfter, endAfter time.Duration
		wantShut, want        time.Duration
	}{
		{"sessions end", 0, 0, 10 * time.Second, 0, 10 * time.Second},
		{"deadline", 0, 0, 0, 0, drain},
		{"second signal", 0, 3 * time.Second, 0, 0, 3 * time.Second},
		{"second signal too late", 0, 20 * time.Second, 10 * time.Second, 0, 10 * time.Second},
		{"delay", 5 * time.Second, 0, 10 * time.Second, 5 * time.Second, 10 * time.Second},
		{"sessions end within the delay", 5 * time.Second, 0, time.Second, 5 * time.Second, 5 * time.Second},
		{"delay and deadline", 5 * time.Second, 0, 0, 5 * time.Second, 5*time.Second + drain},
		{"second signal within the delay", 5 * time.Second, 2 * time.Second, 0, 2 * time.Second, 2 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &fakeProxy{}
				s, signals := supervise(p, timing{delay: tt.delay, drain: drain})
				signals <- syscall.SIGTERM
				if tt.endAfter > 0 {
					p.ending = time.After(tt.endAfter)
				}
				if tt.secondAfter > 0 {
					time.AfterFunc(tt.secondAfter, func() { signals <- os.Interrupt })
				}
				start := time.Now()
				if err := s.run(); err != nil {
					t.Error(err)
				}
				if took := time.Since(start); took != tt.want || p.shut.Sub(start) != tt.wantShut || p.retired != start {
					t.Errorf("retired after %v, shut down after %v, took %v, want 0, %v and %v", p.retired.Sub(start), p.shut.Sub(start), took, tt.wantShut, tt.want)
				}
			})
		})
	}
}

// TestOccasions: what ends a proxy, and that there is no delay where nobody is let in meanwhile
// or somebody else lets them in.
func TestOccasions(t *testing.T) {
	fault := errors.New("event loop ended")
	now := make(chan struct{})
	close(now)
	for name, tt := range map[string]struct {
		happen   func(*supervisor, *fakeProxy)
		delayed  bool
		replaced bool
		failure  error
	}{
		"asked":    {func(s *supervisor, _ *fakeProxy) { s.asked = now }, true, false, nil},
		"replaced": {func(s *supervisor, _ *fakeProxy) { s.replaced = now }, false, true, nil},
		"failure":  {func(_ *supervisor, p *fakeProxy) { p.failed <- fault }, false, false, fault},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &fakeProxy{failed: make(chan error, 1), ending: time.After(0)}
				s, _ := supervise(p, timing{delay: time.Second, drain: time.Minute})
				var told []bool
				s.ending = func(replaced bool) { told = append(told, replaced) }
				tt.happen(s, p)
				start := time.Now()
				if err := s.run(); err != tt.failure {
					t.Errorf("got %v, want %v", err, tt.failure)
				}
				if delayed := p.shut.After(start); delayed != tt.delayed || len(told) != 1 || told[0] != tt.replaced {
					t.Errorf("delayed %v, told %v", delayed, told)
				}
			})
		})
	}
}

func TestActionsEndNothing(t *testing.T) {
	s, signals := supervise(&fakeProxy{}, timing{})
	signals <- statsSignal
	signals <- statsSignal
	signals <- os.Interrupt
	called := 0
	s.actions = map[os.Signal]func(){statsSignal: func() { called++ }}
	if o := s.awaitEnd(nil); o.why != os.Interrupt.String() || called != 2 {
		t.Errorf("ended by %q, %d actions for two signals", o.why, called)
	}
}

func TestLogStats(t *testing.T) {
	var out bytes.Buffer
	stats := engine.Stats{
		Active: 3, Accepted: 10, FromClients: 100, ToClients: 200, AcceptExhausted: 1, Panics: 2,
		Closed: map[engine.Reason]uint64{engine.ClientClosed: 6, engine.NotFound: 1, engine.Panicked: 0},
	}
	for i := range int64(maxEndpointLines + 10) {
		stats.Endpoints = append(stats.Endpoints, upstream.EndpointStats{
			Name: "h:1", Sessions: i, Attempts: map[upstream.Outcome]uint64{upstream.Refused: 4, upstream.Connected: 0},
		})
	}
	logStats(slog.New(slog.NewTextHandler(&out, nil)), stats)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 1+maxEndpointLines {
		t.Fatalf("%d lines", len(lines))
	}
	for i, want := range []string{
		"msg=statistics active=3 accepted=10 closed.client_closed=6 closed.not_found=1 from_clients=100 to_clients=200 " +
			"accept_exhausted=1 panics=2 endpoints=60",
		`msg="endpoint statistics" endpoint=h:1 sessions=59 attempts.refused=4 from_clients=0 to_clients=0`,
	} {
		if !strings.HasSuffix(lines[i], want) {
			t.Errorf("got  %s\nwant %s", lines[i], want)
		}
	}
}
