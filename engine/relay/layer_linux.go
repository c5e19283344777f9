package relay

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
	// Close gives back what is borrowed. Nothing is called after it.
	Close()
}

// maxAnswers is how many bytes of a layer's own may wait for a peer that sends
// but doesn't read, before nothing more is read from it.
const maxAnswers = 16 << 10

// Secure has the layer encrypt the side from now on. Nothing may be waiting.
func (s *Side) Secure(l Layer) { s.layer = l }

// Secured returns the side's layer, nil if it isn't encrypted.
func (s *Side) Secured() Layer { return s.layer }

// open reads by the layer, and sends what that answers.
func (s *Side) open(buf []byte) (int, error) {
	n, err := s.layer.Read(buf)
	if answer := s.layer.Output(); len(answer) > 0 && !s.parted {
		s.send(answer)
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
func (s *Side) unburdened() bool {
	return s.out == nil || s.Flush() || len(s.out.B)-int(s.outOff) < maxAnswers
}

// part sends the layer's end, once, and says whether nothing waits any more.
func (s *Side) part() bool {
	if s.layer != nil && !s.parted && !s.broken {
		s.parted = true
		s.send(s.layer.SealEnd())
	}
	return !s.Waiting()
}
