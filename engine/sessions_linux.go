package engine

// look implements driver.
func (d *reactorDriver) look(take func(*sessionView)) {
	d.walk(
		func(s *session) bool {
			v := s.view()
			take(&v)
			return false
		},
		func(s *webSession) bool {
			v := s.view()
			take(&v)
			return false
		},
	)
}

// end implements driver.
func (d *reactorDriver) end(who func(*sessionView) bool, why Reason) (n int) {
	count := func(ended bool) bool {
		if ended {
			n++
		}
		return ended
	}
	d.walk(
		func(s *session) bool {
			v := s.view()
			return count(who(&v) && s.endAs(why))
		},
		func(s *webSession) bool {
			v := s.view()
			return count(who(&v) && s.endAs(why))
		},
	)
	return n
}

func (s *session) view() sessionView {
	w := s.port.w
	all := moved{s.pump.Client.Received(), s.pump.Backend.Received()}
	return sessionView{
		id:       sessionID{w.index + 1, s.started, s.client()},
		listener: s.port.spec, route: s.route, backend: s.backend, state: s.state, secured: s.pump.Client.Secured() != nil,
		piped: s.state == Relaying || s.state == Standing, asking: s.asking,
		age: w.loop.Now() - s.started, all: all, here: all,
	}
}

func (s *webSession) view() sessionView {
	w := s.port.w
	v := sessionView{
		id:       sessionID{w.index + 1, s.started, s.peer},
		listener: s.port.spec, route: s.route, state: s.state.state(), secured: s.shown != nil, piped: s.state == webSwitched, asking: s.asking,
		age: w.loop.Now() - s.started, all: s.moved(),
	}
	if s.x != nil && s.x.link != nil {
		v.backend = &s.x.link.to.addr
	}
	v.here = s.lastRoute.here(v.all)
	return v
}

// moved is what the connection has moved so far.
func (s *webSession) moved() moved {
	all := moved{s.client.Received(), s.toClient}
	if x := s.x; x != nil {
		all.toClient += x.toClient
		if x.link != nil {
			all.toClient += x.link.Received() - x.received
		}
	}
	return all
}

// endAs ends a session in whatever state: in order, or by refusing its client, if that
// can be told anything yet. false says that it ends already.
func (s *session) endAs(why Reason) bool {
	defer s.guard()
	switch s.state {
	case Relaying, Standing:
		return s.leave(why)
	case Resolving, Waking, Connecting, SecuringBackend, Opening:
		s.refuse(why, nil)
	case Flushing, Closed:
		return false
	default:
		s.finish(why, nil)
	}
	return true
}

// endAs closes a client's HTTP connection, or ends one that has switched protocols in
// order.
func (s *webSession) endAs(why Reason) bool {
	defer s.guard()
	switch s.state {
	case webSwitched:
		return s.leave(why)
	case webEnding, webEnded:
		return false
	case webAwaiting:
		s.end(why)
	default:
		s.abort(why, nil)
	}
	return true
}
