package opstest

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

func mustForce(t *testing.T, p *enginetest.Proxy, endpoint string, f upstream.Forced, sessions int) {
	t.Helper()
	if n, err := p.ForceEndpoint(endpoint, f); n != sessions || err != nil {
		t.Fatalf("%v: %d sessions, %v, want %d", f, n, err, sessions)
	}
}

// TestForce: nobody new is let through, then everybody again; who is there stays.
func TestForce(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := echo(t, 'a')
		p := enginetest.Start(t, config(impl, backend))
		others := join(t, p.Address(), 20)
		mustForce(t, p, backend, upstream.ForcedOpen, 0)
		if c, err := connect(p.Address()); err == nil {
			t.Errorf("led to %c", c.backend)
			_ = c.Close()
		}
		p.AwaitClosed(engine.ConnectFailed, 1)
		others.more(t, 40)
		mustForce(t, p, backend, upstream.ForcedClosed, 0)
		wantBackend(t, p.Address(), 'a')
		mustForce(t, p, backend, upstream.Auto, 0)
		wantBackend(t, p.Address(), 'a')
		others.leave()
		p.AwaitActive(0)
	})
}

// TestForceWords: a client is told in its protocol.
func TestForceWords(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := enginetest.Start(t, enginetest.Config(impl, postgres.Front(postgres.Options{}), resolve.Fixed("127.0.0.1:1")))
		for _, f := range []upstream.Forced{upstream.ForcedOpen, upstream.ForcedDrain} {
			mustForce(t, p, "127.0.0.1:1", f, 0)
			wantRefusal(t, p.Dial(), "57P03", "not accepting connections")
		}
		if s := p.Endpoints(); len(s) != 1 || s[0].Refused != 2 || s[0].Attempts[upstream.Refused] != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// startup is PostgreSQL's first message.
const startup = "\x00\x00\x00\x12\x00\x03\x00\x00user\x00bob\x00\x00"

// wantRefusal wants a client of PostgreSQL to be refused with all the words, in that
// order.
func wantRefusal(t *testing.T, c *enginetest.Conn, words ...string) {
	t.Helper()
	c.Say(startup)
	for _, w := range words {
		c.HearTo(w)
	}
	c.HearEnd()
	enginetest.CloseAll(t, c)
}

// TestForceHTTP: a connection that waits in the pool isn't a way round.
func TestForceHTTP(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		p := enginetest.Start(t, enginetest.Config(impl, engine.HTTPFront(), resolve.Fixed(backend.Address())))
		c := p.Dial()
		ask := func(status string) {
			t.Helper()
			c.Say("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			if head := c.HearTo("\r\n\r\n"); !strings.Contains(head, status) {
				t.Errorf("answered %q, want %s", head, status)
			}
		}
		c.Say("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		link := backend.Accept()
		answer := func() {
			link.HearTo("\r\n\r\n")
			link.Say("HTTP/1.1 204 No Content\r\n\r\n")
		}
		answer()
		c.HearTo("\r\n\r\n")
		mustForce(t, p, backend.Address(), upstream.ForcedDrain, 0)
		link.HearGone() // from the pool
		c.Say("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		if head := c.HearTo("\r\n\r\n"); !strings.Contains(head, "503") {
			t.Errorf("answered %q", head)
		}
		c.HearTo("\n")
		mustForce(t, p, backend.Address(), upstream.Auto, 0)
		served := enginetest.Async(func() error { link = backend.Accept(); answer(); return nil })
		ask("204")
		enginetest.Must(t, <-served)
		enginetest.CloseAll(t, c)
		p.AwaitActive(0)
		enginetest.CloseAll(t, link)
	})
}

// leaving are clients that exchange until their session ends in order.
type leaving struct {
	gone, broken atomic.Int64
	running      sync.WaitGroup
}

func (l *leaving) run(t *testing.T, c *client, begun *sync.WaitGroup) {
	defer c.Close()
	var once sync.Once
	defer once.Do(begun.Done)
	for {
		switch err := c.exchange(); {
		case errors.Is(err, io.EOF): // at the end of an exchange
			l.gone.Add(1)
			return
		case err != nil:
			t.Errorf("broken after %d exchanges: %v", c.count, err)
			l.broken.Add(1)
			return
		}
		once.Do(begun.Done)
	}
}

// TestDrainEndpoint: 200 sessions that exchange all the time end in order, and new ones
// go to the other endpoint.
func TestDrainEndpoint(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		const n = 200
		a, b := echo(t, 'a'), echo(t, 'b')
		cfg := config(impl, "")
		cfg.Resolver = both{resolve.Result{Endpoint: a, Others: []string{b}, Balance: resolve.First}}
		p := enginetest.Start(t, cfg)
		var all leaving
		var begun sync.WaitGroup
		for range n {
			c, err := connect(p.Address())
			enginetest.Must(t, err)
			if c.backend != 'a' {
				t.Fatalf("led to %c", c.backend)
			}
			begun.Add(1)
			all.running.Go(func() { all.run(t, c, &begun) })
		}
		begun.Wait()
		mustForce(t, p, a, upstream.ForcedDrain, n)
		wantBackend(t, p.Address(), 'b')
		stays := join(t, p.Address(), 20)
		all.running.Wait()
		if all.gone.Load() != n || all.broken.Load() != 0 {
			t.Errorf("%d of %d ended in order, %d are broken", all.gone.Load(), n, all.broken.Load())
		}
		p.AwaitClosed(engine.ByOperator, n)
		stays.more(t, 40)
		mustForce(t, p, a, upstream.Auto, 0)
		wantBackend(t, p.Address(), 'a')
		stays.leave()
		p.AwaitActive(0)
	})
}

// both has one answer for everybody.
type both struct{ resolve.Result }

func (b both) Resolve(context.Context, resolve.Request) (resolve.Result, error) { return b.Result, nil }

// TestDrainEndpointOnTheWay: a session that logs in while its endpoint is drained ends
// once it is established.
func TestDrainEndpointOnTheWay(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		p := enginetest.Start(t, enginetest.Config(impl, postgres.Front(postgres.Options{}), resolve.Fixed(backend.Address())))
		c := p.Dial()
		c.Say(startup)
		server := backend.Accept()
		server.Hear(startup)
		mustForce(t, p, backend.Address(), upstream.ForcedDrain, 0)
		server.Say("R\x00\x00\x00\x08\x00\x00\x00\x00Z\x00\x00\x00\x05I")
		c.HearTo("\x05I")
		server.HearEnd()
		enginetest.CloseAll(t, server)
		c.HearEnd()
		enginetest.CloseAll(t, c)
		p.AwaitClosed(engine.ByOperator, 1)
	})
}
