package tlsterm

import (
	"crypto/tls"
	"sync"
	"time"
)

// patience is how long a handshake may wait for its peer while others wait for
// its place: several round trips across the world.
const patience = time.Second

// Pool bounds the handshakes of all loops: so many at once, of which so many
// compute. Who comes later waits in line. A peer that is slow loses its place
// to those in line, so that holding places takes an attacker a connection per
// second and place, not per deadline. Safe for concurrent use.
type Pool struct {
	most      int
	computing chan struct{}
	all       sync.WaitGroup

	mu      sync.Mutex
	running int
	leaving int  // of those, given up to make room
	line    list // waiting for a place
	parked  list // waiting for their peers, the longest first
	alarm   *time.Timer
}

// NewPool returns a pool of at most so many handshakes at once, of which
// computing use the processor.
func NewPool(most, computing int) *Pool {
	p := &Pool{most: most, computing: make(chan struct{}, computing)}
	p.alarm = time.AfterFunc(time.Hour, p.makeRoom)
	p.alarm.Stop()
	return p
}

// Server begins the server's part of a handshake.
func (p *Pool) Server(l *Leg, owner Owner) *Handshake {
	return p.begin(newHandshake(p, l, owner, func(w *wire) *tls.Conn { return tls.Server(w, l.Config) }))
}

// Client begins the client's part.
func (p *Pool) Client(l *Leg, owner Owner) *Handshake {
	return p.begin(newHandshake(p, l, owner, func(w *wire) *tls.Conn { return tls.Client(w, l.Config) }))
}

func (p *Pool) begin(h *Handshake) *Handshake {
	p.mu.Lock()
	if p.running < p.most {
		p.running++
		p.all.Go(func() { p.work(h) })
		p.mu.Unlock()
		return h
	}
	p.line.add(h)
	p.mu.Unlock()
	p.makeRoom()
	return h
}

// work runs one handshake after the other until nobody is in line.
func (p *Pool) work(h *Handshake) {
	for h != nil {
		p.computing <- struct{}{}
		h.run()
		<-p.computing
		h = p.next(h)
	}
}

// next returns who has the place of one that is over, nil for nobody.
func (p *Pool) next(over *Handshake) *Handshake {
	p.mu.Lock()
	defer p.mu.Unlock()
	if over.given {
		p.leaving--
	}
	h := p.line.first
	if h == nil {
		p.running--
		return nil
	}
	p.line.remove(h)
	return h
}

// forget takes a handshake out of the line: its session is gone.
func (p *Pool) forget(h *Handshake) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line.remove(h)
}

// park is called when a handshake begins to wait for its peer.
func (p *Pool) park(h *Handshake) {
	<-p.computing
	p.mu.Lock()
	defer p.mu.Unlock()
	h.since = time.Now()
	p.parked.add(h)
	if p.line.first != nil && p.parked.first == h {
		p.alarm.Reset(patience)
	}
}

// resume is called when it has waited.
func (p *Pool) resume(h *Handshake) {
	p.mu.Lock()
	p.parked.remove(h)
	p.mu.Unlock()
	p.computing <- struct{}{}
}

// makeRoom gives up handshakes that were slow for too long, as many as wait in
// line, and comes again when the next one will have been.
func (p *Pool) makeRoom() {
	for _, h := range p.tooSlow() {
		h.Fail(ErrCrowded)
	}
}

func (p *Pool) tooSlow() (given []*Handshake) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for p.leaving < p.line.n && p.parked.first != nil {
		h := p.parked.first
		if left := patience - now.Sub(h.since); left > 0 {
			p.alarm.Reset(left)
			break
		}
		p.parked.remove(h)
		p.leaving++
		h.given = true
		given = append(given, h)
	}
	return given
}

// Close waits for the goroutines, which end when their handshakes are cancelled.
func (p *Pool) Close() {
	p.all.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.alarm.Stop()
}

// list holds handshakes, linked through themselves: each is in one at most.
type list struct {
	first, last *Handshake
	n           int
}

func (l *list) add(h *Handshake) {
	h.waits, h.prev, h.next = l, l.last, nil
	if l.last == nil {
		l.first = h
	} else {
		l.last.next = h
	}
	l.last = h
	l.n++
}

// remove takes h out; no effect if it isn't in the list.
func (l *list) remove(h *Handshake) {
	if h.waits != l {
		return
	}
	if h.prev == nil {
		l.first = h.next
	} else {
		h.prev.next = h.next
	}
	if h.next == nil {
		l.last = h.prev
	} else {
		h.next.prev = h.prev
	}
	h.waits, h.prev, h.next = nil, nil, nil
	l.n--
}
