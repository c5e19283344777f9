package healthtest

import (
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// troubles are the ways to fail, where the backend is that does, and what an
// endpoint's clients are told once it isn't tried any more: the last real reason.
var troubles = []struct {
	mood     mood
	host     string
	told     map[string]string // by protocol
	attempts map[string]string // by protocol, while it is tried, if it differs
}{
	{refuses, here, map[string]string{"postgresql": "57P03", "http": "503"}, nil},
	{hangsUp, here, map[string]string{"postgresql": "57P03", "http": "503"}, map[string]string{"http": "502"}},
	{silent, here, map[string]string{"postgresql": "57P03", "http": "504"}, nil},
	{vanishes, hole, map[string]string{"postgresql": "57P03", "http": "504"}, nil},
}

// An endpoint that fails too often isn't tried any more, and its clients hear why.
func TestBreakerOpens(t *testing.T) {
	for _, trouble := range troubles {
		t.Run(trouble.mood.String(), func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, impl engine.Impl, protocol string) {
				s := newStand(t, impl, protocol, []string{trouble.host}, hasty)
				s.wantServed(1)
				s.backends[0].set(trouble.mood)
				want := trouble.attempts[protocol]
				if want == "" {
					want = trouble.told[protocol]
				}
				if told := s.breakOpen(0, 5); told != want {
					t.Errorf("told %q, want %q", told, want)
				}
				tried, heard := s.attempts(0), s.backends[0].heard()
				for range 5 {
					if told := s.visit(); told != trouble.told[protocol] {
						t.Errorf("while it is open, told %q, want %q", told, trouble.told[protocol])
					}
				}
				if s.attempts(0) != tried || s.backends[0].heard() != heard {
					t.Error("tried though the breaker is open")
				}
			})
		})
	}
}

// shortly has the breaker stay open for no time to speak of, at first.
func shortly(cfg *engine.Config) {
	cfg.Upstream.Breaker.OpenTime = 5 * time.Millisecond
	cfg.Upstream.Breaker.Window = 100 * time.Millisecond
}

// When the time of an open breaker is over, one of all who come tries the
// endpoint; the others hear what has been wrong.
func TestOneProbe(t *testing.T) {
	eachProtocol(t, func(t *testing.T, impl engine.Impl, protocol string) {
		s := newStand(t, impl, protocol, []string{here}, shortly)
		b := s.backends[0]
		b.set(refuses)
		s.breakOpen(0, 5)
		release := b.hold()
		defer release()
		b.set(serves)
		enginetest.Eventually(t, "its time is over", func() bool { return time.Now().After(s.endpoint(0).Breaker.Until) })
		tried := s.attempts(0)
		const n = 50
		told := make(chan string, n)
		for range n {
			go func() { told <- s.visit() }()
		}
		for range n - 1 {
			if got := <-told; got == "" {
				t.Error("served, before the probe was")
			}
		}
		enginetest.Eventually(t, "the probe is heard", func() bool { return b.heard() > 0 })
		if e := s.endpoint(0); s.attempts(0) != tried+1 || b.heard() != 1 || e.Breaker.Phase != upstream.HalfOpen {
			t.Errorf("%d probes, %d heard, %v, want one in half-open", s.attempts(0)-tried, b.heard(), e.Breaker.Phase)
		}
		release()
		if got := <-told; got != "" {
			t.Errorf("the probe was told %q", got)
		}
		s.awaitClosedBreaker()
		s.wantServed(10)
	})
}

// A backend that comes and goes is found each time.
func TestFlapping(t *testing.T) {
	for _, trouble := range troubles {
		t.Run(trouble.mood.String(), func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, impl engine.Impl, protocol string) {
				s := newStand(t, impl, protocol, []string{trouble.host}, func(cfg *engine.Config) { hasty(cfg); shortly(cfg) })
				for range 3 {
					s.backends[0].set(trouble.mood)
					s.untilOpen()
					s.backends[0].set(serves)
					enginetest.Eventually(t, "it is found again", func() bool { return s.visit() == "" })
					s.awaitClosedBreaker()
					s.wantServed(3)
				}
			})
		})
	}
}

// awaitClosedBreaker waits until a probe's good end, of which its client may hear
// first, has closed the only breaker.
func (s *stand) awaitClosedBreaker() {
	s.t.Helper()
	enginetest.Eventually(s.t, "the breaker closes", func() bool { return s.endpoint(0).Breaker.Phase == upstream.Closed })
}

// untilOpen has clients come until the only breaker has opened once more.
func (s *stand) untilOpen() {
	s.t.Helper()
	before := s.endpoint(0).Breaker.Entered[upstream.Open]
	enginetest.Eventually(s.t, "the breaker opens", func() bool {
		s.visit()
		return s.endpoint(0).Breaker.Entered[upstream.Open] > before
	})
}

// With a second endpoint no client notices the trouble of the first, once its
// breaker is open; and then it costs no attempt.
func TestOtherEndpointServes(t *testing.T) {
	for _, trouble := range troubles {
		t.Run(trouble.mood.String(), func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, impl engine.Impl, protocol string) {
				s := newStand(t, impl, protocol, []string{trouble.host, here}, hasty)
				s.wantServed(4)
				s.backends[0].set(trouble.mood)
				s.breakOpen(0, 20)
				tried := s.attempts(0)
				s.wantServed(20)
				if s.attempts(0) != tried {
					t.Error("tried though the breaker is open")
				}
			})
		})
	}
}

// With a second endpoint not one client notices a first that refuses connections
// from time to time.
func TestNobodyNoticesFlapping(t *testing.T) {
	eachProtocol(t, func(t *testing.T, impl engine.Impl, protocol string) {
		s := newStand(t, impl, protocol, []string{here, here}, shortly)
		for range 5 {
			s.backends[0].set(refuses)
			opened := s.endpoint(0).Breaker.Entered[upstream.Open]
			enginetest.Eventually(t, "the breaker opens", func() bool {
				s.wantServed(1)
				return s.endpoint(0).Breaker.Entered[upstream.Open] > opened
			})
			s.backends[0].set(serves)
			heard := s.backends[0].heard()
			enginetest.Eventually(t, "it is found again", func() bool {
				s.wantServed(1)
				return s.backends[0].heard() > heard
			})
		}
	})
}
