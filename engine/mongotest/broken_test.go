package mongotest

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/mongotest/mongoprograms"
)

// TestClientIsKilled ends a client in the midst of a large insertMany. Nothing of
// its sessions may be left, here or at the server.
func TestClientIsKilled(t *testing.T) {
	eachDriver(t, func(t *testing.T, impl engine.Impl, d mongoprograms.Driver, own string) {
		p := startProxy(t, impl, toAll())
		client := launch(t, d)
		enginetest.Must(t, client.Begin(mongoprograms.Job{
			URI: p.uri("", "", "minPoolSize=20"), Database: "shop" + own, Count: 90, Size: 1_000_000, Batch: 10,
		}))
		enginetest.Eventually(t, "the client is at work", func() bool { return len(p.Stats().Endpoints) > 0 })
		enginetest.Must(t, client.Kill())
		_ = client.Wait() // by the signal
		p.AwaitActive(0)
	})
}

// breaker passes on what a server and its clients say, but for the first update,
// in place of which it ends both connections.
type breaker struct {
	*enginetest.Backend
	server  string
	resets  bool // rather than closes
	broken  atomic.Bool
	running sync.WaitGroup
}

// breakOnce starts one, until the end of the test.
func breakOnce(t *testing.T, server string, resets bool) *breaker {
	t.Helper()
	b := &breaker{Backend: enginetest.Listen(t), server: server, resets: resets}
	b.running.Go(b.serve)
	t.Cleanup(func() { _ = b.Close(); b.running.Wait() })
	return b
}

func (b *breaker) serve() {
	for {
		client, err := b.AcceptTCP()
		if err != nil {
			return
		}
		b.running.Go(func() { b.pass(client) })
	}
}

func (b *breaker) pass(client *net.TCPConn) {
	defer client.Close()
	up, err := net.Dial("tcp", b.server)
	if err != nil {
		return // which fails the test elsewhere
	}
	defer up.Close()
	server := up.(*net.TCPConn)
	b.running.Go(func() {
		_, _ = io.Copy(client, server)
		_ = client.CloseWrite()
	})
	b.listen(client, server)
	_ = server.CloseWrite()
}

// listen passes on what the client says, to its end or the break.
func (b *breaker) listen(client, server *net.TCPConn) {
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if bytes.Contains(buf[:n], []byte("\x02update\x00")) && b.broken.CompareAndSwap(false, true) {
			if b.resets {
				_, _ = client.SetLinger(0), server.SetLinger(0)
			}
			return
		}
		if _, failed := server.Write(buf[:n]); err != nil || failed != nil {
			return
		}
	}
}

// TestWriteIsRetried breaks an established connection under a write, which
// drivers then repeat by themselves.
func TestWriteIsRetried(t *testing.T) {
	eachDriver(t, func(t *testing.T, impl engine.Impl, d mongoprograms.Driver, own string) {
		for _, resets := range []bool{true, false} {
			b := breakOnce(t, world.shop.Address, resets)
			p := startProxy(t, impl, toAll().with(map[string]string{"shop": b.Address()}))
			j := mongoprograms.Job{URI: p.uri("", ""), Database: fmt.Sprintf("shop%s_%t", own, resets), Count: 20}
			r := run(t, d, j)
			r.Changes = 0 // drivers ask anew then
			if r != worked(world.shop, 20, 0) || !b.broken.Load() {
				t.Errorf("reset: %v, broken: %v: %+v", resets, b.broken.Load(), r)
			}
		}
	})
}
