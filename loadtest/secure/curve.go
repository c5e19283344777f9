package secure

import (
	"crypto/tls"
	"fmt"
	"strings"
)

// Curve is a key exchange (RFC 8446's named group).
type Curve tls.CurveID

var curves = [...]struct {
	curve Curve
	name  string
}{
	{Curve(tls.X25519MLKEM768), "X25519MLKEM768"}, {Curve(tls.X25519), "X25519"},
	{Curve(tls.CurveP256), "P-256"}, {Curve(tls.CurveP384), "P-384"},
}

// String returns the name on the command line.
func (c Curve) String() string {
	for _, known := range curves {
		if known.curve == c {
			return known.name
		}
	}
	return fmt.Sprintf("Curve(%d)", uint16(c))
}

// ParseCurve returns the key exchange of that name.
func ParseCurve(name string) (Curve, error) {
	var names []string
	for _, known := range curves {
		if known.name == name {
			return known.curve, nil
		}
		names = append(names, known.name)
	}
	return 0, fmt.Errorf("no key exchange %q; there are %s", name, strings.Join(names, ", "))
}
