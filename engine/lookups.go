package engine

import (
	"context"
	"sync"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// maxLookups bounds the goroutines that resolve for the event loops. Each
// loop asks once per resource however many clients wait for it.
const maxLookups = 256

// lookups runs blocking work off the loops, at most maxLookups at a time; the
// rest queues, which is bounded by the sessions that wait for it.
type lookups struct {
	ctx    context.Context
	cancel context.CancelFunc
	cache  *resolve.Cache

	mu      sync.Mutex
	running int
	stopped bool
	queue   []lookup
	all     sync.WaitGroup
}

// lookup is one question and whom to tell. done is called on a goroutine of
// the pool's, with a route that may be a refusal.
type lookup struct {
	req  resolve.Request
	done func(*resolve.Route)
}

func newLookups(cache *resolve.Cache) *lookups {
	ctx, cancel := context.WithCancel(context.Background())
	return &lookups{ctx: ctx, cancel: cancel, cache: cache}
}

// ask answers l as soon as there is a goroutine for it. It doesn't block.
func (p *lookups) ask(l lookup) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return
	}
	if p.running == maxLookups {
		p.queue = append(p.queue, l)
		return
	}
	p.running++
	p.all.Add(1)
	go p.work(l)
}

func (p *lookups) work(l lookup) {
	defer p.all.Done()
	for more := true; more; l, more = p.next() {
		route, err := p.cache.Fetch(p.ctx, l.req)
		if err != nil {
			route = &resolve.Route{Request: l.req, Err: err}
		}
		l.done(route)
	}
}

func (p *lookups) next() (lookup, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 {
		p.running--
		return lookup{}, false
	}
	l := p.queue[0]
	p.queue = p.queue[1:]
	return l, true
}

// stop cancels what runs, waits for it and drops what is asked later.
func (p *lookups) stop() {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	p.cancel()
	p.all.Wait()
}
