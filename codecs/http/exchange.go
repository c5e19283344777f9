package http

// Exchange is what must be known of a request until its response has been
// passed on. It is small, a value, and all of it is the caller's: sessions keep
// it while the request's bytes are long gone.
type Exchange struct {
	// Head: the request's method is HEAD, so the response has no body.
	Head bool
	// Minor is the client's version, 1.Minor.
	Minor uint8
	// KeepAlive: the client's connection may go on after the response. The
	// caller may clear it, to end a connection with the next response.
	KeepAlive bool
	// Expects: the client waits for a 100 before it sends the body.
	Expects bool
	// JSON: the client takes errors as JSON.
	JSON bool

	// interim counts the 1xx responses so far.
	interim uint8
	upgrade protocolName
}

// Upgrade returns the protocol that the client wants to switch to, nil for
// none. Valid until e is overwritten.
func (e *Exchange) Upgrade() []byte { return e.upgrade.bytes() }

// protocolName is the name in an Upgrade field. Names that don't fit are taken
// for no upgrade at all.
type protocolName struct {
	text [23]byte
	size uint8
}

func (n *protocolName) bytes() []byte {
	if n.size == 0 {
		return nil
	}
	return n.text[:n.size]
}

func (n *protocolName) set(b []byte) {
	if len(b) <= len(n.text) {
		n.size = uint8(copy(n.text[:], b))
	}
}
