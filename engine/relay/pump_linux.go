// Package relay pumps bytes between the two sockets of a session, on their
// event loop.
//
// Invariants, per direction (source to destination):
//
//   - Backpressure: while bytes wait for the destination, the source isn't
//     read. At most one read buffer, or one pipe, is waiting.
//   - Half-close: the source's EOF becomes the destination's, after the bytes
//     that came before it. The other direction lives on.
//   - A reset passes on as a reset, after what was received before it.
//   - Nothing is kept for an idle session: the read buffer is the loop's, the
//     buffer for what a short write left over and the pipe of a bulk transfer
//     are borrowed.
//
// A side may be encrypted, by a [Layer]. All of the above holds for it.
package relay

import (
	"errors"
	"io"

	"github.com/valyala/bytebufferpool"

	"github.com/proxy-engine/proxy-engine/engine/reactor"
)

// turnBudget is how many bytes one direction may move before the session lets
// others have their turn: a few read buffers, some 100 us of copying.
const turnBudget = 512 << 10

// Status is what has become of a Pump.
type Status uint8

// The statuses of a Pump. All but Running are terminal.
const (
	// Running: at least one direction is open.
	Running Status = iota
	// Done: both directions have ended and everything is delivered to the
	// kernel: close both sockets.
	Done
	// ClientReset and BackendReset: that side broke, and the other side has
	// been given what it had sent: reset the other.
	ClientReset
	BackendReset
)

// Side is one of a Pump's two sockets.
type Side struct {
	// Conn is registered or dialled by the owner of the Pump.
	Conn reactor.Conn

	layer Layer // nil: bytes are the socket's as they are

	out  *bytebufferpool.ByteBuffer // what the socket didn't take, nil if nothing
	pipe *pipe                      // bulk bytes on their way to this side, nil if none
	in   uint64                     // bytes read from this side

	outOff  int32 // how much of out is written already
	answers int32 // how much of out is the layer's own, at most
	parted  bool  // the layer's end has been sent
	eof     bool  // nothing more will be read from this side
	shut    bool  // EOF has been said to this side
	broken  bool  // reset, timed out or otherwise in error
	cut     bool  // what comes from this side is dropped
	bulk    bool  // this side sends faster than one buffer per read
}

// Pump moves bytes between Client and Backend. It belongs to one event loop.
type Pump struct {
	Client, Backend Side
	pipes           *Pipes
}

// Init gives the pump the loop's pipes; nil means that it always copies.
func (p *Pump) Init(pipes *Pipes) { p.pipes = pipes }

// Take makes s what from is, a side that nothing waits for and nothing was read
// from; its socket's events go to h. from is closed then.
func (s *Side) Take(from *Side, h reactor.Handler) {
	from.Conn.Move(&s.Conn, h)
	if s.layer = from.layer; s.layer != nil {
		s.layer.Moved(&s.Conn)
		from.layer = nil
	}
}

// Received returns how many bytes have been read from the side.
func (s *Side) Received() uint64 { return s.in }

// Waiting says that bytes are on their way to the side that its socket has
// not taken yet.
func (s *Side) Waiting() bool { return s.out != nil || s.pipe != nil }

// Ended says that nothing more will come from the side that counts.
func (s *Side) Ended() bool { return s.eof || s.cut }

// EOF says that nothing more will come from the side at all.
func (s *Side) EOF() bool { return s.eof }

// Cut ends the side's direction in its place, as if it had said EOF behind what
// was read of it. What it still sends is read and dropped.
func (s *Side) Cut() { s.cut = true }

// Broken says that the connection is gone, and not because both directions have
// ended in order. What it sent before may still be to be read.
func (s *Side) Broken() bool { return s.broken || s.Conn.Failed() && !(s.eof && s.shut) }

// Readable says that Receive has something to say.
func (s *Side) Readable() bool {
	if s.layer == nil {
		return s.Conn.Readable()
	}
	return (s.Conn.Readable() || s.layer.Buffered()) && s.unburdened()
}

// Receive reads from the side into buf, keeping account. It returns 0 when
// there is nothing now, or nothing ever again (Ended).
func (s *Side) Receive(buf []byte) int {
	if s.layer != nil {
		return s.received(s.open(buf))
	}
	return s.received(s.Conn.Read(buf))
}

func (s *Side) received(n int, err error) int {
	switch {
	case err == nil:
		s.in += uint64(n)
	case errors.Is(err, reactor.ErrWouldBlock):
	case err == io.EOF:
		s.eof = true
	default:
		s.eof = true
		s.fail()
	}
	return n
}

// fail notes that the socket is in error: what waits for it is lost.
func (s *Side) fail() {
	s.broken = true
	s.drop()
}

// Send writes b to the side, keeping a copy of what the socket doesn't take.
// Bytes for a broken side are dropped.
func (s *Side) Send(b []byte) {
	if s.layer != nil && !s.broken && len(b) > 0 {
		b = s.seal(b)
	}
	s.send(b)
}

// send is Send for bytes that are the socket's as they are.
func (s *Side) send(b []byte) {
	if s.broken || len(b) == 0 {
		return
	}
	if !s.Waiting() && s.Conn.Writable() {
		n, err := s.Conn.Write(b)
		if err != nil && !errors.Is(err, reactor.ErrWouldBlock) {
			s.fail()
			return
		}
		b = b[n:]
	}
	if len(b) > 0 {
		if s.out == nil {
			s.out = bytebufferpool.Get()
		}
		_, _ = s.out.Write(b)
	}
}

// Flush writes what waits for the side and says whether nothing waits any more.
func (s *Side) Flush() bool {
	for s.Waiting() && s.Conn.Writable() {
		if err := s.flushOnce(); err != nil && !errors.Is(err, reactor.ErrWouldBlock) {
			s.fail()
		}
	}
	return !s.Waiting()
}

func (s *Side) flushOnce() error {
	if s.out == nil {
		return s.pipe.drainTo(s)
	}
	n, err := s.Conn.Write(s.out.B[s.outOff:])
	if s.outOff += int32(n); int(s.outOff) == len(s.out.B) {
		s.dropOut()
	}
	return err
}

func (s *Side) dropOut() {
	bytebufferpool.Put(s.out)
	s.out, s.outOff, s.answers = nil, 0, 0
}

// drop gives back what is borrowed for bytes on their way to the side.
func (s *Side) drop() {
	if s.out != nil {
		s.dropOut()
	}
	if s.pipe != nil {
		s.pipe.discard()
		s.pipe = nil
	}
}

// End says EOF to the side, once, after everything sent to it.
func (s *Side) End() {
	if s.shut || s.broken || s.Waiting() || !s.part() {
		return
	}
	s.shut = true
	// A peer that doesn't wait for the layer's end answers it with a reset: that
	// is no failure if it has said its own, as reading tells.
	if err := s.Conn.CloseWrite(); err != nil && s.layer == nil {
		s.fail()
	}
}

// Run moves what can be moved now, both ways, and says what has become of the
// pump. Call it whenever one of the two connections is ready.
func (p *Pump) Run() Status { return Run(&p.Client, &p.Backend, p.pipes) }

// Run is Pump.Run for sides that are not in one.
func Run(client, backend *Side, pipes *Pipes) Status {
	client.noticeFailure()
	backend.noticeFailure()
	if move(client, backend, pipes) {
		client.Conn.Again()
	}
	if move(backend, client, pipes) {
		backend.Conn.Again()
	}
	return status(client, backend)
}

// noticeFailure fails a side that is gone though nobody reads from it any more:
// it said EOF earlier, and has been reset or timed out since.
func (s *Side) noticeFailure() {
	if s.eof && s.Broken() {
		s.fail()
	}
}

// move moves bytes from src to dst until src has nothing, dst takes nothing
// or the turn's budget is spent, which it reports.
func move(src, dst *Side, pipes *Pipes) (again bool) {
	for budget := turnBudget; budget > 0; {
		if !dst.Flush() || dst.broken {
			return false
		}
		if src.Ended() {
			end(src, dst)
			return src.discard()
		}
		if !src.Readable() {
			return false
		}
		if src.bulk {
			budget -= splice(src, dst, pipes)
		} else {
			budget -= pass(src, dst, pipes)
		}
	}
	return true
}

// discardTurn is how many reads of what is dropped a side may do per turn.
const discardTurn = 4

// discard reads what a cut side still sends, so that closing it doesn't reset the
// connection and its end is noticed.
func (s *Side) discard() (again bool) {
	for range discardTurn {
		if s.eof || !s.Readable() {
			return false
		}
		s.Receive(s.Conn.Loop().Buffer())
	}
	return true
}

// pass copies one read buffer, and says what that costs the turn's budget.
func pass(src, dst *Side, pipes *Pipes) int {
	buf := src.Conn.Loop().Buffer()
	n := src.Receive(buf)
	dst.Send(buf[:n])
	src.bulk = n >= bulkThreshold && pipes != nil && src.layer == nil && dst.layer == nil
	if src.layer != nil {
		n = max(n, leastLayerCost)
	}
	return n
}

// end passes on the end of src. A reset isn't an EOF: it is passed on by
// closing, see Status.
func end(src, dst *Side) {
	switch {
	case src.broken:
	case dst.eof && src.shut && dst.layer == nil:
		dst.shut = true // both directions have ended: closing says so
	default:
		dst.End()
	}
}

// status says what has become of the two. A side can break while bytes it sent
// before are still to be read: that comes first.
func status(c, b *Side) Status {
	switch {
	case c.broken && (c.eof || b.broken) && b.settled():
		return ClientReset
	case b.broken && (b.eof || c.broken) && c.settled():
		return BackendReset
	case c.eof && b.eof && c.shut && b.shut:
		return Done
	}
	return Running
}

// Breaking says that a side is gone and the pump lives on only to deliver what
// that side sent before.
func (p *Pump) Breaking() bool { return p.Client.Broken() || p.Backend.Broken() }

// settled says that a side whose peer broke has nothing more to be given:
// everything the broken side sent before is in the kernel's hands.
func (s *Side) settled() bool { return s.broken || !s.Waiting() }

// Close closes both connections and gives back everything borrowed. A side that
// has not got everything sent to it is reset: a FIN would make what it got look
// complete.
func (p *Pump) Close() {
	p.Client.Close()
	p.Backend.Close()
}

// Close closes the connection and gives back what is borrowed for it. If it has
// not got everything sent to it, it is reset: see Pump.Close. What is lacking of
// the layer's end alone is no reason: a reset could overtake what came before,
// and without that end nothing looks complete.
func (s *Side) Close() {
	switch {
	case !s.Conn.Open():
	case s.Waiting() && !s.parted:
		s.Conn.Reset()
	default:
		s.part()
	}
	s.Conn.Close()
	s.drop()
	if s.layer != nil {
		s.layer.Close()
		s.layer = nil
	}
}
