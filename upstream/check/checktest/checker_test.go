package checktest

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/upstream"
	"github.com/proxy-engine/proxy-engine/upstream/check"
)

// TestChecker has a backend come and go, as a Checker sees it by its protocol.
func TestChecker(t *testing.T) {
	address := freeAddress(t, "127.0.0.2") // where nobody's outgoing connection takes the port meanwhile
	r := &upstream.Registry{Options: upstream.DefaultOptions()}
	r.Options.Health.Mode = upstream.Protocol
	r.Options.Health.Interval = time.Millisecond
	changes := make(chan upstream.Health, 100)
	r.Options.OnHealth = func(_ string, h upstream.Health, _ error) { changes <- h }
	checker := r.NewChecker()
	e := r.Acquire(address)
	if !checker.Wants(e, time.Now()) {
		t.Fatal("nobody wants it checked")
	}
	checker.Watch(e, func(ctx context.Context) error { return lookWith(ctx, address, check.SMTP) })
	for range 3 {
		wantNext(t, changes, upstream.Down)
		if e.Admit(time.Now()) != 0 {
			t.Error("admitted while down")
		}
		l, err := net.Listen("tcp", address)
		enginetest.Must(t, err)
		ended := make(chan struct{})
		go greetAll(l, ended)
		wantNext(t, changes, upstream.Up)
		ticket := e.Admit(time.Now())
		if ticket == 0 {
			t.Error("not admitted while up")
		}
		e.Report(ticket, upstream.Abandoned, time.Now())
		enginetest.Must(t, l.Close())
		<-ended
	}
	wantNext(t, changes, upstream.Down)
	checker.Close()
	wantNext(t, changes, upstream.Unchecked)
}

// greetAll is an SMTP server that only greets, until l is closed.
func greetAll(l net.Listener, ended chan<- struct{}) {
	defer close(ended)
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = conn.Write([]byte("220 mx\r\n"))
		_ = conn.Close()
	}
}

func wantNext(t *testing.T, changes <-chan upstream.Health, want upstream.Health) {
	t.Helper()
	select {
	case got := <-changes:
		if got != want {
			t.Fatalf("%v, want %v", got, want)
		}
	case <-time.After(enginetest.Patience):
		t.Fatalf("isn't %v in time", want)
	}
}
