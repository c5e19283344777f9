package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/secure"
)

// Classify returns the kind of an error of a Dialer or a Conn, and what the
// server answered if the kind is Rejected, such as "SQLSTATE 3D000", or what went
// wrong in TLS. An error
// because the caller cancelled the context is Other: only the caller knows what
// it means.
func Classify(err error) (kind measure.Failure, answer string) {
	var r *rejection
	switch {
	case errors.As(err, &r):
		return measure.Rejected, r.answer
	case errors.Is(err, errWrong):
		return measure.Wrong, ""
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return measure.Late, ""
	case isOfTLS(err):
		return secure.FailureOf(err)
	default:
		return measure.FailureOf(err), ""
	}
}

// isOfTLS tells what crypto/tls says, within a handshake and later.
func isOfTLS(err error) bool {
	_, handshake := errors.AsType[*secure.HandshakeError](err)
	said, operation := errors.AsType[*net.OpError](err)
	return handshake || operation && said.Op == "remote error"
}

// rejection is a server's answer, in its protocol, that it won't.
type rejection struct {
	answer string // bounded, for measure.Answers
	err    error  // the library's
}

func (r *rejection) Error() string { return fmt.Sprintf("rejected: %v", r.err) }

func (r *rejection) Unwrap() error { return r.err }

// errWrong is for an answer other than it should be.
var errWrong = errors.New("wrong answer")

// wrong makes an error of the kind Wrong.
func wrong(format string, args ...any) error {
	return fmt.Errorf("%w: %w", errWrong, fmt.Errorf(format, args...))
}
