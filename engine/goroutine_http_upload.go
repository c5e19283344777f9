package engine

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/http"
)

// upFailure is why a request can't be completed.
type upFailure struct {
	why    http.Reason // what the client is told, http.OK for nothing
	reason Reason
}

// drain reads and drops the body.
func (r *goroutineExchange) drain() *upFailure {
	s := r.s
	for !r.up.Done() {
		if len(s.kept) == 0 {
			if err := s.readMore(); err != nil {
				return err
			}
		}
		_, n := r.up.Next(s.kept)
		s.kept = s.kept[n:]
		if why := r.up.Failed(); why != http.OK {
			return &upFailure{why, Malformed}
		}
	}
	return nil
}

// readMore reads from the client once.
func (s *goroutineWeb) readMore() *upFailure {
	_ = s.conn.SetReadDeadline(s.stall())
	return s.readNow()
}

func (s *goroutineWeb) readNow() *upFailure {
	n, err := s.conn.Read(s.buf)
	s.count(n)
	s.kept = append(s.kept[:0], s.buf[:n]...)
	switch {
	case n > 0:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &upFailure{http.BodyTimeout, StallTimeout}
	case err == io.EOF:
		return &upFailure{http.OK, ClientGone}
	default:
		return &upFailure{http.OK, ClientReset}
	}
}

// upload is the goroutine that reads the client during an exchange: the
// request's body, and then what comes behind it. A panic is the end of this
// session alone.
func (r *goroutineExchange) upload() {
	defer func() {
		if fault := recover(); fault != nil {
			r.s.port.d.e.panicked(fault)
			r.requestFailed(&upFailure{http.OK, Panicked})
		}
	}()
	if failure := r.sendBody(); failure != nil {
		r.requestFailed(failure)
		return
	}
	if failure := r.watch(); failure != nil {
		r.requestFailed(failure)
	}
}

// startReading starts upload.
func (r *goroutineExchange) startReading() {
	r.reads = true
	r.reading.Go(r.upload)
}

// stopReading ends upload, if it was started. Then kept and upFailure are the
// session's goroutine's again.
func (r *goroutineExchange) stopReading() {
	if !r.reads {
		return
	}
	r.reads = false
	r.stopped.Store(true)
	_ = r.s.conn.SetReadDeadline(time.Now())
	_ = r.link.conn.SetWriteDeadline(time.Now())
	r.reading.Wait()
}

// sendBody passes the request's body on, until it is complete or can't be.
func (r *goroutineExchange) sendBody() *upFailure {
	s := r.s
	for !r.up.Done() {
		if len(s.kept) == 0 {
			if failure := r.readUp(); failure != nil {
				return failure
			}
		}
		piece, n := r.up.Next(s.kept)
		// Consumed, sent or not: what stays is the next request.
		s.kept = s.kept[n:]
		if why := r.up.Failed(); why != http.OK {
			return &upFailure{why, Malformed}
		}
		// Before the last piece is sent: the response may be faster than we are.
		r.uploaded.Store(r.up.Done())
		if !r.sendUp(piece) {
			r.unsent.Store(true)
			return nil // the response's reader finds out
		}
		r.moved.Store(true)
	}
	return nil
}

// watch reads ahead, so that a client that breaks while its backend thinks is
// noticed. It may have finished sending.
func (r *goroutineExchange) watch() *upFailure {
	s := r.s
	for r.uploaded.Load() && len(s.kept) < webBuffer {
		_ = s.conn.SetReadDeadline(time.Time{})
		if r.stopped.Load() { // see readUp
			return nil
		}
		n, err := s.conn.Read(s.buf)
		s.count(n)
		s.kept = append(s.kept, s.buf[:n]...)
		switch {
		case err == io.EOF || errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case err != nil:
			return &upFailure{http.OK, ClientReset}
		}
	}
	return nil
}

// readUp reads more of the body. It may rest while the response moves.
func (r *goroutineExchange) readUp() *upFailure {
	s := r.s
	for {
		_ = s.conn.SetReadDeadline(s.stall())
		if r.stopped.Load() { // only now: stopReading's deadline stands if it comes later
			return &upFailure{http.OK, ClientClosed}
		}
		failure := s.readNow()
		if failure == nil || failure.reason != StallTimeout || r.stopped.Load() || !r.movedDown.Swap(false) {
			return failure
		}
	}
}

// sendUp sends a piece of the body, and says whether the backend has taken it.
// It may rest while the response moves.
func (r *goroutineExchange) sendUp(piece []byte) bool {
	for {
		_ = r.link.conn.SetWriteDeadline(r.s.stall())
		if r.stopped.Load() { // see readUp
			return false
		}
		n, err := r.link.conn.Write(piece)
		if err == nil {
			return true
		}
		piece = piece[n:]
		if !errors.Is(err, os.ErrDeadlineExceeded) || r.stopped.Load() || !r.movedDown.Swap(false) {
			return false
		}
	}
}

// requestFailed ends an exchange whose request can't be completed, or that
// nobody waits for: the backend mustn't take what it got for a whole request.
func (r *goroutineExchange) requestFailed(failure *upFailure) {
	if r.stopped.Load() && failure.reason != ClientReset && failure.reason != Panicked {
		return // the end of reading that was asked for
	}
	r.upFailure = failure
	r.link.reset()
	_ = r.link.conn.Close()
}

// giveUp ends the session for a request that can't be completed.
func (r *goroutineExchange) giveUp(failure *upFailure) {
	s := r.s
	switch {
	case r.headed || failure.reason == Panicked:
		s.abort(failure.reason)
	case failure.why == http.OK:
		s.reason, s.state = failure.reason, webEnded
	default:
		r.reject(failure.why, failure.reason)
	}
}
