package opstest

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// config has one listener for clients of the resource "x", who are led to the backend.
// Reload it with changes.
func config(impl engine.Impl, backend string) engine.Config {
	return enginetest.Config(impl, tcp.Front("x"), resolve.Fixed(backend))
}

// listener is one more of a configuration, on a free port.
func listener(name string) engine.Listener {
	return engine.Listener{Name: name, Address: "127.0.0.1:0", Front: tcp.Front("x")}
}

// wantBackend wants a new client to be led to the backend of that name.
func wantBackend(t *testing.T, address string, name byte) {
	t.Helper()
	c, err := connect(address)
	enginetest.Must(t, err)
	defer c.Close()
	if c.backend != name {
		t.Errorf("led to %c, want %c", c.backend, name)
	}
}

// wantNobody wants nobody to listen.
func wantNobody(t *testing.T, address string) {
	t.Helper()
	if c, err := net.Dial("tcp", address); err == nil {
		t.Errorf("somebody listens at %s", address)
		_ = c.Close()
	}
}

func mustReload(t *testing.T, p *enginetest.Proxy, cfg engine.Config) {
	t.Helper()
	waiting, err := p.Reload(cfg)
	if err != nil || len(waiting) > 0 {
		t.Fatalf("%v, waiting: %v", err, waiting)
	}
}

// TestUnderLoad: listeners, limits, deadlines and places change many times while
// sessions exchange and others come.
func TestUnderLoad(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		a, b := echo(t, 'a'), echo(t, 'b')
		p := enginetest.Start(t, config(impl, a))
		sessions, newcomers := join(t, p.Address(), 100), come(t, p.Address(), 4)
		for i := range 20 {
			cfg := config(impl, [...]string{a, b}[i%2])
			cfg.MaxSessions += i
			cfg.Timeouts.Connect += 1 << i
			cfg.Limits.Sessions, cfg.Limits.Rate = 10_000+i, 1_000_000+i
			if i%3 > 0 {
				cfg.Listeners = append(cfg.Listeners, listener("more"))
			}
			mustReload(t, p, cfg)
			newcomers.more(t, 5)
		}
		sessions.more(t, 200)
		sessions.leave()
		newcomers.leave()
		p.AwaitActive(0)
	})
}

// TestListeners: new ones open, those that are gone close, and sessions go on.
func TestListeners(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := echo(t, 'a')
		p := enginetest.Start(t, config(impl, backend))
		front := p.Address()
		old, err := connect(front)
		enginetest.Must(t, err)
		defer old.Close()

		cfg := config(impl, backend)
		cfg.Listeners = append(cfg.Listeners, listener("second"))
		mustReload(t, p, cfg)
		if p.Address() != front {
			t.Errorf("the listener that stays has moved from %s to %s", front, p.Address())
		}
		second := p.Addr("second").String()
		wantBackend(t, second, 'a')
		wantBackend(t, front, 'a')

		cfg = config(impl, backend)
		cfg.Listeners = []engine.Listener{listener("second")}
		mustReload(t, p, cfg)
		wantNobody(t, front)
		wantBackend(t, second, 'a')
		if err := old.exchange(); err != nil {
			t.Errorf("a session of the listener that is gone: %v", err)
		}
		stats := p.Stats()
		if len(stats.Listeners) != 1 || stats.Listeners[0].Name != "second" || stats.Listeners[0].Accepted != 2 || stats.Listeners[0].ToClients != 2 {
			t.Errorf("%+v", stats.Listeners)
		}
	})
}

// TestOverlappingAddresses: a listener goes on to a wider address and back, and by another
// name for the same one, and its sessions stay; but two can't have the same.
func TestOverlappingAddresses(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := echo(t, 'a')
		cfg := config(impl, backend)
		p := enginetest.Start(t, cfg)
		front := p.Address()
		_, port, err := net.SplitHostPort(front)
		enginetest.Must(t, err)
		sessions := join(t, front, 5)
		for _, address := range []string{"0.0.0.0:" + port, "127.0.0.1:" + port, ":" + port, "localhost:" + port, front} {
			next := config(impl, backend)
			next.Listeners[0].Address = address
			mustReload(t, p, next)
			wantBackend(t, front, 'a')
			sessions.more(t, 20)
		}
		twins := config(impl, backend)
		twins.Listeners[0].Address = front
		twins.Listeners = append(twins.Listeners, listener("twin"))
		twins.Listeners[1].Address = "localhost:" + port
		if _, err := p.Reload(twins); err == nil || !strings.Contains(err.Error(), "is there already") {
			t.Errorf("two at the same address: %v", err)
		}
		wantBackend(t, front, 'a')
		sessions.leave()
		p.AwaitActive(0)
	})
}

// TestAnotherProtocolAtTheAddress: a protocol in which the server speaks first takes
// the place of one in which clients do, whom the kernel is to wait for.
func TestAnotherProtocolAtTheAddress(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := echo(t, 'a')
		cfg := enginetest.Config(impl, engine.HTTPFront(), resolve.Fixed(backend))
		cfg.Listen.DeferAccept = enginetest.Patience // with which a silent client isn't accepted at all
		p := enginetest.Start(t, cfg)
		fixed := p.Address()
		next := config(impl, backend)
		next.Listeners[0].Address = cfg.Listeners[0].Address
		mustReload(t, p, next)
		if p.Address() != fixed {
			t.Fatalf("moved from %s to %s", fixed, p.Address())
		}
		wantBackend(t, fixed, 'a')
	})
}

// TestRefused: a configuration that doesn't work changes nothing.
func TestRefused(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	enginetest.Must(t, err)
	defer taken.Close()
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		a, b := echo(t, 'a'), echo(t, 'b')
		p := enginetest.Start(t, config(impl, a))
		for want, change := range map[string]func(*engine.Config){
			"positive": func(c *engine.Config) { c.Timeouts.Open = 0 },
			"in use": func(c *engine.Config) {
				c.Listeners = append(c.Listeners, listener("new"), engine.Listener{Name: "taken", Address: taken.Addr().String(), Front: tcp.Front("x")})
			},
			"no listener": func(c *engine.Config) { c.Listeners = nil },
		} {
			cfg := config(impl, b)
			change(&cfg)
			if _, err := p.Reload(cfg); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want an error about %q", err, want)
			}
			wantBackend(t, p.Address(), 'a')
			if addr := p.Addr("new"); addr.IsValid() {
				t.Errorf("a listener of what was refused: %v", addr)
			}
		}
	})
}

// TestFixed: what can't change is told and stays.
func TestFixed(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := echo(t, 'a')
		p := enginetest.Start(t, config(impl, backend))
		cfg := config(map[engine.Impl]engine.Impl{engine.Reactor: engine.Goroutine, engine.Goroutine: engine.Reactor}[impl], backend)
		cfg.EventLoops++
		cfg.ReadBuffer *= 2
		waiting, err := p.Reload(cfg)
		if got := strings.Join(waiting, ", "); err != nil || got != "event loops, implementation, read buffer" {
			t.Errorf("%q, %v", got, err)
		}
		wantBackend(t, p.Address(), 'a')
	})
}

// closing is a resolver that must not be asked once it is closed.
type closing struct {
	t      *testing.T
	to     string
	enter  chan struct{} // told of a question about "x"
	leave  chan struct{} // whose answer waits for it
	closed chan struct{}
}

func (r *closing) Resolve(_ context.Context, q resolve.Request) (resolve.Result, error) {
	if q.Resource == "x" {
		r.enter <- struct{}{}
		<-r.leave
	}
	select {
	case <-r.closed:
		r.t.Error("asked after it was closed")
	default:
	}
	return resolve.Result{Endpoint: r.to, TTL: -1}, nil
}

// TestResolver: Reload returns when the former one isn't asked any more, and whoever
// had asked it is served.
func TestResolver(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		first := &closing{t: t, to: echo(t, 'a'), enter: make(chan struct{}), leave: make(chan struct{}), closed: make(chan struct{})}
		cfg := config(impl, "192.0.2.1:1")
		cfg.Resolver = first
		cfg.Listeners = append(cfg.Listeners, engine.Listener{Name: "y", Address: "127.0.0.1:0", Front: tcp.Front("y")})
		p := enginetest.Start(t, cfg)
		served := enginetest.Async(func() error { return visit(p.Address()) })
		<-first.enter
		next := config(impl, echo(t, 'b'))
		next.Listeners = cfg.Listeners
		reloaded := enginetest.Async(func() error {
			_, err := p.Reload(next)
			close(first.closed)
			return err
		})
		enginetest.Eventually(t, "the new resolver answers", func() bool {
			c, err := connect(p.Addr("y").String())
			if err != nil {
				return false
			}
			defer c.Close()
			return c.backend == 'b'
		})
		select {
		case err := <-reloaded:
			t.Fatalf("returned while the former resolver was asked: %v", err)
		default:
		}
		close(first.leave)
		enginetest.Must(t, <-reloaded)
		enginetest.Must(t, <-served)
	})
}

// TestGuard: an address that isn't permitted any more isn't dialled any more, though
// it is cached.
func TestGuard(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		cfg := config(impl, echo(t, 'a'))
		p := enginetest.Start(t, cfg)
		wantBackend(t, p.Address(), 'a')
		cfg.Cache.Guard.Allow = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		mustReload(t, p, cfg)
		if c, err := connect(p.Address()); err == nil {
			t.Error("dialled")
			_ = c.Close()
		}
		p.AwaitClosed(engine.Forbidden, 1)
	})
}

// TestLimits: those of now hold for who comes now.
func TestLimits(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := echo(t, 'a')
		p := enginetest.Start(t, config(impl, backend))
		for _, limit := range []func(*engine.Config){
			func(c *engine.Config) { c.MaxSessions = 1 },
			func(c *engine.Config) { c.Resources.Sessions = 1 },
			func(c *engine.Config) { c.Limits.Sessions = 1 },
		} {
			limited := config(impl, backend)
			limit(&limited)
			mustReload(t, p, limited)
			one, err := connect(p.Address())
			enginetest.Must(t, err)
			if two, err := connect(p.Address()); err == nil {
				t.Error("a second session in spite of the limit")
				_ = two.Close()
			}
			mustReload(t, p, config(impl, backend))
			wantBackend(t, p.Address(), 'a')
			enginetest.CloseAll(t, one)
			p.AwaitActive(0)
		}
	})
}

// TestDraining: nothing is reloaded while the engine ends.
func TestDraining(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		cfg := config(impl, echo(t, 'a'))
		p := enginetest.Start(t, cfg)
		c, err := connect(p.Address())
		enginetest.Must(t, err)
		ended := enginetest.Async(func() error { return p.Shutdown(t.Context()) })
		enginetest.Eventually(t, "it drains", p.Draining)
		if _, err := p.Reload(cfg); !errors.Is(err, engine.ErrDraining) {
			t.Errorf("%v", err)
		}
		_ = c.Close()
		enginetest.Must(t, <-ended)
	})
}

// TestCertificates: the one of now is shown to who comes now, and sessions that began
// by another go on.
func TestCertificates(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		authority, backend := enginetest.NewAuthority(t), echo(t, 'a')
		cfg := config(impl, backend)
		cfg.Listeners[0].TLS = authority.Server("first.test")
		p := enginetest.Start(t, cfg)
		secured := func(name string) (*client, error) {
			conn, err := tls.Dial("tcp", p.Address(), &tls.Config{RootCAs: authority.Roots(), ServerName: name})
			if err != nil {
				return nil, err
			}
			c := &client{Conn: conn}
			_, err = io.ReadFull(c, make([]byte, 1))
			return c, err
		}
		old, err := secured("first.test")
		enginetest.Must(t, err)
		defer old.Close()

		next := config(impl, backend)
		next.Listeners[0].TLS = authority.Server("second.test")
		mustReload(t, p, next)
		if c, err := secured("first.test"); err == nil {
			t.Error("the former certificate is shown")
			_ = c.Close()
		}
		c, err := secured("second.test")
		enginetest.Must(t, err)
		enginetest.Must(t, errors.Join(old.exchange(), c.exchange(), c.Close()))
	})
}
