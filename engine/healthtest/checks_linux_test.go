package healthtest

import (
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// checked has endpoints looked at every few milliseconds.
func checked(mode upstream.Mode) func(*engine.Config) {
	return func(cfg *engine.Config) {
		h := upstream.DefaultOptions().Health
		h.Mode, h.Interval, h.Timeout = mode, 5*time.Millisecond, 50*time.Millisecond
		h.InUse = never
		cfg.Upstream.Health = h
		cfg.Cache.Timeout = enginetest.Patience
	}
}

// awaitHealth waits until checks say so of backend i.
func (s *stand) awaitHealth(i int, h upstream.Health) {
	s.t.Helper()
	enginetest.Eventually(s.t, "its health is "+h.String(), func() bool { return s.endpoint(i).Health == h })
}

// awaitChecks waits until backend i was looked at n times more.
func (s *stand) awaitChecks(i int, n uint64) {
	s.t.Helper()
	checks := func() uint64 { e := s.endpoint(i); return e.Checks + e.FailedChecks }
	want := checks() + n
	enginetest.Eventually(s.t, "there are more checks", func() bool { return checks() >= want })
}

// Checks take an endpoint out before a client comes to it, and bring it back.
func TestChecks(t *testing.T) {
	for name, tt := range map[string]struct {
		mode upstream.Mode
		mood mood
		host string
	}{
		"tcp, refuses":       {upstream.TCP, refuses, here},
		"tcp, vanishes":      {upstream.TCP, vanishes, hole},
		"protocol, refuses":  {upstream.Protocol, refuses, here},
		"protocol, hangs up": {upstream.Protocol, hangsUp, here},
		"protocol, silent":   {upstream.Protocol, silent, here},
		"protocol, vanishes": {upstream.Protocol, vanishes, hole},
	} {
		t.Run(name, func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, impl engine.Impl, protocol string) {
				s := newStand(t, impl, protocol, []string{tt.host, here}, checked(tt.mode))
				s.wantServed(4) // now both are wanted
				s.awaitHealth(0, upstream.Up)
				s.awaitHealth(1, upstream.Up)
				s.backends[0].set(tt.mood)
				s.awaitHealth(0, upstream.Down)
				if e := s.endpoint(0); e.FailedChecks < 3 {
					t.Errorf("down after %d checks that failed, want 3", e.FailedChecks)
				}
				tried := s.attempts(0)
				s.wantServed(10)
				if e := s.endpoint(0); s.attempts(0) != tried || e.Breaker.Entered[upstream.Open] != 0 {
					t.Errorf("clients have tried it: %+v", e)
				}
				s.backends[0].set(serves)
				s.awaitHealth(0, upstream.Up)
				s.wantServed(4)
				if s.attempts(0) == tried && protocol != "http" { // whose connections stay
					t.Error("it isn't used again")
				}
			})
		})
	}
}

// When checks hold the only endpoint for down its clients hear why at once.
func TestChecksOfTheOnlyEndpoint(t *testing.T) {
	eachProtocol(t, func(t *testing.T, impl engine.Impl, protocol string) {
		s := newStand(t, impl, protocol, []string{here}, checked(upstream.Protocol))
		s.wantServed(1)
		s.awaitHealth(0, upstream.Up)
		s.backends[0].set(silent)
		s.awaitHealth(0, upstream.Down)
		want := map[string]string{"postgresql": "57P03", "http": "504"}[protocol]
		if told := s.visit(); told != want {
			t.Errorf("told %q, want %q", told, want)
		}
	})
}

// A resource that has gone to sleep isn't looked at any more: that might wake it.
func TestColdIsNotChecked(t *testing.T) {
	eachProtocol(t, func(t *testing.T, impl engine.Impl, protocol string) {
		s := newStand(t, impl, protocol, []string{here}, checked(upstream.TCP))
		s.wantServed(1)
		s.awaitHealth(0, upstream.Up)
		s.mu.Lock()
		s.result.State = resolve.Cold
		s.mu.Unlock()
		s.awaitHealth(0, upstream.Unchecked)
		checks := s.endpoint(0).Checks
		clock := newStand(t, impl, protocol, []string{here}, checked(upstream.TCP))
		clock.wantServed(1)
		clock.awaitChecks(0, 10)
		if e := s.endpoint(0); e.Checks != checks || e.Health != upstream.Unchecked {
			t.Errorf("checked %d times though it sleeps", e.Checks-checks)
		}
	})
}

// What nobody wants any more isn't looked at, what somebody uses is.
func TestUnwantedIsNotChecked(t *testing.T) {
	eachProtocol(t, func(t *testing.T, impl engine.Impl, protocol string) {
		soon := func(cfg *engine.Config) {
			checked(upstream.TCP)(cfg)
			cfg.Upstream.Health.InUse = 50 * time.Millisecond
			cfg.HTTP.PoolIdle = time.Millisecond
		}
		unwanted, used := newStand(t, impl, protocol, []string{here}, soon), newStand(t, impl, protocol, []string{here}, soon)
		unwanted.wantServed(1)
		client, release := used.Dial(), used.backends[0].hold()
		defer release()
		client.Say(used.speech.hello)
		unwanted.awaitChecks(0, 1)
		unwanted.awaitHealth(0, upstream.Unchecked)
		checks := unwanted.endpoint(0).Checks
		used.awaitChecks(0, 10)
		if e := unwanted.endpoint(0); e.Checks != checks {
			t.Errorf("checked %d times though nobody wants it", e.Checks-checks)
		}
		if h := used.endpoint(0).Health; h != upstream.Up {
			t.Errorf("what is used is %v", h)
		}
		release()
		client.Hear(used.speech.welcome[:12])
		enginetest.CloseAll(t, client)
	})
}
