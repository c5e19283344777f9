package http

// maxHost is the longest host name in bytes, without a trailing dot (RFC 1035
// section 3.1, less the root's label and a length).
const maxHost = 253

// maxLabel is the longest label of a host name (RFC 1035 section 2.3.4).
const maxLabel = 63

// hostKey is a host in the form in which resources are named: lower case,
// without port and trailing dot; an IPv6 literal in RFC 5952's form, in
// brackets.
type hostKey struct {
	text [maxHost]byte
	size uint8
}

func (k *hostKey) bytes() []byte { return k.text[:k.size] }

// parseAuthority reads "host[:port]", the value of Host or the authority of a
// target, without user information. port is -1 when there is none.
func (k *hostKey) parseAuthority(b []byte) (port int, ok bool) {
	host, rest := b, []byte(nil)
	for i, c := range b {
		if c == ':' && b[0] != '[' || c == ']' {
			host, rest = b[:i], b[i:]
			break
		}
	}
	if len(host) > 0 && host[0] == '[' {
		if len(rest) == 0 {
			return 0, false
		}
		ok = k.setIPv6(host[1:])
		rest = rest[1:]
	} else {
		ok = k.setName(host)
	}
	port, portOK := parsePort(rest)
	return port, ok && portOK
}

// parsePort reads ":port" or nothing. An empty port is none (RFC 3986 section
// 3.2.3).
func parsePort(b []byte) (port int, ok bool) {
	switch {
	case len(b) == 0:
		return -1, true
	case b[0] != ':' || len(b) > len(":65535"):
		return 0, false
	case len(b) == 1:
		return -1, true
	}
	for _, c := range b[1:] {
		if !isDigit(c) {
			return 0, false
		}
		port = port*10 + int(c-'0')
	}
	return port, port < 1<<16
}

// setName takes a host name or an IPv4 address.
func (k *hostKey) setName(b []byte) bool {
	if len(b) > 0 && b[len(b)-1] == '.' {
		b = b[:len(b)-1]
	}
	if len(b) == 0 || len(b) > maxHost {
		return false
	}
	label := 0 // where the last label begins
	for i, c := range b {
		if c == '.' {
			if !validLabel(b[label:i]) {
				return false
			}
			label = i + 1
		}
		k.text[i] = lower(c)
	}
	k.size = uint8(len(b))
	return validLabel(b[label:]) && (!isNumber(b[label:]) || isIPv4(b))
}

// validLabel takes RFC 1123's labels, and "_", which names in use do have.
func validLabel(b []byte) bool {
	if len(b) == 0 || len(b) > maxLabel || b[0] == '-' || b[len(b)-1] == '-' {
		return false
	}
	for _, c := range b {
		if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'z') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// isNumber says that b could be the last part of an IPv4 address in one of the
// forms of inet_aton: names that end so aren't names for everybody.
func isNumber(b []byte) bool {
	if len(b) > 2 && b[0] == '0' && b[1]|0x20 == 'x' {
		b = b[2:]
		for _, c := range b {
			if hexDigit(c) < 0 {
				return false
			}
		}
		return true
	}
	for _, c := range b {
		if !isDigit(c) {
			return false
		}
	}
	return true
}
