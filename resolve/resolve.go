// Package resolve answers where a resource lives.
//
// A [Resolver] maps a resource id (a database name, a host, a mail domain) to
// an endpoint. The engine never asks it directly: a [Cache] stands in front,
// which also looks up the endpoint's name and guards against addresses that
// must not be dialled. What comes out is a [Route]: everything needed to dial,
// immutable, shared by all loops.
//
//	event loop                        goroutine that may block
//	Local.Lookup ──► hit: *Route
//	     │ miss                 ┌── answer from the shared cache
//	     └────────► Cache.Fetch ┤
//	                            └── single flight ──► Resolver ──► DNS ──► Guard
//
// [Open] makes the resolvers that come with the engine from a URL; any other
// Go type will do as well.
package resolve

import (
	"context"
	"fmt"
	"net/netip"
	"time"
)

// Request is what is known of a client when its resource must be found.
//
// Answers are cached by Protocol and Resource alone. An answer or an error that
// depends on Client, ServerName or Identity must have a negative TTL, or other
// clients are given it too.
type Request struct {
	// Protocol is the listener's protocol by name ("postgresql").
	Protocol string
	// Resource is the resource id as the codec cut it out of the protocol.
	Resource string
	// Client is the client's address.
	Client netip.AddrPort
	// ServerName is the TLS server name (SNI), "" without TLS.
	ServerName string
	// Identity is who the client is by its certificate, nil without one. Read
	// only.
	Identity *Identity
}

// State says whether a resource can be connected to right now.
type State uint8

// The states of a resource. The zero value is Ready.
const (
	// Ready: connect.
	Ready State = iota
	// Cold: it sleeps and must be woken first.
	Cold
	// Draining: it takes no new sessions, and with a Result.Drain the ones it has
	// are ended after that time.
	Draining

	states
)

var stateNames = [states]string{Ready: "ready", Cold: "cold", Draining: "draining"}

// String returns the state's name, which ParseState takes.
func (s State) String() string {
	if s < states {
		return stateNames[s]
	}
	return "unknown"
}

// ParseState is the inverse of State.String; "" is Ready.
func ParseState(s string) (State, error) {
	if s == "" {
		return Ready, nil
	}
	for state, name := range stateNames {
		if s == name {
			return State(state), nil
		}
	}
	return 0, fmt.Errorf("unknown state %q: want ready, cold or draining", s)
}

// Balance says which of several endpoints a new session goes to. Endpoints
// that are down are passed over.
type Balance uint8

// The ways to balance. The zero value is RoundRobin.
const (
	// RoundRobin: one after the other.
	RoundRobin Balance = iota
	// LeastSessions: the one with the fewest sessions.
	LeastSessions
	// First: the first one, the others are there for when it is down.
	First

	balances
)

var balanceNames = [balances]string{RoundRobin: "round-robin", LeastSessions: "least-sessions", First: "first"}

// String returns the way's name, which ParseBalance takes.
func (b Balance) String() string {
	if b < balances {
		return balanceNames[b]
	}
	return "unknown"
}

// ParseBalance is the inverse of Balance.String; "" is RoundRobin.
func ParseBalance(s string) (Balance, error) {
	if s == "" {
		return RoundRobin, nil
	}
	for b, name := range balanceNames {
		if s == name {
			return Balance(b), nil
		}
	}
	return 0, fmt.Errorf("unknown way to balance %q: want round-robin, least-sessions or first", s)
}

// Result is a resolver's answer.
type Result struct {
	// Endpoint is the backend's "host:port" as ParseEndpoint takes it, also of
	// a cold resource. Required.
	Endpoint string
	// Others are further endpoints of the resource, at most MaxOthers. Read only
	// once returned.
	Others []string
	// Balance says which endpoint a new session goes to.
	Balance Balance
	// Metadata is handed to the codec and to the Tracker. Read only once returned.
	Metadata map[string]string
	// Timeout overrides the connect timeout; 0 keeps the configured one.
	Timeout time.Duration
	// TTL is how long the answer may be reused; 0 means the cache's default,
	// negative means not at all, not even by those who asked at the same time.
	TTL time.Duration
	// State is Ready unless the resolver knows better.
	State State
	// Wake says that the resource can be woken, by the resolver as a Waker, when
	// it is Cold or refuses connections; "" if it can't. What it says besides
	// is the resolver's: a URL, a channel.
	Wake string
	// Drain is how long sessions of the resource may go on that are at none of
	// the endpoints, or at any while the State is Draining, from when the answer is
	// known to be in force: told by a Notifier, purged, or found to be another when
	// the TTL was over. 0: for as long as they like; negative: not at all. They end
	// in order, once what is on its way is delivered. An answer that may not be
	// reused ends none.
	Drain time.Duration
	// MaxSessions bounds the resource's sessions at once, and SessionRate its
	// new ones per second; 0 keeps what is configured.
	MaxSessions, SessionRate int

	// origin says which members of chains the answer came through, nil if none.
	origin *origin
}

// MaxOthers bounds Result.Others.
const MaxOthers = 15

// Resolver finds where a resource lives. Resolve is called from many
// goroutines at once, never from an event loop, and must honour ctx, which
// ends after CacheOptions.Timeout or when no session waits any more. Errors
// should be *Error; anything else counts as Internal, and so does a panic. The
// Result, its Metadata included, must not be changed once returned.
//
// A Resolver that holds something to let go of implements io.Closer; whoever
// opened it closes it, after the last session.
type Resolver interface {
	Resolve(ctx context.Context, req Request) (Result, error)
}

// Waker is an optional interface of a Resolver that can wake what sleeps.
//
// Wake has the resource started and returns when that is under way; whether it
// is ready is found out by asking Resolve again and by trying its endpoint. It
// is called on a goroutine of the engine's, once per resource however many
// clients wait, with the answer that made it necessary. An error fails
// everybody who waits. ctx ends with the cold start's time, or when nobody
// waits any more.
type Waker interface {
	Wake(ctx context.Context, req Request, res Result) error
}

// Tracker is an optional interface of a Resolver that wants to know about
// sessions. Its methods are called on a goroutine of the engine's, in the
// order of the events of one session, and must not block for long.
type Tracker interface {
	// OnConnect is called when a session's relay begins.
	OnConnect(req Request, res Result)
	// Track is called while a session is in use, never for an idle one, with the
	// bytes relayed so far: at most every so often per session, or per resource
	// where connections carry requests for several (HTTP, multiplexed MongoDB).
	// Of these, what a connection does for one resource is a session.
	Track(req Request, res Result, fromClient, toClient uint64)
	// OnDisconnect is called when that session has ended, with the bytes
	// relayed from and to the client.
	OnDisconnect(req Request, res Result, fromClient, toClient uint64)
}

// Purger is an optional interface of a Resolver that keeps answers of its own
// and can forget one. Called by Cache.Purge.
type Purger interface {
	Purge(resource string)
}

// Notifier is an optional interface of a Resolver whose answers may change
// before their TTL is over. Notify is called once, before the first Resolve;
// the resolver then calls changed with the resource whose answer is no longer
// true, "" for all of them, from any goroutine.
type Notifier interface {
	Notify(changed func(resource string))
}

// Doubter is an optional interface of a Resolver that can't promise to tell of
// every change, for what it learns of them by may break. NotifyDoubt is called
// once, before the first Resolve; the resolver then calls doubt, from any
// goroutine, when changes may have been missed. Every resource is asked for
// anew when it is next needed; where that fails the old answer serves on, as if
// its TTL were over.
type Doubter interface {
	NotifyDoubt(doubt func())
}

// StatsReporter is an optional interface of a Resolver with figures of its own.
type StatsReporter interface {
	Stats() map[string]any
}
