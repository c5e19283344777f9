package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"slices"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// openResolver returns the resolver of all protocols, nil if there is none or
// none that works, which is then among the faults.
func (s *settings) openResolver(log *slog.Logger, f *findings) resolve.Resolver {
	if s.resolver == "" {
		s.checkRouted(f)
		all := split{"": fixed(s.backend), codecs.HTTP.String(): fixed(s.httpBackend), codecs.SMTP.String(): fixed(s.smtpBackend)}
		return s.splitResolver(all, log, f)
	}
	opened, err := resolve.Open(s.resolver, resolve.OpenOptions{Logger: log})
	if err != nil {
		f.faultf("--resolver %s: %w", hidePassword(s.resolver), err)
		return nil
	}
	s.warnUnused(f)
	return s.splitResolver(split{"": opened, codecs.HTTP.String(): opened}, log, f)
}

// splitResolver returns one resolver for all, where HTTP may have another.
func (s *settings) splitResolver(all split, log *slog.Logger, f *findings) resolve.Resolver {
	web := codecs.HTTP.String()
	if s.httpFixed != "" {
		all[web] = fixed(s.httpFixed)
	}
	if s.demo {
		d, err := startDemo(all[web], log)
		if err != nil {
			f.faultf("--demo: %w", err)
			return all[""]
		}
		all[web] = d
	}
	if s.resolver != "" && all[web] == all[""] {
		return all[""]
	}
	return all.tracked()
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
	if s.backend == "" && len(s.postgres)+len(s.mysql)+len(s.mongodb)+len(s.tcp) > 0 {
		f.faultf("nowhere to route to: give --resolver or --tcp-backend (TCP_BACKEND_ENDPOINT)")
	}
	if s.smtpBackend == "" && len(s.smtp)+len(s.smtps) > 0 {
		f.faultf("nowhere to route SMTP to: give --resolver or --smtp-backend (SMTP_BACKEND_ENDPOINT)")
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
	if s.smtpBackend != "" {
		f.warnf("--smtp-backend (SMTP_BACKEND_ENDPOINT) has no effect: --resolver is given")
	}
}

// split asks a resolver of its own for some protocols, by their names, and that
// of "" for the others. Each may be nil if there is no listener that needs it.
// Like a Resolver, its optional interfaces are those of all.
type split map[string]resolve.Resolver

var (
	_ resolve.Resolver = split{}
	_ resolve.Notifier = split{}
	_ resolve.Purger   = split{}
	_ io.Closer        = split{}

	_ resolve.StatsReporter = split{}
	_ resolve.Tracker       = trackedSplit{}
)

// tracked returns a Tracker only if one of them is: the engine spares itself the
// notifications otherwise.
func (s split) tracked() resolve.Resolver {
	for _, r := range s.distinct() {
		if _, ok := r.(resolve.Tracker); ok {
			return trackedSplit{s}
		}
	}
	return s
}

// distinct returns each resolver once.
func (s split) distinct() []resolve.Resolver {
	var all []resolve.Resolver
	for _, protocol := range slices.Sorted(maps.Keys(s)) {
		if r := s[protocol]; r != nil && !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return all
}

func (s split) of(req resolve.Request) resolve.Resolver {
	if r, own := s[req.Protocol]; own {
		return r
	}
	return s[""]
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
	for _, r := range s.distinct() {
		if n, ok := r.(resolve.Notifier); ok {
			n.Notify(changed)
		}
	}
}

// Purge implements resolve.Purger.
func (s split) Purge(resource string) {
	for _, r := range s.distinct() {
		if p, ok := r.(resolve.Purger); ok {
			p.Purge(resource)
		}
	}
}

// Stats implements resolve.StatsReporter.
func (s split) Stats() map[string]any {
	all := make(map[string]any)
	for _, r := range s.distinct() {
		if reporter, ok := r.(resolve.StatsReporter); ok {
			maps.Copy(all, reporter.Stats())
		}
	}
	return all
}

// Close implements io.Closer.
func (s split) Close() error {
	var errs []error
	for _, r := range s.distinct() {
		if c, ok := r.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
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
