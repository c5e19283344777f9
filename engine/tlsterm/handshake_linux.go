package tlsterm

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/reactor"
)

// errCancelled ends a handshake whose session is gone.
var errCancelled = errors.New("the session has ended")

// maxUnread is how many bytes of the peer a handshake keeps before it wants no
// more, in bytes: more than any flight that crypto/tls accepts at once.
const maxUnread = 32 << 10

// Owner is who has a Handshake.
type Owner interface {
	// Handshaken is called on the loop, unless Cancel was, when there are
	// records for the peer, which are the owner's from then on, when more of
	// the peer's are wanted, and when the handshake is over. After over it isn't
	// called again; err says why it failed and is nil if Conn may be used.
	Handshaken(records []byte, over bool, err error)
}

// Handshake is one TLS handshake under way, on a goroutine of its own. A
// Pool makes it. Its exported methods are for the loop.
type Handshake struct {
	pool  *Pool
	loop  *reactor.Loop
	conn  *Conn
	peer  netip.AddrPort
	owner Owner // nil once over or cancelled; the loop's

	mu      sync.Mutex // guards what follows
	fed     sync.Cond  // told when in or failure changes
	in, out []byte
	failure error // the end of in
	posted  bool
	over    bool
	err     error

	// The pool's, under its lock.
	waits      *list // it is in, nil if none
	prev, next *Handshake
	since      time.Time // when it was parked
	given      bool      // up, to make room
}

// Leg is what a handshake is about.
type Leg struct {
	Loop   *reactor.Loop
	Socket *reactor.Conn
	Memory *Memory // the loop's
	Peer   netip.AddrPort
	Config *tls.Config
	// First is what the peer has sent already; it is copied.
	First []byte
}

// newHandshake makes a handshake that make (tls.Server or tls.Client) plays.
func newHandshake(p *Pool, l *Leg, owner Owner, play func(w *wire) *tls.Conn) *Handshake {
	h := &Handshake{pool: p, loop: l.Loop, peer: l.Peer, owner: owner, in: append([]byte(nil), l.First...)}
	h.fed.L = &h.mu
	h.conn = &Conn{wire: wire{hand: h, socket: l.Socket, memory: l.Memory}}
	h.conn.tls = play(&h.conn.wire)
	return h
}

// run is the handshake's goroutine.
func (h *Handshake) run() {
	err := h.shake()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over, h.err = true, err
	h.post()
}

// shake makes an error of a panic: the bug is to cost this session alone.
func (h *Handshake) shake() (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = &Panic{fault, debug.Stack()}
		}
	}()
	return h.conn.tls.Handshake()
}

// Panic is the error of a handshake that has panicked.
type Panic struct {
	Value any
	Stack []byte // where it happened, as of debug.Stack
}

// Error implements error.
func (p *Panic) Error() string {
	return fmt.Sprintf("panic in a TLS handshake: %v\n%s", p.Value, p.Stack)
}

// post has the loop look, once for all that has happened by then.
func (h *Handshake) post() {
	if !h.posted {
		h.posted = true
		h.loop.Post(h.deliver)
	}
}

// deliver tells the owner, on the loop.
func (h *Handshake) deliver() {
	h.mu.Lock()
	out, over, err := h.out, h.over, h.err
	h.out, h.posted = nil, false
	h.mu.Unlock()
	owner := h.owner
	if owner == nil {
		return
	}
	if over {
		h.owner = nil
		h.settle()
	}
	owner.Handshaken(out, over, err)
}

// settle leaves the connection to the loop: its goroutine is gone.
func (h *Handshake) settle() {
	c := h.conn
	c.wire.hand = nil
	if len(h.in) > 0 {
		c.wire.left = h.in
	}
	c.buffered = true // nobody has looked
	c.giveBack()
}

// Conn returns the connection, valid once the handshake is over.
func (h *Handshake) Conn() *Conn { return h.conn }

// Wants says whether Feed may be called.
func (h *Handshake) Wants() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.in) < maxUnread && h.failure == nil
}

// Feed gives the handshake bytes of the peer, which it copies.
func (h *Handshake) Feed(b []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.in = append(h.in, b...)
	h.fed.Signal()
}

// Fail ends the handshake with an error after what it was fed: the peer is
// gone.
func (h *Handshake) Fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failure == nil {
		h.failure = err
		h.fed.Signal()
	}
}

// Cancel ends the handshake; the owner hears nothing of it.
func (h *Handshake) Cancel() {
	h.owner = nil
	h.pool.forget(h)
	h.Fail(errCancelled)
}

// read is the wire's, on the handshake's goroutine: it lets others compute while
// it waits.
func (h *Handshake) read(p []byte) (int, error) {
	if !h.fedNow() {
		h.pool.park(h)
		h.await()
		h.pool.resume(h)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.in) == 0 {
		return 0, h.failure
	}
	full := len(h.in) >= maxUnread
	n := copy(p, h.in)
	h.in = h.in[n:]
	if full {
		h.post() // the loop has stopped reading
	}
	return n, nil
}

func (h *Handshake) fedNow() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.in) > 0 || h.failure != nil
}

func (h *Handshake) await() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.in) == 0 && h.failure == nil {
		h.fed.Wait()
	}
}

// write is the wire's.
func (h *Handshake) write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.out = append(h.out, p...)
	h.post()
	return len(p), nil
}
