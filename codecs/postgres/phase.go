package postgres

// phase is where a codec is in the life of its connection.
type phase uint8

const (
	// phaseOpening: what the client wants is read, then the backend is awaited.
	// Entered at New; left by Open.
	phaseOpening phase = iota
	// phaseAsking: the backend has been asked for TLS and owes one byte; the
	// client's bytes wait. Entered by Open; left for phaseHandover when TLS
	// stands, for phaseReplay or for phaseDeclined.
	phaseAsking
	// phaseReplay: the backend has no TLS and is to be opened in the clear,
	// with the client's bytes that have waited. Left for phaseHandover.
	phaseReplay
	// phaseDeclined: the backend has answered with an error, which passes to
	// the client and is all it hears. Terminal.
	phaseDeclined
	// phaseHandover: the backend has the startup; bytes pass through both ways
	// until its first ReadyForQuery. Terminal.
	phaseHandover
)

// String returns the phase's name.
func (p phase) String() string {
	switch p {
	case phaseOpening:
		return "opening"
	case phaseAsking:
		return "asking"
	case phaseReplay:
		return "replay"
	case phaseDeclined:
		return "declined"
	case phaseHandover:
		return "handover"
	default:
		return "unknown"
	}
}

// errand is what a connection turns out to be for. It decides how the backend
// is opened and how a failure is spoken.
type errand uint8

const (
	// errandLogin: a session, until the client has said otherwise.
	errandLogin errand = iota
	// errandCancel: the client has sent a CancelRequest and expects no answer
	// of any kind.
	errandCancel
	// errandTunnel: the client speaks TLS with the backend.
	errandTunnel
)

// String returns the errand's name.
func (e errand) String() string {
	switch e {
	case errandLogin:
		return "login"
	case errandCancel:
		return "cancel"
	case errandTunnel:
		return "tunnel"
	default:
		return "unknown"
	}
}
