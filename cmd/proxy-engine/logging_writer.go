package main

import (
	"bytes"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// maxLogBacklog is how much is kept of lines that the log's reader hasn't taken yet,
// in bytes: thousands of lines. As much again may be on its way.
const maxLogBacklog = 1 << 20

// logWriter writes lines in their order, on a goroutine of its own: who logs, event
// loops among them, waits for nobody. Lines there is no room for are dropped, which the
// next line says that there is room for. Safe for concurrent use.
type logWriter struct {
	to io.Writer
	// loss makes the line that says how many were dropped, valid until the next call.
	loss func(lines uint64) []byte
	// dropped counts lines that were not written.
	dropped atomic.Uint64
	wake    chan struct{} // has an element if there may be something to do
	failed  uint64        // lines that couldn't be written, which wasn't told yet; run's alone
	ended   chan struct{} // closed when nothing is written any more

	mu      sync.Mutex // guards what follows
	backlog []byte     // whole lines
	spare   []byte     // the memory of the next backlog
	missing uint64     // lines that were dropped behind the backlog
	closed  bool
}

// newLogWriter returns a writer that is to be closed.
func newLogWriter(to io.Writer, loss func(lines uint64) []byte) *logWriter {
	w := &logWriter{to: to, loss: loss, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go w.run()
	return w
}

// Write implements io.Writer for a whole line, or several. It never fails.
func (w *logWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	// Once a line was dropped, so are those behind it until that was said: the line
	// about it tells where they were.
	if w.closed || w.missing > 0 || len(w.backlog)+len(line) > maxLogBacklog {
		w.drop(line)
		return len(line), nil
	}
	w.backlog = append(w.backlog, line...)
	w.poke()
	return len(line), nil
}

// drop counts lines that aren't written. The caller holds mu.
func (w *logWriter) drop(lines []byte) {
	n := uint64(bytes.Count(lines, []byte("\n")))
	w.missing += n
	w.dropped.Add(n)
}

func (w *logWriter) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run is the writer's goroutine.
func (w *logWriter) run() {
	defer close(w.ended)
	for {
		batch, missing, closed := w.take()
		if missing > 0 {
			batch = append(batch, w.loss(missing)...)
		}
		switch {
		case len(batch) > 0:
			w.put(batch)
		case closed:
			return
		default:
			<-w.wake
		}
	}
}

// take returns what is to be written. put gives its memory back.
func (w *logWriter) take() (batch []byte, missing uint64, closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	batch, missing = w.backlog, w.missing
	w.backlog, w.spare, w.missing = w.spare[:0], nil, 0
	return batch, missing, w.closed
}

// put writes a batch. What nobody takes, as nobody reads any more, is dropped.
// How much that was is told as soon as something can be written again.
func (w *logWriter) put(batch []byte) {
	if w.failed > 0 {
		if _, err := w.to.Write(w.loss(w.failed)); err == nil {
			w.failed = 0
		}
	}
	n, err := w.to.Write(batch)
	if err != nil {
		lost := uint64(bytes.Count(batch[n:], []byte("\n")))
		w.dropped.Add(lost)
		w.failed += lost
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spare = batch[:0]
}

// close drops what is logged from now on, and returns when the rest was written, or
// after a time if somebody reads too slowly.
func (w *logWriter) close(most time.Duration) {
	w.mu.Lock()
	w.closed = true
	w.poke()
	w.mu.Unlock()
	timeout := time.NewTimer(most)
	defer timeout.Stop()
	select {
	case <-w.ended:
	case <-timeout.C:
	}
}
