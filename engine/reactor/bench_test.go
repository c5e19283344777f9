package reactor

import (
	"fmt"
	"testing"
	"time"
)

// rearmed is a deadline that arms itself again, a rotation and a half later.
type rearmed struct {
	Timer
	wheel *wheel
	now   *time.Duration
}

func (r *rearmed) Expire() { r.wheel.arm(&r.Timer, *r.now+slots*tick*3/2, r) }

// BenchmarkWheel moves a wheel on by one tick per op while so many timers wait,
// each of which is looked at once before it is due and then armed again.
func BenchmarkWheel(b *testing.B) {
	for _, n := range []int{0, 1_000, 100_000} {
		b.Run(fmt.Sprintf("timers=%d", n), func(b *testing.B) {
			w, now := newWheel(), time.Duration(0)
			for i := range n {
				r := &rearmed{wheel: w, now: &now}
				w.arm(&r.Timer, time.Duration(i%(slots*3/2))*tick, r)
			}
			b.ReportAllocs()
			for b.Loop() {
				now += tick
				w.advance(now)
			}
		})
	}
}
