package tlsterm

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"testing"
)

// A client that doesn't trust the certificate says so; the server hears it.
func TestRefusedByTheClient(t *testing.T) {
	s := startEchoes(t, NewPool(8, 2))
	c := s.dial(func(c *tls.Config) { c.RootCAs = x509.NewCertPool() })
	if err := c.Handshake(); err == nil {
		t.Fatal("the client trusts nobody and was content")
	}
	var alert tls.AlertError
	if err := <-s.ended; !errors.As(err, &alert) && !isRemote(err) {
		t.Errorf("the server saw %v instead of an alert", err)
	}
}

func isRemote(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}

// Who waits in line for a place gets that of one that is slow.
func TestSlowHandshakesMakeRoom(t *testing.T) {
	s := startEchoes(t, NewPool(2, 1))
	for range 2 {
		slow, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer slow.Close()
	}
	s.awaitParked(2)
	exchange(t, s.dial(nil), []byte("behind two who say nothing"))
	if err := <-s.ended; !errors.Is(err, ErrCrowded) {
		t.Errorf("a slow handshake ended with %v", err)
	}
	s.awaitParked(1)
}

// awaitParked waits until so many handshakes wait for their peers.
func (s *echoes) awaitParked(want int) {
	for n := -1; n != want; {
		s.on(func() {
			s.pool.mu.Lock()
			defer s.pool.mu.Unlock()
			n = s.pool.parked.n
		})
	}
}

// However many come, no more than the pool allows are under way, and all get
// their turn.
func TestManyThroughFewPlaces(t *testing.T) {
	s := startEchoes(t, NewPool(2, 1))
	done := make(chan struct{})
	for range 40 {
		c := s.dial(nil)
		go func() {
			defer func() { done <- struct{}{} }()
			if err := c.Handshake(); err != nil {
				t.Error(err)
			}
		}()
	}
	for range 40 {
		<-done
	}
}

// A cancelled handshake tells nobody, and its goroutine ends.
func TestCancelled(t *testing.T) {
	s := startEchoes(t, NewPool(1, 1))
	for range 3 { // one under way, two in line
		c, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	s.awaitParked(1)
	var hands []*Handshake
	s.on(func() {
		s.pool.mu.Lock()
		defer s.pool.mu.Unlock()
		hands = append(hands, s.pool.parked.first)
		for h := s.pool.line.first; h != nil; h = h.next {
			hands = append(hands, h)
		}
	})
	s.on(func() {
		for _, h := range hands {
			h.Cancel()
		}
	})
	s.pool.Close()
	if len(s.ended) > 0 {
		t.Errorf("told %v", <-s.ended)
	}
}
