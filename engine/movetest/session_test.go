package movetest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// A session says queries of PostgreSQL that carry a number, and wants it back with
// the name of the server that answers.
type session struct {
	net.Conn
	name  string // of the server
	count uint32
}

// message is one of PostgreSQL's with its type.
func message(kind byte, body []byte) []byte {
	m := append([]byte{kind}, binary.BigEndian.AppendUint32(nil, uint32(len(body)+4))...)
	return append(m, body...)
}

// hear reads one.
func hear(from io.Reader) (kind byte, body []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return 0, nil, err
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size < 4 || size > 1<<16 {
		return 0, nil, fmt.Errorf("a message of %d bytes", size)
	}
	body = make([]byte, size-4)
	_, err = io.ReadFull(from, body)
	return head[0], body, err
}

// hello is PostgreSQL's first message.
func hello(database string) []byte {
	body := append([]byte{0, 3, 0, 0}, "user\x00app\x00database\x00"+database+"\x00\x00"...)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), body...)
}

// refused is the error of a login, by its SQLSTATE.
type refused string

func (r refused) Error() string { return "refused with " + string(r) }

// login opens a session of a database.
func login(address, database string) (*session, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	s := &session{Conn: c}
	if err := s.login(database); err != nil {
		_ = c.Close()
		return nil, err
	}
	return s, nil
}

func (s *session) login(database string) error {
	if err := s.SetDeadline(enginetest.Soon()); err != nil {
		return err
	}
	if _, err := s.Write(hello(database)); err != nil {
		return err
	}
	for {
		kind, body, err := hear(s)
		switch {
		case err != nil:
			return err
		case kind == 'E':
			return refused(stateOf(body))
		case kind == 'S':
			s.name = string(body)
		case kind == 'Z':
			return nil
		}
	}
}

// stateOf finds the SQLSTATE among an error's fields.
func stateOf(body []byte) string {
	for i := 0; i+6 < len(body); i++ {
		if body[i] == 'C' && (i == 0 || body[i-1] == 0) {
			return string(body[i+1 : i+6])
		}
	}
	return ""
}

// exchange asks and wants the answer. over says that the session has ended in
// order instead, with no part of an answer.
func (s *session) exchange() (over bool, err error) {
	if err := s.SetDeadline(enginetest.Soon()); err != nil {
		return false, err
	}
	s.count++
	ask := binary.BigEndian.AppendUint32(nil, s.count)
	if _, err := s.Write(message('Q', ask)); err != nil {
		return false, err
	}
	kind, body, err := hear(s)
	switch {
	case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return true, nil
	case err != nil:
		return false, err
	case kind != 'D' || string(body) != s.name+string(ask):
		return false, fmt.Errorf("query %d of a session at %q is answered with %c %q", s.count, s.name, kind, body)
	}
	return false, nil
}

func (s *session) close() { _ = s.Close() }

// server is PostgreSQL's part of it. It lets everybody in and says who it is.
type server struct {
	name      string
	address   string
	logins    atomic.Int64
	now       atomic.Int64 // sessions
	answered  atomic.Int64
	malformed atomic.Int64 // sessions that ended within a message
}

// serve runs a server until the end of the test.
func serve(t *testing.T, name string) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	enginetest.Must(t, err)
	s := &server{name: name, address: l.Addr().String()}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	return s
}

func (s *server) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	s.now.Add(1)
	defer s.now.Add(-1)
	if err := c.SetDeadline(time.Now().Add(time.Hour)); err != nil {
		return
	}
	if !s.welcome(c) {
		return
	}
	s.logins.Add(1)
	for {
		kind, body, err := hear(c)
		switch {
		case err == io.EOF:
			return
		case err != nil || kind != 'Q':
			s.malformed.Add(1)
			return
		}
		if _, err := c.Write(message('D', append([]byte(s.name), body...))); err != nil {
			return
		}
		s.answered.Add(1)
	}
}

// welcome reads the login; false means that there is none.
func (s *server) welcome(c net.Conn) bool {
	var size [4]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return false
	}
	if _, err := io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint32(size[:]))-4); err != nil {
		return false
	}
	words := message('R', []byte{0, 0, 0, 0})
	words = append(words, message('S', []byte(s.name))...)
	_, err := c.Write(append(words, message('Z', []byte("I"))...))
	return err == nil
}
