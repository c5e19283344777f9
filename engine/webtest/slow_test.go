package webtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

const (
	// burst is how much the slow client reads before it waits again.
	burst = 128 << 20
	// mayLead is how far a backend may get ahead of its client: what the
	// kernel's buffers of two connections take (32 MiB where it was tried), and a
	// good part more: how large they may grow is the kernel's choice.
	mayLead = 96 << 20
	// mayHold is what the process may hold more than before: of what passes,
	// next to nothing.
	mayHold = 4 << 20
	// stillness is how long a blocked write lasts before the client reads on.
	// Too short a time makes the test less strict, not wrong.
	stillness = 50 * time.Millisecond
)

// flood is a backend that sends as fast as it can.
type flood struct {
	sent, read atomic.Int64
	stalled    chan struct{} // told when it can't send for a while
	lead       int64         // the most that was sent and not read
}

// serve answers one request with n bytes.
func (f *flood) serve(c net.Conn, n int64) error {
	defer close(f.stalled)
	if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", n); err != nil {
		return err
	}
	stream, chunk := io.LimitReader(newPattern(), n), make([]byte, 64<<10)
	for {
		filled, err := stream.Read(chunk)
		if err != nil {
			return nil
		}
		if err := f.send(c, chunk[:filled]); err != nil {
			return err
		}
	}
}

// send sends a chunk, however long that takes.
func (f *flood) send(c net.Conn, chunk []byte) error {
	for len(chunk) > 0 {
		if err := c.SetWriteDeadline(time.Now().Add(stillness)); err != nil {
			return err
		}
		n, err := c.Write(chunk)
		f.lead = max(f.lead, f.sent.Add(int64(n))-f.read.Load())
		chunk = chunk[n:]
		if errors.Is(err, os.ErrDeadlineExceeded) {
			f.tell()
		} else if err != nil {
			return err
		}
	}
	return nil
}

// tell says that nothing can be sent, unless that was said and not heard.
func (f *flood) tell() {
	select {
	case f.stalled <- struct{}{}:
	default:
	}
}

// TestSlowClient has a client read a large response in bursts, and only when
// the backend can't send any more: what isn't read waits with the backend.
func TestSlowClient(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		enginetest.Must(t, err)
		defer enginetest.CloseAll(t, l)
		f := &flood{stalled: make(chan struct{}, 1)}
		served := make(chan error, 1)
		go func() { served <- acceptOne(l, func(c net.Conn) error { return f.serve(c, *download) }) }()
		p := startProxy(t, impl, only(l.Addr().String()))
		response, err := p.client(1).Do(p.request(http.MethodGet, host, "/"))
		enginetest.Must(t, err)
		defer enginetest.CloseAll(t, response.Body)
		if err := f.readSlowly(t, response.Body); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
		if f.lead > mayLead {
			t.Errorf("the backend was %d MiB ahead of the client, %d are allowed", f.lead>>20, mayLead>>20)
		}
	})
}

// acceptOne has one connection handled.
func acceptOne(l net.Listener, handle func(net.Conn) error) error {
	c, err := l.Accept()
	if err != nil {
		return err
	}
	return errors.Join(handle(c), c.Close())
}

// readSlowly reads the response, and looks what the process holds whenever all
// stands still.
func (f *flood) readSlowly(t *testing.T, body io.Reader) error {
	before := live()
	got, want := checksum(), checksum()
	for waits := true; f.read.Load() < *download; {
		if waits {
			_, waits = <-f.stalled
			if grown := live() - before; grown > mayHold {
				return fmt.Errorf("%d KiB more are held than before, %d are allowed", grown>>10, mayHold>>10)
			}
		}
		if err := f.readBurst(got, body); err != nil {
			return err
		}
	}
	_, _ = io.CopyN(want, newPattern(), *download) // never fails
	if got.Sum32() != want.Sum32() {
		return errors.New("the response isn't as sent")
	}
	return nil
}

// readBurst reads for a while.
func (f *flood) readBurst(w io.Writer, body io.Reader) error {
	chunk := make([]byte, 64<<10)
	for end := min(f.read.Load()+burst, *download); f.read.Load() < end; {
		n, err := body.Read(chunk[:min(int64(len(chunk)), end-f.read.Load())])
		f.read.Add(int64(n))
		_, _ = w.Write(chunk[:n]) // never fails
		if err != nil && f.read.Load() < *download {
			return err
		}
	}
	return nil
}

// live is how much memory is in use.
func live() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
