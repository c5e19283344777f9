package http

// Request is a checked request head. It aliases the bytes it was read from;
// its own memory is reused from head to head. The zero value is ready for
// Parser.Request. Its methods are only valid after a Parser.Request that has
// returned a complete head, and until those bytes change (see Rebase).
type Request struct {
	fieldList
	// start is where the request line begins: an empty line may precede it.
	// lines is where the fields begin.
	start, lines int

	method, rawTarget span
	minor             uint8
	target            target
	// host is the value of Host; authority what the request is for, as the
	// client has written it. Empty when 1.0 has none.
	host, authority span
	key             hostKey
	framing         Framing
	length          int64
	bodyLimit       int64
	connection      connectionFields
	exchange        Exchange
	requestID       span
}

// Request reads the request head at the start of in, all bytes of a
// connection that haven't been consumed yet. n is its length; n == 0 and OK
// says that more bytes are needed. Any other reason is final for the
// connection: it is answered (see Reason.Answer) and closed, for nobody knows
// where the next request would begin. scan is the connection's. r is written
// to; when n is 0 it is of no use.
func (p *Parser) Request(r *Request, in []byte, scan *Scan) (n int, why Reason) {
	start := emptyLine(in)
	if why := p.early(in[start:]); why != OK {
		*scan = Scan{}
		return 0, why
	}
	n, why = scan.find(in, start, p.limits.Head)
	if n == 0 {
		return 0, why
	}
	if why = p.request(r, in[:n], start); why != OK {
		return 0, why
	}
	return len(r.head), OK
}

// emptyLine returns the length of the one empty line that may precede a
// request (RFC 9112 section 2.2).
func emptyLine(in []byte) int {
	if len(in) >= 2 && in[0] == '\r' && in[1] == '\n' {
		return 2
	}
	return 0
}

// early refuses what shows at once, and before its end comes or the limit of
// the head is reached: other protocols, and too long a request line.
func (p *Parser) early(in []byte) Reason {
	if len(in) == 0 || len(in) == 1 && in[0] == '\r' {
		return OK
	}
	if folded[in[0]] == 0 {
		return unlined(in[:1], BadRequestLine)
	}
	longest := maxMethod + p.limits.Target + lineRest
	if len(in) <= longest {
		return OK
	}
	return overlong(in[:longest+1])
}

// overlong says what is too long in a line that isn't shorter than b.
func overlong(b []byte) Reason {
	for _, c := range b {
		if c == '\n' {
			return OK
		}
	}
	if at := tokenLength(b[:maxMethod+1]); at > maxMethod {
		return MethodUnknown
	}
	return TargetTooLong
}

// request checks the head at an offset. in ends with an empty line.
func (p *Parser) request(r *Request, in []byte, start int) Reason {
	line, why := parseRequestLine(in, start, p.limits.Target)
	if why == OK {
		why = checkMethod(line.method.of(in))
	}
	if why == OK {
		why = r.fieldList.parse(in, line.end, p.limits.Fields)
	}
	if why == OK {
		why = r.understand(line, start)
	}
	if why == OK && p.limits.Body > 0 && r.length > p.limits.Body {
		why = BodyTooLarge
	}
	if why != OK {
		return why
	}
	r.bodyLimit = p.limits.Body
	return p.opinion.onRequest(r)
}
