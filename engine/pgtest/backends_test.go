package pgtest

import (
	"net"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// hangsUp is an endpoint that closes every connection without a word.
func hangsUp(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { enginetest.CloseAll(t, ln); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			// Half first: unread bytes would turn the close into a reset.
			_ = conn.(*net.TCPConn).CloseWrite()
			defer conn.Close()
		}
	}()
	return ln.Addr().String()
}
