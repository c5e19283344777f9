package clienthello

import "bytes"

const (
	// maxName is the longest host name in bytes, without a trailing dot (RFC
	// 1035 section 3.1, less the root's label and a length).
	maxName = 253
	// maxLabel is the longest of its labels (RFC 1035 section 2.3.4).
	maxLabel = 63
)

// IsHostName reports whether a name is one that a client may ask for: labels
// of letters, digits, "-" and the "_" that names in use do have, without a
// trailing dot (RFC 6066 section 3). An IPv4 address passes, though it
// shouldn't be asked for: there are clients that do, and servers don't mind.
func IsHostName[S string | []byte](name S) bool {
	if len(name) == 0 || len(name) > maxName {
		return false
	}
	from := 0
	for i := range len(name) {
		if name[i] == '.' {
			if !isLabel(name[from:i]) {
				return false
			}
			from = i + 1
		}
	}
	return isLabel(name[from:])
}

func isLabel[S string | []byte](label S) bool {
	if len(label) == 0 || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	for i := range len(label) {
		if !isNameByte(label[i]) {
			return false
		}
	}
	return true
}

func isNameByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// lower returns a host name in lower case: itself if that is how it came, as
// it does from nearly all clients.
func lower(name []byte) []byte {
	for _, c := range name {
		if c >= 'A' && c <= 'Z' {
			return bytes.ToLower(name)
		}
	}
	return name
}
