package engine

import (
	"errors"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// failure returns what a client refused for the reason is told, and false if
// it is told nothing. This is the one place where the engine's view becomes
// the client's: only texts of the table pass, and those the operator has approved,
// which the resolver's error names (resolve.Advice).
func (r Reason) failure(resource string, cause error) (codecs.Failure, bool) {
	row := &reasonTable[r]
	f := codecs.Failure{Kind: row.kind, Detail: row.detail, Resource: resource}
	text, retry := resolve.Advice(cause)
	if text != "" {
		f.Detail = text
	}
	f.RetryAfter = int((retry + time.Second - 1) / time.Second)
	return f, !row.silent
}

// detectTimedOut is the end of a client that has named no resource in time, or,
// served by the codec itself, was silent for too long.
func detectTimedOut(patient bool) (Reason, codecs.Failure, error) {
	failure, _ := DetectTimeout.failure("", nil)
	if patient {
		return IdleTimeout, failure, nil
	}
	return DetectTimeout, failure, nil
}

// failureCause is what the log has as the cause of a codec's failure: its own words.
func failureCause(f codecs.Failure) error {
	if f.Detail == "" {
		return nil
	}
	return errors.New(f.Detail)
}

// tooLong is what a client is told whose first message doesn't end.
var tooLong = codecs.Failure{Kind: codecs.Malformed, Detail: "message too long"}

// verdict says whether a session with this route is refused, and for what; the
// route's Err is then the cause.
func (e *Engine) verdict(route *resolve.Route) (reason Reason, refused bool) {
	switch {
	case route.Err != nil:
		return resolveReason(route.Err), true
	case e.resources.Blocked(route.Protocol, route.Resource):
		return ResourceBlocked, true
	case route.State == resolve.Draining:
		return Unavailable, true
	}
	return 0, false
}

// elsewhere is verdict for a session that stands and wants another resource:
// it is refused as well if that isn't at the session's backend, reached in the
// same way. own is its route, nil for one routed by key.
func (e *Engine) elsewhere(l *Listener, own, other *resolve.Route, leg backendTLS) (reason Reason, cause error, refused bool) {
	if reason, refused := e.verdict(other); refused {
		return reason, other.Err, true
	}
	there, err := e.backendTLS(l, other)
	switch {
	case err != nil:
		return InternalError, err, true
	case own == nil || own.Endpoint != other.Endpoint || leg != there:
		return Forbidden, nil, true
	}
	return 0, nil, false
}

// resolveReason is the reason of a route that can't be used.
func resolveReason(err error) Reason {
	switch resolve.KindOf(err) {
	case resolve.NotFound:
		return NotFound
	case resolve.Forbidden:
		return Forbidden
	case resolve.Unavailable:
		return Unavailable
	case resolve.Timeout:
		return ResolveTimeout
	}
	return ResolveFailed
}

// connectReason is the reason of a session none of whose backend's endpoints could
// be had; the last attempt decides, or the last failure of the endpoint that isn't
// tried.
func connectReason(o upstream.Outcome) Reason {
	switch o {
	case upstream.Refused:
		return ConnectRefused
	case upstream.TimedOut:
		return ConnectTimeout
	case upstream.Exhausted:
		return NoDescriptors
	// Those that follow are why a breaker is open that lets nobody try.
	case upstream.HungUp:
		return BackendGone
	case upstream.Silent:
		return OpenTimeout
	case upstream.HandshakeFailed:
		return BackendHandshakeFailed
	}
	return ConnectFailed
}
