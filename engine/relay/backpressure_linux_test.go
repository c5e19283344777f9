package relay_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// stalled is how long a writer must make no progress to count as blocked. Too
// short a time makes the tests check less, not fail.
const stalled = 200 * time.Millisecond

// fill writes until the receiver's side has taken nothing for a while, and
// returns how many bytes that were.
func fill(t *testing.T, s stream) int {
	t.Helper()
	buf, total := make([]byte, 64<<10), 0
	for {
		s.SetWriteDeadline(time.Now().Add(stalled))
		n, err := s.Write(buf)
		total += n
		if errors.Is(err, os.ErrDeadlineExceeded) {
			s.SetWriteDeadline(time.Now().Add(patience))
			return total
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// unread is how many bytes wait for the reader of a stream.
func unread(t *testing.T, s stream) (n int) {
	t.Helper()
	raw, err := s.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if cerr := raw.Control(func(fd uintptr) { n, err = unix.IoctlGetInt(int(fd), unix.SIOCINQ) }); cerr != nil || err != nil {
		t.Fatal(cerr, err)
	}
	return n
}

// Behind a side that doesn't read, a pump holds at most one read buffer, or one
// pipe; the rest waits with the sender. Unix sockets have everything written to
// them in the receiver's queue, so that what the pump holds can be counted.
func TestBackpressure(t *testing.T) {
	for _, splice := range []bool{false, true} {
		t.Run(fmt.Sprintf("splice=%v", splice), func(t *testing.T) {
			p := start(t, overUnix, splice)
			sent := fill(t, p.client)
			held := -unread(t, p.backend)
			p.do(func() { held += int(p.pump.Client.Received()) })
			if held < 0 || held > p.most() {
				t.Errorf("the pump holds %d bytes, at most %d are allowed", held, p.most())
			}
			if !splice && held == 0 {
				t.Error("the pump holds nothing: the sides aren't full, and nothing was tested")
			}
			// Once there is room, everything comes.
			p.client.CloseWrite()
			if n, err := io.Copy(io.Discard, p.backend); int(n) != sent || err != nil {
				t.Errorf("%d of %d bytes arrived (%v)", n, sent, err)
			}
		})
	}
}

// most is what a pump may hold per direction.
func (p *pumped) most() int {
	if p.pipes == nil {
		return readBuffer
	}
	return 1 << 20
}

// A blocked direction doesn't hold up the other.
func TestDirectionsAreIndependent(t *testing.T) {
	eachWay(t, func(t *testing.T, c connect, splice bool) {
		p := start(t, c, splice)
		sent := fill(t, p.client)
		go func() {
			p.backend.Write(make([]byte, 5<<20))
			p.backend.CloseWrite()
		}()
		if n, err := io.Copy(io.Discard, p.client); n != 5<<20 || err != nil {
			t.Errorf("%d bytes came from the backend (%v)", n, err)
		}
		p.client.CloseWrite()
		if n, err := io.Copy(io.Discard, p.backend); int(n) != sent || err != nil {
			t.Errorf("%d of %d bytes came from the client (%v)", n, sent, err)
		}
	})
}

// Whatever was lent is given back: a pump that is released with bytes still in
// its hands leaves no descriptor behind.
func TestReleaseInTheMiddle(t *testing.T) {
	p := start(t, overTCP, true)
	fill(t, p.client)
	before := openDescriptors(t)
	p.do(func() {
		p.pump.Close()
		p.pipes.Close()
	})
	if now := openDescriptors(t); now >= before {
		t.Errorf("%d descriptors open, %d before the pipe was given back", now, before)
	}
	p.do(func() {
		p.pump.Client.Conn.Close()
		p.pump.Backend.Conn.Close()
	})
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
