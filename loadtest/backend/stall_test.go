//go:build linux

package backend

import (
	"net"
	"testing"
)

func TestStallHoldsUntilTheClientGoes(t *testing.T) {
	for name, goes := range map[string]func(*driven, *net.TCPConn){
		"reset":    (*driven).reset,
		"closed":   func(_ *driven, c *net.TCPConn) { _ = c.Close() },
		"side end": func(_ *driven, c *net.TCPConn) { _ = c.CloseWrite() },
	} {
		t.Run(name, func(t *testing.T) {
			d := drive(t, Config{Kind: Stall})
			conn := d.connect()
			d.until(func() bool { return d.stats.accepted.Load() == 1 })
			d.write(conn, make([]byte, 1000))
			d.next()
			if s := d.server.Stats(); s.Closed != 0 || s.Bytes != 0 {
				t.Fatalf("%+v", s)
			}
			goes(d, conn)
			d.until(d.closed(1))
		})
	}
}
