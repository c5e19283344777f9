package redis

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// desk takes reports as Redis would.
type desk struct {
	away    atomic.Bool
	batches []batch
}

type batch struct {
	at      time.Time
	reports []report
}

func (d *desk) write(_ context.Context, reports []report) []report {
	if d.away.Load() {
		return reports
	}
	d.batches = append(d.batches, batch{time.Now(), slices.Clone(reports)})
	return nil
}

var orders = account{"postgresql", "orders"}

// startDesk runs a flusher until the test's bubble ends.
func startDesk(limit int) (*desk, *flusher) {
	d := &desk{}
	f := newFlusher(newLedger(limit), DefaultActivityInterval, DefaultLease)
	f.start(d.write)
	return d, f
}

// TestActivityIsBatched: a thousand events in a second are one report, and
// nothing that doesn't change is written before its heartbeat.
func TestActivityIsBatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, f := startDesk(10)
		begun := time.Now()
		for range 500 {
			f.connect(orders, time.Now())
			f.use(orders, time.Now())
			time.Sleep(time.Millisecond)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if len(d.batches) != 1 || len(d.batches[0].reports) != 1 {
			t.Fatalf("%d batches: %+v", len(d.batches), d.batches)
		}
		got := d.batches[0].reports[0]
		want := report{orders, usage{sessions: 500, used: begun.Add(499 * time.Millisecond), connected: begun.Add(499 * time.Millisecond)}}
		if got != want {
			t.Errorf("reported %+v, want %+v", got, want)
		}
		f.close(time.Second)
		if n := len(d.batches); n != 2 || d.batches[1].reports[0] != (report{account: orders}) {
			t.Errorf("at the end: %+v", d.batches[1:])
		}
	})
}

// TestActivityAtMostOnceASecond counts the reports of a resource that is always
// in use.
func TestActivityAtMostOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, f := startDesk(10)
		defer f.close(time.Second)
		for range 1000 {
			f.use(orders, time.Now())
			time.Sleep(10 * time.Millisecond)
		}
		synctest.Wait()
		if n := len(d.batches); n < 9 || n > 10 {
			t.Errorf("%d reports in 10 s", n)
		}
		for i := range d.batches[1:] {
			if gap := d.batches[i+1].at.Sub(d.batches[i].at); gap < DefaultActivityInterval {
				t.Errorf("a report %v after another", gap)
			}
		}
	})
}

// TestActivityHeartbeat: the count of an idle session is renewed within its
// lease, and isn't activity.
func TestActivityHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, f := startDesk(10)
		defer f.close(time.Second)
		f.connect(orders, time.Now())
		time.Sleep(10 * DefaultLease)
		synctest.Wait()
		if n := len(d.batches); n < 10*heartbeats-1 {
			t.Errorf("%d reports in 10 leases", n)
		}
		for _, b := range d.batches[1:] {
			if b.reports[0].sessions != 1 || !b.reports[0].used.IsZero() || !b.reports[0].connected.IsZero() {
				t.Errorf("the heartbeat says %+v", b.reports[0])
			}
		}
	})
}

// TestActivityWhileAway: what happens becomes one report per resource, those
// without sessions are bounded, and nothing is forgotten of the others.
func TestActivityWhileAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, f := startDesk(10)
		d.away.Store(true)
		for i := range 100 {
			f.connect(account{"mysql", fmt.Sprint(i)}, time.Now())
		}
		f.connect(orders, time.Now())
		var last time.Time
		for range 50 {
			f.use(orders, time.Now())
			last = time.Now()
			time.Sleep(DefaultActivityInterval / 3)
		}
		for i := range 100 {
			f.disconnect(account{"mysql", fmt.Sprint(i)})
			f.use(account{"smtp", fmt.Sprint(i)}, time.Now())
			f.disconnect(account{"smtp", fmt.Sprint(i)})
		}
		if live, dirty, lost := f.counts(); live != 1 || dirty > 11 || lost < 100 {
			t.Errorf("%d live, %d dirty, %d lost", live, dirty, lost)
		}
		synctest.Wait()
		d.away.Store(false)
		time.Sleep(2 * DefaultActivityInterval)
		synctest.Wait()
		i := slices.IndexFunc(d.batches[0].reports, func(r report) bool { return r.account == orders })
		if i < 0 || !d.batches[0].reports[i].used.Equal(last) {
			t.Errorf("the last use, at %v, isn't reported among %d", last, len(d.batches[0].reports))
		}
		f.close(time.Second)
		if _, dirty, _ := f.counts(); dirty != 0 {
			t.Errorf("%d left", dirty)
		}
	})
}

// TestActivityOfMany: more resources than one batch takes are written at one time,
// each once, and when a batch fails, all of the rest later.
func TestActivityOfMany(t *testing.T) {
	const resources = 2*maxBatch + 1
	l := newLedger(resources)
	for i := range resources {
		l.use(account{"mysql", fmt.Sprint(i)}, time.Unix(1, 0))
	}
	f := newFlusher(l, DefaultActivityInterval, DefaultLease)
	seen := make(map[account]int)
	calls := 0
	f.write = func(_ context.Context, reports []report) []report {
		if calls++; calls == 2 {
			return reports[:1]
		}
		for _, r := range reports {
			seen[r.account]++
		}
		return nil
	}
	f.flush(t.Context())
	if _, dirty, _ := l.counts(); dirty != 2 || len(seen) != maxBatch {
		t.Errorf("after a failure %d reports are due and %d written", dirty, len(seen))
	}
	f.flush(t.Context())
	if len(seen) != maxBatch+2 || calls != 3 {
		t.Errorf("%d written in %d batches", len(seen), calls)
	}
	for a, n := range seen {
		if n != 1 {
			t.Errorf("%v was written %d times", a, n)
		}
	}
}

// TestLedgerBound: resources that come and go while nothing can be written don't
// pile up.
func TestLedgerBound(t *testing.T) {
	l := newLedger(10)
	for i := range 1000 {
		a := account{"mysql", fmt.Sprint(i)}
		l.connect(a, time.Unix(1, 0))
		l.use(a, time.Unix(2, 0))
		l.disconnect(a)
		l.use(a, time.Unix(3, 0))
	}
	if live, dirty, lost := l.counts(); live != 0 || dirty != 10 || lost < 990 {
		t.Errorf("%d live, %d dirty, %d lost", live, dirty, lost)
	}
}

// TestLedgerNeverNegative: the end of a session whose beginning is unknown
// counts for nothing.
func TestLedgerNeverNegative(t *testing.T) {
	l := newLedger(10)
	l.disconnect(orders)
	l.connect(orders, time.Unix(1, 0))
	if got := l.take(); got[0].sessions != 1 {
		t.Errorf("reported %+v", got)
	}
}

// TestLedgerRestore: a report that couldn't be written doesn't take back what
// has happened since.
func TestLedgerRestore(t *testing.T) {
	l := newLedger(10)
	l.connect(orders, time.Unix(1, 0))
	l.use(orders, time.Unix(5, 0))
	taken := l.take()
	l.connect(orders, time.Unix(2, 0))
	l.restore(taken)
	want := report{orders, usage{sessions: 2, used: time.Unix(5, 0), connected: time.Unix(2, 0)}}
	if got := l.take(); len(got) != 1 || got[0] != want {
		t.Errorf("reported %+v, want %+v", got, want)
	}
	if got := l.take(); len(got) != 0 {
		t.Errorf("reported again: %+v", got)
	}
}
