package http1

import "bytes"

// stage is where in a message a reader is.
type stage uint8

const (
	atStart    stage = iota // entered by restart; left for inFields
	inFields                // of the head; left at its empty line
	inBody                  // of a known length; left for complete
	atChunk                 // at a chunk's size line; left for inChunk or inTrailer
	inChunk                 // in its data; left for afterChunk
	afterChunk              // at the line end behind it; left for atChunk
	inTrailer               // behind the last chunk; left for complete
	untilEnd                // in a body that the connection's end completes
	complete                // left only by restart
	failed                  // terminal
)

// message is the part of reading that requests and responses share.
type message struct {
	lines   lines
	framing framing
	stage   stage
	failure error  // an Error; valid iff failed
	left    uint64 // of the body or chunk; valid iff inBody or inChunk
	got     uint64 // bytes of the body
}

func (m *message) restart() {
	m.lines.restart()
	m.framing = framing{}
	m.stage, m.got = atStart, 0
}

// sticky makes an error, if it is one, the end of everything.
func (m *message) sticky(err error) error {
	if err != nil {
		m.stage, m.failure = failed, err
	}
	return err
}

// lasting is the error that stuck.
func (m *message) lasting() error {
	if m.stage == failed {
		return m.failure
	}
	return nil
}

// enterBody is called at the end of a head whose message has a body if it says
// so; otherwise is where to go if it doesn't.
func (m *message) enterBody(otherwise stage) {
	switch {
	case m.framing.chunked:
		m.enterChunk()
	case m.framing.sized:
		m.left = m.framing.length
		m.stage = inBody
		m.passed(0, complete)
	default:
		m.stage = otherwise
	}
}

func (m *message) enterChunk() { m.stage, m.lines.left = atChunk, maxChunkLine }

// body reads on behind the head, at most to the end of the message. It returns
// what of b is content, at most one piece, and how much of b is done with.
func (m *message) body(b []byte) (data []byte, n int, err error) {
	switch m.stage {
	case inBody:
		data = m.data(b, complete)
	case inChunk:
		data = m.data(b, afterChunk)
	case untilEnd:
		m.got += uint64(len(b))
		data = b
	default:
		n, err = m.between(b)
		return nil, n, err
	}
	return data, len(data), nil
}

// data takes the bytes of b that belong to the body or chunk.
func (m *message) data(b []byte, next stage) []byte {
	n := min(uint64(len(b)), m.left)
	m.passed(n, next)
	return b[:n]
}

// passed counts n bytes of a body or chunk and leaves it at its end.
func (m *message) passed(n uint64, next stage) {
	m.got += n
	m.left -= n
	if m.left > 0 {
		return
	}
	m.stage = next
	if next == afterChunk {
		m.lines.left = len("\r\n")
	}
}

// between reads a line of the chunked coding (RFC 9112 section 7.1).
func (m *message) between(b []byte) (n int, err error) {
	line, n, err := m.lines.next(b)
	switch {
	case m.stage == afterChunk && (err != nil || len(line) > 0):
		return n, BadChunk
	case err != nil || line == nil:
		return n, err
	case m.stage == atChunk:
		return n, m.size(line)
	case m.stage == inTrailer:
		return n, m.trailer(line)
	default:
		m.enterChunk()
		return n, nil
	}
}

// size reads a chunk's first line. Extensions are passed over.
func (m *message) size(line []byte) error {
	digits, _, _ := bytes.Cut(line, []byte{';'})
	size, ok := parseHex(digits)
	if !ok || len(digits) > maxDigits {
		return BadChunk
	}
	m.stage, m.left = inChunk, size
	if size == 0 {
		m.stage, m.lines.left = inTrailer, maxHead
	}
	return nil
}

// trailer checks a line behind the last chunk and forgets it.
func (m *message) trailer(line []byte) error {
	if len(line) == 0 {
		m.stage = complete
		return nil
	}
	_, _, err := parseField(line)
	return err
}
