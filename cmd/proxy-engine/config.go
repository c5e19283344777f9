package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// config makes the engine's configuration and notes every fault of it.
func (s *settings) config(log *slog.Logger, f *findings) engine.Config {
	cfg := s.engine
	cfg.Logger = log
	cfg.Listen.SocketOptions, cfg.Dial = s.socket, s.socket
	cfg.Cache = s.cache(log)
	cfg.Listeners = s.listeners()
	cfg.HTTP.Direct = s.httpDirect.static()
	if s.http2 {
		f.faultf("--http2 (HTTP_OPEN_HTTP2): HTTP/2 isn't served by this version; turn it off to go on with HTTP/1.1")
	}
	cfg.Resolver = s.openResolver(log, f)
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
	o.Guards = map[string]resolve.Guard{codecs.HTTP.String(): s.httpGuard()}
	for _, d := range []*time.Duration{&o.TTL, &o.NegativeTTL, &o.StaleFor} {
		if *d == 0 {
			*d = -1
		}
	}
	return o
}

// httpGuard judges the backends of HTTP: TCP_SKIP_VALIDATION isn't about them.
func (s *settings) httpGuard() resolve.Guard {
	allow := s.allow
	if s.demo {
		allow = append(slices.Clip(allow), netip.PrefixFrom(demoAddr, demoAddr.BitLen()))
	}
	return resolve.Guard{Allow: allow, SkipAll: s.httpSkipGuard}
}

func (s *settings) listeners() []engine.Listener {
	var all []engine.Listener
	for i, address := range s.http {
		all = append(all, engine.Listener{Name: numbered("http", i), Address: address, Front: engine.HTTPFront()})
	}
	front := postgres.Front(postgres.Options{ResourcePattern: s.pattern.compiled})
	for i, address := range s.postgres {
		all = append(all, engine.Listener{Name: numbered("postgres", i), Address: address, Front: front})
	}
	for _, l := range s.tcp {
		all = append(all, engine.Listener{Name: l.name, Address: l.address, Front: tcp.Front(l.name)})
	}
	return all
}

// numbered returns name, name-2, name-3 and so on.
func numbered(name string, i int) string {
	if i == 0 {
		return name
	}
	return fmt.Sprintf("%s-%d", name, i+1)
}

// newLogger makes the logger the settings ask for.
func (s *settings) newLogger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: s.logLevel}
	if s.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
