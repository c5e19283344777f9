package mysql

const (
	typeOK = 0x00
	// typeEOF is the first byte of an EOF packet, and of the OK packet that
	// takes its place with DeprecateEOF.
	typeEOF = 0xfe
)

// appendOK appends an OK packet: no rows, no id, the status, no warnings and no
// text. With SessionTrack a text that is missing is left out as well. (MySQL:
// net_send_ok.)
func appendOK(dst []byte, status uint16) []byte {
	return append(dst, typeOK, 0, 0, byte(status), byte(status>>8), 0, 0)
}

// statusMoreResults is the status flag of a result that another follows.
const statusMoreResults = 1 << 3

// isLastOK says that the payload is an OK or EOF packet that ends its command's
// results.
func isLastOK(payload []byte) bool {
	r := reader{rest: payload}
	switch kind := r.uint8(); {
	case kind == typeEOF && len(payload) == 1+2+2: // the status is behind the warnings
		r.uint16()
	case kind == typeOK, kind == typeEOF:
		r.length()
		r.length()
	default:
		return false
	}
	return r.uint16()&statusMoreResults == 0 && !r.bad
}

// appendEnd appends what ends a result: an EOF packet, no warnings and the
// status, or with DeprecateEOF the OK packet with its first byte.
func appendEnd(dst []byte, c Capabilities, status uint16) []byte {
	if c.has(DeprecateEOF) {
		return append(dst, typeEOF, 0, 0, byte(status), byte(status>>8), 0, 0)
	}
	return append(dst, typeEOF, 0, 0, byte(status), byte(status>>8))
}
