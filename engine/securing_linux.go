package engine

import (
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"

	"github.com/proxy-engine/proxy-engine/codecs/clienthello"
	"github.com/proxy-engine/proxy-engine/engine/reactor"
	"github.com/proxy-engine/proxy-engine/engine/relay"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

var _ relay.Layer = (*tlsterm.Conn)(nil)

// secured is who has a side turned to TLS.
type secured interface {
	// guard is deferred around what a handshake has happen.
	guard()
	// secured is called when the side's TLS stands, or with why it never will.
	// The peer has then been told, if there are words for it.
	secured(t *securing, err error)
}

// securing is a side on its way to TLS.
type securing struct {
	w      *worker
	spec   *Listener
	side   *relay.Side
	owner  secured
	config *tls.Config
	peer   netip.AddrPort
	shaken *handshakeCounters // nil once it is counted
	// hello gathers the client's first message, so that one who never finishes
	// it costs no goroutine.
	hello []byte
	hand  *tlsterm.Handshake // nil until that is complete
}

var _ tlsterm.Owner = (*securing)(nil)

// secureClient turns a client's side to TLS, beginning with bytes it has sent.
func (w *worker) secureClient(side *relay.Side, spec *Listener, peer netip.AddrPort, first []byte, owner secured) *securing {
	t := &securing{w: w, spec: spec, side: side, owner: owner, config: spec.TLS.Config(spec.Front.ALPN), peer: peer, shaken: &w.e.shaken[withClient]}
	t.hello = append(t.hello, first...)
	return t
}

// secureBackend turns a backend's side to TLS, beginning with bytes it has sent,
// if any. Move must be called next.
func (w *worker) secureBackend(side *relay.Side, b *backendTLS, spec *Listener, peer netip.AddrPort, first []byte, owner secured) *securing {
	config := w.e.cfg().TLS.Backends.Config(b.verify, b.name, spec.Front.ALPN)
	t := &securing{w: w, spec: spec, side: side, owner: owner, config: config, peer: peer, shaken: &w.e.shaken[withBackend]}
	leg := t.leg(first)
	t.hand = w.handshakes.Client(&leg, t)
	return t
}

func (t *securing) leg(first []byte) tlsterm.Leg {
	return tlsterm.Leg{Loop: t.w.loop, Socket: &t.side.Conn, Memory: &t.w.records, Peer: t.peer, Config: t.config, First: first}
}

// move reads what the peer has sent and goes on with it. Call it at first, and
// whenever the side is ready.
func (t *securing) move() {
	t.side.Flush()
	if t.hand == nil && !t.greeted() {
		return
	}
	conn := &t.side.Conn
	for range setupTurn {
		if !conn.Readable() || !t.hand.Wants() {
			return
		}
		in, err := t.read()
		switch {
		case err == nil:
			t.hand.Feed(in)
		case errors.Is(err, reactor.ErrWouldBlock):
			return
		default:
			t.hand.Fail(err)
			return
		}
	}
	conn.Again()
}

func (t *securing) read() ([]byte, error) {
	buf := t.w.loop.Buffer()[:minReadBuffer]
	n, err := t.side.Conn.Read(buf)
	return buf[:n], err
}

// greeted gathers the ClientHello, and begins the handshake when it is there.
func (t *securing) greeted() bool {
	for {
		_, status := clienthello.Parse(t.hello)
		switch {
		case status == clienthello.Complete:
			leg := t.leg(t.hello)
			t.hand, t.hello = t.w.handshakes.Server(&leg, t), nil
			return true
		case status != clienthello.More:
			t.refuseHello(status)
			return false
		case !t.side.Conn.Readable():
			return false
		}
		in, err := t.read()
		switch {
		case errors.Is(err, reactor.ErrWouldBlock):
			return false
		case err != nil:
			t.failed(err)
			return false
		}
		t.hello = append(t.hello, in...)
	}
}

// unexpected is the alert for a client that doesn't speak TLS, or wrongly:
// unexpected_message, fatal (RFC 8446, 6.2).
var unexpected = []byte{21, 3, 1, 0, 2, 2, 10}

// notTLS is the cause of a handshake that its first bytes end.
type notTLS struct{ why clienthello.Status }

// Error implements error.
func (n notTLS) Error() string { return n.why.String() }

// refuseHello ends it before any handshake. Whoever speaks HTTP is told in HTTP.
func (t *securing) refuseHello(why clienthello.Status) {
	if words := plainHTTP(t.spec, t.hello); words != nil {
		t.side.Send(words)
	} else {
		t.side.Send(unexpected)
	}
	t.failed(notTLS{why})
}

// failed tells the owner why there will be no TLS.
func (t *securing) failed(err error) {
	t.count(err)
	t.owner.secured(t, err)
}

// count counts how it has ended, once: with err, or well.
func (t *securing) count(err error) {
	if t.shaken == nil {
		return
	}
	var state tls.ConnectionState
	if err == nil {
		state = t.hand.Conn().State()
	}
	t.shaken.over(err, &state)
	t.shaken = nil
}

// Handshaken implements tlsterm.Owner.
func (t *securing) Handshaken(records []byte, over bool, err error) {
	defer t.owner.guard()
	if over {
		t.count(err)
	}
	if fault, bug := err.(*tlsterm.Panic); bug {
		panic(fault)
	}
	t.side.Send(records)
	switch {
	case !over:
		t.move()
	case err != nil:
		t.owner.secured(t, err)
	default:
		t.side.Secure(t.hand.Conn())
		t.owner.secured(t, nil)
	}
}

// expire is called when its deadline has passed, before it is cancelled.
func (t *securing) expire() { t.count(os.ErrDeadlineExceeded) }

// cancel ends it without a word to the owner. Nothing is called after it.
func (t *securing) cancel() {
	t.count(net.ErrClosed)
	if t.hand != nil {
		t.hand.Cancel()
	}
}
