package tlstest

import (
	"bytes"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// tolerated is how many key updates crypto/tls takes in a row (maxUselessRecords).
const tolerated = 16

// Key updates between data are answered and change nothing about the data. A
// client may be told of as many in a row as it has sent.
func TestKeyUpdates(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startEchoing(t, impl)
		c, by := p.handmade()
		for range 100 {
			var sent []byte
			for range tolerated {
				sent = append(sent, append(by.keyUpdate(), by.data("x")...)...)
			}
			_, err := c.NetConn().Write(sent)
			enginetest.Must(t, err)
			got := make([]byte, tolerated)
			_, err = io.ReadFull(c, got)
			enginetest.Must(t, err)
			if string(got) != strings.Repeat("x", tolerated) {
				t.Fatalf("got %q", got)
			}
		}
	})
}

// Key updates and nothing else end the session.
func TestKeyUpdateStorm(t *testing.T) {
	const storm = 100
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startEchoing(t, impl)
		c, by := p.handmade()
		calm := by.data("calm ")
		for range tolerated {
			calm = append(calm, by.keyUpdate()...)
		}
		_, err := c.NetConn().Write(append(calm, by.data("again")...))
		enginetest.Must(t, err)
		got := make([]byte, len("calm again"))
		_, err = io.ReadFull(c, got)
		enginetest.Must(t, err)

		var updates []byte
		for range storm {
			updates = append(updates, by.keyUpdate()...)
		}
		_, err = c.NetConn().Write(updates)
		enginetest.Must(t, err)
		if _, err = c.Read(got); err == nil {
			t.Error("the session goes on")
		}
		p.AwaitClosed(engine.ClientReset, 1)
	})
}

// A client that has the proxy answer and doesn't read is not read any more; what
// has been answered till then is little.
func TestUnreadAnswers(t *testing.T) {
	const mayKeep = 1 << 20 // beside what the kernel does
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := start(t, impl, func(_ *proxy, cfg *engine.Config) { cfg.Listen.SendBuffer, cfg.Listen.ReceiveBuffer = 64<<10, 64<<10 })
		c, by := p.handmade()
		backend := p.backend.Accept()
		backend.Say("x") // the proxy's side is served
		_, err := io.ReadFull(c, make([]byte, 1))
		enginetest.Must(t, err)
		var heard atomic.Int64
		hearing := enginetest.Async(func() error { return count(backend, &heard) })
		s := sender{conn: c.NetConn().(*net.TCPConn)}
		enginetest.Must(t, s.conn.SetReadBuffer(64<<10))
		before := heap()
		for !s.stalled {
			var chunk bytes.Buffer
			for range 200 {
				chunk.Write(by.keyUpdate())
				chunk.Write(by.data("x"))
			}
			s.send(t, chunk.Bytes())
		}
		if grown := heap() - before; grown > mayKeep {
			t.Errorf("%d bytes are kept for %d key updates", grown, heard.Load())
		}
		enginetest.Must(t, s.conn.SetLinger(0))
		enginetest.Must(t, s.conn.Close())
		if err := <-hearing; err == nil {
			t.Error("the backend has seen an orderly end")
		}
	})
}

// count counts the bytes that come.
func count(c io.Reader, n *atomic.Int64) error {
	buf := make([]byte, 32<<10)
	for {
		got, err := c.Read(buf)
		n.Add(int64(got))
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// stillness is how long a write is blocked before it is taken for stalled. Too
// short a time makes a test less strict, not wrong.
const stillness = time.Second / 2

// sender writes until it is blocked.
type sender struct {
	conn    *net.TCPConn
	sent    int64
	stalled bool
}

func (s *sender) send(t *testing.T, b []byte) {
	t.Helper()
	enginetest.Must(t, s.conn.SetWriteDeadline(time.Now().Add(stillness)))
	n, err := s.conn.Write(b)
	s.sent += int64(n)
	if s.stalled = os.IsTimeout(err); !s.stalled {
		enginetest.Must(t, err)
	}
}

// heap is what is live after two collections, stacks included: the first one
// fills the victim caches of sync.Pools.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
