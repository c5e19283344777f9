package mysql

// typeERR is the first byte of an ERR packet. A server may send one in place
// of its greeting.
const typeERR = 0xff

// sqlState is the marker and the five characters of an SQLSTATE.
type sqlState string

// appendERR appends the head of an ERR packet, which the text follows. The
// SQLSTATE is there even before the client's flags are known: servers do that,
// and clients look for the marker.
func appendERR(dst []byte, code uint16, state sqlState) []byte {
	dst = append(dst, typeERR, byte(code), byte(code>>8), '#')
	return append(dst, state...)
}

// isERR says that the payload is an ERR packet.
func isERR(payload []byte) bool { return len(payload) > 0 && payload[0] == typeERR }
