package engine

import (
	"errors"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"
)

// goroutineLink is a connection to an HTTP backend: of one session while that
// exchanges a request for a response, of the driver's pool between.
type goroutineLink struct {
	conn *stream
	to   linkKey
	visit
	kept     []byte // read and not consumed
	asked    uint64 // bytes of requests
	received uint64
	told     moved // what its endpoint was told of
	born     time.Time
	watched  chan error // what watch has read when it was taken, nil for nothing
	counted  *linkShard
}

func (l *goroutineLink) close() {
	_ = l.conn.Close()
	l.counted.closed.Add(1)
	l.tell()
	l.visit.leave(0, 0)
}

// tell counts what the connection has moved at its endpoint.
func (l *goroutineLink) tell() {
	more := moved{l.asked, l.received}.since(l.told)
	l.visit.moved(more.fromClient, more.toClient)
	l.told.add(more)
}

// spoke says that the backend has ended the connection or said something. What
// has come by TLS may be that layer's own.
func (l *goroutineLink) spoke() bool { return l.conn.tls == nil && unread(l.conn.TCPConn) }

// reset has closing end the connection so that the backend doesn't take what it
// got for a whole request.
func (l *goroutineLink) reset() { _ = l.conn.SetLinger(0) }

// goroutineLinks keeps connections to HTTP backends between requests. The one
// that was used last is used first. Each is watched by a goroutine that reads:
// whatever a resting connection has to say, nobody asked, and it is closed.
type goroutineLinks struct {
	e        *Engine
	watching sync.WaitGroup

	mu     sync.Mutex // guards what follows
	idle   map[linkKey][]*goroutineLink
	count  int
	closed bool
}

func newGoroutineLinks(e *Engine) *goroutineLinks {
	return &goroutineLinks{e: e, idle: make(map[linkKey][]*goroutineLink)}
}

func (p *goroutineLinks) http() *HTTP { return &p.e.cfg().HTTP }

// take lends a connection to one of the addresses, encrypted as said, nil if
// there is none.
func (p *goroutineLinks) take(addrs []netip.AddrPort, leg backendTLS) *goroutineLink {
	for {
		l := p.pop(addrs, leg)
		if l == nil {
			return nil
		}
		_ = l.conn.SetReadDeadline(time.Now()) // ends the watch
		// A watch that was ended at once hasn't looked at the socket.
		switch spoken := <-l.watched != nil || l.spoke(); {
		case spoken:
			l.counted.lost.Add(1)
		case p.old(l):
			l.counted.expired.Add(1)
		default:
			l.counted.reused.Add(1)
			return l
		}
		l.close()
	}
}

func (p *goroutineLinks) pop(addrs []netip.AddrPort, leg backendTLS) *goroutineLink {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, addr := range addrs {
		if rest := p.idle[linkKey{addr, leg}]; len(rest) > 0 {
			l := rest[len(rest)-1]
			p.drop(l)
			return l
		}
	}
	return nil
}

// put takes a connection that is good for another request back.
func (p *goroutineLinks) put(l *goroutineLink) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.tell()
	old := p.old(l)
	if old {
		l.counted.expired.Add(1)
	}
	if old || p.closed || p.count >= p.http().PoolSize || l.to.leg.personal() {
		l.close()
		return
	}
	p.idle[l.to] = append(p.idle[l.to], l)
	p.count++
	l.counted.idle.Add(1)
	_ = l.conn.SetReadDeadline(p.until(l))
	l.watched = make(chan error, 1)
	p.watching.Go(func() { p.watch(l) })
}

// until is when a connection has rested or lived for too long, zero for never.
func (p *goroutineLinks) until(l *goroutineLink) (at time.Time) {
	if p.http().PoolIdle > 0 {
		at = time.Now().Add(p.http().PoolIdle)
	}
	if end := l.born.Add(p.http().PoolLifetime); p.http().PoolLifetime > 0 && (at.IsZero() || end.Before(at)) {
		at = end
	}
	return at
}

// errSpoke is watch's finding of bytes nobody asked for.
var errSpoke = errors.New("the backend spoke unasked")

// watch reads until the connection is taken, or has to be closed.
func (p *goroutineLinks) watch(l *goroutineLink) {
	var one [1]byte
	n, err := l.conn.Read(one[:])
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drop(l) {
		p.ended(l, n > 0 || !errors.Is(err, os.ErrDeadlineExceeded))
		return
	}
	switch {
	case n > 0:
		err = errSpoke
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = nil
	}
	l.watched <- err
}

// ended closes a connection that has rested for too long, or has been lost: its
// backend ended it or spoke. mu is held.
func (p *goroutineLinks) ended(l *goroutineLink, lost bool) {
	switch {
	case lost:
		l.counted.lost.Add(1)
	case !p.closed:
		l.counted.expired.Add(1)
	}
	l.close()
}

// drop takes a connection out, and says whether it was there. mu is held.
func (p *goroutineLinks) drop(l *goroutineLink) bool {
	rest := p.idle[l.to]
	at := slices.Index(rest, l)
	if at < 0 {
		return false
	}
	p.count--
	l.counted.idle.Add(-1)
	if rest = slices.Delete(rest, at, at+1); len(rest) == 0 {
		delete(p.idle, l.to)
	} else {
		p.idle[l.to] = rest
	}
	return true
}

// old says that a connection has lived for too long, or that its backend is drained.
func (p *goroutineLinks) old(l *goroutineLink) bool {
	return l.visit.drained() || p.http().PoolLifetime > 0 && time.Since(l.born) >= p.http().PoolLifetime
}

// leave closes those to backends that are drained.
func (p *goroutineLinks) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expire(func(l *goroutineLink) bool { return l.visit.drained() })
}

// close closes all of them, and those that are still to come.
func (p *goroutineLinks) close() {
	p.mu.Lock()
	p.closed = true
	p.expire(func(*goroutineLink) bool { return true })
	p.mu.Unlock()
	p.watching.Wait()
}

// expire has watch close those that are chosen. mu is held.
func (p *goroutineLinks) expire(chosen func(*goroutineLink) bool) {
	for _, rest := range p.idle {
		for _, l := range rest {
			if chosen(l) {
				_ = l.conn.SetReadDeadline(time.Now())
			}
		}
	}
}
