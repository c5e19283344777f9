package engine_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
)

// bulk is what goes each way in TestGiBEachWayAtOnce: far more than all
// buffers on the way can hold. It takes a few seconds.
const bulk = 1 << 30

func TestGiBEachWayAtOnce(t *testing.T) {
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		up, down := newPattern(1), newPattern(2)
		b := serve(t, func(c *net.TCPConn) error {
			sent := async(func() error { return down.send(c, bulk) })
			return errors.Join(up.checkAndEnd(c, bulk), <-sent)
		})
		p := start(t, impl, tcp.Front("x"), b.route())
		c := p.dial()
		sent := async(func() error { return up.sendAndEnd(c, bulk) })
		must(t, errors.Join(down.checkAndEnd(c, bulk), <-sent))
		s := p.stop(closings{engine.ClientClosed: 1})
		if s.FromClients != bulk || s.ToClients != bulk {
			t.Errorf("counted %d and %d bytes", s.FromClients, s.ToClients)
		}
	})
}

// shortSession is the plan of a session, which the client sends ahead of its
// bytes so that the backend knows it.
type shortSession struct {
	Up, Down uint32
	// ClientEnds says who closes first.
	ClientEnds bool
}

// shortSize is mostly small, sometimes larger than the proxy's buffers.
func shortSize(rng *rand.Rand) uint32 { return rng.Uint32N(1 << rng.IntN(20)) }

func TestShortSessions(t *testing.T) {
	const sessions, clients = 2000, 32
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		up, down := newPattern(3), newPattern(4)
		b := serve(t, func(c *net.TCPConn) error {
			var s shortSession
			if err := binary.Read(c, binary.BigEndian, &s); err != nil {
				return err
			}
			err := errors.Join(up.check(c, int64(s.Up)), down.send(c, int64(s.Down)))
			if s.ClientEnds {
				err = errors.Join(err, hearEnd(c))
			}
			return err
		})
		p := start(t, impl, tcp.Front("x"), b.route())
		plans := make(chan shortSession)
		var running sync.WaitGroup
		for range clients {
			running.Go(func() {
				for plan := range plans {
					if err := plan.run(p, up, down); err != nil {
						t.Errorf("%+v: %v", plan, err)
					}
				}
			})
		}
		rng := rand.New(rand.NewPCG(7, 8))
		var want engine.Stats
		endings := closings{}
		for range sessions {
			plan := shortSession{shortSize(rng), shortSize(rng), rng.IntN(2) == 0}
			plans <- plan
			endings[plan.reason()]++
			want.FromClients += uint64(binary.Size(plan)) + uint64(plan.Up)
			want.ToClients += uint64(plan.Down)
		}
		close(plans)
		running.Wait()
		s := p.stop(endings)
		if s.FromClients != want.FromClients || s.ToClients != want.ToClients {
			t.Errorf("counted %d and %d bytes, want %d and %d", s.FromClients, s.ToClients, want.FromClients, want.ToClients)
		}
	})
}

func (s shortSession) reason() engine.Reason {
	if s.ClientEnds {
		return engine.ClientClosed
	}
	return engine.BackendClosed
}

func (s shortSession) run(p *proxy, up, down *pattern) error {
	c, err := net.DialTCP("tcp", nil, p.address())
	if err != nil {
		return err
	}
	defer patient(c).Close()
	if err := binary.Write(c, binary.BigEndian, s); err != nil {
		return err
	}
	if err := errors.Join(up.send(c, int64(s.Up)), down.check(c, int64(s.Down))); err != nil || s.ClientEnds {
		return err
	}
	return hearEnd(c)
}

// The backend has closed long before the client has read everything.
func TestBackendClosesOnASlowReader(t *testing.T) {
	const size = 64 << 20
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		down := newPattern(5)
		b := serve(t, func(c *net.TCPConn) error { return down.send(c, size) })
		p := start(t, impl, tcp.Front("x"), b.route())
		c := dialSmall(t, p)
		rng := rand.New(rand.NewPCG(9, 10))
		must(t, down.checkBy(0, c, size, func() int { return 1 + rng.IntN(8<<10) }))
		must(t, hearEnd(c))
		c.Close()
		p.stop(closings{engine.BackendClosed: 1})
	})
}

// smallWindow is a receive buffer that holds next to nothing, and yet keeps
// the kernel from waiting for its delayed acknowledgements all the time.
const smallWindow = 32 << 10

// dialSmall connects a client with a tiny receive buffer.
func dialSmall(t *testing.T, p *proxy) *net.TCPConn {
	t.Helper()
	d := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		cerr := raw.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, smallWindow)
		})
		return errors.Join(cerr, err)
	}}
	c, err := d.DialContext(context.Background(), "tcp", p.address().String())
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return patient(c.(*net.TCPConn))
}

// A client that has said everything can take its time to listen.
func TestClientHalfClosesAndThenReads(t *testing.T) {
	const size = 3 << 20
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		down := newPattern(6)
		b := serve(t, func(c *net.TCPConn) error {
			// Not before the client's end: it is passed on by itself.
			return errors.Join(hear(c, "all of it, please"), hearEnd(c), down.send(c, size))
		})
		p := start(t, impl, tcp.Front("x"), b.route())
		c := p.dial()
		must(t, say(c, "all of it, please"))
		must(t, c.CloseWrite())
		must(t, down.checkAndEnd(c, size))
		p.stop(closings{engine.ClientClosed: 1})
	})
}

// A backend that has said everything still takes what the client has to say.
func TestBackendHalfClosesAndThenIsWrittenTo(t *testing.T) {
	const size = 3 << 20
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		up := newPattern(7)
		b := serve(t, func(c *net.TCPConn) error {
			return errors.Join(say(c, "I'm listening"), c.CloseWrite(), up.checkAndEnd(c, size))
		})
		p := start(t, impl, tcp.Front("x"), b.route())
		c := p.dial()
		must(t, hear(c, "I'm listening"))
		must(t, hearEnd(c))
		must(t, up.sendAndEnd(c, size))
		p.stop(closings{engine.BackendClosed: 1})
	})
}

// Half-closes with nothing said before or after them.
func TestEmptySessions(t *testing.T) {
	for name, tt := range map[string]struct {
		handle func(c *net.TCPConn) error
		client func(c *net.TCPConn) error
		want   engine.Reason
	}{
		"the client ends": {
			handle: func(c *net.TCPConn) error { return hearEnd(c) },
			client: func(c *net.TCPConn) error { return errors.Join(c.CloseWrite(), hearEnd(c)) },
			want:   engine.ClientClosed,
		},
		"the backend ends": {
			handle: func(c *net.TCPConn) error { return errors.Join(c.CloseWrite(), hearEnd(c)) },
			client: func(c *net.TCPConn) error { return hearEnd(c) },
			want:   engine.BackendClosed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachVariant(t, func(t *testing.T, impl engine.Impl) {
				p := start(t, impl, tcp.Front("x"), serve(t, tt.handle).route())
				c := p.dial()
				must(t, tt.client(c))
				c.Close()
				p.stop(closings{tt.want: 1})
			})
		})
	}
}
