package tlstest

import (
	"errors"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

const (
	// many sessions have exchanged so many bytes each way.
	many      = 300
	exchanged = 64 << 10
	// mayCost is what an idle one may hold, in bytes of the heap: generous, for
	// the bench measures it. The buffers of one record would be more.
	mayCost = 16 << 10
)

// An idle session on the event loops costs no goroutine and holds no record
// buffer, encrypted as it may be.
func TestManyIdleSessions(t *testing.T) {
	for _, leg := range legs {
		t.Run(leg.name, func(t *testing.T) {
			enginetest.CheckLeaks(t)
			var changes []func(*proxy, *engine.Config)
			if leg.client == 0 {
				changes = append(changes, inTheClear)
			}
			if leg.backend != 0 {
				changes = append(changes, verified)
			}
			p := start(t, engine.Reactor, changes...)
			conns := p.idle(leg.client, leg.backend, nil)
			goroutines, held := runtime.NumGoroutine(), heap()
			for range many {
				conns = p.idle(leg.client, leg.backend, conns)
			}
			enginetest.Eventually(t, "no goroutine more than for one session", func() bool { return runtime.NumGoroutine() <= goroutines })
			cost := (heap() - held) / many
			t.Logf("%d bytes a session", cost)
			if cost > mayCost {
				t.Errorf("an idle session holds %d bytes, %d are allowed", cost, mayCost)
			}
			if got := p.Stats().Active; got != many+1 {
				t.Errorf("%d sessions", got)
			}
			for _, c := range conns {
				enginetest.Must(t, errors.Join(c.SetLinger(0), c.Close()))
			}
		})
	}
}

// idle makes a session that has been busy, and appends the test's ends of its
// connections to conns; all else of the test's is garbage.
func (p *proxy) idle(clientVersion, backendVersion uint16, conns []*net.TCPConn) []*net.TCPConn {
	p.t.Helper()
	client, backend := p.ends(clientVersion, backendVersion)
	text := strings.Repeat("x", exchanged)
	expectText(p.t, client, backend, text)
	expectText(p.t, backend, client, text)
	return append(conns, under(client), under(backend))
}
