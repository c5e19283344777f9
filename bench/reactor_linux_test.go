package bench

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/engine/reactor"
)

// BenchmarkPost has a loop that sleeps call a function of another goroutine's,
// and waits for it.
func BenchmarkPost(b *testing.B) {
	moreProcessors(b)
	loop := startLoop(b)
	b.ReportAllocs()
	for b.Loop() {
		do(loop, func() {})
	}
}

// BenchmarkTimer arms a deadline and disarms it, as a session does for each of
// its states, on a loop on which others wait.
func BenchmarkTimer(b *testing.B) {
	loop := startLoop(b)
	others := make([]reactor.Timer, 10_000)
	do(loop, func() {
		for i := range others {
			loop.After(&others[i], time.Hour, never{})
		}
		var timer reactor.Timer
		b.ReportAllocs()
		for b.Loop() {
			loop.After(&timer, time.Minute, never{})
			loop.Disarm(&timer)
		}
	})
}

// never is a deadline that no benchmark lives to see.
type never struct{}

func (never) Expire() {}

// BenchmarkEvents has a loop echo a byte on each of 50 sockets per op.
func BenchmarkEvents(b *testing.B) {
	b.Run(fmt.Sprint(together), func(b *testing.B) {
		moreProcessors(b)
		peers := startEchoes(b, together)
		buf := make([]byte, 1)
		b.ReportAllocs()
		defer reportCPU(b)()
		for b.Loop() {
			pass(b, peers, peers, buf)
		}
	})
}

// startEchoes returns the peers of n connections of a loop. Unix sockets: the
// less the kernel does, the more is seen of the loop.
func startEchoes(b *testing.B, n int) []socket {
	loop := startLoop(b)
	peers := make([]socket, n)
	for i := range peers {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		must(b, err)
		peers[i] = socket(fds[0])
		b.Cleanup(func() { peers[i].close(b) })
		must(b, unix.SetNonblock(fds[1], true))
		do(loop, func() {
			e := new(echo)
			err = loop.Register(&e.Conn, fds[1], e)
		})
		must(b, err)
	}
	return peers
}

// echo is a connection that sends back what it gets.
type echo struct{ reactor.Conn }

// Ready reads until that would block.
func (e *echo) Ready(c *reactor.Conn) {
	buf := c.Loop().Buffer()
	for c.Readable() {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		_, _ = c.Write(buf[:n])
	}
}

// startLoop runs a loop for as long as the benchmark lasts.
func startLoop(b *testing.B) *reactor.Loop {
	loop, err := reactor.NewLoop(64 << 10)
	must(b, err)
	up, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- loop.Run(func() error { close(up); return nil }) }()
	<-up
	b.Cleanup(func() {
		loop.Stop()
		must(b, <-ended)
	})
	return loop
}

// do runs fn on the loop and waits for it.
func do(loop *reactor.Loop, fn func()) {
	done := make(chan struct{})
	loop.Post(func() { defer close(done); fn() })
	<-done
}
