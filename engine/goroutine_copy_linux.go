package engine

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// copyPlain passes on what comes from one connection until its end, and says how much
// as it does. The error may be either side's.
//
// net's own way, one splice until the end, would hold back how much has moved for as
// long as the session lasts, and a pipe. So this waits without a buffer, copies what
// fits into one, and splices what is more.
func copyPlain(to, from *net.TCPConn, buffers *sync.Pool, moved func(n int)) error {
	raw, err := from.SyscallConn()
	if err != nil {
		return err
	}
	a := arrival{buffers: buffers}
	look := a.look
	for {
		if err := raw.Read(look); err != nil {
			return &readError{err}
		}
		switch ended, err := a.passOn(to, from, moved); {
		case err != nil:
			return err
		case ended:
			return nil
		}
	}
}

// arrival is what has come on a connection.
type arrival struct {
	buffers *sync.Pool
	// buf holds the first n bytes; nil if they are in the socket, to be spliced.
	buf *[]byte
	n   int
	err error
	// bulk says that more comes at once than a buffer holds, as far as is known.
	bulk bool
	// emptied says that all there was has just been spliced.
	emptied bool
}

// flowing is how much must have been there at once for more to be expected by the
// time it is spliced, in bytes. Behind less it is cheaper to look for anything at all
// than for how much.
const flowing = 256 << 10

// look takes in what is there, and says whether anything is: bytes, the end or an
// error. It is called by syscall.RawConn.
func (a *arrival) look(fd uintptr) bool {
	buf := a.buffers.Get().(*[]byte)
	if a.bulk && !a.emptied {
		if n, err := unix.IoctlGetInt(int(fd), unix.SIOCINQ); err == nil && n > len(*buf) {
			a.buffers.Put(buf)
			a.buf, a.n, a.emptied = nil, n, n < flowing
			return true
		}
	}
	a.emptied = false
	n, err := readOnce(int(fd), *buf)
	if err == unix.EAGAIN {
		a.buffers.Put(buf)
		return false
	}
	a.buf, a.n, a.err, a.bulk = buf, max(n, 0), err, n == len(*buf)
	return true
}

// passOn passes on what look has found.
func (a *arrival) passOn(to, from *net.TCPConn, moved func(n int)) (ended bool, err error) {
	if a.buf == nil {
		n, err := to.ReadFrom(&io.LimitedReader{R: from, N: int64(a.n)}) // by splice
		moved(int(n))
		return false, err
	}
	defer a.buffers.Put(a.buf)
	switch {
	case a.err != nil:
		return false, &readError{os.NewSyscallError("read", a.err)}
	case a.n == 0:
		return true, nil
	}
	moved(a.n)
	_, err = to.Write((*a.buf)[:a.n])
	return false, err
}

// readOnce reads what is there, whatever signals come.
func readOnce(fd int, p []byte) (int, error) {
	for {
		if n, err := unix.Read(fd, p); err != syscall.EINTR {
			return n, err
		}
	}
}
