package reactor

import (
	"time"

	"golang.org/x/sys/unix"
)

// Now is the time since the loop was made, by a clock that is never set back.
func (l *Loop) Now() time.Duration { return time.Since(l.clock) }

// After arms t to call owner.Expire on the loop once d has passed; an armed timer is
// moved. Timers fire up to one tick (10 ms) late, never early.
func (l *Loop) After(t *Timer, d time.Duration, owner Expirer) {
	now := l.Now()
	if l.wheel.count == 0 {
		// Nothing is waiting, so nothing is skipped by catching up.
		l.wheel.current = max(l.wheel.current, int64(now/tick))
	}
	l.wheel.arm(t, now+d, owner)
	if l.wakeAt == 0 || t.due < l.wakeAt {
		l.setWake(t.due)
	}
}

// Disarm stops t; no effect on an unarmed timer.
func (l *Loop) Disarm(t *Timer) { l.wheel.disarm(t) }

// expire serves the timerfd. Timers disarmed in the meantime cost at most one
// wake-up that fires nothing, which is cheaper than a system call per timer.
func (l *Loop) expire() {
	var count [8]byte
	_, _ = unix.Read(l.timerfd, count[:])
	now := l.Now()
	l.noteLag(now)
	l.wheel.advance(now)
	if next, any := l.wheel.next(); any {
		l.setWake(next)
	}
}

// noteLag tells how late the timerfd's event is being served.
func (l *Loop) noteLag(now time.Duration) {
	// An event that another timer has overtaken is early.
	lag := max(0, now-time.Duration(l.wakeAt)*tick)
	l.wakeAt = 0
	l.meter.due.Store(0)
	l.meter.late(lag, now)
	if l.Lagged != nil {
		l.Lagged(lag)
	}
}

func (l *Loop) setWake(at int64) {
	l.wakeAt = at
	l.meter.due.Store(at * int64(tick))
	wait := max(time.Duration(at)*tick-l.Now(), 1)
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(wait.Nanoseconds())}
	_ = unix.TimerfdSettime(l.timerfd, 0, &spec, nil)
}
