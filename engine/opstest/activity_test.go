package opstest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// diary is a resolver that is told of sessions.
type diary struct {
	resolve.Resolver

	mu    sync.Mutex
	lines []string
}

var _ resolve.Tracker = (*diary)(nil)

func (d *diary) note(what, resource string, fromClient, toClient uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintln(what, resource, fromClient, toClient))
}

// OnConnect implements resolve.Tracker.
func (d *diary) OnConnect(q resolve.Request, _ resolve.Result) { d.note("connect", q.Resource, 0, 0) }

// Track implements resolve.Tracker.
func (d *diary) Track(q resolve.Request, _ resolve.Result, fromClient, toClient uint64) {
	d.note("use", q.Resource, fromClient, toClient)
}

// OnDisconnect implements resolve.Tracker.
func (d *diary) OnDisconnect(q resolve.Request, _ resolve.Result, fromClient, toClient uint64) {
	d.note("disconnect", q.Resource, fromClient, toClient)
}

func (d *diary) want(t *testing.T, lines ...string) {
	t.Helper()
	for i := range lines {
		lines[i] += "\n"
	}
	var got []string
	defer func() {
		if t.Failed() {
			t.Log(got)
		}
	}()
	enginetest.Eventually(t, "the diary is complete", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		got = slices.Clone(d.lines)
		return slices.Equal(got, lines)
	})
}

// wantMoved compares what each resource has moved, one letter each.
func wantMoved(t *testing.T, p *enginetest.Proxy, want map[string][2]uint64) {
	t.Helper()
	all := p.Resources(engine.ResourceFilter{}, 10)
	if len(all) != len(want) {
		t.Errorf("%d resources, want %d", len(all), len(want))
	}
	for _, r := range all {
		if got := [2]uint64{r.FromClient, r.ToClient}; got != want[r.Name] {
			t.Errorf("%s: %d, want %d", r.Name, got, want[r.Name])
		}
	}
}

// TestHTTPCountsWhereItGoes: a connection's requests count where each goes, as they do,
// and the resolver is told of each stay, and of its use.
func TestHTTPCountsWhereItGoes(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		d := &diary{Resolver: resolve.Fixed(backend.Address())}
		cfg := enginetest.Config(impl, engine.HTTPFront(), d)
		cfg.TrackInterval = time.Nanosecond
		p := enginetest.Start(t, cfg)
		c := p.Dial()
		var link *enginetest.Conn
		exchange := func(host string) {
			c.Say("POST / HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 3\r\n\r\nabc") // 50 bytes
			if link == nil {
				link = backend.Accept()
			}
			link.HearTo("\r\n\r\nabc")
			link.Say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello") // 43 bytes
			c.HearTo("\r\n\r\nhello")
		}
		const in, out = 50, 43
		exchange("x")
		wantMoved(t, p, map[string][2]uint64{"x": {in, out}})
		exchange("x")
		exchange("y")
		wantMoved(t, p, map[string][2]uint64{"x": {2 * in, 2 * out}, "y": {in, out}})
		enginetest.CloseAll(t, c)
		p.AwaitActive(0)
		wantMoved(t, p, map[string][2]uint64{"x": {2 * in, 2 * out}, "y": {in, out}})
		enginetest.CloseAll(t, link)
		d.want(t, "connect x 0 0", fmt.Sprint("use x ", in, " ", out),
			fmt.Sprint("disconnect x ", 2*in, " ", 2*out), "connect y 0 0", fmt.Sprint("disconnect y ", in, " ", out))
		enginetest.Eventually(t, "the endpoint has all of it", func() bool {
			e := p.Endpoints()[0]
			return e.FromClient == 3*in && e.ToClient == 3*out
		})
	})
}

// TestRelayIsUse: what a relay moves is use of its resource.
func TestRelayIsUse(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		d := &diary{Resolver: resolve.Fixed(backend.Address())}
		cfg := enginetest.Config(impl, listener("x").Front, d)
		cfg.TrackInterval = time.Nanosecond
		p := enginetest.Start(t, cfg)
		c := p.Dial()
		c.Say("a")
		link := backend.Accept()
		link.Hear("a")
		enginetest.Eventually(t, "use is told", func() bool {
			d.mu.Lock()
			defer d.mu.Unlock()
			return slices.ContainsFunc(d.lines, func(l string) bool { return l[:3] == "use" })
		})
		enginetest.CloseAll(t, c, link)
	})
}
