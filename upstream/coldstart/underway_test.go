package coldstart

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// TestUnderWay follows a start from the wake to its end.
func TestUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.wake = func(context.Context) error { return sleep(t.Context(), 10*time.Second) }
		awake := time.Now().Add(15 * time.Second)
		p.probe = func(context.Context) error {
			if time.Now().Before(awake) {
				return errors.New("not yet")
			}
			return nil
		}
		p.room.Store(1)
		s := p.starter(t, DefaultOptions())
		begun := time.Now()
		wait(t, s)
		wait(t, s)
		want := func(phase Phase, waiting int) {
			t.Helper()
			synctest.Wait()
			expected := Start{request.Protocol, request.Resource, phase, waiting, begun}
			if got, is := s.Find(request.Protocol, request.Resource); !is || got != expected {
				t.Errorf("found %v, %+v, want %+v", is, got, expected)
			}
			if all := s.Stats().UnderWay; len(all) != 1 || all[0] != expected {
				t.Errorf("under way are %+v", all)
			}
		}
		want(Waking, 2)
		time.Sleep(12 * time.Second)
		want(Probing, 2)
		time.Sleep(4 * time.Second)
		want(Admitting, 1)
		p.room.Store(2)
		time.Sleep(time.Second / 2)
		synctest.Wait()
		if _, is := s.Find(request.Protocol, request.Resource); is || len(s.Stats().UnderWay) != 0 {
			t.Error("nobody waits, and it is under way")
		}
	})
}

// TestUnderWayIsBounded: those are listed that take the longest.
func TestUnderWayIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.probe = hang
		s := p.starter(t, DefaultOptions())
		for i := range maxUnderWay + 20 {
			waitFor(s, resolve.Request{Protocol: "p", Resource: fmt.Sprint(i)})
			time.Sleep(time.Millisecond)
		}
		all := s.Stats().UnderWay
		if len(all) != maxUnderWay || all[0].Resource != "0" || all[maxUnderWay-1].Resource != fmt.Sprint(maxUnderWay-1) {
			t.Errorf("%d, from %+v", len(all), all[0])
		}
	})
}

// TestOutcomeNobodyWaitsFor: the last client leaves as the outcome becomes known.
func TestOutcomeNobodyWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.wake = hang
		s := p.starter(t, DefaultOptions())
		c := wait(t, s)
		st := s.starts[key{request.Protocol, request.Resource}]
		s.Leave(&c.Waiter)
		if st.note(cold(), time.Second) {
			t.Error("somebody is to be told")
		}
		if got := s.Stats(); len(got.UnderWay) != 0 || s.running != 0 || got.Ready != 0 {
			t.Errorf("%d run: %+v", s.running, got)
		}
	})
}

// TestRefuse: everybody who waits is told, and the next who comes is a new start.
func TestRefuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.wake = hang
		s := p.starter(t, DefaultOptions())
		one, other := wait(t, s), wait(t, s)
		synctest.Wait()
		no := resolve.Errorf(resolve.Forbidden, "no")
		if n := s.Refuse("p", "another", no); n != 0 {
			t.Errorf("%d of another resource are told", n)
		}
		if n := s.Refuse(request.Protocol, request.Resource, no); n != 2 {
			t.Errorf("%d are told, want 2", n)
		}
		one.wantError(t, resolve.Forbidden)
		other.wantError(t, resolve.Forbidden)
		if s.Leave(&one.Waiter) {
			t.Error("one who was told is waiting")
		}
		p.wake = func(context.Context) error { return nil }
		next := wait(t, s)
		synctest.Wait()
		next.wantReady(t)
		// Over, and with one who waits for a place.
		p.room.Store(1)
		late := wait(t, s)
		synctest.Wait()
		if start, is := s.Find(request.Protocol, request.Resource); !is || start.Phase != Admitting || start.Waiting != 1 {
			t.Errorf("found %v, %+v, want one to wait for a place", is, start)
		}
		if n := s.Refuse(request.Protocol, request.Resource, no); n != 1 {
			t.Errorf("%d are told, want 1", n)
		}
		late.wantError(t, resolve.Forbidden)
		if stats := s.Stats(); stats.Starts != 2 || stats.Waiting != 0 || stats.Starting != 0 || p.wakes.Load() != 2 {
			t.Errorf("%+v", stats)
		}
	})
}

func TestPhaseNames(t *testing.T) {
	for p, want := range map[Phase]string{Waking: "waking", Probing: "probing", Admitting: "admitting", phases: "unknown"} {
		if p.String() != want {
			t.Errorf("%v, want %s", p, want)
		}
	}
}
