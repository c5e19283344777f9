package http

// understand takes the meaning from checked lines.
func (r *Request) understand(line requestLine, start int) (why Reason) {
	r.start, r.lines = start, line.end
	r.method, r.rawTarget, r.minor = line.method, line.target, line.minor
	method := r.Method()
	if r.target, why = parseTarget(r.head, line.target, string(method) == "OPTIONS"); why != OK {
		return why
	}
	notes := requestNotes{}
	if why = notes.take(r); why != OK {
		return why
	}
	r.framing, r.length = notes.body.framing(), notes.body.length
	if r.framing == Chunked && r.minor == 0 {
		return BadCoding // RFC 9112 section 6.1: faulty
	}
	if why = r.settleHost(notes.hosts); why != OK {
		return why
	}
	r.settle(&notes, method)
	return OK
}

// settle draws the conclusions from a valid head.
func (r *Request) settle(notes *requestNotes, method []byte) {
	r.exchange = Exchange{
		Head:      string(method) == "HEAD",
		Minor:     r.minor,
		KeepAlive: r.connection.persistent(r.minor),
		JSON:      notes.json,
		// A 1.0 client that expects is to be ignored (RFC 9110 section 10.1.1),
		// and one that sends no body has nothing to wait for.
		Expects: notes.expects && r.minor == 1 && r.hasBody(),
	}
	// Whether bytes behind a head that asks for an upgrade are a body or the
	// other protocol must not be in question.
	if r.minor == 1 && !r.hasBody() {
		r.exchange.upgrade.set(r.connection.upgradeTo())
	}
	r.connection.protocol = nil // aliases the head
}

func (r *Request) hasBody() bool {
	return r.framing == Chunked || r.length > 0
}

// requestNotes are what the fields of a request say.
type requestNotes struct {
	body          framingFields
	hosts         int
	expects, json bool
	ids           int
}

// take reads all fields once.
func (n *requestNotes) take(r *Request) Reason {
	r.connection = connectionFields{}
	r.host, r.requestID = span{}, span{}
	for i := range r.fields {
		f := &r.fields[i]
		if f.is == nameOther {
			continue
		}
		if why := n.takeField(r, f); why != OK {
			return why
		}
	}
	if n.ids != 1 {
		r.requestID = span{}
	}
	return OK
}

func (n *requestNotes) takeField(r *Request, f *field) Reason {
	value := r.value(f)
	switch f.is {
	case nameHost:
		n.hosts++
		r.host = f.value
	case nameExpect:
		n.expects = isFold(value, "100-continue")
		if !n.expects {
			return BadExpectation
		}
	case nameAccept:
		n.json = n.json || acceptsJSON(value)
	case nameRequestID:
		n.ids++
		r.requestID = f.value
	case nameConnection, nameTE, nameUpgrade:
		return r.connection.note(f.is, value)
	default:
		return n.body.note(f.is, value)
	}
	return OK
}
