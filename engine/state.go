package engine

// State is where a session stands in its life.
//
//	Detecting ─► Resolving ─► Connecting ─► Opening ─► Relaying ─► Closed
//	    │            │             │           │           │          ▲
//	    └────────────┴─────────────┴───────────┴───────────┴► Flushing┘
type State uint8

// The states of a session. Each has a deadline but Relaying: an established
// session may be idle for as long as both peers keep it.
const (
	// Detecting: the codec reads the client's first bytes until it knows the
	// resource. Entered when the client is accepted. Leaves to Resolving, or
	// Flushing with a refusal. Deadline: Timeouts.Detect.
	Detecting State = iota
	// Resolving: the route isn't cached and is being looked up off the loop;
	// the client isn't read. Leaves to Connecting or Flushing. Deadline:
	// Timeouts.Resolve.
	Resolving
	// Connecting: the backend is being dialled, one address after the other.
	// Leaves to Opening or Flushing. Deadline: Timeouts.Connect or the route's.
	Connecting
	// Opening: the backend is connected and the codec opens it, listening to
	// both sides. Leaves to Relaying when the codec says so. Deadline:
	// Timeouts.Open.
	Opening
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
	Connecting: "connecting",
	Opening:    "opening",
	Relaying:   "relaying",
	Flushing:   "flushing",
	Closed:     "closed",
}

// String returns the state's name, as it stands in logs.
func (s State) String() string {
	if s < states {
		return stateNames[s]
	}
	return "unknown"
}
