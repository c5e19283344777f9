package mysqltest

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// script is what a backend says to everybody: the first text at once, each other
// when it has heard something. Then it goes, or stays and is silent.
type script struct {
	says  []string
	stays bool
}

// start starts a backend, which ends with the test.
func (s script) start(t testing.TB) backend {
	t.Helper()
	b := enginetest.Listen(t)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := b.AcceptTCP()
			if err != nil {
				return
			}
			serving.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() { _ = b.Close(); serving.Wait() })
	return backend{network: "tcp", address: b.Address()}
}

func (s script) serve(conn net.Conn) {
	defer conn.Close()
	heard := make([]byte, 4096)
	for i, text := range s.says {
		if i > 0 {
			if _, err := conn.Read(heard); err != nil {
				return
			}
		}
		if _, err := io.WriteString(conn, text); err != nil {
			return
		}
	}
	if s.stays {
		_, _ = io.Copy(io.Discard, conn) // ends with the proxy's connection
	}
}
