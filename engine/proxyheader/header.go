// Package proxyheader reads and writes the header of the PROXY protocol, by which
// a proxy tells the next of its client's address (HAProxy's proxy-protocol.txt,
// sections 2.1 and 2.2). It comes before all else on a connection, TLS included.
//
// Version 1 is a line:
//
//	PROXY TCP4 192.0.2.1 198.51.100.2 40000 5432\r\n
//
// Version 2 is binary, and may have more behind its addresses, which is skipped:
//
//	0           12    13       14       16
//	┌───────────┬─────┬────────┬────────┬────────┬───────┬──────┬──────┬───┐
//	│ signature │ 0x21│ family │ length │ client │ local │ port │ port │ … │
//	└───────────┴─────┴────────┴────────┴────────┴───────┴──────┴──────┴───┘
//
// Nothing is recognised by itself: whoever may be believed must send a header,
// and nobody else may. Which is the case is the caller's to know.
package proxyheader

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
)

// The longest headers that are taken, in bytes.
const (
	// MaxV1 is the longest line there can be (section 2.1).
	MaxV1 = 107
	// MaxV2 is more than any sender is known to need, a client's certificate
	// included; the length field could say 64 KiB more.
	MaxV2 = 4 << 10
)

// MaxSent bounds what Append appends, in bytes.
const MaxSent = MaxV1

// ErrMalformed is wrapped by every error about what a header says.
var ErrMalformed = errors.New("malformed PROXY protocol header")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// Header is what a header says. The zero value says nothing: the connection is
// the proxy's own (LOCAL), or its client isn't known (UNKNOWN, or of another
// family than IP).
type Header struct {
	// Client is where the client's connection comes from, Local where it went
	// to. IPv4 addresses aren't mapped into IPv6. Either both are valid or none.
	Client, Local netip.AddrPort
}

// Known says whether there are addresses.
func (h Header) Known() bool { return h.Client.IsValid() && h.Local.IsValid() }

// Gather reads the header at the start of r, and no byte beyond it. got is what
// earlier calls have returned, nil at first: after an error of r's, such as one
// that says that nothing is there now, another call goes on where it was. Without
// an error the header is complete, and for Parse. The result is got's memory if
// there is room. At most MaxV2 bytes are read.
func Gather(r io.Reader, got []byte) ([]byte, error) {
	for {
		n, err := missing(got)
		if n == 0 || err != nil {
			return got, err
		}
		got = slices.Grow(got, n)
		n, err = r.Read(got[len(got) : len(got)+n])
		got = got[:len(got)+n]
		if n == 0 && err != nil {
			return got, err
		}
	}
}

// missing returns how many bytes are certain to come still, 0 if the header is
// complete. It errs as soon as none can begin like that.
func missing(got []byte) (int, error) {
	switch {
	case isPrefix(got, signatureV1): // first: it has the shortest header
		return missingV1(got)
	case isPrefix(got, signatureV2):
		return missingV2(got)
	}
	return 0, malformed("it begins with neither version's signature")
}

// isPrefix says whether got begins with the signature as far as it goes.
func isPrefix(got []byte, signature string) bool {
	n := min(len(got), len(signature))
	return string(got[:n]) == signature[:n]
}
