package reactor

import (
	"errors"
	"io"
	"os"
	"unsafe"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"
)

// ErrWouldBlock says that there is nothing to read, or no room to write, now;
// Handler.Ready is called when that changes.
var ErrWouldBlock = errors.New("operation would block")

// Handler is told about a connection's readiness, on its loop. Ready means
// "look": c may have become readable, writable, connected or broken, or its
// turn has come again; it is not told twice about what it leaves undone,
// except through Conn.Again.
type Handler interface {
	Ready(c *Conn)
}

// Conn is one socket on a loop, embedded by value in what owns it and filled
// by Loop.Register or Loop.Dial. It must not be copied or moved after that.
type Conn struct {
	loop    *Loop
	handler Handler
	fd      int32

	readable bool // valid until Read would block
	writable bool // valid until Write would block
	readOn   bool // a short read doesn't mean that there is no more
	failed   bool // reset, timed out, or refused
	hungUp   bool // the peer sends no more
	queued   bool // in loop.again
}

// note remembers what an event says.
func (c *Conn) note(ev netpoll.IOEvent) {
	const gone = unix.EPOLLHUP | unix.EPOLLERR
	if ev&(netpoll.ReadEvents|unix.EPOLLRDHUP|gone) != 0 {
		c.readable = true
	}
	if ev&(netpoll.WriteEvents|gone) != 0 {
		c.writable = true
	}
	// An end that came with these bytes has no event of its own, and reading
	// stops short at TCP's urgent mark.
	if ev&(unix.EPOLLRDHUP|unix.EPOLLPRI|gone) != 0 {
		c.readOn = true
	}
	if ev&unix.EPOLLRDHUP != 0 {
		c.hungUp = true
	}
	// Not EPOLLHUP: that also comes when both directions have ended in order.
	if ev&unix.EPOLLERR != 0 {
		c.failed = true
	}
}

// Loop returns the loop the connection belongs to.
func (c *Conn) Loop() *Loop { return c.loop }

// Open says whether the connection has a socket.
func (c *Conn) Open() bool { return c.loop != nil && c.fd >= 0 }

// Readable says that Read has something to say: bytes, EOF or an error.
func (c *Conn) Readable() bool { return c.readable }

// Writable says that Write may find room.
func (c *Conn) Writable() bool { return c.writable }

// Failed says that the peer has reset the connection, or that it timed out or
// was never made. Bytes received before may still be readable.
func (c *Conn) Failed() bool { return c.failed }

// HungUp says that the peer has ended its side. Bytes it sent before may still be
// readable.
func (c *Conn) HungUp() bool { return c.hungUp }

// Again has Ready called in the loop's next turn, after the events that are
// due by then: for work that was cut short by its budget.
func (c *Conn) Again() {
	if !c.queued {
		c.queued = true
		c.loop.enqueue(c)
	}
}

// Read reads what is there, at most len(p) bytes. It returns io.EOF at the
// end and ErrWouldBlock when nothing is there.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := retry(func() (int, error) { return transfer(unix.SYS_READ, c.fd, p) })
	n, err = c.received("read", n, err)
	// A short read means empty, and what follows has an event of its own.
	if n < len(p) && err == nil && !c.readOn {
		c.readable = false
	}
	return n, err
}

// Write writes as much of p as the kernel takes, which may be less without an
// error, or nothing with ErrWouldBlock.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := retry(func() (int, error) { return transfer(unix.SYS_WRITE, c.fd, p) })
	n, err = c.sent("write", n, err)
	if n < len(p) {
		c.writable = false
	}
	return n, err
}

// ReadPipe moves up to n bytes from the socket into a pipe that must be empty
// (splice). Results are as Read's.
func (c *Conn) ReadPipe(pipe, n int) (int, error) {
	moved, err := splice(int(c.fd), pipe, n)
	return c.received("splice", moved, err)
}

// WritePipe moves n bytes, which the pipe must hold, to the socket. Results
// are as Write's. Asking for more than the pipe holds would have the kernel
// wait for more before it sends the last segment.
func (c *Conn) WritePipe(pipe, n int) (int, error) {
	moved, err := splice(pipe, int(c.fd), n)
	return c.sent("splice", moved, err)
}

// received makes Read's results of those of a system call.
func (c *Conn) received(call string, n int, err error) (int, error) {
	switch {
	case err == unix.EAGAIN:
		c.readable = false
		return 0, ErrWouldBlock
	case err != nil:
		return 0, os.NewSyscallError(call, err)
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// sent makes Write's results of those of a system call.
func (c *Conn) sent(call string, n int, err error) (int, error) {
	switch {
	case err == unix.EAGAIN:
		c.writable = false
		return 0, ErrWouldBlock
	case err != nil:
		c.broke()
		return 0, os.NewSyscallError(call, err)
	}
	return n, nil
}

func splice(from, to, n int) (int, error) {
	return retry(func() (int, error) {
		moved, err := unix.Splice(from, nil, to, nil, n, unix.SPLICE_F_NONBLOCK|unix.SPLICE_F_MOVE)
		return int(moved), err
	})
}

// transfer is read(2) or write(2) on a non-blocking socket. It never blocks, so
// the scheduler isn't told about it: that saves 3 to 5 % of a small exchange.
func transfer(trap uintptr, fd int32, p []byte) (int, error) {
	n, _, errno := unix.RawSyscall(trap, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// retry repeats a system call that a signal interrupted.
func retry(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); err != unix.EINTR {
			return n, err
		}
	}
}

// broke notes that the socket is in error: what the peer sent before that can
// still be read, up to the error or EOF.
func (c *Conn) broke() { c.readable, c.readOn = true, true }

// CloseWrite says EOF to the peer (a FIN after all bytes written).
func (c *Conn) CloseWrite() error {
	return os.NewSyscallError("shutdown", unix.Shutdown(int(c.fd), unix.SHUT_WR))
}

// Unsent returns how many written bytes the peer hasn't acknowledged yet.
func (c *Conn) Unsent() int {
	n, err := unix.IoctlGetInt(int(c.fd), unix.SIOCOUTQ)
	if err != nil {
		return 0
	}
	return n
}

// Close closes the socket. The kernel goes on delivering what was written
// unless unread bytes are there, which turn the close into a reset. No event
// comes after it; closing twice has no effect.
func (c *Conn) Close() {
	if !c.Open() {
		return
	}
	fd := int(c.fd)
	c.fd = -1
	c.loop.discard(fd)
}

// Reset closes the socket with a TCP reset; what the peer hasn't got is lost.
func (c *Conn) Reset() {
	if c.Open() {
		_ = unix.SetsockoptLinger(int(c.fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}
	c.Close()
}
