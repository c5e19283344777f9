package engine_test

import (
	"errors"
	"net"
	"sync"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
)

// waiting is how much a fast side has for a slow one.
const waiting = 256 << 20

// mayGrow is what the proxy's own memory may grow by meanwhile.
const mayGrow = 1 << 20

// Slow readers don't cost memory: what they don't read waits with the sender.
func TestMemoryBehindASlowReader(t *testing.T) {
	t.Run("client", func(t *testing.T) { testSlowReader(t, false, engine.BackendClosed) })
	t.Run("backend", func(t *testing.T) { testSlowReader(t, true, engine.ClientClosed) })
}

func testSlowReader(t *testing.T, backendIsSlow bool, want engine.Reason) {
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		accepted := make(chan *net.TCPConn)
		over, end := gate()
		b := serve(t, func(c *net.TCPConn) error {
			accepted <- c
			<-over
			return nil
		})
		defer end()
		p := startChild(t, settings{Impl: impl, Backend: b.addr.String()})
		fill := func(n int64, look func()) {
			slow, fast := p.dial(), <-accepted
			if backendIsSlow {
				slow, fast = fast, slow
			}
			must(t, fillAndDrain(t, slow, fast, n, look))
		}
		// A session like it goes first: buffers and code are there then. It has more
		// than the kernel may take in (net.ipv4.tcp_rmem has been seen at 32 MiB).
		fill(waiting/4, func() {})
		before := p.memory()
		most := before
		fill(waiting, func() { most = max(most, p.memory()) })
		if grown := most - before; grown > mayGrow {
			t.Errorf("the proxy's memory has grown by %d KiB from %d KiB", grown>>10, before>>10)
		}
		p.stop(closings{want: 2})
	})
}

// fillAndDrain has fast send until everything on the way is full, looks all
// that time, and then has slow read.
func fillAndDrain(t *testing.T, slow, fast *net.TCPConn, n int64, look func()) error {
	stream := newPattern(31)
	sent := async(func() error { return stream.sendAndEnd(fast, n) })
	stalledWatching(t, fast, look)
	return errors.Join(stream.checkAndEnd(slow, n), <-sent, slow.CloseWrite())
}

// Sessions that have ended leave no memory behind, nor descriptors.
func TestMemoryOfEndedSessions(t *testing.T) {
	const sessions, clients = 10_000, 20
	// A session kept by mistake is more than this.
	const mayKeep = 100 * sessions
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		b := serve(t, echo)
		p := startChild(t, settings{Impl: impl, Backend: b.addr.String()})
		run := func(n int) {
			var running sync.WaitGroup
			for range clients {
				running.Go(func() {
					for range n / clients {
						if err := p.visit(); err != nil {
							t.Error(err)
						}
					}
				})
			}
			running.Wait()
			p.awaitActive(0)
		}
		run(sessions / 10)
		heap, open := p.heap(), p.open()
		run(sessions)
		if grown := p.heap() - heap; grown > mayKeep {
			t.Errorf("%d sessions have left %d bytes behind", sessions, grown)
		}
		p.awaitClosed(open, 0)
		p.stop(closings{engine.ClientClosed: sessions + sessions/10})
	})
}

// visit is a session of one exchange.
func (p *child) visit() error {
	c, err := net.DialTCP("tcp", nil, &p.addr)
	if err != nil {
		return err
	}
	defer patient(c).Close()
	return ask(c, "hello")
}
