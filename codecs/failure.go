package codecs

// Kind classifies why a client is refused, by what the client can do about
// it. Every codec turns every kind into its protocol's own error code.
type Kind uint8

// The kinds of failure. The comments name the HTTP status they correspond to.
const (
	// Internal: a fault of ours (500).
	Internal Kind = iota
	// NotFound: the resolver doesn't know the resource (404).
	NotFound
	// Forbidden: the resolver or the address guard says no (403).
	Forbidden
	// Unavailable: the backend refuses connections or is known to be down (503).
	Unavailable
	// Timeout: connecting to or waking the backend took too long (504).
	Timeout
	// TooMany: a limit on sessions is reached (503).
	TooMany
	// Malformed: the client doesn't speak the protocol (400).
	Malformed
	// Unsupported: the client asks for a version or feature that isn't served (501).
	Unsupported

	kinds
)

var kindNames = [kinds]string{
	Internal:    "internal",
	NotFound:    "not_found",
	Forbidden:   "forbidden",
	Unavailable: "unavailable",
	Timeout:     "timeout",
	TooMany:     "too_many",
	Malformed:   "malformed",
	Unsupported: "unsupported",
}

// String returns the kind's name, which is also its metric label.
func (k Kind) String() string {
	if k < kinds {
		return kindNames[k]
	}
	return "unknown"
}

// Kinds returns every kind, for tables and tests.
func Kinds() []Kind {
	all := make([]Kind, kinds)
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}

// Failure is what a client is told.
type Failure struct {
	Kind Kind
	// Detail is a constant text of the codec's or the engine's own that says
	// more than the kind, or one that the operator has approved for the resolver to
	// choose (at most 200 bytes of printable ASCII); "" for none. Never text from
	// elsewhere.
	Detail string
	// Backend is what the codec has found wrong with the backend, for the engine's
	// accounts: the client is told the kind.
	Backend BackendFault
	// RetryAfter is when the client may come again, in seconds; 0 if that isn't
	// known. For protocols with a word for it.
	RetryAfter int
	// Resource is the resource id as the client sent it, "" if unknown. A
	// codec may quote it back, nothing else it quotes.
	Resource string
}

// BackendFault is what a codec finds wrong with a backend.
type BackendFault uint8

// The faults of backends.
const (
	// BackendFine: nothing, or nothing that it could be blamed for.
	BackendFine BackendFault = iota
	// BackendForeign: it doesn't speak the protocol.
	BackendForeign
	// BackendInsecure: it doesn't do TLS as it has to.
	BackendInsecure
)

// FailBackend is the step that refuses a client because of its backend's fault; detail is
// Failure.Detail.
func FailBackend(fault BackendFault, detail string) Step {
	return Step{Action: Fail, Failure: Failure{Kind: Unavailable, Detail: detail, Backend: fault}}
}
