package top

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/admin"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// tmux is a terminal with a shell in it.
type tmux struct {
	t      *testing.T
	socket string
}

func startTmux(t *testing.T, env ...string) *tmux {
	t.Helper()
	dir, err := os.MkdirTemp("", "top") // short: it becomes a socket's name
	enginetest.Must(t, err)
	m := &tmux{t, filepath.Join(dir, "tmux")}
	t.Cleanup(func() {
		m.do("kill-server")
		enginetest.Must(t, os.RemoveAll(dir))
	})
	args := []string{"new-session", "-d", "-x", "100", "-y", "30", "-e", "PS1=READY> ", "-e", "TERM=screen-256color"}
	for _, e := range env {
		args = append(args, "-e", e)
	}
	m.do(append(args, "bash", "--norc", "--noprofile", "-i")...)
	m.await("READY>")
	return m
}

// do runs a command of tmux, whose server is the test's own.
func (m *tmux) do(args ...string) string {
	m.t.Helper()
	cmd := exec.Command("tmux", append([]string{"-S", m.socket, "-f", "/dev/null"}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	if err != nil {
		m.t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return string(out)
}

func (m *tmux) screen() string {
	m.t.Helper()
	return m.do("capture-pane", "-p")
}

// await waits until the screen has all of these texts.
func (m *tmux) await(wants ...string) {
	m.t.Helper()
	screen := ""
	if !enginetest.Holds(func() bool {
		screen = m.screen()
		for _, want := range wants {
			if !strings.Contains(screen, want) {
				return false
			}
		}
		return true
	}) {
		m.t.Fatalf("no %q:\n%s", wants, screen)
	}
}

// keys presses keys, as tmux names them.
func (m *tmux) keys(keys ...string) {
	m.t.Helper()
	m.do(append([]string{"send-keys"}, keys...)...)
}

// line types one.
func (m *tmux) line(text string) {
	m.t.Helper()
	m.do("send-keys", "-l", text)
	m.keys("Enter")
}

// wantSane checks that the shell has its terminal back as it was.
func (m *tmux) wantSane() {
	m.t.Helper()
	m.await("READY>")
	m.line("stty -a | tr ' ;' '\\n\\n' | grep -xE 'icanon|echo|isig|opost' | tr '\\n' ' '; echo end")
	m.await("isig icanon echo end")
	if flags := strings.Fields(m.do("display-message", "-p", "#{alternate_on} #{cursor_flag} #{wrap_flag}")); strings.Join(flags, "") != "011" {
		m.t.Errorf("alternate screen, cursor, wrapping: %v, want 0 1 1", flags)
	}
	m.keys("C-l")
}

// startSite runs an engine with an admin server and some sessions, and returns the
// server's address.
func startSite(t *testing.T, sessions int) string {
	t.Helper()
	backend := enginetest.Listen(t)
	p := enginetest.Start(t, enginetest.Config(engine.Reactor, tcp.Front("db"), resolve.Fixed(backend.Address())))
	s, err := admin.Start(p.Engine, admin.Options{Address: "127.0.0.1:0", Top: 20, Version: "v1", Settings: func() string { return "" }, Logger: slog.New(slog.DiscardHandler)})
	enginetest.Must(t, err)
	t.Cleanup(func() { s.Close(context.Background()) })
	for range sessions {
		client := p.Dial()
		client.Say("ping")
		backend.Accept().Hear("ping")
		t.Cleanup(func() { _ = client.Close() })
	}
	return s.Addr().String()
}

// TestInATerminal looks at a real proxy in a real terminal.
func TestInATerminal(t *testing.T) {
	address := startSite(t, 3)
	self, err := os.Executable()
	enginetest.Must(t, err)
	m := startTmux(t, "TOP="+self, showAdmin+"="+address)

	m.line(`"$TOP"`)
	m.await("proxy-engine ready ", "sessions 3", "[1 resources 1]", "db ", "Tab tables")
	m.keys("Tab")
	m.await("[2 endpoints 1]", "127.0.0.1:", "closed")
	m.keys("4")
	m.await("[4 listeners 1]", "front ")
	m.keys("BTab", "BTab", "BTab")
	m.await("[1 resources 1]")
	m.line("/nothing")
	m.await("no resources with nothing")
	m.keys("Escape")
	m.await("[1 resources 1]")
	m.line("kp")
	m.await("Tab tables") // Enter is no y
	m.keys("k", "p", "y")
	m.await("purge tcp resource db: purged")

	m.do("resize-window", "-x", "60", "-y", "12")
	m.await("   OUT/S\n", "purge tcp resource db: purged") // to the last column
	m.keys("Up")
	m.await("Enter act  p pause~")
	m.keys("C-z")
	m.await("Stopped")
	m.wantSane()
	m.line("fg")
	m.await("[1 resources 1]", "db ")
	m.keys("q")
	m.wantSane()

	m.line(`"$TOP"`)
	m.await("[1 resources 1]", "db ")
	m.do("run-shell", "kill -TERM "+m.foreground())
	m.wantSane()
}

// TestSuspendedByNobody: without a shell to go back to, Ctrl-Z doesn't stop it for
// good.
func TestSuspendedByNobody(t *testing.T) {
	address := startSite(t, 1)
	self, err := os.Executable()
	enginetest.Must(t, err)
	m := startTmux(t)
	m.do("new-window", "-e", showAdmin+"="+address, self)
	m.await("[1 resources 1]")
	m.keys("C-z", "4")
	m.await("[4 listeners 1]")
	m.keys("q")
	m.await("READY>") // the window is gone, the other is seen
}

// foreground is the process that has the terminal, but for the shell.
func (m *tmux) foreground() string {
	m.t.Helper()
	shell := strings.TrimSpace(m.do("display-message", "-p", "#{pane_pid}"))
	children, err := os.ReadFile("/proc/" + shell + "/task/" + shell + "/children")
	enginetest.Must(m.t, err)
	return strings.TrimSpace(string(children))
}
