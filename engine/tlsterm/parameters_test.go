package tlsterm

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"
)

func TestParseVerify(t *testing.T) {
	for v := Off; v <= VerifyFull; v++ {
		if got, err := ParseVerify(v.String()); err != nil || got != v {
			t.Errorf("ParseVerify(%q) = %v, %v", v, got, err)
		}
	}
	for _, name := range []string{"", "allow", "Require", "disable", "verify"} {
		_, err := ParseVerify(name)
		wantError(t, name, err, "want off, prefer, require, verify-ca or verify-full")
	}
	if got := Verify(9).String(); got != "Verify(9)" {
		t.Errorf("an unknown mode is called %q", got)
	}
}

func TestParseMinVersion(t *testing.T) {
	for s, want := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		if got, err := ParseMinVersion(s); err != nil || got != want {
			t.Errorf("ParseMinVersion(%q) = %x, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "1.1", "TLS1.2", "1.4"} {
		_, err := ParseMinVersion(s)
		wantError(t, s, err, "want 1.2 or 1.3")
	}
}

func TestParseCipherSuites(t *testing.T) {
	const a, b = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
	for s, want := range map[string][]uint16{
		"":                                    nil,
		" ":                                   nil,
		a:                                     {tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
		a + ", " + b + "," + a:                {tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256},
		"TLS_AES_128_GCM_SHA256," + a:         {tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
		"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA ": {tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA},
	} {
		if got, err := ParseCipherSuites(s); err != nil || !slices.Equal(got, want) {
			t.Errorf("ParseCipherSuites(%q) = %x, %v, want %x", s, got, err, want)
		}
	}
	for s, want := range map[string][]string{
		"TLS_RSA_WITH_RC4_128_SHA":          {"TLS_RSA_WITH_RC4_128_SHA is insecure", "there are: TLS_"},
		a + ",ECDHE-RSA-AES128-GCM-SHA256":  {`"ECDHE-RSA-AES128-GCM-SHA256" is unknown`, a},
		a + ",":                             {`"" is unknown`},
		"x,TLS_RSA_WITH_AES_128_GCM_SHA256": {`"x" is unknown`, "TLS_RSA_WITH_AES_128_GCM_SHA256 is insecure"},
		"TLS_AES_128_GCM_SHA256":            {"name one for TLS 1.2 too"},
		strings.ToLower(a):                  {"is unknown"},
	} {
		got, err := ParseCipherSuites(s)
		wantError(t, s, err, want...)
		if got != nil {
			t.Errorf("ParseCipherSuites(%q) fails and returns %x", s, got)
		}
	}
}

// TestDefaultCipherSuites: they are all that Go has of their kind.
func TestDefaultCipherSuites(t *testing.T) {
	for _, c := range tls.CipherSuites() {
		want := choosable(c.ID) && strings.HasPrefix(c.Name, "TLS_ECDHE_") && !strings.Contains(c.Name, "_CBC_")
		if got := slices.Contains(defaultCipherSuites(), c.ID); got != want {
			t.Errorf("%s: among the defaults is %v, want %v", c.Name, got, want)
		}
	}
}
