package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// lineCodec routes by the client's first byte, a '!' panics. It relays once the
// backend has spoken, and refuses with "no".
type lineCodec struct {
	greeting []byte
	routed   bool
}

func (c *lineCodec) Start() codecs.Step { return codecs.Step{ToClient: c.greeting} }

func (c *lineCodec) Client(in []byte) codecs.Step {
	switch {
	case c.routed:
		return codecs.Step{}
	case in[0] == '!':
		panic("the codec's fault")
	}
	c.routed = true
	return codecs.Step{Action: codecs.Route, Resource: in[:1], Consumed: 1}
}

func (c *lineCodec) Open([]byte, codecs.Target) codecs.Step { return codecs.Step{} }

func (c *lineCodec) Backend([]byte) codecs.Step { return codecs.Step{Action: codecs.Relay} }

func (c *lineCodec) Refuse(dst []byte, _ codecs.Failure) []byte { return append(dst, "no"...) }

func lineFront(greeting []byte) codecs.Front {
	return codecs.Front{
		Protocol: codecs.Redis, MaxPending: 1 << 20,
		New: func() codecs.Codec { return &lineCodec{greeting: greeting} },
	}
}

// resolverFunc is a function as a Resolver.
type resolverFunc func(context.Context, resolve.Request) (resolve.Result, error)

func (f resolverFunc) Resolve(ctx context.Context, r resolve.Request) (resolve.Result, error) {
	return f(ctx, r)
}

// startGoroutines runs an engine with one listener. It is stopped with the test,
// if the test hasn't shut it down before.
func startGoroutines(t *testing.T, front codecs.Front, r resolve.Resolver) *Engine {
	t.Helper()
	return startGoroutinesLogging(t, front, r, nil)
}

func startGoroutinesLogging(t *testing.T, front codecs.Front, r resolve.Resolver, log *slog.Logger) *Engine {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	cfg := DefaultConfig()
	cfg.Impl = Goroutine
	cfg.Resolver = r
	cfg.Cache.Guard.SkipAll = true
	cfg.Logger = log
	cfg.Listeners = []Listener{{Name: "a", Address: "127.0.0.1:0", Front: front}}
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.driver.stop)
	return e
}

// end waits until all sessions have ended by themselves and wants one of them
// to have ended for the reason.
func end(t *testing.T, e *Engine, want Reason) {
	t.Helper()
	if err := e.Shutdown(context.Background()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	wantReason(t, e, want)
}

func wantReason(t *testing.T, e *Engine, want Reason) {
	t.Helper()
	stats := e.Stats()
	for r, n := range stats.Closed {
		if (r == want) != (n == 1) {
			t.Errorf("%d sessions ended as %v, want one as %v", n, r, want)
		}
	}
	if stats.Active != 0 {
		t.Errorf("%d sessions are active", stats.Active)
	}
}

func connect(t *testing.T, e *Engine) *net.TCPConn {
	t.Helper()
	c, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(e.Addr("a")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// backend listens once and has serve talk to whoever connects first.
func backend(t *testing.T, serve func(c *net.TCPConn)) resolve.Fixed {
	t.Helper()
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if c, err := ln.AcceptTCP(); err == nil {
			defer c.Close()
			serve(c)
		}
	}()
	t.Cleanup(func() {
		_ = ln.Close()
		<-done
	})
	return resolve.Fixed(ln.Addr().String())
}

func echo(c *net.TCPConn) { _, _ = io.Copy(c, c) }

func write(t *testing.T, c net.Conn, b []byte) {
	t.Helper()
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
}

func readAll(t *testing.T, c net.Conn) []byte {
	t.Helper()
	b, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGoroutineRelaysUntilBothSidesEnd(t *testing.T) {
	for name, front := range map[string]codecs.Front{"tcp": tcp.Front("x"), "line": lineFront(nil)} {
		t.Run(name, func(t *testing.T) {
			e := startGoroutines(t, front, backend(t, func(c *net.TCPConn) {
				_, _ = c.Write([]byte(">"))
				echo(c)
			}))
			c := connect(t, e)
			data := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
			go func() {
				_, _ = c.Write(data)
				_ = c.CloseWrite()
			}()
			got := readAll(t, c)
			if front.MaxPending > 0 {
				data = data[1:] // the resource is consumed
			}
			if want := append([]byte(">"), data...); !bytes.Equal(got, want) {
				t.Errorf("got %d bytes, want %d, or they differ", len(got), len(want))
			}
			end(t, e, ClientClosed)
			if s := e.Stats(); s.FromClients != 1<<20 || s.ToClients != uint64(len(got)) {
				t.Errorf("counted %d bytes from the client and %d to it", s.FromClients, s.ToClients)
			}
		})
	}
}

// Both goroutines must leave the codec for the relay, though neither side says
// anything more after the backend's one byte.
func TestGoroutineRelayBeginsOnAnIdleSession(t *testing.T) {
	e := startGoroutines(t, lineFront(nil), backend(t, func(c *net.TCPConn) {
		_, _ = c.Write([]byte("b"))
		echo(c)
	}))
	c := connect(t, e)
	write(t, c, []byte("ax"))
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	// The client's 'x' is the codec's leftover.
	if got := make([]byte, 1); func() error { _, err := io.ReadFull(c, got); return err }() != nil || got[0] != 'x' {
		t.Errorf("got %q, want the byte the codec left", got)
	}
	_ = c.CloseWrite()
	readAll(t, c)
	end(t, e, ClientClosed)
}

func TestGoroutinePassesOnResets(t *testing.T) {
	t.Run("backend's", func(t *testing.T) {
		e := startGoroutines(t, tcp.Front("x"), backend(t, func(c *net.TCPConn) {
			_, _ = c.Write([]byte("last words"))
			_, _ = io.ReadFull(c, make([]byte, 1))
			_ = c.SetLinger(0)
		}))
		c := connect(t, e)
		if _, err := io.ReadFull(c, make([]byte, len("last words"))); err != nil {
			t.Fatal(err)
		}
		write(t, c, []byte("x"))
		if b, err := io.ReadAll(c); err == nil || len(b) > 0 {
			t.Errorf("the client read %q and an orderly end, want a reset", b)
		}
		end(t, e, BackendReset)
	})
	t.Run("backend's, after the client's EOF", func(t *testing.T) {
		e := startGoroutines(t, tcp.Front("x"), backend(t, func(c *net.TCPConn) {
			_, _ = io.ReadAll(c)
			_ = c.SetLinger(0)
		}))
		c := connect(t, e)
		_ = c.CloseWrite()
		if _, err := io.ReadAll(c); err == nil {
			t.Error("the client read an orderly end, want a reset")
		}
		end(t, e, BackendReset)
	})
	t.Run("client's", func(t *testing.T) {
		seen := make(chan error, 1)
		e := startGoroutines(t, tcp.Front("x"), backend(t, func(c *net.TCPConn) {
			_, _ = c.Write([]byte("hello"))
			_, err := io.ReadAll(c)
			seen <- err
		}))
		c := connect(t, e)
		if _, err := io.ReadFull(c, make([]byte, len("hello"))); err != nil {
			t.Fatal(err)
		}
		_ = c.SetLinger(0)
		_ = c.Close()
		if err := <-seen; err == nil {
			t.Error("the backend read an orderly end, want a reset")
		}
		end(t, e, ClientReset)
	})
}

// The refusal comes from the backend's goroutine while the client's is reading.
func TestGoroutineRefusesAClientThatGoesOnSending(t *testing.T) {
	e := startGoroutines(t, lineFront(nil), resolverFunc(
		func(context.Context, resolve.Request) (resolve.Result, error) {
			return resolve.Result{}, resolve.Errorf(resolve.NotFound, "no such resource")
		}))
	c := connect(t, e)
	write(t, c, bytes.Repeat([]byte("a"), 4096))
	if got := readAll(t, c); string(got) != "no" {
		t.Errorf("the client was told %q", got)
	}
	_ = c.Close()
	end(t, e, NotFound)
}

func TestGoroutineNoticesAClientGoneWhileResolving(t *testing.T) {
	asked, canceled := make(chan struct{}), make(chan struct{})
	e := startGoroutines(t, lineFront(nil), resolverFunc(
		func(ctx context.Context, _ resolve.Request) (resolve.Result, error) {
			close(asked)
			<-ctx.Done()
			close(canceled)
			return resolve.Result{}, ctx.Err()
		}))
	c := connect(t, e)
	write(t, c, []byte("a"))
	<-asked
	_ = c.SetLinger(0)
	_ = c.Close()
	<-canceled
	end(t, e, ClientGone)
}

func TestGoroutineServesAClientThatHasFinishedSendingWhileResolving(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	fixed := backend(t, func(c *net.TCPConn) {
		_, _ = c.Write([]byte(">"))
		echo(c)
	})
	e := startGoroutines(t, lineFront(nil), resolverFunc(
		func(context.Context, resolve.Request) (resolve.Result, error) {
			close(asked)
			<-answer
			return resolve.Result{Endpoint: string(fixed)}, nil
		}))
	c := connect(t, e)
	write(t, c, []byte("ab"))
	<-asked
	_ = c.CloseWrite()
	close(answer)
	if got := readAll(t, c); string(got) != ">b" {
		t.Errorf("got %q, want %q", got, ">b")
	}
	end(t, e, ClientClosed)
}

func TestGoroutineContainsPanics(t *testing.T) {
	e := startGoroutines(t, lineFront(nil), resolve.Fixed("127.0.0.1:1"))
	c := connect(t, e)
	write(t, c, []byte("!"))
	readAll(t, c)
	end(t, e, Panicked)
	if n := e.Stats().Panics; n != 1 {
		t.Errorf("%d panics counted, want 1", n)
	}
}

// A session whose goroutine is stuck in a write, holding the session's lock,
// ends with the engine all the same.
func TestGoroutineStopEndsSessions(t *testing.T) {
	expired, cancel := context.WithCancel(context.Background())
	cancel()
	hang := resolverFunc(func(ctx context.Context, _ resolve.Request) (resolve.Result, error) {
		<-ctx.Done()
		return resolve.Result{}, ctx.Err()
	})
	for name, tt := range map[string]struct {
		greeting []byte
		send     string
	}{
		"detecting":          {},
		"writing a greeting": {greeting: make([]byte, 64<<20)},
		"resolving":          {send: "a"},
	} {
		t.Run(name, func(t *testing.T) {
			e := startGoroutines(t, lineFront(tt.greeting), hang)
			c := connect(t, e)
			write(t, c, []byte(tt.send))
			if err := e.Shutdown(expired); !errors.Is(err, context.Canceled) {
				t.Errorf("Shutdown: %v", err)
			}
			wantReason(t, e, Drained)
		})
	}
}

func TestGoroutineStopEndsRelays(t *testing.T) {
	e := startGoroutines(t, tcp.Front("x"), backend(t, echo))
	c := connect(t, e)
	write(t, c, []byte("x"))
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithDeadline(context.Background(), time.Unix(1, 0))
	defer cancel()
	if err := e.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown: %v", err)
	}
	wantReason(t, e, Drained)
}

// What the sockets are closed under may come later: it is closed at once.
func TestSocketsCloseLatecomers(t *testing.T) {
	var k sockets
	k.close()
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c, err := net.DialTCP("tcp", nil, ln.Addr().(*net.TCPAddr))
	if err != nil {
		t.Fatal(err)
	}
	if k.add(&stream{TCPConn: c}) {
		t.Error("add after close")
	}
	if _, err := c.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Write: %v, want a closed connection", err)
	}
}
