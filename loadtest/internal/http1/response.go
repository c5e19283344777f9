package http1

import (
	"io"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
)

// Response reads the answer to one GET request after the other, in pieces of
// any size. It keeps nothing of them but the beginning of a header line that
// was cut. One goroutine may use it at a time.
type Response struct {
	message
	status  int
	checked bool    // the body is compared with want
	want    Content // valid iff checked, as is wanted
	wanted  uint64
}

// NewResponse returns a reader that is ready for an answer with any body. The
// pattern is what Expect compares with.
func NewResponse(p *stream.Pattern) *Response {
	r := &Response{want: Content{Pattern: p}}
	r.Reset()
	return r
}

// Reset gets ready for the next answer, whose body is only counted.
func (r *Response) Reset() {
	r.restart()
	r.status, r.checked = 0, false
}

// Expect gets ready for the next answer which, if its status is 200, must have
// the built-in backend's body of size bytes for tag: see Content. Other
// statuses may have any body: they are to be looked at first.
func (r *Response) Expect(tag uint64, size int) {
	r.Reset()
	r.want.SetTag(tag)
	r.checked, r.wanted = true, uint64(size)
}

// Feed takes the next bytes and says how many of them belong to the answer and
// whether it is complete. Bytes behind the answer are not taken. An error is an
// Error; it stays until Reset or Expect, and no more can be read from the
// connection.
func (r *Response) Feed(b []byte) (n int, done bool, err error) {
	for n < len(b) && r.stage < complete {
		used, err := r.step(b[n:])
		n += used
		if err != nil {
			return n, false, err
		}
	}
	return n, r.stage == complete, r.lasting()
}

// End is told that the connection has ended and says whether the answer is
// complete with that. If not, the error is io.ErrUnexpectedEOF, or what is
// wrong with what came.
func (r *Response) End() (done bool, err error) {
	switch r.stage {
	case complete:
		return true, nil
	case failed:
		return false, r.failure
	case untilEnd:
		r.stage = complete
		err := r.sticky(r.verify(nil))
		return err == nil, err
	default:
		return false, io.ErrUnexpectedEOF
	}
}

// Status is the answer's status code, once its head is complete.
func (r *Response) Status() int { return r.status }

// Received is the number of bytes of the body so far, without their coding.
func (r *Response) Received() uint64 { return r.got }

// Reusable says whether the connection may take another request. It is valid
// when the answer is complete.
func (r *Response) Reusable() bool { return r.stage == complete && r.framing.persists() }

// step reads a line or a piece of the body.
func (r *Response) step(b []byte) (n int, err error) {
	if r.stage > inFields {
		return r.bodyStep(b)
	}
	line, n, err := r.lines.next(b)
	if line != nil {
		err = r.headLine(line)
	}
	return n, r.sticky(err)
}

func (r *Response) bodyStep(b []byte) (n int, err error) {
	data, n, err := r.body(b)
	if err == nil {
		err = r.verify(data)
	}
	return n, r.sticky(err)
}

// verify checks the piece of the body that has just been counted and, when
// complete, the length.
func (r *Response) verify(data []byte) error {
	if !r.checked || r.status != 200 {
		return nil
	}
	short := r.stage == complete && r.got != r.wanted
	if short || r.got > r.wanted || !r.want.Check(data, r.got-uint64(len(data))) {
		return WrongBody
	}
	return nil
}

func (r *Response) headLine(line []byte) error {
	if r.stage == atStart {
		return r.statusLine(line)
	}
	if len(line) == 0 {
		return r.endHead()
	}
	name, value, err := parseField(line)
	if err != nil {
		return err
	}
	return r.framing.take(name, value)
}

// statusLine reads "HTTP/1.1 200 reason" (RFC 9112 section 4). The reason and
// the space before it may be missing.
func (r *Response) statusLine(line []byte) error {
	const version, end = len("HTTP/1.1"), len("HTTP/1.1 200")
	if len(line) < end || line[version] != ' ' || len(line) > end && line[end] != ' ' {
		return BadStart
	}
	minor, ok := parseVersion(line[:version])
	status, number := parseDecimal(line[version+1 : end])
	if !ok || !number || status < 100 {
		return BadStart
	}
	r.framing.minor, r.status, r.stage = minor, int(status), inFields
	return nil
}

// endHead decides what follows the head (RFC 9112 section 6.3).
func (r *Response) endHead() error {
	if err := r.framing.check(); err != nil {
		return err
	}
	switch {
	case r.status == 101:
		return Switched
	case r.status < 200:
		r.framing, r.stage = framing{}, atStart
		return nil
	case r.status == 204 || r.status == 304:
		r.stage = complete
	default:
		r.enterBody(untilEnd)
	}
	// The end of the connection is the end of such a body.
	r.framing.close = r.framing.close || r.stage == untilEnd
	return r.verify(nil)
}
