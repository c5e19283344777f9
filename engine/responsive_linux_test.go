package engine

import (
	"context"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// TestResponsive: one loop that is stuck is enough, however many others answer.
func TestResponsive(t *testing.T) {
	cfg := DefaultConfig()
	cfg.EventLoops, cfg.Resolver = 3, resolve.Fixed("127.0.0.1:1")
	cfg.Listeners = []Listener{{Name: "front", Address: "127.0.0.1:0", Front: tcp.Front("db")}}
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	if !e.Responsive(t.Context()) {
		t.Error("not responsive, though nothing is wrong")
	}
	stuck, release := make(chan struct{}), make(chan struct{})
	e.driver.(drivers)[0].(*reactorDriver).workers[1].loop.Post(func() {
		close(stuck)
		<-release
	})
	<-stuck
	soon, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if e.Responsive(soon) {
		t.Error("responsive with a loop that is stuck")
	}
	close(release)
	if !e.Responsive(t.Context()) {
		t.Error("not responsive any more, though the loop goes on")
	}
}
