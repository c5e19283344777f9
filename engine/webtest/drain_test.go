package webtest

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// TestDrainEndsBehindTheResponse: a request under way when the proxy begins to
// drain is served; its connection ends with it, told so if there is still time
// to.
func TestDrainEndsBehindTheResponse(t *testing.T) {
	for name, c := range map[string]struct {
		before, after string // of the response
		body          string
		told          bool
		want          engine.Reason
	}{
		"before the head":   {"", fine, "fine", true, engine.ClientClosed},
		"behind the head":   {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nf", "ine", "fine", false, engine.Drained},
		"within the chunks": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfin\r\n", "1\r\ne\r\n0\r\n\r\n", "3\r\nfin\r\n1\r\ne\r\n0\r\n\r\n", false, engine.Drained},
	} {
		t.Run(name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				backend := enginetest.Listen(t)
				p := startProxy(t, impl, only(backend.Address()))
				client := p.Dial()
				client.Say(get + "\r\n")
				link := backend.Accept()
				link.HearTo("\r\n\r\n")
				head := ""
				if c.before != "" {
					link.Say(c.before)
					head = client.HearTo("\r\n\r\n")
				}
				done := p.drain(t)
				link.Say(c.after)
				all := head + client.HearEnd()
				if told := strings.Contains(all, "\r\nConnection: close\r\n"); told != c.told || !strings.HasSuffix(all, "\r\n\r\n"+c.body) {
					t.Errorf("got %q, told: %v; want %v", all, told, c.told)
				}
				enginetest.Must(t, client.Close())
				enginetest.Must(t, <-done)
				p.AwaitClosed(c.want, 1)
			})
		})
	}
}

// drain has the proxy shut down, and returns when it has begun to.
func (p *proxy) drain(t *testing.T) (done <-chan error) {
	t.Helper()
	done = enginetest.Async(func() error { return p.Shutdown(context.Background()) })
	enginetest.Eventually(t, "newcomers are refused", func() bool {
		late, err := net.Dial("tcp", p.Address())
		if err == nil {
			late.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED)
	})
	return done
}

// TestDrainEndsIdleConnections: connections that wait for a next request are
// closed at once, whatever others are at; those to backends aren't kept.
func TestDrainEndsIdleConnections(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		p := startProxy(t, impl, only(backend.Address()))
		idle, busy := p.Dial(), p.Dial()
		busy.Say(get + "\r\n")
		link := backend.Accept()
		link.HearTo("\r\n\r\n")
		firstExchange(idle, backend)
		done := p.drain(t)
		if rest := idle.HearEnd(); rest != "" {
			t.Errorf("the idle client got %q", rest)
		}
		enginetest.Must(t, idle.Close())
		p.AwaitActive(1)
		link.Say(fine)
		busy.HearTo("fine")
		busy.HearEnd()
		link.HearEnd()
		enginetest.Must(t, busy.Close())
		enginetest.Must(t, <-done)
		if closed := p.Stats().Closed[engine.Drained]; closed == 0 {
			t.Error("the idle connection wasn't ended as drained")
		}
	})
}

// TestRetired: who still comes is served, and told to go elsewhere next time.
func TestRetired(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		p := startProxy(t, impl, only(backend.Address()))
		p.Retire()
		client := p.Dial()
		client.Say(get + "\r\n")
		link := backend.Accept()
		link.HearTo("\r\n\r\n")
		link.Say(fine)
		if all := client.HearEnd(); !strings.Contains(all, "\r\nConnection: close\r\n") || !strings.HasSuffix(all, "\r\n\r\nfine") {
			t.Errorf("got %q", all)
		}
		enginetest.Must(t, client.Close())
		p.AwaitClosed(engine.ClientClosed, 1)
	})
}
