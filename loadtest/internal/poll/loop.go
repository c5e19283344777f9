//go:build linux

// Package poll is the load harness's own event loop: one epoll instance, the
// handlers of the sockets on it, and the few socket calls generators and
// built-in backends need. It shares no code with the engine, so that a mistake
// there can't hide behind the same mistake here.
package poll

import (
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Interests of a descriptor; Ready is given the same bits, and Broken.
const (
	Readable = unix.EPOLLIN
	Writable = unix.EPOLLOUT
	// Broken says that both directions are gone: an error or a full hang-up.
	Broken = unix.EPOLLERR | unix.EPOLLHUP
)

// batch is how many events one wait may bring: enough to spread its cost over
// many sockets, few enough to keep the order of service fair.
const batch = 256

// Handler owns one descriptor on a loop. Ready is called on the goroutine that
// turns the loop, as long as the descriptor stays ready (level-triggered).
type Handler interface {
	Ready(events uint32)
}

// Releaser is a Handler that holds more than its descriptor. Release is called
// by Loop.Free, before the descriptor is closed.
type Releaser interface {
	Release()
}

// Loop is one epoll instance. Only one goroutine may use it at a time.
type Loop struct {
	epoll  int
	slots  []slot // by descriptor
	open   int
	events [batch]unix.EpollEvent
}

// slot is who a descriptor belongs to. The generation travels with each event,
// so that one meant for a descriptor closed earlier in the batch, and opened
// anew since, reaches nobody.
type slot struct {
	handler    Handler
	generation int32
}

// NewLoop opens a loop. The caller closes it with Free.
func NewLoop() (*Loop, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	return &Loop{epoll: fd}, nil
}

// Open returns the number of descriptors on the loop.
func (l *Loop) Open() int { return l.open }

// Add puts fd on the loop. If that fails, fd is still open and not on the loop.
func (l *Loop) Add(fd int, interest uint32, h Handler) error {
	for len(l.slots) <= fd {
		l.slots = append(l.slots, slot{})
	}
	s := &l.slots[fd]
	s.generation++
	event := unix.EpollEvent{Events: interest, Fd: int32(fd), Pad: s.generation}
	if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
		return os.NewSyscallError("epoll_ctl", err)
	}
	s.handler = h
	l.open++
	return nil
}

// Modify changes what fd waits for. Zero leaves only Broken.
func (l *Loop) Modify(fd int, interest uint32) error {
	event := unix.EpollEvent{Events: interest, Fd: int32(fd), Pad: l.slots[fd].generation}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(l.epoll, unix.EPOLL_CTL_MOD, fd, &event))
}

// Close closes fd and takes it off the loop, if it was on it.
func (l *Loop) Close(fd int) {
	if fd < len(l.slots) && l.slots[fd].handler != nil {
		l.slots[fd].handler = nil
		l.open--
	}
	_ = unix.Close(fd)
}

// Turn waits at most wait for events and hands them out. It returns an error
// only when the loop itself is unusable.
func (l *Loop) Turn(wait time.Duration) error {
	n, errno := l.wait(max(wait, 0))
	if errno == unix.EINTR {
		return nil
	}
	if errno != 0 {
		return os.NewSyscallError("epoll_pwait2", errno)
	}
	for i := range l.events[:n] {
		l.dispatch(&l.events[i])
	}
	return nil
}

// wait first looks without waiting, which is all a busy loop needs and spares
// the Go scheduler the trouble of a goroutine that blocks. The time is in
// nanoseconds (epoll_pwait2, Linux 5.11): in an open loop a millisecond's delay
// is part of what is measured.
func (l *Loop) wait(d time.Duration) (int, unix.Errno) {
	var spec unix.Timespec
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT2, uintptr(l.epoll),
		uintptr(unsafe.Pointer(&l.events)), batch, uintptr(unsafe.Pointer(&spec)), 0, 0)
	if errno == 0 && n == 0 && d > 0 {
		// By default the kernel wakes a thread up to 50 us late, to save power.
		// Goroutines change threads, so this is said each time.
		_, _, _ = unix.RawSyscall(unix.SYS_PRCTL, unix.PR_SET_TIMERSLACK, 1, 0)
		spec = unix.NsecToTimespec(int64(d))
		n, _, errno = unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(l.epoll),
			uintptr(unsafe.Pointer(&l.events)), batch, uintptr(unsafe.Pointer(&spec)), 0, 0)
	}
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

func (l *Loop) dispatch(e *unix.EpollEvent) {
	s := &l.slots[e.Fd]
	if s.handler != nil && s.generation == e.Pad {
		s.handler.Ready(e.Events)
	}
}

// Free closes every descriptor on the loop and the loop itself.
func (l *Loop) Free() {
	for fd := range l.slots {
		if l.slots[fd].handler != nil {
			l.release(fd)
		}
	}
	_ = unix.Close(l.epoll)
}

func (l *Loop) release(fd int) {
	if r, ok := l.slots[fd].handler.(Releaser); ok {
		r.Release()
	}
	l.Close(fd)
}
