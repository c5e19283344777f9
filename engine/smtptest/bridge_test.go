package smtptest

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// bridge has a server's socket be reached by TCP until the end of the test: a
// program that is told a port can't take one that is free, a path it can.
func bridge(t testing.TB, path string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	enginetest.Must(t, err)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { cross(conn.(*net.TCPConn), path) })
		}
	})
	t.Cleanup(func() {
		enginetest.CloseAll(t, listener)
		running.Wait()
	})
	return listener.Addr().String()
}

// cross passes on what either side says, and its end.
func cross(from *net.TCPConn, path string) {
	defer from.Close()
	to, err := net.Dial("unix", path)
	if err != nil {
		return // as the client notices
	}
	defer to.Close()
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(from, to)
		_ = from.CloseWrite()
	})
	_, _ = io.Copy(to, from)
	_ = to.(*net.UnixConn).CloseWrite()
	back.Wait()
}
