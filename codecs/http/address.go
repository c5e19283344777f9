package http

import (
	"bytes"
	"strconv"
)

// The package net may not be imported here, so the two address forms are read
// by hand (RFC 3986 section 3.2.2).

// isIPv4 says that b is four decimal octets without leading zeros.
func isIPv4(b []byte) bool {
	_, ok := parseIPv4(b)
	return ok
}

func parseIPv4(b []byte) (ip [4]byte, ok bool) {
	for i := range ip {
		part := b
		if i < 3 {
			dot := bytes.IndexByte(b, '.')
			if dot < 0 {
				return ip, false
			}
			part, b = b[:dot], b[dot+1:]
		}
		if ip[i], ok = parseOctet(part); !ok {
			return ip, false
		}
	}
	return ip, true
}

func parseOctet(b []byte) (byte, bool) {
	if len(b) == 0 || len(b) > 3 || len(b) > 1 && b[0] == '0' {
		return 0, false
	}
	v := 0
	for _, c := range b {
		if !isDigit(c) {
			return 0, false
		}
		v = v*10 + int(c-'0')
	}
	return byte(v), v < 256
}

// ipv6 is an address of eight groups.
type ipv6 [8]uint16

// setIPv6 takes an IPv6 address without its brackets.
func (k *hostKey) setIPv6(b []byte) bool {
	ip, ok := parseIPv6(b)
	if !ok {
		return false
	}
	text := append(k.text[:0], '[')
	text = append(ip.appendTo(text), ']')
	k.size = uint8(len(text))
	return true
}

// parseIPv6 reads RFC 4291's forms. A zone is none of them: it means something
// to the sender's machine only.
func parseIPv6(b []byte) (ip ipv6, ok bool) {
	n, gap := 0, -1
	if len(b) >= 2 && b[0] == ':' && b[1] == ':' {
		gap, b = 0, b[2:]
	}
	for len(b) > 0 {
		if n == len(ip) {
			return ip, false
		}
		if n <= 6 && bytes.IndexByte(b, ':') < 0 && bytes.IndexByte(b, '.') >= 0 {
			return ip.withIPv4(b, n, gap)
		}
		digits := hexLength(b)
		if digits == 0 || digits > 4 {
			return ip, false
		}
		ip[n] = hexValue(b[:digits])
		n++
		if b = b[digits:]; len(b) == 0 {
			break
		}
		if b, gap, ok = separator(b, n, gap); !ok {
			return ip, false
		}
	}
	return ip.spread(n, gap)
}

// separator reads ":" that another group follows, or "::".
func separator(b []byte, n, gap int) (rest []byte, newGap int, ok bool) {
	switch {
	case b[0] != ':' || len(b) == 1:
		return nil, gap, false
	case b[1] != ':':
		return b[1:], gap, true
	}
	return b[2:], n, gap < 0
}

// withIPv4 takes the last two groups from a dotted address.
func (ip ipv6) withIPv4(b []byte, n, gap int) (ipv6, bool) {
	v4, ok := parseIPv4(b)
	if !ok {
		return ip, false
	}
	ip[n] = uint16(v4[0])<<8 | uint16(v4[1])
	ip[n+1] = uint16(v4[2])<<8 | uint16(v4[3])
	return ip.spread(n+2, gap)
}

// spread moves the groups behind the gap to the end.
func (ip ipv6) spread(n, gap int) (ipv6, bool) {
	if gap < 0 || n == len(ip) {
		return ip, gap < 0 && n == len(ip)
	}
	tail := n - gap
	var moved ipv6
	copy(moved[:gap], ip[:gap])
	copy(moved[len(ip)-tail:], ip[gap:n])
	return moved, true
}

func hexLength(b []byte) int {
	for i, c := range b {
		if hexDigit(c) < 0 {
			return i
		}
	}
	return len(b)
}

func hexValue(b []byte) (v uint16) {
	for _, c := range b {
		v = v<<4 | uint16(hexDigit(c))
	}
	return v
}

// appendTo appends the address as RFC 5952 wants it. IPv4-mapped addresses are
// the one kind of which it wants the last part dotted.
func (ip ipv6) appendTo(dst []byte) []byte {
	if ip.isMapped() {
		dst = append(dst, "::ffff:"...)
		return appendIPv4(dst, ip[6], ip[7])
	}
	from, to := ip.longestZeros()
	for i := 0; i < len(ip); i++ {
		if i == from {
			dst = append(dst, "::"...)
			i = to - 1
			continue
		}
		if i > 0 && i != to {
			dst = append(dst, ':')
		}
		dst = strconv.AppendUint(dst, uint64(ip[i]), 16)
	}
	return dst
}

func (ip ipv6) isMapped() bool {
	return [6]uint16(ip[:6]) == [6]uint16{5: 0xffff}
}

func appendIPv4(dst []byte, high, low uint16) []byte {
	for i, octet := range [4]uint16{high >> 8, high & 0xff, low >> 8, low & 0xff} {
		if i > 0 {
			dst = append(dst, '.')
		}
		dst = strconv.AppendUint(dst, uint64(octet), 10)
	}
	return dst
}

// longestZeros returns the first longest run of two or more zero groups, an
// impossible one if there is none.
func (ip ipv6) longestZeros() (from, to int) {
	from, to = -1, -1
	for i := 0; i < len(ip); i++ {
		end := i
		for end < len(ip) && ip[end] == 0 {
			end++
		}
		if end-i > 1 && end-i > to-from {
			from, to = i, end
		}
		i = end
	}
	return from, to
}
