package codecs

// Multiplexing is what a Front also has whose sessions may use several backends
// at once, each for the resources that live there. The zero value is none: one
// session, one backend.
type Multiplexing struct {
	// New makes the Multiplexer of one new connection, nil for none. The Codec of
	// Front.New isn't used then. Safe for concurrent use.
	New func() Multiplexer
	// MaxPending is how many bytes of one request may come before its resource is
	// known, in bytes. They are kept as they come.
	MaxPending int
}

// Multiplexer is one client connection's front end where each request finds its
// own backend. Like a Codec it is a pure state machine. Its methods are called
// by the client's goroutine, but for what the Branch says.
type Multiplexer interface {
	// Secured is called once, before Client, if the client's leg is TLS.
	Secured(TLS)
	// Client takes the client's unconsumed bytes, at least one, which begin with a
	// request. Its actions are More, Fail and Route. With Route nothing is
	// consumed: the request, Size bytes of which some may be still to come, is the
	// driver's to pass on or to drop.
	Client(in []byte) Step
	// Size is the length of the request that was routed last, in bytes.
	Size() int
	// Open begins to speak with a backend that was connected for that request.
	Open(Target) Branch
	// Refuse appends f as the answer to the request that was routed last, or
	// which Client has failed at, to dst and returns the extended slice; unchanged
	// if it wants no answer. The connection may go on. The text comes from an
	// allowlist, as Codec.Refuse's.
	Refuse(dst []byte, f Failure) []byte
}

// Branch is what a Multiplexer says to one backend. It is called by one goroutine
// at a time, but not always the client's: Backend, Within and Refuse may be
// called while the Multiplexer or another Branch is.
type Branch interface {
	// Hello is what the backend must hear before anything else, nil for nothing.
	// The driver doesn't wait for its answer. Called once.
	Hello() []byte
	// Pass notes that the request which was routed last is passed on from now on.
	// Its action is More, or Fail if this backend can't have it, which doesn't end
	// anything. Client's goroutine.
	Pass() Step
	// Full says that so many requests await their answers that Pass must wait.
	Full() bool
	// Owes says that a request passed on awaits its answer, or the rest of one.
	Owes() bool
	// Backend takes the backend's unconsumed bytes, at least one. Its actions are
	// More, and Fail if the backend can't be understood, which ends the branch.
	// When it consumes nothing it needs more bytes.
	Backend(in []byte) Step
	// Within says that the client has got the beginning of an answer whose rest is
	// still to come: nothing else can be said to it before that.
	Within() bool
	// Refuse appends f as the answer to every request passed on that awaits one,
	// as Multiplexer.Refuse does, and forgets them.
	Refuse(dst []byte, f Failure) []byte
}
