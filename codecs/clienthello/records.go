package clienthello

import "encoding/binary"

const (
	// recordHeader is a record's type, version and length, in bytes.
	recordHeader = 1 + 2 + 2
	// maxFragment is the most a record holds (RFC 8446 section 5.1).
	maxFragment = 1 << 14
	// messageHeader is a handshake message's type and length.
	messageHeader = 1 + 3
)

const (
	// MaxMessage is the longest ClientHello that is read, in bytes and with its
	// header. They have some 200 to 2000, of which post-quantum key shares are
	// the most.
	MaxMessage = 16 << 10
	// MaxSize is the most bytes of the stream it may span: the longest message
	// in 64 records, or a shorter one in more. With so many bytes there is a
	// verdict.
	MaxSize = MaxMessage + 64*recordHeader
)

const (
	typeHandshake   = 22
	typeClientHello = 1
	versionMajor    = 3
	maxVersionMinor = 4
)

// span is how far the records at the start of a stream have been followed.
type span struct {
	// size is how many bytes of the stream the whole records have.
	size int
	// records is how many they are, the last one's fragment maybe being
	// incomplete.
	records int
	// message is how many bytes of the message have been seen, header included.
	message int
	header  [messageHeader]byte
}

// follow walks over the records of in until they hold the whole message.
func (s *span) follow(in []byte) Status {
	for {
		length, status := recordAt(in[s.size:])
		if status != Complete {
			return s.unless(status)
		}
		end := s.size + recordHeader + length
		before := s.message
		s.see(in[s.size+recordHeader : min(end, len(in))])
		want, status := s.want()
		switch {
		case status != Complete && status != More:
			return status
		case status == Complete && before+length > want:
			return Trailing
		case end > MaxSize:
			return TooLong
		case end > len(in):
			return More
		}
		s.size = end
		if status == Complete && s.message == want {
			return Complete
		}
	}
}

// unless is the status of a record that can't be read, or of too many of them
// for another one.
func (s *span) unless(status Status) Status {
	if status == More && s.size+recordHeader >= MaxSize {
		return TooLong
	}
	return status
}

// see takes the next bytes of the message.
func (s *span) see(fragment []byte) {
	copy(s.header[min(s.message, messageHeader):], fragment)
	s.message += len(fragment)
	s.records++
}

// want returns how long the message is, header included: Complete when that is
// known.
func (s *span) want() (int, Status) {
	switch {
	case s.message > 0 && s.header[0] != typeClientHello:
		return 0, NotClientHello
	case s.message < messageHeader:
		return 0, More
	}
	h := s.header
	want := messageHeader + (int(h[1])<<16 | int(h[2])<<8 | int(h[3]))
	if want > MaxMessage {
		return 0, TooLong
	}
	return want, Complete
}

// join returns the message, once follow has found all of it: a part of in, or
// a copy of as many bytes if it is fragmented.
func (s *span) join(in []byte) []byte {
	if s.records == 1 {
		return in[recordHeader:s.size]
	}
	message := make([]byte, 0, s.message)
	for at := 0; at < s.size; {
		end := at + recordHeader + int(binary.BigEndian.Uint16(in[at+3:]))
		message = append(message, in[at+recordHeader:end]...)
		at = end
	}
	return message
}

// recordAt reads the header of the record at the start of b and judges as much
// of it as is there: Complete when it is whole.
func recordAt(b []byte) (length int, status Status) {
	switch {
	case len(b) > 0 && b[0] != typeHandshake:
		return 0, NotHandshake
	case len(b) > 1 && b[1] != versionMajor, len(b) > 2 && b[2] > maxVersionMinor:
		return 0, BadRecordVersion
	case len(b) < recordHeader:
		return 0, More
	}
	length = int(binary.BigEndian.Uint16(b[3:]))
	if length == 0 || length > maxFragment {
		return 0, BadRecordLength
	}
	return length, Complete
}
