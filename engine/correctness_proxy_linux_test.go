package engine_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// proxy is an engine under test, with one listener.
type proxy struct {
	*engine.Engine
	t       testing.TB
	stopped bool
}

// listener is the name of a proxy's only listener.
const listener = "front"

// defaultConfig has every timeout out of the tests' way.
func defaultConfig(impl engine.Impl, front codecs.Front, r resolve.Resolver) engine.Config {
	cfg := engine.DefaultConfig()
	cfg.Impl = impl
	cfg.EventLoops = 2
	cfg.Resolver = r
	cfg.Cache.Guard.SkipAll = true
	cfg.Listeners = []engine.Listener{{Name: listener, Address: "127.0.0.1:0", Front: front}}
	cfg.Timeouts = engine.Timeouts{Detect: patience, Idle: patience, Handshake: patience, Resolve: patience, Connect: patience, Open: patience, Flush: patience}
	return cfg
}

// start runs a proxy until its stop, or the end of the test.
func start(t testing.TB, impl engine.Impl, front codecs.Front, r resolve.Resolver, changes ...func(*engine.Config)) *proxy {
	t.Helper()
	cfg := defaultConfig(impl, front, r)
	for _, change := range changes {
		change(&cfg)
	}
	e, err := engine.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(); err != nil {
		t.Fatal(err)
	}
	p := &proxy{Engine: e, t: t}
	t.Cleanup(p.abandon)
	return p
}

// abandon ends a proxy whose test has failed.
func (p *proxy) abandon() {
	if !p.stopped {
		now, cancel := context.WithCancel(context.Background())
		cancel()
		_ = p.Shutdown(now)
	}
}

// closings are how many sessions are to have ended for each reason.
type closings map[engine.Reason]uint64

// stop shuts the proxy down, once its sessions have ended by themselves, and
// checks its accounts.
func (p *proxy) stop(want closings) engine.Stats {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p.stopped = true
	if err := p.Shutdown(ctx); err != nil {
		p.t.Errorf("Shutdown: %v", err)
	}
	s := p.Stats()
	checkAccounts(p.t, s)
	checkClosings(p.t, s, want)
	return s
}

// drain shuts the proxy down without giving its sessions time, and checks its
// accounts.
func (p *proxy) drain(want closings) engine.Stats {
	p.t.Helper()
	now, cancel := context.WithCancel(context.Background())
	cancel()
	p.stopped = true
	if err := p.Shutdown(now); !errors.Is(err, context.Canceled) {
		p.t.Errorf("Shutdown: %v, want to hear of sessions that it had to end", err)
	}
	s := p.Stats()
	checkAccounts(p.t, s)
	checkClosings(p.t, s, want)
	return s
}

// checkAccounts checks what must be true of any engine that has been shut down.
func checkAccounts(t testing.TB, s engine.Stats) {
	t.Helper()
	closed := uint64(0)
	for _, n := range s.Closed {
		closed += n
	}
	if s.Active != 0 || closed != s.Accepted {
		t.Errorf("accepted %d sessions, closed %d, %d are active", s.Accepted, closed, s.Active)
	}
	if s.Panics != s.Closed[engine.Panicked] {
		t.Errorf("%d panics, %d sessions ended by them", s.Panics, s.Closed[engine.Panicked])
	}
	for _, e := range s.Endpoints {
		if e.Sessions != 0 {
			t.Errorf("endpoint %s still counts %d sessions", e.Name, e.Sessions)
		}
	}
}

func checkClosings(t testing.TB, s engine.Stats, want closings) {
	t.Helper()
	for _, r := range engine.Reasons() {
		if s.Closed[r] != want[r] {
			t.Errorf("%d sessions closed as %v, want %d", s.Closed[r], r, want[r])
		}
	}
}

// address returns where the proxy's clients connect.
func (p *proxy) address() *net.TCPAddr { return net.TCPAddrFromAddrPort(p.Addr(listener)) }

// dial connects a client. It is closed with the test at the latest.
func (p *proxy) dial() *net.TCPConn {
	p.t.Helper()
	c, err := net.DialTCP("tcp", nil, p.address())
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { c.Close() })
	return patient(c)
}

// patient keeps a connection from hanging forever.
func patient(c *net.TCPConn) *net.TCPConn {
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

// awaitActive waits until the proxy has so many sessions.
func (p *proxy) awaitActive(n int64) {
	p.t.Helper()
	if !holds(func() bool { return p.Stats().Active == n }) {
		p.t.Fatalf("%d sessions, want %d", p.Stats().Active, n)
	}
}
