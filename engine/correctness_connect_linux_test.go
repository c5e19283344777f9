package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// Without words for it, a client whose backend refuses is just closed.
func TestConnectRefusedWithoutWords(t *testing.T) {
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := start(t, impl, tcp.Front("x"), resolve.Fixed(unreachable(t).String()))
		c := p.dial()
		must(t, hearEnd(c))
		s := p.stop(closings{engine.ConnectRefused: 1})
		checkAttempts(t, s, map[upstream.Outcome]uint64{upstream.Refused: 1})
	})
}

// checkAttempts checks the connection attempts at the only endpoint.
func checkAttempts(t *testing.T, s engine.Stats, want map[upstream.Outcome]uint64) {
	t.Helper()
	if len(s.Endpoints) != 1 {
		t.Fatalf("%d endpoints, want 1", len(s.Endpoints))
	}
	for outcome, n := range s.Endpoints[0].Attempts {
		if n != want[outcome] {
			t.Errorf("%d attempts were %v, want %d", n, outcome, want[outcome])
		}
	}
}

// addresses has a proxy find these addresses for every name.
func addresses(ips ...string) func(*engine.Config) {
	return func(cfg *engine.Config) {
		cfg.Cache.Lookup = func(context.Context, string) (found []netip.Addr, ttl time.Duration, err error) {
			for _, ip := range ips {
				found = append(found, netip.MustParseAddr(ip))
			}
			return found, 0, nil
		}
	}
}

// Every address of a backend is tried before its client is refused.
func TestNextAddressIsTried(t *testing.T) {
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		b := serve(t, echo) // at 127.0.0.1 only
		r := resolve.Fixed(fmt.Sprintf("some.name:%d", b.addr.Port))
		p := start(t, impl, tcp.Front("x"), r, addresses("127.0.0.2", "127.0.0.3", "127.0.0.1"))
		c := p.dial()
		must(t, ask(c, "hello"))
		c.Close()
		s := p.stop(closings{engine.ClientClosed: 1})
		checkAttempts(t, s, map[upstream.Outcome]uint64{upstream.Refused: 2, upstream.Connected: 1})
	})
}

func TestEveryAddressRefuses(t *testing.T) {
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		r := resolve.Fixed(fmt.Sprintf("some.name:%d", unreachable(t).Port))
		p := start(t, impl, script{}.front(), r, addresses("127.0.0.2", "127.0.0.3", "127.0.0.1"))
		c := p.dial()
		must(t, say(c, "some\n"))
		must(t, hear(c, refusal(codecs.Unavailable, "", "some")))
		must(t, hearEnd(c))
		c.Close()
		s := p.stop(closings{engine.ConnectRefused: 1})
		checkAttempts(t, s, map[upstream.Outcome]uint64{upstream.Refused: 3})
	})
}

// A backend whose kernel takes the connection and then resets it, before or
// after the proxy has seen it stand: the client is told, or reset.
func TestResetDuringConnect(t *testing.T) {
	const sessions = 200
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		b := serve(t, func(c *net.TCPConn) error { return c.SetLinger(0) })
		p := start(t, impl, tcp.Front("x"), b.route())
		for range sessions {
			c, err := net.DialTCP("tcp", nil, p.address())
			if isReset(err) {
				continue // it came before Dial had returned
			}
			must(t, err)
			n, err := patient(c).Read(make([]byte, 1))
			c.Close()
			if n > 0 || err != io.EOF && !isReset(err) {
				t.Fatalf("the client heard %d bytes and %v", n, err)
			}
		}
		p.awaitActive(0)
		refused, broken := p.Stats().Closed[engine.ConnectRefused], p.Stats().Closed[engine.BackendReset]
		p.stop(closings{engine.ConnectRefused: refused, engine.BackendReset: broken})
		if refused+broken != sessions {
			t.Errorf("%d sessions refused and %d reset, want %d together", refused, broken, sessions)
		}
	})
}

// inNamespace is set in the process that runs a test in a network of its own.
const inNamespace = "PROXY_ENGINE_TEST_IN_NAMESPACE"

// inOwnNetwork runs a test's body in a process of its own that has a network
// of its own, with nothing in it but a loopback interface and a black hole.
func inOwnNetwork(t *testing.T, body func(t *testing.T)) {
	t.Helper()
	if os.Getenv(inNamespace) != "" {
		digBlackHole(t)
		body(t)
		return
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout="+(2*patience).String())
	cmd.Env = append(os.Environ(), inNamespace+"=1")
	// Whoever isn't root may do this in a user namespace only.
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWNET | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("in a network of its own: %v\n%s", err, out)
	}
}

// blackHole is an address behind which every packet vanishes.
const blackHole = "192.0.2.2"

// digBlackHole makes it: packets for it go to the other end of a cable, under a
// hardware address that isn't there.
func digBlackHole(t *testing.T) {
	t.Helper()
	for _, args := range [][]string{
		{"link", "set", "lo", "up"},
		{"link", "add", "hole0", "type", "veth", "peer", "name", "hole1"},
		{"address", "add", "192.0.2.1/24", "dev", "hole0"},
		{"link", "set", "hole0", "up"},
		{"link", "set", "hole1", "up"},
		{"neighbour", "add", blackHole, "lladdr", "02:00:00:00:00:02", "dev", "hole0"},
	} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v\n%s", args, err, out)
		}
	}
}

// A backend that never answers costs a client its configured time and no more.
func TestConnectTimeout(t *testing.T) {
	inOwnNetwork(t, func(t *testing.T) {
		eachVariant(t, func(t *testing.T, impl engine.Impl) {
			p := start(t, impl, script{}.front(), resolve.Fixed(blackHole+":1"), func(cfg *engine.Config) { cfg.Timeouts.Connect = shortly })
			c := p.dial()
			must(t, say(c, "some\n"))
			must(t, hear(c, refusal(codecs.Timeout, "", "some")))
			must(t, hearEnd(c))
			c.Close()
			s := p.stop(closings{engine.ConnectTimeout: 1})
			checkAttempts(t, s, map[upstream.Outcome]uint64{upstream.TimedOut: 1})
		})
	})
}

// A route may have a timeout of its own.
func TestConnectTimeoutOfTheRoute(t *testing.T) {
	inOwnNetwork(t, func(t *testing.T) {
		eachVariant(t, func(t *testing.T, impl engine.Impl) {
			r := names{"some": func(context.Context) (resolve.Result, error) {
				return resolve.Result{Endpoint: blackHole + ":1", Timeout: shortly}, nil
			}}
			p := start(t, impl, tcp.Front("some"), r)
			c := p.dial()
			must(t, hearEnd(c))
			p.stop(closings{engine.ConnectTimeout: 1})
		})
	})
}

// A black hole takes only its share of the time: the next address is tried.
func TestNextAddressAfterABlackHole(t *testing.T) {
	inOwnNetwork(t, func(t *testing.T) {
		eachVariant(t, func(t *testing.T, impl engine.Impl) {
			b := serve(t, echo)
			r := resolve.Fixed(fmt.Sprintf("some.name:%d", b.addr.Port))
			p := start(t, impl, tcp.Front("x"), r, addresses(blackHole, "127.0.0.1"), func(cfg *engine.Config) { cfg.Timeouts.Connect = time.Second })
			c := p.dial()
			must(t, ask(c, "hello"))
			c.Close()
			s := p.stop(closings{engine.ClientClosed: 1})
			checkAttempts(t, s, map[upstream.Outcome]uint64{upstream.TimedOut: 1, upstream.Connected: 1})
		})
	})
}

// A client that breaks while its backend is dialled isn't kept until the
// timeout, and neither is a whole proxy that shuts down.
func TestEndsWhileConnecting(t *testing.T) {
	inOwnNetwork(t, func(t *testing.T) {
		eachVariant(t, func(t *testing.T, impl engine.Impl) {
			b := names{"some": at(&net.TCPAddr{IP: net.ParseIP(blackHole), Port: 1})}
			p := start(t, impl, script{}.front(), b)
			c, other := p.dial(), p.dial()
			must(t, errors.Join(say(c, "some\n"), say(other, "some\n")))
			eventually(t, "two clients wait for the backend", func() bool {
				s := p.Stats()
				return len(s.Endpoints) == 1 && s.Endpoints[0].Sessions == 2
			})
			reset(c)
			p.awaitActive(1)
			p.drain(closings{engine.ClientGone: 1, engine.Drained: 1})
		})
	})
}
