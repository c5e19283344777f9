package engine

import (
	"net/netip"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/proxyheader"
)

// receiveIntroduction reads a proxy's header, and no byte behind it.
func receiveIntroduction(from *stream) (proxyheader.Header, error) {
	header, err := proxyheader.Gather(from, nil)
	if err != nil {
		return proxyheader.Header{}, err
	}
	return proxyheader.Parse(header)
}

// introduce waits for the header of a proxy before us, if the client is one; false
// means that the session has come to its end.
func (s *goroutineSession) introduce() bool {
	e := s.port.d.e
	if e.cfg().introduces(s.addr.Addr()) {
		s.changeTo(Introducing, e.cfg().Timeouts.Detect)
		h, err := receiveIntroduction(s.client.conn)
		s.mu.Lock()
		defer s.mu.Unlock()
		if err != nil {
			s.finish(introductionReason(err), err)
			return false
		}
		if h.Known() {
			s.addr, s.local = h.Client, h.Local
			s.face.client.Store(&h.Client)
		}
	}
	e.admitOf(s.addr, &s.admission)
	return true
}

// changeTo is enter for who doesn't hold mu.
func (s *goroutineSession) changeTo(state State, deadline time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.enter(state, deadline)
}

// announce tells the backend of the client, before anything else is said to it, if
// it is to be told.
func (s *goroutineSession) announce() {
	if s.leg.personal() {
		h := proxyheader.Header{Client: s.addr, Local: s.localAddr()}
		s.send(&s.backend, h.Append(nil, s.leg.header))
	}
}

// localAddr is the address the client has connected to.
func (s *goroutineSession) localAddr() netip.AddrPort {
	if s.local.IsValid() {
		return s.local
	}
	return addrPortOf(s.client.conn.LocalAddr())
}

// introduce waits for the header of a proxy before us, if the client is one; false
// means that the session has come to its end.
func (s *goroutineWeb) introduce() bool {
	e := s.port.d.e
	if e.cfg().introduces(s.peer.Addr()) {
		s.become(webIntroducing)
		s.deadline(e.cfg().Timeouts.Detect)
		h, err := receiveIntroduction(s.conn)
		if err != nil {
			s.reason, s.cause = introductionReason(err), err
			return false
		}
		if h.Known() {
			s.peer, s.local = h.Client, h.Local
			s.face.client.Store(&h.Client)
		}
		s.become(webReading)
	}
	e.admitOf(s.peer, &s.admission)
	s.trusted = e.cfg().HTTP.trusts(s.peer.Addr())
	return true
}

// announce tells a backend that was just connected of the client, if it is to be
// told. That the connection is broken shows later.
func (r *goroutineExchange) announce() {
	s, leg := r.s, &r.link.to.leg
	if !leg.personal() {
		return
	}
	h := proxyheader.Header{Client: s.peer, Local: s.local}
	if !s.local.IsValid() {
		h.Local = addrPortOf(s.conn.LocalAddr())
	}
	_, _ = r.link.conn.Write(h.Append(nil, leg.header))
}
