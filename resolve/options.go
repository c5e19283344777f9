package resolve

import (
	"log/slog"
	"time"
)

// Defaults of CacheOptions.
const (
	// DefaultTTL is the original proxy's cacheTTL.
	DefaultTTL = 60 * time.Second
	// DefaultNegativeTTL is short: a new resource is reachable that soon after
	// somebody asked for it too early.
	DefaultNegativeTTL = 5 * time.Second
	// DefaultStaleFor outlasts the restart of a resolver's backend.
	DefaultStaleFor = 5 * time.Minute
	// DefaultTimeout is less than a client waits.
	DefaultTimeout = 5 * time.Second
	// DefaultMaxEntries takes 22 MiB per protocol, at 350 bytes a route without
	// metadata.
	DefaultMaxEntries = 1 << 16
)

// CacheOptions configures a Cache. The zero value of each field means its
// default.
type CacheOptions struct {
	// TTL is how long a route is used whose Result doesn't say; negative: not
	// kept. Default DefaultTTL. A route whose endpoint is a name isn't used for
	// longer than the name's addresses hold, see LookupFunc; 30 s if nobody says.
	TTL time.Duration
	// NegativeTTL is how long an error is repeated without asking anew, and
	// how long a route serves on before the resolver is tried again when it
	// fails; negative: not at all. Default DefaultNegativeTTL.
	NegativeTTL time.Duration
	// StaleFor is how long after its end a route still serves while the
	// resolver answers Unavailable, Timeout or Internal, or DNS fails, unless
	// the name is known to be gone; negative: not at all. Default DefaultStaleFor.
	StaleFor time.Duration
	// Timeout bounds one call of the resolver, and by itself one DNS lookup.
	// Default DefaultTimeout.
	Timeout time.Duration
	// MaxEntries is the most routes kept per protocol; a quarter as many
	// errors are kept beside them. When one of the two is full, an entry that
	// hasn't been used for long goes (by second chance, see ring): clients who
	// invent names push out no route, nor an error that is asked for often.
	// Default DefaultMaxEntries.
	MaxEntries int
	// Guard judges every address before it gets into a Route.
	Guard Guard
	// Guards are those of protocols, by name, that don't have Guard's.
	Guards map[string]Guard
	// Lookup finds the addresses of a name. Default SystemLookup; package
	// resolve/dns has one that knows their TTL.
	Lookup LookupFunc
	// Logger takes panics of the resolver and its failures that a stale route
	// hides, of each kind one record in 10 s; nil discards them.
	Logger *slog.Logger
}

func (o CacheOptions) withDefaults() CacheOptions {
	o.TTL = orDefault(o.TTL, DefaultTTL)
	o.NegativeTTL = orDefault(o.NegativeTTL, DefaultNegativeTTL)
	o.StaleFor = orDefault(o.StaleFor, DefaultStaleFor)
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MaxEntries <= 0 {
		o.MaxEntries = DefaultMaxEntries
	}
	if o.Lookup == nil {
		o.Lookup = SystemLookup
	}
	o.Logger = orDiscard(o.Logger)
	return o
}

func orDefault(d, fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return d
}

// guard is the one that judges the addresses of a protocol's backends.
func (o *CacheOptions) guard(protocol string) Guard {
	if g, own := o.Guards[protocol]; own {
		return g
	}
	return o.Guard
}

func (o CacheOptions) maxFailures() int { return max(1, o.MaxEntries/4) }
