package admin

import (
	"crypto/tls"
	"strconv"
	"strings"

	"github.com/proxy-engine/proxy-engine/engine"
)

// loopMetrics are those of the event loops; there are none with goroutines.
func loopMetrics() []metric {
	loop := []string{"loop"}
	return []metric{
		{"proxy_engine_loop_sessions", gauge, "Sessions of now, by event loop.", loop,
			perLoop(func(l engine.LoopStats) float64 { return float64(l.Sessions) })},
		{"proxy_engine_loop_busy_seconds_total", counter, "Time an event loop has worked: its rate is the loop's utilisation, from 0 to 1.", loop,
			perLoop(func(l engine.LoopStats) float64 { return l.Busy.Seconds() })},
		{"proxy_engine_loop_lag_max_seconds", gauge, "The longest a timer had to wait for an event loop within the last five to ten seconds, or has by now.", loop,
			perLoop(func(l engine.LoopStats) float64 { return l.Lag.Seconds() })},
	}
}

func perLoop(value func(engine.LoopStats) float64) collect {
	return func(s *snapshot, emit func(float64, ...string)) {
		for i, l := range s.Loops {
			emit(value(l), strconv.Itoa(i))
		}
	}
}

func tlsMetrics() []metric {
	return []metric{
		{"proxy_engine_tls_handshakes_total", counter, "TLS handshakes that are over, with clients and with backends (side), by result; crowded are those given up to make room for others.",
			[]string{"side", "result"}, perSide(collectResults)},
		{"proxy_engine_tls_sessions_total", counter, "TLS handshakes that went well, by version, and whether an earlier session was resumed.",
			[]string{"side", "version", "resumed"}, perSide(collectVersions)},
	}
}

// perSide collects the figures of the handshakes with either side.
func perSide(each func(side string, h *engine.HandshakeStats, emit func(float64, ...string))) collect {
	return func(s *snapshot, emit func(float64, ...string)) {
		each("client", &s.ClientTLS, emit)
		each("backend", &s.BackendTLS, emit)
	}
}

func collectResults(side string, h *engine.HandshakeStats, emit func(float64, ...string)) {
	for r, n := range h.Results {
		emit(float64(n), side, r.String())
	}
}

func collectVersions(side string, h *engine.HandshakeStats, emit func(float64, ...string)) {
	for _, v := range h.Sessions {
		name := strings.TrimPrefix(tls.VersionName(v.Version), "TLS ")
		emit(float64(v.Full), side, name, "false")
		emit(float64(v.Resumed), side, name, "true")
	}
}

// linkMetrics are those of connections to HTTP backends.
func linkMetrics() []metric {
	return []metric{
		{"proxy_engine_http_links", gauge, "Connections to HTTP backends: of the pools (idle), and of requests (in_use).", []string{"state"},
			func(s *snapshot, emit func(float64, ...string)) {
				emit(float64(s.Links.Idle), "idle")
				emit(float64(s.Links.InUse), "in_use")
			}},
		{"proxy_engine_http_links_created_total", counter, "Connections made to HTTP backends.", nil,
			single(func(s *snapshot) float64 { return float64(s.Links.Created) })},
		{"proxy_engine_http_links_reused_total", counter, "HTTP requests that were given a connection from a pool.", nil,
			single(func(s *snapshot) float64 { return float64(s.Links.Reused) })},
		{"proxy_engine_http_links_ended_total", counter, "Connections of the pools that were too old or whose endpoint was drained (expired), or that their backend has ended or spoken on (lost).", []string{"reason"},
			func(s *snapshot, emit func(float64, ...string)) {
				emit(float64(s.Links.Expired), "expired")
				emit(float64(s.Links.Lost), "lost")
			}},
	}
}
