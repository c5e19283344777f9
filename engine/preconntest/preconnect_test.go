// Package preconntest has connections to backends made before clients want them,
// through the engine.
package preconntest

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// startup is PostgreSQL's first message, and welcome a trusting server's answer.
const (
	startup = "\x00\x00\x00\x12\x00\x03\x00\x00user\x00app\x00\x00"
	welcome = "R\x00\x00\x00\x08\x00\x00\x00\x00Z\x00\x00\x00\x05I"
)

// start has a proxy with one event loop keep n connections ready.
func start(t *testing.T, impl engine.Impl, n int, r resolve.Resolver, more ...func(*engine.Config)) *enginetest.Proxy {
	t.Helper()
	cfg := enginetest.Config(impl, postgres.Front(postgres.Options{}), r)
	cfg.EventLoops = 1
	cfg.Preconnect.PerEndpoint, cfg.Preconnect.Idle = n, enginetest.Patience
	for _, change := range more {
		change(&cfg)
	}
	return enginetest.Start(t, cfg)
}

// arrivals are a backend's connections in the order they come.
type arrivals struct {
	t     *testing.T
	conns chan *enginetest.Conn
}

func listen(t *testing.T) (*enginetest.Backend, *arrivals) {
	t.Helper()
	b := enginetest.Listen(t)
	a := &arrivals{t, make(chan *enginetest.Conn, 1000)}
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			c, err := b.AcceptTCP()
			if err != nil {
				return
			}
			a.conns <- enginetest.NewConn(t, c)
		}
	})
	t.Cleanup(func() {
		_ = b.Close()
		accepting.Wait()
	})
	return b, a
}

// serveAll has each connection to an address handled until the test ends.
func serveAll(t *testing.T, handle func(net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	enginetest.Must(t, err)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer func() { _ = c.Close() }()
				handle(c)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	return l.Addr().String()
}

// trust is a server that lets everybody in.
func trust(c net.Conn) {
	if _, err := io.ReadFull(c, make([]byte, len(startup))); err != nil {
		return
	}
	_, _ = io.WriteString(c, welcome)
	_, _ = io.Copy(io.Discard, c)
}

// next waits for one more connection.
func (a *arrivals) next() *enginetest.Conn {
	a.t.Helper()
	select {
	case c := <-a.conns:
		return c
	case <-time.After(enginetest.Patience):
		a.t.Fatal("no connection comes")
		return nil
	}
}

// serve has the connection's client served.
func serve(link *enginetest.Conn, client *enginetest.Conn) {
	link.Hear(startup)
	link.Say(welcome)
	client.Hear(welcome)
}

func awaitReady(t *testing.T, p *enginetest.Proxy, n int64) {
	t.Helper()
	enginetest.Eventually(t, "connections are ready", func() bool { return p.Stats().Preconnect.Ready == n })
}

// The first client finds none ready; the next is given the one that was made
// meanwhile, and another takes its place.
func TestNextClientFindsOneReady(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend, links := listen(t)
		p := start(t, impl, 1, resolve.Fixed(backend.Address()))
		first := p.Dial()
		first.Say(startup)
		own, spare := links.next(), links.next()
		awaitReady(t, p, 1)
		// Which of the two was made for the client is told by what it says.
		if !hears(own) {
			own, spare = spare, own
		}
		serve(own, first)
		second := p.Dial()
		second.Say(startup)
		serve(spare, second)
		if s := p.Stats().Preconnect; s.Hits != 1 || s.Misses != 1 {
			t.Errorf("%+v", s)
		}
		for _, e := range p.Stats().Endpoints {
			if e.Sessions != 2 {
				t.Errorf("%d sessions are counted, want 2", e.Sessions)
			}
		}
		second.Say("more") // the relay is the socket's own
		spare.Hear("more")
		enginetest.CloseAll(t, first, second, own, spare)
	})
}

// hears says whether the connection is the one with a client.
func hears(link *enginetest.Conn) bool {
	_ = link.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	_, err := link.In.Peek(1)
	_ = link.SetReadDeadline(enginetest.Soon())
	return err == nil
}

// A connection the backend has closed, or said something on, is given to nobody.
func TestBackendHasClosedOrSpoken(t *testing.T) {
	for name, spoil := range map[string]func(*enginetest.Conn){
		"closed": func(c *enginetest.Conn) { _ = c.Close() },
		"reset":  func(c *enginetest.Conn) { c.Reset() },
		"spoken": func(c *enginetest.Conn) { c.Say("?") },
	} {
		t.Run(name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				backend, links := listen(t)
				p := start(t, impl, 1, resolve.Fixed(backend.Address()))
				first := p.Dial()
				first.Say(startup)
				own, spare := links.next(), links.next()
				awaitReady(t, p, 1)
				if !hears(own) {
					own, spare = spare, own
				}
				serve(own, first)
				spoil(spare)
				second := p.Dial()
				second.Say(startup)
				link := links.next()
				for !hears(link) {
					link = links.next()
				}
				serve(link, second)
				enginetest.CloseAll(t, first, second)
				if p.Stats().Preconnect.Hits != 0 {
					t.Error("a client was given it")
				}
				_ = link.Close()
				_ = own.Close()
			})
		})
	}
}

// When nobody wants them any more they are closed, and when they are too old.
func TestDemandFalls(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := start(t, impl, 3, resolve.Fixed(serveAll(t, trust)))
		for range 3 {
			client := p.Dial()
			client.Say(startup)
			client.Hear(welcome)
			enginetest.CloseAll(t, client)
		}
		enginetest.Eventually(t, "some are ready", func() bool { return p.Stats().Preconnect.Ready > 0 })
		awaitReady(t, p, 0)
		if p.Stats().Preconnect.Dead == 0 {
			t.Error("none was closed")
		}
	})
}

// Nobody who might sleep is kept awake, and nobody who is told of clients is
// connected without one.
func TestNoneForThese(t *testing.T) {
	for name, r := range map[string]resolve.Result{
		"may be put to sleep":    {Wake: "hook"},
		"is told of its clients": {Metadata: map[string]string{"proxy-protocol": "v1"}},
	} {
		t.Run(name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				backend, links := listen(t)
				r.Endpoint = backend.Address()
				p := start(t, impl, 1, answer(r))
				client := p.Dial()
				client.Say(startup)
				link := links.next()
				link.HearTo(startup)
				if s := p.Stats().Preconnect; s != (engine.PreconnectStats{}) {
					t.Errorf("%+v", s)
				}
				enginetest.CloseAll(t, client, link)
			})
		})
	}
}
