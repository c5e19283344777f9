package http

// Method returns the method as sent: methods are case sensitive.
func (r *Request) Method() []byte { return r.method.of(r.head) }

// Path returns the target in origin form, query included, without what came
// before it in an absolute form: it may be empty or begin with "?" there. It
// is "*" for the OPTIONS of a whole server.
func (r *Request) Path() []byte { return r.target.path.of(r.head) }

// Authority returns the host and maybe port that the request is for, as the
// client has written them; empty when a 1.0 client says neither.
func (r *Request) Authority() []byte { return r.authority.of(r.head) }

// Key returns the routing key: the host in lower case without port and
// trailing dot, an IPv6 literal in its canonical form and in brackets; empty
// when a 1.0 client names no host. It is in r's own memory and valid until r
// is used for another head.
func (r *Request) Key() []byte { return r.key.bytes() }

// Minor returns the client's version, 1.Minor.
func (r *Request) Minor() uint8 { return r.minor }

// Framing returns how the request's body ends, and its length iff that is
// Length.
func (r *Request) Framing() (Framing, int64) { return r.framing, r.length }

// Idempotent says that the method may be repeated on a fresh connection when
// a pooled one dies before the first byte of a response. Whether the body can
// be repeated too is for the caller to know.
func (r *Request) Idempotent() bool { return isIdempotent(r.Method()) }

// RequestID returns the client's X-Request-Id, empty unless there is exactly
// one.
func (r *Request) RequestID() []byte { return r.requestID.of(r.head) }

// Exchange returns what the response has to know of the request, a copy.
func (r *Request) Exchange() Exchange { return r.exchange }

// StartBody makes b ready for the request's body. It may be complete at once:
// see Body.Done.
func (r *Request) StartBody(b *Body) {
	b.start(plan{framing: r.framing, length: r.length, limit: r.bodyLimit})
}

// Rebase tells r that the head's bytes, all n of them, are also at the start
// of head from now on: for requests that have to wait while the buffer they
// were read into is used for others.
func (r *Request) Rebase(head []byte) { r.head = head[:len(r.head)] }
