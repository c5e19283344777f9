package secure

import (
	"crypto/tls"
	"fmt"
)

// Version is a version of TLS, as on the wire.
type Version uint16

var versions = [...]struct {
	version Version
	name    string
}{{tls.VersionTLS12, "1.2"}, {tls.VersionTLS13, "1.3"}}

// String returns the version's name on the command line.
func (v Version) String() string {
	for _, known := range versions {
		if known.version == v {
			return known.name
		}
	}
	return fmt.Sprintf("Version(%#04x)", uint16(v))
}

// ParseVersion returns the version of that name. Those before 1.2 aren't
// spoken.
func ParseVersion(name string) (Version, error) {
	for _, known := range versions {
		if known.name == name {
			return known.version, nil
		}
	}
	return 0, fmt.Errorf("no TLS version %q; there are 1.2 and 1.3", name)
}
