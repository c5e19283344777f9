package http

import "strconv"

// Reply says how a response is passed on. The zero value passes it as it is.
type Reply struct {
	// Close ends the client's connection with this response, for reasons of
	// the caller's own.
	Close bool
	// AssumeOK passes every final status on as 200, but for those that decide
	// how the message ends: 101, 204 and 304. All else of the head stays.
	AssumeOK bool
	// Via is this proxy's pseudonym in Via, a token; "" adds no Via.
	Via string
	// Extra is whole lines, made with AppendField.
	Extra []byte
}

// KeepsClient says whether the client's connection goes on once the body is
// Done: if both sides want that, and the client finds the body's end.
func (r *Response) KeepsClient(ex *Exchange, to *Reply) bool {
	return ex.KeepAlive && !to.Close && r.clientFraming(ex) != UntilEOF
}

// clientFraming returns how the body ends for the client.
func (r *Response) clientFraming(ex *Exchange) Framing {
	if r.framing == Chunked && ex.Minor == 0 {
		return UntilEOF
	}
	return r.framing
}

// Passes says whether the client may be sent the head at all: a 1.0 client
// knows no 1xx (RFC 9110 section 15.2).
func (r *Response) Passes(ex *Exchange) bool { return !r.Interim() || ex.Minor > 0 }

// Append appends the head for the client to dst and returns it: always
// HTTP/1.1, one framing field at most. Only if Passes.
func (r *Response) Append(dst []byte, ex *Exchange, to *Reply) []byte {
	r.drop(r.clientFraming(ex))
	dst = r.appendStatusLine(dst, to.AssumeOK)
	dst = r.appendKept(dst)
	dst = appendVia(dst, r.minor, to.Via)
	dst = append(dst, to.Extra...)
	dst = r.appendConnection(dst, ex, to)
	if r.announced {
		dst = appendLength(dst, r.length)
	}
	dst = appendFraming(dst, r.clientFraming(ex), r.length)
	return append(dst, "\r\n"...)
}

func (r *Response) appendStatusLine(dst []byte, assumeOK bool) []byte {
	if assumeOK && !isBodiless(r.status) {
		return append(dst, "HTTP/1.1 200 OK\r\n"...)
	}
	dst = strconv.AppendUint(append(dst, "HTTP/1.1 "...), uint64(r.status), 10)
	dst = append(append(dst, ' '), r.phrase.of(r.head)...)
	return append(dst, "\r\n"...)
}

// drop marks the lines that aren't passed on.
func (r *Response) drop(toClient Framing) {
	for i := range r.fields {
		f := &r.fields[i]
		switch f.is {
		case nameOther:
			f.dropped = r.connection.named > 0 && r.isNamed(f)
		case nameTrailer:
			f.dropped = toClient != Chunked
		case nameUpgrade:
			// 426 lists what the backend insists on (RFC 9110 section 15.5.22).
			f.dropped = !r.upgrades()
		case nameConnection, nameTE, nameStray, nameContentLength, nameTransferEncoding:
			f.dropped = true
		default:
			f.dropped = false
		}
	}
}

// upgrades says that the client gets to see Upgrade.
func (r *Response) upgrades() bool { return r.Switched() || r.status == 426 }

// appendConnection appends what is for the client's connection only. A 1.0
// client has to be told that it goes on.
func (r *Response) appendConnection(dst []byte, ex *Exchange, to *Reply) []byte {
	switch {
	case r.Interim():
		return dst
	case r.Switched():
		return append(dst, "Connection: Upgrade\r\n"...)
	case r.status == 426:
		dst = append(dst, "Connection: Upgrade\r\n"...)
	}
	return appendPersistence(dst, r.KeepsClient(ex, to), ex.Minor)
}

// appendPersistence says what becomes of the client's connection, where its
// version doesn't.
func appendPersistence(dst []byte, keep bool, minor uint8) []byte {
	switch {
	case !keep:
		return append(dst, "Connection: close\r\n"...)
	case minor == 0:
		return append(dst, "Connection: keep-alive\r\n"...)
	}
	return dst
}
