package reactor

import (
	"sync/atomic"
	"time"
)

const (
	// breath is the longest pause between two pieces of work that counts as work.
	// The poller has no hook around its wait, so what it does itself (epoll_wait
	// that finds something at once, its queue of tasks) is in the pauses; one in
	// which the thread has slept is longer.
	breath = 10 * time.Microsecond
	// publishEvery is how old a loop's published Busy gets while it works: a store
	// that other processors may look at isn't made per event.
	publishEvery = time.Millisecond
	// probeEvery is how often a loop's lag is looked at, at least. An idle loop
	// wakes up for it.
	probeEvery = time.Second
	// lagSpan is the time that lags are kept for: Lag tells of this one and of the
	// one before.
	lagSpan = 5 * time.Second
)

// meter measures how much a loop works and how late it comes to it. What is read by
// others is at the end, apart from the loop's own.
type meter struct {
	began     time.Duration // when the last piece of work did, since the loop's start
	ended     time.Duration // when it had
	idle      time.Duration // the pauses of all time
	published time.Duration // of busy
	span      int64         // of lags, which is being filled

	_    [64]byte
	busy atomic.Int64
	// due is when the timerfd is to wake the loop, 0 for never.
	due  atomic.Int64
	lags [2]atomic.Int64 // the longest of this span and of the one before
	_    [64]byte
}

// begin notes that a piece of work begins.
func (m *meter) begin(now time.Duration) {
	m.began = now
	if pause := now - m.ended; pause > breath {
		m.idle += pause
	}
}

// end notes that it has ended.
func (m *meter) end(now time.Duration) {
	m.ended = now
	if busy := now - m.idle; busy-m.published >= publishEvery {
		m.published = busy
		m.busy.Store(int64(busy))
	}
}

// late notes how late a timer was.
func (m *meter) late(lag, now time.Duration) {
	span := int64(now / lagSpan)
	if span != m.span {
		if span-m.span > 1 {
			m.lags[(span+1)%2].Store(0)
		}
		m.lags[span%2].Store(0)
		m.span = span
	}
	if at := &m.lags[span%2]; int64(lag) > at.Load() {
		at.Store(int64(lag))
	}
}

// Began is Now as it was when the loop came to what it is doing, which costs nothing to
// know. On the loop.
func (l *Loop) Began() time.Duration { return l.meter.began }

// Busy is how long the loop has worked since it was made: what it gains in a second
// is its utilisation. It lags behind by a millisecond of work, and by the piece of
// work that is being done. Any goroutine.
func (l *Loop) Busy() time.Duration { return time.Duration(l.meter.busy.Load()) }

// Lag is the longest a timer had to wait for the loop within the last five to ten
// seconds; or waits, if the loop hasn't come to it yet. So long an event may have
// waited, too. Any goroutine.
func (l *Loop) Lag() time.Duration {
	longest := max(l.meter.lags[0].Load(), l.meter.lags[1].Load())
	if due := l.meter.due.Load(); due > 0 {
		longest = max(longest, int64(l.Now())-due)
	}
	return time.Duration(longest)
}

// prober has a timer be due every now and then, even if nobody else has one.
type prober struct {
	loop  *Loop
	timer Timer
}

// Expire implements Expirer.
func (p *prober) Expire() { p.loop.After(&p.timer, probeEvery, p) }
