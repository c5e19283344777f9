package engine_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
)

// A proxy that drains takes nobody in, serves on whom it has, and is done when
// the last of them is.
func TestDrainLetsSessionsFinish(t *testing.T) {
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		b := serve(t, echo)
		p := start(t, impl, tcp.Front("x"), b.route())
		a, c := p.dial(), p.dial()
		must(t, ask(a, "hello"))
		must(t, ask(c, "hello"))
		p.stopped = true
		done := async(func() error { return p.Shutdown(context.Background()) })
		eventually(t, "newcomers are refused", func() bool {
			late, err := net.DialTCP("tcp", nil, p.address())
			if err == nil {
				late.Close()
			}
			return errors.Is(err, unix.ECONNREFUSED)
		})
		late := p.Stats().Accepted - 2
		for _, session := range []*net.TCPConn{a, c} {
			select {
			case err := <-done:
				t.Fatalf("Shutdown is done (%v) with a session open", err)
			default:
			}
			must(t, ask(session, "still there?"))
			must(t, session.CloseWrite())
			must(t, hearEnd(session))
		}
		must(t, <-done)
		s := p.Stats()
		checkAccounts(t, s)
		if n := s.Closed[engine.ClientClosed] + s.Closed[engine.ClientGone]; n != 2+late {
			t.Errorf("%d sessions ended by themselves, want %d", n, 2+late)
		}
	})
}

// Who has connected before the drain is served, even if the proxy hadn't
// accepted it yet.
func TestDrainServesTheBacklog(t *testing.T) {
	const sessions = 50
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		b := serve(t, echo)
		p := start(t, impl, tcp.Front("x"), b.route())
		var clients []*net.TCPConn
		for range sessions {
			clients = append(clients, p.dial())
		}
		p.stopped = true
		done := async(func() error { return p.Shutdown(context.Background()) })
		for _, c := range clients {
			must(t, ask(c, "hello"))
			must(t, c.CloseWrite())
			must(t, hearEnd(c))
		}
		must(t, <-done)
		s := p.Stats()
		checkAccounts(t, s)
		checkClosings(t, s, closings{engine.ClientClosed: sessions})
	})
}

// drainCases bring a session into each state: what the client says and hears,
// and whether somebody else is asked then.
var drainCases = map[string]struct {
	script      script
	says, hears string
	asks        bool
}{
	"detecting":               {script: script{greeting: "welcome\n"}, hears: "welcome\n"},
	"detecting, half a line":  {script: script{greeting: "welcome\n"}, says: "half", hears: "welcome\n"},
	"resolving":               {says: "slow\n", asks: true},
	"opening":                 {script: script{banner: true}, says: "quiet\n", asks: true},
	"relaying":                {says: "echo\nhello", hears: "hello"},
	"relaying, half-closed":   {says: "ended\n", hears: "goodbye"},
	"relaying, much to flush": {says: "bulk\n", hears: "hello"},
	"flushing a refusal":      {says: "missing\n", hears: refusal(codecs.NotFound, "", "missing")},
}

// At its deadline a drain ends every session, whatever state it is in, and the
// client sees it.
func TestDrainDeadlineEndsSessions(t *testing.T) {
	for name, tt := range drainCases {
		t.Run(name, func(t *testing.T) {
			eachVariant(t, func(t *testing.T, impl engine.Impl) {
				asked := make(chan struct{}, 1)
				p := start(t, impl, tt.script.front(), drainBackends(t, asked))
				c := p.dial()
				must(t, errors.Join(say(c, tt.says), hear(c, tt.hears)))
				if tt.asks {
					<-asked
				}
				p.drain(closings{engine.Drained: 1})
				must(t, hearRest(c))
			})
		})
	}
}

func drainBackends(t *testing.T, asked chan<- struct{}) names {
	return names{
		"slow": hangs(asked, nil, nil),
		"quiet": at(serve(t, func(c *net.TCPConn) error {
			asked <- struct{}{}
			return hearRest(c)
		}).addr),
		"echo": at(serve(t, echo).addr),
		"ended": at(serve(t, func(c *net.TCPConn) error {
			return errors.Join(say(c, "goodbye"), c.CloseWrite(), hearRest(c))
		}).addr),
		"bulk": at(serve(t, func(c *net.TCPConn) error {
			err := say(c, "hello")
			<-flood(c)
			return err
		}).addr),
	}
}
