package relay

import (
	"errors"

	"github.com/proxy-engine/proxy-engine/engine/reactor"
)

// Layer is what encrypts a side: a record protocol (TLS) between its socket and
// its user. It is used on the side's loop only. Its output, records for the
// peer, is in the loop's memory and valid until the next call of any layer.
type Layer interface {
	// Read decrypts what the socket has into p. Its results are those of
	// reactor.Conn.Read; io.EOF is the peer's word that it sends nothing more,
	// a socket that ends without it is an error.
	Read(p []byte) (int, error)
	// Buffered says that Read has something to say though the socket is silent.
	Buffered() bool
	// Output is what the last Read has to tell the peer (alerts, answers to key
	// updates).
	Output() []byte
	// Seal returns p as records. An error is final.
	Seal(p []byte) ([]byte, error)
	// SealEnd returns the word that nothing more will be sent, once.
	SealEnd() []byte
	// Moved says that the socket is in this Conn from now on.
	Moved(to *reactor.Conn)
	// Close gives back what is borrowed. Nothing is called after it.
	Close()
}

const (
	// maxAnswers is how many bytes of a layer's own may wait for a peer that
	// sends but doesn't read, before nothing more is read from it.
	maxAnswers = 16 << 10
	// leastLayerCost is what reading by a layer costs of a turn's budget, in
	// bytes: a read buffer of tiny records takes as long as one that is full.
	leastLayerCost = turnBudget / 8
)

// Secure has the layer encrypt the side from now on. Nothing may be waiting.
func (s *Side) Secure(l Layer) { s.layer = l }

// Secured returns the side's layer, nil if it isn't encrypted.
func (s *Side) Secured() Layer { return s.layer }

// open reads by the layer, and sends what that answers.
func (s *Side) open(buf []byte) (int, error) {
	n, err := s.layer.Read(buf)
	if answer := s.layer.Output(); len(answer) > 0 && !s.parted {
		s.send(answer)
		if s.out != nil {
			s.answers += int32(len(answer))
		}
	}
	return n, err
}

// seal returns b as records; none if the layer has failed.
func (s *Side) seal(b []byte) []byte {
	records, err := s.layer.Seal(b)
	if err != nil {
		s.fail()
		return nil
	}
	return records
}

// unburdened says that the peer reads the layer's answers. Its own bytes are
// not read otherwise: each may cause another answer.
func (s *Side) unburdened() bool { return s.answers < maxAnswers || s.Flush() }

// part sends the layer's end, once, and says whether nothing waits any more.
func (s *Side) part() bool {
	if s.layer != nil && !s.parted && !s.broken {
		s.parted = true
		s.sendEnd(s.layer.SealEnd())
	}
	return !s.Waiting()
}

// sendEnd is send for bytes whose loss is no failure: a peer that is gone has
// either said its own end, or reading tells.
func (s *Side) sendEnd(b []byte) {
	if s.Waiting() || !s.Conn.Writable() {
		s.send(b)
		return
	}
	if n, err := s.Conn.Write(b); err == nil || errors.Is(err, reactor.ErrWouldBlock) {
		s.send(b[n:])
	}
}
