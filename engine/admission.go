package engine

import (
	"net/netip"
	"time"

	"github.com/proxy-engine/proxy-engine/upstream/limits"
)

// admission is a session's place among all, and among those of its client.
type admission struct {
	counted bool   // it has a place among its client's
	excess  Reason // why it is refused as soon as its codec knows how; 0 if it is within
}

// within says that the session may be served.
func (a *admission) within() bool { return a.excess == 0 }

// admit counts a listener's new session in and gives it a place among all, if
// there is one.
func (e *Engine) admit(l *Listener) admission {
	e.counters.accepted.Add(1)
	e.counters.listener(l.Name).accepted.Add(1)
	if e.active.Add(1) > int64(e.cfg().MaxSessions) {
		return admission{excess: TooManySessions}
	}
	return admission{}
}

// admitOf gives it a place among its client's too, whose address is known by now,
// or takes its place among all if there is none.
func (e *Engine) admitOf(client netip.AddrPort, a *admission) {
	if !a.within() {
		return
	}
	switch e.clients.Enter(client.Addr(), time.Now()) {
	case limits.Counted:
		a.counted = true
	case limits.TooMany:
		a.excess = TooManyFromClient
	case limits.TooFast:
		a.excess = TooFastFromClient
	}
}

// leave counts a session out.
func (e *Engine) leave(client netip.AddrPort, a admission) {
	if a.counted {
		e.clients.Leave(client.Addr(), time.Now())
	}
	if e.active.Add(-1) == 0 && e.draining.Load() {
		select {
		case e.idle <- struct{}{}:
		default:
		}
	}
}
