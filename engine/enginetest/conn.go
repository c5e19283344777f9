package enginetest

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
)

// Conn is one end of a connection whose every byte the test decides. What isn't
// as expected ends the test.
type Conn struct {
	*net.TCPConn
	// In reads from the connection; what reads otherwise misses bytes.
	In *bufio.Reader
	t  testing.TB
}

// NewConn makes a Conn, which is closed with the test at the latest. It breaks
// when Patience is over.
func NewConn(t testing.TB, c *net.TCPConn) *Conn {
	t.Helper()
	t.Cleanup(func() { _ = c.Close() })
	Must(t, c.SetDeadline(Soon()))
	return &Conn{TCPConn: c, In: bufio.NewReader(c), t: t}
}

// Say sends text.
func (c *Conn) Say(text string) {
	c.t.Helper()
	_, err := io.WriteString(c.TCPConn, text)
	Must(c.t, err)
}

// Hear reads exactly this text.
func (c *Conn) Hear(want string) {
	c.t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c.In, got); string(got) != want {
		c.t.Fatalf("got %q, %v; want %q", got[:n], err, want)
	}
}

// HearTo reads up to and with the first of this text, and returns all.
func (c *Conn) HearTo(end string) string {
	c.t.Helper()
	var got strings.Builder
	for !strings.HasSuffix(got.String(), end) {
		b, err := c.In.ReadByte()
		if err != nil {
			c.t.Fatalf("got %q, %v; want it to go on to %q", got.String(), err, end)
		}
		got.WriteByte(b)
	}
	return got.String()
}

// HearEnd reads the orderly end of the connection, and returns what came before.
func (c *Conn) HearEnd() string {
	c.t.Helper()
	got, err := io.ReadAll(c.In)
	if err != nil {
		c.t.Fatalf("got %q, %v; want an orderly end", got, err)
	}
	return string(got)
}

// HearReset reads until the connection is reset, and returns what came before.
func (c *Conn) HearReset() string {
	c.t.Helper()
	got, err := io.ReadAll(c.In)
	if !errors.Is(err, syscall.ECONNRESET) {
		c.t.Fatalf("got %q, %v; want a reset", got, err)
	}
	return string(got)
}

// HearGone reads until the peer has gone, in order or with a reset, and returns
// what came before.
func (c *Conn) HearGone() string {
	c.t.Helper()
	got, err := io.ReadAll(c.In)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		c.t.Fatalf("got %q, %v; want the peer to go", got, err)
	}
	return string(got)
}

// Reset closes the connection with a reset.
func (c *Conn) Reset() {
	c.t.Helper()
	Must(c.t, c.SetLinger(0))
	Must(c.t, c.Close())
}
