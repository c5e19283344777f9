package engine

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// requestRecord is what an HTTP exchange keeps for its line in the log.
type requestRecord struct {
	method    string        // of methodNames
	start     uint64        // how much of what the client has sent was consumed before
	firstByte time.Duration // from the request until the backend's first byte; valid iff spoke
	times     timings
	status    int // that the client was told, 0 for none
	refusal
	spoke   bool // the backend has
	refused bool // by the engine, for the refusal's reason
	whole   bool // the response was passed on, or made, in full
}

// refusal is why a request wasn't served.
type refusal struct {
	reason Reason
	cause  error
}

// refuse notes that the engine answers in the backend's place.
func (r *requestRecord) refuse(status int, reason Reason, cause error) {
	r.status, r.refusal, r.refused = status, refusal{reason, cause}, true
}

// heard notes the backend's first byte.
func (r *requestRecord) heard(took time.Duration) { r.firstByte, r.spoke = took, true }

// requestEnding is what is known of an HTTP request when it has ended.
type requestEnding struct {
	*requestRecord
	listener             *Listener
	client               netip.AddrPort
	resource             []byte         // the host that was asked for
	route                *resolve.Route // of the endpoint that was tried, nil for none
	total                time.Duration
	fromClient, toClient uint64
}

// request writes the line of an HTTP request's end, if it has one.
func (l *eventLog) request(end *requestEnding) {
	level, message := slog.LevelInfo, "request ended"
	ordinary := end.whole || !end.refused && end.reason.ordinary()
	if !ordinary {
		level = slog.LevelWarn
	}
	if end.refused {
		message = "request refused"
	}
	if suppressed, write := l.admits(level, ordinary, end.reason, &l.requests); write {
		l.log.LogAttrs(context.Background(), level, message, end.attrs(suppressed)...)
	}
}

func (end *requestEnding) attrs(suppressed uint64) []slog.Attr {
	attrs := make([]slog.Attr, 0, 15)
	if !end.whole {
		attrs = append(attrs, slog.String("reason", end.reason.String()))
	}
	attrs = append(attrs,
		slog.String("listener", end.listener.Name), slog.Any("client", end.client),
		slog.String("method", end.method), slog.String("resource", string(end.resource)),
	)
	if end.route != nil {
		attrs = append(attrs, slog.String("endpoint", end.route.Endpoint))
	}
	if end.status != 0 {
		attrs = append(attrs, slog.Int("status", end.status))
	}
	if end.spoke {
		attrs = append(attrs, slog.Duration("first_byte", end.firstByte))
	}
	attrs = append(attrs,
		slog.Duration("total", end.total), end.times.attr(),
		slog.Uint64("from_client", end.fromClient), slog.Uint64("to_client", end.toClient),
	)
	return appendTrouble(attrs, end.cause, suppressed)
}

// otherMethod stands for methods that nobody has registered: they are the client's
// own words.
const otherMethod = "other"

// methodName returns a request's method as logs have it.
func methodName(method []byte) string {
	for _, name := range [...]string{
		"GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE",
		"PROPFIND", "PROPPATCH", "REPORT", "SEARCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK",
	} {
		if string(method) == name {
			return name
		}
	}
	return otherMethod
}
