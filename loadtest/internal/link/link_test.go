//go:build linux

package link

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
	"github.com/proxy-engine/proxy-engine/loadtest/secure"
	"github.com/proxy-engine/proxy-engine/loadtest/secure/throwaway"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const host = "link.example"

// configs are both sides' settings.
func configs(t *testing.T) (client, server *tls.Config) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "certificate.pem")
	if err := (throwaway.Certificate{Names: []string{host}}).Write(file); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(file, file)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return &tls.Config{ServerName: host, RootCAs: roots}, &tls.Config{Certificates: []tls.Certificate{pair}}
}

// rig is a connection on a loop, that does what the test says, and the
// connection of its peer.
type rig struct {
	t      *testing.T
	loop   *poll.Loop
	conn   *Conn
	shared *TLS
	far    net.Conn

	got     []byte
	toWrite []byte
	ended   bool
	err     error
	buf     []byte
}

func newRig(t *testing.T, shared *TLS) *rig {
	t.Helper()
	loop, err := poll.NewLoop()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(loop.Free)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	fd, err := poll.Connect(listener.Addr().(*net.TCPAddr).AddrPort(), listener.Addr().(*net.TCPAddr).AddrPort().Addr())
	if err != nil {
		t.Fatal(err)
	}
	far, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	r := &rig{t: t, loop: loop, conn: New(loop, fd, shared), shared: shared, far: far, buf: make([]byte, MinRead)}
	r.await()
	return r
}

// Ready implements poll.Handler.
func (r *rig) Ready(events uint32) {
	events = r.conn.Ready(events)
	if events&(poll.Readable|poll.Broken) != 0 {
		r.read()
	}
	if events&poll.Writable != 0 && r.err == nil && len(r.toWrite) > 0 {
		r.write()
	}
	r.await()
}

// Release implements poll.Releaser.
func (r *rig) Release() { r.conn.Release() }

func (r *rig) await() {
	reading := !r.ended && r.err == nil
	if err := r.conn.Await(r, reading, reading && len(r.toWrite) > 0); err != nil {
		r.t.Error(err)
	}
}

func (r *rig) read() {
	n, err := r.conn.Read(r.buf)
	r.got = append(r.got, r.buf[:n]...)
	r.ended = n == 0 && err == nil
	if err != unix.EAGAIN {
		r.err = err
	}
}

func (r *rig) write() {
	n, err := r.conn.Write(r.toWrite)
	r.toWrite = r.toWrite[n:]
	if err != nil && err != unix.EAGAIN {
		r.err = err
	}
}

// until turns the loop until something is so, or the connection has failed.
func (r *rig) until(so func() bool) {
	r.t.Helper()
	for !so() && r.err == nil {
		if err := r.loop.Turn(time.Minute); err != nil {
			r.t.Fatal(err)
		}
	}
}

// start begins the handshake of a client.
func (r *rig) start() {
	r.t.Helper()
	if _, err := r.conn.Write(nil); err != nil && err != unix.EAGAIN {
		r.t.Fatal(err)
	}
	r.await()
}

// dribble sends one byte at a time.
type dribble struct{ net.Conn }

func (d dribble) Write(b []byte) (int, error) {
	for i := range b {
		if _, err := d.Conn.Write(b[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(b), nil
}

// gather sends what is written in one piece, when it is told to.
type gather struct {
	net.Conn
	kept  bytes.Buffer
	keeps bool
}

func (g *gather) Write(b []byte) (int, error) {
	if g.keeps {
		return g.kept.Write(b)
	}
	return g.Conn.Write(b)
}

// SetWriteDeadline does nothing: behind close_notify crypto/tls would have no
// write succeed any more.
func (g *gather) SetWriteDeadline(time.Time) error { return nil }

func (g *gather) send() error {
	g.keeps = false
	_, err := g.Write(g.kept.Bytes())
	return err
}

// aside runs the peer's side on a goroutine of its own, which the test waits
// for.
func (r *rig) aside(script func() error) {
	done := make(chan error, 1)
	go func() {
		err := script()
		if err != nil {
			_ = r.far.Close() // or the test would wait
		}
		done <- err
	}()
	r.t.Cleanup(func() {
		if err := <-done; err != nil {
			r.t.Errorf("peer: %v", err)
		}
	})
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7 >> 3)
	}
	return b
}

// TestRecordsInPieces has every byte of handshake, records and close_notify
// come by itself.
func TestRecordsInPieces(t *testing.T) {
	client, server := configs(t)
	r := newRig(t, Client(client))
	want := pattern(3000)
	r.aside(func() error {
		far := tls.Server(dribble{r.far}, server)
		_, err := far.Write(want)
		return errors.Join(err, far.CloseWrite())
	})
	r.start()
	r.until(func() bool { return r.ended })
	if r.err != nil || !bytes.Equal(r.got, want) {
		t.Errorf("%v, got %d bytes, want %d", r.err, len(r.got), len(want))
	}
}

// TestEndBehindData has data and close_notify come in one piece, and the
// connection stay open.
func TestEndBehindData(t *testing.T) {
	client, server := configs(t)
	r := newRig(t, Client(client))
	r.aside(func() error {
		pipe := &gather{Conn: r.far}
		far := tls.Server(pipe, server)
		if err := far.Handshake(); err != nil {
			return err
		}
		pipe.keeps = true
		_, err := far.Write([]byte("the end"))
		return errors.Join(err, far.CloseWrite(), pipe.send())
	})
	r.start()
	r.until(func() bool { return r.ended })
	if r.err != nil || string(r.got) != "the end" {
		t.Errorf("%v, got %q", r.err, r.got)
	}
}

// TestServerAndBackpressure sends more than sockets hold to a peer that reads
// late; what isn't taken isn't encrypted either.
func TestServerAndBackpressure(t *testing.T) {
	client, server := configs(t)
	r := newRig(t, Server(server))
	want := pattern(32 << 20)
	r.toWrite = want
	held, read := make(chan struct{}), make(chan []byte, 1)
	r.aside(func() error {
		far := tls.Client(r.far, client)
		if err := far.Handshake(); err != nil {
			return err
		}
		<-held
		all, err := io.ReadAll(far)
		read <- all
		return err
	})
	step := func() {
		if len(r.toWrite) > 64<<10 {
			// A piece at a time, as who reads from a file would.
			whole := r.toWrite
			r.toWrite = whole[:64<<10]
			r.write()
			r.toWrite = whole[64<<10-len(r.toWrite):]
		}
	}
	// Until the handshake is over and the sockets are full.
	r.until(func() bool { step(); return r.conn.secure.inner.waits() && r.conn.secure.step == nil })
	if n, err := r.conn.Write([]byte("more")); n != 0 || err != unix.EAGAIN {
		t.Errorf("with bytes waiting, Write took %d: %v", n, err)
	}
	close(held)
	r.until(func() bool { return len(r.toWrite) == 0 })
	if err := r.conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	r.await()
	r.until(func() bool { return !r.conn.secure.inner.waits() })
	if got := <-read; r.err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v, peer got %d bytes, want %d", r.err, len(got), len(want))
	}
}

// TestEndWithoutCloseNotify may not pass within a record.
func TestEndWithoutCloseNotify(t *testing.T) {
	client, server := configs(t)
	r := newRig(t, Client(client))
	r.aside(func() error {
		pipe := &gather{Conn: r.far}
		far := tls.Server(pipe, server)
		if err := far.Handshake(); err != nil {
			return err
		}
		pipe.keeps = true
		_, err := far.Write([]byte("cut"))
		pipe.kept.Truncate(pipe.kept.Len() - 1)
		return errors.Join(err, pipe.send(), r.far.(*net.TCPConn).CloseWrite())
	})
	r.start()
	r.until(func() bool { return r.ended })
	if !errors.Is(r.err, io.ErrUnexpectedEOF) || len(r.got) > 0 {
		t.Errorf("%v, got %q", r.err, r.got)
	}
}

// TestHandshakeLeft frees the loop while the handshake waits for a server that
// never answers: no goroutine is left.
func TestHandshakeLeft(t *testing.T) {
	client, _ := configs(t)
	r := newRig(t, Client(client))
	r.start()
	if err := r.conn.CloseWrite(); err != unix.ENOTCONN {
		t.Errorf("CloseWrite within the handshake: %v", err)
	}
	if err := r.loop.Turn(0); err != nil || len(r.shared.Established()) != 0 {
		t.Errorf("%v, established %v", err, r.shared.Established())
	}
}

// TestHandshakeNeverBegun closes a connection at once.
func TestHandshakeNeverBegun(t *testing.T) {
	client, _ := configs(t)
	newRig(t, Client(client)).conn.Close()
}

func TestEstablishedCounts(t *testing.T) {
	client, server := configs(t)
	client.MaxVersion = tls.VersionTLS12
	r := newRig(t, Client(client))
	r.aside(func() error { return tls.Server(r.far, server).Handshake() })
	r.start()
	r.until(func() bool { return len(r.shared.Established()) > 0 })
	for terms, n := range r.shared.Established() {
		if n != 1 || terms.Version != tls.VersionTLS12 || terms.Resumed {
			t.Errorf("%v: %d", terms, n)
		}
	}
	if _, failed := errors.AsType[*secure.HandshakeError](r.err); failed {
		t.Error(r.err)
	}
}
