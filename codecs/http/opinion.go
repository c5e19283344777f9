package http

import (
	"bufio"
	"bytes"

	"github.com/valyala/fasthttp"
)

// opinion has fasthttp read what has passed our own check, and wants both to
// have understood the same: a head on which two parsers differ is one on which
// proxy and backend may differ.
//
// fasthttp is shown the lines that decide where a message goes and where it
// ends: first line, Host, Content-Length, Transfer-Encoding. The others it would copy, sort into its own structure and lose things of: it
// keeps the last of several User-Agent, Content-Type or Server fields, moves
// the fields it knows to the front, rebuilds Trailer, and takes only a lower
// case "close" for the end of a connection. So what is forwarded is made of
// our checked lines and never of its structure.
type opinion struct {
	decisive []byte
	source   *bytes.Reader
	buffered *bufio.Reader
	request  *fasthttp.RequestHeader
	response *fasthttp.ResponseHeader
}

// decisiveRest is room for all decisive lines but the target: method, version,
// the longest Host, the length or the coding; or the longest status line.
const decisiveRest = 1 << 10

// fasthttp's ContentLength for heads without that field.
const (
	opinionChunked = -1
	opinionNone    = -2
)

func newOpinion(maxTarget int) opinion {
	o := opinion{
		source:   bytes.NewReader(nil),
		request:  new(fasthttp.RequestHeader),
		response: new(fasthttp.ResponseHeader),
	}
	o.buffered = bufio.NewReaderSize(o.source, maxTarget+decisiveRest)
	return o
}

// onRequest says whether fasthttp agrees with what r says.
func (o *opinion) onRequest(r *Request) Reason {
	o.collect(r.head[r.start:r.lines], &r.fieldList, true)
	h := o.request
	err := h.Read(o.reader())
	agreed := err == nil &&
		bytes.Equal(h.Method(), r.Method()) &&
		bytes.Equal(h.RequestURI(), r.rawTarget.of(r.head)) &&
		bytes.Equal(h.Host(), r.host.of(r.head)) &&
		h.IsHTTP11() == (r.minor == 1) &&
		int64(h.ContentLength()) == opinionOf(r.framing, r.length)
	return o.verdict(agreed)
}

// onResponse says whether fasthttp agrees with what r's fields say.
func (o *opinion) onResponse(r *Response, body *framingFields) Reason {
	o.collect(r.head[:r.lines], &r.fieldList, false)
	h := o.response
	err := h.Read(o.reader())
	agreed := err == nil &&
		h.StatusCode() == r.status &&
		h.IsHTTP11() == (r.minor == 1) &&
		int64(h.ContentLength()) == opinionOf(body.framing(), body.length)
	return o.verdict(agreed)
}

// verdict also wants all that was shown to have been read.
func (o *opinion) verdict(agreed bool) Reason {
	if !agreed || o.buffered.Buffered()+o.source.Len() > 0 {
		return Disputed
	}
	return OK
}

func (o *opinion) reader() *bufio.Reader {
	o.source.Reset(o.decisive)
	o.buffered.Reset(o.source)
	return o.buffered
}

// collect puts the decisive lines together. All of them are bounded by now; the
// Host of a response isn't, but it decides nothing.
func (o *opinion) collect(firstLine []byte, l *fieldList, hosts bool) {
	o.decisive = append(o.decisive[:0], firstLine...)
	for i := range l.fields {
		f := &l.fields[i]
		if isFraming(f.is) || hosts && f.is == nameHost {
			o.decisive = appendLine(o.decisive, l.name(f), l.value(f))
		}
	}
	o.decisive = append(o.decisive, "\r\n"...)
}

func isFraming(is name) bool { return is == nameContentLength || is == nameTransferEncoding }

// opinionOf returns the ContentLength that fasthttp should have found.
func opinionOf(f Framing, length int64) int64 {
	switch f {
	case Length:
		return length
	case Chunked:
		return opinionChunked
	}
	return opinionNone
}
