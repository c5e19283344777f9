package secure

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
)

func TestNames(t *testing.T) {
	for _, known := range versions {
		if got, err := ParseVersion(known.version.String()); err != nil || got != known.version {
			t.Errorf("%v: %v, %v", known.version, got, err)
		}
	}
	for _, known := range curves {
		if got, err := ParseCurve(known.curve.String()); err != nil || got != known.curve {
			t.Errorf("%v: %v, %v", known.curve, got, err)
		}
	}
	_, version := ParseVersion("1.1")
	_, curve := ParseCurve("P-192")
	if version == nil || curve == nil {
		t.Errorf("%v, %v", version, curve)
	}
}

func TestSettings(t *testing.T) {
	for name, c := range map[string]struct {
		settings Settings
		text     string
		bad      string // in the error; no error if empty
	}{
		"none":               {Settings{}, "1.2 to 1.3", ""},
		"all":                {Settings{Min: tls.VersionTLS13, Curve: Curve(tls.X25519), Cert: "c", Key: "k", Resume: true}, "1.3 to 1.3, X25519, client certificate, resumed", ""},
		"1.2 at most":        {Settings{Max: tls.VersionTLS12}, "1.2 to 1.2", ""},
		"no version":         {Settings{Min: tls.VersionTLS13, Max: tls.VersionTLS12}, "1.3 to 1.2", "no TLS version"},
		"no key":             {Settings{Cert: "c"}, "1.2 to 1.3, client certificate", "its key"},
		"no certificate":     {Settings{Key: "k"}, "1.2 to 1.3", "its certificate"},
		"both of two faults": {Settings{Key: "k", Min: tls.VersionTLS13, Max: tls.VersionTLS12}, "1.3 to 1.2", "no TLS version"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.settings.Check()
			if c.settings.String() != c.text || (err == nil) != (c.bad == "") || err != nil && !strings.Contains(err.Error(), c.bad) {
				t.Errorf("%v, %v", &c.settings, err)
			}
		})
	}
}

func TestFailureOf(t *testing.T) {
	alert := &net.OpError{Op: "remote error", Err: errors.New("tls: bad certificate")}
	untrusted := func(err error) error { return &HandshakeError{&tls.CertificateVerificationError{Err: err}} }
	for name, c := range map[string]struct {
		err  error
		kind measure.Failure
		said string
	}{
		"refused":                  {os.NewSyscallError("connect", syscall.ECONNREFUSED), measure.Refused, ""},
		"reset in a handshake":     {&HandshakeError{syscall.ECONNRESET}, measure.Reset, ""},
		"end":                      {io.EOF, measure.Ended, ""},
		"end in a handshake":       {&HandshakeError{io.EOF}, measure.Ended, ""},
		"end in a record":          {fmt.Errorf("wrapped: %w", io.ErrUnexpectedEOF), measure.Ended, ""},
		"alert in a handshake":     {&HandshakeError{alert}, measure.Handshake, "alert: tls: bad certificate"},
		"alert":                    {alert, measure.Alert, "alert: tls: bad certificate"},
		"another error of ours":    {&net.OpError{Op: "local error", Err: errors.New("tls: bad record MAC")}, measure.Wrong, ""},
		"bad handshake":            {&HandshakeError{errors.New("tls: unexpected message")}, measure.Handshake, "tls: unexpected message"},
		"bad handshake, at length": {&HandshakeError{errors.New(strings.Repeat("x", 1000))}, measure.Handshake, strings.Repeat("x", longestSaid)},
		"authority":                {untrusted(x509.UnknownAuthorityError{}), measure.Untrusted, "certificate: of an unknown authority"},
		"name":                     {untrusted(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "a"}), measure.Untrusted, "certificate: for another name"},
		"expired":                  {untrusted(x509.CertificateInvalidError{Reason: x509.Expired}), measure.Untrusted, "certificate: expired, or not yet valid"},
		"for another use":          {untrusted(x509.CertificateInvalidError{Reason: x509.IncompatibleUsage}), measure.Untrusted, "certificate: not valid"},
	} {
		t.Run(name, func(t *testing.T) {
			if kind, said := FailureOf(c.err); kind != c.kind || said != c.said {
				t.Errorf("%v %q, want %v %q", kind, said, c.kind, c.said)
			}
		})
	}
}

func TestTerms(t *testing.T) {
	full := Terms{Version: tls.VersionTLS13, Suite: tls.TLS_AES_128_GCM_SHA256, Curve: tls.X25519}
	resumed := Terms{Version: tls.VersionTLS12, Suite: tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, Resumed: true}
	for terms, want := range map[Terms]string{
		full:    "TLS 1.3, TLS_AES_128_GCM_SHA256, X25519",
		resumed: "TLS 1.2, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, resumed",
	} {
		if terms.String() != want {
			t.Errorf("%v, want %s", terms, want)
		}
	}
}
