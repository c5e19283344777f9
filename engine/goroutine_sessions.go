package engine

import (
	"context"
	"sync/atomic"
	"time"
)

// look implements driver. What the sessions show of themselves is looked at without
// waiting for any of them.
func (d *goroutineDriver) look(take func(*sessionView)) {
	for _, f := range d.faces() {
		v := f.view()
		take(&v)
	}
}

// faces are those of all sessions of now.
func (d *goroutineDriver) faces() []*face {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]*face, 0, len(d.sessions)+len(d.webs)+len(d.muxes))
	for s := range d.sessions {
		all = append(all, s.face)
	}
	for s := range d.webs {
		all = append(all, s.face)
	}
	for s := range d.muxes {
		all = append(all, s.face)
	}
	return all
}

// end implements driver.
func (d *goroutineDriver) end(who func(*sessionView) bool, why Reason) (n int) {
	sessions, webs, muxes := d.chosen(who)
	for _, s := range webs {
		if relayed := s.switchedTo(); relayed != nil {
			sessions = append(sessions, relayed)
		} else {
			s.endAs(why)
			n++
		}
	}
	for _, s := range muxes {
		if s.endAs(why) {
			n++
		}
	}
	var ended atomic.Int64 // for sessions that are waited for
	holding(sessions, why, func(s *goroutineSession) {
		if s.endAs(why) || s.state == Closed && s.face.ended() == why {
			ended.Add(1)
		}
	})
	return n + int(ended.Load())
}

func (d *goroutineDriver) chosen(who func(*sessionView) bool) (sessions []*goroutineSession, webs []*goroutineWeb, muxes []*goroutineMultiplex) {
	d.mu.Lock()
	defer d.mu.Unlock()
	chosen := func(f *face) bool {
		v := f.view()
		return who(&v)
	}
	for s := range d.sessions {
		if chosen(s.face) {
			sessions = append(sessions, s)
		}
	}
	for s := range d.webs {
		if chosen(s.face) {
			webs = append(webs, s)
		}
	}
	for s := range d.muxes {
		if chosen(s.face) {
			muxes = append(muxes, s)
		}
	}
	return sessions, webs, muxes
}

// endAs ends a session in whatever state: in order, or by refusing its client, if that
// can be told anything yet. false says that it ends already. The caller holds mu.
func (s *goroutineSession) endAs(why Reason) bool {
	switch s.state {
	case Relaying, Standing:
		return s.leave(why)
	case Resolving, Waking, Connecting, SecuringBackend, Opening:
		s.refuse(why, nil)
		s.cancel()
	case Flushing, Closed:
		return false
	default:
		s.finish(why, nil)
	}
	return true
}

// endAs ends a session that is established in order: it takes no more requests, and those
// under way are answered, within Timeouts.Flush. Others are closed. false says that it ends
// already. Any goroutine.
func (s *goroutineMultiplex) endAs(why Reason) bool {
	if !s.decide(why, nil) {
		return false
	}
	if State(s.face.state.Load()) != Standing {
		s.finish(why, nil)
		return true
	}
	s.leaves.Store(true)
	_ = s.conn.SetReadDeadline(wakeUp)
	late := time.AfterFunc(s.port.d.e.cfg().Timeouts.Flush, func() { s.finish(why, nil) })
	context.AfterFunc(s.ctx, func() { late.Stop() })
	return true
}

// endAs closes a client's HTTP connection. Any goroutine.
func (s *goroutineWeb) endAs(why Reason) {
	s.face.end(why)
	s.sockets.close()
}
