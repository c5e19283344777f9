package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine/proxyheader"
	"github.com/proxy-engine/proxy-engine/engine/reactor"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
	"github.com/proxy-engine/proxy-engine/upstream/coldstart"
	"github.com/proxy-engine/proxy-engine/upstream/limits"
)

// Impl chooses how sessions are driven.
type Impl string

// The implementations.
const (
	// Reactor: event loops, the product. Linux only.
	Reactor Impl = "reactor"
	// Goroutine: goroutines per connection on package net; the portable
	// fallback and the baseline of every benchmark.
	Goroutine Impl = "goroutine"
)

// ParseImpl accepts the names and the aliases of the original proxy (swoole,
// coroutine).
func ParseImpl(s string) (Impl, error) {
	switch s {
	case string(Reactor), "swoole":
		return Reactor, nil
	case string(Goroutine), "coroutine":
		return Goroutine, nil
	}
	return "", fmt.Errorf("unknown implementation %q: want reactor or goroutine", s)
}

// Listener is one address clients connect to.
type Listener struct {
	// Name stands in logs, metrics and errors. Unique.
	Name string
	// Address is "host:port"; port 0 takes a free one, an empty host listens
	// on every address.
	Address string
	// Front is the protocol spoken there. That of HTTP needs no New.
	Front codecs.Front
	// TLS holds the certificates for the listener's clients, nil for none: TLS
	// from the first byte, or as Front.Negotiates. It stays the caller's to close.
	TLS *tlsterm.Server
	// BackendTLS says how the backends' legs are encrypted where the route
	// doesn't say (MetadataTLS).
	BackendTLS tlsterm.Verify
	// BackendHeader is the header of the PROXY protocol that the backends are sent
	// before anything else, where the route doesn't say (MetadataProxyProtocol).
	// Connections to HTTP backends are then used for one request each.
	BackendHeader proxyheader.Version
}

// Timeouts are the deadlines of a session's states. All must be positive.
type Timeouts struct {
	// Detect: from accept until the client has named its resource.
	Detect time.Duration
	// Resolve: until the route is known, over the resolver and DNS.
	Resolve time.Duration
	// Idle: how long a client may be silent that its codec serves without a
	// backend (codecs.Step.Patient).
	Idle time.Duration
	// Handshake: of each TLS handshake, with the client or the backend.
	Handshake time.Duration
	// Connect: from the first connection attempt until the backend is
	// connected, over all its addresses. A resolver's Result may override it.
	Connect time.Duration
	// Open: from then until the codec says relay (the login phase).
	Open time.Duration
	// Flush: how long the last bytes of a session may take.
	Flush time.Duration
}

// Config is what an Engine is made of. Start from DefaultConfig.
type Config struct {
	Listeners []Listener
	// Sockets are listening sockets that are there already, from the process that
	// this one takes over from (Engine.Sockets) or from systemd. A listener at the address of one
	// accepts from it instead of opening its own; one that asks for any port, from
	// one that has its name. They become the engine's: Start closes them.
	Sockets []*os.File
	// Resolver finds the backends. Required.
	Resolver resolve.Resolver
	// Cache configures the caches in front of Resolver and the address guard.
	Cache resolve.CacheOptions
	Impl  Impl
	// EventLoops is the number of event loops of the Reactor.
	EventLoops int
	// MaxSessions is the most sessions at once; who comes later is refused in
	// its own protocol.
	MaxSessions int
	// Listen holds the options of listening sockets and, through them, of
	// the client's; DeferAccept is only applied where the client speaks first.
	Listen reactor.ListenOptions
	// Dial holds the options of backend sockets.
	Dial reactor.SocketOptions
	// ReadBuffer is the size of the one read buffer of each loop, in bytes,
	// and with it the most that waits per direction behind a slow peer.
	ReadBuffer int
	Timeouts   Timeouts
	// Upstream says when an endpoint is held for down.
	Upstream upstream.Options
	// ColdStart is for resources that sleep; ColdStartCheck says how it is found out
	// that one serves: TCP or Protocol.
	ColdStart      coldstart.Options
	ColdStartCheck upstream.Mode
	// ProxyProtocolFrom are the networks of proxies whose connections must begin
	// with a header of the PROXY protocol, of either version: the address it names
	// is the client's from then on. What others send is never taken for one.
	ProxyProtocolFrom []netip.Prefix
	// Limits bounds each client's sessions.
	Limits limits.Options
	// Resources bounds each resource's sessions, where its Result doesn't.
	Resources upstream.Allowance
	TLS       TLS
	// Preconnect has connections made before they are wanted.
	Preconnect Preconnect
	// TrackInterval is the least time between two calls of resolve.Tracker's Track
	// for one session.
	TrackInterval time.Duration
	// DrainIdle is how long a session must have moved nothing to be ended at once, in
	// order, when the engine is to end; 0 is not before the others.
	DrainIdle time.Duration
	// HTTP is for the listeners that serve HTTP.
	HTTP HTTP
	// Logger takes structured logs; nil discards them. It is called on event loops: a
	// handler that waits for whoever reads the log stops sessions meanwhile.
	Logger *slog.Logger
	// LogDropped says how many lines the logger has left out, for Stats; nil for none.
	// Any goroutine calls it.
	LogDropped func() uint64
	// SessionLog says which sessions and HTTP requests have a line at their end, until
	// SetSessionLog does.
	SessionLog SessionLog
}

// DefaultConfig returns the defaults: those of the original proxy where it
// has the setting.
func DefaultConfig() Config {
	socket := reactor.SocketOptions{
		NoDelay:   true,
		KeepAlive: reactor.KeepAlive{Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 3},
	}
	return Config{
		Impl:        Reactor,
		EventLoops:  runtime.NumCPU(),
		MaxSessions: 200_000,
		Listen:      reactor.ListenOptions{SocketOptions: socket, Backlog: 4096, ReusePort: true},
		Dial:        socket,
		ReadBuffer:  128 << 10,
		HTTP:        DefaultHTTP(),
		Upstream:    upstream.DefaultOptions(),
		ColdStart:   coldstart.DefaultOptions(),
		Limits:      limits.Options{IPv4: limits.DefaultIPv4, IPv6: limits.DefaultIPv6},

		SessionLog:     SessionLog{Mode: LogErrors, Sample: 100},
		ColdStartCheck: upstream.Protocol,
		Preconnect:     Preconnect{Total: 4096, Idle: 20 * time.Second},
		TrackInterval:  30 * time.Second,
		DrainIdle:      10 * time.Second,

		TLS: TLS{Handshakes: 1024, Computing: runtime.NumCPU()},
		Timeouts: Timeouts{
			Detect:    15 * time.Second,
			Idle:      10 * time.Minute,
			Handshake: 10 * time.Second,
			Resolve:   10 * time.Second,
			Connect:   5 * time.Second,
			Open:      30 * time.Second,
			Flush:     5 * time.Second,
		},
	}
}

// minReadBuffer holds the first bytes of any codec in one read.
const minReadBuffer = 16 << 10

// Validate returns every fault of the configuration at once, joined.
func (c *Config) Validate() error {
	var errs []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	fault(c.Resolver == nil, "no resolver")
	fault(len(c.Listeners) == 0, "no listener")
	fault(c.Impl != Reactor && c.Impl != Goroutine, "unknown implementation %q", c.Impl)
	fault(c.Impl == Reactor && runtime.GOOS != "linux", "the reactor needs Linux: use the goroutine implementation")
	fault(c.EventLoops < 1, "event loops: %d is less than 1", c.EventLoops)
	fault(c.MaxSessions < 1, "maximum sessions: %d is less than 1", c.MaxSessions)
	fault(c.ReadBuffer < minReadBuffer, "read buffer: %d bytes is less than %d", c.ReadBuffer, minReadBuffer)
	fault(c.TrackInterval <= 0, "track interval: %v isn't positive", c.TrackInterval)
	fault(c.DrainIdle < 0, "idle time of a drain: %v is negative", c.DrainIdle)
	fault(c.Listen.Backlog < 1, "backlog: %d is less than 1", c.Listen.Backlog)
	for name, d := range map[string]time.Duration{
		"detect": c.Timeouts.Detect, "idle": c.Timeouts.Idle, "handshake": c.Timeouts.Handshake, "resolve": c.Timeouts.Resolve, "connect": c.Timeouts.Connect, "open": c.Timeouts.Open, "flush": c.Timeouts.Flush,
	} {
		fault(d <= 0, "%s timeout: %v isn't positive", name, d)
	}
	fault(c.TLS.Handshakes < 1, "TLS handshakes: %d is less than 1", c.TLS.Handshakes)
	fault(c.TLS.Computing < 1, "TLS handshakes that compute: %d is less than 1", c.TLS.Computing)
	fault(c.ColdStartCheck != upstream.TCP && c.ColdStartCheck != upstream.Protocol, "cold start: the check must be %v or %v", upstream.TCP, upstream.Protocol)
	fault(c.Resources.Sessions < 0 || c.Resources.Rate < 0, "sessions of a resource: %d at once and %d per second: one is negative", c.Resources.Sessions, c.Resources.Rate)
	errs = append(errs, c.SessionLog.validate(), c.HTTP.validate(), c.Preconnect.validate(), c.Upstream.Validate(), c.ColdStart.Validate(), c.Limits.Validate())
	for _, p := range c.ProxyProtocolFrom {
		fault(!p.IsValid(), "PROXY protocol: %v is no network", p)
	}
	names := make(map[string]bool)
	for _, l := range c.Listeners {
		fault(names[l.Name], "listener %q: the name is taken", l.Name)
		names[l.Name] = true
		fault(l.BackendTLS != tlsterm.Off && c.TLS.Backends == nil, "listener %q: no certificates to verify its backends with", l.Name)
		errs = append(errs, l.validate())
	}
	errs = append(errs, crowded(c.Listeners))
	return errors.Join(errs...)
}

// crowded finds listeners that can't be there at the same time, for their addresses.
func crowded(all []Listener) error {
	var errs []error
	for i := range all {
		for j := range all[:i] {
			one, err := listenAddr(all[i].Address)
			other, err2 := listenAddr(all[j].Address)
			if err == nil && err2 == nil && overlap(one, other) {
				errs = append(errs, fmt.Errorf("listener %q on %s: listener %q is there already, on %s", all[i].Name, all[i].Address, all[j].Name, all[j].Address))
			}
		}
	}
	return errors.Join(errs...)
}

// isWeb says that HTTP is spoken there, which has a driver of its own instead of
// a codec.
func (l *Listener) isWeb() bool { return l.Front.Protocol == codecs.HTTP && l.Front.New == nil }

func (l *Listener) validate() error {
	if l.Front.New == nil && !l.isWeb() {
		return fmt.Errorf("listener %q: no protocol", l.Name)
	}
	if l.BackendTLS == tlsterm.Prefer && !l.Front.Negotiates {
		return fmt.Errorf("listener %q: %s has no way to ask a backend whether it offers TLS", l.Name, l.Front.Protocol)
	}
	host, port, err := net.SplitHostPort(l.Address)
	if err != nil {
		return fmt.Errorf("listener %q: %w", l.Name, err)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("listener %q: port %q isn't a number from 0 to 65535", l.Name, port)
	}
	if host != "" && net.ParseIP(host) == nil && host != "localhost" {
		return fmt.Errorf("listener %q: %q isn't an IP address", l.Name, host)
	}
	return nil
}
