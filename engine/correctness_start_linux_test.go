package engine_test

import (
	"errors"
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
)

// A proxy that can't listen everywhere it should doesn't start, and leaves
// nothing behind.
func TestStartOnATakenAddress(t *testing.T) {
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		taken := serve(t, echo)
		cfg := defaultConfig(impl, tcp.Front("x"), taken.route())
		cfg.Listeners = append(cfg.Listeners, engine.Listener{Name: "taken", Address: taken.addr.String(), Front: tcp.Front("y")})
		e, err := engine.New(cfg)
		must(t, err)
		if err := e.Start(); !errors.Is(err, unix.EADDRINUSE) {
			t.Errorf("Start: %v, want EADDRINUSE", err)
		}
	})
}

// Two proxies don't share an address by accident, though loops do.
func TestStartTwice(t *testing.T) {
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		b := serve(t, echo)
		p := start(t, impl, tcp.Front("x"), b.route())
		cfg := defaultConfig(impl, tcp.Front("x"), b.route())
		cfg.Listeners[0].Address = p.address().String()
		e, err := engine.New(cfg)
		must(t, err)
		if err := e.Start(); !errors.Is(err, unix.EADDRINUSE) {
			t.Errorf("Start: %v, want EADDRINUSE", err)
		}
		p.stop(closings{})
	})
}

// Every kind of listener serves, all of them at once.
func TestListeners(t *testing.T) {
	for name, reusePort := range map[string]bool{"a socket per loop": true, "one socket": false} {
		t.Run(name, func(t *testing.T) {
			eachVariant(t, func(t *testing.T, impl engine.Impl) {
				b := serve(t, echo)
				p := start(t, impl, tcp.Front("x"), b.route(), func(cfg *engine.Config) {
					cfg.Listen.ReusePort = reusePort
					cfg.Listeners = append(cfg.Listeners,
						engine.Listener{Name: "v6", Address: "[::1]:0", Front: tcp.Front("x")},
						engine.Listener{Name: "any", Address: ":0", Front: script{}.front()},
					)
				})
				const rounds = 20
				for range rounds {
					for _, l := range []struct{ name, address, says string }{
						{listener, p.Addr(listener).String(), ""},
						{"v6", p.Addr("v6").String(), ""},
						{"any", hostPort("127.0.0.1", p, "any"), "some\n"},
						{"any", hostPort("::1", p, "any"), "some\n"},
					} {
						c, err := net.Dial("tcp", l.address)
						must(t, err)
						patient(c.(*net.TCPConn))
						must(t, say(c, l.says))
						must(t, ask(c, "hello"))
						c.Close()
					}
				}
				p.stop(closings{engine.ClientClosed: 4 * rounds})
			})
		})
	}
}

func hostPort(host string, p *proxy, listener string) string {
	_, port, _ := net.SplitHostPort(p.Addr(listener).String())
	return net.JoinHostPort(host, port)
}

// An engine that is made and never started holds nothing that isn't garbage.
func TestNeverStarted(t *testing.T) {
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		_, err := engine.New(defaultConfig(impl, tcp.Front("x"), names{}))
		must(t, err)
	})
}
