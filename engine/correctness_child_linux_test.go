package engine_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// childSettings is the environment variable that makes the test binary a
// proxy, with what it holds.
const childSettings = "PROXY_ENGINE_TEST_CHILD"

// settings are those of a proxy in a process of its own.
type settings struct {
	Impl engine.Impl
	// Script has it speak the scripts' protocol, else tcp.
	Script  bool
	Backend string
	Detect  time.Duration
}

// child is a proxy in a process of its own, whose memory and descriptors are
// its own too. It serves one command per line of its standard input, each with
// one line of JSON, and ends with the input.
type child struct {
	t       testing.TB
	cmd     *exec.Cmd
	input   io.WriteCloser
	output  *bufio.Scanner
	addr    net.TCPAddr
	stopped bool
}

// startChild runs a proxy until its stop, or the end of the test.
func startChild(t testing.TB, s settings) *child {
	t.Helper()
	encoded, err := json.Marshal(s)
	must(t, err)
	p := &child{t: t, cmd: exec.Command("/proc/self/exe")}
	p.cmd.Env = append(os.Environ(), childSettings+"="+string(encoded))
	p.cmd.Stderr = os.Stderr
	p.input, err = p.cmd.StdinPipe()
	must(t, err)
	output, err := p.cmd.StdoutPipe()
	must(t, err)
	p.output = bufio.NewScanner(output)
	must(t, p.cmd.Start())
	t.Cleanup(p.abandon)
	p.answer(&p.addr)
	return p
}

func (p *child) abandon() {
	if !p.stopped {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
}

// answer reads the child's next line.
func (p *child) answer(into any) {
	p.t.Helper()
	if !p.output.Scan() {
		p.t.Fatalf("the child has ended (%v)", p.output.Err())
	}
	must(p.t, json.Unmarshal(p.output.Bytes(), into))
}

// stats asks for the child's.
func (p *child) stats() (s engine.Stats) {
	p.t.Helper()
	must(p.t, say(p.input, "stats\n"))
	p.answer(&s)
	return s
}

// spare has the child open at most n descriptors more than it has; a negative
// n lifts the limit.
func (p *child) spare(n int) {
	p.t.Helper()
	must(p.t, say(p.input, fmt.Sprintln("spare", n)))
	var limit uint64
	p.answer(&limit)
}

// stop shuts the child down, once its sessions have ended, and checks its
// accounts; want nil leaves the reasons to the caller.
func (p *child) stop(want closings) (s engine.Stats) {
	p.t.Helper()
	p.stopped = true
	must(p.t, p.input.Close())
	p.answer(&s)
	must(p.t, p.cmd.Wait())
	checkAccounts(p.t, s)
	if want != nil {
		checkClosings(p.t, s, want)
	}
	return s
}

func (p *child) dial() *net.TCPConn {
	p.t.Helper()
	c, err := net.DialTCP("tcp", nil, &p.addr)
	must(p.t, err)
	p.t.Cleanup(func() { c.Close() })
	return patient(c)
}

func (p *child) awaitActive(n int64) {
	p.t.Helper()
	eventually(p.t, "the expected number of sessions", func() bool { return p.stats().Active == n })
}

// memory returns what the process itself uses, in bytes: not the pages of the
// program, which come in as it goes where it hasn't been, nor the kernel's.
func (p *child) memory() int64 {
	p.t.Helper()
	all, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p.cmd.Process.Pid))
	must(p.t, err)
	for line := range strings.Lines(string(all)) {
		if value, found := strings.CutPrefix(line, "Anonymous:"); found {
			kib, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			must(p.t, err)
			return kib << 10
		}
	}
	p.t.Fatal("the kernel doesn't tell how much memory the child uses")
	return 0
}

// open returns which descriptors the child has.
func (p *child) open() (open map[string]string) {
	p.t.Helper()
	must(p.t, say(p.input, "descriptors\n"))
	p.answer(&open)
	return open
}

// awaitClosed waits until the child has no more descriptors than before, but
// for those it may keep.
func (p *child) awaitClosed(before map[string]string, mayKeep int) {
	p.t.Helper()
	var now map[string]string
	if !holds(func() bool { now = p.open(); return len(now) <= len(before)+mayKeep }) {
		p.t.Errorf("%d descriptors left behind, %d may be: %v", len(now)-len(before), mayKeep, now)
	}
}

// heap returns what the child's live objects take, in bytes.
func (p *child) heap() (n int64) {
	p.t.Helper()
	must(p.t, say(p.input, "heap\n"))
	p.answer(&n)
	return n
}

// childMain is the child's main function.
func childMain(encoded string) int {
	if err := runChild(encoded); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		return 1
	}
	return 0
}

func runChild(encoded string) error {
	var s settings
	if err := json.Unmarshal([]byte(encoded), &s); err != nil {
		return err
	}
	e, err := engine.New(s.config())
	if err != nil {
		return err
	}
	if err := e.Start(); err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(net.TCPAddrFromAddrPort(e.Addr(listener))); err != nil {
		return err
	}
	if err := serveCommands(e, out); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return errors.Join(e.Shutdown(ctx), out.Encode(e.Stats()))
}

func (s settings) config() engine.Config {
	front := tcp.Front("x")
	if s.Script {
		front = script{}.front()
	}
	cfg := defaultConfig(s.Impl, front, resolve.Fixed(s.Backend))
	if s.Detect > 0 {
		cfg.Timeouts.Detect = s.Detect
	}
	return cfg
}

func serveCommands(e *engine.Engine, out *json.Encoder) error {
	for commands := bufio.NewScanner(os.Stdin); commands.Scan(); {
		answer, err := serveCommand(e, commands.Text())
		if err := errors.Join(err, out.Encode(answer)); err != nil {
			return err
		}
	}
	return nil
}

func serveCommand(e *engine.Engine, command string) (answer any, err error) {
	word, argument, _ := strings.Cut(command, " ")
	switch word {
	case "stats":
		return e.Stats(), nil
	case "descriptors":
		return descriptors()
	case "heap":
		return heap(), nil
	case "spare":
		return limitDescriptors(argument)
	}
	return nil, fmt.Errorf("unknown command %q", command)
}

// heap is what is live after two collections: the first one fills the victim
// caches of sync.Pools.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// limitDescriptors allows n more descriptors than there are numbers in use.
func limitDescriptors(n string) (uint64, error) {
	more, err := strconv.Atoi(n)
	if err != nil {
		return 0, err
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	limit.Cur = limit.Max
	if more >= 0 {
		highest, err := highestDescriptor()
		if err != nil {
			return 0, err
		}
		limit.Cur = uint64(highest + 1 + more)
	}
	return limit.Cur, unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
}

func highestDescriptor() (int, error) {
	open, err := descriptors()
	highest := 0
	for number := range open {
		n, nerr := strconv.Atoi(number)
		highest, err = max(highest, n), errors.Join(err, nerr)
	}
	return highest, err
}
