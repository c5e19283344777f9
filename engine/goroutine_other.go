//go:build !linux

package engine

import (
	"net"
	"os"
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

func handListener(*net.TCPListener, *reactor.ListenOptions) error { return nil }

// listenerFile returns a duplicate of a socket, which is the caller's to close. Its
// name is the system's.
func listenerFile(ln *net.TCPListener, _ string) (*os.File, error) { return ln.File() }

// broken is only needed where reading fails without saying so.
func broken(*net.TCPConn) bool { return false }

func ended(*net.TCPConn) bool { return false }

func unread(*net.TCPConn) bool { return false }

func sent(*net.TCPConn) bool { return true }

func awaitSent(*net.TCPConn, time.Time) {}
