package tlsterm

import (
	"bytes"
	"crypto/tls"
	"reflect"
	"unsafe"
)

// A tls.Conn keeps the buffer its records are read into, which has grown to the
// largest one, and the buffer of handshake messages: 30 KB for a connection that
// has been busy once, idle or not. Nothing in its interface lets them go. So the
// loop lends the record buffer, and takes it back whenever no part of a record
// is left in it, by reaching into the fields rawInput, input and hand.
//
// They are found by name and type, once, when the program starts. Should a
// release of Go have others, connections keep their buffers, as they do in any
// other program, and a test says so.

const (
	// recordBuffer is the size of a lent buffer, in bytes. bytes.Buffer moves
	// its contents instead of growing as long as what it holds and what it needs
	// fit into half of it: for the largest record (5 + 16,384 + 2,048 bytes)
	// and what ReadFrom wants free (512).
	recordBuffer = 48 << 10
	// keptBuffers is how many free ones a loop keeps, and how many it lends to
	// connections that rest within a record. Further ones keep no more than
	// what they have of it.
	keptBuffers = 64
)

// Memory is what the TLS connections of one loop share. The zero value is ready.
type Memory struct {
	out  []byte   // records for the peer, made by the call under way
	free [][]byte // record buffers
	lent int
}

func (m *Memory) reset() { m.out = m.out[:0] }

func (m *Memory) take() []byte {
	m.lent++
	if last := len(m.free) - 1; last >= 0 {
		b := m.free[last]
		m.free = m.free[:last]
		return b
	}
	return make([]byte, 0, recordBuffer)
}

func (m *Memory) put(b []byte) {
	m.lent--
	if len(m.free) < keptBuffers {
		m.free = append(m.free, b)
	}
}

// layout is where a tls.Conn has its buffers.
type layout struct {
	rawInput, input, hand uintptr
	known                 bool
}

// tlsConn is this release's layout. Never written to.
var tlsConn = findLayout(reflect.TypeFor[tls.Conn]())

func findLayout(conn reflect.Type) layout {
	at := func(name string, want reflect.Type) (uintptr, bool) {
		field, found := conn.FieldByName(name)
		return field.Offset, found && field.Type == want
	}
	var l layout
	raw, hand := false, false
	l.rawInput, raw = at("rawInput", reflect.TypeFor[bytes.Buffer]())
	l.hand, hand = at("hand", reflect.TypeFor[bytes.Buffer]())
	l.input, l.known = at("input", reflect.TypeFor[bytes.Reader]())
	l.known = l.known && raw && hand
	return l
}

func fieldOf[T any](c *tls.Conn, offset uintptr) *T {
	return (*T)(unsafe.Add(unsafe.Pointer(c), offset))
}

// buffers returns the connection's own, nil if they can't be found.
func (c *Conn) buffers() (rawInput *bytes.Buffer, input *bytes.Reader, hand *bytes.Buffer) {
	if !tlsConn.known {
		return nil, nil, nil
	}
	return fieldOf[bytes.Buffer](c.tls, tlsConn.rawInput), fieldOf[bytes.Reader](c.tls, tlsConn.input),
		fieldOf[bytes.Buffer](c.tls, tlsConn.hand)
}

// borrow gives the connection a record buffer, with what it has of records. It
// has too much only if that came with the handshake.
func (c *Conn) borrow() {
	rawInput, _, _ := c.buffers()
	if rawInput == nil || c.lent != nil || rawInput.Len() > recordBuffer/2 {
		return
	}
	c.lent = c.wire.memory.take()
	*rawInput = *bytes.NewBuffer(append(c.lent, rawInput.Bytes()...))
}

// giveBack takes the buffers back if nothing is left in them, or as much as a
// part of a record while many rest within one.
func (c *Conn) giveBack() {
	rawInput, input, hand := c.buffers()
	if rawInput == nil {
		return
	}
	if hand.Len() == 0 && hand.Cap() > 0 {
		*hand = bytes.Buffer{}
	}
	switch {
	case input.Len() > 0: // it is in rawInput's memory
	case rawInput.Len() == 0:
		c.abandon()
	case c.lent != nil && c.wire.memory.lent > keptBuffers:
		part := bytes.Clone(rawInput.Bytes())
		c.abandon()
		*rawInput = *bytes.NewBuffer(part)
	}
}

// abandon takes the record buffer back, whatever is in it.
func (c *Conn) abandon() {
	rawInput, input, _ := c.buffers()
	if rawInput == nil {
		return
	}
	*rawInput = bytes.Buffer{}
	input.Reset(nil)
	if c.lent != nil {
		c.wire.memory.put(c.lent)
		c.lent = nil
	}
}
