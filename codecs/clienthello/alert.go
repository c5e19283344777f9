package clienthello

import (
	"fmt"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// Alert is what a server says in TLS to a client it doesn't serve (RFC 8446
// section 6.2).
type Alert uint8

// The alerts that answer a ClientHello here.
const (
	HandshakeFailure Alert = 40
	AccessDenied     Alert = 49
	DecodeError      Alert = 50
	InternalError    Alert = 80
	// MissingExtension is for a client that names no server (section 9.2).
	MissingExtension Alert = 109
	// UnrecognizedName is for one that names an unknown server (RFC 6066
	// section 3).
	UnrecognizedName Alert = 112
)

// String returns the alert's name as the RFC has it.
func (a Alert) String() string {
	switch a {
	case HandshakeFailure:
		return "handshake_failure"
	case AccessDenied:
		return "access_denied"
	case DecodeError:
		return "decode_error"
	case InternalError:
		return "internal_error"
	case MissingExtension:
		return "missing_extension"
	case UnrecognizedName:
		return "unrecognized_name"
	default:
		return fmt.Sprintf("alert(%d)", uint8(a))
	}
}

// AlertFor returns how TLS speaks a failure. A resource that isn't found is
// either unknown or was never named.
func AlertFor(f codecs.Failure) Alert {
	switch f.Kind {
	case codecs.NotFound:
		if f.Resource == "" {
			return MissingExtension
		}
		return UnrecognizedName
	case codecs.Forbidden:
		return AccessDenied
	case codecs.Internal:
		return InternalError
	case codecs.Malformed:
		return DecodeError
	default:
		return HandshakeFailure
	}
}

const (
	typeAlert  = 21
	levelFatal = 2
)

// Append appends the alert to dst: fatal, and in a plaintext record, whose
// version is the one with which every client agrees before another has been
// negotiated.
func (a Alert) Append(dst []byte) []byte {
	return append(dst, typeAlert, versionMajor, 1, 0, 2, levelFatal, byte(a))
}
