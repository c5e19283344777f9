package main

import (
	"flag"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// upgradeTime is how long clients come while processes take over from each other; a minute
// when it matters.
var upgradeTime = flag.Duration("upgrade-time", 3*time.Second, "how long TestUpgrades lasts")

const (
	comersPerSecond = 500
	established     = 1000
	upgrades        = 3
)

// eachImpl runs a test with both implementations.
func eachImpl(t *testing.T, test func(t *testing.T, impl string)) {
	for _, impl := range []string{"reactor", "goroutine"} {
		t.Run(impl, func(t *testing.T) { test(t, impl) })
	}
}

// comers are clients that come at a steady rate, whatever becomes of them.
type comers struct {
	served, failed atomic.Int64
	first          atomic.Pointer[error] // of those that failed
	running        sync.WaitGroup
	stop           chan struct{}
}

func come(address string) *comers {
	c := &comers{stop: make(chan struct{})}
	c.running.Go(func() {
		tick := time.NewTicker(time.Second / comersPerSecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				c.running.Go(func() { c.count(visit(address)) })
			case <-c.stop:
				return
			}
		}
	})
	return c
}

func (c *comers) count(err error) {
	if err == nil {
		c.served.Add(1)
		return
	}
	c.failed.Add(1)
	c.first.CompareAndSwap(nil, &err)
}

// leave stops the coming and returns when all are served.
func (c *comers) leave(t *testing.T) {
	t.Helper()
	close(c.stop)
	c.running.Wait()
	t.Logf("%d clients were served", c.served.Load())
	if n := c.failed.Load(); n > 0 || c.served.Load() == 0 {
		t.Errorf("%d clients of %d failed, the first with: %v", n, n+c.served.Load(), *c.first.Load())
	}
}

// talkers are sessions that exchange something every second, so that none of them is idle.
type talkers struct {
	exchanges atomic.Int64
	broken    atomic.Pointer[error] // the first's fault
	running   sync.WaitGroup
	stop      chan struct{}
}

// talk connects n sessions, each of which has exchanged something by then.
func talk(t *testing.T, address string, n int) *talkers {
	t.Helper()
	all := &talkers{stop: make(chan struct{})}
	for range n {
		c, err := converse(address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() }) // for want of a leave
		if err := c.exchange(); err != nil {
			t.Fatal(err)
		}
		all.running.Go(func() {
			defer c.Close()
			if err := all.run(c); err != nil {
				all.broken.CompareAndSwap(nil, &err)
			}
		})
	}
	return all
}

func (a *talkers) run(c *conversation) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-a.stop:
			return c.exchange()
		}
		if err := c.exchange(); err != nil {
			return err
		}
		a.exchanges.Add(1)
	}
}

// leave has each session exchange a last time, and end.
func (a *talkers) leave(t *testing.T) {
	t.Helper()
	close(a.stop)
	a.running.Wait()
	t.Logf("%d exchanges in sessions that stood before", a.exchanges.Load())
	if err := a.broken.Load(); err != nil {
		t.Errorf("a session of the first process is broken: %v", *err)
	}
}

// TestUpgrades has one process after the other take over, with more and fewer event loops,
// while clients come and sessions go on: nobody notices.
func TestUpgrades(t *testing.T) {
	eachImpl(t, func(t *testing.T, impl string) {
		g := startGenerations(t, impl, "tcp-backend: "+echoServer(t), "drain-timeout: 10m", "event-loops: 2")
		standing := talk(t, g.address, established)
		all := come(g.address)
		pause := time.NewTicker(*upgradeTime / (upgrades + 1))
		defer pause.Stop()
		for _, loops := range []string{"1", "3", "2"} {
			<-pause.C
			g.change("event-loops", loops)
			g.upgrade()
			if got := g.ask("GET", "/readyz"); got != http.StatusOK {
				t.Errorf("after %d upgrades /readyz says %d", len(g.pids)-1, got)
			}
		}
		<-pause.C
		all.leave(t)
		standing.leave(t)
		g.awaitLog(t, `msg=statistics active=0 accepted=\d{4,} `) // the first, which had them all
		g.tell(syscall.SIGTERM)
		if code := g.wait(t); code != 0 {
			t.Errorf("the first process: exit code %d", code)
		}
		if _, err := os.Lstat(g.socket()); !os.IsNotExist(err) {
			t.Errorf("the last process left the operators' socket: %v", err)
		}
	})
}

// wantServing wants clients and operators to be served.
func (g *generations) wantServing() {
	g.t.Helper()
	if err := visit(g.address); err != nil {
		g.t.Error(err)
	}
	if got := g.ask("GET", "/readyz"); got != http.StatusOK {
		g.t.Errorf("/readyz says %d", got)
	}
}

// TestUpgradeFails: what doesn't start, or not in time, changes nothing, and the next may
// do better.
func TestUpgradeFails(t *testing.T) {
	eachImpl(t, func(t *testing.T, impl string) {
		g := startGenerations(t, impl, "tcp-backend: "+echoServer(t), "upgrade-timeout: 1s")
		whole, err := os.ReadFile(g.file())
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			g.configure(string(whole), "no-such-setting: 1")
			g.tell(upgradeSignal)
			g.awaitLog(t, `level=ERROR msg="no upgrade: this process goes on" cause="the new process: exit status 1"`)
			g.wantServing()
		}
		g.hang()
		g.tell(upgradeSignal)
		g.awaitLog(t, `level=ERROR msg="no upgrade: this process goes on" cause="it wasn't ready within 1s"`)
		g.wantServing()

		g.mend(whole)
		g.upgrade()
		g.wantServing()
		g.tell(syscall.SIGTERM)
		if code := g.wait(t); code != 0 {
			t.Errorf("the first process: exit code %d", code)
		}
	})
}

// hang has the next generation wait for its configuration for ever.
func (g *generations) hang() {
	g.t.Helper()
	if err := os.Remove(g.file()); err != nil {
		g.t.Fatal(err)
	}
	if err := syscall.Mkfifo(g.file(), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

// mend puts the configuration back.
func (g *generations) mend(whole []byte) {
	g.t.Helper()
	if err := os.Remove(g.file()); err != nil {
		g.t.Fatal(err)
	}
	g.configure(strings.TrimSpace(string(whole)))
}

// TestUpgradesOneAtATime: a second is refused while there is one, and so is any once the
// process is to end, which gives up one under way.
func TestUpgradesOneAtATime(t *testing.T) {
	g := startGenerations(t, "reactor", "tcp-backend: "+echoServer(t))
	c, err := converse(g.address) // so that it doesn't end at once
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.exchange(); err != nil {
		t.Fatal(err)
	}
	g.hang()
	g.tell(upgradeSignal)
	g.awaitLog(t, `msg=upgrading`)
	g.tell(upgradeSignal)
	g.awaitLog(t, `level=WARN msg="no upgrade: there is one already"`)
	g.tell(syscall.SIGTERM)
	g.awaitLog(t, `level=WARN msg="no upgrade" cause="the proxy is about to end"`)
	g.tell(upgradeSignal)
	g.awaitLog(t, `level=WARN msg="no upgrade" cause="the proxy is about to end"`)
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if code := g.wait(t); code != 0 { // the log's end: the other process has ended, too
		t.Errorf("exit code %d", code)
	}
}

// TestProcessOne: a container ends with its first process, which therefore stays.
func TestProcessOne(t *testing.T) {
	cmd := ownCommand(t, "--tcp", "x@127.0.0.1:0", "--tcp-backend", "127.0.0.1:1", "--admin", "off")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
	}
	p := start(t, cmd)
	p.awaitLog(t, "msg=started")
	p.signal(t, upgradeSignal)
	p.awaitLog(t, `level=ERROR msg="no upgrade: this process goes on" cause="this is process 1`)
	p.signal(t, syscall.SIGTERM)
	if code := p.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestHandOverIsForOneProcess: what its parent hasn't written means nothing to it.
func TestHandOverIsForOneProcess(t *testing.T) {
	for given, want := range map[string]string{
		`{"from":1,"operators":"unix:/x","clients":{"x":3}}`: "msg=started",
		`{"from":`: `level=ERROR msg=ended cause=.*unexpected end of JSON`,
	} {
		cmd := ownCommand(t, "--tcp", "x@127.0.0.1:0", "--tcp-backend", "127.0.0.1:1", "--admin", "off")
		cmd.Env = append(cmd.Env, handOverVariable+"="+given)
		p := start(t, cmd)
		p.awaitLog(t, want)
		p.signal(t, syscall.SIGTERM)
		p.wait(t)
	}
}

// TestDrainDelay: clients are let in for a time, though nobody is to be sent, whoever asks
// for the end.
func TestDrainDelay(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *generations){
		"signal": func(_ *testing.T, g *generations) { g.tell(syscall.SIGTERM) },
		"operator": func(t *testing.T, g *generations) {
			for range 2 { // the second is no second signal
				if got := g.ask("POST", "/drain"); got != http.StatusOK {
					t.Errorf("/drain says %d", got)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachImpl(t, func(t *testing.T, impl string) {
				g := startGenerations(t, impl, "tcp-backend: "+echoServer(t), "drain-delay: 1h")
				g.wantServing()
				end(t, g)
				g.awaitLog(t, `msg=draining .*delay=1h0m0s`)
				if err := visit(g.address); err != nil {
					t.Error(err)
				}
				if got := g.ask("GET", "/readyz"); got != http.StatusServiceUnavailable {
					t.Errorf("/readyz says %d", got)
				}
				g.tell(syscall.SIGINT)
				if code := g.wait(t); code != 0 {
					t.Errorf("exit code %d", code)
				}
			})
		})
	}
}

// TestUpgradeToWhatEnds: exit status 0 is no error of os/exec.
func TestUpgradeToWhatEnds(t *testing.T) {
	ready, told, err := os.Pipe()
	enginetest.Must(t, err)
	cmd := exec.CommandContext(t.Context(), "true")
	enginetest.Must(t, cmd.Start())
	enginetest.Must(t, told.Close())
	s := &successor{cmd, ready, make(chan error, 1)}
	s.ended <- cmd.Wait()
	if err := s.awaitReady(t.Context()); err == nil || strings.Contains(err.Error(), "%!") {
		t.Errorf("%v", err)
	}
}
