//go:build linux

package backend

import (
	"net"
	"testing"
	"time"
)

// driven is a server of one loop that turns only when the test says so, and
// knows no other time than the test's.
type driven struct {
	*worker
	t      *testing.T
	server *Server
	now    time.Duration
}

func drive(t *testing.T, c Config) *driven {
	t.Helper()
	c.Loops = 1
	s, err := Listen(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.free)
	return &driven{worker: s.workers[0], t: t, server: s, now: tick - time.Millisecond}
}

// next waits for what is ready, at most the millisecond that is left of the
// tick.
func (d *driven) next() {
	d.t.Helper()
	if err := d.turn(d.now); err != nil {
		d.t.Fatal(err)
	}
}

// until turns the loop until something is so.
func (d *driven) until(so func() bool) {
	d.t.Helper()
	for !so() {
		d.next()
	}
}

func (d *driven) connect() *net.TCPConn {
	d.t.Helper()
	return connect(d.t, d.server.Addr())
}

func (d *driven) write(conn net.Conn, b []byte) {
	d.t.Helper()
	if _, err := conn.Write(b); err != nil {
		d.t.Fatal(err)
	}
}

// exchange sends a byte and gets it back.
func (d *driven) exchange(conn net.Conn) {
	d.t.Helper()
	want := d.stats.bytes.Load() + 1
	d.write(conn, []byte{1})
	d.until(func() bool { return d.stats.bytes.Load() == want })
	var b [1]byte
	if _, err := conn.Read(b[:]); err != nil {
		d.t.Fatal(err)
	}
}

// reset closes a connection so that the server sees a reset.
func (d *driven) reset(conn *net.TCPConn) {
	d.t.Helper()
	if err := conn.SetLinger(0); err != nil {
		d.t.Fatal(err)
	}
	_ = conn.Close()
}

func (d *driven) closed(n uint64) func() bool {
	return func() bool { return d.stats.closed.Load() == n }
}
