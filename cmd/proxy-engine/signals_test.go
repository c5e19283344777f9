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
	stats  engine.Stats
	ending <-chan time.Time
	failed chan error
}

func (p *fakeProxy) Failed() <-chan error { return p.failed }

func (p *fakeProxy) Stats() engine.Stats { return p.stats }

func (p *fakeProxy) Shutdown(ctx context.Context) error {
	select {
	case <-p.ending:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestSupervise(t *testing.T) {
	const drain = 30 * time.Second
	tests := []struct {
		name string
		// secondAfter the first signal, and sessions end endAfter it; 0 is never.
		secondAfter, endAfter time.Duration
		want                  time.Duration
	}{
		{"sessions end", 0, 10 * time.Second, 10 * time.Second},
		{"deadline", 0, 0, drain},
		{"second signal", 3 * time.Second, 0, 3 * time.Second},
		{"second signal too late", 20 * time.Second, 10 * time.Second, 10 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &fakeProxy{}
				signals := make(chan os.Signal, 4)
				signals <- syscall.SIGTERM
				if tt.endAfter > 0 {
					p.ending = time.After(tt.endAfter)
				}
				if tt.secondAfter > 0 {
					time.AfterFunc(tt.secondAfter, func() { signals <- os.Interrupt })
				}
				start := time.Now()
				s := supervisor{proxy: p, log: slog.New(slog.DiscardHandler), drain: drain, signals: signals}
				if err := s.run(); err != nil {
					t.Error(err)
				}
				if took := time.Since(start); took != tt.want {
					t.Errorf("took %v, want %v", took, tt.want)
				}
			})
		})
	}
}

func TestFailureEndsIt(t *testing.T) {
	p := &fakeProxy{failed: make(chan error, 1), ending: time.After(0)}
	fault := errors.New("event loop ended")
	p.failed <- fault
	s := supervisor{proxy: p, log: slog.New(slog.DiscardHandler), drain: time.Minute}
	if err := s.run(); err != fault {
		t.Errorf("got %v, want %v", err, fault)
	}
}

func TestActionsEndNothing(t *testing.T) {
	signals := make(chan os.Signal, 4)
	signals <- statsSignal
	signals <- statsSignal
	signals <- os.Interrupt
	called := 0
	s := supervisor{proxy: &fakeProxy{}, signals: signals, actions: map[os.Signal]func(){statsSignal: func() { called++ }}}
	if why, _ := s.awaitEnd(nil); why != os.Interrupt.String() || called != 2 {
		t.Errorf("ended by %q, %d actions for two signals", why, called)
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
