//go:build linux

package link

import (
	"crypto/tls"
	"errors"
	"io"
	"iter"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
	"github.com/proxy-engine/proxy-engine/loadtest/secure"
)

// session is the TLS of a connection.
type session struct {
	shared *TLS
	conn   *tls.Conn
	inner  inner

	// step goes on with the handshake until it rests or is over; nil then. stop
	// ends it early.
	step func() (struct{}, bool)
	stop func()
	err  error // of the handshake or the socket, once there is one
	// ending says that the end of the stream, or an error, came right behind
	// data, and will be read next: the socket won't tell of it again.
	ending bool
}

func newSession(t *TLS, fd int) *session {
	s := &session{shared: t}
	s.inner = inner{fd: fd, shared: t}
	s.conn = t.open(&s.inner)
	s.step, s.stop = iter.Pull(s.handshake)
	return s
}

// handshake is the coroutine.
func (s *session) handshake(rest func(struct{}) bool) {
	s.inner.rest = func() bool { return rest(struct{}{}) }
	defer func() { s.inner.rest = nil }()
	if err := s.conn.Handshake(); err != nil {
		s.err = &secure.HandshakeError{Err: err}
		return
	}
	s.shared.established[secure.TermsOf(s.conn.ConnectionState())]++
}

// shaken goes on with the handshake, if it isn't over, and says whether it is.
func (s *session) shaken() bool {
	if s.step == nil {
		return true
	}
	if _, resting := s.step(); resting {
		return false
	}
	s.step = nil
	// An alert, or the last flight, may still wait.
	s.flush()
	return true
}

// flush sends what waits. That the socket is broken is told by the next read,
// behind what has come: it may say why.
func (s *session) flush() {
	if err := s.inner.flush(); err != nil && s.err == nil {
		s.err = err
	}
}

func (s *session) awaits(reading, writing bool) (read, write bool) {
	if s.step != nil {
		return true, s.inner.waits()
	}
	return reading, writing || s.ending || s.inner.waits()
}

func (s *session) ready(events uint32) uint32 {
	handshaking := s.step != nil
	if !s.shaken() {
		return 0
	}
	if handshaking {
		return poll.Readable | poll.Writable // whatever came behind it
	}
	s.flush()
	if s.inner.waits() {
		events &^= poll.Writable
	}
	if s.ending || s.err != nil {
		events |= poll.Readable
	}
	return events
}

// read hands all that the socket has to crypto/tls, and takes all from it: what
// is left with it is part of a record.
func (s *session) read(b []byte) (n int, err error) {
	if s.step != nil {
		return 0, unix.EAGAIN
	}
	if _, failed := errors.AsType[*secure.HandshakeError](s.err); failed {
		return 0, s.err
	}
	s.inner.fill()
	for err == nil {
		var more int
		more, err = s.conn.Read(b[n:])
		n += more
	}
	s.flush() // what crypto/tls has answered
	s.ending = n > 0 && err != unix.EAGAIN
	switch {
	case n > 0:
		return n, nil
	case err == io.EOF:
		return 0, nil
	case err == unix.EAGAIN && s.err != nil:
		return 0, s.err
	default:
		return 0, err
	}
}

// write encrypts all of b, unless what was written before still waits.
func (s *session) write(b []byte) (int, error) {
	if !s.shaken() {
		return 0, unix.EAGAIN
	}
	s.flush()
	switch {
	case s.err != nil:
		return 0, s.err
	case s.inner.waits():
		return 0, unix.EAGAIN
	}
	n, err := s.conn.Write(b)
	s.flush()
	return n, err
}

func (s *session) closeWrite() error {
	if s.step != nil {
		return unix.ENOTCONN // as in the clear
	}
	if err := s.conn.CloseWrite(); err != nil {
		return err
	}
	s.flush()
	return nil
}

func (s *session) close() {
	s.stop()
	_ = s.conn.Close()
	s.flush()
}
