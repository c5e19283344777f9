package engine

import (
	"errors"
	"net/netip"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/http"
	"github.com/proxy-engine/proxy-engine/engine/reactor"
	"github.com/proxy-engine/proxy-engine/engine/relay"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// maxFreeSetups is how many setups a loop keeps for the next sessions.
const maxFreeSetups = 1024

// worker is an event loop with its ports and sessions. Only its loop touches
// it, but for call.
type worker struct {
	e       *Engine
	lookups *lookups
	loop    *reactor.Loop
	ended   chan struct{} // closed when the loop is
	index   int           // among the engine's loops
	epoch   time.Duration // when the loop was made, as upstream.Resources.Now
	phases  *phaseShard   // this loop's, as is the next
	linked  *linkShard
	lags    histogram // of the loop's timers
	pipes   relay.Pipes
	// handshakes are all loops', records this loop's.
	handshakes *tlsterm.Pool
	records    tlsterm.Memory
	computing  *crew // all loops', for codecs
	ports      []*port
	locals     map[string]*resolve.Local // by protocol

	sessions list[session, *session]
	asking   map[resolve.Request]*question // lookups under way, by protocol and resource
	free     []*setup
	ready    *readyPool
	// unanswered are the relaying sessions that have sent their backend something
	// first, and when; nothing has come back yet.
	unanswered map[*session]time.Duration
	web
}

// web is what a loop has for HTTP.
type web struct {
	visitors  list[webSession, *webSession]
	links     *linkPool
	parser    *http.Parser
	exchanges []*exchange // for the next requests
	scratch   []byte      // for what is sent at once
	lines     []byte      // for header lines
	ids       requestIDs
}

func newWeb(w *worker) web {
	return web{
		links:   newLinkPool(w),
		scratch: make([]byte, 0, 2*gathered),
		ids:     newRequestIDs(),
	}
}

// port is a listener on one loop.
type port struct {
	w      *worker
	spec   *Listener
	ln     *reactor.Listener
	routes *resolve.Local
	// traffic is what the listener's sessions move on this loop.
	traffic *traffic
}

func newWorker(d *reactorDriver, loop *reactor.Loop) *worker {
	w := &worker{
		e:          d.e,
		lookups:    d.lookups,
		handshakes: d.handshakes,
		computing:  &d.computing,
		loop:       loop,
		pipes:      relay.Pipes{Max: pipesPerLoop},
		ended:      make(chan struct{}),
		epoch:      d.e.resources.Now() - loop.Now(),
		index:      len(d.workers),
		phases:     &d.e.phases.shards[len(d.workers)+1],
		linked:     &d.e.links.shards[len(d.workers)+1],
		locals:     make(map[string]*resolve.Local),
		asking:     make(map[resolve.Request]*question),
		unanswered: make(map[*session]time.Duration),
	}
	loop.Lagged = w.lags.observe
	w.ready, w.web = newReadyPool(w), newWeb(w)
	w.configure()
	return w
}

// configure makes what depends on the configuration.
func (w *worker) configure() {
	cfg := w.e.cfg()
	w.parser = http.NewParser(cfg.HTTP.Limits)
	w.links.max = cfg.share(cfg.HTTP.PoolSize)
	w.ready.most, w.ready.total = cfg.share(cfg.Preconnect.PerEndpoint), cfg.share(cfg.Preconnect.Total)
}

// now is when the loop came to what it is doing, as upstream.Resources.Now.
func (w *worker) now() time.Duration { return w.epoch + w.loop.Began() }

// share is one event loop's part, rounded up.
func (c *Config) share(n int) int { return (n + c.EventLoops - 1) / max(c.EventLoops, 1) }

// errLoopEnded is call's answer when there is no loop any more.
var errLoopEnded = errors.New("the event loop has ended")

// call runs fn on the loop and waits for it. Never call it on a loop.
func (w *worker) call(fn func() error) error {
	done := make(chan error, 1)
	w.loop.Post(func() { done <- fn() })
	select {
	case err := <-done:
		return err
	case <-w.ended:
		return errLoopEnded
	}
}

// newPort returns a port without a socket.
func (w *worker) newPort(spec *Listener) *port {
	return &port{
		w: w, spec: spec, routes: w.local(spec.Front.Protocol.String()),
		traffic: w.e.counters.listener(spec.Name).share(w.index),
	}
}

// local returns the loop's view of the route cache for a protocol.
func (w *worker) local(protocol string) *resolve.Local {
	l, known := w.locals[protocol]
	if !known {
		l = w.e.cache.Local(protocol)
		w.locals[protocol] = l
	}
	return l
}

func (w *worker) stopAccepting() error {
	for _, p := range w.ports {
		p.ln.Close()
	}
	w.ports = nil
	w.visitors.each((*webSession).drain)
	w.ready.close()
	return nil
}

// shutdown ends every session.
func (w *worker) shutdown() {
	w.sessions.each(func(s *session) { s.finish(Drained, nil) })
	w.visitors.each(func(s *webSession) { s.finish(Drained, nil) })
	w.links.close()
	w.ready.close()
	w.pipes.Close()
}

// full says that no more sessions may be accepted now, of whatever kind.
func (w *worker) full() bool { return !w.e.room() }

// accept takes a new client in; it is the port's reactor.AcceptFunc.
func (p *port) accept(fd int, client netip.AddrPort) {
	if p.spec.isWeb() {
		startWebSession(p, fd, client)
		return
	}
	startSession(p, fd, client)
}

func (p *port) acceptFailed(err error) {
	p.w.e.counters.exhausted.Add(1)
	p.w.e.log.exhausted(p.spec, err)
}

// takeSetup lends an empty setup.
func (w *worker) takeSetup() *setup {
	if last := len(w.free) - 1; last >= 0 {
		t := w.free[last]
		w.free = w.free[:last]
		return t
	}
	return new(setup)
}

func (w *worker) putSetup(t *setup) {
	w.loop.Disarm(&t.timer)
	if !t.computing {
		letGo(t.codec)
	}
	t.clientBox.drop()
	t.backendBox.drop()
	*t = setup{clientBox: t.clientBox, backendBox: t.backendBox}
	if len(w.free) < maxFreeSetups {
		w.free = append(w.free, t)
	}
}
