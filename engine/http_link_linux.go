package engine

import (
	"net/netip"
	"slices"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/http"
	"github.com/proxy-engine/proxy-engine/engine/reactor"
	"github.com/proxy-engine/proxy-engine/engine/relay"
)

// link is a connection to an HTTP backend: of one session while that exchanges
// a request for a response, of its loop's pool between.
type link struct {
	relay.Side
	w    *worker
	user *webSession // nil in the pool
	to   linkKey
	visit
	box    inbox // what the parser has not consumed yet
	scan   http.Scan
	born   time.Duration // since the loop's start, as is rested
	rested time.Duration // when it came to the pool
	made   bool          // the connection was
	asked  uint64        // bytes of requests that are over
	told   moved         // what its endpoint was told of, when toldAt
	toldAt time.Duration // since the loop's start
}

var _ reactor.Handler = (*link)(nil)

// Ready implements reactor.Handler. Whatever a resting connection has to say,
// nobody asked: it has ended, or can't be trusted with a request any more.
func (l *link) Ready(*reactor.Conn) {
	if l.user != nil {
		l.user.backendReady()
		return
	}
	if l.silent() {
		return
	}
	l.w.linked.lost.Add(1)
	l.w.links.forget(l)
	l.close()
}

// silent says that a resting connection has said nothing: the event was of bytes
// that are read already, or of room to write, or what has come is TLS's own
// (session tickets, key updates).
func (l *link) silent() bool {
	return l.Flush() && l.Receive(l.w.loop.Buffer()[:1]) == 0 && !l.Ended() && !l.Broken()
}

// stands notes that the connection is made.
func (l *link) stands() {
	l.made = true
	l.w.linked.created.Add(1)
}

// close closes the connection and does its accounts.
func (l *link) close() {
	if l.made {
		l.made = false
		l.w.linked.closed.Add(1)
	}
	l.user = nil
	l.Side.Close()
	l.box.drop()
	l.tell(l.asked)
	l.visit.leave(0, 0)
}

// tell counts what the connection has moved at its endpoint, asked bytes being those of
// requests.
func (l *link) tell(asked uint64) {
	more := moved{asked, l.Received()}.since(l.told)
	l.visit.moved(more.fromClient, more.toClient)
	l.told.add(more)
}

// tellNow is tell, but not as often: an endpoint's figures are all loops'.
func (l *link) tellNow(asked uint64, now time.Duration) {
	if now-l.toldAt >= sweepEvery {
		l.toldAt = now
		l.tell(asked)
	}
}

// sweepEvery is how often a pool looks for connections that rest too long.
const sweepEvery = time.Second

// linkPool keeps a loop's connections to HTTP backends between requests. The
// one that was used last is used first: the others may age and go.
type linkPool struct {
	w       *worker
	max     int
	idle    map[linkKey][]*link
	count   int
	sweeper reactor.Timer
}

func newLinkPool(w *worker) *linkPool {
	return &linkPool{w: w, idle: make(map[linkKey][]*link)}
}

// take lends a connection to one of the addresses, encrypted as said, nil if
// there is none.
func (p *linkPool) take(addrs []netip.AddrPort, leg backendTLS) *link {
	for _, addr := range addrs {
		to := linkKey{addr, leg}
		rest := p.idle[to]
		if last := len(rest) - 1; last >= 0 {
			l := rest[last]
			p.idle[to] = rest[:last]
			p.rests(-1)
			p.w.linked.reused.Add(1)
			return l
		}
	}
	return nil
}

// put takes a connection that is good for another request back.
func (p *linkPool) put(l *link) {
	l.user, l.rested = nil, p.w.loop.Now()
	l.tellNow(l.asked, l.rested)
	old := p.old(l, l.rested)
	if old {
		p.w.linked.expired.Add(1)
	}
	if old || p.count >= p.max || p.w.e.draining.Load() || l.to.leg.personal() {
		l.close()
		return
	}
	p.idle[l.to] = append(p.idle[l.to], l)
	p.rests(1)
	if !p.sweeper.Armed() {
		p.w.loop.After(&p.sweeper, sweepEvery, p)
	}
}

// old says that a connection has lived or rested for too long, or that its backend is
// drained.
func (p *linkPool) old(l *link, now time.Duration) bool {
	h := &p.w.e.cfg().HTTP
	return l.visit.drained() || h.PoolLifetime > 0 && now-l.born >= h.PoolLifetime || h.PoolIdle > 0 && now-l.rested >= h.PoolIdle
}

// forget takes a connection out.
func (p *linkPool) forget(l *link) {
	rest := p.idle[l.to]
	if at := slices.Index(rest, l); at >= 0 {
		p.idle[l.to] = slices.Delete(rest, at, at+1)
		p.rests(-1)
	}
}

// rests counts connections that have come to the pool or left it.
func (p *linkPool) rests(change int) {
	p.count += change
	p.w.linked.idle.Add(int64(change))
}

// Expire implements reactor.Expirer: it closes those that are too old.
func (p *linkPool) Expire() {
	now := p.w.loop.Now()
	for to, rest := range p.idle {
		kept := slices.DeleteFunc(rest, func(l *link) bool {
			if !p.old(l, now) {
				return false
			}
			l.close()
			p.rests(-1)
			p.w.linked.expired.Add(1)
			return true
		})
		p.idle[to] = kept
		if len(kept) == 0 {
			delete(p.idle, to)
		}
	}
	if p.count > 0 {
		p.w.loop.After(&p.sweeper, sweepEvery, p)
	}
}

// close closes all of them.
func (p *linkPool) close() {
	for _, rest := range p.idle {
		for _, l := range rest {
			l.close()
		}
	}
	clear(p.idle)
	p.rests(-p.count)
	p.w.loop.Disarm(&p.sweeper)
}
