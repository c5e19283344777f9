package engine_test

import (
	"net"
	"testing"
	"time"
	"os/exec"

	"github.com/proxy-engine/proxy-engine/engine"
)

func TestZZSlow(t *testing.T) {
	for range 25 {
		accepted := make(chan *net.TCPConn)
		over, end := gate()
		b := serve(t, func(c *net.TCPConn) error { accepted <- c; <-over; return nil })
		p := startChild(t, settings{Impl: engine.Goroutine, Backend: b.addr.String()})
		slow, fast := p.dial(), <-accepted
		stream := newPattern(31)
		sent := async(func() error { return stream.sendAndEnd(fast, waiting/8) })
		last, same := -1, 0
		start := time.Now()
		for same < 100 && time.Since(start) < 4*time.Second {
			if now := unsent(fast); now != last || now == 0 { last, same = now, 0 }
			same++
			time.Sleep(5*time.Millisecond)
		}
		if same < 100 {
			out, _ := exec.Command("bash", "-c", "ss -tnmp | grep -E -A1 '"+b.addr.AddrPort().String()+"|"+p.addr.AddrPort().String()+"'").CombinedOutput()
			t.Logf("unsent %d, unread slow %d\n%s", unsent(fast), unread(slow), out)
		}
		must(t, stream.checkAndEnd(slow, waiting/8))
		<-sent
		slow.CloseWrite()
		end()
		p.stop(closings{engine.BackendClosed: 1})
	}
}
