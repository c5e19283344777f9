package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// TestRoutingPerProtocol asks where clients of each protocol are sent.
func TestRoutingPerProtocol(t *testing.T) {
	tests := []struct {
		args        []string
		http, other string // endpoints, "" for none
		warnings    int
	}{
		{[]string{"--tcp-backend", "t:1", "--http-backend", "h:1"}, "h:1", "t:1", 0},
		{[]string{"--tcp-backend", "t:1"}, "", "t:1", 0},
		{[]string{"--resolver", "fixed://r:1"}, "r:1", "r:1", 0},
		{[]string{"--resolver", "fixed://r:1", "--http-fixed-backend", "f:1"}, "f:1", "r:1", 0},
		{[]string{"--resolver", "fixed://r:1", "--http-backend", "h:1", "--tcp-backend", "t:1"}, "r:1", "r:1", 2},
		{[]string{"--http", ":0", "--http-fixed-backend", "f:1", "--http-backend", "h:1"}, "f:1", "", 0},
	}
	for _, tt := range tests {
		s, f := parsed(t, nil, tt.args...)
		r := s.openResolver(slog.New(slog.DiscardHandler), &f)
		if len(f.warnings) != tt.warnings || len(f.errs) != 0 {
			t.Errorf("%q: %q, %v", tt.args, f.warnings, f.errs)
		}
		for protocol, want := range map[codecs.Protocol]string{codecs.HTTP: tt.http, codecs.TCP: tt.other, codecs.PostgreSQL: tt.other} {
			got, err := r.Resolve(t.Context(), resolve.Request{Protocol: protocol.String(), Resource: "x"})
			if got.Endpoint != want || (err != nil) != (want == "") {
				t.Errorf("%q: %v goes to %q, %v; want %q", tt.args, protocol, got.Endpoint, err, want)
			}
		}
	}
}

// TestGuardPerProtocol: each of the original's switches is about its own
// protocols.
func TestGuardPerProtocol(t *testing.T) {
	tests := []struct {
		env         string
		http, other bool // the guard is off
	}{
		{"TCP_SKIP_VALIDATION=true", false, true},
		{"HTTP_SKIP_VALIDATION=true", true, false},
	}
	for _, tt := range tests {
		s, _ := parsed(t, []string{tt.env}, "--tcp-backend", "127.0.0.1:1", "--http-backend", "127.0.0.1:1")
		var f findings
		cfg := s.config(slog.New(slog.DiscardHandler), &f)
		c := resolve.NewCache(cfg.Resolver, cfg.Cache)
		for protocol, open := range map[codecs.Protocol]bool{codecs.HTTP: tt.http, codecs.TCP: tt.other} {
			_, err := c.Fetch(t.Context(), resolve.Request{Protocol: protocol.String(), Resource: "x"})
			if (err == nil) != open || err != nil && resolve.KindOf(err) != resolve.Forbidden {
				t.Errorf("%s: %v: %v", tt.env, protocol, err)
			}
		}
	}
}

// full is a resolver with every optional interface, which notes its calls.
type full struct {
	name  string
	calls *[]string
}

func (r full) note(call string) { *r.calls = append(*r.calls, r.name+" "+call) }

func (r full) Resolve(context.Context, resolve.Request) (resolve.Result, error) {
	r.note("Resolve")
	return resolve.Result{}, nil
}

func (r full) OnConnect(resolve.Request, resolve.Result)                    { r.note("OnConnect") }
func (r full) Track(resolve.Request, resolve.Result, uint64, uint64)        { r.note("Track") }
func (r full) OnDisconnect(resolve.Request, resolve.Result, uint64, uint64) { r.note("OnDisconnect") }
func (r full) Purge(string)                                                 { r.note("Purge") }
func (r full) Notify(func(string))                                          { r.note("Notify") }
func (r full) Stats() map[string]any                                        { return map[string]any{r.name: 1} }

func (r full) Close() error {
	r.note("Close")
	return errors.New(r.name)
}

// TestSplitIsBoth: what is about a session is told the resolver that was asked
// for it, anything else both.
func TestSplitIsBoth(t *testing.T) {
	var calls []string
	r := split{codecs.HTTP.String(): full{"web", &calls}, "": full{"others", &calls}}.tracked()
	for _, protocol := range []codecs.Protocol{codecs.HTTP, codecs.TCP} {
		req := resolve.Request{Protocol: protocol.String()}
		_, _ = r.Resolve(t.Context(), req)
		tracker := r.(resolve.Tracker)
		tracker.OnConnect(req, resolve.Result{})
		tracker.Track(req, resolve.Result{}, 1, 2)
		tracker.OnDisconnect(req, resolve.Result{}, 1, 2)
	}
	r.(resolve.Notifier).Notify(nil)
	r.(resolve.Purger).Purge("")
	if err := r.(io.Closer).Close(); err == nil || err.Error() != "others\nweb" {
		t.Errorf("Close: %v", err)
	}
	want := "web Resolve, web OnConnect, web Track, web OnDisconnect, others Resolve, others OnConnect, others Track, others OnDisconnect, " +
		"others Notify, web Notify, others Purge, web Purge, others Close, web Close"
	if got := strings.Join(calls, ", "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if stats := r.(resolve.StatsReporter).Stats(); len(stats) != 2 {
		t.Errorf("stats: %v", stats)
	}
	untold := split{"": resolve.Fixed("a:1"), codecs.HTTP.String(): nil}.tracked()
	if _, tracks := untold.(resolve.Tracker); tracks {
		t.Error("a Tracker without anybody to tell")
	}
}
