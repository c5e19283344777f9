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
	to      resolve.Tracker
	queue   chan track
	done    chan struct{}
	dropped atomic.Uint64
	panics  *atomic.Uint64 // the engine's count
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

func startTracker(r resolve.Resolver, panics *atomic.Uint64) *tracker {
	to, wants := r.(resolve.Tracker)
	if !wants {
		return nil
	}
	t := &tracker{to: to, queue: make(chan track, trackQueue), done: make(chan struct{}), panics: panics}
	go t.run()
	return t
}

func (t *tracker) run() {
	defer close(t.done)
	for n := range t.queue {
		t.tell(n)
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

func (t *tracker) droppedSoFar() uint64 {
	if t == nil {
		return 0
	}
	return t.dropped.Load()
}

// lastWords is how long a Tracker may take over what is queued at the end.
const lastWords = 5 * time.Second

// stop delivers what is queued and ends the goroutine.
func (t *tracker) stop() {
	if t == nil {
		return
	}
	close(t.queue)
	select {
	case <-t.done:
	case <-time.After(lastWords):
	}
}
