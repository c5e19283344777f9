package coldtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// reserve returns an address where nobody listens until the test does.
func reserve(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	enginetest.Must(t, err)
	enginetest.CloseAll(t, l)
	return l.Addr().String()
}

// echo serves at an address until the test ends: it says back what it hears.
func echo(t *testing.T, address string) (served func() int) {
	return serve(t, address, func(c net.Conn) bool {
		n, _ := io.Copy(c, c)
		return n > 0
	})
}

// trust serves PostgreSQL likewise: it lets everybody in.
func trust(t *testing.T, address string) (served func() int) {
	return serve(t, address, func(c net.Conn) bool {
		got := make([]byte, len(startup))
		if _, err := io.ReadFull(c, got); err != nil {
			return false
		}
		_, _ = io.WriteString(c, welcome)
		_, _ = io.Copy(io.Discard, c)
		return true
	})
}

// serve has each connection to an address handled until the test ends. served is
// how many were of clients, which handle tells, and have ended.
func serve(t *testing.T, address string, handle func(net.Conn) (client bool)) (served func() int) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Error(err)
		return nil
	}
	var all sync.WaitGroup
	var n atomic.Int64
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer func() { _ = c.Close() }()
				if handle(c) {
					n.Add(1)
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	return func() int { return int(n.Load()) }
}

// Many clients at once wake a resource once, and each is served once, whatever it
// has said while it waited.
func TestBurst(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := asleep(reserve(t))
		woken := make(chan func() int, 1)
		go1 := make(chan struct{})
		p.wake = func(context.Context) error {
			<-go1 // everybody is here
			woken <- echo(t, p.result.Endpoint)
			return nil
		}
		proxy := startTCP(t, impl, p, nil)
		answered := make([]time.Time, *clients)
		var all sync.WaitGroup
		for i := range answered {
			all.Go(func() {
				if err := exchange(proxy.Address(), fmt.Sprintf("I am client %d", i)); err != nil {
					t.Error(err)
				}
				answered[i] = time.Now()
			})
		}
		proxy.AwaitActive(int64(*clients))
		ready := time.Now()
		close(go1)
		all.Wait()
		p.wantWakes(t, 1)
		served := <-woken
		enginetest.Eventually(t, "each is served once", func() bool { return served() == *clients })
		slices.SortFunc(answered, time.Time.Compare)
		after := func(i int) time.Duration { return answered[i].Sub(ready) }
		t.Logf("%d clients: from readiness to the answer p50 %v, p99 %v, the last %v", *clients,
			after(*clients/2), after(*clients*99/100), after(*clients-1))
	})
}

// exchange says a message piece by piece, with a pause the proxy sees as one, and
// wants it back.
func exchange(address, message string) error {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(4 * enginetest.Patience)); err != nil {
		return err
	}
	for piece := range strings.SplitAfterSeq(message, " ") {
		if _, err := io.WriteString(c, piece); err != nil {
			return err
		}
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		return err
	}
	got, err := io.ReadAll(c)
	if string(got) != message {
		return errors.Join(err, fmt.Errorf("got %q, want %q", got, message))
	}
	return nil
}

// A resource that was put to sleep unseen is woken by the connection it refuses, if
// its route says that it can be.
func TestRefusedConnectionWakes(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := asleep(reserve(t))
		p.set(func(r *resolve.Result) { r.State = resolve.Ready })
		p.wake = func(context.Context) error { echo(t, p.result.Endpoint); return nil }
		proxy := startTCP(t, impl, p, func(cfg *engine.Config) { cfg.Upstream.Breaker.Failures = 1 })
		enginetest.Must(t, exchange(proxy.Address(), "good morning"))
		p.wantWakes(t, 1)
		enginetest.Must(t, exchange(proxy.Address(), "and once more"))
		p.wantWakes(t, 1)
	})
}

// Without a word of the route on waking, a refused connection is one.
func TestNothingIsWokenUnasked(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := asleep(reserve(t))
		p.set(func(r *resolve.Result) { r.State, r.Wake = resolve.Ready, "" })
		proxy := startPostgres(t, impl, p, nil)
		client := proxy.Dial()
		client.Say(startup)
		hearRefusal(t, client, "57P03")
		proxy.AwaitClosed(engine.ConnectRefused, 1)
		p.wantWakes(t, 0)
	})
}

// A platform may say that a resource is ready, and where, only once it is.
func TestPlaceIsKnownOnlyOnceReady(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := asleep("not-yet.invalid:1")
		p.wake = func(context.Context) error {
			address := reserve(t)
			echo(t, address)
			p.set(func(r *resolve.Result) { r.Endpoint, r.State = address, resolve.Ready })
			return nil
		}
		proxy := startTCP(t, impl, p, nil)
		enginetest.Must(t, exchange(proxy.Address(), "there you are"))
		p.wantWakes(t, 1)
	})
}
