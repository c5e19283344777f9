package main

import (
	"log/slog"
	"net/netip"
	"runtime"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/reactor"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// settings holds what flags and environment can say, in the form they say it.
// config turns it into an engine.Config.
type settings struct {
	http     []string
	postgres []string
	tcp      []namedAddress
	pattern  pattern

	resolver string
	backend  string
	allow    []netip.Prefix

	// engine is filled in place, but for its listeners, resolver and sockets.
	engine engine.Config
	// socket holds for client and backend sockets alike.
	socket reactor.SocketOptions

	drain     time.Duration
	logLevel  slog.Level
	logFormat string
}

// namedAddress is a plain TCP listener: the name is its resource id.
type namedAddress struct{ name, address string }

// defaultPostgres is where clients are expected when no listener is given.
const defaultPostgres = "0.0.0.0:5432"

func defaults() *settings {
	cfg := engine.DefaultConfig()
	if runtime.GOOS != "linux" {
		cfg.Impl = engine.Goroutine
	}
	cfg.Cache = resolve.CacheOptions{
		TTL:         resolve.DefaultTTL,
		NegativeTTL: resolve.DefaultNegativeTTL,
		StaleFor:    resolve.DefaultStaleFor,
		Timeout:     resolve.DefaultTimeout,
		MaxEntries:  resolve.DefaultMaxEntries,
	}
	return &settings{
		engine:    cfg,
		socket:    cfg.Dial,
		drain:     30 * time.Second,
		logLevel:  slog.LevelInfo,
		logFormat: "text",
	}
}

// complete fills in what depends on several settings.
func (s *settings) complete() {
	if len(s.http) == 0 && len(s.postgres) == 0 && len(s.tcp) == 0 {
		s.postgres = []string{defaultPostgres}
	}
	// The resolver and DNS may each take their time.
	s.engine.Timeouts.Resolve = 2 * s.engine.Cache.Timeout
}
