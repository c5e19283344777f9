package http

// Response is a checked response head. As Request, it aliases the bytes it was
// read from, reuses its memory, and its zero value is ready.
type Response struct {
	fieldList
	// lines is where the fields begin.
	lines  int
	minor  uint8
	status int
	phrase span

	framing Framing
	length  int64
	// announced: the length is that of a body which isn't sent (HEAD, 304).
	announced  bool
	connection connectionFields
	// reusable: the backend's connection is good for another request.
	reusable bool
}

// Response reads the response head at the start of in, all bytes of a backend
// that haven't been consumed yet. n is its length; n == 0 and OK says that
// more bytes are needed. Any other reason is final: the backend's connection
// is closed and the client answered with BadResponse. ex is the request's; the
// 1xx responses that precede the final one are counted in it. scan is the
// connection's.
func (p *Parser) Response(r *Response, in []byte, scan *Scan, ex *Exchange) (n int, why Reason) {
	if len(in) > 0 && in[0] != 'H' {
		*scan = Scan{}
		return 0, BadStatusLine
	}
	n, why = scan.find(in, 0, p.limits.Head)
	if n == 0 {
		return 0, why
	}
	if why = p.response(r, in[:n], ex); why != OK {
		return 0, why
	}
	return len(r.head), OK
}

// response checks the head at the start of in, which ends with an empty line.
func (p *Parser) response(r *Response, in []byte, ex *Exchange) Reason {
	line, why := parseStatusLine(in)
	if why == OK {
		why = r.fieldList.parse(in, line.end, p.limits.Fields)
	}
	if why != OK {
		return why
	}
	r.lines, r.minor, r.status, r.phrase = line.end, line.minor, line.status, line.phrase
	var body framingFields
	if why = r.take(&body); why != OK {
		return why
	}
	if why = p.opinion.onResponse(r, &body); why != OK {
		return why
	}
	r.settle(&body, ex)
	return p.interim(r, ex)
}

// take reads all fields once.
func (r *Response) take(body *framingFields) Reason {
	r.connection = connectionFields{}
	for i := range r.fields {
		f := &r.fields[i]
		if f.is == nameOther {
			continue
		}
		why := body.note(f.is, r.value(f))
		if why == OK {
			why = r.connection.note(f.is, r.value(f))
		}
		if why != OK {
			return why
		}
	}
	if body.chunked && r.minor == 0 {
		return BadCoding // RFC 9112 section 6.1: faulty
	}
	return OK
}

// settle draws the conclusions (RFC 9112 section 6.3).
func (r *Response) settle(body *framingFields, ex *Exchange) {
	r.framing, r.length = body.framing(), body.length
	r.announced = false
	r.reusable = r.connection.persistent(r.minor)
	switch {
	case r.status < 200 || r.status == 204:
		// They can't have a body, so neither field may be there. Servers do
		// send "Content-Length: 0"; after anything else their next bytes may be
		// a body all the same.
		r.reusable = r.reusable && !body.chunked && body.length == 0
		r.framing, r.length = NoBody, 0
	case ex.Head || r.status == 304:
		// Of HEAD alone the coding is what GET would have (RFC 9110 section
		// 9.3.2); with 304 it may announce what isn't to come.
		r.reusable = r.reusable && (ex.Head || !body.chunked)
		r.announced = r.framing == Length
		r.framing = NoBody
	case r.framing == NoBody:
		r.framing, r.reusable = UntilEOF, false
	}
}

// interim checks what comes before a final response, and 101.
func (p *Parser) interim(r *Response, ex *Exchange) Reason {
	switch {
	case r.status == 101:
		if r.minor == 0 || !isUpgrade(ex.Upgrade(), r.connection.upgradeTo()) {
			return BadUpgrade
		}
	case r.Interim():
		if int(ex.interim) >= p.limits.Interim {
			return TooManyInterim
		}
		ex.interim++
	}
	return OK
}

// isUpgrade says that the protocol switched to is the one asked for.
func isUpgrade(asked, got []byte) bool {
	return len(asked) > 0 && equalFold(asked, got)
}

// isBodiless says that responses of a status have no body, whatever they say.
func isBodiless(status int) bool { return status < 200 || status == 204 || status == 304 }

// Status returns the status, 100 to 999.
func (r *Response) Status() int { return r.status }

// Interim says that the response is a 1xx, and another head follows it on the
// same connection. 101 isn't: it is final.
func (r *Response) Interim() bool { return r.status < 200 && r.status != 101 }

// Switched says that HTTP ends here: after this head, both connections are
// relayed. It is the protocol that the client has asked for.
func (r *Response) Switched() bool { return r.status == 101 }

// Framing returns how the body that follows ends, and its length iff that is
// Length.
func (r *Response) Framing() (Framing, int64) {
	if r.framing != Length {
		return r.framing, 0
	}
	return r.framing, r.length
}

// Reusable says that the backend's connection may serve another request once
// the body is Done, if no byte came behind it and the request has been sent in
// full.
func (r *Response) Reusable() bool { return r.reusable && !r.Switched() }

// StartBody makes b ready for the response's body. Chunks are undone for a
// client that doesn't know them.
func (r *Response) StartBody(b *Body, ex *Exchange) {
	b.start(plan{framing: r.framing, length: r.length, dechunk: ex.Minor == 0})
}
