package reactor

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// reader collects what a connection brings, up to its end.
type reader struct {
	got  bytes.Buffer
	end  error
	done chan struct{}
}

func newReader() *reader { return &reader{done: make(chan struct{})} }

func (r *reader) ready(w *watched) {
	buf := w.Loop().Buffer()
	for w.Readable() && r.end == nil {
		n, err := w.Read(buf)
		r.got.Write(buf[:n])
		if err != nil && err != ErrWouldBlock {
			r.end = err
			close(r.done)
		}
	}
}

func TestReadToTheEnd(t *testing.T) {
	fd, peer := tcpPair(t)
	l := startLoop(t)
	r := newReader()
	l.do(func() { l.watch(fd, r.ready) })
	want := bytes.Repeat([]byte("0123456789"), 50_000)
	if _, err := peer.Write(want); err != nil {
		t.Fatal(err)
	}
	peer.CloseWrite()
	<-r.done
	if r.end != io.EOF || !bytes.Equal(r.got.Bytes(), want) {
		t.Errorf("%d bytes and then %v, want %d and EOF", r.got.Len(), r.end, len(want))
	}
}

// Bytes and EOF that are there before the registration, or come in one event,
// are all told.
func TestReadWhatWasThereBefore(t *testing.T) {
	fd, peer := tcpPair(t)
	l := startLoop(t)
	sayTCP(t, peer, "early")
	peer.CloseWrite()
	r := newReader()
	l.do(func() { l.watch(fd, r.ready) })
	<-r.done
	if r.end != io.EOF || r.got.String() != "early" {
		t.Errorf("read %q and then %v", r.got.String(), r.end)
	}
}

func sayTCP(t *testing.T, c *net.TCPConn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// A reset is an error and no EOF, after what came before it.
func TestReadReset(t *testing.T) {
	fd, peer := tcpPair(t)
	l := startLoop(t)
	sayTCP(t, peer, "last words")
	peer.SetLinger(0)
	peer.Close()
	r := newReader()
	failed := false
	l.do(func() { l.watch(fd, func(w *watched) { failed = failed || w.Failed(); r.ready(w) }) })
	<-r.done
	if !errors.Is(r.end, unix.ECONNRESET) || r.got.String() != "last words" {
		t.Errorf("read %q and then %v, want the last words and ECONNRESET", r.got.String(), r.end)
	}
	l.do(func() {
		if !failed {
			t.Error("Failed is false after a reset")
		}
	})
}

// Write takes what fits, says when it is full and is told when there is room.
func TestWriteUntilFullAndOn(t *testing.T) {
	fd, peer := tcpPair(t)
	l := startLoop(t)
	want := bytes.Repeat([]byte("abcdefg"), 3<<20)
	rest := want
	full, shut := make(chan struct{}), false
	write := func(w *watched) {
		for w.Writable() && len(rest) > 0 {
			n, err := w.Write(rest)
			rest = rest[n:]
			if err != nil && err != ErrWouldBlock {
				t.Error(err)
				rest = nil
			}
		}
		if len(rest) > 0 && full != nil {
			close(full)
			full = nil
		}
		if len(rest) == 0 && !shut {
			shut = true
			w.CloseWrite()
		}
	}
	wait := full
	l.do(func() { l.watch(fd, write) })
	<-wait
	got, err := io.ReadAll(peer)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the peer got %d of %d bytes (%v)", len(got), len(want), err)
	}
}

// Writing to a peer that has reset the connection fails, and makes the
// connection readable: what the peer said before is still there.
func TestWriteToResetConnection(t *testing.T) {
	fd, peer := tcpPair(t)
	l := startLoop(t)
	sayTCP(t, peer, "x")
	peer.SetLinger(0)
	peer.Close()
	l.do(func() {
		w := l.watch(fd, func(*watched) {})
		if _, err := w.Write([]byte("y")); err == nil || err == ErrWouldBlock {
			t.Errorf("Write returned %v", err)
		}
		buf := make([]byte, 8)
		if n, err := w.Read(buf); n != 1 || err != nil || !w.Readable() {
			t.Errorf("Read returned %d, %v, and Readable is %v behind it", n, err, w.Readable())
		}
		if n, err := w.Read(buf); n != 0 || err == nil || err == ErrWouldBlock {
			t.Errorf("Read returned %d, %v at the end", n, err)
		}
	})
}

func TestResetReachesThePeer(t *testing.T) {
	fd, peer := tcpPair(t)
	l := startLoop(t)
	l.do(func() { l.watch(fd, func(*watched) {}).Reset() })
	if _, err := peer.Read(make([]byte, 1)); !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("the peer read %v, want ECONNRESET", err)
	}
}

// Close is no reset: what was written arrives.
func TestCloseDeliversWhatWasWritten(t *testing.T) {
	fd, peer := tcpPair(t)
	l := startLoop(t)
	l.do(func() {
		w := l.watch(fd, func(*watched) { t.Error("told after Close") })
		if n, err := w.Write([]byte("goodbye")); n != 7 || err != nil {
			t.Error(n, err)
		}
		w.Close()
		w.Close()
	})
	if got, err := io.ReadAll(peer); string(got) != "goodbye" || err != nil {
		t.Errorf("the peer read %q, %v", got, err)
	}
}

func TestUnsentFallsToZero(t *testing.T) {
	fd, peer := tcpPair(t)
	l := startLoop(t)
	var w *watched
	chunk := bytes.Repeat([]byte{7}, 1<<20)
	sent := 0
	l.do(func() {
		w = l.watch(fd, func(*watched) {})
		for w.writable = true; w.Writable(); {
			n, _ := w.Write(chunk)
			sent += n
		}
		if w.Unsent() == 0 {
			t.Error("nothing is unsent behind a full socket")
		}
		w.CloseWrite()
	})
	if n, err := io.Copy(io.Discard, peer); int(n) != sent || err != nil {
		t.Errorf("the peer got %d of %d bytes (%v)", n, sent, err)
	}
	// The last acknowledgement may still be on its way.
	for unsent := 1; unsent > 0; {
		l.do(func() { unsent = w.Unsent() })
	}
}

// Bytes pass from socket to socket through a pipe.
func TestPipe(t *testing.T) {
	in, client := tcpPair(t)
	out, server := tcpPair(t)
	l := startLoop(t)
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fds[0])
	defer unix.Close(fds[1])
	want := bytes.Repeat([]byte("pipe"), 10_000)
	done := make(chan error, 1)
	var dst *watched
	l.do(func() {
		dst = l.watch(out, func(*watched) {})
		l.watch(in, func(src *watched) {
			for src.Readable() {
				n, err := src.ReadPipe(fds[1], 1<<16)
				if err != nil && err != ErrWouldBlock {
					done <- err
					return
				}
				for n > 0 {
					m, err := dst.WritePipe(fds[0], n)
					if err != nil {
						done <- err
						return
					}
					n -= m
				}
			}
		})
	})
	sayTCP(t, client, string(want))
	client.CloseWrite()
	if err := <-done; err != io.EOF {
		t.Fatalf("ended with %v", err)
	}
	l.do(func() { dst.CloseWrite() })
	if got, err := io.ReadAll(server); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d of %d bytes arrived (%v)", len(got), len(want), err)
	}
}

// What every session does all the time costs no allocation.
func TestEventsAllocateNothing(t *testing.T) {
	fd, peer := pair(t)
	l := startLoop(t)
	l.do(func() {
		w := l.watch(fd, func(*watched) {})
		a := &alarm{due: func() {}}
		in, out := make([]byte, 512), []byte("some bytes")
		n := testing.AllocsPerRun(1000, func() {
			_, _ = w.Write(out)
			_, _ = unix.Read(peer, in)
			_, _ = unix.Write(peer, out)
			_, _ = w.Read(in)
			_, _ = w.Read(in)
			l.After(&a.Timer, tick, a)
			l.Disarm(&a.Timer)
		})
		if n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}
