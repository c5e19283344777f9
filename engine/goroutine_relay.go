package engine

import (
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// relay passes on what comes from one side until its end, and then the end.
func (s *goroutineSession) relay(from, to *peer) {
	s.startRelay(from)
	if s.passed(from, to, s.pass(from, to)) {
		_ = to.conn.CloseWrite() // may wait for room, in TLS: mu isn't held
	}
	if from == &s.client {
		s.discard()
	}
}

// passed deals with the end of relaying from a side, and says whether EOF is to
// be said to the other.
func (s *goroutineSession) passed(from, to *peer, err error) (ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from.done = true
	switch {
	case s.state != Relaying || s.port.d.stopping():
		// Another goroutine is ending the session, or all of them.
	case errors.Is(err, os.ErrDeadlineExceeded) && s.leaving():
		return s.cut(from, to)
	case from.ended(err):
		s.note(from.closed)
		to.shut = true
		return true
	case from.broke(err):
		s.passReset(from, to)
	case to.done:
		s.passReset(to, from)
	default:
		// to is broken. What it sent before is still delivered by its own
		// goroutine, which then passes on the reset; that has a deadline.
		s.note(to.reset)
		_ = to.conn.SetReadDeadline(s.breakOff())
		_ = from.conn.SetWriteDeadline(s.breakOff())
	}
	return false
}

// pass writes what the codec left, then copies. The error may be either
// side's; nil and io.EOF are from's orderly end.
func (s *goroutineSession) pass(from, to *peer) error {
	if left := from.box.bytes(); len(left) > 0 {
		s.track()
		if to == &s.backend {
			s.asks()
		}
		_, err := to.conn.Write(left)
		from.box.drop()
		if err != nil {
			return err
		}
	}
	if from.lost != nil {
		return from.lost
	}
	return from.conn.copyTo(to.conn, s.port, func(n int) {
		s.count(from, n)
		s.track()
		if to == &s.backend {
			s.asks()
		}
	})
}

// note remembers which side ended first: it is the session's reason.
func (s *goroutineSession) note(r Reason) {
	if !s.ending {
		s.reason, s.ending = r, true
	}
}

// passReset ends the session with a reset for the other side of a broken one,
// once it has got what was sent before. It lets go of mu while it waits.
func (s *goroutineSession) passReset(broken, other *peer) {
	if !sent(other.conn.TCPConn) {
		s.reason = lastly(s.reason, broken.reset)
		s.become(Flushing)
		deadline := s.breakOff()
		s.mu.Unlock()
		awaitSent(other.conn.TCPConn, deadline)
		s.mu.Lock()
	}
	_ = other.conn.SetLinger(0)
	s.finish(broken.reset, nil)
}

// breakOff returns the deadline of delivering what a side sent before it broke.
func (s *goroutineSession) breakOff() time.Time {
	if s.flushBy.IsZero() {
		s.flushBy = time.Now().Add(s.port.d.e.cfg().Timeouts.Flush)
	}
	return s.flushBy
}

// shutdown says EOF to the side.
func (p *peer) shutdown() {
	p.shut = true
	_ = p.conn.CloseWrite()
}

// ended says that err, of reading from p, is an orderly end.
func (p *peer) ended(err error) bool {
	return (err == nil || err == io.EOF) && !p.broke(err)
}

// broke says that err, of reading or copying from p, is p's and not an orderly
// end. EOF isn't always one: the error of a broken connection is reported
// once, and if the goroutine that writes to it was told, the one that reads
// sees EOF. Once EOF was said to p nobody writes; a connection that is gone
// then has just ended both ways.
func (p *peer) broke(err error) bool {
	if err == nil || err == io.EOF {
		return !p.shut && broken(p.conn.TCPConn)
	}
	return readFailed(err) || broken(p.conn.TCPConn)
}

// readFailed says that err names reading as what failed. An error of splice
// names neither side.
func readFailed(err error) (failed bool) {
	if encrypted := (*readError)(nil); errors.As(err, &encrypted) {
		return true
	}
	for op := (*net.OpError)(nil); errors.As(err, &op); err = op.Err {
		failed = op.Op == "read"
	}
	return failed
}
