package reactor

import (
	"math/rand/v2"
	"testing"
	"time"
)

// wheelModel runs a program of operations on a wheel and on the plainest model
// of it: a table of what is armed for which tick. Every byte of a program is
// used, so that a fuzzer can reach everything.
type wheelModel struct {
	t       testing.TB
	wheel   *wheel
	now     time.Duration
	program []byte
	timers  [16]modelTimer
	firing  bool
	target  int64 // while firing: the tick being advanced to
	lastDue int64
}

type modelTimer struct {
	Timer
	model *wheelModel
	armed bool
	when  time.Duration
	due   int64
}

func runWheel(t testing.TB, program []byte) {
	m := &wheelModel{t: t, wheel: newWheel(), program: program}
	for i := range m.timers {
		m.timers[i].model = m
	}
	for len(m.program) > 0 {
		m.step()
		m.check()
	}
}

// next takes a byte of the program, 0 behind its end.
func (m *wheelModel) next() byte {
	if len(m.program) == 0 {
		return 0
	}
	b := m.program[0]
	m.program = m.program[1:]
	return b
}

// duration covers everything from nothing to some rotations, whole ticks and
// parts of them.
func (m *wheelModel) duration() time.Duration {
	scale := [...]time.Duration{1, tick / 3, tick, slots * tick / 7, slots * tick}
	return time.Duration(m.next()%32) * scale[m.next()%byte(len(scale))]
}

func (m *wheelModel) step() {
	switch op := m.next(); {
	case op < 120:
		m.arm(&m.timers[op%16])
	case op < 170 || m.firing:
		m.disarm(&m.timers[op%16])
	default:
		m.advance()
	}
}

func (m *wheelModel) arm(x *modelTimer) {
	x.when = m.now + m.duration()
	x.due = max(int64((x.when+tick-1)/tick), m.wheel.current+1)
	x.armed = true
	m.wheel.arm(&x.Timer, x.when, x)
}

func (m *wheelModel) disarm(x *modelTimer) {
	x.armed = false
	m.wheel.disarm(&x.Timer)
}

func (m *wheelModel) advance() {
	m.now += m.duration()
	m.firing, m.target, m.lastDue = true, int64(m.now/tick), 0
	m.wheel.advance(m.now)
	m.firing = false
	for i := range m.timers {
		if x := &m.timers[i]; x.armed && x.due <= m.target {
			m.t.Fatalf("timer %d, due at tick %d, hasn't fired at tick %d", i, x.due, m.target)
		}
	}
	if m.wheel.current != m.target {
		m.t.Fatalf("the wheel stands at tick %d after advancing to %d", m.wheel.current, m.target)
	}
}

// Expire checks that the timer may fire now, and then does what the program
// says to any timer, itself included.
func (x *modelTimer) Expire() {
	m := x.model
	switch {
	case !m.firing:
		m.t.Fatal("fired outside advance")
	case !x.armed:
		m.t.Fatal("an unarmed timer fired")
	case x.when > m.now || x.due > m.target:
		m.t.Fatalf("fired early: armed for %v (tick %d), it is %v (tick %d)", x.when, x.due, m.now, m.target)
	case x.due < m.lastDue:
		m.t.Fatalf("a timer of tick %d fired after one of tick %d", x.due, m.lastDue)
	case x.Armed():
		m.t.Fatal("the timer is still armed while it fires")
	}
	x.armed, m.lastDue = false, x.due
	if m.next()%4 == 0 {
		m.step()
	}
}

// check compares what the wheel says about itself.
func (m *wheelModel) check() {
	count, first := 0, int64(0)
	for i := range m.timers {
		x := &m.timers[i]
		if x.Armed() != x.armed {
			m.t.Fatalf("timer %d: Armed() = %v, want %v", i, x.Armed(), x.armed)
		}
		if x.armed {
			if count++; first == 0 || x.due < first {
				first = x.due
			}
		}
	}
	if m.wheel.count != count {
		m.t.Fatalf("the wheel counts %d timers, want %d", m.wheel.count, count)
	}
	next, any := m.wheel.next()
	if any != (count > 0) {
		m.t.Fatalf("next says %v with %d timers armed", any, count)
	}
	// Not later than the first timer, or it would fire late; in the future, or
	// the loop would spin.
	if any && (next > first || next <= m.wheel.current) {
		m.t.Fatalf("next is tick %d, the first timer is due at %d, the wheel stands at %d", next, first, m.wheel.current)
	}
}

func TestWheelAgainstModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		program := make([]byte, rng.IntN(400))
		for i := range program {
			program[i] = byte(rng.Uint32())
		}
		runWheel(t, program)
	}
}

func FuzzWheel(f *testing.F) {
	f.Add([]byte{0, 5, 2, 200, 6, 2})                           // arm, let it fire
	f.Add([]byte{0, 31, 4, 1, 1, 2, 200, 31, 4, 200, 31, 4})    // rotations apart
	f.Add([]byte{0, 5, 2, 1, 5, 2, 200, 6, 2, 0, 1, 0, 0, 7})   // rearm another while firing
	f.Add([]byte{0, 5, 2, 130, 0, 5, 2, 0, 6, 2, 255, 31, 4})   // disarm, arm again, move
	f.Add([]byte{3, 0, 0, 4, 1, 0, 5, 1, 1, 200, 1, 2, 200, 0}) // due at once, nanoseconds
	f.Fuzz(runWheelBounded)
}

// runWheelBounded keeps the fuzzer from spending its time on length.
func runWheelBounded(t *testing.T, program []byte) {
	runWheel(t, program[:min(len(program), 4096)])
}

func TestWheelAllocatesNothing(t *testing.T) {
	w := newWheel()
	x := &modelTimer{model: &wheelModel{t: t, wheel: w, firing: true, target: 1 << 60, now: 1 << 60}}
	now := time.Duration(0)
	if n := testing.AllocsPerRun(1000, func() {
		x.armed = true
		w.arm(&x.Timer, now+time.Second, x)
		w.disarm(&x.Timer)
		w.arm(&x.Timer, now+time.Second, x)
		now += 2 * time.Second
		w.advance(now)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
