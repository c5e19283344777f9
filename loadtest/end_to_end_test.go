//go:build linux

package loadtest

import (
	"context"
	"math"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/backend"
	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/progress"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// rig is a backend in this process, and the settings to reach it.
type rig struct {
	Common
	server *backend.Server
	stop   func() // ends the backend and waits for it
}

func newRig(t *testing.T, kind backend.Kind) *rig {
	t.Helper()
	return newRigOf(t, backend.Config{Kind: kind, Loops: 2})
}

func newRigOf(t *testing.T, c backend.Config) *rig {
	t.Helper()
	server, err := backend.Listen(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx) }()
	r := &rig{Common: commonTo(server.Addr()), server: server}
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("backend: %v", err)
		}
	})
	t.Cleanup(r.stop)
	return r
}

func commonTo(target netip.AddrPort) Common {
	return Common{
		Targets: []netip.AddrPort{target}, Loops: 2, Timeout: 30 * time.Second,
		Server: measure.Processes{Roots: []int{os.Getpid()}}, Worker: workerCommand(),
	}
}

// settled waits until the backend has seen every connection's end.
func (r *rig) settled() backend.Stats {
	for {
		if s := r.server.Stats(); s.Accepted == s.Closed {
			return s
		}
		runtime.Gosched()
	}
}

// received waits until the backend has got so many bytes.
func (r *rig) received(n uint64) {
	for r.server.Stats().Bytes < n {
		runtime.Gosched()
	}
}

// clean checks that a report tells of no failure.
func clean(t *testing.T, r *report.Report, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if r.Failed() {
		t.Fatalf("failures %v, sessions %+v, server %+v", r.Failures, r.Sessions, r.Server)
	}
}

func equal(t *testing.T, what string, got, want uint64) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %d, want %d", what, got, want)
	}
}

func TestHoldCountsExactly(t *testing.T) {
	rig := newRig(t, backend.Echo)
	const sessions, touch, payload = 101, 100_000, 64
	r, err := Hold{Common: rig.Common, Sessions: sessions, Ramp: 100_000, Touch: touch, Payload: payload}.Run(t.Context())
	clean(t, r, err)
	equal(t, "wanted", r.Sessions.Wanted, sessions)
	equal(t, "established", r.Sessions.Established, sessions)
	equal(t, "alive", r.Sessions.Alive, sessions)
	s := rig.settled()
	equal(t, "accepted", s.Accepted, sessions+holdWarmUp)
	// Each session is touched and exchanges twice, those of the warm-up once.
	equal(t, "bytes", s.Bytes, (sessions+holdWarmUp)*(touch+payload)+sessions*payload)
}

func TestRRCountsExactly(t *testing.T) {
	rig := newRig(t, backend.Echo)
	const conns, payload = 7, 3000
	r, err := RR{Exchanges: exchangesTo(rig.Common, conns), Payload: payload}.Run(t.Context())
	clean(t, r, err)
	equal(t, "established", r.Sessions.Established, conns)
	equal(t, "alive", r.Sessions.Alive, conns)
	equal(t, "latencies", r.Latency.Count(), r.Operations)
	equal(t, "bytes down", r.Bytes.Down, r.Operations*payload)
	s := rig.settled()
	equal(t, "accepted", s.Accepted, conns)
	equal(t, "rest of an exchange", s.Bytes%payload, 0)
	// The backend also sees each connection's first exchange, which doesn't
	// count, and those before and after the window.
	if exchanges := s.Bytes / payload; r.Operations == 0 || exchanges < r.Operations+conns {
		t.Errorf("%d operations, and %d exchanges at the backend", r.Operations, exchanges)
	}
}

func TestOpenLoopCountsEveryArrival(t *testing.T) {
	rig := newRig(t, backend.Echo)
	load := exchangesTo(rig.Common, 3)
	load.Arrivals = 2000
	r, err := RR{Exchanges: load, Payload: 64}.Run(t.Context())
	clean(t, r, err)
	// 100 ms at 2,000 a second, whether or not the machine kept up.
	equal(t, "latencies", r.Latency.Count(), 200)
	equal(t, "lags", r.Lag.Count(), 200)
	equal(t, "alive", r.Sessions.Alive, 3)
}

// sharded runs a load in three worker processes.
func sharded(c Common) Common { return overProcesses(c, 3) }

func overProcesses(c Common, n int) Common {
	c.Processes = n
	return c
}

func TestProcessesCountExactly(t *testing.T) {
	rig := newRig(t, backend.Echo)
	const sessions, payload = 100, 64
	r, err := Hold{Common: sharded(rig.Common), Sessions: sessions, Ramp: 100_000, Payload: payload}.Run(t.Context())
	clean(t, r, err)
	equal(t, "wanted", r.Sessions.Wanted, sessions)
	equal(t, "established", r.Sessions.Established, sessions)
	equal(t, "alive", r.Sessions.Alive, sessions)
	s := rig.settled()
	equal(t, "accepted", s.Accepted, sessions+holdWarmUp)
	equal(t, "bytes", s.Bytes, (2*sessions+holdWarmUp)*payload)
}

func TestProcessesMergeExactly(t *testing.T) {
	rig := newRig(t, backend.Echo)
	load := exchangesTo(sharded(rig.Common), 7)
	load.Arrivals = 3000
	r, err := RR{Exchanges: load, Payload: 64}.Run(t.Context())
	clean(t, r, err)
	equal(t, "latencies", r.Latency.Count(), 300)
	equal(t, "alive", r.Sessions.Alive, 7)
	last := r.Series[len(r.Series)-1]
	if last.Open != 7 || last.Operations == 0 {
		t.Errorf("last sample %+v", last)
	}
}

func TestWorkerProcessDies(t *testing.T) {
	rig := newRig(t, backend.Echo)
	c := sharded(rig.Common)
	c.Worker = []string{"/bin/false"}
	if r, err := (RR{Exchanges: exchangesTo(c, 7), Payload: 1}).Run(t.Context()); err == nil {
		t.Errorf("no error, report %+v", r)
	}
}

func exchangesTo(c Common, conns int) Exchanges {
	return Exchanges{Common: c, Conns: conns, WarmUp: 10 * time.Millisecond, Duration: 100 * time.Millisecond}
}

func TestRateCountsExactly(t *testing.T) {
	rig := newRig(t, backend.Echo)
	const payload = 10
	r, err := Rate{Exchanges: exchangesTo(rig.Common, 5), Payload: payload}.Run(t.Context())
	clean(t, r, err)
	equal(t, "latencies", r.Latency.Count(), r.Operations)
	s := rig.settled()
	equal(t, "accepted", s.Accepted, r.Sessions.Wanted)
	equal(t, "established", r.Sessions.Established, r.Sessions.Wanted)
	equal(t, "bytes", s.Bytes, r.Sessions.Established*payload)
}

func TestBulkCountsExactly(t *testing.T) {
	for _, c := range []struct {
		direction Direction
		backend   backend.Kind
		down, up  bool
	}{
		{Download, backend.Flood, true, false},
		{Upload, backend.Sink, false, true},
		{Both, backend.Flood, true, true},
	} {
		t.Run(c.direction.String(), func(t *testing.T) {
			rig := newRig(t, c.backend)
			r, err := Bulk{Common: rig.Common, Conns: 3, Direction: c.direction, Duration: 100 * time.Millisecond}.Run(t.Context())
			clean(t, r, err)
			equal(t, "established", r.Sessions.Established, 3)
			equal(t, "alive", r.Sessions.Alive, 3)
			equal(t, "bytes up", r.Bytes.Up, rig.settled().Bytes)
			if (r.Bytes.Down > 0) != c.down || (r.Bytes.Up > 0) != c.up {
				t.Errorf("moved %+v", r.Bytes)
			}
		})
	}
}

// runner is a mode ready to run.
type runner interface {
	Run(context.Context) (*report.Report, error)
}

// modesAgainst are runs that go on until they are stopped, in practice.
func modesAgainst(c Common) map[string]runner {
	forever := Exchanges{Common: c, Conns: 8, Duration: time.Hour}
	paced := forever
	paced.Arrivals = 5000
	return map[string]runner{
		"hold": Hold{Common: c, Sessions: 50, Ramp: 10_000, Payload: 64, Hold: time.Hour},
		"rr":   RR{Exchanges: forever, Payload: 1000},
		"open": RR{Exchanges: paced, Payload: 1000},
		"rate": Rate{Exchanges: forever, Payload: 64},
		"bulk": Bulk{Common: c, Conns: 2, Direction: Both, Duration: time.Hour},
		"http": HTTP{Exchanges: forever, Path: "/", Payload: backend.DefaultPayload},
	}
}

func kindFor(mode string) backend.Kind {
	switch mode {
	case "bulk":
		return backend.Flood
	case "http":
		return backend.HTTP
	default:
		return backend.Echo
	}
}

// everywhere runs a test for every mode, in this process and in workers.
func everywhere(t *testing.T, test func(t *testing.T, rig *rig, mode string, c Common)) {
	for mode := range modesAgainst(Common{}) {
		t.Run(mode, func(t *testing.T) {
			rig := newRig(t, kindFor(mode))
			test(t, rig, mode, rig.Common)
		})
		t.Run(mode+" in processes", func(t *testing.T) {
			rig := newRig(t, kindFor(mode))
			test(t, rig, mode, sharded(rig.Common))
		})
	}
}

func TestBackendDiesInTheMiddle(t *testing.T) {
	everywhere(t, func(t *testing.T, rig *rig, mode string, c Common) {
		go func() {
			rig.received((holdWarmUp + 50) * 64)
			rig.stop()
		}()
		r, err := modesAgainst(c)[mode].Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !r.Failed() || r.Failures.Total() == 0 || r.Sessions.Alive == r.Sessions.Wanted {
			t.Errorf("failures %v, sessions %+v", r.Failures, r.Sessions)
		}
	})
}

func TestInterruptedRunsReport(t *testing.T) {
	everywhere(t, func(t *testing.T, rig *rig, mode string, c Common) {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			rig.received((holdWarmUp + 50) * 64)
			cancel()
		}()
		r, err := modesAgainst(c)[mode].Run(ctx)
		if err != nil || !r.Interrupted || r.Failures.Total() > 0 {
			t.Errorf("%v, report %+v", err, r)
		}
	})
}

func TestNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	target := listener.Addr().(*net.TCPAddr).AddrPort()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	for mode, run := range modesAgainst(commonTo(target)) {
		if mode == "hold" {
			run = Hold{Common: commonTo(target), Sessions: 50, Ramp: 10_000, Payload: 64}
		}
		r, err := run.Run(t.Context())
		if err != nil {
			t.Fatal(mode, err)
		}
		if refused := r.Failures[measure.Refused]; refused == 0 || refused != r.Failures.Total() {
			t.Errorf("%s: failures %v", mode, r.Failures)
		}
	}
}

// serveOne answers each connection with answer, called on its own goroutine,
// until the test ends.
func serveOne(t *testing.T, answer func(net.Conn)) netip.AddrPort {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	group.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			group.Go(func() {
				defer conn.Close()
				answer(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		group.Wait()
	})
	return listener.Addr().(*net.TCPAddr).AddrPort()
}

func TestMisbehavingServers(t *testing.T) {
	echoAltered := func(change func([]byte) []byte) func(net.Conn) {
		return func(conn net.Conn) {
			b := make([]byte, 64)
			if n, err := conn.Read(b); err == nil {
				_, _ = conn.Write(change(b[:n]))
				_, _ = conn.Read(b)
			}
		}
	}
	for name, c := range map[string]struct {
		answer  func(net.Conn)
		timeout time.Duration
		want    measure.Failure
	}{
		"another byte":    {echoAltered(func(b []byte) []byte { b[9] ^= 1; return b }), time.Minute, measure.Wrong},
		"another's tag":   {echoAltered(func(b []byte) []byte { b[0] ^= 1; return b }), time.Minute, measure.Wrong},
		"a byte too many": {echoAltered(func(b []byte) []byte { return append(b, 0) }), time.Minute, measure.Wrong},
		"a byte too few":  {echoAltered(func(b []byte) []byte { return b[:63] }), time.Millisecond, measure.Late},
		"no answer":       {echoAltered(func([]byte) []byte { return nil }), time.Millisecond, measure.Late},
		"closes":          {func(conn net.Conn) { _, _ = conn.Read(make([]byte, 64)) }, time.Minute, measure.Ended},
		"resets": {func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 64))
			_ = conn.(*net.TCPConn).SetLinger(0)
		}, time.Minute, measure.Reset},
		"speaks first": {func(conn net.Conn) {
			b := make([]byte, 64)
			_, _ = conn.Write(b)
			_, _ = conn.Read(b)
		}, time.Minute, measure.Wrong},
	} {
		t.Run(name, func(t *testing.T) {
			common := commonTo(serveOne(t, c.answer))
			common.Timeout = c.timeout
			r, err := RR{Exchanges: exchangesTo(common, 1), Payload: 64}.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if n := r.Failures[c.want]; n < 1 || n > giveUpAfter || n != r.Failures.Total() || !r.Failed() {
				t.Errorf("failures %v, want up to %d of %v", r.Failures, giveUpAfter, c.want)
			}
		})
	}
}

func TestSettingsAreChecked(t *testing.T) {
	good := Common{Targets: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:9")}, Timeout: time.Second}
	for name, run := range map[string]runner{
		"nothing set":            Hold{},
		"no sessions":            Hold{Common: good, Ramp: 1, Payload: 1},
		"no payload":             RR{Exchanges: Exchanges{Common: good, Conns: 1, Duration: time.Second}},
		"no duration":            Rate{Exchanges: Exchanges{Common: good, Conns: 1}, Payload: 1},
		"no such direction":      Bulk{Common: good, Conns: 1, Direction: directions, Duration: time.Second},
		"too few descriptors":    Hold{Common: good, Sessions: 1 << 31, Ramp: 1, Payload: 1},
		"no time for an answer":  RR{Exchanges: exchangesTo(Common{Targets: good.Targets}, 1), Payload: 1},
		"too many processes":     Hold{Common: overProcesses(good, maxProcesses+1), Sessions: 1 << 20, Ramp: 1, Payload: 1},
		"arrivals without end":   RR{Exchanges: arrivingAt(good, math.Inf(1)), Payload: 1},
		"arrivals no number":     RR{Exchanges: arrivingAt(good, math.NaN()), Payload: 1},
		"arrivals too rare":      RR{Exchanges: arrivingAt(good, 1e-12), Payload: 1},
		"no connections in bulk": Bulk{Common: good, Duration: time.Second},
	} {
		if r, err := run.Run(t.Context()); err == nil || r != nil {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
}

func TestNoDescriptorIsLeftBehind(t *testing.T) {
	rig := newRig(t, backend.Echo)
	before := descriptors(t)
	for range 3 {
		r, err := RR{Exchanges: exchangesTo(rig.Common, 20), Payload: 100}.Run(t.Context())
		clean(t, r, err)
		rig.settled()
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// onceAfter closes done when so many exchanges are complete.
func onceAfter(operations uint64, done chan struct{}) func(progress.State) {
	var once sync.Once
	return func(s progress.State) {
		if s.Operations >= operations {
			once.Do(func() { close(done) })
		}
	}
}
