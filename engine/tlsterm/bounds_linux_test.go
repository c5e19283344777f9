package tlsterm

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// hold keeps the loop from its work while fn runs.
func (s *echoes) hold(fn func()) {
	held, release := make(chan struct{}), make(chan struct{})
	s.loop.Post(func() { close(held); <-release })
	<-held
	defer close(release)
	fn()
}

// A flood of tiny records doesn't keep the loop from others: a Read takes so
// many, and says that there are more.
func TestTinyRecords(t *testing.T) {
	s := startEchoes(t, NewPool(8, 2))
	c := s.dial(nil)
	exchange(t, c, []byte("x"))
	e := <-s.shaken
	const sent = 3 * maxRecords
	s.hold(func() {
		for range sent {
			if _, err := c.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
		}
	})
	if _, err := io.ReadFull(c, make([]byte, sent)); err != nil {
		t.Fatal(err)
	}
	s.on(func() {
		if e.most != maxRecords {
			t.Errorf("one Read took %d records, want %d", e.most, maxRecords)
		}
	})
}

// However many connections rest within a record, only so many keep a buffer of
// full size; the others keep what they have. All go on.
func TestRestingWithinARecord(t *testing.T) {
	s := startEchoes(t, NewPool(8, 2))
	const many = keptBuffers + 8
	var ends [many]*tls.Conn
	var unders [many]*split
	size := 0
	for i := range ends {
		unders[i] = &split{Conn: s.dial(nil).NetConn()}
		ends[i] = tls.Client(unders[i], &tls.Config{RootCAs: s.roots, ServerName: "test"})
		exchange(t, ends[i], []byte("shaken"))
		unders[i].hold = true
		if _, err := ends[i].Write([]byte("in two parts")); err != nil {
			t.Fatal(err)
		}
		if _, err := unders[i].Conn.Write(unders[i].held[:10]); err != nil {
			t.Fatal(err)
		}
		e := <-s.shaken
		s.readSome(e)
		s.on(func() { rawInput, _, _ := e.conn.buffers(); size += rawInput.Cap() })
	}
	if most := keptBuffers*recordBuffer + (many-keptBuffers)*64; size > most {
		t.Errorf("they keep %d bytes, at most %d were expected", size, most)
	}
	for i, c := range ends {
		if _, err := unders[i].Conn.Write(unders[i].held[10:]); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len("in two parts"))
		if _, err := io.ReadFull(c, got); err != nil || string(got) != "in two parts" {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	s.on(func() {
		if s.memory.lent != 0 {
			t.Errorf("%d buffers are still lent", s.memory.lent)
		}
	})
}

// A panic within a handshake is that handshake's error.
func TestPanicWithinHandshake(t *testing.T) {
	s := startEchoes(t, NewPool(8, 2))
	s.on(func() {
		s.config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { panic("a bug") }
	})
	if err := s.dial(nil).Handshake(); err == nil {
		t.Error("the client has noticed nothing")
	}
	var fault *Panic
	if err := <-s.ended; !errors.As(err, &fault) || fault.Value != "a bug" || len(fault.Stack) == 0 {
		t.Errorf("the handshake ended with %v", err)
	}
}

// As many are given up as wait in line, however slowly those go.
func TestNoMoreRoomThanNeeded(t *testing.T) {
	s := startEchoes(t, NewPool(4, 1))
	dial := func() {
		c, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
	}
	for range 4 {
		dial()
	}
	s.awaitParked(4)
	s.pool.computing <- struct{}{} // nobody can leave
	s.on(func() {
		s.pool.mu.Lock()
		defer s.pool.mu.Unlock()
		for h := s.pool.parked.first; h != nil; h = h.next {
			h.since = time.Now().Add(-time.Hour)
		}
	})
	for n := range 2 {
		dial()
		s.awaitLine(n + 1)
	}
	s.awaitParked(2)
	<-s.pool.computing
	for range 2 {
		if err := <-s.ended; !errors.Is(err, ErrCrowded) {
			t.Errorf("a slow handshake ended with %v", err)
		}
	}
	s.awaitParked(4)
}

// awaitLine waits until so many handshakes are in line.
func (s *echoes) awaitLine(want int) {
	for n := -1; n != want; {
		s.on(func() {
			s.pool.mu.Lock()
			defer s.pool.mu.Unlock()
			n = s.pool.line.n
		})
	}
}
