package main

import (
	"log/slog"
	"net/netip"
	"runtime"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/http"
	"github.com/proxy-engine/proxy-engine/codecs/mysql"
	"github.com/proxy-engine/proxy-engine/codecs/smtp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/proxyheader"
	"github.com/proxy-engine/proxy-engine/engine/reactor"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/resolve/dns"
	"github.com/proxy-engine/proxy-engine/resolve/webhook"
)

// settings holds what flags and environment can say, in the form they say it.
// config turns it into an engine.Config.
type settings struct {
	file string // the configuration file, "" if there is none

	http     []place
	https    []place
	postgres []place
	mysql    []place
	mongodb  []place
	smtp     []place
	smtps    []place
	tcp      []namedPlace
	routeBy  routeBy
	pattern  pattern

	resolvers   []namedResolver
	wakeHook    string
	wakeOptions string
	waker       *webhook.Waker // nil until opened
	routed      string         // routing as it was then
	backend     string
	allow       []netip.Prefix

	names nameSource
	dns   dns.Options // but for what the cache's options say

	httpBackend   string
	httpFixed     string
	httpDirect    directResponse
	httpSkipGuard bool
	httpKeepAlive bool
	http2         bool
	httpRaw       bool   // is taken and has no effect, as has
	httpMode      string // the original's HTTP_SERVER_MODE
	demo          bool

	tls          tlsMode
	certs, keys  []string
	clientTLS    tlsterm.ServerOptions // but for its key pairs and logger
	backendTLS   tlsterm.Verify
	backendCerts tlsterm.ClientOptions
	server       *tlsterm.Server // nil until opened, and if no listener needs it

	mysqlOptions mysql.Options // but for its pattern, TLS and key
	mysqlKey     string

	mongodbHide            bool
	mongodbMultiplex       bool
	mongodbSNI, mongodbApp pattern
	mongodbWire            int

	smtpOptions   smtp.Options // but for TLS and ClientHeader
	smtpHeader    mailHeader
	smtpBackend   string
	smtpSkipGuard bool

	// engine is filled in place, but for its listeners, resolver and sockets.
	engine engine.Config
	// socket holds for client and backend sockets alike.
	socket reactor.SocketOptions

	backendHeader proxyheader.Version
	clientPrefix  prefixBits

	admin adminSettings
	drain time.Duration
	// drainDelay is how long clients are still let in when it is to end, and
	// upgradeTimeout how long a successor may take to let them in.
	drainDelay, upgradeTimeout time.Duration
	logLevel                   slog.Level
	logFormat                  string
}

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
		dns:    dns.Options{MinTTL: dns.DefaultMinTTL, MaxTTL: dns.DefaultMaxTTL, NegativeTTL: dns.DefaultNegativeTTL},
		engine: cfg,
		socket: cfg.Dial,
		drain:  30 * time.Second,

		upgradeTimeout: time.Minute,

		admin: adminSettings{address: defaultAdmin, top: 20},

		clientPrefix: prefixBits{cfg.Limits.IPv4, cfg.Limits.IPv6},

		logLevel:  slog.LevelInfo,
		logFormat: "text",

		mongodbHide: true,
		mongodbWire: 21,

		httpKeepAlive: true,
		httpMode:      "process",
	}
}

// directResponse is what HTTP clients are answered instead of being forwarded.
type directResponse struct {
	body   string
	status int // 0: not said
}

// static returns nil if there is no direct response.
func (d directResponse) static() *http.Static {
	if d == (directResponse{}) {
		return nil
	}
	status := d.status
	if status == 0 {
		status = 200
	}
	return &http.Static{Status: status, Type: "text/plain; charset=utf-8", Body: []byte(d.body)}
}

func (s *settings) listenByDefault() {
	if s.demo {
		s.http = []place{{address: defaultDemo}}
	} else {
		s.postgres = []place{{address: defaultPostgres}}
	}
}

// complete fills in what depends on several settings.
func (s *settings) complete() {
	if len(s.http)+len(s.https)+len(s.postgres)+len(s.mysql)+len(s.mongodb)+len(s.smtp)+len(s.smtps)+len(s.tcp) == 0 {
		s.listenByDefault()
	}
	if !s.httpKeepAlive {
		s.engine.HTTP.RequestsPerConnection = 1
	}
	s.engine.Limits.IPv4, s.engine.Limits.IPv6 = s.clientPrefix.ipv4, s.clientPrefix.ipv6
	// The resolver and DNS may each take their time.
	s.engine.Timeouts.Resolve = 2 * s.engine.Cache.Timeout
}
