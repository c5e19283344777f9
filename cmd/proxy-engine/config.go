package main

import (
	"fmt"
	"io"
	"log/slog"
	"time"

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
	for _, d := range []*time.Duration{&o.TTL, &o.NegativeTTL, &o.StaleFor} {
		if *d == 0 {
			*d = -1
		}
	}
	return o
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

// openResolver returns nil if there is none, or none that works.
func (s *settings) openResolver(log *slog.Logger, f *findings) resolve.Resolver {
	if s.resolver == "" {
		return s.fixedResolver(f)
	}
	if s.backend != "" {
		f.warnf("--tcp-backend (TCP_BACKEND_ENDPOINT) has no effect: --resolver is given")
	}
	r, err := resolve.Open(s.resolver, resolve.OpenOptions{Logger: log})
	if err != nil {
		f.faultf("--resolver %s: %w", hidePassword(s.resolver), err)
		return nil
	}
	return r
}

func (s *settings) fixedResolver(f *findings) resolve.Resolver {
	if s.backend == "" {
		f.faultf("nowhere to route to: give --resolver or --tcp-backend (TCP_BACKEND_ENDPOINT)")
		return nil
	}
	return resolve.Fixed(s.backend)
}

// newLogger makes the logger the settings ask for.
func (s *settings) newLogger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: s.logLevel}
	if s.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
