//go:build linux

package loadtest

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/link"
	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
	"github.com/proxy-engine/proxy-engine/loadtest/measure"
)

// transfer is one connection of a Bulk.
type transfer struct {
	worker    *mover
	link      *link.Conn // nil if not open
	connected bool
	sending   bool // until the worker stops it
	ended     bool // this side has
	sent      uint64
	received  *stream.TailVerifier
	account   stream.Trailer // the backend's; zero until it came

	// What was moved when it was last looked at, and when that was.
	seen   uint64
	seenAt time.Time
}

func newTransfer(w *mover) *transfer {
	return &transfer{worker: w, received: stream.NewTailVerifier(w.pattern), sending: w.direction != Download}
}

// connect opens the connection; until it stands the socket isn't writable.
func (t *transfer) connect() {
	t.seenAt = time.Now()
	conn, err := t.worker.connect()
	if err != nil {
		t.worker.failures.Add(measure.FailureOf(err))
		return
	}
	t.link = conn
	t.worker.open++
	t.begin()
}

// begin starts the handshake, if there is one: nothing is written otherwise.
func (t *transfer) begin() {
	if _, err := t.link.Write(nil); err != nil && err != unix.EAGAIN {
		t.worker.broken(t, err)
		return
	}
	t.want()
}

// want tells the loop what the transfer waits for.
func (t *transfer) want() {
	if err := t.link.Await(t, true, t.sending || !t.connected); err != nil {
		t.worker.broken(t, err)
	}
}

// Ready reads one chunk and writes one, whichever is possible.
func (t *transfer) Ready(events uint32) {
	events = t.link.Ready(events)
	if events&(poll.Readable|poll.Broken) != 0 {
		t.read()
	}
	if t.open() && events&poll.Writable != 0 {
		t.writable()
	}
	if t.open() {
		t.want()
	}
}

// Release implements poll.Releaser.
func (t *transfer) Release() { t.link.Release() }

func (t *transfer) open() bool { return t.link != nil }

func (t *transfer) read() {
	n, err := t.link.Read(t.received.Space())
	switch {
	case err == unix.EAGAIN:
	case err != nil:
		t.worker.broken(t, err)
	case n == 0:
		t.finish()
	default:
		t.received.Filled(n)
	}
}

func (t *transfer) writable() {
	if !t.connected {
		t.connected = true
		t.worker.established++
	}
	if t.sending {
		t.write()
	}
}

func (t *transfer) write() {
	n, err := t.link.Write(t.worker.pattern.At(t.sent))
	t.sent += uint64(n)
	if err != nil && err != unix.EAGAIN {
		t.worker.broken(t, err)
	}
}

// stop ends this side's direction, which asks the backend for its account.
func (t *transfer) stop() {
	if !t.open() {
		return
	}
	t.sending, t.ended = false, true
	if err := t.link.CloseWrite(); err != nil {
		t.worker.broken(t, err)
		return
	}
	t.want()
}

// finish is called when the backend has ended the stream.
func (t *transfer) finish() {
	account, ok := t.received.Trailer()
	switch {
	case !t.ended || !ok:
		t.worker.fail(t, measure.Ended)
	case !t.agrees(account):
		t.worker.fail(t, measure.Wrong)
	default:
		t.account = account
		t.worker.complete++
		t.worker.close(t)
	}
}

// agrees says whether both sides saw the same bytes.
func (t *transfer) agrees(account stream.Trailer) bool {
	return account.Received == t.sent && account.Wrong == stream.None &&
		account.Sent == t.received.Received() && t.received.Wrong() == stream.None
}

func (t *transfer) failIfStalled(now time.Time) {
	moved := t.sent + t.received.Received()
	if moved != t.seen {
		t.seen, t.seenAt = moved, now
	}
	if t.open() && now.Sub(t.seenAt) > t.worker.timeout {
		t.worker.fail(t, measure.Late)
	}
}
