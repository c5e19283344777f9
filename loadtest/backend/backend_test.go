//go:build linux

package backend

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
)

// TestMain also is the successor process of the tests that start some.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == successorWord {
		if err := beSuccessor(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// start starts a backend. The returned function ends it and returns what Serve
// returned; it is called at the end of the test at the latest.
func start(t *testing.T, c Config) (*Server, func() error) {
	t.Helper()
	server, err := Listen(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx) }()
	end := sync.OnceValue(func() error {
		cancel()
		return <-served
	})
	t.Cleanup(func() { _ = end() })
	return server, end
}

// serve is start for a backend that must not fail.
func serve(t *testing.T, c Config) (*Server, func() error) {
	t.Helper()
	server, end := start(t, c)
	t.Cleanup(func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	})
	return server, end
}

// dial starts a backend and connects to it.
func dial(t *testing.T, kind Kind) *net.TCPConn {
	t.Helper()
	server, _ := serve(t, Config{Kind: kind})
	return connect(t, server.Addr())
}

func connect(t *testing.T, to netip.AddrPort) *net.TCPConn {
	t.Helper()
	conn, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func readAll(t *testing.T, conn net.Conn) []byte {
	t.Helper()
	b, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// send writes b and ends the client's side.
func send(t *testing.T, conn *net.TCPConn, b []byte) {
	t.Helper()
	if _, err := conn.Write(b); err != nil {
		t.Error(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Error(err)
	}
}

func TestEchoReturnsEverything(t *testing.T) {
	conn := dial(t, Echo)
	want := bytes.Repeat([]byte("0123456789"), 1<<20)
	go send(t, conn, want)
	if got := readAll(t, conn); !bytes.Equal(got, want) {
		t.Errorf("%d bytes came back of %d, or others", len(got), len(want))
	}
}

// TestSlowReader has the backend hold what its writes left over. The pace of
// Slow is one that is never reached.
func TestSlowReader(t *testing.T) {
	for _, kind := range []Kind{Echo, Slow} {
		t.Run(kind.String(), func(t *testing.T) {
			server, _ := serve(t, Config{Kind: kind, Pace: math.MaxInt32})
			readSlowly(t, connect(t, server.Addr()))
		})
	}
}

func readSlowly(t *testing.T, conn *net.TCPConn) {
	t.Helper()
	want := bytes.Repeat([]byte("abc"), 4<<20)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		send(t, conn, want)
	}()
	var got []byte
	piece := make([]byte, 1000)
	for {
		n, err := conn.Read(piece)
		got = append(got, piece[:n]...)
		if err != nil {
			break
		}
	}
	<-sent
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes came back of %d, or others", len(got), len(want))
	}
}

// trailerOf cuts the trailer off a stream.
func trailerOf(t *testing.T, b []byte) ([]byte, stream.Trailer) {
	t.Helper()
	if len(b) < stream.TrailerSize {
		t.Fatalf("%d bytes", len(b))
	}
	at := len(b) - stream.TrailerSize
	return b[:at], stream.ParseTrailer([stream.TrailerSize]byte(b[at:]))
}

func TestSinkAccounts(t *testing.T) {
	right := stream.NewPattern().At(0)[:5000]
	altered := bytes.Clone(right)
	altered[4321] ^= 1
	for name, c := range map[string]struct {
		sent []byte
		want stream.Trailer
	}{
		"nothing": {nil, stream.Trailer{Wrong: stream.None}},
		"right":   {right, stream.Trailer{Received: 5000, Wrong: stream.None}},
		"altered": {altered, stream.Trailer{Received: 5000, Wrong: 4321}},
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, Sink)
			send(t, conn, c.sent)
			data, got := trailerOf(t, readAll(t, conn))
			if got != c.want || len(data) != 0 {
				t.Errorf("%d bytes and %+v, want none and %+v", len(data), got, c.want)
			}
		})
	}
}

func TestFloodSendsUntilTheClientEnds(t *testing.T) {
	conn := dial(t, Flood)
	pattern := stream.NewPattern()
	const first = 3 << 20
	head := make([]byte, first)
	if _, err := io.ReadFull(conn, head); err != nil {
		t.Fatal(err)
	}
	send(t, conn, pattern.At(0)[:777])
	data, got := trailerOf(t, append(head, readAll(t, conn)...))
	want := stream.Trailer{Sent: uint64(len(data)), Received: 777, Wrong: stream.None}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	check := stream.Verifier{Pattern: pattern}
	for len(data) > 0 {
		n := min(len(data), stream.ChunkSize)
		check.Take(data[:n])
		data = data[n:]
	}
	if check.Wrong() != stream.None {
		t.Errorf("a wrong byte at %d", check.Wrong())
	}
}

func TestKinds(t *testing.T) {
	for _, name := range Names() {
		if k, err := ParseKind(name); err != nil || k.String() != name {
			t.Errorf("%s: %v, %v", name, k, err)
		}
	}
	if _, err := ParseKind("discard"); err == nil {
		t.Error("no error")
	}
}
