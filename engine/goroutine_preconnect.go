package engine

import (
	"context"
	"crypto/tls"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// goroutineReady keeps the driver's connections that nobody has wanted yet.
type goroutineReady struct {
	d       *goroutineDriver
	dialing sync.WaitGroup

	mu     sync.Mutex // guards what follows
	places map[readyKey]*goroutinePlace
	count  int // in all places, on their way or ready
	sweep  *time.Timer
	closed bool
}

// goroutinePlace is one address, reached in one way.
type goroutinePlace struct {
	key      readyKey
	endpoint string
	demand   demand
	pending  int
	ready    []readyStream // the newest last
}

type readyStream struct {
	*stream
	born time.Time
}

func newGoroutineReady(d *goroutineDriver) *goroutineReady {
	return &goroutineReady{d: d, places: make(map[readyKey]*goroutinePlace)}
}

// take returns a connection that is ready, nil if there is none.
func (p *goroutineReady) take(key readyKey, endpoint string) *stream {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	place := p.places[key]
	if place == nil {
		place = &goroutinePlace{key: key, endpoint: endpoint}
		p.places[key] = place
		if p.sweep == nil {
			p.sweep = time.AfterFunc(readyEvery, p.tend)
		}
	}
	place.demand.wanted++
	defer p.refill(place)
	for len(place.ready) > 0 {
		c := p.remove(place, len(place.ready)-1)
		if c.good() {
			p.d.e.preconnected.hits.Add(1)
			return c.stream
		}
		p.die(c)
	}
	p.d.e.preconnected.misses.Add(1)
	return nil
}

// good says that the backend has neither closed nor said anything. What has come by
// TLS may be that layer's own.
func (c readyStream) good() bool {
	if c.tls != nil {
		return !ended(c.TCPConn)
	}
	return !unread(c.TCPConn)
}

// remove takes the connection at index i out. mu is held, as below.
func (p *goroutineReady) remove(place *goroutinePlace, i int) readyStream {
	c := place.ready[i]
	place.ready = slices.Delete(place.ready, i, i+1)
	p.count--
	p.d.e.preconnected.ready.Add(-1)
	return c
}

func (p *goroutineReady) die(c readyStream) {
	p.d.e.preconnected.dead.Add(1)
	_ = c.Close()
}

// refill makes connections up to what is wanted.
func (p *goroutineReady) refill(place *goroutinePlace) {
	o := &p.d.e.cfg().Preconnect
	for want := place.demand.target(o.PerEndpoint); place.pending+len(place.ready) < want && p.count < o.Total; {
		place.pending++
		p.count++
		p.dialing.Go(func() { p.dial(place) })
	}
}

// dial makes one connection.
func (p *goroutineReady) dial(place *goroutinePlace) {
	born := time.Now()
	var conn *stream
	p.d.e.survives(func() { conn = p.reach(&place.key, place.endpoint) })
	p.mu.Lock()
	defer p.mu.Unlock()
	place.pending--
	switch {
	case conn == nil:
		// Sessions find out for themselves what is wrong there; until one wants
		// a connection again, none is made.
		p.count--
		place.demand = demand{}
	case p.closed:
		p.count--
		_ = conn.Close()
	default:
		place.ready = append(place.ready, readyStream{conn, born})
		p.d.e.preconnected.ready.Add(1)
	}
}

// reach connects, through TLS where that begins with the first byte; nil if it
// can't.
func (p *goroutineReady) reach(key *readyKey, endpoint string) *stream {
	e, listener, leg := p.d.e, key.listener, &key.to.leg
	conn, err := p.d.dial(p.d.open, key.to.addr, e.cfg().Timeouts.Connect)
	if p.d.open.Err() == nil {
		e.attemptedAt(endpoint, err)
	}
	if err != nil || leg.verify == tlsterm.Off || listener.Front.Negotiates {
		return conn
	}
	_ = conn.SetDeadline(time.Now().Add(e.cfg().Timeouts.Handshake))
	stop := context.AfterFunc(p.d.open, func() { _ = conn.SetDeadline(wakeUp) })
	defer stop()
	secured := tls.Client(&wire{TCPConn: conn.TCPConn}, e.cfg().TLS.Backends.Config(leg.verify, leg.name, listener.Front.ALPN))
	if p.d.shake(withBackend, secured) != nil || p.d.open.Err() != nil {
		_ = conn.Close()
		return nil
	}
	_ = conn.SetDeadline(time.Time{})
	conn.tls = secured
	return conn
}

// tend closes those that are too old or too many, and makes those that are wanted.
func (p *goroutineReady) tend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := &p.d.e.cfg().Preconnect
	oldest := time.Now().Add(-o.Idle)
	for key, place := range p.places {
		wanted := place.demand.tick()
		for len(place.ready) > 0 && (place.ready[0].born.Before(oldest) || len(place.ready) > place.demand.target(o.PerEndpoint)) {
			p.die(p.remove(place, 0))
		}
		switch {
		case p.closed:
		case wanted:
			p.refill(place)
		case len(place.ready)+place.pending == 0:
			delete(p.places, key)
		}
	}
	p.sweep = nil
	if len(p.places) > 0 && !p.closed {
		p.sweep = time.AfterFunc(readyEvery, p.tend)
	}
}

// close closes all of them, and those that are still to come. It may be called more
// than once.
func (p *goroutineReady) close() {
	p.mu.Lock()
	p.closed = true
	if p.sweep != nil {
		p.sweep.Stop()
	}
	for _, place := range p.places {
		for len(place.ready) > 0 {
			_ = p.remove(place, 0).Close()
		}
	}
	p.mu.Unlock()
	p.dialing.Wait()
}

// takeReady returns a connection that was made before the session wanted it, nil if
// there is none.
func (s *goroutineSession) takeReady(addr netip.AddrPort) *stream {
	d := s.port.d
	if !d.e.preconnects(s.port.spec, s.route, &s.visit, &s.leg) {
		return nil
	}
	return d.ready.take(readyKey{s.port.spec, linkKey{addr, s.leg}}, s.route.Endpoint)
}
