package main

import (
	"context"
	"io"
	"log/slog"
	"maps"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// openResolver returns the resolver of all protocols, nil if there is none or
// none that works, which is then among the faults.
func (s *settings) openResolver(log *slog.Logger, f *findings) resolve.Resolver {
	var web, others resolve.Resolver
	if s.resolver == "" {
		web, others = fixed(s.httpBackend), fixed(s.backend)
		s.checkRouted(f)
	} else {
		opened, err := resolve.Open(s.resolver, resolve.OpenOptions{Logger: log})
		if err != nil {
			f.faultf("--resolver %s: %w", hidePassword(s.resolver), err)
			return nil
		}
		web, others = opened, opened
		s.warnUnused(f)
	}
	return s.splitResolver(web, others, log, f)
}

// splitResolver returns one resolver for HTTP and the others.
func (s *settings) splitResolver(web, others resolve.Resolver, log *slog.Logger, f *findings) resolve.Resolver {
	shared := s.resolver != ""
	if s.httpFixed != "" {
		web, shared = fixed(s.httpFixed), false
	}
	if s.demo {
		d, err := startDemo(web, log)
		if err != nil {
			f.faultf("--demo: %w", err)
			return others
		}
		web, shared = d, false
	}
	if shared {
		return others
	}
	return newSplit(web, others)
}

// fixed returns nil for no endpoint.
func fixed(endpoint string) resolve.Resolver {
	if endpoint == "" {
		return nil
	}
	return resolve.Fixed(endpoint)
}

// checkRouted finds listeners whose clients could be sent nowhere. There is no
// resolver.
func (s *settings) checkRouted(f *findings) {
	if s.backend == "" && len(s.postgres)+len(s.tcp) > 0 {
		f.faultf("nowhere to route to: give --resolver or --tcp-backend (TCP_BACKEND_ENDPOINT)")
	}
	answered := s.httpBackend != "" || s.httpFixed != "" || s.demo || s.httpDirect.static() != nil
	if !answered && len(s.http)+len(s.https) > 0 {
		f.faultf("nowhere to route HTTP to: give --resolver or --http-backend (HTTP_BACKEND_ENDPOINT)")
	}
}

// warnUnused tells of backends that the resolver makes superfluous.
func (s *settings) warnUnused(f *findings) {
	if s.backend != "" {
		f.warnf("--tcp-backend (TCP_BACKEND_ENDPOINT) has no effect: --resolver is given")
	}
	if s.httpBackend != "" {
		f.warnf("--http-backend (HTTP_BACKEND_ENDPOINT) has no effect: --resolver is given")
	}
}

// split asks one resolver for HTTP and another for all other protocols. Either
// may be nil if there is no listener that needs it. Like a Resolver, its
// optional interfaces are those of both.
type split struct{ web, others resolve.Resolver }

var (
	_ resolve.Resolver = split{}
	_ resolve.Notifier = split{}
	_ resolve.Purger   = split{}
	_ io.Closer        = split{}

	_ resolve.StatsReporter = split{}
	_ resolve.Tracker       = trackedSplit{}
)

// newSplit returns a Tracker only if one of the two is: the engine spares itself
// the notifications otherwise.
func newSplit(web, others resolve.Resolver) resolve.Resolver {
	s := split{web, others}
	_, first := web.(resolve.Tracker)
	_, second := others.(resolve.Tracker)
	if first || second {
		return trackedSplit{s}
	}
	return s
}

func (s split) of(req resolve.Request) resolve.Resolver {
	if req.Protocol == codecs.HTTP.String() {
		return s.web
	}
	return s.others
}

// Resolve implements resolve.Resolver.
func (s split) Resolve(ctx context.Context, req resolve.Request) (resolve.Result, error) {
	r := s.of(req)
	if r == nil {
		return resolve.Result{}, resolve.Errorf(resolve.NotFound, "no backend")
	}
	return r.Resolve(ctx, req)
}

// Notify implements resolve.Notifier.
func (s split) Notify(changed func(resource string)) {
	for _, r := range []resolve.Resolver{s.web, s.others} {
		if n, ok := r.(resolve.Notifier); ok {
			n.Notify(changed)
		}
	}
}

// Purge implements resolve.Purger.
func (s split) Purge(resource string) {
	for _, r := range []resolve.Resolver{s.web, s.others} {
		if p, ok := r.(resolve.Purger); ok {
			p.Purge(resource)
		}
	}
}

// Stats implements resolve.StatsReporter.
func (s split) Stats() map[string]any {
	all := make(map[string]any)
	for _, r := range []resolve.Resolver{s.web, s.others} {
		if reporter, ok := r.(resolve.StatsReporter); ok {
			maps.Copy(all, reporter.Stats())
		}
	}
	return all
}

// Close implements io.Closer.
func (s split) Close() error {
	var first error
	for _, r := range []resolve.Resolver{s.web, s.others} {
		if c, ok := r.(io.Closer); ok {
			if err := c.Close(); first == nil {
				first = err
			}
		}
	}
	return first
}

// trackedSplit tells the one that was asked about its sessions.
type trackedSplit struct{ split }

// OnConnect implements resolve.Tracker.
func (s trackedSplit) OnConnect(req resolve.Request, res resolve.Result) {
	if t, ok := s.of(req).(resolve.Tracker); ok {
		t.OnConnect(req, res)
	}
}

// Track implements resolve.Tracker.
func (s trackedSplit) Track(req resolve.Request, res resolve.Result, fromClient, toClient uint64) {
	if t, ok := s.of(req).(resolve.Tracker); ok {
		t.Track(req, res, fromClient, toClient)
	}
}

// OnDisconnect implements resolve.Tracker.
func (s trackedSplit) OnDisconnect(req resolve.Request, res resolve.Result, fromClient, toClient uint64) {
	if t, ok := s.of(req).(resolve.Tracker); ok {
		t.OnDisconnect(req, res, fromClient, toClient)
	}
}
