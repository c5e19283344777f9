package relay

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/engine/reactor"
)

const (
	// bulkThreshold is how much one read must bring for the direction to
	// count as bulk, in bytes. Below it, splicing costs more than it saves.
	bulkThreshold = 32 << 10
	// pipeSize is a pipe's capacity: what splice moves at most in one call.
	// 1 MiB is what an unprivileged process may ask for by default
	// (fs.pipe-max-size).
	pipeSize = 1 << 20
)

// Pipes are one event loop's pipes, lent to directions while they are bulk.
type Pipes struct {
	// Max is how many there are at most; a direction that gets none copies.
	// A slow receiver holds a pipe for as long as bytes wait in it, so without
	// a bound they could use up the descriptors that new sessions need.
	Max int

	idle []*pipe
	made int // idle or lent
}

// errNoPipe says that the loop has no pipe to lend.
var errNoPipe = errors.New("all pipes are lent")

// pipe carries bytes from one socket to another without copying them.
type pipe struct {
	owner *Pipes
	r, w  int
	n     int // bytes inside
}

// get lends an empty pipe; it fails when all are lent or the process is out of
// descriptors.
func (ps *Pipes) get() (*pipe, error) {
	if last := len(ps.idle) - 1; last >= 0 {
		p := ps.idle[last]
		ps.idle = ps.idle[:last]
		return p, nil
	}
	if ps.made >= ps.Max {
		return nil, errNoPipe
	}
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("pipe2", err)
	}
	p := &pipe{owner: ps, r: fds[0], w: fds[1]}
	ps.made++
	if _, err := unix.FcntlInt(uintptr(p.r), unix.F_SETPIPE_SZ, pipeSize); err != nil {
		// The user's pipe memory is used up (fs.pipe-user-pages-soft, 64 MiB):
		// copying beats a pipe of two pages.
		p.close()
		return nil, errNoPipe
	}
	return p, nil
}

// put takes an empty pipe back.
func (ps *Pipes) put(p *pipe) { ps.idle = append(ps.idle, p) }

// Close closes the idle pipes.
func (ps *Pipes) Close() {
	for _, p := range ps.idle {
		p.close()
	}
	ps.idle = nil
}

func (p *pipe) close() {
	p.owner.made--
	_ = unix.Close(p.r)
	_ = unix.Close(p.w)
}

// discard closes a pipe that may hold bytes nobody wants any more.
func (p *pipe) discard() {
	if p.n == 0 {
		p.owner.put(p)
		return
	}
	p.close()
}

// drainTo moves bytes from the pipe, which dst owns, into dst's socket, and
// gives the pipe back when it is empty.
func (p *pipe) drainTo(dst *Side) error {
	n, err := dst.Conn.WritePipe(p.r, p.n)
	if p.n -= n; p.n == 0 {
		dst.pipe = nil
		p.owner.put(p)
	}
	return err
}

// splice moves what fits into one pipe from src to dst and returns how many
// bytes that were. A direction that brings less than a bulk read, or for which
// there is no pipe, is copied from then on.
func splice(src, dst *Side, pipes *Pipes) int {
	lent, err := pipes.get()
	if err != nil {
		src.bulk = false
		return 0
	}
	n, err := src.Conn.ReadPipe(lent.w, pipeSize)
	if n = src.received(n, err); n == 0 {
		pipes.put(lent)
		return 0
	}
	src.bulk = n >= bulkThreshold
	lent.n, dst.pipe = n, lent
	for dst.pipe != nil && dst.Conn.Writable() {
		if err := lent.drainTo(dst); err != nil && !errors.Is(err, reactor.ErrWouldBlock) {
			dst.fail()
		}
	}
	return n
}
