package engine

import (
	"time"

	"github.com/proxy-engine/proxy-engine/engine/reactor"
	"github.com/proxy-engine/proxy-engine/engine/relay"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// readyPool keeps a loop's connections that nobody has wanted yet.
type readyPool struct {
	w       *worker
	most    int // per place
	total   int
	places  map[readyKey]*readyPlace
	count   int // in all places, on their way or ready
	sweeper reactor.Timer
}

// readyPlace is one address, reached in one way.
type readyPlace struct {
	key      readyKey
	endpoint string
	demand   demand
	all      []*preconnection // the newest last
}

// preconnection is a connection on its way, or ready.
type preconnection struct {
	relay.Side
	w        *worker
	place    *readyPlace
	securing *securing     // on its way through TLS
	born     time.Duration // since the loop's start
	ready    bool
}

var (
	_ reactor.Handler = (*preconnection)(nil)
	_ secured         = (*preconnection)(nil)
)

func newReadyPool(w *worker) *readyPool {
	return &readyPool{w: w, places: make(map[readyKey]*readyPlace)}
}

// take makes side, whose events go to h, a connection that is ready; false says that
// there is none.
func (p *readyPool) take(key readyKey, endpoint string, side *relay.Side, h reactor.Handler) bool {
	place := p.places[key]
	if place == nil {
		place = &readyPlace{key: key, endpoint: endpoint}
		p.places[key] = place
		p.rearm()
	}
	place.demand.wanted++
	c := p.fresh(place)
	if c == nil {
		p.w.e.preconnected.misses.Add(1)
		p.refill(place)
		return false
	}
	p.w.e.preconnected.hits.Add(1)
	p.forget(c)
	side.Take(&c.Side, h)
	p.refill(place)
	return true
}

// fresh finds the newest connection that is good, and closes those that aren't.
func (p *readyPool) fresh(place *readyPlace) *preconnection {
	for i := len(place.all) - 1; i >= 0; i-- {
		c := place.all[i]
		if !c.ready {
			continue
		}
		if c.good() {
			return c
		}
		c.die()
	}
	return nil
}

// refill makes connections up to what is wanted.
func (p *readyPool) refill(place *readyPlace) {
	for want := place.demand.target(p.most); len(place.all) < want && p.count < p.total && !p.w.e.draining.Load(); {
		if !p.dial(place) {
			return
		}
	}
}

func (p *readyPool) dial(place *readyPlace) bool {
	c := &preconnection{w: p.w, place: place, born: p.w.loop.Now()}
	place.all = append(place.all, c)
	p.count++
	if err := p.w.loop.Dial(&c.Conn, place.key.to.addr, &p.w.e.cfg().Dial, c); err != nil {
		c.fail(err)
		return false
	}
	return true
}

// forget takes a connection out.
func (p *readyPool) forget(c *preconnection) {
	for i, other := range c.place.all {
		if other == c {
			c.place.all = append(c.place.all[:i], c.place.all[i+1:]...)
			p.count--
			break
		}
	}
	if c.ready {
		p.w.e.preconnected.ready.Add(-1)
	}
}

func (p *readyPool) rearm() {
	if !p.sweeper.Armed() {
		p.w.loop.After(&p.sweeper, readyEvery, p)
	}
}

// Expire implements reactor.Expirer: it closes those that are too old or too many,
// and makes those that are wanted.
func (p *readyPool) Expire() {
	oldest := p.w.loop.Now() - p.w.e.cfg().Preconnect.Idle
	for key, place := range p.places {
		wanted := place.demand.tick()
		for len(place.all) > 0 && (place.all[0].born <= oldest || len(place.all) > place.demand.target(p.most)) {
			place.all[0].die()
		}
		if wanted {
			p.refill(place)
		} else if len(place.all) == 0 {
			delete(p.places, key)
		}
	}
	if len(p.places) > 0 {
		p.rearm()
	}
}

// close closes all of them.
func (p *readyPool) close() {
	for _, place := range p.places {
		for len(place.all) > 0 {
			place.all[0].end()
		}
	}
	clear(p.places)
	p.w.loop.Disarm(&p.sweeper)
}

// Ready implements reactor.Handler.
func (c *preconnection) Ready(*reactor.Conn) {
	defer c.guard()
	switch {
	case c.securing != nil:
		c.securing.move()
	case !c.ready:
		c.connecting()
	case !c.good():
		c.die()
	}
}

func (c *preconnection) connecting() {
	stands, err := c.Conn.Connected()
	switch {
	case err != nil:
		c.fail(err)
	case stands:
		c.w.e.attemptedAt(c.place.endpoint, nil)
		c.connected()
	}
}

func (c *preconnection) connected() {
	listener, leg := c.place.key.listener, &c.place.key.to.leg
	if leg.verify == tlsterm.Off || listener.Front.Negotiates {
		c.stands()
		return
	}
	c.securing = c.w.secureBackend(&c.Side, leg, listener, c.place.key.to.addr, nil, c)
	c.securing.move()
}

// secured implements secured.
func (c *preconnection) secured(_ *securing, err error) {
	c.securing = nil
	if err != nil {
		c.fail(nil)
		return
	}
	c.stands()
}

func (c *preconnection) stands() {
	c.ready = true
	c.w.e.preconnected.ready.Add(1)
}

// guard implements secured.
func (c *preconnection) guard() {
	if fault := recover(); fault != nil {
		c.w.e.panicked(fault)
		c.end()
	}
}

// good says that the backend has neither closed nor said anything: what has come is
// of TLS's own (session tickets), or nothing.
func (c *preconnection) good() bool {
	// Asked of the socket itself: what has happened may not have been told yet.
	return c.Flush() && c.Receive(c.w.loop.Buffer()[:1]) == 0 && !c.Ended() && !c.Broken()
}

// fail ends a connection that came to nothing. Sessions find out for themselves what
// is wrong there; until one wants a connection again, none is made.
func (c *preconnection) fail(err error) {
	if err != nil {
		c.w.e.attemptedAt(c.place.endpoint, err)
	}
	c.place.demand = demand{}
	c.end()
}

// die ends a connection that nobody has wanted in time.
func (c *preconnection) die() {
	c.w.e.preconnected.dead.Add(1)
	c.end()
}

func (c *preconnection) end() {
	if c.securing != nil {
		c.securing.cancel()
		c.securing = nil
	}
	c.w.ready.forget(c)
	c.Side.Close()
}

// takeReady goes on with a connection that was made before the session wanted it.
func (s *session) takeReady() bool {
	w := s.port.w
	if !w.e.preconnects(s.port.spec, s.route, &s.visit, &s.setup.leg) {
		return false
	}
	key := readyKey{s.port.spec, linkKey{*s.backend, s.setup.leg}}
	if !w.ready.take(key, s.route.Endpoint, &s.pump.Backend, s) {
		return false
	}
	if s.pump.Backend.Secured() != nil {
		s.open()
	} else {
		s.connected()
	}
	return true
}
