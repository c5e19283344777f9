package proxyheader

import "fmt"

// Version says which header is sent, if any.
type Version uint8

// The versions of the PROXY protocol.
const (
	// None: no header is sent.
	None Version = iota
	// V1: the line, V2: the binary header. Receivers take V2 with fewer reads.
	V1
	V2

	versions
)

var versionNames = [versions]string{None: "none", V1: "v1", V2: "v2"}

// String returns the name that settings and routes use.
func (v Version) String() string {
	if v < versions {
		return versionNames[v]
	}
	return "unknown"
}

// ParseVersion takes the name that settings and routes use.
func ParseVersion(name string) (Version, error) {
	for v, known := range versionNames {
		if name == known {
			return Version(v), nil
		}
	}
	return None, fmt.Errorf("unknown PROXY protocol version %q: want none, v1 or v2", name)
}

// Append appends the header in the version, at most MaxSent bytes; nothing for
// None.
func (h Header) Append(dst []byte, v Version) []byte {
	switch v {
	case V1:
		return h.appendV1(dst)
	case V2:
		return h.appendV2(dst)
	}
	return dst
}

func (h Header) isIPv4() bool { return h.Client.Addr().Is4() && h.Local.Addr().Is4() }
