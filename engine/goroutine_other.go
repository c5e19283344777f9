//go:build !linux

package engine

import (
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/reactor"
)

// What Linux tells and sets beyond package net isn't there on other systems:
// UserTimeout and DeferAccept have no effect, and a reset that is passed on may
// overtake the last bytes before it.

func dialControl(*reactor.SocketOptions) func(network, address string, c syscall.RawConn) error {
	return nil
}

func listenControl(*reactor.ListenOptions) func(network, address string, c syscall.RawConn) error {
	return nil
}

// shareAddress would need options that mean something else on each system.
func shareAddress(syscall.Conn) error { return syscall.EADDRINUSE }

func handListener(*net.TCPListener, *reactor.ListenOptions) error { return nil }

// broken is only needed where reading fails without saying so.
func broken(*net.TCPConn) bool { return false }

func ended(*net.TCPConn) bool { return false }

func unread(*net.TCPConn) bool { return false }

func sent(*net.TCPConn) bool { return true }

func awaitSent(*net.TCPConn, time.Time) {}

// copyPlain passes on what comes from one connection until its end, and says how much
// as it does. The error may be either side's.
func copyPlain(to, from *net.TCPConn, buffers *sync.Pool, moved func(n int)) error {
	return copyBuffered(to, &stream{TCPConn: from}, buffers, moved)
}
