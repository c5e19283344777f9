package coldstart

import (
	"context"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/upstream"
)

// Those who wait are let in over admitTime, in steps of pace: a backend that has
// just come up meets a slope and not a wall. A few are let in at once.
const (
	pace      = 5 * time.Millisecond
	admitTime = 150 * time.Millisecond
	atOnce    = 64
)

// settle answers those who wait, then for a while those who come late.
func (st *start) settle(ctx context.Context, route *resolve.Route) {
	batch := st.batch(route)
	var until <-chan time.Time
	for {
		switch left := st.answer(route, batch); {
		case left > 0:
			if sleep(ctx, pace) != nil {
				return
			}
		case until == nil:
			until = time.After(st.s.live.Load().Settle)
		default:
			select {
			case <-st.turn:
			case <-until:
				if st.end() {
					return
				}
				until = nil
			case <-ctx.Done():
				return
			}
		}
	}
}

// batch is how many are answered per step: everybody if there is nothing to get.
func (st *start) batch(route *resolve.Route) int {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	if route.Err != nil {
		return st.s.live.Load().Total
	}
	return max(atOnce, st.queue.n/int(admitTime/pace)+1)
}

// answer answers up to n of those who wait, as far as there is room for them, and
// returns how many are left.
func (st *start) answer(route *resolve.Route, n int) (left int) {
	for range n {
		w, place, more := st.take(route)
		if w != nil {
			w.Done(route, place)
		}
		if left = more; w == nil {
			break
		}
	}
	return left
}

// take takes the first of those who wait, nil if there is none, or no room for it.
func (st *start) take(route *resolve.Route) (w *Waiter, place *upstream.Resource, left int) {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	if st.queue.n == 0 {
		st.s.retire(st)
		return nil, nil, 0
	}
	if route.Err == nil {
		if place = st.s.hooks.Room(route); place == nil {
			return nil, nil, st.queue.n
		}
	}
	w = st.queue.head
	st.remove(w)
	return w, place, st.queue.n
}

// end forgets the start, unless somebody has come.
func (st *start) end() bool {
	st.s.mu.Lock()
	defer st.s.mu.Unlock()
	if st.queue.n > 0 {
		return false
	}
	if st.s.starts[st.key] == st { // hasn't been ended by Refuse meanwhile
		delete(st.s.starts, st.key)
	}
	return true
}
