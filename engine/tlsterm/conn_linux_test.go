package tlsterm

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"math/rand"
	"net"
	"syscall"
	"testing"
)

// The record buffers can only be lent if this release of crypto/tls is laid out
// as expected. If this fails after an upgrade of Go: connections work, but keep
// 30 KB each. See records_linux.go.
func TestLayoutIsKnown(t *testing.T) {
	if !tlsConn.known {
		t.Fatal("tls.Conn has other fields than rawInput, input and hand by now")
	}
}

var versions = map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13}

func only(version uint16) func(*tls.Config) {
	return func(c *tls.Config) { c.MinVersion, c.MaxVersion = version, version }
}

// exchange sends and checks that the same comes back.
func exchange(t *testing.T, c *tls.Conn, sent []byte) {
	t.Helper()
	failed := make(chan error, 1)
	go func() {
		_, err := c.Write(sent)
		failed <- err
	}()
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(c, got); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, sent) {
		t.Fatal("other bytes came back")
	}
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.New(rand.NewSource(int64(n))).Read(b)
	return b
}

func TestEchoesAndEnds(t *testing.T) {
	for name, version := range versions {
		t.Run(name, func(t *testing.T) {
			s := startEchoes(t, NewPool(8, 2))
			c := s.dial(only(version))
			for _, n := range []int{1, 1000, 16 << 10, 16<<10 + 1, 4 << 20} {
				exchange(t, c, random(n))
			}
			if err := c.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("the end of the echo: %v, want EOF", err)
			}
			if err := <-s.ended; err != nil {
				t.Errorf("the server saw %v instead of close_notify", err)
			}
		})
	}
}

// An end without close_notify isn't one.
func TestTruncation(t *testing.T) {
	s := startEchoes(t, NewPool(8, 2))
	c := s.dial(nil)
	exchange(t, c, []byte("whole"))
	_ = c.NetConn().(*net.TCPConn).CloseWrite()
	if err := <-s.ended; !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("ended with %v", err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client saw %v instead of a reset", err)
	}
}

// pieces is a connection that sends one byte at a time.
type pieces struct{ net.Conn }

func (p pieces) Write(b []byte) (n int, err error) {
	for i := range b {
		if _, err := p.Conn.Write(b[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(b), nil
}

func TestEverySplit(t *testing.T) {
	for name, version := range versions {
		t.Run(name, func(t *testing.T) {
			s := startEchoes(t, NewPool(8, 2))
			plain := s.dial(nil).NetConn()
			config := &tls.Config{RootCAs: s.roots, ServerName: "test"}
			only(version)(config)
			c := tls.Client(pieces{plain}, config)
			exchange(t, c, random(700))
			exchange(t, c, random(20_000))
		})
	}
}

// split is a connection the writes of which can be held back.
type split struct {
	net.Conn
	held []byte
	hold bool
}

func (s *split) Write(b []byte) (int, error) {
	if s.hold {
		s.held = append(s.held, b...)
		return len(b), nil
	}
	return s.Conn.Write(b)
}

// An idle connection has no buffer of its own, whatever it has moved before;
// one that rests within a record has one, and gives it back.
func TestBuffersAreLent(t *testing.T) {
	s := startEchoes(t, NewPool(8, 2))
	under := &split{Conn: s.dial(nil).NetConn()}
	c := tls.Client(under, &tls.Config{RootCAs: s.roots, ServerName: "test"})
	exchange(t, c, random(64<<10))
	server := <-s.shaken
	s.expectBuffers(server, false)

	under.hold = true
	if _, err := c.Write([]byte("in two parts")); err != nil {
		t.Fatal(err)
	}
	under.hold = false
	if _, err := under.Conn.Write(under.held[:10]); err != nil {
		t.Fatal(err)
	}
	before := s.readSome(server)
	s.expectBuffers(server, true)
	if _, err := under.Conn.Write(under.held[10:]); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len("in two parts"))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "in two parts" {
		t.Fatalf("got %q, %v (%d)", got, err, before)
	}
	s.expectBuffers(server, false)
}

// readSome waits until the loop has read the part of a record that was sent.
func (s *echoes) readSome(e *echo) (n int) {
	for n == 0 {
		s.on(func() { rawInput, _, _ := e.conn.buffers(); n = rawInput.Len() })
	}
	return n
}

func (s *echoes) expectBuffers(e *echo, want bool) {
	s.t.Helper()
	s.on(func() {
		rawInput, input, hand := e.conn.buffers()
		has := rawInput.Cap() > 0 || e.conn.lent != nil
		if has != want || input.Len() > 0 || hand.Cap() > 0 {
			s.t.Errorf("record buffer: %d bytes (lent: %v), decrypted: %d, handshake: %d; wanted one: %v",
				rawInput.Cap(), e.conn.lent != nil, input.Len(), hand.Cap(), want)
		}
	})
}

// A record costs at most the one small allocation that crypto/tls itself makes
// (an atLeastReader; and under the race detector, sync.Pool's).
func TestAllocations(t *testing.T) {
	s := startEchoes(t, NewPool(8, 2))
	c := s.dial(nil)
	exchange(t, c, random(1000))
	e := <-s.shaken
	s.on(func() {
		message := random(1000)
		if n := testing.AllocsPerRun(100, func() { _, _ = e.conn.Seal(message) }); n > 1 {
			t.Errorf("Seal: %v allocations", n)
		}
		buf := s.loop.Buffer()
		if n := testing.AllocsPerRun(100, func() { _, _ = e.conn.Read(buf) }); n > 1 {
			t.Errorf("Read: %v allocations", n)
		}
	})
}
