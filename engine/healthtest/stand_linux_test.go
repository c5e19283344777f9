package healthtest

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// never is longer than any test.
const never = time.Hour

// stand is a proxy of one protocol and the backends behind it.
type stand struct {
	*enginetest.Proxy
	t        *testing.T
	speech   speech
	backends []*backend

	mu     sync.Mutex
	result resolve.Result
}

// protocols are those that the table tests are about.
var protocols = map[string]speech{"postgresql": postgresSpeech, "http": httpSpeech}

// eachProtocol runs a behaviour for every variant and protocol.
func eachProtocol(t *testing.T, body func(t *testing.T, impl engine.Impl, protocol string)) {
	t.Helper()
	for protocol := range protocols {
		t.Run(protocol, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) { body(t, impl, protocol) })
		})
	}
}

// newStand has a proxy with a backend at each of these hosts.
func newStand(t *testing.T, impl engine.Impl, protocol string, hosts []string, change func(*engine.Config)) *stand {
	t.Helper()
	s := &stand{t: t, speech: protocols[protocol]}
	for _, host := range hosts {
		s.backends = append(s.backends, newBackend(t, s.speech, host))
	}
	s.result.TTL = -1
	s.result.Endpoint = s.backends[0].address
	for _, b := range s.backends[1:] {
		s.result.Others = append(s.result.Others, b.address)
	}
	front := engine.HTTPFront()
	if protocol == "postgresql" {
		front = postgres.Front(postgres.Options{})
	}
	cfg := enginetest.Config(impl, front, s)
	cfg.Cache.Guard.Allow = append(cfg.Cache.Guard.Allow, netip.MustParsePrefix(hole+"/32"))
	cfg.Upstream.Breaker = upstream.BreakerOptions{Failures: 3, MinAttempts: 1, Window: time.Second, OpenTime: never, MaxOpenTime: never}
	if change != nil {
		change(&cfg)
	}
	s.Proxy = enginetest.Start(t, cfg)
	return s
}

// Resolve implements resolve.Resolver.
func (s *stand) Resolve(context.Context, resolve.Request) (resolve.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.result, nil
}

// hasty has the proxy lose patience with backends that say nothing.
func hasty(cfg *engine.Config) {
	cfg.Timeouts.Connect = 50 * time.Millisecond
	cfg.Timeouts.Open = 50 * time.Millisecond
	cfg.HTTP.FirstByte = 50 * time.Millisecond
}

// visit has one client come: what it is told, "" if it is served.
func (s *stand) visit() string { return s.speech.visit(s.Address()) }

// wantServed has so many clients come, who are all served.
func (s *stand) wantServed(n int) {
	s.t.Helper()
	for range n {
		if told := s.visit(); told != "" {
			s.t.Fatalf("told %q, want to be served", told)
		}
	}
}

// endpoint is what is known of backend i.
func (s *stand) endpoint(i int) upstream.EndpointStats {
	for _, e := range s.Stats().Endpoints {
		if e.Name == s.backends[i].address {
			return e
		}
	}
	return upstream.EndpointStats{}
}

// attempts is how many connections to backend i were tried for sessions.
func (s *stand) attempts(i int) (n uint64) {
	for _, of := range s.endpoint(i).Attempts {
		n += of
	}
	return n
}

// breakOpen has clients come until the breaker of backend i is open, and returns what
// the last one that wasn't served was told.
func (s *stand) breakOpen(i, within int) (told string) {
	s.t.Helper()
	for range within {
		if now := s.visit(); now != "" {
			told = now
		}
		s.AwaitActive(0)
		if s.endpoint(i).Breaker.Phase == upstream.Open {
			return told
		}
	}
	s.t.Fatalf("the breaker isn't open after %d clients: %+v", within, s.endpoint(i))
	return ""
}
