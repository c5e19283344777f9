package engine

import (
	"context"

	"github.com/proxy-engine/proxy-engine/resolve"
)

const (
	// maxLookups bounds the goroutines that resolve for the event loops. Each
	// loop asks once per resource however many clients wait for it.
	maxLookups = 256
	// maxQueued bounds what waits for one of those goroutines.
	maxQueued = 16384
)

// lookups resolves off the loops.
type lookups struct {
	cache *resolve.Cache
	crew  crew
}

// lookup is one thing to find out and whom to tell. done is called once unless
// ctx ends before, with a route that may be a refusal, and must not block.
type lookup struct {
	ctx  context.Context
	req  resolve.Request
	done func(*resolve.Route)
}

func newLookups(cache *resolve.Cache) *lookups {
	return &lookups{cache: cache, crew: crew{most: maxLookups, queued: maxQueued}}
}

// ask answers l as soon as there is a goroutine for it. It doesn't block.
func (p *lookups) ask(l lookup) {
	if !p.crew.do(func() { p.answer(l) }) {
		l.refuse(resolve.Errorf(resolve.Unavailable, "%d lookups are waiting already", maxQueued))
	}
}

func (l *lookup) refuse(err error) { l.done(&resolve.Route{Request: l.req, Err: err}) }

func (p *lookups) answer(l lookup) {
	if l.ctx.Err() != nil {
		return // nobody waits any more
	}
	if route, err := p.cache.Fetch(l.ctx, l.req); err != nil {
		l.refuse(err)
	} else {
		l.done(route)
	}
}

// wait returns when nothing is under way any more, which takes that everything
// asked was answered or given up.
func (p *lookups) wait() { p.crew.wait() }
