//go:build linux

package loadtest

import (
	"context"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/client"
)

// line is one connection of callers at a time. One goroutine uses it.
type line struct {
	callers  *callers
	ordinal  uint64 // of its next connection
	sources  sources
	conn     client.Conn // nil if not open
	answered bool        // ever
	failures int         // since the last success
}

// newLine returns the i-th line of a worker. Over the connections of all lines
// of all workers the ordinals are spread evenly.
func newLine(w *callers, i int) *line {
	number := w.seat.number + i*w.seat.of
	return &line{callers: w, ordinal: uint64(number), sources: newSources(number)}
}

// run makes exchanges until none is to follow, ctx ends, or the line is given
// up.
func (l *line) run(ctx context.Context) {
	for ctx.Err() == nil && l.failures < giveUpAfter {
		due, more := l.callers.next(time.Now())
		if !more {
			// Until the window is over, or what is measured would be too short.
			waitUntil(ctx, due, nil)
			return
		}
		waitUntil(ctx, due, nil)
		if ctx.Err() != nil {
			return
		}
		l.callers.begun(due, time.Now())
		l.exchange(ctx, due)
	}
}

// exchange makes one exchange, over a new connection if none is open, and
// counts it. An exchange that ctx cut short is not counted.
func (l *line) exchange(ctx context.Context, due time.Time) bool {
	w := l.callers
	if w.renew {
		w.note(func() { w.counted.Sessions.Wanted++ })
	}
	err := l.attempt(ctx, due)
	if err == nil && w.renew {
		err = l.close()
	}
	if err == nil {
		l.failures, l.answered = 0, true
		w.finished(due, time.Now())
		return true
	}
	_ = l.close()
	if ctx.Err() == nil {
		l.failures++
		w.note(func() { w.fail(client.Classify(err)) })
	}
	return false
}

func (l *line) attempt(ctx context.Context, due time.Time) error {
	ctx, cancel := context.WithDeadline(ctx, due.Add(l.callers.load.Timeout))
	defer cancel()
	if l.conn == nil {
		if err := l.dial(ctx); err != nil {
			return err
		}
	}
	return l.conn.Exchange(ctx)
}

func (l *line) dial(ctx context.Context) error {
	w := l.callers
	target := l.ordinal % uint64(len(w.load.Targets))
	conn, err := w.dialers[target].Dial(ctx, l.sources.take(w.load.Targets[target].Addr()), l.ordinal)
	l.ordinal += uint64(w.load.Conns)
	if err != nil {
		return err
	}
	l.conn = conn
	w.note(func() { w.shown.Open++ })
	return nil
}

// close ends the connection if there is one.
func (l *line) close() error {
	if l.conn == nil {
		return nil
	}
	err := l.conn.Close()
	l.conn = nil
	l.callers.note(func() { l.callers.shown.Open-- })
	return err
}
