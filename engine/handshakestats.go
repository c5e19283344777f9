package engine

import (
	"crypto/tls"
	"errors"
	"net"
	"sync/atomic"
)

// HandshakeResult is how a TLS handshake has ended.
type HandshakeResult uint8

// The results of a TLS handshake. Each has its figure from the start.
const (
	// HandshakeOK: the connection is encrypted.
	HandshakeOK HandshakeResult = iota
	// HandshakeRefused: one side didn't accept the other, or what came wasn't TLS.
	HandshakeRefused
	// HandshakeLate: it wasn't over by its deadline.
	HandshakeLate
	// HandshakeNoRoom: it was given up, as slow as it was, to make room for others.
	HandshakeNoRoom
	// HandshakeLeft: the connection or its session ended meanwhile.
	HandshakeLeft
	handshakeResults
)

var handshakeResultNames = [handshakeResults]string{"ok", "failed", "timeout", "crowded", "abandoned"}

// String returns the name, a label of metrics.
func (r HandshakeResult) String() string { return handshakeResultNames[r] }

// handshakeResult says how a handshake has ended by what it ended with.
func handshakeResult(err error) HandshakeResult {
	switch {
	case err == nil:
		return HandshakeOK
	case errors.Is(err, net.ErrClosed):
		return HandshakeLeft
	}
	switch handshakeReason(err) {
	case HandshakeCrowded:
		return HandshakeNoRoom
	case HandshakeTimeout:
		return HandshakeLate
	case ClientGone: // or the backend
		return HandshakeLeft
	}
	return HandshakeRefused
}

// TLSSessions are handshakes that went well, by what was agreed on.
type TLSSessions struct {
	// Version is the protocol's, as of crypto/tls.
	Version uint16
	// Full counts those of new sessions, Resumed those that went on with an earlier
	// one.
	Full, Resumed uint64
}

// HandshakeStats are the figures of the handshakes with one side.
type HandshakeStats struct {
	// Results counts handshakes by how they ended; every result is there.
	Results map[HandshakeResult]uint64
	// Sessions are those that went well, by version; every version is there.
	Sessions []TLSSessions
}

// handshakeLeg is whom a handshake was with.
type handshakeLeg uint8

const (
	withClient handshakeLeg = iota
	withBackend
	handshakeLegs
)

// tlsVersions are those that the engine speaks.
var tlsVersions = [...]uint16{tls.VersionTLS12, tls.VersionTLS13}

// handshakeCounters are shared by all loops: beside a handshake they cost nothing.
type handshakeCounters struct {
	results       [handshakeResults]atomic.Uint64
	full, resumed [len(tlsVersions)]atomic.Uint64
}

// over counts a handshake that has ended with err; state is what was agreed on, valid
// iff err is nil.
func (c *handshakeCounters) over(err error, state *tls.ConnectionState) {
	c.results[handshakeResult(err)].Add(1)
	if err != nil {
		return
	}
	counts := &c.full
	if state.DidResume {
		counts = &c.resumed
	}
	for i, v := range tlsVersions {
		if v == state.Version {
			counts[i].Add(1)
		}
	}
}

func (c *handshakeCounters) stats() HandshakeStats {
	s := HandshakeStats{Results: make(map[HandshakeResult]uint64)}
	for r := range handshakeResults {
		s.Results[r] = c.results[r].Load()
	}
	for i, v := range tlsVersions {
		s.Sessions = append(s.Sessions, TLSSessions{v, c.full[i].Load(), c.resumed[i].Load()})
	}
	return s
}
