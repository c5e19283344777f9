package reactor

import (
	"testing"
	"time"
)

// A pause that isn't longer than a breath is work; what is published is never more
// than there was.
func TestMeterCountsWork(t *testing.T) {
	var m meter
	now := time.Duration(0)
	work := func(pause, length time.Duration) {
		now += pause
		m.begin(now)
		now += length
		m.end(now)
	}
	check := func(want time.Duration) {
		t.Helper()
		if got := time.Duration(m.busy.Load()); got != want {
			t.Errorf("%v busy, want %v", got, want)
		}
	}
	work(time.Second, publishEvery-1)
	check(0) // too little to publish
	work(time.Hour, 1)
	check(publishEvery)
	work(breath, publishEvery)
	check(2*publishEvery + breath)
	work(breath+1, publishEvery)
	check(3*publishEvery + breath)
}

func TestMeterForgetsLags(t *testing.T) {
	var m meter
	lag := func() time.Duration { return time.Duration(max(m.lags[0].Load(), m.lags[1].Load())) }
	for i, step := range []struct {
		at, late, want time.Duration
	}{
		{1, 30, 30},
		{2, 20, 30},                  // the longest counts
		{lagSpan, 10, 30},            // of this span and of the one before
		{2*lagSpan + 1, 5, 10},       // and of none earlier
		{3 * lagSpan, 40, 40},        //
		{9 * lagSpan, 1, 1},          // however long nobody looked
		{9*lagSpan + 1, 2, 2},        //
		{10*lagSpan + 1, 0, 2},       //
		{12 * lagSpan, 0, 0},         //
		{13 * lagSpan, 7, 7},         //
		{14*lagSpan + lagSpan, 0, 0}, //
	} {
		m.late(step.late, step.at)
		if got := lag(); got != step.want {
			t.Errorf("step %d: a lag of %d, want %d", i, got, step.want)
		}
	}
}

// A loop that is held up lags, as anybody can see meanwhile, and has worked since.
func TestLoopLagsWhileItIsHeldUp(t *testing.T) {
	loop, err := NewLoop(4 << 10)
	if err != nil {
		t.Fatal(err)
	}
	lagged := make(chan time.Duration, 1000)
	loop.Lagged = func(d time.Duration) { lagged <- d }
	ended := make(chan error, 1)
	go func() { ended <- loop.Run(func() error { return nil }) }()
	release := make(chan struct{})
	loop.Post(func() { <-release })
	const held = probeEvery / 4
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for loop.Lag() < held {
		<-poll.C
	}
	close(release)
	for d := range lagged {
		if d >= held {
			break
		}
	}
	if loop.Lag() < held {
		t.Errorf("the lag is forgotten at once: %v", loop.Lag())
	}
	for loop.Busy() < held {
		<-poll.C
	}
	loop.Stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestMeteringAllocatesNothing(t *testing.T) {
	l := startLoop(t)
	var n float64
	l.do(func() { n = testing.AllocsPerRun(100, func() { l.meter.begin(l.Now()); l.meter.end(l.Now()) }) })
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// A loop that has ended isn't late.
func TestEndedLoopHasNoLag(t *testing.T) {
	l := startLoop(t)
	l.stop()
	if due := l.meter.due.Load(); due != 0 {
		t.Errorf("a timer is due at %d", due)
	}
}
