package engine

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// linesPerSecond is how many lines of one reason are written per second. A
// flood of bad clients must not become a flood of log lines; what was left
// out is counted in the next line.
const linesPerSecond = 10

// maxCause is how much of an error is written, in bytes: parts of it may be the
// peer's words.
const maxCause = 512

// eventLog writes a line per ended session and HTTP request, of those that
// SessionLog chooses: ordinary ends at info level, the others at warning level and
// limited in rate. No line has anything of what a session carries: neither
// credentials nor queries, nor an HTTP request's path, query or headers.
type eventLog struct {
	log *slog.Logger
	how atomic.Pointer[SessionLog]
	// sessions and requests are how many have ended ordinarily while they were sampled.
	sessions, requests atomic.Uint64

	mu     sync.Mutex
	limits [reasons]rateLimit
	panics rateLimit
}

type rateLimit struct {
	second     int64
	lines      int
	suppressed uint64
}

func newEventLog(log *slog.Logger, how SessionLog) *eventLog {
	l := &eventLog{log: log}
	l.choose(how)
	return l
}

// choose says which ends have a line from now on. Any goroutine.
func (l *eventLog) choose(how SessionLog) { l.how.Store(&how) }

// ended writes the line of a session's end, if it has one. HTTP connections have
// theirs at debug level where their requests' lines say the same, or more.
func (l *eventLog) ended(end *ending) {
	level := slog.LevelWarn
	ordinary := end.reason.ordinary() || end.told
	switch {
	case ordinary && end.web:
		level = slog.LevelDebug
	case ordinary:
		level = slog.LevelInfo
	}
	if suppressed, write := l.admits(level, ordinary, end.reason, &l.sessions); write {
		l.log.LogAttrs(context.Background(), level, "session ended", end.attrs(suppressed)...)
	}
}

// admits says whether an end has a line, and how many like it had none of late for
// their number.
func (l *eventLog) admits(level slog.Level, ordinary bool, reason Reason, ends *atomic.Uint64) (suppressed uint64, write bool) {
	if !l.log.Enabled(context.Background(), level) || !l.how.Load().chooses(ordinary, ends) {
		return 0, false
	}
	if ordinary {
		return 0, true
	}
	return l.allow(&l.limits[reason])
}

// refused writes a line for a request of a multiplexed session that was answered by
// the engine.
func (l *eventLog) refused(listener *Listener, client netip.AddrPort, resource string, reason Reason, cause error) {
	suppressed, write := l.admits(slog.LevelWarn, false, reason, &l.requests)
	if !write {
		return
	}
	attrs := []slog.Attr{
		slog.String("reason", reason.String()), slog.String("listener", listener.Name), slog.Any("client", client),
		slog.String("resource", resource),
	}
	l.log.LogAttrs(context.Background(), slog.LevelWarn, "request refused", appendTrouble(attrs, cause, suppressed)...)
}

// exhausted warns that accepting failed for want of descriptors or memory. The
// listener's rest bounds its rate.
func (l *eventLog) exhausted(listener *Listener, err error) {
	if suppressed, write := l.allow(&l.limits[NoDescriptors]); write {
		l.log.Warn("can't accept", "listener", listener.Name, "cause", err, "suppressed", suppressed)
	}
}

// panicked reports a bug.
func (l *eventLog) panicked(fault any, stack []byte) {
	if suppressed, write := l.allow(&l.panics); write {
		l.log.Error("panic in a session", "fault", fault, "stack", string(stack), "suppressed", suppressed)
	}
}

// allow says whether one more line of a kind may be written now, and how many
// were not since the last one.
func (l *eventLog) allow(limit *rateLimit) (suppressed uint64, ok bool) {
	second := time.Now().Unix()
	l.mu.Lock()
	defer l.mu.Unlock()
	if limit.second != second {
		limit.second, limit.lines = second, 0
	}
	if limit.lines == linesPerSecond {
		limit.suppressed++
		return 0, false
	}
	limit.lines++
	suppressed, limit.suppressed = limit.suppressed, 0
	return suppressed, true
}

func (end *ending) attrs(suppressed uint64) []slog.Attr {
	attrs := make([]slog.Attr, 0, 12)
	attrs = append(attrs,
		slog.String("reason", end.reason.String()),
		slog.String("state", end.state.String()),
		slog.String("listener", end.listener.Name),
		slog.Any("client", end.client),
	)
	if end.route != nil {
		attrs = append(attrs, slog.String("resource", end.route.Resource), slog.String("endpoint", end.route.Endpoint))
	}
	attrs = append(attrs,
		slog.Duration("age", end.age),
		end.times.attr(),
		slog.Uint64("from_client", end.fromClient),
		slog.Uint64("to_client", end.toClient),
	)
	return appendTrouble(attrs, end.cause, suppressed)
}

// appendTrouble appends what only the lines of faults have.
func appendTrouble(attrs []slog.Attr, cause error, suppressed uint64) []slog.Attr {
	if cause != nil {
		text := cause.Error()
		attrs = append(attrs, slog.String("cause", text[:min(len(text), maxCause)]))
	}
	if suppressed > 0 {
		attrs = append(attrs, slog.Uint64("suppressed", suppressed))
	}
	return attrs
}
