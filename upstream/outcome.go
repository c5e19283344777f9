package upstream

import (
	"context"
	"errors"
	"os"
	"syscall"
)

// Outcome is how a connection attempt ended.
type Outcome uint8

// The outcomes of a connection attempt.
const (
	// Connected: the backend accepted.
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

	outcomes
)

var outcomeNames = [outcomes]string{
	Connected:   "connected",
	Refused:     "refused",
	TimedOut:    "timed_out",
	Unreachable: "unreachable",
	Exhausted:   "exhausted",
	Failed:      "failed",
}

// String returns the outcome's name, which is also its metric label.
func (o Outcome) String() string {
	if o < outcomes {
		return outcomeNames[o]
	}
	return "unknown"
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

// Classify says what a connection attempt's error means; nil is Connected.
func Classify(err error) Outcome {
	var errno syscall.Errno
	switch {
	case err == nil:
		return Connected
	case errors.As(err, &errno):
		if o, known := errnoOutcomes[errno]; known {
			return o
		}
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return TimedOut
	}
	return Failed
}
