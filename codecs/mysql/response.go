package mysql

import "encoding/binary"

const (
	// responseHead is the length of a handshake response's fixed part, in
	// bytes, which is all there is to an SSLRequest.
	responseHead = 4 + 4 + 1 + responseFiller
	// responseFiller is its unused end. A MariaDB client that has met a MariaDB
	// server puts flags of its own there; ours has met none.
	responseFiller = 23
)

// response is a HandshakeResponse41. Its slices alias what it was read from.
type response struct {
	capabilities Capabilities
	maxPacket    uint32
	collation    uint8
	user         []byte
	// answer is the client's answer to a nonce. It may be a password in clear
	// and is never kept.
	answer   []byte
	database []byte
	plugin   []byte
	// attributes are the connection attributes: names and values of encoded
	// length in turn.
	attributes []byte
	// level is zstd's.
	level uint8
}

// capabilitiesOf reads the flags a handshake response begins with; those of a
// HandshakeResponse320 have 16 bits, and lack Protocol41.
func capabilitiesOf(payload []byte) (c Capabilities, ok bool) {
	if len(payload) < 2 {
		return 0, false
	}
	low := Capabilities(binary.LittleEndian.Uint16(payload))
	if len(payload) < 4 {
		return low, true
	}
	return low | Capabilities(binary.LittleEndian.Uint16(payload[2:]))<<16, true
}

// parseResponse reads a HandshakeResponse41; ok is false if it is none. As in
// the servers fields may be missing at the end, whatever the flags say.
// (MySQL: Protocol::HandshakeResponse41, parse_client_handshake_packet.)
func parseResponse(payload []byte) (p response, ok bool) {
	r := reader{rest: payload}
	p.capabilities = Capabilities(r.uint32())
	p.maxPacket = r.uint32()
	p.collation = r.uint8()
	r.take(responseFiller)
	p.user = r.terminated()
	p.answer = p.readAnswer(&r)
	if p.present(&r, ConnectWithDB) {
		p.database = r.lastTerminated()
	}
	if p.present(&r, PluginAuth) {
		p.plugin = r.lastTerminated()
	}
	if p.present(&r, ConnectAttrs) {
		p.attributes = r.lengthed()
	}
	if p.present(&r, Zstd) {
		p.level = r.uint8()
	}
	return p, !r.bad
}

// present says that the flags announce a field and there is something left.
func (p *response) present(r *reader, flag Capabilities) bool {
	return p.capabilities.has(flag) && len(r.rest) > 0
}

// readAnswer reads the answer, whose length the flags encode in three ways.
func (p *response) readAnswer(r *reader) []byte {
	switch {
	case p.capabilities.has(PluginAuthLenEnc):
		return r.lengthed()
	case p.capabilities.has(SecureConnection):
		return r.take(uint64(r.uint8()))
	default:
		return r.terminated()
	}
}

// appendResponse appends a HandshakeResponse41, whose answer has less than 251
// bytes.
func appendResponse(dst []byte, p response) []byte {
	dst = appendResponseHead(dst, p)
	dst = appendTerminated(dst, p.user)
	dst = appendLengthed(dst, p.answer)
	if p.capabilities.has(ConnectWithDB) {
		dst = appendTerminated(dst, p.database)
	}
	if p.capabilities.has(PluginAuth) {
		dst = appendTerminated(dst, p.plugin)
	}
	if p.capabilities.has(ConnectAttrs) {
		dst = appendLengthed(dst, p.attributes)
	}
	if p.capabilities.has(Zstd) {
		dst = append(dst, p.level)
	}
	return dst
}

// appendResponseHead appends the fixed part, which is also the SSLRequest.
func appendResponseHead(dst []byte, p response) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(p.capabilities))
	dst = binary.LittleEndian.AppendUint32(dst, p.maxPacket)
	dst = append(dst, p.collation)
	return append(dst, make([]byte, responseFiller)...)
}

// keep returns a copy of what the backend is to hear of the response: all but
// the answer, which is bound to a nonce of ours or is a password.
func (p *response) keep() response {
	kept := *p
	memory := make([]byte, 0, len(p.user)+len(p.database)+len(p.plugin)+len(p.attributes))
	copied := func(s []byte) []byte {
		at := len(memory)
		memory = append(memory, s...)
		return memory[at:len(memory):len(memory)]
	}
	kept.user, kept.database = copied(p.user), copied(p.database)
	kept.plugin, kept.attributes = copied(p.plugin), copied(p.attributes)
	kept.answer = nil
	return kept
}

// attribute returns the value of a connection attribute, nil if there is none.
func (p *response) attribute(name string) []byte {
	r := reader{rest: p.attributes}
	for len(r.rest) > 0 {
		key, value := r.lengthed(), r.lengthed()
		if !r.bad && string(key) == name {
			return value
		}
	}
	return nil
}
