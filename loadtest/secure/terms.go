package secure

import (
	"crypto/tls"
	"fmt"
)

// Terms are what client and server have agreed on.
type Terms struct {
	Version, Suite uint16
	Curve          tls.CurveID // 0 if the session was resumed without an exchange of keys
	Resumed        bool
}

// TermsOf returns those of an established connection.
func TermsOf(s tls.ConnectionState) Terms {
	return Terms{Version: s.Version, Suite: s.CipherSuite, Curve: s.CurveID, Resumed: s.DidResume}
}

// String is such as "TLS 1.3, TLS_AES_128_GCM_SHA256, X25519".
func (t Terms) String() string {
	text := tls.VersionName(t.Version) + ", " + tls.CipherSuiteName(t.Suite)
	if t.Curve != 0 {
		text += fmt.Sprintf(", %v", Curve(t.Curve))
	}
	if t.Resumed {
		text += ", resumed"
	}
	return text
}
