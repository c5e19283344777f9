package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// backend is a server behind the proxy.
type backend struct {
	addr *net.TCPAddr
	// stop waits until every connection is handled, and takes no more.
	stop func()
}

// route is the resolver that leads everybody to the backend.
func (b *backend) route() resolve.Resolver { return resolve.Fixed(b.addr.String()) }

// serve runs a backend until the end of the test. Each connection is handled
// by a goroutine and closed when handle returns, whose error fails the test.
func serve(t testing.TB, handle func(c *net.TCPConn) error) *backend {
	t.Helper()
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := ln.AcceptTCP()
			if err != nil {
				return
			}
			running.Go(func() {
				defer c.Close()
				if err := handle(patient(c)); err != nil {
					t.Errorf("backend: %v", err)
				}
			})
		}
	})
	stop := func() {
		ln.Close()
		running.Wait()
	}
	t.Cleanup(stop)
	return &backend{ln.Addr().(*net.TCPAddr), stop}
}

// echo is a backend's handler that sends back what it gets, and then the end.
func echo(c *net.TCPConn) error {
	_, err := io.Copy(c, c)
	return err
}

// unreachable is a loopback address where nobody listens, nor will.
func unreachable(t testing.TB) *net.TCPAddr {
	t.Helper()
	addr, err := net.ResolveTCPAddr("tcp", enginetest.ClosedPort(t))
	must(t, err)
	return addr
}

// must fails the test for an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// say writes a text.
func say(w io.Writer, text string) error {
	_, err := io.WriteString(w, text)
	return err
}

// hear reads exactly the text.
func hear(r io.Reader, want string) error {
	got := make([]byte, len(want))
	n, err := io.ReadFull(r, got)
	if string(got[:n]) != want {
		return fmt.Errorf("heard %q (%v), want %q", got[:n], err, want)
	}
	return nil
}

// hearLine reads a line, byte by byte so that nothing behind it is lost.
func hearLine(r io.Reader) (string, error) {
	var line []byte
	for b := make([]byte, 1); ; line = append(line, b[0]) {
		if _, err := io.ReadFull(r, b); err != nil {
			return string(line), err
		}
		if b[0] == '\n' {
			return string(line), nil
		}
	}
}

// hearEnd reads an orderly end, and no byte before it.
func hearEnd(r io.Reader) error {
	n, err := r.Read(make([]byte, 1))
	if n > 0 || err != io.EOF {
		return fmt.Errorf("heard %d bytes and %v, want the end", n, err)
	}
	return nil
}

// hearReset reads a reset, and no byte before it.
func hearReset(r io.Reader) error {
	n, err := r.Read(make([]byte, 1))
	if n > 0 || !errors.Is(err, syscall.ECONNRESET) {
		return fmt.Errorf("heard %d bytes and %v, want a reset", n, err)
	}
	return nil
}

// hearRest reads up to the end, be it orderly or not; only hanging is an error.
func hearRest(r io.Reader) error {
	if _, err := io.Copy(io.Discard, r); err != nil && !isReset(err) {
		return err
	}
	return nil
}

// isReset says that an error is what a side sees of a reset.
func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// stalled waits until a sender has been blocked for a while: everything on its
// way is full. A moment too short makes a test check less, not fail.
func stalled(t testing.TB, c *net.TCPConn) {
	t.Helper()
	stalledWatching(t, c, func() {})
}

// stalledWatching is stalled, and looks all the time.
func stalledWatching(t testing.TB, c *net.TCPConn, look func()) {
	t.Helper()
	const while = 100 // times in a row
	same, last := 0, -1
	eventually(t, "the sender is blocked", func() bool {
		look()
		if now := unsent(c); now != last {
			same, last = 0, now
		}
		same++
		return same > while && last > 0
	})
}

// ask says a text to an echoing peer and hears it again.
func ask(c io.ReadWriter, text string) error {
	if err := say(c, text); err != nil {
		return err
	}
	return hear(c, text)
}

// reset breaks a connection by TCP reset.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	c.Close()
}

// unsent returns how many bytes the peer's kernel hasn't acknowledged.
func unsent(c *net.TCPConn) int { return queued(c, unix.SIOCOUTQ) }

// unread returns how many bytes wait to be read.
func unread(c *net.TCPConn) int { return queued(c, unix.SIOCINQ) }

func queued(c *net.TCPConn, which uint) (n int) {
	raw, err := c.SyscallConn()
	if err == nil {
		_ = raw.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), which) })
	}
	return n
}

// pattern is an endless sequence of bytes that tells its positions apart: a
// random block of an odd length, over and over. Streams with different seeds
// can't be taken for each other.
type pattern struct {
	block []byte // patternPeriod bytes, and the first of them once more
}

const (
	patternPeriod = 1<<20 + 7
	patternChunk  = 256 << 10
)

func newPattern(seed byte) *pattern {
	block := make([]byte, patternPeriod+patternChunk)
	rand.NewChaCha8([32]byte{seed}).Read(block[:patternPeriod])
	copy(block[patternPeriod:], block)
	return &pattern{block}
}

// at returns the n bytes from an offset, at most patternChunk.
func (p *pattern) at(offset int64, n int) []byte {
	from := offset % patternPeriod
	return p.block[from : from+int64(n)]
}

// send writes the first n bytes.
func (p *pattern) send(w io.Writer, n int64) error {
	for offset := int64(0); offset < n; {
		m, err := w.Write(p.at(offset, int(min(n-offset, patternChunk))))
		if offset += int64(m); err != nil {
			return fmt.Errorf("after %d of %d bytes: %w", offset, n, err)
		}
	}
	return nil
}

// check reads the first n bytes.
func (p *pattern) check(r io.Reader, n int64) error {
	return p.checkFrom(0, r, n)
}

// checkFrom reads on at an offset.
func (p *pattern) checkFrom(offset int64, r io.Reader, n int64) error {
	return p.checkBy(offset, r, n, func() int { return patternChunk })
}

// checkBy is checkFrom with reads of at most size() bytes.
func (p *pattern) checkBy(offset int64, r io.Reader, n int64, size func() int) error {
	buf := make([]byte, patternChunk)
	for offset < n {
		m, err := r.Read(buf[:min(n-offset, int64(size()))])
		if !bytes.Equal(buf[:m], p.at(offset, m)) {
			return fmt.Errorf("wrong bytes between offset %d and %d", offset, offset+int64(m))
		}
		if offset += int64(m); err != nil && offset < n {
			return fmt.Errorf("after %d of %d bytes: %w", offset, n, err)
		}
	}
	return nil
}

// sendAndEnd sends n bytes and ends the direction.
func (p *pattern) sendAndEnd(c *net.TCPConn, n int64) error {
	if err := p.send(c, n); err != nil {
		return err
	}
	return c.CloseWrite()
}

// checkAndEnd reads n bytes and the end.
func (p *pattern) checkAndEnd(r io.Reader, n int64) error {
	if err := p.check(r, n); err != nil {
		return err
	}
	return hearEnd(r)
}
