package upstream

import (
	"context"
	"errors"
	"os"
	"syscall"
)

// Outcome is how an attempt at a backend ended: to connect, to encrypt, to be
// answered.
type Outcome uint8

// The outcomes of an attempt.
const (
	// Connected: the backend accepted the connection. The kernel does that for
	// a backend that hangs: no success yet, nor a failure.
	Connected Outcome = iota
	// Refused: nobody listens there, or it hung up at once.
	Refused
	// TimedOut: no answer in time.
	TimedOut
	// Unreachable: no route, or a firewall said no.
	Unreachable
	// Exhausted: this process or host is out of descriptors, memory or ports;
	// says nothing about the backend.
	Exhausted
	// Failed: anything else.
	Failed
	// Served: it answered in its protocol, if only with an error: a success.
	Served
	// HungUp: it closed or broke the connection before its first answer.
	HungUp
	// Silent: it accepted and then didn't answer in time.
	Silent
	// HandshakeFailed: TLS with it came to nothing.
	HandshakeFailed
	// Abandoned: the attempt ended for a reason that isn't the backend's: the
	// client left, a limit, a fault of ours. Says nothing about the backend.
	Abandoned

	outcomes
)

var outcomeNames = [outcomes]string{
	Connected:       "connected",
	Refused:         "refused",
	TimedOut:        "timed_out",
	Unreachable:     "unreachable",
	Exhausted:       "exhausted",
	Failed:          "failed",
	Served:          "served",
	HungUp:          "hung_up",
	Silent:          "silent",
	HandshakeFailed: "handshake_failed",
	Abandoned:       "abandoned",
}

// String returns the outcome's name, which is also its metric label.
func (o Outcome) String() string {
	if o < outcomes {
		return outcomeNames[o]
	}
	return "unknown"
}

// verdict is what an outcome says of the backend.
type verdict uint8

const (
	neutral verdict = iota
	success
	failure
)

func (o Outcome) verdict() verdict {
	switch o {
	case Served:
		return success
	case Refused, TimedOut, Unreachable, Failed, HungUp, Silent, HandshakeFailed:
		return failure
	}
	return neutral
}

var errnoOutcomes = map[syscall.Errno]Outcome{
	syscall.ECONNREFUSED:  Refused,
	syscall.ECONNRESET:    Refused,
	syscall.ECONNABORTED:  Refused,
	syscall.ETIMEDOUT:     TimedOut,
	syscall.EHOSTUNREACH:  Unreachable,
	syscall.ENETUNREACH:   Unreachable,
	syscall.EHOSTDOWN:     Unreachable,
	syscall.EMFILE:        Exhausted,
	syscall.ENFILE:        Exhausted,
	syscall.ENOBUFS:       Exhausted,
	syscall.ENOMEM:        Exhausted,
	syscall.EADDRNOTAVAIL: Exhausted,
	syscall.EADDRINUSE:    Exhausted,
}

// Error is a failed attempt of which it is known what it means.
type Error struct {
	Outcome Outcome
	Err     error
}

// Error returns the text of what went wrong.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns what went wrong.
func (e *Error) Unwrap() error { return e.Err }

// Classify says what a connection attempt's error means; nil is Connected. An
// *Error says so itself.
func Classify(err error) Outcome {
	var errno syscall.Errno
	var known *Error
	switch {
	case err == nil:
		return Connected
	case errors.As(err, &known):
		return known.Outcome
	case errors.As(err, &errno):
		if o, known := errnoOutcomes[errno]; known {
			return o
		}
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return TimedOut
	}
	return Failed
}
