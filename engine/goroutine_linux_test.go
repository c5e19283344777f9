package engine

import (
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// tcpPair returns both ends of a connection.
func tcpPair(t *testing.T) (a, b *net.TCPConn) {
	t.Helper()
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if a, err = net.DialTCP("tcp", nil, ln.Addr().(*net.TCPAddr)); err != nil {
		t.Fatal(err)
	}
	if b, err = ln.AcceptTCP(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	return a, b
}

// The kernel tells of a reset once. If a write was told, reading sees EOF,
// which must not pass for the peer's.
func TestAResetThatAWriteWasToldOfIsNoEOF(t *testing.T) {
	a, b := tcpPair(t)
	_ = b.SetLinger(0)
	_ = b.Close()
	for err := error(nil); err == nil; {
		_, err = a.Write([]byte("x"))
	}
	_, err := a.Read(make([]byte, 1))
	if err != io.EOF {
		t.Fatalf("Read: %v; the kernel keeps the error for it", err)
	}
	if p := (&peer{conn: &stream{TCPConn: a}}); p.ended(err) || !p.broke(err) {
		t.Error("the reset passes for an orderly end")
	}
}

func TestOrderlyEnds(t *testing.T) {
	t.Run("the peer's", func(t *testing.T) {
		a, b := tcpPair(t)
		_ = b.CloseWrite()
		p := &peer{conn: &stream{TCPConn: a}}
		if _, err := a.Read(make([]byte, 1)); !p.ended(err) {
			t.Errorf("%v doesn't pass for an orderly end", err)
		}
	})
	t.Run("both ways", func(t *testing.T) {
		a, b := tcpPair(t)
		p := &peer{conn: &stream{TCPConn: a}}
		p.shutdown()
		if _, err := io.ReadAll(b); err != nil {
			t.Fatal(err)
		}
		_ = b.CloseWrite()
		if _, err := a.Read(make([]byte, 1)); !p.ended(err) {
			t.Errorf("%v doesn't pass for an orderly end", err)
		}
	})
}

// onWarning is a log handler that tells a channel of warnings.
type onWarning struct {
	slog.Handler
	warned chan string
}

func (h onWarning) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }

func (h onWarning) Handle(_ context.Context, r slog.Record) error {
	select {
	case h.warned <- r.Message:
	default:
	}
	return nil
}

func TestGoroutineAcceptsAgainAfterDescriptorsRanOut(t *testing.T) {
	log := onWarning{slog.DiscardHandler, make(chan string, 1)}
	e := startGoroutinesLogging(t, lineFront([]byte("hi")), resolve.Fixed("127.0.0.1:1"), slog.New(log))
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), "client")
	defer file.Close()

	// The listener fails whether or not a client waits: accept(2) takes the
	// descriptor first.
	restore := limitDescriptors(t)
	addr := e.Addr("a")
	err = syscall.Connect(fd, &syscall.SockaddrInet4{Addr: addr.Addr().As4(), Port: int(addr.Port())})
	if err == nil {
		<-log.warned
	}
	restore()
	if err != nil {
		t.Fatal(err)
	}

	conn, err := net.FileConn(file)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.ReadFull(conn, make([]byte, len("hi"))); err != nil {
		t.Fatal(err)
	}
	if n := e.Stats().AcceptExhausted; n == 0 {
		t.Error("running out of descriptors wasn't counted")
	}
	_ = conn.(*net.TCPConn).CloseWrite()
	end(t, e, ClientGone)
}

// limitDescriptors lets the process open no more descriptors until restore.
func limitDescriptors(t *testing.T) (restore func()) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 3, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
	}
}
