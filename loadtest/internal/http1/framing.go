package http1

// framing is what a head says about where the message ends and whether
// another may follow it.
type framing struct {
	minor     byte   // of HTTP/1.minor: 0 or 1
	sized     bool   // Content-Length was given
	length    uint64 // valid iff sized
	chunked   bool
	close     bool // Connection: close
	keepAlive bool // Connection: keep-alive
}

// parseVersion reads "HTTP/1.0" or "HTTP/1.1".
func parseVersion(b []byte) (minor byte, ok bool) {
	const major = "HTTP/1."
	if len(b) != len(major)+1 || string(b[:len(major)]) != major {
		return 0, false
	}
	minor = b[len(major)] - '0'
	return minor, minor <= 1
}

// take notes a field if it matters.
func (f *framing) take(name field, value []byte) error {
	switch name {
	case contentLength:
		return f.takeLength(value)
	case transferEncoding:
		return f.takeCoding(value)
	case connection:
		f.takeConnection(value)
	}
	return nil
}

// takeLength also refuses a second length that says the same, which RFC 9112
// section 6.3 allows to: a proxy that doubles it is to be noticed.
func (f *framing) takeLength(value []byte) error {
	length, ok := parseDecimal(value)
	if !ok || f.sized {
		return BadLength
	}
	f.sized, f.length = true, length
	return nil
}

func (f *framing) takeCoding(value []byte) error {
	if f.chunked || !equalFold(value, "chunked") {
		return BadCoding
	}
	f.chunked = true
	return nil
}

func (f *framing) takeConnection(list []byte) {
	for len(list) > 0 {
		var item []byte
		item, list = nextItem(list)
		f.close = f.close || equalFold(item, "close")
		f.keepAlive = f.keepAlive || equalFold(item, "keep-alive")
	}
}

// check is called at the end of the head (RFC 9112 section 6.1).
func (f *framing) check() error {
	switch {
	case f.chunked && f.sized:
		return BadLength
	case f.chunked && f.minor == 0:
		return BadCoding
	default:
		return nil
	}
}

// persists says whether the connection outlives the message (RFC 9112 section
// 9.3).
func (f *framing) persists() bool { return !f.close && (f.minor == 1 || f.keepAlive) }

// maxDigits keeps every number far from overflowing 64 bits.
const maxDigits = 15

// parseDecimal reads a number of digits and nothing else.
func parseDecimal(b []byte) (n uint64, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, len(b) > 0 && len(b) <= maxDigits
}

// parseHex reads a number of hexadecimal digits and nothing else.
func parseHex(b []byte) (n uint64, ok bool) {
	for _, c := range b {
		digit, ok := hexDigit(c)
		if !ok {
			return 0, false
		}
		n = n<<4 | uint64(digit)
	}
	return n, len(b) > 0
}

func hexDigit(c byte) (value byte, ok bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	default:
		return 0, false
	}
}
