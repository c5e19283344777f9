package engine

// State is where a session stands in its life.
//
//	[Introducing]
//	   ▼
//	[Securing]                   [SecuringBackend]
//	   ▲ ▼                              ▲ ▼
//	Detecting ─► Resolving ─► Connecting ─► Opening ─► Relaying ─► Closed
//	    │            │             │           │           │          ▲
//	    └────────────┴─────────────┴───────────┴───────────┴► Flushing┘
//
// Where the codec stays there is Standing between Opening and Relaying, with
//
//	Standing ◄─► Asking ─► Flushing
type State uint8

// The states of a session. Each has a deadline but Standing and Relaying: an
// established session may be idle for as long as both peers keep it. Once it is to
// leave (Moved) that has one too: Timeouts.Flush.
const (
	// Detecting: the codec reads the client's first bytes until it knows the
	// resource. Entered when the client is accepted. Leaves to Resolving, or
	// Flushing with a refusal. Deadline: Timeouts.Detect, or Timeouts.Idle for a
	// client that the codec itself serves.
	Detecting State = iota
	// Introducing: a proxy before us tells of its client by the PROXY protocol;
	// nothing is said to it yet. Entered when the client is accepted, if it is from
	// Config.ProxyProtocolFrom. Leaves to Securing or Detecting as if the client were
	// accepted now, or Closed. Deadline: Timeouts.Detect.
	Introducing
	// Securing: the client's leg turns to TLS. Entered when the client is
	// accepted where TLS begins with the first byte, or from Detecting when the
	// codec says so. Leaves to Detecting, or Flushing behind an alert. Deadline:
	// Timeouts.Handshake.
	Securing
	// Resolving: the route isn't cached and is being looked up off the loop;
	// the client isn't read. Leaves to Connecting or Flushing. Deadline:
	// Timeouts.Resolve.
	Resolving
	// Waking: the resource is cold, or refuses connections and may be: it is being
	// started off the loop, once for all who want it; the client isn't read. From
	// Resolving, or Connecting once; to Connecting or Flushing. Deadline:
	// ColdStart.Timeout.
	Waking
	// Connecting: the backend is being dialled, one address after the other.
	// Leaves to Opening or Flushing. Deadline: Timeouts.Connect or the route's.
	Connecting
	// SecuringBackend: the backend's leg turns to TLS; the client isn't read.
	// From Connecting, or from Opening when the codec says so; to Opening or
	// Flushing. Deadline: Timeouts.Handshake.
	SecuringBackend
	// Opening: the backend is connected and the codec opens it, listening to
	// both sides. Leaves to Relaying when the codec says so. Deadline:
	// Timeouts.Open.
	Opening
	// Standing: the session is established and the codec stays, passing bytes on
	// both ways. From Opening or Asking; to Relaying when a side ends, to Asking,
	// or Flushing.
	Standing
	// Asking: the codec of a standing session wants another resource, and whether
	// that lives at the same backend is being looked up off the loop. Neither side
	// is read, so that an end is noticed behind it. From Standing; back to it, or
	// to Flushing behind a reset of the backend, which has half a request.
	// Deadline: Timeouts.Resolve.
	Asking
	// Relaying: bytes pass untouched both ways; the codec is gone. Leaves to
	// Closed when both directions have ended, or Flushing.
	Relaying
	// Flushing: the outcome is decided, the last bytes are on their way (a
	// refusal, or what was received before a reset). Deadline: Timeouts.Flush.
	Flushing
	// Closed: terminal; both sockets are closed and the Reason is counted.
	Closed
	states
)

var stateNames = [states]string{
	Detecting:  "detecting",
	Resolving:  "resolving",
	Waking:     "waking",
	Connecting: "connecting",
	Opening:    "opening",
	Standing:   "standing",
	Asking:     "asking",
	Relaying:   "relaying",
	Flushing:   "flushing",
	Closed:     "closed",

	Introducing:     "introducing",
	Securing:        "securing",
	SecuringBackend: "securing_backend",
}

// States returns every state, for tables.
func States() []State {
	all := make([]State, states)
	for i := range all {
		all[i] = State(i)
	}
	return all
}

// String returns the state's name, as it stands in logs.
func (s State) String() string {
	if s < states {
		return stateNames[s]
	}
	return "unknown"
}
