package clienthello

import "iter"

// Hello is what a client says first. Its slices alias what was parsed, or
// memory of their own where the message was fragmented or a name has to be
// written in lower case: they are valid as long as both.
type Hello struct {
	// ServerName is the host name the client asks for (SNI) in lower case, a
	// valid one by IsHostName; nil if it asks for none.
	ServerName []byte
	// Version is the highest one offered.
	Version Version
	// Size is how many bytes of the stream the records of the message span.
	Size int
	// protocols is the list of ALPN: each with its length before it.
	protocols []byte
}

// Parse reads the ClientHello at the start of a client's bytes; what follows
// the records it spans is not looked at. The Hello is only valid with
// Complete. Each call begins anew: call it when there are more bytes. It
// allocates nothing for a message in one record that asks for a name in lower
// case, and at most MaxMessage and a name otherwise. Safe for concurrent use.
func Parse(in []byte) (Hello, Status) {
	var s span
	if status := s.follow(in); status != Complete {
		return Hello{}, status
	}
	h := Hello{Size: s.size}
	if status := h.read(s.join(in)); status != Complete {
		return Hello{}, status
	}
	return h, Complete
}

// Protocols yields the application protocols the client offers (ALPN), in its
// order of preference. They alias the Hello's memory.
func (h *Hello) Protocols() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		list := reader{rest: h.protocols}
		for list.more() {
			if !yield(list.vector8()) {
				return
			}
		}
	}
}

// Offers reports whether the client offers an application protocol.
func (h *Hello) Offers(protocol string) bool {
	for offered := range h.Protocols() {
		if string(offered) == protocol {
			return true
		}
	}
	return false
}

// randomSize is the size of the client's random, in bytes.
const randomSize = 32

// read takes a whole message apart.
func (h *Hello) read(message []byte) Status {
	body := reader{rest: message[messageHeader:]}
	legacy := Version(body.uint16())
	body.bytes(randomSize)
	body.vector8() // the session's id
	suites := body.vector16()
	body.vector8() // compression methods
	if body.short || len(suites)%2 != 0 {
		return BadStructure
	}
	// Without the extension for it there is no version above 1.2, whatever
	// this one says (RFC 8446 section 4.2.1).
	h.Version = min(legacy, TLS12)
	if !body.more() {
		return Complete
	}
	extensions := reader{rest: body.vector16()}
	if !body.whole() {
		return BadStructure
	}
	return h.readExtensions(&extensions)
}
