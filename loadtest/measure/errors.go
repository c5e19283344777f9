// Package measure has what a load test counts and reads: failures by kind,
// latencies, and the memory, CPU time and descriptors of the processes under
// test.
package measure

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"syscall"
)

// Failure is the kind of a session's failure.
type Failure uint8

// The kinds of failure.
const (
	// Refused: nobody listens at the target.
	Refused Failure = iota
	// Unreachable: no route, or no address to connect from.
	Unreachable
	// NoPorts: every local port towards the target is in use.
	NoPorts
	// NoDescriptors: this process or the system has no descriptor left.
	NoDescriptors
	// Reset: the peer broke the connection off.
	Reset
	// Ended: the peer ended the connection before it should have.
	Ended
	// Late: no answer, or no connection, within the time allowed.
	Late
	// Wrong: the peer sent other bytes than it should have.
	Wrong
	// Untrusted: the server's certificate isn't trusted; see Answers.
	Untrusted
	// Handshake: the server refused the TLS handshake, or doesn't speak TLS as
	// it should; see Answers.
	Handshake
	// Alert: the server ended TLS with an alert after the client's handshake,
	// which is also how it refuses a client's certificate; see Answers.
	Alert
	// Rejected: the server answered, in its protocol, that it won't; see Answers.
	Rejected
	// Other: anything else.
	Other

	failures
)

// String returns the kind's name in reports.
func (f Failure) String() string {
	switch f {
	case Refused:
		return "refused"
	case Unreachable:
		return "unreachable"
	case NoPorts:
		return "no local ports"
	case NoDescriptors:
		return "no descriptors"
	case Reset:
		return "reset"
	case Ended:
		return "ended early"
	case Late:
		return "timed out"
	case Wrong:
		return "wrong bytes"
	case Untrusted:
		return "untrusted certificate"
	case Handshake:
		return "TLS handshake"
	case Alert:
		return "TLS alert"
	case Rejected:
		return "rejected"
	case Other:
		return "other"
	default:
		return fmt.Sprintf("Failure(%d)", uint8(f))
	}
}

// FailureOf returns the kind of a system call's error.
func FailureOf(err error) Failure {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return Ended
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return Other
	}
	switch errno {
	case syscall.ECONNREFUSED:
		return Refused
	case syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.EADDRNOTAVAIL:
		return unavailable(errno)
	case syscall.EADDRINUSE:
		return NoPorts
	case syscall.EMFILE, syscall.ENFILE:
		return NoDescriptors
	case syscall.ECONNRESET, syscall.EPIPE:
		return Reset
	case syscall.ETIMEDOUT:
		return Late
	default:
		return Other
	}
}

// unavailable tells apart what connect says when ports ran out
// (EADDRNOTAVAIL, see ip(7)) from a missing route.
func unavailable(errno syscall.Errno) Failure {
	if errno == syscall.EADDRNOTAVAIL {
		return NoPorts
	}
	return Unreachable
}

// Failures counts failures by kind. The zero value counts from zero.
type Failures [failures]uint64

// Add counts one failure.
func (f *Failures) Add(kind Failure) { f[kind]++ }

// Merge adds the counts of other.
func (f *Failures) Merge(other *Failures) {
	for kind, n := range other {
		f[kind] += n
	}
}

// Total returns the number of failures of all kinds.
func (f *Failures) Total() uint64 {
	var sum uint64
	for _, n := range f {
		sum += n
	}
	return sum
}

// MarshalJSON writes an object of the kinds that occurred, by name.
func (f Failures) MarshalJSON() ([]byte, error) {
	named := map[string]uint64{}
	for kind, n := range f {
		if n > 0 {
			named[Failure(kind).String()] = n
		}
	}
	return json.Marshal(named)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (f *Failures) UnmarshalJSON(b []byte) error {
	var named map[string]uint64
	if err := json.Unmarshal(b, &named); err != nil {
		return err
	}
	*f = Failures{}
	for kind := range failures {
		f[kind] = named[kind.String()]
		delete(named, kind.String())
	}
	for name := range named {
		return fmt.Errorf("unknown kind of failure %q", name)
	}
	return nil
}
