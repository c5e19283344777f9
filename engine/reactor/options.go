// Package reactor runs event loops: sockets, timers and dialing on epoll,
// without a goroutine or a lock per connection. It knows no protocol.
//
// A [Loop] is one goroutine with an epoll instance, listeners, a timer wheel
// and connections of its own. Everything that belongs to a loop is touched by
// that loop only; other goroutines reach it through [Loop.Post].
//
//	epoll_wait ─► readiness noted in Conn ─► Handler.Ready ─► Read / Write until they would block
//	     ▲                                       │
//	     └── again: connections whose work budget ran out, one turn later
//
// Sockets are registered once, edge-triggered, for both directions. Readiness
// is remembered in the Conn until a Read or Write would block, so stopping to
// read (backpressure) costs no system call: the handler just doesn't read.
package reactor

import "time"

// SocketOptions are the settings of TCP sockets. A zero duration or size
// leaves the kernel's default.
type SocketOptions struct {
	// NoDelay turns Nagle's algorithm off (TCP_NODELAY).
	NoDelay bool
	// KeepAlive finds dead peers of idle connections.
	KeepAlive KeepAlive
	// UserTimeout bounds how long sent data may stay unacknowledged, or unsent
	// because the peer's window is closed (TCP_USER_TIMEOUT): a peer that
	// merely reads nothing for so long is cut off as well. It also replaces
	// KeepAlive's count. 0 leaves it to the kernel's retransmissions.
	UserTimeout time.Duration
	// ReceiveBuffer and SendBuffer fix the kernel's buffers, in bytes
	// (SO_RCVBUF, SO_SNDBUF), and with that turn its autotuning off.
	ReceiveBuffer, SendBuffer int
}

// KeepAlive are the TCP keepalive settings; Idle 0 turns keepalive off.
type KeepAlive struct {
	Idle     time.Duration
	Interval time.Duration
	Count    int
}

// ListenOptions are the settings of a listening socket. Accepted sockets
// inherit the SocketOptions from it, which is why accepting costs no
// setsockopt.
type ListenOptions struct {
	SocketOptions
	// Backlog is the length of the accept queue; the kernel caps it at
	// net.core.somaxconn.
	Backlog int
	// ReusePort lets every loop have a listening socket of its own.
	ReusePort bool
	// DeferAccept has the kernel hold a connection back until its first bytes
	// are there (TCP_DEFER_ACCEPT), at most so long.
	DeferAccept time.Duration
}
