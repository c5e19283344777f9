package opstest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// two has two listeners, of the resources "x" and "y", each with a backend of its own.
func two(t *testing.T, impl engine.Impl) (p *enginetest.Proxy, x, y *client) {
	t.Helper()
	backends := map[string]string{"x": echo(t, 'x'), "y": echo(t, 'y')}
	cfg := config(impl, "")
	cfg.Resolver = byResource(backends)
	cfg.Listeners = append(cfg.Listeners, engine.Listener{Name: "other", Address: "127.0.0.1:0", Front: tcp.Front("y")})
	p = enginetest.Start(t, cfg)
	x, err := connect(p.Address())
	enginetest.Must(t, err)
	t.Cleanup(func() { _ = x.Close() })
	y, err = connect(p.Addr("other").String())
	enginetest.Must(t, err)
	t.Cleanup(func() { _ = y.Close() })
	return p, x, y
}

type byResource map[string]string

func (b byResource) Resolve(_ context.Context, q resolve.Request) (resolve.Result, error) {
	return resolve.Result{Endpoint: b[q.Resource]}, nil
}

// wantEnd wants the client's session to end in order, and closes the client.
func wantEnd(t *testing.T, c *client) {
	t.Helper()
	_ = c.SetDeadline(enginetest.Soon())
	if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v, want an orderly end", rest, err)
	}
	_ = c.Close()
}

func TestList(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p, x, y := two(t, impl)
		enginetest.Must(t, errors.Join(x.exchange(), y.exchange(), y.exchange()))
		all, n := p.Sessions(engine.SessionFilter{}, 10)
		if n != 2 || len(all) != 2 || all[0].Age < all[1].Age {
			t.Fatalf("%d of %d: %+v", len(all), n, all)
		}
		i := slices.IndexFunc(all, func(s engine.SessionInfo) bool { return s.Resource == "y" })
		got := all[i]
		want := engine.SessionInfo{
			ID: got.ID, Listener: "other", Protocol: "tcp", Client: netip.MustParseAddrPort(y.LocalAddr().String()), Resource: "y",
			Endpoint: got.Endpoint, Backend: got.Backend, State: engine.Relaying, Age: got.Age, FromClient: 512, ToClient: 513,
		}
		if !reflect.DeepEqual(got, want) || got.Endpoint == "" || got.Age <= 0 {
			t.Errorf("%+v", got)
		}
		if impl == engine.Reactor && got.Backend.String() != got.Endpoint {
			t.Errorf("the backend is %v, the endpoint %s", got.Backend, got.Endpoint)
		}
		for name, f := range map[string]engine.SessionFilter{
			"id": {IDs: []string{got.ID, "0-0-127.0.0.1:1", "rubbish"}}, "resource": {Resource: "y"}, "listener": {Listener: "other"}, "endpoint": {Endpoint: got.Endpoint},
			"client": {Client: netip.PrefixFrom(got.Client.Addr(), 32), Resource: "y"}, "age": {MinAge: time.Nanosecond, MaxAge: time.Hour, Resource: "y"},
			"state": {State: "relaying", Protocol: "tcp", Resource: "y"},
		} {
			if some, n := p.Sessions(f, 10); n != 1 || len(some) != 1 || some[0].ID != got.ID {
				t.Errorf("%s: %d %+v", name, n, some)
			}
		}
		for name, f := range map[string]engine.SessionFilter{
			"id": {IDs: []string{"rubbish"}}, "resource": {Resource: "Y"}, "listener": {Listener: "third"}, "protocol": {Protocol: "http"}, "endpoint": {Endpoint: "h:1"},
			"client": {Client: netip.MustParsePrefix("10.0.0.0/8")}, "min_age": {MinAge: time.Hour}, "max_age": {MaxAge: 1}, "state": {State: "opening"},
		} {
			if some, n := p.Sessions(f, 10); n != 0 || len(some) != 0 {
				t.Errorf("%s: %d %+v", name, n, some)
			}
		}
	})
}

// TestOldestFirst: of many, those are listed that are the oldest.
func TestOldestFirst(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := enginetest.Start(t, config(impl, echo(t, 'a')))
		for range 50 {
			c, err := connect(p.Address())
			enginetest.Must(t, err)
			t.Cleanup(func() { _ = c.Close() })
		}
		oldest, n := p.Sessions(engine.SessionFilter{}, 7)
		if n != 50 || len(oldest) != 7 {
			t.Fatalf("%d of %d", len(oldest), n)
		}
		if !slices.IsSortedFunc(oldest, func(a, b engine.SessionInfo) int { return int(b.Age - a.Age) }) {
			t.Error("not sorted")
		}
		if none, n := p.Sessions(engine.SessionFilter{}, 0); n != 50 || len(none) != 0 {
			t.Errorf("without room: %d of %d", len(none), n)
		}
	})
}

// TestClose: those end whom it is about, in order, and nobody else notices.
func TestClose(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p, x, y := two(t, impl)
		others := join(t, p.Address(), 100)
		list, _ := p.Sessions(engine.SessionFilter{Client: netip.PrefixFrom(netip.MustParseAddrPort(x.LocalAddr().String()).Addr(), 32)}, 1000)
		i := slices.IndexFunc(list, func(s engine.SessionInfo) bool { return s.Client.String() == x.LocalAddr().String() })
		if n := p.CloseSessions(engine.SessionFilter{IDs: []string{list[i].ID}}); n != 1 {
			t.Errorf("%d closed by id", n)
		}
		wantEnd(t, x)
		if n := p.CloseSessions(engine.SessionFilter{Resource: "y"}); n != 1 {
			t.Errorf("%d closed by resource", n)
		}
		wantEnd(t, y)
		p.AwaitClosed(engine.ByOperator, 2)
		others.more(t, 200)
		others.leave()
		if n := p.CloseSessions(engine.SessionFilter{IDs: []string{list[i].ID}}); n != 0 {
			t.Errorf("%d closed that had ended", n)
		}
	})
}

// TestCloseWhileSettingUp: a client that is still waited for, or waits, is refused in
// its protocol where that is possible.
func TestCloseWhileSettingUp(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		asked, answer := make(chan struct{}, 1), make(chan struct{})
		cfg := enginetest.Config(impl, postgres.Front(postgres.Options{}), nil)
		cfg.Resolver = resolverFunc(func(context.Context, resolve.Request) (resolve.Result, error) {
			asked <- struct{}{}
			<-answer
			return resolve.Result{}, resolve.Errorf(resolve.NotFound, "nobody waits for it")
		})
		p := enginetest.Start(t, cfg)
		defer close(answer)
		silent := p.Dial()
		p.AwaitActive(1)
		if n := p.CloseSessions(engine.SessionFilter{State: "detecting"}); n != 1 {
			t.Errorf("%d closed", n)
		}
		silent.HearGone()
		waits := p.Dial()
		waits.Say("\x00\x00\x00\x12\x00\x03\x00\x00user\x00bob\x00\x00")
		<-asked
		if n := p.CloseSessions(engine.SessionFilter{}); n != 1 {
			t.Errorf("%d closed", n)
		}
		if words := waits.HearTo("an operator"); !strings.Contains(words, "57P03") {
			t.Errorf("%q", words)
		}
		enginetest.CloseAll(t, waits)
		p.AwaitClosed(engine.ByOperator, 2)
	})
}

type resolverFunc func(context.Context, resolve.Request) (resolve.Result, error)

func (f resolverFunc) Resolve(ctx context.Context, q resolve.Request) (resolve.Result, error) {
	return f(ctx, q)
}

// TestCloseHTTP: a connection between two requests ends in order.
func TestCloseHTTP(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		p := enginetest.Start(t, enginetest.Config(impl, engine.HTTPFront(), resolve.Fixed(backend.Address())))
		c := p.Dial()
		c.Say("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		link := backend.Accept()
		link.HearTo("\r\n\r\n")
		link.Say("HTTP/1.1 204 No Content\r\n\r\n")
		c.HearTo("\r\n\r\n")
		enginetest.Eventually(t, "it is listed by its last request's resource", func() bool {
			list, _ := p.Sessions(engine.SessionFilter{Resource: "h"}, 1)
			return len(list) == 1 && list[0].Protocol == "http" && list[0].ToClient > 0
		})
		if n := p.CloseSessions(engine.SessionFilter{Resource: "h"}); n != 1 {
			t.Errorf("%d closed", n)
		}
		c.HearEnd()
		enginetest.CloseAll(t, c)
		p.AwaitClosed(engine.ByOperator, 1)
	})
}

// TestListWhileClientsComeAndGo: it never breaks, nor do they.
func TestListWhileClientsComeAndGo(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := enginetest.Start(t, config(impl, echo(t, 'a')))
		sessions, newcomers := join(t, p.Address(), 50), come(t, p.Address(), 4)
		for range 50 {
			all, n := p.Sessions(engine.SessionFilter{}, 1000)
			if n < 50 || len(all) != n {
				t.Fatalf("%d of %d", len(all), n)
			}
			if n := p.CloseSessions(engine.SessionFilter{Resource: "nothing"}); n != 0 {
				t.Fatalf("%d closed", n)
			}
		}
		newcomers.more(t, 20)
		newcomers.leave()
		sessions.leave()
	})
}

// TestIdleFirst: an engine that ends tells idle sessions to go, and lets those that
// are busy go on.
func TestIdleFirst(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		cfg := config(impl, echo(t, 'a'))
		cfg.DrainIdle = 200 * time.Millisecond
		p := enginetest.Start(t, cfg)
		var idle []*client
		for range 20 {
			c, err := connect(p.Address())
			enginetest.Must(t, err)
			defer c.Close()
			enginetest.Must(t, c.exchange())
			idle = append(idle, c)
		}
		busy := join(t, p.Address(), 20)
		drained := enginetest.Async(func() error { return p.Shutdown(t.Context()) })
		for _, c := range idle {
			wantEnd(t, c)
		}
		busy.more(t, 100)
		busy.leave()
		enginetest.Must(t, <-drained)
		closed := p.Stats().Closed
		if got := fmt.Sprint(closed[engine.Drained], closed[engine.ClientClosed]); got != "20 20" {
			t.Errorf("drained, closed by clients: %s", got)
		}
	})
}

// TestAwaitedAnswer: a session whose client waits for an answer isn't idle.
func TestAwaitedAnswer(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		cfg := config(impl, backend.Address())
		cfg.DrainIdle = time.Second
		p := enginetest.Start(t, cfg)
		session := func() (client, link *enginetest.Conn) {
			client = p.Dial()
			link = backend.Accept()
			client.Say("question")
			link.Hear("question")
			return client, link
		}
		waits, works := session()
		idle, done := session()
		done.Say("answer")
		idle.Hear("answer")
		drained := enginetest.Async(func() error { return p.Shutdown(t.Context()) })
		done.HearEnd() // by a look at both
		works.Say("answer")
		waits.Hear("answer")
		waits.Say("another")
		works.Hear("another")
		enginetest.CloseAll(t, waits, works, idle, done)
		enginetest.Must(t, <-drained)
	})
}
