package tlstest

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

const (
	// backlog is how much a fast side has for a slow one, of which burst is read
	// at once and the rest never is.
	backlog = 256 << 20
	burst   = 8 << 20
	// mayLead is how far the fast side may get ahead: what the kernel's buffers
	// of two connections take (24 MiB where it was tried), and a good part more.
	mayLead = 96 << 20
	// mayHold is what the process may hold more than before: of what passes, next
	// to nothing.
	mayHold = 2 << 20
)

// What a slow reader doesn't read waits with the sender, not in the proxy.
func TestSlowReader(t *testing.T) {
	t.Run("client", func(t *testing.T) {
		eachLeg(t, func(t *testing.T, p *proxy, client, backend duplex) {
			slowly(t, client, backend)
			p.AwaitClosed(engine.ClientReset, 1)
		})
	})
	t.Run("backend", func(t *testing.T) {
		eachLeg(t, func(t *testing.T, p *proxy, client, backend duplex) {
			slowly(t, backend, client)
			p.AwaitClosed(engine.BackendReset, 1)
		})
	})
}

// slowly reads in bursts, and looks what the process holds whenever all stands
// still. It resets the slow side in the end.
func slowly(t *testing.T, slow, fast duplex) {
	t.Helper()
	f := flooding{to: fast}
	buf := make([]byte, 64<<10)
	before, read := heap(), int64(0)
	sending := enginetest.Async(f.send)
	for range 3 {
		f.awaitStill(t)
		if lead, held := f.sent.Load()-read, heap()-before; lead > mayLead || held > mayHold {
			t.Errorf("the sender is %d MiB ahead, and %d KiB more are held than before", lead>>20, held>>10)
		}
		n, err := io.CopyBuffer(onlyWriter{io.Discard}, io.LimitReader(slow, burst), buf)
		enginetest.Must(t, err)
		read += n
	}
	enginetest.Must(t, under(slow).SetLinger(0))
	enginetest.Must(t, under(slow).Close())
	if err := <-sending; err == nil {
		t.Error("all could be sent")
	}
}

// onlyWriter keeps io.CopyBuffer to its buffer.
type onlyWriter struct{ io.Writer }

// flooding is a sender that sends as fast as it can.
type flooding struct {
	to   io.Writer
	sent atomic.Int64
}

func (f *flooding) send() error {
	chunk := make([]byte, 64<<10)
	for f.sent.Load() < backlog {
		n, err := f.to.Write(chunk)
		f.sent.Add(int64(n))
		if err != nil {
			return err
		}
	}
	return nil
}

// awaitStill waits until nothing can be sent for a while. Too short a while makes
// a test less strict, not wrong.
func (f *flooding) awaitStill(t *testing.T) {
	t.Helper()
	const while = 20 // times in a row
	same, last := 0, int64(-1)
	enginetest.Eventually(t, "the sender is blocked", func() bool {
		if now := f.sent.Load(); now != last {
			same, last = 0, now
		}
		same++
		return same > while && last > 0
	})
}

// trickle sends each byte by itself.
type trickle struct{ net.Conn }

func (c trickle) Write(b []byte) (int, error) {
	for i := range b {
		if _, err := c.Conn.Write(b[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(b), nil
}

// Records that come byte by byte, those of the handshake too, are as good as
// others, from either side.
func TestByteByByte(t *testing.T) {
	texts := []string{"a", strings.Repeat("b", 3000), "c"}
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, v := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			p := start(t, impl, verified)
			client := tls.Client(trickle{p.Dial().TCPConn}, &tls.Config{RootCAs: p.ca.Roots(), ServerName: name, MaxVersion: v})
			shaken := enginetest.Async(client.Handshake)
			backend := tls.Server(trickle{p.backend.Accept().TCPConn}, &tls.Config{Certificates: []tls.Certificate{p.cert}, MaxVersion: v})
			enginetest.Must(t, backend.Handshake())
			enginetest.Must(t, <-shaken)
			for _, text := range texts {
				expectText(t, backend, client, text)
				expectText(t, client, backend, text)
			}
			talk(t, client, backend)
			p.AwaitClosed(engine.ClientClosed, 1)
		}
	})
}

// expectText says a text on one side and hears it on the other.
func expectText(t *testing.T, from io.Writer, to io.Reader, text string) {
	t.Helper()
	saying := enginetest.Async(func() error { _, err := io.WriteString(from, text); return err })
	enginetest.Must(t, hearText(to, text))
	enginetest.Must(t, <-saying)
}

// hearText reads exactly this text.
func hearText(from io.Reader, want string) error {
	got := make([]byte, len(want))
	if n, err := io.ReadFull(from, got); err != nil || string(got) != want {
		return fmt.Errorf("got %d bytes, of %d, or other ones; %w", n, len(want), err)
	}
	return nil
}
