package engine

import (
	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/http"
)

// Reason says why a session ended. Every session ends with exactly one, which
// is the metric label and the log field.
type Reason uint8

// The reasons a session ends with.
const (
	// ClientClosed and BackendClosed: an orderly end of an established
	// session; the named side was the first to say so.
	ClientClosed Reason = iota
	BackendClosed
	// ClientReset and BackendReset: the named side broke an established
	// session (TCP reset, keepalive or user timeout), maybe after an orderly
	// end of the other.
	ClientReset
	BackendReset
	// ClientGone: the client went away before the session was established.
	ClientGone
	// ProxyHeaderMalformed and ProxyHeaderTimeout: a proxy that must tell of its
	// client by the PROXY protocol didn't, or not in time.
	ProxyHeaderMalformed
	ProxyHeaderTimeout
	// HandshakeFailed: the client's TLS handshake came to nothing: no TLS, no
	// version, suite or protocol in common, a certificate refused by either side.
	HandshakeFailed
	// HandshakeTimeout: it took too long.
	HandshakeTimeout
	// HandshakeCrowded: the client was slow while others waited for its place.
	HandshakeCrowded
	// DetectTimeout: the client didn't name a resource in time.
	DetectTimeout
	// Malformed and Unsupported: the client doesn't speak the protocol, or a
	// version of it that isn't served.
	Malformed
	Unsupported
	// NotFound, Forbidden, Unavailable, ResolveTimeout and ResolveFailed: the
	// resolver's or the address guard's answer.
	NotFound
	Forbidden
	Unavailable
	ResolveTimeout
	ResolveFailed
	// WakeFailed and WakeTimeout: the resource sleeps and couldn't be started, or
	// not in time. WakeCrowded: too many wait for that already.
	WakeFailed
	WakeTimeout
	WakeCrowded
	// ResourceFull: the resource has as many sessions, or new ones in a second, as
	// it may.
	ResourceFull
	// ResourceBlocked: an operator has blocked the resource.
	ResourceBlocked
	// UnknownKey: a cancel request for a session that isn't here (any more), which
	// some protocols have words for (MySQL) and others don't (PostgreSQL).
	UnknownKey
	// ConnectRefused, ConnectTimeout and ConnectFailed: no address of the
	// backend could be connected.
	ConnectRefused
	ConnectTimeout
	ConnectFailed
	// BackendGone: the backend closed before it said anything.
	BackendGone
	// BackendMalformed: the backend doesn't speak the protocol.
	BackendMalformed
	// BackendHandshakeFailed and BackendHandshakeTimeout: the backend's leg
	// couldn't be encrypted as configured.
	BackendHandshakeFailed
	BackendHandshakeTimeout
	// OpenTimeout: the login phase took too long.
	OpenTimeout
	// IdleTimeout: an HTTP client made no further request for too long.
	IdleTimeout
	// FirstByteTimeout: the HTTP backend didn't begin its response in time.
	FirstByteTimeout
	// StallTimeout: an HTTP body made no progress for too long.
	StallTimeout
	// TooManySessions: the limit of sessions is reached.
	TooManySessions
	// TooManyFromClient and TooFastFromClient: the client has as many sessions, or
	// new ones in a second, as it may.
	TooManyFromClient
	TooFastFromClient
	// NoDescriptors: the process has no descriptor, port or memory left for the
	// session's sockets.
	NoDescriptors
	// Drained: the proxy was shutting down.
	Drained
	// Moved: an established session whose resource has moved, or drains, and whose
	// time to leave is over (resolve.Result.Drain).
	Moved
	// ByOperator: an operator has ended the session, or all of its resource or
	// endpoint.
	ByOperator
	// InternalError: a fault of ours that was noticed.
	InternalError
	// Panicked: a fault of ours that was not; a bug.
	Panicked

	reasons
)

// reasonTable names every reason and says what a client that can still be
// told is told. Reasons nobody is told about have no words.
var reasonTable = [reasons]struct {
	name   string
	kind   codecs.Kind
	detail string
	silent bool
}{
	ClientClosed:            {name: "client_closed", silent: true},
	BackendClosed:           {name: "backend_closed", silent: true},
	ClientReset:             {name: "client_reset", silent: true},
	BackendReset:            {name: "backend_reset", silent: true},
	ClientGone:              {name: "client_gone", silent: true},
	ProxyHeaderMalformed:    {name: "proxy_header_malformed", silent: true},
	ProxyHeaderTimeout:      {name: "proxy_header_timeout", silent: true},
	HandshakeFailed:         {name: "handshake_failed", silent: true},
	HandshakeTimeout:        {name: "handshake_timeout", silent: true},
	HandshakeCrowded:        {name: "handshake_crowded", silent: true},
	DetectTimeout:           {name: "detect_timeout", kind: codecs.Timeout, detail: "no complete request in time"},
	Malformed:               {name: "malformed", kind: codecs.Malformed},
	Unsupported:             {name: "unsupported", kind: codecs.Unsupported},
	NotFound:                {name: "not_found", kind: codecs.NotFound},
	Forbidden:               {name: "forbidden", kind: codecs.Forbidden},
	Unavailable:             {name: "unavailable", kind: codecs.Unavailable},
	ResolveTimeout:          {name: "resolve_timeout", kind: codecs.Timeout},
	ResolveFailed:           {name: "resolve_failed", kind: codecs.Internal},
	WakeFailed:              {name: "wake_failed", kind: codecs.Unavailable, detail: "it could not be started"},
	WakeTimeout:             {name: "wake_timeout", kind: codecs.Timeout, detail: "it did not start in time"},
	WakeCrowded:             {name: "wake_crowded", kind: codecs.TooMany, detail: "too many wait for it to start"},
	ResourceFull:            {name: "resource_full", kind: codecs.TooMany},
	ResourceBlocked:         {name: "resource_blocked", kind: codecs.Unavailable, detail: "it is blocked by the operator"},
	UnknownKey:              {name: "unknown_key", kind: codecs.NotFound},
	ConnectRefused:          {name: "connect_refused", kind: codecs.Unavailable},
	ConnectTimeout:          {name: "connect_timeout", kind: codecs.Timeout},
	ConnectFailed:           {name: "connect_failed", kind: codecs.Unavailable},
	BackendGone:             {name: "backend_gone", kind: codecs.Unavailable},
	BackendMalformed:        {name: "backend_malformed", kind: codecs.Unavailable},
	BackendHandshakeFailed:  {name: "backend_handshake_failed", kind: codecs.Unavailable, detail: "the connection to the server can't be encrypted as configured"},
	BackendHandshakeTimeout: {name: "backend_handshake_timeout", kind: codecs.Timeout},
	OpenTimeout:             {name: "open_timeout", kind: codecs.Timeout},
	IdleTimeout:             {name: "idle_timeout", silent: true},
	FirstByteTimeout:        {name: "first_byte_timeout", kind: codecs.Timeout},
	StallTimeout:            {name: "stall_timeout", silent: true},
	TooManySessions:         {name: "too_many_sessions", kind: codecs.TooMany},
	TooManyFromClient:       {name: "too_many_from_client", kind: codecs.TooMany, detail: "too many from this address"},
	TooFastFromClient:       {name: "too_fast_from_client", kind: codecs.TooMany, detail: "too many new ones from this address"},
	NoDescriptors:           {name: "no_descriptors", kind: codecs.TooMany},
	Drained:                 {name: "drained", silent: true},
	Moved:                   {name: "moved", silent: true},
	ByOperator:              {name: "by_operator", kind: codecs.Unavailable, detail: "an operator has ended the connection"},
	InternalError:           {name: "internal_error", kind: codecs.Internal},
	Panicked:                {name: "panicked", silent: true},
}

// String returns the reason's name, as it stands in logs and metrics.
func (r Reason) String() string {
	if r < reasons {
		return reasonTable[r].name
	}
	return "unknown"
}

// Reasons returns every reason, for tables and tests.
func Reasons() []Reason {
	all := make([]Reason, reasons)
	for i := range all {
		all[i] = Reason(i)
	}
	return all
}

// ordinary says that the reason is the daily end of a session rather than
// something an operator may want to look at.
func (r Reason) ordinary() bool {
	switch r {
	case ClientClosed, BackendClosed, ClientReset, BackendReset, ClientGone, IdleTimeout, Drained, Moved, ByOperator:
		return true
	}
	return false
}

// lastly is the reason a session ends with for which decided was decided, when
// reason is why it does now: one that leaves ends for that, whoever closes.
func lastly(decided, reason Reason) Reason {
	if decided.leaves() && reason.ordinary() {
		return decided
	}
	return reason
}

// leaves says that a session that is still there has it because it was told to end.
func (r Reason) leaves() bool { return r == Moved || r == ByOperator || r == Drained }

// responseReason is the reason of a request whose response, for why, is none.
func responseReason(why http.Reason) Reason {
	if why == http.NoResponse {
		return BackendGone
	}
	return BackendMalformed
}

// failureReason is the reason of a failure that the codec itself found.
func failureReason(f codecs.Failure) Reason {
	switch f.Backend {
	case codecs.BackendForeign:
		return BackendMalformed
	case codecs.BackendInsecure:
		return BackendHandshakeFailed
	}
	switch f.Kind {
	case codecs.Unsupported:
		return Unsupported
	case codecs.Malformed, codecs.TooMany: // messages, without end
		return Malformed
	case codecs.NotFound:
		return NotFound
	case codecs.Forbidden:
		return Forbidden
	case codecs.Unavailable:
		return Unavailable
	}
	return InternalError
}
