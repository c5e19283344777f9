package engine

import (
	"context"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// asker is who can wait for a route on its loop.
type asker interface {
	// from says on which port and for which client it asks.
	from() (*port, visitor)
	// waitsFor is told the question it waits for, nil when it waits no more.
	waitsFor(*question)
	// resolved is called with the answer, once it waits no more.
	resolved(*resolve.Route)
}

// question is a lookup that sessions of one loop wait for. Only that loop
// touches it.
type question struct {
	w       *worker
	req     resolve.Request // Client is that of the first who asked
	waiting map[asker]struct{}
	cancel  context.CancelFunc
}

// lookup finds a route off the loop and goes on with s when it is there. Who
// wants the same meanwhile waits for that answer first.
func (w *worker) lookup(s asker, resource string) {
	p, _ := s.from()
	shared := resolve.Request{Protocol: p.spec.Front.Protocol.String(), Resource: resource}
	q, asked := w.asking[shared]
	if !asked {
		q = w.ask(s, resource)
		w.asking[shared] = q
	}
	q.join(s)
}

// ask puts a question for s alone.
func (w *worker) ask(s asker, resource string) *question {
	p, who := s.from()
	ctx, cancel := context.WithCancel(context.Background())
	q := &question{
		w:       w,
		req:     who.request(p.spec, resource),
		waiting: make(map[asker]struct{}),
		cancel:  cancel,
	}
	w.lookups.ask(lookup{ctx: ctx, req: q.req, done: func(r *resolve.Route) {
		w.loop.Post(func() { q.answered(r) })
	}})
	return q
}

func (q *question) join(s asker) {
	q.waiting[s] = struct{}{}
	s.waitsFor(q)
}

// leave takes out a session that has ended. Nobody left means that nobody
// wants to know any more.
func (q *question) leave(s asker) {
	delete(q.waiting, s)
	s.waitsFor(nil)
	if len(q.waiting) == 0 {
		q.close()
	}
}

// close ends the question; who asks from now on asks anew.
func (q *question) close() {
	q.cancel()
	shared := resolve.Request{Protocol: q.req.Protocol, Resource: q.req.Resource}
	if q.w.asking[shared] == q {
		delete(q.w.asking, shared)
	}
}

// answered serves those who wait. An answer that isn't in the cache now was
// meant for one client only: the others ask for themselves.
func (q *question) answered(r *resolve.Route) {
	q.close()
	first := true
	for s := range q.waiting {
		q.leave(s)
		p, who := s.from()
		cached := p.routes.Lookup([]byte(q.req.Resource))
		switch {
		case cached != nil:
			s.resolved(cached)
		case first && who.addr == q.req.Client:
			first = false
			s.resolved(r)
		default:
			q.w.ask(s, q.req.Resource).join(s)
		}
	}
}
