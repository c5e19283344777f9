package bench

import (
	"fmt"
	"net/netip"
	"runtime"
	"syscall"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// together is how many sessions are in use at once. With one, all that counts
// is how soon the kernel and the runtime wake whom: the same exchange takes
// 30 µs or 130. With so many there is always work to do, and it is that work
// that is measured.
const together = 50

// BenchmarkExchanges sends so many bytes to the backend and as many back, on
// each of 50 sessions per op. The rate counts both ways.
func BenchmarkExchanges(b *testing.B) {
	for _, size := range []int{1 << 10, 64 << 10} {
		b.Run(fmt.Sprintf("%dx%dKiB", together, size>>10), func(b *testing.B) {
			eachWay(b, func(b *testing.B, w *way) {
				s := w.connect(b, together)
				defer s.end(b)
				buf := make([]byte, size)
				b.SetBytes(2 * together * int64(size))
				defer reportCPU(b)()
				for b.Loop() {
					s.exchange(b, buf)
				}
			})
		})
	}
}

// BenchmarkSessions sets up 50 sessions per op, has a small exchange on each
// and ends them.
func BenchmarkSessions(b *testing.B) {
	b.Run(fmt.Sprint(together), func(b *testing.B) {
		eachWay(b, func(b *testing.B, w *way) {
			buf := make([]byte, 100)
			b.ReportAllocs()
			defer reportCPU(b)()
			for b.Loop() {
				s := w.connect(b, together)
				s.exchange(b, buf)
				s.end(b)
			}
		})
	})
}

// BenchmarkBulk sends one client's bytes as fast as the backend reads them.
func BenchmarkBulk(b *testing.B) {
	const (
		size  = 16 << 20
		chunk = 256 << 10
	)
	eachWay(b, func(b *testing.B, w *way) {
		s := w.connect(b, 1)
		defer s.end(b)
		in, out := make([]byte, chunk), make([]byte, chunk)
		b.SetBytes(size)
		defer reportCPU(b)()
		for b.Loop() {
			sent := make(chan error, 1)
			go func() { sent <- repeat(s.clients[0].Write, out, size) }()
			must(b, repeat(s.backends[0].Read, in, size))
			must(b, <-sent)
		}
	})
}

// way is how a benchmark's clients get to its backend.
type way struct {
	backend socket
	// target is where clients connect: a proxy, or the backend itself.
	target netip.AddrPort
}

// eachWay runs a benchmark without a proxy and with each implementation
// between: the difference is what the proxy costs.
func eachWay(b *testing.B, body func(b *testing.B, w *way)) {
	b.Run("direct", func(b *testing.B) {
		moreProcessors(b)
		ln, addr := listen(b)
		body(b, &way{backend: ln, target: addr})
	})
	for _, impl := range []engine.Impl{engine.Reactor, engine.Goroutine} {
		b.Run(string(impl), func(b *testing.B) {
			moreProcessors(b)
			ln, addr := listen(b)
			body(b, &way{backend: ln, target: startProxy(b, impl, addr)})
		})
	}
}

// moreProcessors has enough Ps for a loop, the two it needs besides (as
// proxy-engine sets it) and the peers.
func moreProcessors(b *testing.B) {
	before := runtime.GOMAXPROCS(4)
	b.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

// startProxy runs a proxy in front of backend for as long as the benchmark
// lasts and returns its address.
func startProxy(b *testing.B, impl engine.Impl, backend netip.AddrPort) netip.AddrPort {
	const name = "front"
	cfg := engine.DefaultConfig()
	cfg.Impl = impl
	cfg.EventLoops = 1
	cfg.Resolver = resolve.Fixed(backend.String())
	cfg.Cache.Guard.SkipAll = true
	cfg.Listeners = []engine.Listener{{Name: name, Address: "127.0.0.1:0", Front: tcp.Front("x")}}
	e, err := engine.New(cfg)
	must(b, err)
	must(b, e.Start())
	// Its context is done by then: sessions of a benchmark that failed end too.
	b.Cleanup(func() { _ = e.Shutdown(b.Context()) })
	return e.Addr(name)
}

// reportCPU returns what to call after the loop: it reports the processor time
// of the process, peers and kernel included, which other processes disturb
// less than the time that passed.
func reportCPU(b *testing.B) func() {
	before := processorTime(b)
	return func() {
		b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
	}
}

func processorTime(b *testing.B) int64 {
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return u.Utime.Nano() + u.Stime.Nano()
}
