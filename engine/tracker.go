package engine

import (
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// trackQueue bounds the notifications waiting for a slow Tracker. Past it
// they are dropped and counted: sessions never wait for it.
const trackQueue = 65536

// tracker tells a resolver that implements resolve.Tracker about sessions, in
// order, on a goroutine of its own. A nil tracker tells nobody.
type tracker struct {
	to    resolve.Tracker
	queue chan track
	last  chan struct{} // closed when nothing more is put
	done  chan struct{} // closed when everything is told
	// dropped and panics are the engine's counts.
	dropped, panics *atomic.Uint64
}

// track is one notification; event is the Tracker's method.
type track struct {
	event                trackEvent
	route                *resolve.Route
	client               netip.AddrPort
	fromClient, toClient uint64
}

type trackEvent uint8

const (
	trackConnect trackEvent = iota
	trackActivity
	trackDisconnect
)

func startTracker(r resolve.Resolver, c *counters) *tracker {
	to, wants := r.(resolve.Tracker)
	if !wants {
		return nil
	}
	t := &tracker{
		to: to, queue: make(chan track, trackQueue), last: make(chan struct{}), done: make(chan struct{}),
		dropped: &c.trackingDropped, panics: &c.panics,
	}
	go t.run()
	return t
}

func (t *tracker) run() {
	defer close(t.done)
	for {
		select {
		case n := <-t.queue:
			t.tell(n)
		case <-t.last:
			t.tellRest()
			return
		}
	}
}

// tellRest tells what is queued at the end.
func (t *tracker) tellRest() {
	for {
		select {
		case n := <-t.queue:
			t.tell(n)
		default:
			return
		}
	}
}

// tell keeps a panicking Tracker from taking the process with it.
func (t *tracker) tell(n track) {
	defer func() {
		if recover() != nil {
			t.panics.Add(1)
		}
	}()
	req, res := n.route.Request, n.route.Result
	req.Client = n.client // the route is everybody's
	switch n.event {
	case trackConnect:
		t.to.OnConnect(req, res)
	case trackActivity:
		t.to.Track(req, res, n.fromClient, n.toClient)
	case trackDisconnect:
		t.to.OnDisconnect(req, res, n.fromClient, n.toClient)
	}
}

// put queues a notification about a session that was routed (others have no
// route, and nobody to tell).
func (t *tracker) put(event trackEvent, r *resolve.Route, client netip.AddrPort, fromClient, toClient uint64) {
	if t == nil || r == nil {
		return
	}
	n := track{event: event, route: r, client: client, fromClient: fromClient, toClient: toClient}
	select {
	case t.queue <- n:
	default:
		t.dropped.Add(1)
	}
}

// lastWords is how long a Tracker may take over what is queued at the end.
const lastWords = 5 * time.Second

// stop delivers what is queued and ends the goroutine. What is put afterwards, by
// one who has overslept it, is told nobody.
func (t *tracker) stop() {
	if t == nil {
		return
	}
	close(t.last)
	select {
	case <-t.done:
	case <-time.After(lastWords):
	}
}
