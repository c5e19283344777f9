package upstream

import (
	"testing"
	"time"
)

// model is the breaker in the plainest words: a list of all that happened. What
// it can't know, how long the jitter makes a time, it takes from the breaker.
type model struct {
	o        BreakerOptions
	phase    Phase
	period   int // of phases gone by
	inRow    int
	counted  []modelAttempt
	level    int
	closedAt time.Duration
	until    time.Duration
	earliest time.Duration // what until may be
	latest   time.Duration
	forced   Forced
}

type modelAttempt struct {
	at     time.Duration
	failed bool
}

type modelTicket struct {
	period int
	phase  Phase
}

func (m *model) enter(p Phase) { m.phase, m.period = p, m.period+1 }

func (m *model) admit(now time.Duration) (modelTicket, bool) {
	if m.forced.shuts() {
		return modelTicket{}, false
	}
	if m.phase != Closed {
		if now < m.until {
			return modelTicket{}, false
		}
		m.enter(HalfOpen)
		m.bounds(now+m.o.MaxOpenTime, 0)
	}
	return modelTicket{m.period, m.phase}, true
}

func (m *model) force(f Forced, now time.Duration) {
	m.forced = f
	if f != ForcedClosed {
		return
	}
	if m.phase != Closed {
		m.enter(Closed)
	}
	m.inRow, m.counted, m.level, m.closedAt = 0, nil, 0, now
}

func (m *model) bounds(until, give time.Duration) {
	m.earliest, m.latest = until-give-1, until+give+1
}

func (m *model) open(now time.Duration) {
	d := m.o.OpenTime
	for range m.level {
		d = min(2*d, m.o.MaxOpenTime)
	}
	m.level++
	m.enter(Open)
	m.bounds(now+d, d/5)
}

func (m *model) report(t modelTicket, v verdict, now time.Duration) {
	switch {
	case t.period != m.period:
	case m.phase == HalfOpen && v == success:
		m.enter(Closed)
		m.inRow, m.counted, m.closedAt = 0, nil, now
	case m.phase == HalfOpen && v == failure:
		m.inRow++
		m.open(now)
	case m.phase == HalfOpen:
		m.enter(Open)
		m.bounds(now, 0)
	case v == success:
		m.inRow = 0
		m.counted = append(m.counted, modelAttempt{now, false})
	case v == failure:
		m.inRow++
		m.counted = append(m.counted, modelAttempt{now, true})
		if m.tooMany(now) && m.forced != ForcedClosed {
			if now-m.closedAt >= m.o.Window {
				m.level = 0
			}
			m.open(now)
		}
	}
}

func (m *model) tooMany(now time.Duration) bool {
	slot := m.o.Window / slots
	attempts, failures := 0, 0
	for _, a := range m.counted {
		if a.at/slot > now/slot-slots {
			attempts++
			if a.failed {
				failures++
			}
		}
	}
	return m.o.Failures > 0 && m.inRow >= m.o.Failures ||
		m.o.FailureRate > 0 && attempts >= m.o.MinAttempts && float64(failures) >= m.o.FailureRate*float64(attempts)
}

// FuzzBreaker has the breaker and the model live through the same: any attempts,
// ending in any order, at any time.
func FuzzBreaker(f *testing.F) {
	f.Add([]byte("\x05\x05"), []byte("\x00\x20\x00\x20\x00\x20\x00\x20\x00\x20\xc1\x00\x10"))
	f.Add([]byte("\x00\x0a"), []byte("\x00\x10\x00\x20\x00\x10\x00\x20\x00\x10\x00\x20\x00\x10\x00\x20\x00\x10\x00\x20\x00\x10\x00\x20"))
	f.Add([]byte("\x01\x00"), []byte("\x00\x00\x00\x20\xff\x00\x20\xff\xff\x00\x20\xff\xff\xff\xff\x00\x10\x00\x30\x00\x30"))
	f.Add([]byte("\x05\x00"), []byte("\x00\x20\x00\x20\x00\x20\x00\x20\x00\x20\x41\x00\x42\x00\x20\x00\x20\x00\x20\x00\x20\x00\x20\x00\x20\x40\x00\x20\x00"))
	f.Add([]byte("\x01\x00"), []byte("\x00\x20\xff\xff\x00\x43\x10\x00\x40\x00\x42\x00\x20\x40\x00"))
	f.Fuzz(func(t *testing.T, settings, events []byte) {
		if len(settings) < 2 || len(events) > 2000 {
			return
		}
		o := defaultBreaker()
		o.Failures, o.FailureRate, o.MinAttempts = int(settings[0]%8), float64(settings[1]%11)/10, 5
		r := newRig(t, o)
		m := &model{o: o}
		var open []modelTicket
		admitted, reported := 0, 0
		for _, event := range events {
			now := r.now.Sub(r.e.common.born)
			switch arg := int(event & 0x0f); event >> 4 {
			case 0: // somebody comes
				ticket := r.e.Admit(r.now)
				want, ok := m.admit(now)
				if (ticket != 0) != ok {
					t.Fatalf("at %v: admitted is %v, want %v", now, ticket != 0, ok)
				}
				if ok {
					admitted++
					r.tickets, open = append(r.tickets, ticket), append(open, want)
				}
			case 1, 2, 3: // somebody is done
				if len(open) == 0 {
					continue
				}
				i := arg % len(open)
				outcome := []Outcome{Served, HungUp, Abandoned}[event>>4-1]
				r.e.Report(r.tickets[i], outcome, r.now)
				m.report(open[i], outcome.verdict(), now)
				reported++
				r.tickets, open = append(r.tickets[:i:i], r.tickets[i+1:]...), append(open[:i:i], open[i+1:]...)
			case 4: // the operator decides
				f := Forced(arg) % forceds
				if _, err := r.registry.Force("a:1", f, r.now); err != nil {
					t.Fatal(err)
				}
				m.force(f, now)
			default: // time passes
				r.now = r.now.Add(time.Duration(event>>4-4) * time.Duration(arg+1) * 200 * time.Millisecond)
			}
			compare(t, r, m)
		}
		r.wantBalance(admitted, reported)
	})
}

// wantBalance wants every Report of a Ticket to be counted, once.
func (r *rig) wantBalance(admitted, reported int) {
	r.t.Helper()
	sum := 0
	for _, n := range r.e.Stats().Reports {
		sum += int(n)
	}
	if sum != reported || len(r.tickets) != admitted-reported {
		r.t.Errorf("%d reports counted of %d, with %d tickets out of %d", sum, reported, len(r.tickets), admitted)
	}
}

func compare(t *testing.T, r *rig, m *model) {
	t.Helper()
	got := r.e.Stats().Breaker
	if got.Phase != m.phase || int(got.Consecutive) != m.inRow {
		t.Fatalf("%+v, want %v with %d in a row", got, m.phase, m.inRow)
	}
	if m.phase == Closed {
		return
	}
	m.until = got.Until.Sub(r.e.common.born)
	if m.until < m.earliest || m.until > m.latest {
		t.Fatalf("until %v, want from %v to %v", m.until, m.earliest, m.latest)
	}
}
