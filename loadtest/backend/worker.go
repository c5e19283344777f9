//go:build linux

package backend

import (
	"context"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/poll"
	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
)

const (
	// accepts per turn, so that a storm of connects doesn't hold up the
	// connections already there.
	acceptBudget = 64
	// how often a loop looks whether it is to end, and whether it may accept
	// again.
	tick = 100 * time.Millisecond
)

// worker is one event loop with its listener. Its handler is the listener's.
type worker struct {
	kind     Kind
	loop     *poll.Loop
	listener int
	paused   bool   // not accepting: descriptors ran out
	buf      []byte // every connection of the loop reads into it
	pattern  *stream.Pattern
	stats    counters
}

func newWorker(k Kind, at netip.AddrPort, p *stream.Pattern) (*worker, netip.AddrPort, error) {
	fd, bound, err := poll.Listen(at)
	if err != nil {
		return nil, bound, err
	}
	loop, err := poll.NewLoop()
	if err != nil {
		_ = unix.Close(fd)
		return nil, bound, err
	}
	w := &worker{kind: k, loop: loop, listener: fd, pattern: p, buf: make([]byte, stream.ChunkSize)}
	if err := loop.Add(fd, poll.Readable, w); err != nil {
		loop.Close(fd)
		loop.Free()
		return nil, bound, err
	}
	return w, bound, nil
}

func (w *worker) serve(ctx context.Context) error {
	for ctx.Err() == nil {
		paused := w.paused
		if err := w.loop.Turn(tick); err != nil {
			return err
		}
		if paused {
			w.paused = w.loop.Modify(w.listener, poll.Readable) != nil
		}
	}
	return nil
}

// Ready accepts what waits at the listener.
func (w *worker) Ready(uint32) {
	for range acceptBudget {
		fd, err := poll.Accept(w.listener)
		if err != nil {
			w.acceptFailed(err)
			return
		}
		w.stats.accepted.Add(1)
		w.take(fd)
	}
}

// acceptFailed stops listening for a turn if descriptors or memory
// ran out: the listener would stay ready and the loop would spin.
func (w *worker) acceptFailed(err error) {
	if err == unix.EAGAIN {
		return
	}
	w.stats.paused.Add(1)
	w.paused = w.loop.Modify(w.listener, 0) == nil
}

func (w *worker) take(fd int) {
	var err error
	switch w.kind {
	case Sink, Flood:
		err = newBulk(w, fd).start()
	default:
		err = w.loop.Add(fd, poll.Readable, &echo{w: w, fd: fd})
	}
	if err != nil {
		w.close(fd)
	}
}

func (w *worker) close(fd int) {
	w.loop.Close(fd)
	w.stats.closed.Add(1)
}
