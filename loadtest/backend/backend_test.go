//go:build linux

package backend

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// dial starts a backend and connects to it.
func dial(t *testing.T, kind Kind) *net.TCPConn {
	t.Helper()
	server, err := Listen(Config{Kind: kind})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx) }()
	conn, err := net.Dial("tcp", server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return conn.(*net.TCPConn)
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

func TestEchoOfASlowReader(t *testing.T) {
	conn := dial(t, Echo)
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

func TestAcceptPausesWithoutDescriptors(t *testing.T) {
	w, _, err := newWorker(Echo, loopback(), stream.NewPattern())
	if err != nil {
		t.Fatal(err)
	}
	defer w.loop.Free()
	w.acceptFailed(unix.EAGAIN)
	if w.paused {
		t.Error("paused because nobody waits")
	}
	w.acceptFailed(unix.EMFILE)
	if !w.paused || w.stats.paused.Load() != 1 {
		t.Errorf("paused %v, counted %d", w.paused, w.stats.paused.Load())
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
