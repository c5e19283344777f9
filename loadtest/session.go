//go:build linux

package loadtest

import (
	"bytes"
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
	"github.com/proxy-engine/proxy-engine/loadtest/measure"
)

// owner is the mode a session belongs to. It is called on the station's
// goroutine and may begin, open or close the session from there.
type owner interface {
	// exchanged is called when an exchange is complete: every byte came back.
	exchanged(s *session)
	// failed is called when the session has failed, been counted and closed.
	failed(s *session)
}

// session is one connection to an echo backend, and the exchange it is in: a
// message sent and the same bytes received. Each message starts with a tag no
// other message has, so that bytes of another session are noticed.
type session struct {
	station  *station
	owner    owner
	fd       int    // -1 if not open
	interest uint32 // 0 until it is on the loop

	exchanges int // completed since connect

	busy      bool // in an exchange; what follows is valid iff so
	begun     time.Time
	tag       uint64
	size      int
	sent, got int
}

var _ poll.Handler = (*session)(nil)

func (st *station) newSession(o owner) *session {
	s := &session{station: st, owner: o, fd: -1}
	st.sessions = append(st.sessions, s)
	return s
}

func (s *session) open() bool { return s.fd >= 0 }

// connect opens the session and begins its first exchange, whose time includes
// the connect.
func (s *session) connect(size int) {
	now := time.Now()
	fd, err := poll.Connect(s.station.target, s.station.sources.take())
	if err != nil {
		s.fail(measure.FailureOf(err))
		return
	}
	s.fd, s.interest, s.exchanges = fd, 0, 0
	s.begin(size, now)
}

// begin starts an exchange of size bytes each way.
func (s *session) begin(size int, now time.Time) {
	s.station.tag++
	s.station.busy++
	s.busy, s.begun, s.tag, s.size, s.sent, s.got = true, now, s.station.tag, size, 0, 0
	s.flush()
}

// message returns the exchange's bytes, valid until another session's message
// is asked for.
func (s *session) message() []byte {
	binary.LittleEndian.PutUint64(s.station.payload, s.tag)
	return s.station.payload[:s.size]
}

// flush writes what the socket takes. On a new socket the write also tells
// whether the connection stands already, which on loopback it mostly does.
func (s *session) flush() {
	n, err := poll.Write(s.fd, s.message()[s.sent:])
	if err != nil && err != unix.EAGAIN {
		s.fail(measure.FailureOf(err))
		return
	}
	s.sent += n
	s.want()
}

// want tells the loop what the session waits for.
func (s *session) want() {
	interest := uint32(poll.Readable)
	if s.sent < s.size {
		interest |= poll.Writable
	}
	if interest == s.interest {
		return
	}
	if err := s.register(interest); err != nil {
		s.fail(measure.FailureOf(err))
		return
	}
	s.interest = interest
}

func (s *session) register(interest uint32) error {
	if s.interest == 0 {
		return s.station.loop.Add(s.fd, interest, s)
	}
	return s.station.loop.Modify(s.fd, interest)
}

// Ready reads, or writes what is left of the message.
func (s *session) Ready(events uint32) {
	if events&(poll.Readable|poll.Broken) != 0 {
		s.read()
	}
	if s.busy && s.sent < s.size && events&poll.Writable != 0 {
		s.flush()
	}
}

func (s *session) read() {
	n, err := poll.Read(s.fd, s.station.buf)
	switch {
	case err == unix.EAGAIN:
	case err != nil:
		s.fail(measure.FailureOf(err))
	case n == 0:
		s.fail(measure.Ended)
	case !s.matches(s.station.buf[:n]):
		s.fail(measure.Wrong)
	default:
		s.take(n)
	}
}

// matches says whether got is what must come next.
func (s *session) matches(got []byte) bool {
	if !s.busy || len(got) > s.sent-s.got {
		return false
	}
	return bytes.Equal(got, s.message()[s.got:s.got+len(got)])
}

func (s *session) take(n int) {
	s.got += n
	if s.got < s.size {
		return
	}
	s.rest()
	s.exchanges++
	s.owner.exchanged(s)
}

// rest ends the exchange.
func (s *session) rest() {
	if s.busy {
		s.busy = false
		s.station.busy--
	}
}

func (s *session) fail(kind measure.Failure) {
	s.station.failures.Add(kind)
	s.close()
	s.owner.failed(s)
}

// close closes the connection if there is one; an exchange under way is lost.
func (s *session) close() {
	s.rest()
	if s.open() {
		s.station.loop.Close(s.fd)
		s.fd = -1
	}
}
