package redis

import (
	"context"
	"sync/atomic"
	"time"
)

// maxBatch is how many reports are written at once.
const maxBatch = 512

// heartbeats is how often a count is written while it holds.
const heartbeats = 3

// writeFunc writes reports and returns those to be tried again.
type writeFunc func(ctx context.Context, reports []report) (again []report)

// flusher writes a ledger once per interval, on a goroutine of its own.
type flusher struct {
	*ledger
	interval, lease time.Duration
	write           writeFunc
	end, done       chan struct{}

	written, failed atomic.Uint64
}

func newFlusher(l *ledger, interval, lease time.Duration) *flusher {
	return &flusher{ledger: l, interval: interval, lease: lease, end: make(chan struct{}), done: make(chan struct{})}
}

// start begins to write. The flusher must be closed then.
func (f *flusher) start(write writeFunc) {
	f.write = write
	go f.run()
}

func (f *flusher) run() {
	defer close(f.done)
	tick, beat := time.NewTicker(f.interval), time.NewTicker(f.lease/heartbeats)
	defer tick.Stop()
	defer beat.Stop()
	for {
		select {
		case <-f.end:
			return
		case <-beat.C:
			f.renew()
		case <-tick.C:
			f.flush(context.Background())
		}
	}
}

// flush writes what is due, each resource once: what happens meanwhile is for the
// next time. After a batch of which something has to be tried again, so has the
// rest.
func (f *flusher) flush(ctx context.Context) {
	due := f.take()
	for len(due) > 0 {
		batch := due[:min(maxBatch, len(due))]
		again := f.write(ctx, batch)
		f.written.Add(uint64(len(batch) - len(again)))
		due = due[len(batch):]
		if len(again) > 0 {
			f.failed.Add(uint64(len(again)))
			f.restore(again)
			f.restore(due)
			return
		}
	}
}

// close ends the writing with the last reports, within a time. To be called once.
func (f *flusher) close(within time.Duration) {
	close(f.end)
	<-f.done
	f.retire()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	f.flush(ctx)
}

func (f *flusher) stats(to map[string]any) {
	live, dirty, lost := f.counts()
	to["activity_resources"] = live
	to["activity_pending"] = dirty
	to["activity_lost"] = lost
	to["activity_written"] = f.written.Load()
	to["activity_failed"] = f.failed.Load()
}
