package admin

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// metric is a row of the one table of metrics: its name, help and labels are an
// interface to dashboards and alerts.
type metric struct {
	name   string
	kind   prometheus.ValueType
	help   string
	labels []string
	// collect emits the values, each combination of labels once.
	collect func(s *snapshot, emit func(v float64, labels ...string))
}

const (
	counter = prometheus.CounterValue
	gauge   = prometheus.GaugeValue
)

// metrics returns the table, but for the histograms.
func metrics() []metric {
	return slices.Concat(sessionMetrics(), troubleMetrics(), loopMetrics(), tlsMetrics(), routeMetrics(), startMetrics(), backendMetrics(),
		linkMetrics(), preconnectMetrics(), resourceMetrics())
}

func sessionMetrics() []metric {
	listener := []string{"listener", "protocol"}
	return []metric{
		{"proxy_engine_build_info", gauge, "Always 1; the label says which version runs.", []string{"version"},
			func(s *snapshot, emit func(float64, ...string)) { emit(1, s.version) }},
		{"proxy_engine_draining", gauge, "1 once the proxy is being shut down, else 0.", nil,
			func(s *snapshot, emit func(float64, ...string)) { emit(truth(s.Draining)) }},
		{"proxy_engine_sessions_active", gauge, "Client connections of now, in whatever state.", listener,
			perListener(func(l engine.ListenerStats) uint64 { return l.Active })},
		{"proxy_engine_sessions_accepted_total", counter, "Client connections taken from the listeners.", listener,
			perListener(func(l engine.ListenerStats) uint64 { return l.Accepted })},
		{"proxy_engine_sessions_closed_total", counter, "Sessions that have ended, by reason (docs/troubleshooting.md).", []string{"reason"},
			perKey(func(s *snapshot) map[engine.Reason]uint64 { return s.Closed })},
		{"proxy_engine_bytes_total", counter, "Bytes read from clients (from_client) and from backends for them (to_client), as they are read.",
			append(listener, "direction"), collectBytes},
		{"proxy_engine_http_requests_total", counter, "HTTP requests whose head was understood.", nil,
			single(func(s *snapshot) float64 { return float64(s.Requests) })},
		{"proxy_engine_http_refusals_total", counter, "HTTP requests that the proxy answered itself, by reason.", []string{"reason"},
			perKey(func(s *snapshot) map[engine.Reason]uint64 { return s.Refused })},
	}
}

func troubleMetrics() []metric {
	return []metric{
		{"proxy_engine_accept_exhausted_total", counter, "Accepts that failed for want of descriptors or memory.", nil,
			single(func(s *snapshot) float64 { return float64(s.AcceptExhausted) })},
		{"proxy_engine_panics_total", counter, "Bugs: panics that cost one session each.", nil,
			single(func(s *snapshot) float64 { return float64(s.Panics) })},
		{"proxy_engine_tracking_dropped_total", counter, "Notifications that the resolver didn't take in time.", nil,
			single(func(s *snapshot) float64 { return float64(s.TrackingDropped) })},
		{"proxy_engine_log_dropped_total", counter, "Lines that were not logged as the log's reader was too slow.", nil,
			single(func(s *snapshot) float64 { return float64(s.LogDropped) })},
	}
}

func preconnectMetrics() []metric {
	return []metric{
		{"proxy_engine_preconnections_ready", gauge, "Connections to backends that were made before a client wants them.", nil,
			single(func(s *snapshot) float64 { return float64(s.Preconnect.Ready) })},
		{"proxy_engine_preconnections_total", counter, "Sessions that were given such a connection (hit), those that found none (miss), and connections nobody wanted in time (dead).", []string{"outcome"},
			func(s *snapshot, emit func(float64, ...string)) {
				emit(float64(s.Preconnect.Hits), "hit")
				emit(float64(s.Preconnect.Misses), "miss")
				emit(float64(s.Preconnect.Dead), "dead")
			}},
	}
}

func routeMetrics() []metric {
	return []metric{
		{"proxy_engine_resolver_entries", gauge, "Answers that the route cache keeps: routes, and failures.", []string{"kind"},
			func(s *snapshot, emit func(float64, ...string)) {
				emit(float64(s.Routes.Routes), "route")
				emit(float64(s.Routes.Failures), "failure")
			}},
		{"proxy_engine_resolver_hits_total", counter, "Questions that the route cache has answered.", nil,
			single(func(s *snapshot) float64 { return float64(s.Routes.Hits) })},
		{"proxy_engine_resolver_misses_total", counter, "Questions that the route cache couldn't answer and the resolver was asked.", nil,
			single(func(s *snapshot) float64 { return float64(s.Routes.Asked) })},
		{"proxy_engine_resolver_failures_total", counter, "Questions that brought no route, be it for the resolver, DNS or the address guard.", nil,
			single(func(s *snapshot) float64 { return float64(s.Routes.Failed) })},
		{"proxy_engine_resolver_stale_total", counter, "Failures hidden by a route past its end.", nil,
			single(func(s *snapshot) float64 { return float64(s.Routes.Stale) })},
		{"proxy_engine_resolver_evicted_total", counter, "Answers that had to go for want of room.", nil,
			single(func(s *snapshot) float64 { return float64(s.Routes.Evicted) })},
	}
}

func startMetrics() []metric {
	return []metric{
		{"proxy_engine_cold_starts_begun_total", counter, "Resources that were told to start.", nil,
			single(func(s *snapshot) float64 { return float64(s.Starts.Starts) })},
		{"proxy_engine_cold_starts_ended_total", counter, "Cold starts that have ended, by how.", []string{"outcome"},
			func(s *snapshot, emit func(float64, ...string)) {
				emit(float64(s.Starts.Ready), "ready")
				emit(float64(s.Starts.Failures), "failed")
				emit(float64(s.Starts.Timeouts), "timed_out")
			}},
		{"proxy_engine_cold_start_overflows_total", counter, "Clients that found too many waiting, or too many cold starts.", nil,
			single(func(s *snapshot) float64 { return float64(s.Starts.Overflows) })},
		{"proxy_engine_cold_starts_active", gauge, "Cold starts of now.", nil,
			single(func(s *snapshot) float64 { return float64(s.Starts.Starting) })},
		{"proxy_engine_cold_start_waiting_clients", gauge, "Clients that wait for a cold start now.", nil,
			single(func(s *snapshot) float64 { return float64(s.Starts.Waiting) })},
		{"proxy_engine_cold_start_slowest_seconds", gauge, "The longest a cold start has taken that ended well.", nil,
			single(func(s *snapshot) float64 { return s.Starts.Slowest.Seconds() })},
	}
}

func backendMetrics() []metric {
	endpoint := []string{"endpoint"}
	return []metric{
		{"proxy_engine_breakers", gauge, "Endpoints, by the phase of their breaker.", []string{"phase"},
			countBy(upstream.Closed, upstream.HalfOpen, func(e upstream.EndpointStats) upstream.Phase { return e.Breaker.Phase })},
		{"proxy_engine_breaker_transitions_total", counter, "Times a breaker has entered a phase.", []string{"phase"}, collectTransitions},
		{"proxy_engine_endpoints", gauge, "Endpoints, by what their active checks say.", []string{"health"},
			countBy(upstream.Unchecked, upstream.Down, func(e upstream.EndpointStats) upstream.Health { return e.Health })},
		{"proxy_engine_connection_attempts_total", counter, "Connection attempts to backends, by how they ended.", []string{"outcome"},
			perKey(func(s *snapshot) map[upstream.Outcome]uint64 { return s.Attempts })},
		{"proxy_engine_endpoint_sessions", gauge, "Sessions of the endpoints with the most traffic, and of all others (other).", endpoint,
			perRow(endpoints, func(r row) float64 { return r.sessions })},
		{"proxy_engine_endpoint_received_bytes_total", counter, "Bytes from the endpoints with the most traffic, and from all others (other).", endpoint,
			perRow(endpoints, func(r row) float64 { return r.toClient })},
		{"proxy_engine_endpoint_sent_bytes_total", counter, "Bytes to the endpoints with the most traffic, and to all others (other).", endpoint,
			perRow(endpoints, func(r row) float64 { return r.fromClient })},
		{"proxy_engine_endpoint_refused_total", counter, "Attempts that a breaker or the health of the endpoint didn't admit.", endpoint,
			perRow(endpoints, func(r row) float64 { return r.refused })},
	}
}

func resourceMetrics() []metric {
	resource := []string{"protocol", "resource"}
	return []metric{
		{"proxy_engine_resource_sessions", gauge, "Sessions of the resources with the most traffic, and of all others (other).", resource,
			perRow(resources, func(r row) float64 { return r.sessions })},
		{"proxy_engine_resource_received_bytes_total", counter, "Bytes from the backends of the resources with the most traffic, and of all others (other).", resource,
			perRow(resources, func(r row) float64 { return r.toClient })},
		{"proxy_engine_resource_sent_bytes_total", counter, "Bytes to the backends of the resources with the most traffic, and of all others (other).", resource,
			perRow(resources, func(r row) float64 { return r.fromClient })},
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

type collect = func(s *snapshot, emit func(v float64, labels ...string))

func single(value func(*snapshot) float64) collect {
	return func(s *snapshot, emit func(float64, ...string)) { emit(value(s)) }
}

func perListener(value func(engine.ListenerStats) uint64) collect {
	return func(s *snapshot, emit func(float64, ...string)) {
		for _, l := range s.Listeners {
			emit(float64(value(l)), l.Name, l.Protocol)
		}
	}
}

func collectBytes(s *snapshot, emit func(float64, ...string)) {
	for _, l := range s.Listeners {
		emit(float64(l.FromClients), l.Name, l.Protocol, "from_client")
		emit(float64(l.ToClients), l.Name, l.Protocol, "to_client")
	}
}

// label is an enum's name as a label.
func label(name string) string { return strings.ReplaceAll(name, "-", "_") }

func perKey[K interface {
	comparable
	String() string
}](values func(*snapshot) map[K]uint64) collect {
	return func(s *snapshot, emit func(float64, ...string)) {
		for k, n := range values(s) {
			emit(float64(n), label(k.String()))
		}
	}
}

// countBy counts endpoints by an enum whose values are from first to last; each
// has its series.
func countBy[K interface {
	~uint8
	String() string
}](first, last K, of func(upstream.EndpointStats) K) collect {
	return func(s *snapshot, emit func(float64, ...string)) {
		counts := make(map[K]int)
		for _, e := range s.Endpoints {
			counts[of(e)]++
		}
		for k := first; k <= last; k++ {
			emit(float64(counts[k]), label(k.String()))
		}
	}
}

func collectTransitions(s *snapshot, emit func(float64, ...string)) {
	for p, n := range s.Breakers {
		emit(float64(n), label(p.String()))
	}
}

func endpoints(s *snapshot) []row { return s.endpoints }

func resources(s *snapshot) []row { return s.resources }

func perRow(rows func(*snapshot) []row, value func(row) float64) collect {
	return func(s *snapshot, emit func(float64, ...string)) {
		for _, r := range rows(s) {
			emit(value(r), r.labels...)
		}
	}
}
