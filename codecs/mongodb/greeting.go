package mongodb

import (
	"bytes"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// greet turns the backend's reply to a hello that logs in into one that doesn't
// tell where the backend is: ours, with what the backend says about logging in.
// A refusal passes as it is.
func (c *codec) greet(in []byte) codecs.Step {
	h, v := readHeader(in)
	switch {
	case v != fine:
		return unanswered(v)
	case h.size > maxBuffered:
		return codecs.FailBackend(codecs.BackendForeign, detailBackend)
	case len(in) < h.size:
		return codecs.Step{}
	}
	body, ok := replyBody(in[:h.size], h.op)
	if !ok {
		return codecs.FailBackend(codecs.BackendForeign, detailBackend)
	}
	extra, succeeded := greetingFields(body)
	answer := bytes.Clone(in[:h.size])
	if succeeded {
		answer = c.helloReply(c.request, c.asked, extra)
	}
	c.replied()
	return c.stand(answer, in, h.size)
}

// replyBody returns the document of a reply that is whole.
func replyBody(message []byte, op opcode) ([]byte, bool) {
	switch {
	case op == opReply && len(message) >= replyHeader+minDocument:
		return message[replyHeader:], true
	case op == opMsg && len(message) >= headerSize+flagsSize:
		flags, _ := readFlags(message, header{size: len(message)})
		return messageBody(message, flags)
	}
	return nil, false
}

// greetingFields copies what the client is to see of the backend's hello: how
// its user may log in, what came of the login it has begun, and how the backend
// compresses. succeeded is false if the reply is an error, or no document.
func greetingFields(body []byte) (fields []byte, succeeded bool) {
	d, ok := readDocument(body)
	for at := d.rest; ok && d.next(); at = d.rest {
		switch string(d.name) {
		case "saslSupportedMechs", "speculativeAuthenticate", "compression":
			fields = append(fields, at[:d.size]...)
		case "ok":
			succeeded = truthy(&d.element)
		}
	}
	return fields, succeeded && d.whole
}

// truthy reports whether a number or a boolean isn't zero.
func truthy(e *element) bool {
	return len(bytes.Trim(e.value, "\x00")) > 0
}
