package engine

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"
)

// linesPerSecond is how many lines of one reason are written per second. A
// flood of bad clients must not become a flood of log lines; what was left
// out is counted in the next line.
const linesPerSecond = 10

// eventLog writes one line per ended session: ordinary ends at debug level,
// the others at warning level and limited in rate.
type eventLog struct {
	log *slog.Logger

	mu     sync.Mutex
	limits [reasons]rateLimit
	panics rateLimit
}

type rateLimit struct {
	second     int64
	lines      int
	suppressed uint64
}

func newEventLog(log *slog.Logger) *eventLog { return &eventLog{log: log} }

func (l *eventLog) ended(end *ending) {
	level := slog.LevelWarn
	if end.reason.ordinary() {
		level = slog.LevelDebug
	}
	if !l.log.Enabled(context.Background(), level) {
		return
	}
	suppressed, write := uint64(0), true
	if level > slog.LevelDebug {
		suppressed, write = l.allow(&l.limits[end.reason])
	}
	if write {
		l.log.LogAttrs(context.Background(), level, "session ended", end.attrs(suppressed)...)
	}
}

// refused writes a line for an HTTP request that was answered by the engine.
func (l *eventLog) refused(listener *Listener, client netip.AddrPort, resource string, reason Reason, cause error) {
	if suppressed, write := l.allow(&l.limits[reason]); write {
		l.log.Warn("request refused", "reason", reason.String(), "listener", listener.Name, "client", client,
			"resource", resource, "cause", cause, "suppressed", suppressed)
	}
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
	attrs := []slog.Attr{
		slog.String("reason", end.reason.String()),
		slog.String("state", end.state.String()),
		slog.String("listener", end.listener.Name),
		slog.Any("client", end.client),
		slog.Duration("age", end.age),
		slog.Uint64("from_client", end.fromClient),
		slog.Uint64("to_client", end.toClient),
	}
	if end.route != nil {
		attrs = append(attrs, slog.String("resource", end.route.Resource), slog.String("endpoint", end.route.Endpoint))
	}
	if end.cause != nil {
		attrs = append(attrs, slog.Any("cause", end.cause))
	}
	if suppressed > 0 {
		attrs = append(attrs, slog.Uint64("suppressed", suppressed))
	}
	return attrs
}
