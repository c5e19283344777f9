package engine_test

import (
	"errors"
	"net"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
)

// A client that goes away before it has named anything.
func TestClientEndsWhileDetecting(t *testing.T) {
	for name, leave := range map[string]func(c *net.TCPConn) error{
		"closes":      (*net.TCPConn).Close,
		"half-closes": func(c *net.TCPConn) error { return errors.Join(c.CloseWrite(), hearEnd(c), c.Close()) },
		"resets":      func(c *net.TCPConn) error { reset(c); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			eachVariant(t, func(t *testing.T, impl engine.Impl) {
				p := start(t, impl, script{greeting: "welcome\n"}.front(), names{})
				for _, said := range []string{"", "half a na"} {
					c := p.dial()
					must(t, hear(c, "welcome\n"))
					must(t, say(c, said))
					must(t, leave(c))
				}
				p.stop(closings{engine.ClientGone: 2})
			})
		})
	}
}

// A client that breaks while its resource is looked up isn't kept until the
// answer comes.
func TestClientResetsWhileResolving(t *testing.T) {
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		asked, never := make(chan struct{}, 1), make(chan struct{})
		p := start(t, impl, script{}.front(), names{"slow": hangs(asked, never, nil)})
		c := p.dial()
		must(t, say(c, "slow\n"))
		<-asked
		reset(c)
		p.awaitActive(0)
		p.stop(closings{engine.ClientGone: 1})
	})
}

// The phase in which the codec listens to both sides ends in every way it can.
func TestPeersEndWhileOpening(t *testing.T) {
	gone := refusal(codecs.Unavailable, "", "some")
	nothing := func(*net.TCPConn) error { return nil }
	for name, tt := range map[string]struct {
		backend, client func(c *net.TCPConn) error
		want            engine.Reason
	}{
		"the backend closes without a word": {
			backend: nothing,
			client:  func(c *net.TCPConn) error { return errors.Join(hear(c, gone), hearEnd(c)) },
			want:    engine.BackendGone,
		},
		"the backend resets without a word": {
			backend: func(c *net.TCPConn) error { return c.SetLinger(0) },
			client:  func(c *net.TCPConn) error { return errors.Join(hear(c, gone), hearEnd(c)) },
			want:    engine.BackendGone,
		},
		"the backend closes in its first line": {
			backend: func(c *net.TCPConn) error { return say(c, "half a li") },
			client:  func(c *net.TCPConn) error { return errors.Join(hear(c, "half a li"), hearEnd(c)) },
			want:    engine.BackendClosed,
		},
		"the backend resets in its first line": {
			backend: func(c *net.TCPConn) error {
				return errors.Join(say(c, "half a li"), delivered(c), c.SetLinger(0))
			},
			client: func(c *net.TCPConn) error { return errors.Join(hear(c, "half a li"), hearReset(c)) },
			want:   engine.BackendReset,
		},
		"the client half-closes and is answered": {
			backend: func(c *net.TCPConn) error { return errors.Join(hearEnd(c), say(c, "bye\n")) },
			client:  func(c *net.TCPConn) error { return errors.Join(c.CloseWrite(), hear(c, "bye\n"), hearEnd(c)) },
			want:    engine.ClientClosed,
		},
		"the client resets": {
			backend: func(c *net.TCPConn) error { return hearReset(c) },
			client:  func(c *net.TCPConn) error { return c.SetLinger(0) },
			want:    engine.ClientReset,
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachVariant(t, func(t *testing.T, impl engine.Impl) {
				opened := make(chan struct{})
				b := serve(t, func(c *net.TCPConn) error {
					err := hear(c, "login")
					close(opened)
					return errors.Join(err, tt.backend(c))
				})
				p := start(t, impl, script{banner: true}.front(), names{"some": at(b.addr)})
				c := p.dial()
				must(t, say(c, "some\nlogin"))
				<-opened
				must(t, tt.client(c))
				c.Close()
				p.stop(closings{tt.want: 1})
			})
		})
	}
}

// delivered waits until the proxy's kernel has everything that was said.
func delivered(c *net.TCPConn) error {
	if !holds(func() bool { return unsent(c) == 0 }) {
		return errors.New("the proxy doesn't take what was said")
	}
	return nil
}

// resetCases are a client and a backend that break a session, and what of it
// reaches the other side.
var resetCases = []struct {
	name   string
	before func(up *pattern, c *net.TCPConn) error // what the breaking side does first
	other  func(up *pattern, c *net.TCPConn) error // what the other side sees
}{
	{
		name:   "idle",
		before: func(_ *pattern, c *net.TCPConn) error { return nil },
		other:  func(_ *pattern, c *net.TCPConn) error { return hearReset(c) },
	},
	{
		name:   "after the other side's end",
		before: func(_ *pattern, c *net.TCPConn) error { return hearEnd(c) },
		other:  func(_ *pattern, c *net.TCPConn) error { return errors.Join(c.CloseWrite(), hearReset(c)) },
	},
	{
		name:   "with little behind it",
		before: func(up *pattern, c *net.TCPConn) error { return errors.Join(up.send(c, 1000), delivered(c)) },
		other:  func(up *pattern, c *net.TCPConn) error { return errors.Join(up.check(c, 1000), hearReset(c)) },
	},
	{
		name:   "with much behind it",
		before: func(up *pattern, c *net.TCPConn) error { return errors.Join(up.send(c, 1<<20), delivered(c)) },
		other:  func(up *pattern, c *net.TCPConn) error { return errors.Join(up.check(c, 1<<20), hearReset(c)) },
	},
	{
		name: "in the middle of the other side's transfer",
		before: func(up *pattern, c *net.TCPConn) error {
			return errors.Join(say(c, "go"), up.check(c, 4<<20))
		},
		other: func(up *pattern, c *net.TCPConn) error {
			err := hear(c, "go")
			if sent := up.send(c, 1<<62); !isReset(sent) {
				return errors.Join(err, sent)
			}
			return err
		},
	},
}

// A reset of one side of an established session reaches the other as a reset,
// after everything that was received before it.
func TestResets(t *testing.T) {
	for _, tt := range resetCases {
		t.Run(tt.name, func(t *testing.T) {
			up := newPattern(21)
			breaks := func(c *net.TCPConn) error {
				return errors.Join(meet(c), tt.before(up, c), c.SetLinger(0))
			}
			other := func(c *net.TCPConn) error { return errors.Join(meet(c), tt.other(up, c)) }
			t.Run("client's", func(t *testing.T) { testReset(t, breaks, other, engine.ClientReset) })
			t.Run("backend's", func(t *testing.T) { testReset(t, other, breaks, engine.BackendReset) })
		})
	}
}

// meet is what both sides do to know that the session is established.
func meet(c *net.TCPConn) error { return errors.Join(say(c, "hello"), hear(c, "hello")) }

func testReset(t *testing.T, client, backend func(c *net.TCPConn) error, want engine.Reason) {
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		handled := make(chan struct{})
		b := serve(t, func(c *net.TCPConn) error {
			defer close(handled)
			return backend(c)
		})
		p := start(t, impl, tcp.Front("x"), b.route())
		c := p.dial()
		err := client(c)
		c.Close()
		must(t, err)
		<-handled
		p.stop(closings{want: 1})
	})
}

// A side that closes with bytes it hasn't read breaks the session, as the
// kernel has it.
func TestClosingOnUnreadBytesIsAReset(t *testing.T) {
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		left := make(chan error, 1)
		b := serve(t, func(c *net.TCPConn) error {
			err := say(c, "not read by anybody")
			left <- hearReset(c)
			return err
		})
		p := start(t, impl, tcp.Front("x"), b.route())
		c := p.dial()
		eventually(t, "bytes at the client", func() bool { return unread(c) > 0 })
		c.Close()
		must(t, <-left)
		p.stop(closings{engine.ClientReset: 1})
	})
}

// What was received before a reset waits for a slow reader, but not forever.
// Bytes that are lost then mustn't look like an orderly end.
func TestResetWithBytesNobodyTakes(t *testing.T) {
	// Package net tells a goroutine that is writing to one side nothing of
	// the other: only the reactor has events.
	t.Run("noticed by its event", func(t *testing.T) {
		testUntakenBytes(t, engine.Reactor, func(*net.TCPConn) error { return nil })
	})
	t.Run("noticed by a write", func(t *testing.T) {
		eachVariant(t, func(t *testing.T, impl engine.Impl) {
			testUntakenBytes(t, impl, func(c *net.TCPConn) error { return say(c, "are you there?") })
		})
	})
}

// testUntakenBytes has a client break off behind a backend that doesn't read
// before the session is over. then is what the backend does after the reset.
func testUntakenBytes(t *testing.T, impl engine.Impl, then func(c *net.TCPConn) error) {
	up := newPattern(22)
	broken, letGo := gate()
	over, letRead := gate()
	defer letRead()
	defer letGo()
	heard := make(chan error, 1)
	b := serve(t, func(c *net.TCPConn) error {
		<-broken
		err := then(c)
		<-over
		heard <- up.check(c, 1<<62)
		return err
	})
	p := start(t, impl, tcp.Front("x"), b.route(), func(cfg *engine.Config) { cfg.Timeouts.Flush = shortly })
	c := p.dial()
	sent := async(func() error { return up.send(c, 1<<62) })
	stalled(t, c)
	reset(c)
	<-sent
	letGo()
	p.awaitActive(0)
	letRead()
	if err := <-heard; !isReset(err) {
		t.Errorf("the backend's stream was cut off by %v, want a reset", err)
	}
	p.stop(closings{engine.ClientReset: 1})
}

// Both sides break at once.
func TestBothSidesReset(t *testing.T) {
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		breaks, letBreak := gate()
		defer letBreak()
		b := serve(t, func(c *net.TCPConn) error {
			err := ask(c, "hello")
			<-breaks
			return errors.Join(err, c.SetLinger(0))
		})
		p := start(t, impl, tcp.Front("x"), b.route())
		const sessions = 50
		var clients []*net.TCPConn
		for range sessions {
			c := p.dial()
			must(t, hear(c, "hello"))
			must(t, say(c, "hello"))
			clients = append(clients, c)
		}
		letBreak()
		for _, c := range clients {
			reset(c)
		}
		p.awaitActive(0)
		s := p.Stats()
		byClient, byBackend := s.Closed[engine.ClientReset], s.Closed[engine.BackendReset]
		p.stop(closings{engine.ClientReset: byClient, engine.BackendReset: byBackend})
		if byClient+byBackend != sessions {
			t.Errorf("%d and %d sessions closed by resets, want %d together", byClient, byBackend, sessions)
		}
	})
}
