package admin

import (
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// TestHandOver has one server after the other serve at the same socket. None of them
// leaves a socket that blocks, nor takes the path away from the next.
func TestHandOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin.sock")
	for name, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": "unix:" + path} {
		t.Run(name, func(t *testing.T) {
			first := start(t, engine.Goroutine, func(o *Options) { o.Address = address })
			socket, err := first.admin.Socket("admin")
			enginetest.Must(t, err)
			ln, err := net.FileListener(socket)
			enginetest.Must(t, err)
			_ = socket.Fd() // as starting a process does
			enginetest.CloseAll(t, socket)
			first.admin.HandedOver()
			next := start(t, engine.Goroutine, func(o *Options) { o.Listener = ln })
			first.admin.Close(t.Context())
			if got, want := next.admin.Addr().String(), first.admin.Addr().String(); got != want {
				t.Errorf("serves at %s, want %s", got, want)
			}
			next.want(http.StatusOK, "GET", "/readyz")
		})
	}
}

// TestListenerNeedsToken: where it listens counts, not what Address says.
func TestListenerNeedsToken(t *testing.T) {
	s := start(t, engine.Goroutine, nil)
	ln, err := net.Listen("tcp", "0.0.0.0:0")
	enginetest.Must(t, err)
	if _, err := Start(s.Engine, Options{Address: "127.0.0.1:0", Listener: ln}); !errors.Is(err, errNoToken) {
		t.Errorf("got %v", err)
	}
	if err := ln.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener wasn't closed: %v", err)
	}
}

// TestDrainOnce: a second request begins nothing more.
func TestDrainOnce(t *testing.T) {
	var called atomic.Int32
	s := start(t, engine.Goroutine, func(o *Options) { o.Drain = func() { called.Add(1) } })
	client, backend := s.session()
	for range 2 {
		if body := s.want(http.StatusOK, "POST", "/drain", actionHeader, "1"); body != `{"status":"draining","count":1}`+"\n" {
			t.Errorf("answered %s", body)
		}
	}
	if n := called.Load(); n != 1 {
		t.Errorf("begun %d times", n)
	}
	enginetest.CloseAll(t, client, backend)
}

// TestUnixPathGoesWithTheServer: unless it was handed over.
func TestUnixPathGoesWithTheServer(t *testing.T) {
	for _, handed := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "admin.sock")
		s := start(t, engine.Goroutine, func(o *Options) { o.Address = "unix:" + path })
		if handed {
			s.admin.HandedOver()
		}
		s.admin.Close(t.Context())
		if _, err := os.Lstat(path); (err == nil) != handed {
			t.Errorf("handed over %v: %v", handed, err)
		}
	}
}
