package reactor

import (
	"fmt"
	"os"
	"sync"
	"time"
	"unsafe"

	gneterrors "github.com/panjf2000/gnet/v2/pkg/errors"
	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"github.com/panjf2000/gnet/v2/pkg/queue"
	"golang.org/x/sys/unix"
)

// Loop is one event loop. Make it with NewLoop, give it a goroutine with Run.
// All methods but Post, Stop, Now, Busy and Lag may only be called on that goroutine
// (from a Handler, a timer, an AcceptFunc or a posted function).
type Loop struct {
	// Lagged is told on the loop how late it was whenever a timer has woken it, but
	// for the tick that timers may be late by themselves. nil if nobody asks. Set it
	// before Run.
	Lagged func(time.Duration)

	poller *netpoll.Poller
	posts  sync.RWMutex // held for reading by Post, so that close can wait
	closed bool
	posted queue.Func // runPosted, made once
	conns  []*Conn    // by descriptor
	buf    []byte
	clock  time.Time // the wheel's zero; monotonic

	wheel   *wheel
	timerfd int
	wakeAt  int64 // the tick timerfd is set to, 0 for none

	// again are the connections whose turn ended with work left. againfd is
	// an eventfd, level-triggered: readable as long as again isn't empty.
	again   []*Conn
	running []*Conn // the list being worked on, kept for its memory
	againfd int

	// dead are descriptors closed in this batch of events, see Conn.Close.
	dead []int

	meter meter
	probe prober

	// Arguments of system calls, kept here so that they don't escape each time.
	sa4   unix.SockaddrInet4
	sa6   unix.SockaddrInet6
	saRaw unix.RawSockaddrAny
}

// NewLoop makes a loop with a read buffer of the given size, in bytes. Its
// wake-up descriptors exist from here on, so Post works before Run.
func NewLoop(readBuffer int) (*Loop, error) {
	poller, err := netpoll.OpenPoller()
	if err != nil {
		return nil, fmt.Errorf("open poller: %w", err)
	}
	againfd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		_ = poller.Close()
		return nil, os.NewSyscallError("eventfd", err)
	}
	l := &Loop{
		poller:  poller,
		buf:     make([]byte, readBuffer),
		clock:   time.Now(),
		wheel:   newWheel(),
		timerfd: -1,
		againfd: againfd,
	}
	l.posted = l.runPosted
	return l, nil
}

// Run is the loop: it calls start, then serves events until Stop. What is
// still open then is closed. It may be called once.
//
// The goroutine is not locked to its thread on purpose: the poller yields
// (runtime.Gosched) each time it runs dry, which costs a locked goroutine two
// thread switches. Measured at one connection: 7,600 instead of 18,000
// exchanges per second, at twice the CPU.
func (l *Loop) Run(start func() error) error {
	defer l.close()
	if err := l.open(); err != nil {
		return err
	}
	if err := start(); err != nil {
		return err
	}
	l.probe.loop = l
	l.probe.Expire()
	if err := l.poller.Polling(l.dispatch); err != nil && err != gneterrors.ErrEngineShutdown {
		return fmt.Errorf("event loop: %w", err)
	}
	return nil
}

func (l *Loop) open() (err error) {
	l.timerfd, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("timerfd_create", err)
	}
	for _, fd := range []int{l.timerfd, l.againfd} {
		if err := l.poller.AddRead(&netpoll.PollAttachment{FD: fd}, false); err != nil {
			return err
		}
	}
	return nil
}

func (l *Loop) close() {
	for _, c := range l.conns {
		if c != nil {
			c.Close()
		}
	}
	l.bury()
	l.posts.Lock()
	defer l.posts.Unlock()
	l.closed = true
	l.meter.due.Store(0)
	for _, fd := range []int{l.timerfd, l.againfd} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
	_ = l.poller.Close()
}

// Post has fn called on the loop, after the events at hand. It may be called
// from any goroutine; what is posted once Run has returned is dropped.
func (l *Loop) Post(fn func()) { l.trigger(l.posted, fn) }

// trigger hands a task to the poller unless its descriptors are closed: their
// numbers may be somebody else's by then.
func (l *Loop) trigger(task queue.Func, arg any) {
	l.posts.RLock()
	defer l.posts.RUnlock()
	if !l.closed {
		_ = l.poller.Trigger(queue.HighPriority, task, arg)
	}
}

func (l *Loop) runPosted(fn any) error {
	l.meter.begin(l.Now())
	fn.(func())()
	l.meter.end(l.Now())
	return nil
}

// Stop ends Run once the events at hand are served. Any goroutine.
func (l *Loop) Stop() {
	l.trigger(func(any) error { return gneterrors.ErrEngineShutdown }, nil)
}

// Buffer is the loop's one read buffer. Its contents are valid until the
// handler returns.
func (l *Loop) Buffer() []byte { return l.buf }

// dispatch is called by the poller for every event. Its error would only end
// the loop for the poller's own sentinels, so it never returns one.
func (l *Loop) dispatch(fd int, ev netpoll.IOEvent, _ netpoll.IOFlags) error {
	l.meter.begin(l.Now())
	l.handle(fd, ev)
	l.meter.end(l.Now())
	return nil
}

func (l *Loop) handle(fd int, ev netpoll.IOEvent) {
	switch {
	case fd == l.timerfd:
		l.expire()
	case fd == l.againfd:
		l.runAgain()
	default:
		if c := l.conn(fd); c != nil {
			c.note(ev)
			c.handler.Ready(c)
		}
	}
}

// conn returns the connection of a descriptor, nil if it was closed earlier
// in this batch: its number is not reused before the batch is over.
func (l *Loop) conn(fd int) *Conn {
	if fd < len(l.conns) {
		return l.conns[fd]
	}
	return nil
}

// Register puts a connected (or connecting) socket under the loop's care:
// events go to h, Close closes fd. If it fails fd is closed.
func (l *Loop) Register(c *Conn, fd int, h Handler) error {
	*c = Conn{loop: l, handler: h, fd: int32(fd)}
	if err := l.poller.AddReadWrite(&netpoll.PollAttachment{FD: fd}, true); err != nil {
		c.fd = -1
		_ = unix.Close(fd)
		return err
	}
	l.enter(c)
	return nil
}

func (l *Loop) enter(c *Conn) {
	fd := int(c.fd)
	if fd >= len(l.conns) {
		grown := make([]*Conn, max(fd+1, 2*len(l.conns), 1024))
		copy(grown, l.conns)
		l.conns = grown
	}
	l.conns[fd] = c
}

// discard forgets fd now and closes it when the batch of events is over, so
// that its number can't come back for another socket while events of the old
// one are still to be served. Tasks of the poller run after a batch.
func (l *Loop) discard(fd int) {
	l.conns[fd] = nil
	if l.dead = append(l.dead, fd); len(l.dead) == 1 {
		_ = l.poller.Trigger(queue.HighPriority, l.buryTask, nil)
	}
}

func (l *Loop) buryTask(any) error {
	l.bury()
	return nil
}

func (l *Loop) bury() {
	for _, fd := range l.dead {
		_ = unix.Close(fd)
	}
	l.dead = l.dead[:0]
}

// runAgain gives every connection that asked for it one more turn.
func (l *Loop) runAgain() {
	l.running, l.again = l.again, l.running[:0]
	for i, c := range l.running {
		l.running[i] = nil
		c.queued = false
		if c.fd >= 0 {
			c.handler.Ready(c)
		}
	}
	if len(l.again) == 0 {
		var count [8]byte
		_, _ = unix.Read(l.againfd, count[:])
	}
}

func (l *Loop) enqueue(c *Conn) {
	if l.again = append(l.again, c); len(l.again) == 1 {
		one := uint64(1)
		_, _ = unix.Write(l.againfd, (*[8]byte)(unsafe.Pointer(&one))[:])
	}
}
