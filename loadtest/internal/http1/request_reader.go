package http1

import (
	"bytes"
	"fmt"
)

// Event is what a RequestReader has come to.
type Event uint8

// The events.
const (
	// More: the request isn't complete.
	More Event = iota
	// Continue: the head is complete, a body follows, and the client waits for
	// "100 Continue" before it sends it.
	Continue
	// Complete: the request is, its body included.
	Complete
)

// String returns the event's name.
func (e Event) String() string {
	switch e {
	case More:
		return "more"
	case Continue:
		return "continue"
	case Complete:
		return "complete"
	default:
		return fmt.Sprintf("Event(%d)", uint8(e))
	}
}

// RequestReader reads the requests of one connection, in pieces of any size.
// It keeps the first line; bodies are only counted. The zero value is ready
// for the first request. One goroutine may use it at a time.
type RequestReader struct {
	message
	first   []byte // method, a space, target
	method  int    // the method's length
	hosts   int
	tag     uint64
	expects bool // 100-continue, and that hasn't been told yet
	begun   bool // a request; false before the first
}

// Feed takes the next bytes, at most to the end of the request, and says how
// many. The first byte behind a complete request begins the next one: what the
// methods tell of a request is valid until then. An error is an Error and
// stays.
func (r *RequestReader) Feed(b []byte) (n int, e Event, err error) {
	if len(b) > 0 && (r.stage == complete || !r.begun) {
		r.next()
	}
	for n < len(b) && r.stage < complete {
		used, err := r.step(b[n:])
		n += used
		if err != nil {
			return n, More, err
		}
		if r.expects && r.stage > inFields {
			r.expects = false
			return n, Continue, nil
		}
	}
	return n, r.event(), r.lasting()
}

func (r *RequestReader) event() Event {
	if r.stage == complete {
		return Complete
	}
	return More
}

func (r *RequestReader) next() {
	r.restart()
	r.begun = true
	r.hosts, r.tag, r.expects = 0, 0, false
}

// Method is the request's method, once the head is complete.
func (r *RequestReader) Method() []byte { return r.first[:r.method] }

// Target is the request's target as it was sent, once the head is complete.
func (r *RequestReader) Target() []byte { return r.first[r.method+1:] }

// Tag is the request's tag, or 0.
func (r *RequestReader) Tag() uint64 { return r.tag }

// Received is the number of bytes of the body, without their coding.
func (r *RequestReader) Received() uint64 { return r.got }

// Minor is the client's version, HTTP/1.Minor: 0 or 1.
func (r *RequestReader) Minor() int { return int(r.framing.minor) }

// KeepAlive says whether the client wants the connection to stay.
func (r *RequestReader) KeepAlive() bool { return r.framing.persists() }

// step reads a line or a piece of the body.
func (r *RequestReader) step(b []byte) (n int, err error) {
	if r.stage > inFields {
		_, n, err = r.body(b)
		return n, r.sticky(err)
	}
	line, n, err := r.lines.next(b)
	if line != nil {
		err = r.headLine(line)
	}
	return n, r.sticky(err)
}

func (r *RequestReader) headLine(line []byte) error {
	switch {
	case r.stage == inFields && len(line) == 0:
		return r.endHead()
	case r.stage == inFields:
		return r.field(line)
	case len(line) == 0:
		return nil // a line end too many behind the last body: RFC 9112 section 2.2
	default:
		return r.requestLine(line)
	}
}

// requestLine reads "GET /path HTTP/1.1" (RFC 9112 section 3).
func (r *RequestReader) requestLine(line []byte) error {
	method := bytes.IndexByte(line, ' ')
	version := bytes.LastIndexByte(line, ' ')
	if method <= 0 || version == method || !isToken(line[:method]) || !isTarget(line[method+1:version]) {
		return BadStart
	}
	minor, ok := parseVersion(line[version+1:])
	if !ok {
		return BadStart
	}
	r.first = append(r.first[:0], line[:version]...)
	r.method, r.framing.minor, r.stage = method, minor, inFields
	return nil
}

func (r *RequestReader) field(line []byte) error {
	name, value, err := parseField(line)
	if err != nil {
		return err
	}
	switch name {
	case host:
		r.hosts++
	case expectation:
		r.expects = equalFold(value, "100-continue")
	case tagField:
		var ok bool
		if r.tag, ok = parseTag(value); !ok {
			return BadTag
		}
	}
	return r.framing.take(name, value)
}

// endHead decides what follows the head (RFC 9112 sections 3.2 and 6.3). An
// HTTP/1.0 client's expectation is ignored (RFC 9110 section 10.1.1).
func (r *RequestReader) endHead() error {
	if r.hosts > 1 || r.hosts == 0 && r.framing.minor == 1 {
		return BadHost
	}
	if err := r.framing.check(); err != nil {
		return err
	}
	r.enterBody(complete)
	r.expects = r.expects && r.stage != complete && r.framing.minor == 1
	return nil
}
