package engine

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// TestSockets: a successor is given all of them, for what waits at one that it isn't given is lost;
// and giving them leaves them as event loops need them.
func TestSockets(t *testing.T) {
	for _, tt := range []struct {
		impl   Impl
		shared bool
		want   int
	}{{Reactor, false, 3}, {Reactor, true, 3}, {Goroutine, false, 1}} {
		t.Run(fmt.Sprint(tt.impl, tt.shared), func(t *testing.T) {
			cfg := DefaultConfig()
			cfg.Impl, cfg.EventLoops, cfg.Resolver = tt.impl, 3, resolve.Fixed("127.0.0.1:1")
			cfg.Listen.ReusePort = !tt.shared
			cfg.Listeners = []Listener{{Name: "front", Address: "127.0.0.1:0", Front: tcp.Front("db")}}
			e, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			if err := e.Start(); err != nil {
				t.Fatal(err)
			}
			files, err := e.Sockets()
			if err != nil || len(files) != tt.want {
				t.Errorf("%d sockets, %v, want %d", len(files), err, tt.want)
			}
			for _, f := range files {
				checkSocket(t, f)
			}
			if err := e.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// checkSocket closes a socket that is to be given to another process.
func checkSocket(t *testing.T, f *os.File) {
	t.Helper()
	fd := f.Fd() // as starting the process does
	flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
	if err != nil || flags&unix.O_NONBLOCK == 0 || f.Name() != "front" {
		t.Errorf("%s has flags %#x, %v", f.Name(), flags, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
