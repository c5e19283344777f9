package top

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/admin/api"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file, or writes it there (-update).
func golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("differs from %s (go test -update writes it anew):\n%s", file, text)
	}
}

// moment is when the examples' engine was started.
var moment = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// example is what a poll brings so many seconds after the start.
func example(t table, second int) *snapshot {
	now := moment.Add(time.Duration(second) * time.Second)
	n := uint64(second)
	s := &snapshot{table: t, at: now}
	s.stats = api.Stats{
		Time: now, Started: moment, Version: "proxy-engine v1.2.3 go1.26 linux/amd64", Impl: "reactor", Active: 1234, MaxSessions: 100_000,
		Accepted: 2000 + 12*n, FromClients: 3000 * n, ToClients: 5_000_000 * n, Requests: 40 * n,
		Closed:     map[string]uint64{"client_closed": 10 * n, "connect_refused": 2 * n, "idle_timeout": 7},
		Refused:    map[string]uint64{"not_found": n},
		Listeners:  []api.Listener{{Name: "web", Protocol: "http", Address: "0.0.0.0:80", Active: 1000, Accepted: 1800 + 11*n, ToClients: 4_000_000 * n}, {Name: "postgres", Protocol: "postgres", Address: "[::]:5432", Active: 234, Accepted: 200 + n}},
		Loops:      []api.Loop{{Sessions: 600, Busy: 0.5 * float64(n), Lag: 0.0012}, {Sessions: 634, Busy: 0.9 * float64(n), Lag: 0.2}},
		Routes:     api.Routes{Routes: 12, Hits: 90 * n, Asked: 10 * n},
		ColdStarts: api.ColdStarts{Starting: 1, Waiting: 3, UnderWay: []api.ColdStart{{Protocol: "postgres", Resource: "tenant-7", Phase: "probing", Waiting: 3, Age: 1.25}}},
		Process:    api.Process{CPU: 0.7 * float64(n), Memory: 123 << 20, Heap: 40 << 20, Files: 2468, MaxFiles: 1 << 20, Goroutines: 24},
	}
	switch t {
	case resources:
		active := now.Add(-90 * time.Second)
		s.resources = []api.Resource{
			{Protocol: "http", Name: "acme.example", State: "ready", Sessions: 1000, Endpoints: []string{"10.0.0.1:80", "10.0.0.2:80"}, LastActivity: &now, FromClients: 2000 * n, ToClients: 1 << 20 * n},
			{Protocol: "postgres", Name: "tenant-7", State: "starting", Waiting: 3},
			{Protocol: "postgres", Name: "日本語のとても長い名前のテナント", State: "blocked", Sessions: 2, LastActivity: &active},
			{Protocol: "http", Name: "evil\x1b[2J\x1b]0;owned\x07\r\n\u202e.example", State: "unknown", Sessions: 1},
		}
	case endpoints:
		s.endpoints = []api.Endpoint{
			{Name: "10.0.0.1:80", Sessions: 1000, Breaker: "closed", Forced: "auto", Health: "up", Attempts: map[string]uint64{"connected": 11 * n, "served": 10 * n}, ToClients: 1 << 20 * n},
			{Name: "10.0.0.2:80", Breaker: "open", Forced: "drain", Health: "down", Trouble: "refused", Attempts: map[string]uint64{"refused": 2 * n, "abandoned": n}, Refused: 5},
		}
	case sessions:
		s.sessions = api.Sessions{Matching: 1234, Sessions: []api.Session{
			{ID: "0-1", Listener: "web", Protocol: "http", Client: "203.0.113.9:50123", Resource: "acme.example", Endpoint: "10.0.0.1:80", Backend: "10.0.0.1:80", State: "relaying", TLS: true, Age: 4000, FromClients: 100 * n, ToClients: 2000 * n},
			{ID: "1-2", Listener: "postgres", Protocol: "postgres", Client: "[2001:db8::1]:50124", Resource: "tenant-7", State: "waking", Age: 1.5},
		}}
	}
	return s
}

// shown is a model of a size that has seen two polls, a second apart.
func shown(t table, width, height int) *model {
	m := newModel("127.0.0.1:9900", t)
	m.resize(width, height)
	m.take(example(t, 10))
	m.take(example(t, 11))
	return m
}

func screenText(lines []line) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.String() + "\n")
	}
	return b.String()
}

func presses(m *model, keys string) (last effect) {
	for _, k := range new(parser).feed([]byte(keys)) {
		last = m.press(k)
	}
	return last
}

func TestScreens(t *testing.T) {
	for tbl := range tables {
		for _, size := range [][2]int{{120, 30}, {80, 24}, {40, 10}} {
			golden(t, fmt.Sprintf("%v-%dx%d.txt", tbl, size[0], size[1]), screenText(view(shown(tbl, size[0], size[1]))))
		}
	}
}

func TestScreensOfKeys(t *testing.T) {
	for name, keys := range map[string]string{
		"help": "?", "filter": "/acme", "menu": "\x1b[B\r", "confirm": "\rd", "sorted": "<<r", "filtered-out": "/nothing\r",
	} {
		m := shown(resources, 80, 16)
		presses(m, keys)
		golden(t, "keys-"+name+".txt", screenText(view(m)))
	}
}

func TestScreensOfTrouble(t *testing.T) {
	m := newModel("unix:/run/admin.sock", resources)
	m.resize(80, 12)
	golden(t, "first.txt", screenText(view(m)))
	gone := &snapshot{err: errors.New("GET /stats: connection refused\x1b[2J")}
	m.take(gone)
	golden(t, "first-gone.txt", screenText(view(m)))

	m = shown(sessions, 80, 16)
	m.take(gone)
	golden(t, "gone.txt", screenText(view(m)))

	old := &snapshot{table: sessions, stats: api.Stats{Active: 3}, at: moment, listErr: &api.StatusError{Code: 404, Message: "404 page not found"}}
	m = newModel("[::1]:9900", sessions)
	m.resize(80, 16)
	m.take(old)
	golden(t, "older-server.txt", screenText(view(m)))

	m = shown(listeners, 80, 16)
	ill := example(listeners, 12)
	ill.stats.Draining, ill.stats.Panics, ill.stats.AcceptExhausted = true, 1, 7
	presses(m, "p")
	m.take(ill)
	golden(t, "ill.txt", screenText(view(m)))
}

// TestEverySize: whatever the size and the mode, each line fits and there are as
// many as the screen has.
func TestEverySize(t *testing.T) {
	for tbl := range tables {
		for _, keys := range []string{"", "?", "/x", "\r", "\rc", "\x1b[F"} {
			m := shown(tbl, 80, 24)
			presses(m, keys)
			for width := 1; width < 130; width += 13 {
				for height := 1; height < 34; height += 4 {
					m.resize(width, height)
					checkLines(t, m)
				}
			}
		}
	}
}

func checkLines(t *testing.T, m *model) {
	t.Helper()
	lines := view(m)
	if len(lines) != m.height {
		t.Fatalf("%d lines at %dx%d", len(lines), m.width, m.height)
	}
	for _, l := range lines {
		if l.columns() > m.width || !isQuiet(l.String()) {
			t.Fatalf("%q at %dx%d", l, m.width, m.height)
		}
	}
}

// TestColors: names reach the terminal without their escapes, and colours only if
// they are wanted.
func TestColors(t *testing.T) {
	for _, l := range view(shown(resources, 120, 30)) {
		if text := l.render(&colored); strings.Count(text, "\x1b") != strings.Count(text, "\x1b[") || strings.Contains(text, "\x1b[2J") {
			t.Errorf("%q", text)
		}
		if text := l.render(&noColor); strings.Contains(text, "\x1b[3") || strings.Contains(text, "\x1b[4") {
			t.Errorf("%q has colours", text)
		}
	}
}
