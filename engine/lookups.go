package engine

import (
	"context"
	"sync"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// maxLookups bounds the goroutines that resolve for the event loops. Each
// loop asks once per resource however many clients wait for it.
const maxLookups = 256

// maxQueued bounds the lookups that wait for one of those goroutines.
const maxQueued = 16384

// lookups runs blocking work off the loops, at most maxLookups at a time; the
// rest queues.
type lookups struct {
	cache *resolve.Cache

	mu      sync.Mutex
	running int
	queue   []lookup
	all     sync.WaitGroup
}

// lookup is one thing to find out and whom to tell. done is called once unless
// ctx ends before, with a route that may be a refusal, and must not block.
type lookup struct {
	ctx  context.Context
	req  resolve.Request
	done func(*resolve.Route)
}

func newLookups(cache *resolve.Cache) *lookups { return &lookups{cache: cache} }

// ask answers l as soon as there is a goroutine for it. It doesn't block.
func (p *lookups) ask(l lookup) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(p.queue) == maxQueued:
		l.refuse(resolve.Errorf(resolve.Unavailable, "%d lookups are waiting already", maxQueued))
	case p.running == maxLookups:
		p.queue = append(p.queue, l)
	default:
		p.running++
		p.all.Go(func() { p.work(l) })
	}
}

func (l *lookup) refuse(err error) { l.done(&resolve.Route{Request: l.req, Err: err}) }

func (p *lookups) work(l lookup) {
	for more := true; more; l, more = p.next() {
		if l.ctx.Err() != nil {
			continue // nobody waits any more
		}
		if route, err := p.cache.Fetch(l.ctx, l.req); err != nil {
			l.refuse(err)
		} else {
			l.done(route)
		}
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

// wait returns when nothing is under way any more, which takes that everything
// asked was answered or given up.
func (p *lookups) wait() { p.all.Wait() }
