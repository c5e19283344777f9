package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/admin/api"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// reloaded has the process read its file again, and wants what is said of it.
func (g *generations) reloaded(changed, waiting string) {
	g.t.Helper()
	g.tell(reloadSignal)
	m := g.awaitLog(g.t, `msg=reloaded changed="?\[(.*?)\]"? waiting_for_a_start="?\[(.*?)\]`)
	if m[1] != changed || m[2] != waiting {
		g.t.Errorf("changed %q, waiting %q, want %q and %q", m[1], m[2], changed, waiting)
	}
}

// post asks for a reload by the admin API.
func (g *generations) post(want int, body any) {
	g.t.Helper()
	r, err := http.NewRequest("POST", "http://localhost/config/reload", nil)
	enginetest.Must(g.t, err)
	r.Header.Set("X-Proxy-Engine", "1")
	answer, err := g.client.Do(r)
	enginetest.Must(g.t, err)
	defer answer.Body.Close()
	if answer.StatusCode != want {
		g.t.Errorf("status %d, want %d", answer.StatusCode, want)
	}
	enginetest.Must(g.t, json.NewDecoder(answer.Body).Decode(body))
}

// TestReload: settings change under sessions that exchange and clients that come; what
// can't change is told, and what is broken changes nothing.
func TestReload(t *testing.T) {
	eachImpl(t, func(t *testing.T, impl string) {
		backend := echoServer(t)
		g := startGenerations(t, impl, "tcp-backend: "+backend, "event-loops: 2", "max-sessions: 5000", "open-timeout: 10s", "log-level: info")
		standing, all := talk(t, g.address, 200), come(g.address)

		g.change("max-sessions", "6000")
		g.reloaded("max-sessions", "")
		g.change("event-loops", "3")
		g.change("tcp", `["echo@127.0.0.1:0", "more@127.0.0.1:0"]`)
		g.reloaded("tcp", "event-loops")
		g.change("tcp", `["echo@127.0.0.1:0"]`)
		g.change("log-level", "warn")
		var done api.Reload
		g.post(http.StatusOK, &done)
		if !slices.Equal(done.Changed, []string{"tcp", "log-level"}) || !slices.Equal(done.Waiting, []string{"event-loops"}) {
			t.Errorf("%+v", done)
		}
		g.change("log-level", "loud")
		g.change("open-timeout", "never")
		var fault api.Error
		g.post(http.StatusUnprocessableEntity, &fault)
		if !strings.Contains(fault.Error, "loud") || !strings.Contains(fault.Error, "never") || !strings.Contains(fault.Error, "config.yaml:") {
			t.Errorf("%s", fault.Error)
		}
		g.tell(reloadSignal)
		g.awaitLog(t, `level=ERROR msg="not reloaded: everything stays as it is" cause=.*loud`)
		g.change("log-level", "info")
		g.change("open-timeout", "10s")
		g.reloaded("log-level", "event-loops")

		all.leave(t)
		standing.leave(t)
		g.tell(syscall.SIGTERM)
		if code := g.wait(t); code != 0 {
			t.Errorf("exit code %d", code)
		}
	})
}

// TestReloadMovesBackends: a changed place holds for who comes next, and the resolver
// is left alone if nothing about it has changed.
func TestReloadMovesBackends(t *testing.T) {
	first, second := echoServer(t), echoServer(t)
	g := startGenerations(t, "reactor", "tcp-backend: "+first)
	enginetest.Must(t, visit(g.address))
	g.change("tcp-backend", "127.0.0.1:1")
	g.reloaded("tcp-backend", "")
	if visit(g.address) == nil {
		t.Error("served where nobody is")
	}
	g.change("tcp-backend", second)
	g.reloaded("tcp-backend", "")
	enginetest.Must(t, visit(g.address))
	g.change("allow-cidr", "[10.0.0.0/8]")
	g.reloaded("allow-cidr", "")
	if visit(g.address) == nil {
		t.Error("led to an address that isn't permitted any more")
	}
	g.tell(syscall.SIGTERM)
	if code := g.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestResolverIsKept: it is opened anew only if what is said of it differs, its password
// included, which no text shows.
func TestResolverIsKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yaml")
	open := func(before *configuration, url string) *configuration {
		t.Helper()
		enginetest.Must(t, os.WriteFile(file, []byte("postgres: ['127.0.0.1:0']\nresolver: '"+url+"'\nadmin: 'off'\n"), 0o600))
		var f findings
		c := read([]string{"--config", file}, nil, &f)
		c.open(before, nil, &f)
		if len(f.errs) > 0 {
			t.Fatal(f.errs)
		}
		return c
	}
	first := open(nil, "fixed://192.0.2.1:1")
	same := open(first, "fixed://192.0.2.1:1")
	if same.cfg.Resolver != first.cfg.Resolver || same.waker != first.waker {
		t.Error("opened anew, though it is the same")
	}
	other := open(first, "fixed://192.0.2.2:1")
	if other.waker == first.waker {
		t.Error("kept, though it is another")
	}
	if now, later := other.changes(same); !slices.Equal(now, []string{"resolver"}) || len(later) > 0 {
		t.Errorf("changed %q, waiting %q", now, later)
	}
	one, two := settings{resolvers: []namedResolver{{url: "redis://:a@h"}}}, settings{resolvers: []namedResolver{{url: "redis://:b@h"}}}
	if one.resolvers[0].String() != two.resolvers[0].String() || one.routing() == two.routing() {
		t.Error("a password that has changed isn't seen")
	}
	if now, _ := hooked("a").changes(hooked("b")); !slices.Equal(now, []string{"wake-hook"}) {
		t.Errorf("changed %q", now)
	}
	token := filepath.Join(t.TempDir(), "token")
	enginetest.Must(t, os.WriteFile(token, []byte("one"), 0o600))
	hook := open(first, "https://192.0.2.1/?token-file="+token)
	again := open(hook, "https://192.0.2.1/?token-file="+token)
	enginetest.Must(t, os.WriteFile(token, []byte("two"), 0o600))
	rotated := open(again, "https://192.0.2.1/?token-file="+token)
	if again.waker != hook.waker || rotated.waker == again.waker {
		t.Error("a file that an option names isn't seen to have changed, or seen though it hasn't")
	}
	enginetest.Must(t, again.close(hook))
	for _, c := range []*configuration{other, same, hook, rotated} {
		enginetest.Must(t, c.close(first))
	}
	enginetest.Must(t, first.close(nil))
}

// hooked is a configuration whose wake hook has a secret.
func hooked(secret string) *configuration {
	return read([]string{"--wake-hook", "https://192.0.2.1/?secret=" + secret}, nil, new(findings))
}

// TestReloadFromAPipe: a file that says everything once isn't waited at.
func TestReloadFromAPipe(t *testing.T) {
	g := startGenerations(t, "reactor", "tcp-backend: "+echoServer(t))
	enginetest.Must(t, os.Remove(g.file()))
	enginetest.Must(t, syscall.Mkfifo(g.file(), 0o600))
	var fault api.Error
	g.post(http.StatusUnprocessableEntity, &fault)
	if !strings.Contains(fault.Error, "is a pipe") {
		t.Errorf("%q", fault.Error)
	}
}

// TestReloadRefusesWhatNoStartTakes: what is in force from the next start on must let it start.
func TestReloadRefusesWhatNoStartTakes(t *testing.T) {
	g := startGenerations(t, "reactor", "tcp-backend: "+echoServer(t), "admin-token-file:")
	was := "unix:" + g.socket()
	var fault api.Error
	g.change("admin", "':9900'")
	g.post(http.StatusUnprocessableEntity, &fault)
	if !strings.Contains(fault.Error, "token is needed") {
		t.Errorf("%q", fault.Error)
	}
	g.change("admin", was)
	g.change("admin-token-file", "/nonexistent/token")
	g.post(http.StatusUnprocessableEntity, &fault)
	if !strings.Contains(fault.Error, "no such file") {
		t.Errorf("%q", fault.Error)
	}
}

// TestSettingsInForce: /config shows what a fixed setting is, not what it will be.
func TestSettingsInForce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yaml")
	open := func(top string) *configuration {
		enginetest.Must(t, os.WriteFile(file, []byte("tcp-backend: 127.0.0.1:1\nmetrics-top: "+top+"\n"), 0o600))
		return read([]string{"--config", file}, nil, new(findings))
	}
	p := &program{started: open("5"), current: open("6")}
	if text := p.printSettings(); !strings.Contains(text, "\nmetrics-top: 5\n") {
		t.Error("what waits for a start is shown as in force")
	}
}

// TestCheckFindsListenersAtOneAddress: of addresses that overlap only one can be open.
func TestCheckFindsListenersAtOneAddress(t *testing.T) {
	for _, tt := range []struct {
		one, other string
		crowded    bool
	}{
		{"127.0.0.1:25432", "127.0.0.1:25432", true}, {"127.0.0.1:25432", "localhost:25432", true},
		{":25432", "127.0.0.1:25432", true}, {"[::]:25432", "0.0.0.0:25432", true},
		{"127.0.0.1:0", "127.0.0.1:0", false}, {"127.0.0.1:25432", "127.0.0.2:25432", false}, {"0.0.0.0:25432", "[::1]:25432", false},
	} {
		var f findings
		c := read([]string{"--http", tt.one, "--postgres", tt.other, "--tcp-backend", "127.0.0.1:1", "--admin", "off"}, nil, &f)
		c.open(nil, slog.New(slog.DiscardHandler), &f)
		if found := strings.Contains(fmt.Sprint(f.errs), "there already"); found != tt.crowded {
			t.Errorf("%s and %s: %v", tt.one, tt.other, f.errs)
		}
	}
}
