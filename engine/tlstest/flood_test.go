package tlstest

import (
	"crypto/tls"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// listening records what a client says first.
type listening struct {
	net.Conn
	said []byte
}

func (l *listening) Write(b []byte) (int, error) {
	l.said = append(l.said, b...)
	return 0, io.ErrClosedPipe
}

// hello is what a client of the proxy's says first.
func (p *proxy) hello() string {
	var l listening
	_ = tls.Client(&l, &tls.Config{RootCAs: p.ca.Roots(), ServerName: name}).Handshake()
	return string(l.said)
}

// places is the most handshakes at once of the flooded proxy, flood how many
// clients of each kind come.
const (
	places = 16
	flood  = 150
)

// A flood of clients that never finish their hello, that say it and no more, and
// of those that send garbage: each is closed and counted, no more goroutines are
// spent on them than there are places, and who is established goes on.
func TestFloods(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := start(t, impl, func(_ *proxy, cfg *engine.Config) {
			cfg.TLS.Handshakes = places
			cfg.Timeouts.Handshake, cfg.Timeouts.Flush = 3*time.Second, time.Second
		})
		established := p.client(nil)
		enginetest.Must(t, established.Handshake())
		backend := p.backend.Accept()

		before := runtime.NumGoroutine()
		hello := p.hello()
		for range flood {
			for _, says := range []string{hello, hello[:len(hello)/2], "\x16\x03\x01\x00\x05garbage"} {
				p.Dial().Say(says)
			}
			_, err := established.Write([]byte("still here"))
			enginetest.Must(t, err)
			backend.Hear("still here")
		}
		if grown := runtime.NumGoroutine() - before; impl == engine.Reactor && grown > places {
			t.Errorf("%d more goroutines for %d places", grown, places)
		}
		enginetest.Eventually(t, "the flood is over", func() bool { return p.Stats().Active == 1 })
		closed := p.Stats().Closed
		ended := closed[engine.HandshakeFailed] + closed[engine.HandshakeTimeout] + closed[engine.HandshakeCrowded]
		// With goroutines garbage waits for a place like the others.
		seen := closed[engine.HandshakeFailed] == flood || impl == engine.Goroutine
		if ended != 3*flood || !seen {
			t.Errorf("%d of %d are counted, %d of %d as failed", ended, 3*flood, closed[engine.HandshakeFailed], flood)
		}
	})
}
