package engine

import (
	"sync"
	"time"
)

// switched turns the exchange into a relay: out is the head of the 101.
func (r *goroutineExchange) switched(out []byte) {
	s, l := r.s, r.link
	r.stopReading()
	if r.upFailure != nil {
		r.fail()
		r.giveUp(r.upFailure)
		return
	}
	s.become(webSwitched)
	if !r.write(append(out, l.kept...)) {
		r.fail()
		return
	}
	_ = s.conn.SetDeadline(time.Time{})
	_ = l.conn.SetDeadline(time.Time{})
	session := s.asRelay(l)
	s.relays(session, r.route)
	s.kept = nil
	var relaying sync.WaitGroup
	relaying.Go(func() { session.relay(&session.client, &session.backend) })
	session.relay(&session.backend, &session.client)
	relaying.Wait()
	s.received.Add(session.client.received) // which the relay has counted
	s.toClient += session.backend.received
	l.received += session.backend.received
	s.reason, s.state = session.reason, webEnded
	r.dropLink()
}

// asRelay is the rest of a connection that has switched protocols: a session
// like those that never spoke HTTP.
func (s *goroutineWeb) asRelay(l *goroutineLink) *goroutineSession {
	session := &goroutineSession{
		port: s.port, addr: s.peer, started: s.started, resource: s.resource, state: Relaying, cancel: func() {}, face: s.face,
		client:  peer{conn: s.conn, box: inbox{s.kept}, closed: ClientClosed, reset: ClientReset},
		backend: peer{conn: l.conn, closed: BackendClosed, reset: BackendReset},
	}
	session.asked.Store(-1) // its first bytes were the response's head
	session.moved.L = &session.mu
	session.sockets.add(s.conn)
	session.sockets.add(l.conn)
	return session
}
