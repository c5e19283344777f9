package engine

import (
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// face is what others may see of a session that goroutines own, at any time and
// without waiting for them.
type face struct {
	*traffic
	port                 *goroutinePort
	started              time.Time
	client               atomic.Pointer[netip.AddrPort]
	route                atomic.Pointer[resolve.Route] // nil until resolved
	state                atomic.Uint32
	secured              atomic.Bool // with the client
	web                  bool        // it serves HTTP requests, as long as it hasn't
	switched             atomic.Bool // to another protocol
	fromClient, toClient atomic.Uint64
	before               struct{ fromClient, toClient atomic.Uint64 } // it went to route
	stays                func() []stay                                // of a session that uses several backends, else nil
	asking               atomic.Bool                                  // the client was the last to say something
	ordered              atomic.Uint32                                // the Reason that others have ended it for, 0 for none
}

// newFace is that of a client who has just come.
func newFace(p *goroutinePort, client netip.AddrPort) *face {
	f := &face{traffic: p.share(), port: p, started: time.Now(), web: p.spec.isWeb()}
	f.client.Store(&client)
	return f
}

// moved counts bytes read from the client and from backends for it.
func (f *face) moved(fromClient, toClient uint64) {
	f.traffic.moved(fromClient, toClient)
	f.fromClient.Add(fromClient)
	f.toClient.Add(toClient)
	if asked := f.asking.Load(); asks(asked, fromClient, toClient) != asked {
		f.asking.Store(!asked)
	}
}

// goes notes where the session goes, and what it had moved by then.
func (f *face) goes(route *resolve.Route, before moved) {
	f.route.Store(route)
	f.before.fromClient.Store(before.fromClient)
	f.before.toClient.Store(before.toClient)
}

// end notes why others end the session; the first word counts.
func (f *face) end(why Reason) { f.ordered.CompareAndSwap(0, uint32(why)) }

// ended is why others have ended the session; a Reason that doesn't leave if they haven't.
func (f *face) ended() Reason { return Reason(f.ordered.Load()) }

func (f *face) view() sessionView {
	client, state := *f.client.Load(), State(f.state.Load())
	before := moved{f.before.fromClient.Load(), f.before.toClient.Load()} // ahead of what is more
	v := sessionView{
		id:       sessionID{started: time.Duration(f.started.UnixNano()), client: client},
		listener: f.port.spec, route: f.route.Load(), state: state, age: time.Since(f.started), secured: f.secured.Load(),
		piped:  (state == Relaying || state == Standing) && (!f.web || f.switched.Load()),
		asking: f.asking.Load(),
		all:    moved{f.fromClient.Load(), f.toClient.Load()},
	}
	v.here = v.all.since(before)
	if f.stays != nil {
		v.stays = f.stays()
	}
	return v
}
