// Package codectest drives codecs in tests as the engine does and holds them
// to the contract: a codec that writes to its input, keeps it beyond a call,
// consumes more than it was given or asks for what its state forbids fails the
// test that drives it.
package codectest

import (
	"bytes"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// Session is one client's codec with an engine around it. Its fields are what
// has happened so far; tests read them and call the methods.
type Session struct {
	// Action is the last step's.
	Action codecs.Action
	// ToClient and ToBackend are all bytes each side was sent.
	ToClient, ToBackend []byte
	// Resource is the routing step's resource id.
	Resource []byte
	// Wanted is the key of the RouteKey step, Issued the keys that steps after
	// Open have named as the session's own.
	Wanted []byte
	Issued [][]byte
	// Failure is the failing step's.
	Failure codecs.Failure
	// FromClient and FromBackend are the bytes each side has sent and no step
	// has consumed.
	FromClient, FromBackend []byte

	t      testing.TB
	front  codecs.Front
	codec  codecs.Codec
	opened bool
}

// Start makes a codec of front's and starts it. Broken contracts are t's
// errors.
func Start(t testing.TB, front codecs.Front) *Session {
	t.Helper()
	s := &Session{t: t, front: front, codec: front.New()}
	s.absorb(s.codec.Start(), nil)
	return s
}

// StartSecured makes a codec of front's, tells it of the client's TLS, which
// began with the first byte, and starts it.
func StartSecured(t testing.TB, front codecs.Front, tls codecs.TLS) *Session {
	t.Helper()
	s := &Session{t: t, front: front, codec: front.New()}
	s.upgrader().Secured(tls)
	s.absorb(s.codec.Start(), nil)
	return s
}

// Client sends chunks as the client, one after the other.
func (s *Session) Client(chunks ...[]byte) {
	s.t.Helper()
	for _, chunk := range chunks {
		s.FromClient = append(s.FromClient, chunk...)
		s.present()
	}
}

// Backend sends chunks as the backend, one after the other. Behind each the
// codec is presented what the client has sent and no step has consumed.
func (s *Session) Backend(chunks ...[]byte) {
	s.t.Helper()
	for _, chunk := range chunks {
		s.FromBackend = append(s.FromBackend, chunk...)
		s.call(&s.FromBackend, s.codec.Backend)
		s.relay()
		s.present()
	}
}

// Secured says that TLS stands on the client's leg, to which the bytes that no
// step had consumed belonged.
func (s *Session) Secured(tls codecs.TLS) {
	s.t.Helper()
	if s.Action != codecs.StartTLS {
		s.t.Fatalf("Secured called after action %d", s.Action)
	}
	s.FromClient = nil
	s.absorb(s.upgrader().Secured(tls), nil)
}

// BackendSecured says that TLS stands on the backend's leg.
func (s *Session) BackendSecured() {
	s.t.Helper()
	if s.Action != codecs.StartBackendTLS {
		s.t.Fatalf("BackendSecured called after action %d", s.Action)
	}
	s.FromBackend = nil
	s.with(&s.FromClient, s.upgrader().BackendSecured)
	s.relay()
	s.present()
}

func (s *Session) upgrader() codecs.Upgrader {
	s.t.Helper()
	u, ok := s.codec.(codecs.Upgrader)
	if !ok {
		s.t.Fatalf("%T isn't an Upgrader", s.codec)
	}
	return u
}

// Open says that the backend is connected.
func (s *Session) Open(target codecs.Target) {
	s.t.Helper()
	if s.Action != codecs.Route && s.Action != codecs.RouteKey {
		s.t.Fatalf("Open called after action %d", s.Action)
	}
	s.opened = true
	s.Action = codecs.More
	s.with(&s.FromClient, func(in []byte) codecs.Step { return s.codec.Open(in, target) })
	s.relay()
	s.present()
}

// Refuse returns what the codec says about f.
func (s *Session) Refuse(f codecs.Failure) []byte {
	s.t.Helper()
	const before = "sent before"
	got := s.codec.Refuse([]byte(before), f)
	words, ok := bytes.CutPrefix(got, []byte(before))
	if !ok {
		s.t.Errorf("Refuse didn't append to dst: %q", got)
	}
	return words
}

func (s *Session) present() {
	s.t.Helper()
	s.call(&s.FromClient, s.codec.Client)
	s.relay()
}

// call presents the pending bytes, if the codec listens and there are any, and
// again as long as it consumes some of them.
func (s *Session) call(pending *[]byte, method func([]byte) codecs.Step) {
	s.t.Helper()
	for s.Action == codecs.More && len(*pending) > 0 {
		before := len(*pending)
		s.with(pending, method)
		if len(*pending) == before {
			return
		}
	}
}

// with presents a copy of the pending bytes and spoils it afterwards, as the
// engine's read buffer is overwritten by the next read.
func (s *Session) with(pending *[]byte, method func([]byte) codecs.Step) {
	s.t.Helper()
	in := bytes.Clone(*pending)
	step := method(in)
	if !bytes.Equal(in, *pending) {
		s.t.Errorf("the codec wrote to its input: %q is now %q", *pending, in)
	}
	s.absorb(step, in)
	*pending = (*pending)[min(max(step.Consumed, 0), len(in)):]
	if step.Action == codecs.More && len(*pending) > s.front.MaxPending {
		s.t.Errorf("the codec leaves %d bytes, MaxPending is %d", len(*pending), s.front.MaxPending)
	}
	clear(in)
}

// relay passes on what is pending once the codec is done.
func (s *Session) relay() {
	if s.Action != codecs.Relay {
		return
	}
	s.ToBackend = append(s.ToBackend, s.FromClient...)
	s.ToClient = append(s.ToClient, s.FromBackend...)
	s.FromClient, s.FromBackend = nil, nil
}
