package opstest

import (
	"fmt"
	"net"
	"os"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// TestHandOver: an engine takes over the sockets of another, of either variant and with more or
// fewer event loops, while clients come; each is served, and sessions stay where they are
// until they end.
func TestHandOver(t *testing.T) {
	for _, tt := range []struct {
		from, to   engine.Impl
		loops      [2]int
		sharedPort bool
	}{
		{engine.Reactor, engine.Reactor, [2]int{2, 2}, true},
		{engine.Reactor, engine.Reactor, [2]int{1, 3}, true},
		{engine.Reactor, engine.Reactor, [2]int{3, 1}, true},
		{engine.Reactor, engine.Reactor, [2]int{2, 2}, false},
		{engine.Reactor, engine.Goroutine, [2]int{2, 1}, true},
		{engine.Goroutine, engine.Reactor, [2]int{1, 2}, true},
		{engine.Goroutine, engine.Goroutine, [2]int{1, 1}, true},
	} {
		t.Run(fmt.Sprintf("%s_%d_to_%s_%d", tt.from, tt.loops[0], tt.to, tt.loops[1]), func(t *testing.T) {
			backend := echo(t, 'a')
			first := config(tt.from, backend)
			first.EventLoops, first.Listen.ReusePort = tt.loops[0], tt.sharedPort
			p := enginetest.Start(t, first)
			address := p.Address()
			sessions, newcomers := join(t, address, 20), come(t, address, 8)
			newcomers.more(t, 50)

			second := config(tt.to, backend)
			second.EventLoops, second.Listen.ReusePort = tt.loops[1], tt.sharedPort
			var err error
			second.Sockets, err = p.Sockets()
			enginetest.Must(t, err)
			successor := enginetest.Start(t, second)
			if successor.Address() != address {
				t.Fatalf("listens at %s, not at %s", successor.Address(), address)
			}
			newcomers.more(t, 50)
			drained := enginetest.Async(func() error { return p.Shutdown(t.Context()) })
			newcomers.more(t, 50)
			sessions.more(t, 40)
			sessions.leave()
			enginetest.Must(t, <-drained)
			newcomers.more(t, 50)
			newcomers.leave()
			successor.AwaitActive(0)
		})
	}
}

// TestHandOverToAWiderAddress: the successor listens where the predecessor's address is
// one of many.
func TestHandOverToAWiderAddress(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := echo(t, 'a')
		p := enginetest.Start(t, config(impl, backend))
		front := p.Address()
		_, port, err := net.SplitHostPort(front)
		enginetest.Must(t, err)
		second := config(impl, backend)
		second.Listeners[0].Address = ":" + port
		second.Sockets, err = p.Sockets()
		enginetest.Must(t, err)
		successor := enginetest.Start(t, second)
		enginetest.Must(t, p.Shutdown(t.Context()))
		wantBackend(t, front, 'a')
		successor.AwaitActive(0)
	})
}

// TestEverySocketIsServed: who waits at any of the sockets that are taken over is served,
// though nobody had accepted there before.
func TestEverySocketIsServed(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		first := config(engine.Reactor, echo(t, 'a'))
		first.EventLoops = 4
		p := enginetest.Start(t, first)
		address := p.Address()
		files, err := p.Sockets()
		enginetest.Must(t, err)
		enginetest.Must(t, p.Shutdown(t.Context()))

		waiting := make([]net.Conn, 64) // spread over the sockets by the kernel
		for i := range waiting {
			waiting[i], err = net.Dial("tcp", address)
			enginetest.Must(t, err)
			defer waiting[i].Close()
		}
		second := config(impl, echo(t, 'b'))
		second.Sockets = files
		enginetest.Start(t, second)
		for _, c := range waiting {
			var name [1]byte
			_ = c.SetReadDeadline(enginetest.Soon())
			if _, err := c.Read(name[:]); err != nil || name[0] != 'b' {
				t.Fatalf("%q, %v", name, err)
			}
		}
	})
}

// TestForeignSockets: sockets that somebody else has opened, as systemd does, serve
// listeners at their address, also one of IPv4 if they are bound to every address of
// both families.
func TestForeignSockets(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		ln, err := net.Listen("tcp", "[::]:0")
		enginetest.Must(t, err)
		_, port, err := net.SplitHostPort(ln.Addr().String())
		enginetest.Must(t, err)
		file, err := ln.(*net.TCPListener).File()
		enginetest.Must(t, err)
		enginetest.CloseAll(t, ln)

		cfg := config(impl, echo(t, 'a'))
		cfg.Listeners[0].Address = "0.0.0.0:" + port
		cfg.Sockets = []*os.File{file}
		enginetest.Start(t, cfg)
		wantBackend(t, "127.0.0.1:"+port, 'a')
	})
}

// TestSocketsNobodyWants are closed; what is no listening socket is a fault.
func TestSocketsNobodyWants(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		enginetest.Must(t, err)
		address := ln.Addr().String()
		file, err := ln.(*net.TCPListener).File()
		enginetest.Must(t, err)
		enginetest.CloseAll(t, ln)
		cfg := config(impl, echo(t, 'a'))
		cfg.Sockets = []*os.File{file}
		p := enginetest.Start(t, cfg)
		wantNobody(t, address)
		wantBackend(t, p.Address(), 'a')

		null, err := os.Open(os.DevNull)
		enginetest.Must(t, err)
		defer null.Close()
		cfg.Sockets = []*os.File{null}
		e, err := engine.New(cfg)
		enginetest.Must(t, err)
		if err := e.Start(); err == nil {
			t.Error("took /dev/null for a socket")
		}
	})
}
