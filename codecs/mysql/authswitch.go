package mysql

import "bytes"

const (
	// typeAuthSwitch is the first byte of an AuthSwitchRequest. Alone it is the
	// request of servers before 4.1's method for the one before that.
	typeAuthSwitch = 0xfe
	// typeNextFactor is the first byte of an AuthNextFactor, which is laid out
	// the same.
	typeNextFactor = 0x02
)

// authSwitch is an AuthSwitchRequest or AuthNextFactor. Its slices alias what
// it was read from.
type authSwitch struct {
	plugin []byte
	// salt is what the method is given, without the NUL at its end.
	salt []byte
}

// parseAuthSwitch reads a request of either type; ok is false if it is none.
// (MySQL: Protocol::AuthSwitchRequest.)
func parseAuthSwitch(payload []byte) (a authSwitch, ok bool) {
	r := reader{rest: payload}
	r.uint8()
	a.plugin = r.terminated()
	a.salt = bytes.TrimSuffix(r.rest, []byte{0})
	return a, !r.bad && len(a.plugin) > 0
}

// appendAuthSwitch appends an AuthSwitchRequest.
func appendAuthSwitch(dst []byte, plugin string, salt []byte) []byte {
	dst = append(dst, typeAuthSwitch)
	dst = appendTerminated(dst, plugin)
	return appendTerminated(dst, salt)
}
