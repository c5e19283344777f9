package proxyheader

import (
	"bytes"
	"net/netip"
	"strconv"
)

const (
	signatureV1 = "PROXY "
	crlf        = "\r\n"
	unknownV1   = "PROXY UNKNOWN"
	familyTCP4  = "PROXY TCP4 "
	familyTCP6  = "PROXY TCP6 "
)

// The shortest fields behind each family: two addresses and two ports.
var (
	shortestTCP4 = [...]int{len("0.0.0.0"), len("0.0.0.0"), len("0"), len("0")}
	shortestTCP6 = [...]int{len("::"), len("::"), len("0"), len("0")}
)

// missingV1 follows the line field by field: its length isn't told, and what is
// behind it isn't to be read.
func missingV1(got []byte) (n int, err error) {
	switch last := len(got) - 1; {
	case bytes.IndexByte(got, '\n') >= 0:
		return 0, nil // what is too short was read too far, and doesn't parse
	case len(got) < len(unknownV1+crlf):
		n = len(unknownV1+crlf) - len(got)
	case got[last] == '\r':
		n = 1
	case isPrefix(got, familyTCP4):
		n = missingFields(got[len(familyTCP4):], shortestTCP4)
	case isPrefix(got, familyTCP6):
		n = missingFields(got[len(familyTCP6):], shortestTCP6)
	case isPrefix(got, unknownV1):
		n = len(crlf)
	default:
		return 0, malformed("version 1 is neither of TCP4, TCP6 nor UNKNOWN")
	}
	if len(got)+n > MaxV1 {
		return 0, malformed("a line of version 1 has more than %d bytes", MaxV1)
	}
	return n, nil
}

// missingFields is what must follow if the field that is under way ends as soon
// as it may, and those behind it are as short as can be.
func missingFields(fields []byte, shortest [4]int) int {
	n := len(crlf)
	at := bytes.Count(fields, []byte{' '})
	if at >= len(shortest) {
		return n // a field too many doesn't parse
	}
	current := fields[bytes.LastIndexByte(fields, ' ')+1:]
	n += max(shortest[at]-len(current), 0)
	for _, size := range shortest[at+1:] {
		n += len(" ") + size
	}
	return n
}

// appendV1 appends the line. Addresses of two families are both IPv6's, the IPv4
// one mapped: a line has one family.
func (h Header) appendV1(dst []byte) []byte {
	switch {
	case !h.Known():
		return append(dst, unknownV1+crlf...)
	case h.isIPv4():
		dst = append(dst, familyTCP4...)
	default:
		dst = append(dst, familyTCP6...)
	}
	dst = append(h.appendIP(dst, h.Client.Addr()), ' ')
	dst = append(h.appendIP(dst, h.Local.Addr()), ' ')
	dst = append(strconv.AppendUint(dst, uint64(h.Client.Port()), 10), ' ')
	dst = strconv.AppendUint(dst, uint64(h.Local.Port()), 10)
	return append(dst, crlf...)
}

func (h Header) appendIP(dst []byte, a netip.Addr) []byte {
	if !h.isIPv4() {
		a = netip.AddrFrom16(a.As16()) // without a zone, which only means something here
	}
	return a.AppendTo(dst)
}
