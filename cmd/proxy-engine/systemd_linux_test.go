package main

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// manager is systemd, as far as it is told how a service is.
type manager struct {
	*net.UnixConn
	t    *testing.T
	path string
}

func listenAsManager(t *testing.T) *manager {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &manager{c, t, path}
}

// hear returns the next message that isn't for the watchdog alone.
func (m *manager) hear() string {
	m.t.Helper()
	for {
		if text := m.next(); text != "WATCHDOG=1" {
			return text
		}
	}
}

func (m *manager) next() string {
	m.t.Helper()
	_ = m.SetReadDeadline(time.Now().Add(time.Minute))
	buf := make([]byte, 4096)
	n, err := m.Read(buf)
	if err != nil {
		m.t.Fatal(err)
	}
	return string(buf[:n])
}

func (m *manager) want(text string) {
	m.t.Helper()
	if got := m.hear(); got != text {
		m.t.Errorf("heard %q, want %q", got, text)
	}
}

// hearOfSuccessor hears two messages, one of either process, in whatever order, and returns the
// process id that the old one names.
func (m *manager) hearOfSuccessor() int {
	m.t.Helper()
	told, ready := m.hear(), m.hear()
	if strings.HasPrefix(told, "READY") {
		told, ready = ready, told
	}
	id, named := strings.CutPrefix(told, "WATCHDOG=1\nMAINPID=")
	pid, err := strconv.Atoi(id)
	if !named || err != nil || ready != "READY=1\nSTATUS=serving" {
		m.t.Fatalf("heard %q and %q at an upgrade", told, ready)
	}
	return pid
}

// TestServiceIsTold follows a service from its start to its end, over a reload and an
// upgrade.
func TestServiceIsTold(t *testing.T) {
	m := listenAsManager(t)
	cmd := ownCommand(t, "--tcp", "echo@127.0.0.1:0", "--tcp-backend", "127.0.0.1:1", "--admin", "off", "--drain-timeout", "1m", "--drain-delay", "20s")
	cmd.Env = append(cmd.Env, "NOTIFY_SOCKET="+m.path, "WATCHDOG_USEC=30000", "WATCHDOG_PID=")
	p := start(t, cmd)
	m.want("READY=1\nSTATUS=serving")
	for range 3 {
		for m.next() != "WATCHDOG=1" {
		}
	}

	p.signal(t, reloadSignal)
	if got := m.hear(); !strings.HasPrefix(got, "RELOADING=1\nMONOTONIC_USEC=") || !strings.HasSuffix(got, "\nSTATUS=reloading") {
		t.Errorf("heard %q at a reload", got)
	}
	m.want("READY=1\nSTATUS=serving")

	p.signal(t, upgradeSignal)
	pid := m.hearOfSuccessor()
	if pid == p.Process.Pid {
		t.Fatal("the process has replaced itself")
	}
	defer syscall.Kill(pid, syscall.SIGKILL)
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
	for range 3 { // of the new process's: it is alone
		for m.next() != "WATCHDOG=1" {
		}
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	m.want("STOPPING=1\nSTATUS=draining\nEXTEND_TIMEOUT_USEC=90000000")
}

// TestWatchdog: it is told when every loop has answered, and only then.
func TestWatchdog(t *testing.T) {
	m := listenAsManager(t)
	t.Setenv("NOTIFY_SOCKET", m.path)
	t.Setenv("WATCHDOG_USEC", "3000")
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	var log bytes.Buffer
	s := &service{log: slog.New(slog.NewTextHandler(&log, nil))}
	answers, asked := []bool{true, false, false, true}, atomic.Int32{}
	all := make(chan struct{})
	stop := s.watch(func(ctx context.Context) bool {
		n := int(asked.Add(1))
		if n > len(answers) {
			if n == len(answers)+1 {
				close(all)
			}
			<-ctx.Done()
			return false
		}
		return answers[n-1]
	})
	<-all
	stop()
	s.tell("END=1")
	told := 0
	for m.next() == "WATCHDOG=1" {
		told++
	}
	if stuck := strings.Count(log.String(), "an event loop is stuck"); told != 2 || stuck < 2 {
		t.Errorf("told %d times, logged %d times that a loop is stuck, want 2 and 2:\n%s", told, stuck, log.String())
	}
}

// TestNoWatchdog: nobody is asked where nobody wants to know.
func TestNoWatchdog(t *testing.T) {
	for _, within := range []string{"", "soon", "-1"} {
		t.Setenv("WATCHDOG_USEC", within)
		var log bytes.Buffer
		s := &service{log: slog.New(slog.NewTextHandler(&log, nil))}
		s.watch(nil)()
		if warned := log.Len() > 0; warned != (within != "") {
			t.Errorf("%q: logged %q", within, log.String())
		}
	}
}

// socketFile returns a listening socket as systemd opens it, and its address.
func socketFile(t *testing.T, network, address string) (*os.File, string) {
	t.Helper()
	ln, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if unix, is := ln.(*net.UnixListener); is {
		unix.SetUnlinkOnClose(false)
	}
	file, err := ln.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file, ln.Addr().String()
}

// TestActivation gives the command sockets as systemd does: by address, by name, for
// operators and for nobody. All are there after an upgrade, too.
func TestActivation(t *testing.T) {
	eachImpl(t, func(t *testing.T, impl string) {
		dir, err := os.MkdirTemp("", "activation")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		path := filepath.Join(dir, "admin.sock")
		byAddress, first := socketFile(t, "tcp", "127.0.0.1:0")
		byName, second := socketFile(t, "tcp", "127.0.0.1:0")
		operators, _ := socketFile(t, "unix", path)
		idle, nobodys := socketFile(t, "tcp", "127.0.0.1:0")

		own := ownCommand(t, "--impl", impl, "--tcp", "a@"+first, "--tcp", "b@127.0.0.1:0", "--tcp-backend", echoServer(t),
			"--allow-cidr", "127.0.0.0/8", "--event-loops", "2")
		// Only the process itself knows its id.
		cmd := exec.Command("/bin/sh", append([]string{"-c", `LISTEN_PID=$$ exec "$@"`, "sh"}, own.Args...)...)
		cmd.Env = append(own.Env, "LISTEN_FDS=4", "LISTEN_FDNAMES=x.socket:b:admin:y.socket")
		cmd.ExtraFiles = []*os.File{byAddress, byName, operators, idle}
		g := &generations{t: t, process: start(t, cmd), dir: dir}
		for _, f := range cmd.ExtraFiles {
			_ = f.Close()
		}
		g.awaitLog(t, `level=WARN msg="nobody listens any more" address=`+nobodys)
		g.awaitLog(t, `msg="admin listening" address=`+path)
		g.awaitLog(t, `msg=started`)
		g.pids, g.client = []int{g.Process.Pid}, operatorsClient(path)
		check := func() {
			t.Helper()
			for _, address := range []string{first, second} {
				for range 10 { // whichever loop it comes to
					if err := visit(address); err != nil {
						t.Error(err)
					}
				}
			}
			if got := g.ask("GET", "/readyz"); got != http.StatusOK {
				t.Errorf("/readyz says %d", got)
			}
			if err := visit(nobodys); err == nil {
				t.Error("somebody listens at the socket that no listener is for")
			}
		}
		check()
		g.upgrade()
		check()
		g.tell(syscall.SIGTERM)
		if code := g.wait(t); code != 0 {
			t.Errorf("exit code %d", code)
		}
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("systemd's path: %v", err)
		}
	})
}

// TestSocketActivate has systemd's own program give the operators' socket. (It opens no port that
// is free, as clients' would have to be.)
func TestSocketActivate(t *testing.T) {
	dir, err := os.MkdirTemp("", "activate")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "admin.sock")
	own := ownCommand(t, "--tcp", "echo@127.0.0.1:0", "--tcp-backend", echoServer(t), "--allow-cidr", "127.0.0.0/8")
	args := []string{"--listen=" + path, "--fdname=admin", "--setenv=" + runMain + "=1"}
	p := start(t, exec.Command("systemd-socket-activate", append(args, own.Args...)...))
	p.awaitLog(t, `Listening on .*`+path)
	client := operatorsClient(path)
	answer, err := client.Get("http://localhost/readyz") // which has it started
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	address := p.awaitLog(t, `msg=listening listener=echo .*address=(\S+)`)[1]
	if err := visit(address); err != nil {
		t.Error(err)
	}
	p.signal(t, syscall.SIGTERM)
	if code := p.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestAdminNeedsTokenWhereverItIs: systemd may open the socket to everybody, in spite of --admin.
func TestAdminNeedsTokenWhereverItIs(t *testing.T) {
	operators, _ := socketFile(t, "tcp", "0.0.0.0:0")
	own := ownCommand(t, "--tcp", "x@127.0.0.1:0", "--tcp-backend", "127.0.0.1:1")
	cmd := exec.Command("/bin/sh", append([]string{"-c", `LISTEN_PID=$$ exec "$@"`, "sh"}, own.Args...)...)
	cmd.Env = append(own.Env, "LISTEN_FDS=1", "LISTEN_FDNAMES=admin")
	cmd.ExtraFiles = []*os.File{operators}
	p := start(t, cmd)
	p.awaitLog(t, `level=ERROR msg=ended cause=.*a token is needed`)
	if code := p.wait(t); code != 1 {
		t.Errorf("exit code %d", code)
	}
}
