//go:build linux

package backend

import (
	"bytes"
	"testing"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
)

func TestQuotasAddUpToThePace(t *testing.T) {
	for _, pace := range []int{1, 3, 9, 10, 11, 999, DefaultPace, 1<<31 - 1} {
		for first := int64(0); first < 25; first++ {
			sum := 0
			for i := range ticksPerSecond {
				sum += quota(pace, first+i)
			}
			if sum != pace {
				t.Errorf("pace %d: %d bytes in the second from tick %d on", pace, sum, first)
			}
		}
	}
}

func TestSlowKeepsToItsPace(t *testing.T) {
	for _, pace := range []int{7, 1000} {
		d := drive(t, Config{Kind: Slow, Pace: pace})
		conn := d.connect()
		want := stream.NewPattern().At(0)[:pace]
		send(t, conn, want)
		allowed := 0
		for ; d.stats.closed.Load() == 0; d.now += tick {
			allowed += quota(pace, int64(d.now/tick))
			for range 3 {
				d.next()
			}
			if got := d.stats.bytes.Load(); got > uint64(allowed) {
				t.Fatalf("pace %d: %d bytes in %v, want at most %d", pace, got, d.now, allowed)
			}
		}
		if got := readAll(t, conn); !bytes.Equal(got, want) {
			t.Errorf("pace %d: %d bytes came back of %d, or others", pace, len(got), len(want))
		}
	}
}

func TestSlowCostsNothingWhenIdle(t *testing.T) {
	d := drive(t, Config{Kind: Slow, Pace: 1000})
	conn := d.connect()
	d.write(conn, make([]byte, 150)) // a quota and a half
	d.until(func() bool { return d.stats.bytes.Load() == 100 })
	if len(d.pacer.resting) != 1 {
		t.Fatalf("%d rest after a whole quota", len(d.pacer.resting))
	}
	d.now += tick
	d.until(func() bool { return d.stats.bytes.Load() == 150 })
	if len(d.pacer.resting) != 0 {
		t.Errorf("%d rest with nothing to send", len(d.pacer.resting))
	}
}

func TestSlowIsResetAtRest(t *testing.T) {
	d := drive(t, Config{Kind: Slow, Pace: 1000})
	conn := d.connect()
	d.write(conn, make([]byte, 1000))
	d.until(func() bool { return len(d.pacer.resting) == 1 })
	if c := d.pacer.resting[0]; c.link.Interest() != 0 {
		t.Errorf("it waits for %x at rest", c.link.Interest())
	}
	d.reset(conn)
	d.until(d.closed(1))
	d.now += tick
	d.next()
	if len(d.pacer.resting) != 0 || d.stats.closed.Load() != 1 {
		t.Errorf("%d rest, %d closed", len(d.pacer.resting), d.stats.closed.Load())
	}
}
