package relay_test

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/engine/reactor"
	"github.com/proxy-engine/proxy-engine/engine/relay"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience ends a test that hangs. Nothing depends on its length.
const patience = 2 * time.Minute

// readBuffer is a loop's: also the most a pump may copy for a slow side.
const readBuffer = 64 << 10

// owner does for a pump what a session does, and no more.
type owner struct {
	pump relay.Pump
	loop *reactor.Loop
	end  chan relay.Status
}

var _ reactor.Handler = (*owner)(nil)

func (o *owner) Ready(*reactor.Conn) {
	status := o.pump.Run()
	switch status {
	case relay.Running:
		return
	case relay.ClientReset:
		o.pump.Backend.Conn.Reset()
	case relay.BackendReset:
		o.pump.Client.Conn.Reset()
	}
	o.pump.Close()
	o.pump.Client.Conn.Close()
	o.pump.Backend.Conn.Close()
	o.end <- status
}

// do runs fn on the loop and waits for it.
func (o *owner) do(fn func()) {
	done := make(chan struct{})
	o.loop.Post(func() { defer close(done); fn() })
	<-done
}

// pumped is a running pump and its two far ends.
type pumped struct {
	*owner
	client, backend stream
	pipes           *relay.Pipes
}

// stream is what TCP and Unix stream connections have in common.
type stream interface {
	net.Conn
	CloseWrite() error
}

// connect makes the two connections of a session: what the pump gets is given
// as descriptors.
type connect func(t *testing.T) (far stream, near int)

// start runs a pump; with pipes it may splice.
func start(t *testing.T, c connect, splice bool) *pumped {
	t.Helper()
	loop, err := reactor.NewLoop(readBuffer)
	if err != nil {
		t.Fatal(err)
	}
	p := &pumped{owner: &owner{loop: loop, end: make(chan relay.Status, 1)}}
	if splice {
		p.pipes = &relay.Pipes{Max: 8}
	}
	var near [2]int
	p.client, near[0] = c(t)
	p.backend, near[1] = c(t)
	ended := make(chan error, 1)
	go func() { ended <- loop.Run(func() error { return p.register(near) }) }()
	t.Cleanup(func() {
		if p.pipes != nil {
			p.do(p.pipes.Close)
		}
		loop.Stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return p
}

func (p *pumped) register(near [2]int) error {
	p.pump.Init(p.pipes)
	if err := p.loop.Register(&p.pump.Client.Conn, near[0], p.owner); err != nil {
		return err
	}
	return p.loop.Register(&p.pump.Backend.Conn, near[1], p.owner)
}

// overTCP connects by TCP, as sessions are.
func overTCP(t *testing.T) (stream, int) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	far, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	near, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return patient(t, far), bare(t, near)
}

// overUnix connects by Unix sockets: what is written to one is in its peer's
// queue at once.
func overUnix(t *testing.T) (stream, int) { return unixPair(t, 0) }

// overTight connects by sockets that hold very little, so that most writes are
// short.
func overTight(t *testing.T) (stream, int) { return unixPair(t, 4<<10) }

func unixPair(t *testing.T, sendBuffer int) (stream, int) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if sendBuffer > 0 {
			err = errors.Join(err, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuffer))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fds[1]), "far")
	defer file.Close()
	far, err := net.FileConn(file)
	if err != nil {
		t.Fatal(err)
	}
	return patient(t, far), fds[0]
}

func patient(t *testing.T, far net.Conn) stream {
	t.Helper()
	t.Cleanup(func() { far.Close() })
	if err := far.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return far.(stream)
}

// bare takes a connection's descriptor out of the runtime's hands.
func bare(t *testing.T, c net.Conn) int {
	t.Helper()
	defer c.Close()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	fd, derr := -1, error(nil)
	if err := raw.Control(func(n uintptr) { fd, derr = unix.FcntlInt(n, unix.F_DUPFD_CLOEXEC, 0) }); err != nil {
		t.Fatal(err)
	}
	if derr != nil {
		t.Fatal(derr)
	}
	return fd
}
