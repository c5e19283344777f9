package healthtest

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// mood is how a backend treats who comes.
type mood int

const (
	// serves: everybody is let in and answered.
	serves mood = iota
	// refuses: nobody listens.
	refuses
	// hangsUp: a connection is taken and closed when its client has spoken.
	hangsUp
	// silent: a connection is taken and never answered.
	silent
	// vanishes: packets to it are lost.
	vanishes
)

var moodNames = []string{"serves", "refuses", "hangs up", "is silent", "vanishes"}

func (m mood) String() string { return moodNames[m] }

// speech is how a protocol sounds, as far as it is needed here.
type speech struct {
	hello   string // a client's first words
	welcome string // the answer
	hear    func(io.Reader) ([]byte, error)
	// stays says that a connection serves more than one hello.
	stays bool
}

// postgresSpeech trusts everybody.
var postgresSpeech = speech{
	hello:   "\x00\x00\x00\x12\x00\x03\x00\x00user\x00app\x00\x00",
	welcome: "R\x00\x00\x00\x08\x00\x00\x00\x00Z\x00\x00\x00\x05I",
	hear: func(r io.Reader) ([]byte, error) {
		var length [4]byte
		if _, err := io.ReadFull(r, length[:]); err != nil {
			return nil, err
		}
		rest := make([]byte, binary.BigEndian.Uint32(length[:])-4)
		_, err := io.ReadFull(r, rest)
		return rest, err
	},
}

var httpSpeech = speech{
	hello:   "GET /app HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n",
	welcome: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	hear: func(r io.Reader) (said []byte, err error) {
		var b [1]byte
		for !bytes.HasSuffix(said, []byte("\r\n\r\n")) {
			if _, err := r.Read(b[:]); err != nil {
				return nil, err
			}
			said = append(said, b[0])
		}
		return said, nil
	},
	stays: true,
}

// backend is a server whose mood the test decides.
type backend struct {
	t       *testing.T
	speech  speech
	address string

	mu       sync.Mutex
	mood     mood
	gate     chan struct{} // welcomes wait for it, nil: they don't
	listener net.Listener
	conns    map[net.Conn]bool
	clients  int // helloes of clients, as opposed to checks
	all      sync.WaitGroup
}

// newBackend makes one that serves, at a host of ours.
func newBackend(t *testing.T, s speech, host string) *backend {
	t.Helper()
	b := &backend{t: t, speech: s, address: host + ":0", conns: make(map[net.Conn]bool)}
	b.listen()
	b.address = b.listener.Addr().String()
	t.Cleanup(func() {
		b.set(serves) // nothing stays vanished
		b.set(refuses)
		b.all.Wait()
	})
	return b
}

// listen begins to listen. The caller holds the lock, if anybody knows b.
func (b *backend) listen() {
	l, err := net.Listen("tcp", b.address)
	if err != nil {
		b.t.Error(err)
		return
	}
	b.listener = l
	b.all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			b.all.Go(func() { b.receive(conn) })
		}
	})
}

// set changes the mood, which ends all connections.
func (b *backend) set(m mood) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m != refuses && b.listener == nil {
		b.listen()
	}
	if m == refuses && b.listener != nil {
		_ = b.listener.Close()
		b.listener = nil
	}
	if m != b.mood && (m == vanishes || b.mood == vanishes) {
		how := map[bool]string{true: "del", false: "add"}[m == vanishes]
		if err := ip("addr " + how + " " + hole + "/32 dev lo"); err != nil {
			b.t.Error(err)
		}
	}
	b.mood = m
	for conn := range b.conns {
		_ = conn.Close()
	}
}

// hold has welcomes wait until the returned function is called.
func (b *backend) hold() (release func()) {
	gate := make(chan struct{})
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gate = gate
	return sync.OnceFunc(func() { close(gate) })
}

// heard counts clients.
func (b *backend) heard() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.clients
}

func (b *backend) receive(conn net.Conn) {
	b.mu.Lock()
	b.conns[conn] = true
	b.mu.Unlock()
	defer func() {
		_ = conn.Close()
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.conns, conn)
	}()
	for {
		said, err := b.speech.hear(conn)
		if err != nil || !b.answer(conn, said) {
			return
		}
		if !b.speech.stays {
			_, _ = io.Copy(io.Discard, conn)
			return
		}
	}
}

// answer says whether the connection goes on.
func (b *backend) answer(conn net.Conn, said []byte) bool {
	b.mu.Lock()
	mood, gate := b.mood, b.gate
	if bytes.Contains(said, []byte("app\x00")) || bytes.Contains(said, []byte("/app")) {
		b.clients++
	}
	b.mu.Unlock()
	switch mood {
	case serves, vanishes:
		if gate != nil {
			<-gate
		}
		_, err := io.WriteString(conn, b.speech.welcome)
		return err == nil
	case silent:
		_, _ = io.Copy(io.Discard, conn)
	case refuses, hangsUp:
	}
	return false
}

// visit has a client say hello at an address: what it is told, and "" if it is
// served.
func (s speech) visit(address string) (told string) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(enginetest.Soon()); err != nil {
		return err.Error()
	}
	if _, err := io.WriteString(conn, s.hello); err != nil {
		return err.Error()
	}
	first := make([]byte, 12)
	if n, err := io.ReadFull(conn, first); err != nil {
		return "only " + string(first[:n])
	}
	if string(first) == s.welcome[:len(first)] {
		return ""
	}
	rest, _ := io.ReadAll(io.LimitReader(conn, 4096))
	return state(append(first, rest...))
}

// state is the SQLSTATE or the status of a refusal.
func state(refusal []byte) string {
	if status, is := bytes.CutPrefix(refusal, []byte("HTTP/1.1 ")); is {
		return string(status[:3])
	}
	if _, code, is := bytes.Cut(refusal, []byte("\x00C")); is {
		return string(code[:5])
	}
	return string(refusal)
}
