package clienthello

import "fmt"

// Version is a version of TLS as the wire has it.
type Version uint16

// The versions. A client may offer none of them, or one that is still to come.
const (
	SSL30 Version = 0x0300
	TLS10 Version = 0x0301
	TLS11 Version = 0x0302
	TLS12 Version = 0x0303
	TLS13 Version = 0x0304
)

// String returns the version's name, or its number if it has none.
func (v Version) String() string {
	switch v {
	case SSL30:
		return "SSL 3.0"
	case TLS10, TLS11, TLS12, TLS13:
		return fmt.Sprintf("TLS 1.%d", v-TLS10)
	default:
		return fmt.Sprintf("%#04x", uint16(v))
	}
}
