package movetest

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// mover is a resolver that tells of its changes.
type mover struct {
	mu      sync.Mutex
	result  resolve.Result
	changed func(string)
}

var _ resolve.Notifier = (*mover)(nil)

// Resolve implements resolve.Resolver.
func (m *mover) Resolve(context.Context, resolve.Request) (resolve.Result, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.result, nil
}

// Notify implements resolve.Notifier.
func (m *mover) Notify(changed func(string)) { m.changed = changed }

// move has every resource be elsewhere, without a stay of the sessions there are.
func (m *mover) move(endpoint string) {
	m.mu.Lock()
	m.result = resolve.Result{Endpoint: endpoint, Drain: -1}
	m.mu.Unlock()
	m.changed("")
}

func at(endpoint string) *mover { return &mover{result: resolve.Result{Endpoint: endpoint}} }

// What was under way when a session is told to leave arrives, in both directions,
// however long that takes.
func TestWhatIsUnderWayArrives(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		home, other := enginetest.Listen(t), enginetest.Listen(t)
		m := at(home.Address())
		proxy := enginetest.Start(t, enginetest.Config(impl, tcp.Front("resource"), m))
		client := proxy.Dial()
		client.Say("a question")
		link := home.Accept()
		link.Hear("a question")
		answer := strings.Repeat("0123456789abcdef", 1<<18) // more than all buffers hold
		said := enginetest.Async(func() error {
			_, err := io.WriteString(link, answer)
			return err
		})
		m.move(other.Address())
		link.HearEnd()
		client.Say("too late")
		client.Hear(answer)
		enginetest.Must(t, <-said)
		link.Say("last words")
		enginetest.CloseAll(t, link)
		client.Hear("last words")
		client.HearEnd()
		enginetest.CloseAll(t, client)
		proxy.AwaitClosed(engine.Moved, 1)
	})
}

// A backend, or a client, that doesn't end a session that leaves is given
// Timeouts.Flush.
func TestLeavingEnds(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		home := enginetest.Listen(t)
		m := at(home.Address())
		cfg := enginetest.Config(impl, tcp.Front("resource"), m)
		cfg.Timeouts.Flush = 50 * time.Millisecond
		proxy := enginetest.Start(t, cfg)
		client := proxy.Dial()
		client.Say("x")
		link := home.Accept()
		link.Hear("x")
		m.move("127.0.0.1:1")
		link.HearEnd()
		client.HearGone()
		proxy.AwaitClosed(engine.Moved, 1)
		enginetest.CloseAll(t, client, link)
	})
}

// A session whose client has finished sending leaves as well.
func TestHalfClosedLeaves(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		home := enginetest.Listen(t)
		m := at(home.Address())
		cfg := enginetest.Config(impl, tcp.Front("resource"), m)
		cfg.Timeouts.Flush = 50 * time.Millisecond
		proxy := enginetest.Start(t, cfg)
		client := proxy.Dial()
		client.Say("x")
		enginetest.Must(t, client.CloseWrite())
		link := home.Accept()
		link.Hear("x")
		link.HearEnd()
		link.Say("y")
		client.Hear("y")
		m.move("127.0.0.1:1")
		client.HearGone()
		proxy.AwaitClosed(engine.Moved, 1)
		enginetest.CloseAll(t, client, link)
	})
}

// An HTTP connection goes where its resource has moved with the next request; the
// one under way is answered where it was.
func TestHTTPMoves(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		home, other := enginetest.Listen(t), enginetest.Listen(t)
		m := at(home.Address())
		proxy := enginetest.Start(t, enginetest.Config(impl, engine.HTTPFront(), m))
		client := proxy.Dial()
		exchange := func(at *enginetest.Backend, meanwhile func()) {
			client.Say("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			link := at.Accept()
			link.HearTo("\r\n\r\n")
			meanwhile()
			link.Say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			client.HearTo("\r\n\r\nok")
		}
		exchange(home, func() { m.move(other.Address()) })
		exchange(other, func() {})
		enginetest.CloseAll(t, client)
		proxy.AwaitClosed(engine.ClientClosed, 1)
	})
}

// One that has switched protocols ends as any other session.
func TestSwitchedLeaves(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		home, other := enginetest.Listen(t), enginetest.Listen(t)
		m := at(home.Address())
		proxy := enginetest.Start(t, enginetest.Config(impl, engine.HTTPFront(), m))
		client := proxy.Dial()
		client.Say("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
		link := home.Accept()
		link.HearTo("\r\n\r\n")
		link.Say("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
		client.HearTo("\r\n\r\n")
		client.Say("ping")
		link.Hear("ping")
		m.move(other.Address())
		link.HearEnd()
		link.Say("pong")
		enginetest.CloseAll(t, link)
		client.Hear("pong")
		client.HearEnd()
		enginetest.CloseAll(t, client)
		proxy.AwaitClosed(engine.Moved, 1)
	})
}
