package main

import (
	"net/netip"
	"strconv"
)

// httpRows are the settings of HTTP: where requests go, what is done to them,
// and their bounds.
func httpRows(s *settings) []*setting {
	all := httpRoutingRows(s)
	all = append(all, httpForwardingRows(s)...)
	all = append(all, httpConnectionRows(s)...)
	all = append(all, httpLimitRows(s)...)
	return append(all, httpNoEffectRows(s)...)
}

func httpRoutingRows(s *settings) []*setting {
	return []*setting{
		{flag: "http-backend", env: "HTTP_BACKEND_ENDPOINT", original: "HTTP_BACKEND_ENDPOINT", meta: "HOST:PORT",
			value: scalar[string]{&s.httpBackend, parseEndpoint, asIs},
			usage: "The backend of every host when no resolver is given."},
		{flag: "http-fixed-backend", env: "HTTP_FIXED_BACKEND", original: "fixedBackend", meta: "HOST:PORT",
			value: scalar[string]{&s.httpFixed, parseEndpoint, asIs},
			usage: "The backend of every host, whatever the resolver says."},
		{flag: "http-direct-response", env: "HTTP_DIRECT_RESPONSE", original: "directResponse", meta: "TEXT",
			value: scalar[string]{&s.httpDirect.body, parseText, asIs},
			usage: "Answer every request with this text; none is forwarded."},
		{flag: "http-direct-status", env: "HTTP_DIRECT_STATUS", meta: "STATUS",
			value: scalar[int]{&s.httpDirect.status, parseStatus, formatStatus},
			auto:  "200 if there is a direct response",
			usage: "The status of the direct response; without one, of an empty one."},
		{flag: "http-skip-validation", env: "HTTP_SKIP_VALIDATION", original: "skipValidation",
			value: boolean(&s.httpSkipGuard),
			usage: "Let HTTP backends have any address, as --skip-validation does the others. " +
				"Whoever can write a route can then reach your internal network."},
	}
}

func httpForwardingRows(s *settings) []*setting {
	h := &s.engine.HTTP
	return []*setting{
		{flag: "http-fast-path", env: "HTTP_FAST_PATH", original: "fastPath",
			value: boolean(&h.Bare),
			usage: "Pass requests on without X-Forwarded-*, Forwarded and X-Request-Id of ours. " +
				"Off as in the original's Config; its entry point has it on."},
		{flag: "http-fast-assume-ok", env: "HTTP_FAST_ASSUME_OK", original: "fastPathAssumeOk",
			value: boolean(&h.AssumeOK),
			usage: "Pass every status on as 200, but for 1xx, 204 and 304, which say how the response ends."},
		{flag: "http-host-header", meta: "WHICH",
			value: scalar[bool]{&h.BackendHost, parseHostHeader, formatHostHeader},
			usage: "The Host that backends see: preserve (the client's) or backend (their own endpoint)."},
		{flag: "http-trust", meta: "RANGE",
			value: list[netip.Prefix]{&h.Trusted, parsePrefix, netip.Prefix.String},
			usage: "Clients that are proxies of yours: their X-Forwarded-* and Forwarded are kept and added to, others' dropped. Repeatable."},
		{flag: "http-via", meta: "NAME",
			value: scalar[string]{&h.Via, parseText, asIs},
			usage: "Add Via with this name to requests and responses."},
		{flag: "http-telemetry", original: "telemetry",
			value: boolean(&h.Telemetry),
			usage: "Add X-Proxy-* to responses: the resource, whether its route was cached, the backend's time."},
	}
}

func httpConnectionRows(s *settings) []*setting {
	h := &s.engine.HTTP
	return []*setting{
		{flag: "http-pool-size", env: "HTTP_BACKEND_POOL_SIZE", original: "poolSize", meta: "N",
			value: count(&h.PoolSize),
			usage: "The most idle connections to backends kept for later requests; 0 keeps none. 1024 in the original's Config."},
		{flag: "http-pool-idle", meta: "TIME", value: duration(&h.PoolIdle),
			usage: "How long one may be idle; 0 without end."},
		{flag: "http-pool-lifetime", meta: "TIME", value: duration(&h.PoolLifetime),
			usage: "How old one may get; 0 without end."},
		{flag: "http-keepalive", original: "keepAlive", value: boolean(&s.httpKeepAlive),
			usage: "Let clients send several requests per connection. Off, every response closes it."},
		{flag: "http-keepalive-timeout", env: "HTTP_KEEPALIVE_TIMEOUT", original: "keepaliveTimeout", meta: "TIME",
			value: duration(&h.KeepAlive),
			usage: "How long a client's connection may be idle between requests."},
		{flag: "http-max-requests", meta: "N", value: count(&h.RequestsPerConnection),
			usage: "Close a client's connection after so many requests; 0 never."},
		{flag: "http-head-timeout", meta: "TIME", value: duration(&h.HeadTimeout),
			usage: "How long a request's head may take from its first byte on; 408 behind it."},
		{flag: "http-first-byte-timeout", original: "timeout", meta: "TIME", value: duration(&h.FirstByte),
			usage: "How long a backend may take to begin its response; 504 behind it."},
		{flag: "http-stall-timeout", meta: "TIME", value: duration(&h.Stall),
			usage: "How long a body may make no progress."},
	}
}

func httpLimitRows(s *settings) []*setting {
	l := &s.engine.HTTP.Limits
	return []*setting{
		{flag: "http-max-head", meta: "SIZE", value: scalar[int]{&l.Head, positive(parseSize), strconv.Itoa},
			usage: "The largest head of a request (431 beyond it) or response (502)."},
		{flag: "http-max-fields", meta: "N", value: atLeastOne(&l.Fields),
			usage: "The most header fields of either."},
		{flag: "http-max-target", meta: "SIZE", value: scalar[int]{&l.Target, positive(parseSize), strconv.Itoa},
			usage: "The longest request target; 414 beyond it."},
		{flag: "http-max-body", meta: "SIZE", value: scalar[int64]{&l.Body, parseLargeSize, formatLargeSize},
			usage: "The largest body of a request, 413 beyond it; 0 is any."},
	}
}

// httpNoEffectRows are options of the original that are taken and change
// nothing here, or aren't served yet.
func httpNoEffectRows(s *settings) []*setting {
	return []*setting{
		{flag: "http-raw-backend", env: "HTTP_RAW_BACKEND", original: "rawBackend",
			value: boolean(&s.httpRaw),
			usage: "No effect: every connection to a backend is raw TCP here."},
		{flag: "http-server-mode", env: "HTTP_SERVER_MODE", original: "HTTP_SERVER_MODE", meta: "MODE", choices: []string{"process", "base"},
			value: scalar[string]{&s.httpMode, parseServerMode, asIs},
			usage: "No effect: process and base are ways of Swoole's to run workers; here they are threads of one process."},
		{flag: "http2", env: "HTTP_OPEN_HTTP2", original: "http2Protocol",
			value: boolean(&s.http2),
			usage: "HTTP/2 isn't served yet: true is refused."},
	}
}
