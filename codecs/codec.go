// Package codecs holds the contract every protocol's front end fulfils, and
// the table of the protocols the engine knows.
//
// A codec is a pure state machine: bytes in, decisions out. It does no I/O,
// reads no clock, starts no goroutine and allocates nothing on the path to
// the resource id. The engine drives it like this:
//
//	Start ──► Client ──► ... ──► Route ──► Open ──► Client / Backend ──► Relay
//	  │          │                 │                     │
//	  └──────────┴──► Fail         └──► Refuse           └──► Fail
//
// Start is called once, when the client is connected. A server-first protocol
// answers with its greeting, a protocol that needs no bytes at all (tcp)
// routes at once.
//
// Client is called with all bytes the client has sent that no step has
// consumed yet: when there are more of them, and at once again when a step
// consumed some and left others, until the step says Route (or RouteKey). The
// client isn't read while the engine resolves and connects.
//
// Open is called when the backend is connected; its step says what the
// backend must hear first.
//
// From then on Client and Backend are called with the unconsumed bytes of
// their side, in any order, until a step says Relay, and whenever the other
// side's step may have made a difference to them. Once MaxPending bytes of the
// client wait it isn't read. The engine then passes
// on what is left unconsumed on both sides, drops the codec and relays bytes
// untouched. A side that ends before that ends the codec's part as well: what
// it has held back of that side is passed on as it is (unless it is an Ender).
//
// The Client of a codec that stays (Stand) may say Route again, when another
// resource is wanted on the same connection. Neither side is read while the engine finds
// out where that lives. If it is at the session's own backend, reached in the
// same way, Open is called again, with the client's unconsumed bytes and the
// other resource's Target; else Refuse: with Forbidden if it lives elsewhere.
// Limits and accounts go by the first.
//
// Refuse speaks a failure in the protocol's own words. It may be called in any
// state; nothing else is called after it.
//
// TLS is the driver's. On a listener whose protocol doesn't negotiate it
// (Front.Negotiates) both legs, where they are encrypted, are so from their
// first byte: the codec sees plain bytes, and is told before Start if it is an
// Upgrader. Others ask for it by StartTLS and StartBackendTLS.
//
// All methods of one codec are called by one goroutine at a time.
package codecs

// Action is what a codec wants the engine to do next.
type Action uint8

// The actions of a Step. What a step asks to be written is written first,
// whatever its action is.
const (
	// More: the codec needs more bytes, of either side it listens to.
	More Action = iota
	// StartTLS: once Step.ToClient is on its way, the client's leg turns to
	// TLS, beginning with the unconsumed bytes. When it stands Upgrader.Secured
	// is called, and then Client with decrypted bytes.
	StartTLS
	// StartBackendTLS: the same for the backend's leg, Step.ToBackend and
	// Upgrader.BackendSecured. Only valid after Open. The client isn't read
	// meanwhile.
	StartBackendTLS
	// Route: Step.Resource names what the client wants. Unconsumed bytes are
	// kept for Open. Valid before Open, and again once the codec has said Stand.
	Route
	// RouteKey: Step.Key names the session, on whatever loop, whose backend
	// the client wants (PostgreSQL's CancelRequest). Continues as Route does.
	RouteKey
	// Stand: the session stands as with Relay, but the codec stays and goes on
	// being called with the bytes of both sides, which it passes on as they
	// come. For protocols whose established sessions must be looked after
	// (MongoDB's hello). Said again it changes nothing.
	Stand
	// Compute: Step.Work takes too long for an event loop (RSA). The driver runs
	// it on a goroutine of its own, calls nothing of the codec meanwhile, and
	// then Computer.Computed.
	Compute
	// Relay: the codec has done its part. Terminal.
	Relay
	// Close: the session is over in good order (SMTP's QUIT). Terminal.
	Close
	// Fail: the session can't go on, Step.Failure says why. The engine calls
	// Refuse with it. Terminal.
	Fail
)

// Step is a codec's answer to bytes. All slices may alias the input or memory
// of the codec's own and are valid until the next call of the codec or until
// the input is overwritten, whichever is first: the engine writes or copies
// them before that and never writes to them. Passing bytes on untouched is a
// step that returns its own input.
type Step struct {
	Action Action
	// Consumed is how many bytes of the input are dealt with; the rest is
	// presented again, with more behind it.
	Consumed int
	// ToClient and ToBackend are written in order, before Action is done.
	// ToBackend is only valid after Open.
	ToClient, ToBackend []byte
	// Resource is the resource id. Valid iff Action is Route.
	Resource []byte
	// Key is the session's own key when the backend has issued one (the
	// engine registers it until the session ends), and the wanted session's
	// key iff Action is RouteKey.
	Key []byte
	// KeyData is kept with Key when that is registered, for whoever asks for it
	// by RouteKey (Target.KeyData).
	KeyData []byte
	// Failure is valid iff Action is Fail.
	Failure Failure
	// Work is valid iff Action is Compute. It may use the codec's own memory.
	Work func()
	// Patient says that the client is served by the codec itself and may stay
	// so (a MongoDB driver's monitor, a MySQL client without a database): the
	// deadline of naming a resource no longer holds, an idle client's does.
	Patient bool
}

// TLS is what the handshake with a client has told.
type TLS struct {
	// ServerName is the host name the client asked for (SNI), "" if none.
	ServerName string
	// ALPN is the protocol agreed on, "" if none.
	ALPN string
}

// TLSPolicy says whether the backend's leg is to be encrypted.
type TLSPolicy uint8

// The policies of the backend's leg. How its certificate is verified is the
// driver's matter.
const (
	// NoTLS: the backend is spoken to in the clear.
	NoTLS TLSPolicy = iota
	// PreferTLS: encrypted if the backend offers it.
	PreferTLS
	// RequireTLS: encrypted, or the session fails.
	RequireTLS
)

// Target is what the codec learns about the backend it opens.
type Target struct {
	// Metadata comes from the resolver's Result. Read only.
	Metadata map[string]string
	// TLS is the policy of the backend's leg, for codecs that negotiate it
	// (Front.Negotiates); NoTLS for others, whose leg is what it is to be.
	TLS TLSPolicy
	// KeyData is what was kept with the key of a RouteKey. Read only.
	KeyData string
	// Client is the client's address, for codecs that tell the backend of it
	// (Front.Addresses).
	Client Address
}

// MetadataDatabase is the key of Target.Metadata under which a resolver names
// the database the backend is asked for instead of the client's.
const MetadataDatabase = "database"

// Codec is one client connection's front end. See the package comment for the
// order of the calls and Step for the ownership of memory.
type Codec interface {
	// Start is called once, before any other method.
	Start() Step
	// Client takes the client's unconsumed bytes, at least one.
	Client(in []byte) Step
	// Open takes the client's unconsumed bytes, maybe none, and says what the
	// backend must hear first. Its action is none of those that come before the
	// backend (StartTLS, Route, RouteKey). It is called again for each Route of a
	// session that stands.
	Open(in []byte, t Target) Step
	// Backend takes the backend's unconsumed bytes, at least one. Its actions are
	// those of Open.
	Backend(in []byte) Step
	// Refuse appends f in the protocol's own words to dst and returns the
	// extended slice; unchanged when the protocol has no words for it, the
	// connection is then just closed. The text comes from an allowlist: no
	// internal address, no resolver's error, no stack.
	Refuse(dst []byte, f Failure) []byte
}

// Upgrader is what a Codec also is that says StartTLS or StartBackendTLS, or
// wants to know of the client's TLS.
type Upgrader interface {
	// Secured is called when TLS stands on the client's leg: after StartTLS, or
	// before Start where TLS begins with the first byte; its step is then
	// ignored.
	Secured(TLS) Step
	// BackendSecured is called when TLS stands on the backend's leg, after
	// StartBackendTLS. Like Open it takes the client's unconsumed bytes.
	BackendSecured(in []byte) Step
}

// Computer is what a Codec also is that says Compute.
type Computer interface {
	// Computed is called when Step.Work has been done.
	Computed() Step
}

// Closer is what a Codec also is that has something to let go of (a password).
type Closer interface {
	// Close is called when the session has ended, or is relayed without the
	// codec; nothing is called after it.
	Close()
}

// Ender is what a Codec also is that keeps bytes of the client's from the
// backend: an end of a side doesn't have what it holds back passed on as it is.
// The end of the client is passed on when all before it is consumed, the
// backend's ends the session.
type Ender interface {
	// ClientEnded is called at most once, behind Open: nothing will come behind the
	// client's unconsumed bytes, which are presented as ever.
	ClientEnded()
}

// Front is a protocol's front end as a listener is configured with it.
type Front struct {
	Protocol Protocol
	// ClientFirst says that the server has nothing to say before the client
	// has spoken, so that accepting may wait for the client's first bytes.
	ClientFirst bool
	// Negotiates says that the protocol turns to TLS in its own words, on both
	// legs (PostgreSQL, MySQL, SMTP); others are TLS from the first byte, if at
	// all.
	Negotiates bool
	// Addresses says that Target.Client is wanted.
	Addresses bool
	// HalfClose says that a client may end its side before it has its answer, and
	// still wants it; where not, one that ends its side has left.
	HalfClose bool
	// ALPN are the application protocols TLS clients may choose among, none for
	// any.
	ALPN []string
	// MaxPending is how many unconsumed bytes the engine keeps of one side
	// while the codec asks for more, in bytes. A step that needs more than
	// that is malformed input. 0 is for a codec that looks at no bytes.
	MaxPending int
	// New makes the codec of one new connection. Safe for concurrent use.
	New func() Codec
	// Multiplex is for sessions with several backends.
	Multiplex Multiplexing
}
