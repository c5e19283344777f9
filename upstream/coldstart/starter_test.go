package coldstart

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// platform is a resolver with one resource that sleeps.
type platform struct {
	wakes, probes, refreshes atomic.Int64

	wake    func(context.Context) error
	refresh func() (*resolve.Route, error)
	probe   func(context.Context) error

	resources *upstream.Resources
	room      atomic.Int64 // places; 0 for no bound
}

var request = resolve.Request{Protocol: "p", Resource: "r"}

func cold() *resolve.Route {
	return &resolve.Route{
		Request: request,
		Result:  resolve.Result{Endpoint: "192.0.2.1:1", State: resolve.Cold, Wake: "hook"},
		Addrs:   []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:1")},
	}
}

// newPlatform has a resource that is ready as soon as it is woken.
func newPlatform() *platform {
	return &platform{
		wake:      func(context.Context) error { return nil },
		refresh:   func() (*resolve.Route, error) { return cold(), nil },
		probe:     func(context.Context) error { return nil },
		resources: upstream.NewResources(),
	}
}

func (p *platform) Wake(ctx context.Context, _ resolve.Request, res resolve.Result) error {
	if res.Wake != "hook" {
		panic("woken with " + res.Wake)
	}
	p.wakes.Add(1)
	return p.wake(ctx)
}

func (p *platform) Resolve(context.Context, resolve.Request) (resolve.Result, error) {
	panic("the Starter asks through Refresh")
}

func (p *platform) starter(t *testing.T, o Options) *Starter {
	t.Helper()
	s := New(o, Hooks{
		Waker: func() resolve.Waker { return p },
		Refresh: func(context.Context, resolve.Request) (*resolve.Route, error) {
			p.refreshes.Add(1)
			return p.refresh()
		},
		Woken: func(r *resolve.Route) *resolve.Route {
			ready := *r
			ready.State = resolve.Ready
			return &ready
		},
		Probe: func(ctx context.Context, _ *resolve.Route) error {
			p.probes.Add(1)
			return p.probe(ctx)
		},
		Room: p.enter,
	})
	t.Cleanup(s.Close)
	return s
}

func (p *platform) enter(r *resolve.Route) *upstream.Resource {
	return p.resources.Enter(r.Protocol, r.Resource, upstream.Allowance{Sessions: int(p.room.Load())}, time.Now())
}

// client is one that waits.
type client struct {
	Waiter
	answered int
	route    *resolve.Route
	at       time.Time
}

func wait(t *testing.T, s *Starter) *client {
	t.Helper()
	c := waitFor(s, request)
	if c == nil {
		t.Fatal("too many wait")
	}
	return c
}

func waitFor(s *Starter, req resolve.Request) *client {
	c := new(client)
	c.Done = func(r *resolve.Route, _ *upstream.Resource) {
		c.answered++
		c.route, c.at = r, time.Now()
	}
	if !s.Wait(req, cold(), &c.Waiter) {
		return nil
	}
	return c
}

func (c *client) wantReady(t *testing.T) {
	t.Helper()
	if c.answered != 1 || c.route.Err != nil || c.route.State != resolve.Ready {
		t.Errorf("answered %d times with %+v, want once with a route that is ready", c.answered, c.route)
	}
}

func (c *client) wantError(t *testing.T, kind resolve.Kind) {
	t.Helper()
	if c.answered != 1 || c.route.Err == nil || resolve.KindOf(c.route.Err) != kind {
		t.Errorf("answered %d times with %+v, want once with %v", c.answered, c.route, kind)
	}
}

func TestOneWakeForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		ready := time.Now().Add(2 * time.Second)
		p.probe = func(context.Context) error {
			if time.Now().Before(ready) {
				return errors.New("not yet")
			}
			return nil
		}
		s := p.starter(t, DefaultOptions())
		var all []*client
		for range 10_000 {
			all = append(all, wait(t, s))
		}
		time.Sleep(time.Until(ready) + time.Second)
		synctest.Wait()
		if n := p.wakes.Load(); n != 1 {
			t.Errorf("%d wakes", n)
		}
		for _, c := range all {
			c.wantReady(t)
		}
		if !slices.IsSortedFunc(all, func(a, b *client) int { return a.at.Compare(b.at) }) {
			t.Error("not in the order they came")
		}
		if first, last := all[0].at.Sub(ready), all[len(all)-1].at.Sub(ready); first > DefaultOptions().Interval || last > 250*time.Millisecond || last <= first {
			t.Errorf("let in %v to %v after it was ready", first, last)
		}
	})
}

func TestLateClientsAreGivenTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		s := p.starter(t, DefaultOptions())
		early := wait(t, s)
		synctest.Wait()
		early.wantReady(t)
		time.Sleep(s.live.Load().Settle / 2)
		late := wait(t, s)
		synctest.Wait()
		late.wantReady(t)
		if n := p.wakes.Load(); n != 1 {
			t.Errorf("%d wakes", n)
		}
		time.Sleep(s.live.Load().Settle + time.Millisecond)
		synctest.Wait()
		next := wait(t, s)
		synctest.Wait()
		next.wantReady(t)
		if n := p.wakes.Load(); n != 2 {
			t.Errorf("%d wakes after it has settled", n)
		}
	})
}

func TestFailures(t *testing.T) {
	boom := resolve.Errorf(resolve.Unavailable, "no capacity")
	for name, tt := range map[string]struct {
		spoil func(*platform)
		kind  resolve.Kind
		after time.Duration
	}{
		"the wake fails":              {func(p *platform) { p.wake = func(context.Context) error { return boom } }, resolve.Unavailable, 0},
		"the wake panics":             {func(p *platform) { p.wake = func(context.Context) error { panic("!") } }, resolve.Internal, 0},
		"the resolver gives up":       {func(p *platform) { p.refresh = func() (*resolve.Route, error) { return nil, boom } }, resolve.Unavailable, 0},
		"the resource goes away":      {func(p *platform) { p.refresh = refuse(resolve.NotFound) }, resolve.NotFound, 0},
		"the resolver has a hiccup":   {func(p *platform) { p.refresh = refuse(resolve.Internal) }, resolve.Timeout, 30 * time.Second},
		"the wake hangs":              {func(p *platform) { p.wake = hang }, resolve.Timeout, 30 * time.Second},
		"the backend never comes":     {func(p *platform) { p.probe = func(context.Context) error { return boom } }, resolve.Timeout, 30 * time.Second},
		"the backend never answers":   {func(p *platform) { p.probe = hang }, resolve.Timeout, 30 * time.Second},
		"the backend has no address":  {func(p *platform) { p.refresh = addressless }, resolve.Timeout, 30 * time.Second},
		"it starts draining meantime": {func(p *platform) { p.refresh = draining }, resolve.Unavailable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlatform()
				tt.spoil(p)
				s := p.starter(t, DefaultOptions())
				begun := time.Now()
				all := []*client{wait(t, s), wait(t, s), wait(t, s)}
				time.Sleep(tt.after + time.Millisecond)
				synctest.Wait()
				for _, c := range all {
					c.wantError(t, tt.kind)
					if took := c.at.Sub(begun); took != tt.after {
						t.Errorf("told after %v, want %v", took, tt.after)
					}
				}
				if stats := s.Stats(); stats.Waiting != 0 || stats.Failures+stats.Timeouts != 1 {
					t.Errorf("%+v", stats)
				}
			})
		})
	}
}

func refuse(k resolve.Kind) func() (*resolve.Route, error) {
	return func() (*resolve.Route, error) { return nil, resolve.Errorf(k, "refused") }
}

func hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func addressless() (*resolve.Route, error) {
	r := cold()
	r.Addrs = nil
	return r, nil
}

func draining() (*resolve.Route, error) {
	r := cold()
	r.State = resolve.Draining
	return r, nil
}

func TestWhoLeavesFreesItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.probe = hang
		o := DefaultOptions()
		o.PerResource = 2
		s := p.starter(t, o)
		stays, goes := wait(t, s), wait(t, s)
		if waitFor(s, request) != nil {
			t.Fatal("a third of two may wait")
		}
		if !s.Leave(&goes.Waiter) || s.Leave(&goes.Waiter) {
			t.Error("leaving is once")
		}
		wait(t, s)
		time.Sleep(time.Minute)
		synctest.Wait()
		stays.wantError(t, resolve.Timeout)
		if goes.answered != 0 {
			t.Error("who had left was answered")
		}
	})
}

func TestLastToLeaveEndsTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		ended := false
		p.wake = func(ctx context.Context) error {
			<-ctx.Done()
			ended = true
			return ctx.Err()
		}
		s := p.starter(t, DefaultOptions())
		one, other := wait(t, s), wait(t, s)
		synctest.Wait()
		s.Leave(&one.Waiter)
		synctest.Wait()
		if ended {
			t.Error("ended with somebody waiting")
		}
		s.Leave(&other.Waiter)
		synctest.Wait()
		if !ended || s.Stats().Starting != 0 {
			t.Errorf("ended: %v, %+v", ended, s.Stats())
		}
		again := wait(t, s)
		synctest.Wait()
		if p.wakes.Load() != 2 {
			t.Error("who comes afterwards begins no start of its own")
		}
		s.Leave(&again.Waiter)
	})
}

func TestBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.probe = hang
		o := DefaultOptions()
		o.Total, o.Starts = 3, 2
		s := p.starter(t, o)
		of := func(resource string) bool {
			return waitFor(s, resolve.Request{Protocol: "p", Resource: resource}) != nil
		}
		if !of("a") || !of("b") {
			t.Fatal("refused within the bounds")
		}
		if of("c") {
			t.Error("a third start of two")
		}
		if !of("a") {
			t.Error("a third client of three was refused")
		}
		if of("a") {
			t.Error("a fourth client of three")
		}
		if n := s.Stats().Overflows; n != 2 {
			t.Errorf("%d overflows, want 2", n)
		}
	})
}

func TestNobodyIsLetInWithoutRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.room.Store(2)
		s := p.starter(t, DefaultOptions())
		all := []*client{wait(t, s), wait(t, s), wait(t, s), wait(t, s)}
		time.Sleep(time.Minute) // longer than the start may take: it has ended well
		synctest.Wait()
		for i, c := range all {
			if got, want := c.answered == 1, i < 2; got != want {
				t.Errorf("client %d answered: %v", i, got)
			}
		}
		if !s.Busy(request.Protocol, request.Resource) || s.Busy("p", "other") {
			t.Error("Busy doesn't tell who waits")
		}
		p.room.Store(3)
		time.Sleep(pace)
		synctest.Wait()
		all[2].wantReady(t)
		s.Leave(&all[3].Waiter)
		if s.Busy(request.Protocol, request.Resource) {
			t.Error("Busy though nobody waits")
		}
	})
}

func TestCloseEndsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		p.wake = hang
		s := p.starter(t, DefaultOptions())
		c := wait(t, s)
		synctest.Wait()
		s.Close()
		if c.answered != 0 {
			t.Error("answered though everything ends")
		}
	})
}

func TestOptionsAreValidated(t *testing.T) {
	o := DefaultOptions()
	if err := o.Validate(); err != nil {
		t.Error(err)
	}
	if (&Options{}).Validate() == nil {
		t.Error("options of zero are fine")
	}
}
