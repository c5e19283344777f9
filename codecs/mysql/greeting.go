package mysql

const (
	protocolVersion = 10
	// saltSize is the length of the nonces of the methods in use, in bytes,
	// without the NUL behind.
	saltSize = 20
	// saltHead is how much of the nonce stands in the greeting's first part.
	saltHead = 8
	// utf8mb4 is the collation utf8mb4_general_ci, which every server knows.
	utf8mb4 = 45
	// statusAutocommit is the status flag of a session that commits by itself.
	statusAutocommit = 1 << 1
	// greetingReserved is the length of what is 0 in MySQL's greeting and
	// partly the upper capabilities in MariaDB's, in bytes.
	greetingReserved = 10
)

// greeting is a HandshakeV10. Its slices alias what it was read from.
type greeting struct {
	version      []byte
	id           uint32
	salt         []byte // of saltSize, or less if the server sends less
	capabilities Capabilities
	plugin       []byte
}

// parseGreeting reads a HandshakeV10; ok is false if it is none. (MySQL:
// Protocol::HandshakeV10. Old servers end behind the lower capabilities.)
func parseGreeting(payload []byte) (g greeting, ok bool) {
	r := reader{rest: payload}
	if r.uint8() != protocolVersion {
		return greeting{}, false
	}
	g.version = r.terminated()
	g.id = r.uint32()
	head := r.take(saltHead)
	r.take(1)
	g.capabilities = Capabilities(r.uint16())
	if r.bad {
		return greeting{}, false
	}
	if len(r.rest) == 0 {
		g.salt = head
		return g, true
	}
	r.take(1 + 2) // collation and status
	g.capabilities |= Capabilities(r.uint16()) << 16
	size := r.uint8()
	r.take(greetingReserved)
	g.tail(&r, head, size)
	return g, !r.bad
}

// tail reads the second part of the nonce, which has at least 12 bytes and a
// NUL, and the name of the method.
func (g *greeting) tail(r *reader, head []byte, size uint8) {
	if g.capabilities.has(SecureConnection) {
		tail := r.take(uint64(max(saltSize-saltHead+1, int(size)-saltHead)))
		if r.bad {
			return
		}
		g.salt = append(append(make([]byte, 0, saltSize), head...), tail[:saltSize-saltHead]...)
	}
	if g.capabilities.has(PluginAuth) {
		g.plugin = r.lastTerminated()
	}
}

// appendGreeting appends a HandshakeV10, whose salt has saltSize bytes.
func appendGreeting(dst []byte, g greeting) []byte {
	dst = append(dst, protocolVersion)
	dst = appendTerminated(dst, g.version)
	dst = append(dst, byte(g.id), byte(g.id>>8), byte(g.id>>16), byte(g.id>>24))
	dst = appendTerminated(dst, g.salt[:saltHead])
	dst = append(dst, byte(g.capabilities), byte(g.capabilities>>8))
	dst = append(dst, utf8mb4, statusAutocommit, 0)
	dst = append(dst, byte(g.capabilities>>16), byte(g.capabilities>>24))
	dst = append(dst, saltSize+1)
	dst = append(dst, make([]byte, greetingReserved)...)
	dst = appendTerminated(dst, g.salt[saltHead:])
	return appendTerminated(dst, g.plugin)
}
