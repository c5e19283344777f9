//go:build linux

package backend

import (
	"context"
	"time"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/link"
	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
)

const (
	// accepts per turn, so that a storm of connects doesn't hold up the
	// connections already there.
	acceptBudget = 64
	// how often a loop looks whether it is to end, whether there are
	// descriptors again, and which connections of Slow may go on.
	tick           = 100 * time.Millisecond
	ticksPerSecond = int64(time.Second / tick)
)

// worker is one event loop with its listener. Its handler is the listener's.
type worker struct {
	*shared
	loop     *poll.Loop
	listener int
	gate     gate
	room     int    // connections it holds at most
	buf      []byte // every connection of the loop reads into it
	ticks    int64  // since the loop began
	pacer    pacer
	answers  *answerWriter // of HTTP; made with the first connection
	tls      *link.TLS     // nil in the clear
	stats    counters
}

var _ poll.Handler = (*worker)(nil)

// newWorker puts a listener on a loop of its own. It closes the listener if
// that fails.
func newWorker(s *shared, listener int) (*worker, error) {
	loop, err := poll.NewLoop()
	if err != nil {
		_ = unix.Close(listener)
		return nil, err
	}
	w := &worker{
		shared: s, loop: loop, listener: listener,
		room: max(s.config.MaxConns/s.config.Loops, 1),
		buf:  make([]byte, stream.ChunkSize), pacer: newPacer(s.config.Pace),
	}
	if s.config.TLS != nil {
		w.tls = link.Server(s.config.TLS)
	}
	if err := loop.Add(listener, poll.Readable, w); err != nil {
		loop.Close(listener)
		loop.Free()
		return nil, err
	}
	return w, nil
}

func (w *worker) serve(ctx context.Context) error {
	start := time.Now()
	for ctx.Err() == nil {
		if err := w.turn(time.Since(start)); err != nil {
			return err
		}
	}
	return nil
}

// turn serves what is ready, or becomes so before the next tick. now is the
// time since the loop began.
func (w *worker) turn(now time.Duration) error {
	if ticks := int64(now / tick); ticks != w.ticks {
		w.ticks = ticks
		w.beat()
	}
	if err := w.loop.Turn(tick - now%tick); err != nil {
		return err
	}
	if w.gate == full && w.open() <= w.room/2 {
		w.pass(accepting)
	}
	return nil
}

// beat is called once per tick.
func (w *worker) beat() {
	if w.gate == starved {
		w.pass(accepting)
	}
	w.pacer.advance(w.ticks)
}

// Ready accepts what waits at the listener.
func (w *worker) Ready(uint32) {
	for range acceptBudget {
		if w.open() >= w.room {
			w.pass(full)
			return
		}
		fd, err := poll.Accept(w.listener)
		if err != nil {
			w.acceptFailed(err)
			return
		}
		w.stats.accepted.Add(1)
		w.take(fd)
		w.announce()
	}
}

// open is how many connections the loop holds.
func (w *worker) open() int {
	return int(w.stats.accepted.Load() - w.stats.closed.Load())
}

func (w *worker) take(fd int) {
	if err := w.begin(fd); err != nil {
		w.close(fd)
	}
}

// begin hands a new connection to a handler of the loop's kind.
func (w *worker) begin(fd int) error {
	switch w.config.Kind {
	case HTTP:
		return newHTTP(w, fd).start()
	case Sink, Flood:
		return newBulk(w, fd).start()
	case Stall:
		return newStall(w, fd).start()
	case Slow:
		return newSlow(w, fd).start()
	default:
		return newEcho(w, fd).start()
	}
}

func (w *worker) close(fd int) {
	w.loop.Close(fd)
	w.stats.closed.Add(1)
}
