package secure

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
)

// HandshakeError is an error of a handshake that wasn't the connection's.
type HandshakeError struct{ Err error }

// Error implements error.
func (e *HandshakeError) Error() string { return fmt.Sprintf("TLS handshake: %v", e.Err) }

// Unwrap returns what went wrong.
func (e *HandshakeError) Unwrap() error { return e.Err }

// FailureOf returns the kind of an error of a connection, in the clear or not,
// and for the kinds of TLS what there is to say, of bounded length.
func FailureOf(err error) (kind measure.Failure, said string) {
	var untrusted *tls.CertificateVerificationError
	var handshake *HandshakeError
	alert, alerted := alertOf(err)
	switch {
	case isNetwork(err):
		return measure.FailureOf(err), ""
	case errors.As(err, &untrusted):
		return measure.Untrusted, distrust(untrusted.Err)
	case errors.As(err, &handshake) && alerted:
		return measure.Handshake, alert
	case errors.As(err, &handshake):
		return measure.Handshake, cut(handshake.Err.Error())
	case alerted:
		return measure.Alert, alert
	default:
		return measure.Wrong, ""
	}
}

// isNetwork says whether the connection itself failed or ended.
func isNetwork(err error) bool {
	_, ofSystem := errors.AsType[syscall.Errno](err)
	return ofSystem || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// alertOf returns what the other side's alert says, if the error is one:
// crypto/tls exports no type of it.
func alertOf(err error) (text string, ok bool) {
	said, ok := errors.AsType[*net.OpError](err)
	if !ok || said.Op != "remote error" {
		return "", false
	}
	return "alert: " + said.Err.Error(), true
}

// distrust says why a certificate isn't trusted, without the names in it.
func distrust(err error) string {
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var authority x509.UnknownAuthorityError
	switch {
	case errors.As(err, &name):
		return "certificate: for another name"
	case errors.As(err, &authority):
		return "certificate: of an unknown authority"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "certificate: expired, or not yet valid"
	default:
		return "certificate: not valid"
	}
}

// longestSaid bounds what is kept of an error's text.
const longestSaid = 100

func cut(text string) string { return text[:min(len(text), longestSaid)] }
