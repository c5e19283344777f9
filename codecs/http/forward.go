package http

import "strconv"

// Forwarding says how a request is passed on. The zero value passes it with
// its Host and without a word about the client.
type Forwarding struct {
	// Host takes the place of the client's when it isn't empty: the backend's
	// own name. A request without a Key needs one.
	Host []byte
	// Client is the client's address without port and brackets, as in
	// "192.0.2.1" or "2001:db8::1". Empty says it is unknown.
	Client []byte
	// TLS: the client's connection is encrypted.
	TLS bool
	// Trusted: the client is a proxy of ours. What it says about clients
	// before it is kept and added to; of anybody else it is dropped.
	Trusted bool
	// Bare adds none of Forwarded and X-Forwarded-*. What an untrusted client
	// says there is dropped nevertheless.
	Bare bool
	// RequestID takes the place of X-Request-Id when it isn't empty.
	RequestID []byte
	// Via is this proxy's pseudonym in Via, a token; "" adds no Via.
	Via string
	// Extra is whole lines, made with AppendField.
	Extra []byte
}

// Append appends the head for the backend to dst and returns it: always
// HTTP/1.1, in origin form, one Host, one framing field at most. The
// connection to the backend stays open unless the request upgrades it.
func (r *Request) Append(dst []byte, to *Forwarding) []byte {
	r.drop(to)
	dst = append(dst, r.Method()...)
	dst = append(dst, ' ')
	dst = r.target.appendPath(dst, r.head, string(r.Method()) == "OPTIONS")
	dst = append(dst, " HTTP/1.1\r\nHost: "...)
	dst = append(append(dst, r.backendHost(to)...), "\r\n"...)
	dst = r.appendKept(dst)
	if !to.Bare {
		dst = r.appendForwarded(dst, to)
	}
	if len(to.RequestID) > 0 {
		dst = appendLine(dst, "X-Request-Id", to.RequestID)
	}
	dst = appendVia(dst, r.minor, to.Via)
	dst = append(dst, to.Extra...)
	dst = r.appendConnection(dst)
	return append(appendFraming(dst, r.framing, r.length), "\r\n"...)
}

// backendHost returns the value of Host. Where nobody names a host it is empty,
// as RFC 9112 section 3.2 wants it; we wouldn't take that from a client.
func (r *Request) backendHost(to *Forwarding) []byte {
	if len(to.Host) > 0 {
		return to.Host
	}
	return r.Authority()
}

// drop marks the lines that aren't passed on.
func (r *Request) drop(to *Forwarding) {
	for i := range r.fields {
		f := &r.fields[i]
		if f.is == nameOther {
			f.dropped = r.connection.named > 0 && r.isNamed(f)
			continue
		}
		f.dropped = r.drops(f.is, to)
	}
}

// drops decides on the fields that mean something here. Those about the client
// that we add to are dropped too: they are written anew.
func (r *Request) drops(is name, to *Forwarding) bool {
	switch is {
	case nameAccept, nameVia:
		return false
	case nameExpect:
		return !r.exchange.Expects
	case nameTrailer:
		return r.framing != Chunked
	case nameRequestID:
		return len(to.RequestID) > 0
	case nameForwardedOther, nameForwardedHost, nameForwardedProto:
		return !to.Trusted
	case nameForwarded, nameForwardedFor:
		return !to.Trusted || !to.Bare
	}
	return true
}

// appendVia appends one more Via; several are one list (RFC 9110 section
// 7.6.3). minor is the version that the message was received in.
func appendVia(dst []byte, minor uint8, pseudonym string) []byte {
	if pseudonym == "" {
		return dst
	}
	dst = append(dst, "Via: 1."...)
	dst = append(dst, '0'+minor, ' ')
	return append(append(dst, pseudonym...), "\r\n"...)
}

// appendConnection appends what is for the backend's connection only.
func (r *Request) appendConnection(dst []byte) []byte {
	if protocol := r.exchange.Upgrade(); protocol != nil {
		return appendLine(append(dst, "Connection: Upgrade\r\n"...), "Upgrade", protocol)
	}
	if r.connection.trailers {
		dst = append(dst, "Connection: TE\r\nTE: trailers\r\n"...)
	}
	return dst
}

func appendLength(dst []byte, n int64) []byte {
	dst = append(dst, "Content-Length: "...)
	return append(strconv.AppendInt(dst, n, 10), "\r\n"...)
}
