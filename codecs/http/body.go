package http

// Body finds the end of one message's body as it passes through. One per
// direction of a session; started by Request.StartBody or Response.StartBody,
// any number of times. It keeps at most one trailer line and the line of one
// chunk, whatever the body's size.
type Body struct {
	// left is what is missing of a body of known length, or of a chunk.
	left int64
	// passed is the data so far; limit bounds it when it isn't 0.
	passed, limit int64
	state         bodyState
	dechunk       bool
	why           Reason
	chunk         chunkState
	trailers      trailerState
}

// plan is what a Body is started with.
type plan struct {
	framing Framing
	length  int64
	// limit bounds the data of a body, 0 for none.
	limit int64
	// dechunk passes on the data of chunks only.
	dechunk bool
}

// bodyState is where in a body the next byte belongs.
type bodyState uint8

const (
	// bodyDone is entered behind the last byte. Terminal.
	bodyDone bodyState = iota
	// bodyLength: within left bytes of data. Exits to bodyDone.
	bodyLength
	// bodyEOF: all there is. Exits to bodyDone, by End.
	bodyEOF
	// bodySize: in a chunk's first line, whose states chunk has. Exits to
	// bodyData, or to bodyTrailers behind the last chunk.
	bodySize
	// bodyData: within left bytes of a chunk. Exits to bodyDataEnd.
	bodyData
	// bodyDataEnd: in the CRLF behind a chunk's data. Exits to bodySize.
	bodyDataEnd
	// bodyTrailers: in the lines behind the last chunk. Exits to bodyDone.
	bodyTrailers
	// bodyFailed: why has the reason. Terminal.
	bodyFailed
)

var framingStates = [...]bodyState{
	NoBody:   bodyDone,
	Length:   bodyLength,
	Chunked:  bodySize,
	UntilEOF: bodyEOF,
}

func (b *Body) start(p plan) {
	lines := trailerState{line: b.trailers.line[:0], rewritten: b.trailers.rewritten[:0]}
	*b = Body{
		left:    p.length,
		limit:   p.limit,
		dechunk: p.dechunk,
		state:   framingStates[p.framing],
		// The longest is maxTrailer, so nothing large is kept.
		trailers: lines,
	}
	if b.state == bodyLength && b.left == 0 {
		b.state = bodyDone
	}
}

// Done says that the body is complete, and that bytes which follow are the
// next message's.
func (b *Body) Done() bool { return b.state == bodyDone }

// Failed returns why the body can't go on, OK as long as it can. The message
// must not seem complete to its receiver then: both connections are closed.
func (b *Body) Failed() Reason { return b.why }

// Next takes bytes of the body from the start of in: n of them, and piece is
// what to pass on for them, maybe nothing. It is called again with the rest
// until that is empty, or Done or Failed says so. piece aliases in or b's own
// memory and is valid until the next call or until in is overwritten. Chunks
// are passed on as soon as they come, one for one; what isn't written in the
// one way we would write it is written anew. What is passed on in all doesn't
// depend on how the body is cut.
func (b *Body) Next(in []byte) (piece []byte, n int) {
	switch b.state {
	case bodyDone, bodyFailed:
		return nil, 0
	case bodyEOF:
		return in, len(in)
	case bodyLength:
		n = b.take(in)
		if b.left == 0 {
			b.state = bodyDone
		}
		return in[:n], n
	}
	return b.nextChunked(in)
}

// take counts data at the start of in and returns how much of it there is.
func (b *Body) take(in []byte) int {
	n := int(min(b.left, int64(len(in))))
	b.left -= int64(n)
	return n
}

// End says that the sender has closed, and returns whether the body is
// complete. If it isn't, its receiver must learn so: the connection is reset,
// or at least closed, and never used again.
func (b *Body) End() bool {
	if b.state == bodyEOF {
		b.state = bodyDone
	}
	return b.Done()
}

func (b *Body) fail(why Reason) {
	b.state, b.why = bodyFailed, why
}
