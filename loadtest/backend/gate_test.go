//go:build linux

package backend

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

func TestFullUntilHalfAreGone(t *testing.T) {
	d := drive(t, Config{MaxConns: 10})
	var conns []net.Conn
	for range 10 {
		conns = append(conns, d.connect())
		d.exchange(conns[len(conns)-1])
	}
	waiting := d.connect()
	d.until(func() bool { return d.gate == full })
	for i, conn := range conns[:4] {
		_ = conn.Close()
		d.until(d.closed(uint64(i + 1)))
	}
	if d.gate != full || d.stats.accepted.Load() != 10 {
		t.Fatalf("%s with %d connections accepted, 4 of them closed", d.gate, d.stats.accepted.Load())
	}
	_ = conns[4].Close()
	d.exchange(waiting)
	if d.gate != accepting || d.stats.paused.Load() != 1 {
		t.Errorf("%s, paused %d times, want accepting, once", d.gate, d.stats.paused.Load())
	}
}

func TestSuccessorIsCalledBeforeItIsNeeded(t *testing.T) {
	d := drive(t, Config{MaxConns: 20})
	for n := 1; n <= 20; n++ {
		d.exchange(d.connect())
		if called := len(d.crowded) == 1; called != (n >= 18) {
			t.Errorf("%d of 20 connections: called %v", n, called)
		}
	}
}

func TestStarvedUntilTheNextTick(t *testing.T) {
	d := drive(t, Config{})
	d.acceptFailed(unix.EAGAIN)
	if d.gate != accepting || len(d.crowded) != 0 {
		t.Error("paused because nobody waits")
	}
	d.acceptFailed(unix.EMFILE)
	conn := d.connect()
	d.next()
	if d.gate != starved || d.stats.paused.Load() != 1 || len(d.crowded) != 1 {
		t.Errorf("%s, paused %d times, called %d times", d.gate, d.stats.paused.Load(), len(d.crowded))
	}
	d.now += tick
	d.exchange(conn)
}

func TestGateNames(t *testing.T) {
	for g, want := range map[gate]string{accepting: "accepting", full: "full", starved: "starved", 3: "gate(3)"} {
		if g.String() != want {
			t.Errorf("%s, want %s", g, want)
		}
	}
}
