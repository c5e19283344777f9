package pgtest

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/reactor"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// TestNotifyAfterIdling has a session listen and idle, for longer than any
// deadline of the proxy's and through many keepalive probes on both legs. It
// must still hear.
func TestNotifyAfterIdling(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		tap := startTap(t, servers.named["alpha"].Endpoint())
		probing := reactor.KeepAlive{Idle: time.Second, Interval: time.Second, Count: 3}
		p := startProxy(t, impl, routes{"alpha": resolve.Result{Endpoint: tap.endpoint()}}, timeouts(2*time.Second),
			func(cfg *engine.Config) { cfg.Listen.KeepAlive, cfg.Dial.KeepAlive = probing, probing })
		conn := connectSilently(t, p.url("alpha")+"?sslmode=disable")
		execute(t, conn, "listen quiet")
		idle(t, conn.PgConn().Conn(), tap.accepted(t))
		execute(t, admin(t, "alpha", "alpha"), "notify quiet, 'still there'")
		ctx, cancel := context.WithTimeout(t.Context(), enginetest.Patience)
		defer cancel()
		heard, err := conn.WaitForNotification(ctx)
		if err != nil || heard.Payload != "still there" {
			t.Errorf("heard %+v (%v)", heard, err)
		}
	})
}

// idle waits until the peers have been probed often enough, which they see as
// segments that come though nobody has anything to say.
func idle(t *testing.T, peers ...net.Conn) {
	t.Helper()
	want := make([]uint32, len(peers))
	for i, peer := range peers {
		want[i] = segmentsIn(t, peer) + uint32(*probes)
	}
	for i, peer := range peers {
		for last := segmentsIn(t, peer); last < want[i]; last++ {
			enginetest.Eventually(t, "another probe", func() bool { return segmentsIn(t, peer) > last })
		}
	}
}

// segmentsIn is how many TCP segments have come, with data or without.
func segmentsIn(t *testing.T, conn net.Conn) uint32 {
	t.Helper()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var info *unix.TCPInfo
	control := raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	if control != nil || err != nil {
		t.Fatal(control, err)
	}
	return info.Segs_in
}

// connectSilently is connect without keepalive probes of the client's own.
func connectSilently(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	cfg.DialFunc = (&net.Dialer{KeepAlive: -1}).DialContext
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// tap stands between the proxy and a backend, to look at the proxy's backend
// leg from its other end. It takes one connection.
type tap struct {
	ln    net.Listener
	taken chan net.Conn
}

func startTap(t *testing.T, backend string) *tap {
	t.Helper()
	// A test of probes can do without others'.
	ln, err := (&net.ListenConfig{KeepAlive: -1}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tap := &tap{ln: ln, taken: make(chan net.Conn, 1)}
	done := make(chan struct{})
	t.Cleanup(func() { _ = ln.Close(); <-done })
	go func() {
		defer close(done)
		tap.serve(backend)
	}()
	return tap
}

func (tap *tap) endpoint() string { return tap.ln.Addr().String() }

// accepted returns the connection that the proxy has made.
func (tap *tap) accepted(t *testing.T) net.Conn {
	t.Helper()
	select {
	case conn := <-tap.taken:
		return conn
	case <-time.After(enginetest.Patience):
		t.Fatal("the proxy doesn't connect")
		return nil
	}
}

func (tap *tap) serve(backend string) {
	front, err := tap.ln.Accept()
	if err != nil {
		return
	}
	defer front.Close()
	back, err := (&net.Dialer{KeepAlive: -1}).Dial("tcp", backend)
	if err != nil {
		return
	}
	defer back.Close()
	tap.taken <- front
	var both sync.WaitGroup
	both.Go(func() { pass(back, front) })
	both.Go(func() { pass(front, back) })
	both.Wait()
}

// pass copies one direction and its end.
func pass(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	_ = to.(*net.TCPConn).CloseWrite()
}
