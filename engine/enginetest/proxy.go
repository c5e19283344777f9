package enginetest

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// Listener is the name of a proxy's only listener.
const Listener = "front"

// Config has every timeout out of the tests' way, and backends on the loopback
// interface allowed. Change what the test is about.
func Config(impl engine.Impl, front codecs.Front, r resolve.Resolver) engine.Config {
	cfg := engine.DefaultConfig()
	cfg.Impl = impl
	cfg.EventLoops = 2
	cfg.Resolver = r
	cfg.Cache.Guard.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	cfg.Listeners = []engine.Listener{{Name: Listener, Address: "127.0.0.1:0", Front: front}}
	cfg.Timeouts = engine.Timeouts{Detect: Patience, Idle: Patience, Handshake: Patience, Resolve: Patience, Connect: Patience, Open: Patience, Flush: Patience}
	cfg.HTTP.HeadTimeout, cfg.HTTP.KeepAlive = Patience, Patience
	cfg.HTTP.FirstByte, cfg.HTTP.Stall = Patience, Patience
	return cfg
}

// Proxy is an engine under test. Its methods but for the Engine's are for the
// test's goroutine.
type Proxy struct {
	*engine.Engine
	t    testing.TB
	shut atomic.Bool // Shutdown was called
}

// Start runs a proxy until the end of the test or its Stop, and then checks its
// accounts. By then its clients must have gone.
func Start(t testing.TB, cfg engine.Config) *Proxy {
	t.Helper()
	e, err := engine.New(cfg)
	Must(t, err)
	Must(t, e.Start())
	p := &Proxy{Engine: e, t: t}
	t.Cleanup(p.Stop)
	return p
}

// Shutdown is the engine's, which may be called once. Any goroutine.
func (p *Proxy) Shutdown(ctx context.Context) error {
	p.shut.Store(true)
	return p.Engine.Shutdown(ctx)
}

// Stop shuts the proxy down, if the test hasn't, and checks its accounts. Its
// sessions end by themselves: their clients are gone.
func (p *Proxy) Stop() {
	p.t.Helper()
	if !p.shut.Load() {
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
		defer cancel()
		if err := p.Shutdown(ctx); err != nil {
			p.t.Errorf("Shutdown: %v", err)
		}
	}
	p.checkAccounts()
}

// checkAccounts checks what must be true of any engine that has been shut down.
func (p *Proxy) checkAccounts() {
	p.t.Helper()
	s := p.Stats()
	closed := uint64(0)
	for _, n := range s.Closed {
		closed += n
	}
	if s.Active != 0 || closed != s.Accepted || s.Panics != 0 {
		p.t.Errorf("accepted %d sessions, closed %d, %d are active; %d panics", s.Accepted, closed, s.Active, s.Panics)
	}
	for _, e := range s.Endpoints {
		if e.Sessions != 0 {
			p.t.Errorf("endpoint %s still counts %d sessions", e.Name, e.Sessions)
		}
	}
}

// Address is where clients connect, as "host:port".
func (p *Proxy) Address() string { return p.Addr(Listener).String() }

// Dial connects a client. It is closed with the test at the latest.
func (p *Proxy) Dial() *Conn {
	p.t.Helper()
	c, err := net.Dial("tcp", p.Address())
	Must(p.t, err)
	return NewConn(p.t, c.(*net.TCPConn))
}

// AwaitActive waits until the proxy has so many sessions.
func (p *Proxy) AwaitActive(n int64) {
	p.t.Helper()
	Eventually(p.t, fmt.Sprintf("%d sessions", n), func() bool { return p.Stats().Active == n })
}

// AwaitClosed waits until so many sessions have ended for the reason.
func (p *Proxy) AwaitClosed(r engine.Reason, n uint64) {
	p.t.Helper()
	var closed map[engine.Reason]uint64
	if !Holds(func() bool { closed = p.Stats().Closed; return closed[r] == n }) {
		p.t.Fatalf("%d sessions have not ended as %v: %v", n, r, nonZero(closed))
	}
}

// nonZero leaves out the reasons nothing has ended for.
func nonZero(closed map[engine.Reason]uint64) map[engine.Reason]uint64 {
	some := make(map[engine.Reason]uint64)
	for r, n := range closed {
		if n > 0 {
			some[r] = n
		}
	}
	return some
}
