package main

import (
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/passthrough"
	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/proxyheader"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// config makes the engine's configuration and notes every fault of it. What before,
// nil for none, holds open is used on where nothing is said otherwise.
func (s *settings) config(before *configuration, log *slog.Logger, f *findings) engine.Config {
	cfg := s.engine
	cfg.Logger = log
	cfg.Listen.SocketOptions, cfg.Dial = s.socket, s.socket
	cfg.Cache = s.cache(log)
	cfg.Cache.Lookup = s.lookup(f)
	s.openTLS(&cfg, log, f)
	s.openMySQL(f)
	f.fault(s.smtpOptions.Validate())
	if s.mongodbMultiplex && !s.mongodbHide {
		f.faultf("--mongodb-multiplex needs --mongodb-hide-topology: the hello of one backend would name hosts for all of them")
	}
	cfg.Listeners = s.listeners()
	cfg.HTTP.Direct = s.httpDirect.static()
	if s.http2 {
		f.faultf("--http2 (HTTP_OPEN_HTTP2): HTTP/2 isn't served by this version; turn it off to go on with HTTP/1.1")
	}
	s.checkRouted(f)
	s.warnUnused(f)
	s.routed = s.routing()
	if before != nil && s.routed == before.routed {
		cfg.Resolver, s.waker = before.cfg.Resolver, before.waker
	} else {
		cfg.Resolver = s.openResolver(log, f)
	}
	checked := cfg
	if checked.Resolver == nil {
		checked.Resolver = resolve.Fixed("") // has been reported
	}
	f.fault(checked.Validate())
	return cfg
}

// cache returns the cache's options. A time of 0 is its default there, what we
// mean by it is a negative one.
func (s *settings) cache(log *slog.Logger) resolve.CacheOptions {
	o := s.engine.Cache
	o.Guard.Allow, o.Logger = s.allow, log
	o.Guards = map[string]resolve.Guard{
		codecs.HTTP.String(): s.httpGuard(),
		codecs.SMTP.String(): {Allow: s.allow, SkipAll: s.smtpSkipGuard},
	}
	for _, d := range []*time.Duration{&o.TTL, &o.NegativeTTL, &o.StaleFor} {
		if *d == 0 {
			*d = -1
		}
	}
	return o
}

// httpGuard judges the backends of HTTP: TCP_SKIP_VALIDATION isn't about them, nor SMTP's.
func (s *settings) httpGuard() resolve.Guard {
	allow := s.allow
	if s.demo {
		allow = append(slices.Clip(allow), netip.PrefixFrom(demoAddr, demoAddr.BitLen()))
	}
	return resolve.Guard{Allow: allow, SkipAll: s.httpSkipGuard}
}

// door is a listener to be: what it does about TLS is decided.
type door struct {
	name  string
	place place
	mode  tlsMode
	front func(tlsMode) codecs.Front
}

// doors returns all listeners to be.
func (s *settings) doors() []door {
	var all []door
	add := func(name string, p place, mode tlsMode, front func(tlsMode) codecs.Front) {
		if p.tls != nil {
			mode = *p.tls
		}
		all = append(all, door{name, p, mode, front})
	}
	for i, p := range s.http {
		add(numbered("http", i), p, tlsOff, httpFront)
	}
	for i, p := range s.https {
		add(numbered("https", i), p, max(s.tls, tlsOn), httpFront)
	}
	for i, p := range s.postgres {
		add(numbered("postgres", i), p, s.tls, s.postgresFront)
	}
	for i, p := range s.mysql {
		add(numbered("mysql", i), p, s.tls, s.mysqlFront)
	}
	for i, p := range s.mongodb {
		add(numbered("mongodb", i), p, s.tls, s.mongodbFront)
	}
	for i, p := range s.smtp {
		add(numbered("smtp", i), p, s.tls, s.smtpFront)
	}
	for i, p := range s.smtps {
		add(numbered("smtps", i), p, max(s.tls, tlsOn), s.smtpsFront)
	}
	for i, p := range s.tcp {
		name := p.name
		if name == "" {
			name = numbered("tcp", i)
		}
		add(name, p.place, s.tls, func(m tlsMode) codecs.Front { return s.tcpFront(p.name, m) })
	}
	return all
}

func (s *settings) listeners() []engine.Listener {
	var all []engine.Listener
	for _, d := range s.doors() {
		all = append(all, s.listener(&d))
	}
	return all
}

func (s *settings) listener(d *door) engine.Listener {
	l := engine.Listener{Name: d.name, Address: d.place.address, Front: d.front(d.mode), BackendTLS: s.backendTLS, BackendHeader: s.backendHeader}
	if d.mode.terminates() {
		l.TLS = s.server
	}
	switch {
	case d.place.backendTLS != nil:
		l.BackendTLS = *d.place.backendTLS
	case d.mode == tlsPassthrough:
		l.BackendTLS = tlsterm.Off // it is the client's
	}
	switch ofMail := s.smtpHeader.header; {
	case d.place.backendHeader != nil:
		l.BackendHeader = *d.place.backendHeader
	case l.Front.Protocol == codecs.SMTP && ofMail != proxyheader.None:
		l.BackendHeader = ofMail
	}
	return l
}

func httpFront(mode tlsMode) codecs.Front {
	if mode == tlsPassthrough {
		return passthrough.Front(codecs.HTTP)
	}
	return engine.HTTPFront()
}

func (s *settings) postgresFront(mode tlsMode) codecs.Front {
	of := [...]postgres.TLSMode{tlsOff: postgres.TLSOff, tlsOn: postgres.TLSOffered, tlsRequire: postgres.TLSRequired, tlsPassthrough: postgres.TLSPassthrough}
	return postgres.Front(postgres.Options{ResourcePattern: s.pattern.compiled, TLS: of[mode]})
}

func (s *settings) tcpFront(name string, mode tlsMode) codecs.Front {
	switch {
	case mode == tlsPassthrough:
		return passthrough.Front(codecs.TCP)
	case s.routeBy == bySNI && mode.terminates():
		return tcp.FrontByServerName()
	}
	return tcp.Front(name)
}

// numbered returns name, name-2, name-3 and so on.
func numbered(name string, i int) string {
	if i == 0 {
		return name
	}
	return fmt.Sprintf("%s-%d", name, i+1)
}
