// Package tlsterm terminates TLS on event loops, and holds the certificates.
//
// The protocol is crypto/tls's, which is written for a goroutine per
// connection. It is used without one:
//
//	                  loop                         goroutine, one per handshake
//	socket ──► Handshake.Feed ────────────────────► tls.Conn.Handshake
//	socket ◄── Owner.Handshaken(records) ◄───────── (posted)
//	               │ done: Handshake.Conn
//	               ▼
//	socket ◄─► Conn.Read, Conn.Seal: tls.Conn.Read and Write over a wire that
//	           answers "try again" when the socket has nothing
//
// The arithmetic of a handshake never runs on a loop. A [Pool] bounds how many
// handshakes there are and how many compute at once. Afterwards there is no
// goroutine: the loop calls tls.Conn itself. An idle connection keeps its keys
// and nothing else, see records_linux.go.
package tlsterm

import "errors"

// ErrCrowded ends a handshake that made room for others: the peer was slow and
// the Pool full.
var ErrCrowded = errors.New("the handshake was given up for others that wait")
