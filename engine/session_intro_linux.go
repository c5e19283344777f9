package engine

import (
	"errors"
	"io"
	"net/netip"

	"github.com/proxy-engine/proxy-engine/engine/proxyheader"
	"github.com/proxy-engine/proxy-engine/engine/reactor"
)

// introduced reads on in a proxy's header, up to its end and no byte beyond it. ok
// says that it is complete.
func introduced(from io.Reader, box *inbox) (h proxyheader.Header, ok bool, err error) {
	box.kept, err = proxyheader.Gather(from, box.kept)
	if err != nil {
		if errors.Is(err, reactor.ErrWouldBlock) {
			err = nil
		}
		return h, false, err
	}
	h, err = proxyheader.Parse(box.kept)
	box.drop()
	return h, err == nil, err
}

// introduce waits for the header of a proxy before us, and begins.
func (s *session) introduce() {
	if !s.pump.Client.Conn.Readable() {
		return
	}
	h, ok, err := introduced(&s.pump.Client.Conn, &s.setup.clientBox)
	switch {
	case err != nil:
		s.finish(introductionReason(err), err)
	case ok:
		if h.Known() {
			s.addr, s.clientPort, s.setup.local = h.Client.Addr(), h.Client.Port(), h.Local
		}
		s.begin()
		s.detect()
	}
}

// announce tells the backend of the client, before anything else is said to it, if
// it is to be told.
func (s *session) announce() {
	if leg := &s.setup.leg; leg.personal() {
		h := proxyheader.Header{Client: s.client(), Local: s.local()}
		s.pump.Backend.Send(h.Append(s.port.w.scratch[:0], leg.header))
	}
}

// local is the address the client has connected to, as far as is known.
func (s *session) local() netip.AddrPort {
	if s.setup.local.IsValid() {
		return s.setup.local
	}
	local, _ := s.pump.Client.Conn.LocalAddr() // none if it fails
	return local
}

// introduce waits for the header of a proxy before us, and begins.
func (s *webSession) introduce() {
	if !s.client.Conn.Readable() {
		return
	}
	h, ok, err := introduced(&s.client.Conn, &s.box)
	switch {
	case err != nil:
		s.finish(introductionReason(err), err)
	case ok:
		if h.Known() {
			s.peer, s.proxied = h.Client, &h.Local
		}
		s.welcome()
	}
}

// announce tells a backend that was just connected of the client, if it is to be
// told.
func (s *webSession) announce() {
	if x := s.x; x.leg.personal() {
		h := proxyheader.Header{Client: s.peer, Local: s.local()}
		x.link.Send(h.Append(s.port.w.scratch[:0], x.leg.header))
	}
}

func (s *webSession) local() netip.AddrPort {
	if s.proxied != nil {
		return *s.proxied
	}
	local, _ := s.client.Conn.LocalAddr() // none if it fails
	return local
}
