//go:build linux

package loadtest

import (
	"errors"
	"io"
	"time"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/link"
	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/secure"
)

// owner is the mode a session belongs to. It is called on the station's
// goroutine and may begin, open or close the session from there.
type owner interface {
	// exchanged is called when an exchange is complete and as it should be.
	exchanged(s *session)
	// failed is called when the session has failed, been counted and closed.
	failed(s *session)
}

// session is one connection at a time, and the exchange it is in.
type session struct {
	station  *station
	owner    owner
	dialogue dialogue
	link     *link.Conn // nil if not open

	exchanges int // completed since connect
	failures  int // since the last completed exchange

	busy       bool      // in an exchange; what follows is valid iff so
	begun      time.Time // or, in an open loop, when it was to begin
	size, sent int
}

var (
	_ poll.Handler  = (*session)(nil)
	_ poll.Releaser = (*session)(nil)
)

func (st *station) newSession(o owner, d dialogue) *session {
	s := &session{station: st, owner: o, dialogue: d}
	st.sessions = append(st.sessions, s)
	return s
}

func (s *session) open() bool { return s.link != nil }

// begin starts an exchange of size bytes, over a new connection if none is
// open, whose time then includes the connect.
func (s *session) begin(size int, now time.Time) {
	st := s.station
	st.tag++
	st.busy++
	s.dialogue.begin(st.tag, size)
	s.busy, s.begun, s.size, s.sent = true, now, len(s.dialogue.message()), 0
	if !s.open() && !s.connect() {
		return
	}
	s.flush()
}

func (s *session) connect() bool {
	conn, err := s.station.connect()
	if err != nil {
		s.broken(err)
		return false
	}
	s.link, s.exchanges = conn, 0
	return true
}

// flush writes what the socket takes. On a new socket the write also tells
// whether the connection stands already, which on loopback it mostly does.
func (s *session) flush() {
	n, err := s.link.Write(s.dialogue.message()[s.sent:])
	if err != nil && err != unix.EAGAIN {
		s.broken(err)
		return
	}
	s.sent += n
	s.want()
}

// want tells the loop what the session waits for.
func (s *session) want() {
	if err := s.link.Await(s, true, s.busy && s.sent < s.size); err != nil {
		s.broken(err)
	}
}

// Ready reads, or writes what is left of the message.
func (s *session) Ready(events uint32) {
	events = s.link.Ready(events)
	if events&(poll.Readable|poll.Broken) != 0 {
		s.read()
	}
	if s.busy && s.sent < s.size && events&poll.Writable != 0 {
		s.flush()
	}
	if s.open() {
		s.want()
	}
}

// Release implements poll.Releaser.
func (s *session) Release() { s.link.Release() }

func (s *session) read() {
	n, err := s.link.Read(s.station.buf)
	switch {
	case err == unix.EAGAIN:
	case err != nil:
		s.broken(err)
	case n == 0:
		s.ended()
	case !s.busy:
		s.fail(measure.Wrong)
	default:
		done, err := s.dialogue.hear(s.station.buf[:n], s.sent)
		s.conclude(done, err)
	}
}

// ended is called when the server has ended its side.
func (s *session) ended() {
	if s.busy {
		done, err := s.dialogue.end()
		s.conclude(done, err)
		return
	}
	if _, mayEnd := s.dialogue.lasts(); mayEnd {
		s.close()
		return
	}
	s.fail(measure.Ended)
}

func (s *session) conclude(done bool, err error) {
	switch {
	case err != nil:
		s.reject(err)
	case done:
		s.complete()
	}
}

// reject fails the session for what the server has sent.
func (s *session) reject(err error) {
	if said, ok := errors.AsType[rejection](err); ok {
		s.station.answers.Add(string(said))
		s.fail(measure.Rejected)
		return
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		s.fail(measure.Ended)
		return
	}
	s.fail(measure.Wrong)
}

func (s *session) complete() {
	s.rest()
	s.exchanges++
	s.failures = 0
	s.station.exchanges++
	s.station.received += uint64(s.dialogue.heard())
	if again, _ := s.dialogue.lasts(); !again || s.sent < s.size {
		s.close()
	}
	s.owner.exchanged(s)
}

// rest ends the exchange.
func (s *session) rest() {
	if s.busy {
		s.busy = false
		s.station.busy--
	}
}

// broken fails the session for an error of its connection.
func (s *session) broken(err error) {
	kind, said := secure.FailureOf(err)
	if said != "" {
		s.station.answers.Add(said)
	}
	s.fail(kind)
}

func (s *session) fail(kind measure.Failure) {
	s.station.failures.Add(kind)
	s.failures++
	s.close()
	s.owner.failed(s)
}

// close closes the connection if there is one; an exchange under way is lost.
func (s *session) close() {
	s.rest()
	if s.open() {
		s.link.Close()
		s.link = nil
	}
}
