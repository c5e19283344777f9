//go:build unix

package top

import (
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// TTY is the terminal that controls the process. Make it with OpenTTY.
type TTY struct {
	*os.File
	changes chan Change
	signals chan os.Signal
	closed  chan struct{}
	relayed chan struct{} // closed when no signal is passed on any more
}

var _ Terminal = (*TTY)(nil)

// OpenTTY opens the terminal that controls the process, whatever its standard input
// is. It fails if there is none. SIGTSTP and SIGWINCH are the terminal's until
// Close.
func OpenTTY() (*TTY, error) {
	// Without blocking, so that Close ends a Read.
	f, err := os.OpenFile("/dev/tty", os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	t := &TTY{f, make(chan Change), make(chan os.Signal, 4), make(chan struct{}), make(chan struct{})}
	signal.Notify(t.signals, syscall.SIGWINCH, syscall.SIGTSTP)
	go t.relay()
	return t, nil
}

// relay passes on signals as changes.
func (t *TTY) relay() {
	defer close(t.relayed)
	for {
		var change Change
		select {
		case s := <-t.signals:
			if s == syscall.SIGTSTP {
				change = Suspended
			}
		case <-t.closed:
			return
		}
		select {
		case t.changes <- change:
		case <-t.closed:
			return
		}
	}
}

// Close gives the terminal up. It ends a Read.
func (t *TTY) Close() error {
	signal.Stop(t.signals)
	close(t.closed)
	<-t.relayed
	return t.File.Close()
}

// Raw is Terminal's.
func (t *TTY) Raw() (restore func() error, err error) {
	var before *term.State
	err = t.control(func(fd int) (err error) {
		before, err = term.MakeRaw(fd)
		return err
	})
	if err != nil {
		return nil, err
	}
	return func() error { return t.control(func(fd int) error { return term.Restore(fd, before) }) }, nil
}

// Size is Terminal's.
func (t *TTY) Size() (width, height int, err error) {
	err = t.control(func(fd int) (err error) {
		width, height, err = term.GetSize(fd)
		return err
	})
	return width, height, err
}

// control does something with the descriptor. File.Fd would have it block.
func (t *TTY) control(do func(fd int) error) error {
	raw, err := t.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = do(int(fd)) })
	return errors.Join(err, failed)
}

// Changes is Terminal's.
func (t *TTY) Changes() <-chan Change { return t.changes }

// stopTime is more than the kernel takes to stop a process that has asked for it.
const stopTime = 100 * time.Millisecond

// Suspend stops the process and the others of its job, as Ctrl-Z does, unless there
// is no shell that could continue it: shells give each job a group of its own. It is
// SIGSTOP, for the runtime doesn't give SIGTSTP its default action back once there
// was a Notify.
func (t *TTY) Suspend() {
	session, err := unix.Getsid(0)
	if err != nil || unix.Getpgrp() == session {
		return
	}
	_ = unix.Kill(0, unix.SIGSTOP)
	time.Sleep(stopTime) // it may take effect a moment later
}
