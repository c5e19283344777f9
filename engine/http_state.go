package engine

// webState is where a client's HTTP connection stands.
//
//	[introducing]
//	    ▼
//	[securing]                             [securing the backend]
//	    ▼                                         ▲ ▼
//	awaiting ─► reading ─► resolving ─► connecting ─► exchanging ─► switched
//	   ▲            │           │            │             │
//	   └────────────┴───────────┴────────────┴─────────────┤ response complete
//	                                                       └─► ending ─► ended
type webState uint8

const (
	// webAwaiting: no byte of a next request is here. Deadline: HTTP.KeepAlive.
	webAwaiting webState = iota
	// webReading: a part of a head is here. Deadline: HTTP.HeadTimeout.
	webReading
	// webIntroducing: a proxy before us tells of its client (Introducing). To
	// securing, reading or ended. Deadline: Timeouts.Detect.
	webIntroducing
	// webSecuring: the client's TLS handshake, before any request. To reading,
	// or ending behind an alert. Deadline: Timeouts.Handshake.
	webSecuring
	// webResolving: the host's route is being looked up off the loop; the client
	// isn't read. Deadline: Timeouts.Resolve.
	webResolving
	// webWaking: the host's resource is being started off the loop; the client
	// isn't read. From resolving, or connecting once; to connecting. Deadline:
	// ColdStart.Timeout.
	webWaking
	// webConnecting: the backend is being dialled. Deadline: Timeouts.Connect or
	// the route's.
	webConnecting
	// webSecuringBackend: the TLS handshake with the backend. From connecting, to
	// exchanging. Deadline: Timeouts.Handshake.
	webSecuringBackend
	// webExchanging: the request is on its way, and the response back, both at
	// once. Deadline: HTTP.FirstByte, then HTTP.Stall.
	webExchanging
	// webDiscarding: the request is answered without a backend once its body, which
	// is dropped, has been read. From reading, to awaiting or ending. Deadline:
	// HTTP.Stall.
	webDiscarding
	// webSwitched: bytes pass untouched (Upgrade). No deadline, but Timeouts.Flush
	// once it is to leave (Moved).
	webSwitched
	// webEnding: the last response is on its way, what the client still sends is
	// read and dropped until it closes. Deadline: Timeouts.Flush.
	webEnding
	// webEnded: terminal.
	webEnded
)

// state is the state of other sessions that says the same, for logs.
func (s webState) state() State {
	switch s {
	case webIntroducing:
		return Introducing
	case webSecuring:
		return Securing
	case webSecuringBackend:
		return SecuringBackend
	case webResolving:
		return Resolving
	case webWaking:
		return Waking
	case webConnecting:
		return Connecting
	case webExchanging, webDiscarding, webSwitched:
		return Relaying
	case webEnding:
		return Flushing
	case webEnded:
		return Closed
	default:
		return Detecting
	}
}
