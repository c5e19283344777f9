package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/admin/api"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

func TestLogFormats(t *testing.T) {
	for format, want := range map[string]string{"text": `level=WARN msg="a line" n=1`, "json": `"level":"WARN","msg":"a line","n":1}`} {
		var out bytes.Buffer
		s := defaults()
		s.logFormat, s.logLevel = format, slog.LevelWarn
		l := newLogging(s, &out)
		l.Info("not this")
		l.Warn("a line", "n", 1)
		l.close()
		if line := strings.TrimSpace(out.String()); !strings.HasSuffix(line, want) || strings.Contains(line, "not this") {
			t.Errorf("%s: %s", format, line)
		}
	}
}

func TestLogSettings(t *testing.T) {
	for _, c := range []struct {
		args []string
		want engine.SessionLog
	}{
		{nil, engine.SessionLog{Mode: engine.LogErrors, Sample: 100}},
		{[]string{"--log-sessions", "off"}, engine.SessionLog{Mode: engine.LogOff, Sample: 100}},
		{[]string{"--log-sessions=sampled", "--log-sample=7"}, engine.SessionLog{Mode: engine.LogSampled, Sample: 7}},
		{[]string{"--log-sessions", "all"}, engine.SessionLog{Mode: engine.LogAll, Sample: 100}},
	} {
		var f findings
		s := read(c.args, nil, &f)
		if got := s.engine.SessionLog; len(f.errs) > 0 || got != c.want {
			t.Errorf("%v: %+v, %v", c.args, got, f.errs)
		}
	}
	for _, args := range [][]string{{"--log-sessions", "some"}, {"--log-sample", "-1"}, {"--log-sample", "many"}} {
		var f findings
		if read(args, nil, &f); len(f.errs) == 0 {
			t.Errorf("%v is fine", args)
		}
	}
}

// What an operator has changed stays, unless the settings change as well.
func TestLogFollowsSettings(t *testing.T) {
	before, next := defaults(), defaults()
	l := newLogging(before, io.Discard)
	defer l.close()
	l.level.Set(slog.LevelDebug)
	l.follow(before, next)
	if l.level.Level() != slog.LevelDebug {
		t.Error("a reload without a change has undone an operator's")
	}
	next.logLevel = slog.LevelError
	l.follow(before, next)
	if l.level.Level() != slog.LevelError {
		t.Errorf("level %v", l.level.Level())
	}
}

// startTCP starts an engine that passes TCP on to a backend, and logs to l.
func startTCP(t *testing.T, impl engine.Impl, l *logging) (*enginetest.Proxy, *enginetest.Backend) {
	t.Helper()
	b := enginetest.Listen(t)
	cfg := enginetest.Config(impl, tcp.Front("db"), resolve.Fixed(b.Address()))
	cfg.Logger, cfg.LogDropped, cfg.SessionLog = l.Logger, l.dropped, engine.SessionLog{Mode: engine.LogAll}
	return enginetest.Start(t, cfg), b
}

func TestLogControl(t *testing.T) {
	l := newLogging(defaults(), io.Discard)
	t.Cleanup(l.close)
	p, _ := startTCP(t, engine.Goroutine, l)
	c := logControl{l, p.Engine}
	for _, step := range []struct {
		to, now api.Log
		ok      bool
	}{
		{api.Log{}, api.Log{Level: "info", Sessions: "all"}, true},
		{api.Log{Level: "debug"}, api.Log{Level: "debug", Sessions: "all"}, true},
		{api.Log{Sessions: "off"}, api.Log{Level: "debug", Sessions: "off"}, true},
		{api.Log{Level: "loud", Sessions: "all"}, api.Log{Level: "debug", Sessions: "off"}, false},
		{api.Log{Level: "warn", Sessions: "some"}, api.Log{Level: "debug", Sessions: "off"}, false},
		{api.Log{Level: "warn", Sessions: "sampled"}, api.Log{Level: "debug", Sessions: "off"}, false}, // one in none
		{api.Log{Level: "warn", Sessions: "errors"}, api.Log{Level: "warn", Sessions: "errors"}, true},
	} {
		if err := c.SetLog(step.to); (err == nil) != step.ok || c.Log() != step.now {
			t.Errorf("%+v: %v, now %+v, want %+v", step.to, err, c.Log(), step.now)
		}
	}
}

// A pipe that nobody reads stops no session: they go on, what doesn't fit is
// counted, and the end is reached.
func TestSessionsGoOnBehindAStuckLog(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		from, to, err := os.Pipe()
		enginetest.Must(t, err)
		l := newLogging(defaults(), to)
		p, b := startTCP(t, impl, l)
		filler := strings.Repeat("x", 64<<10)
		for range 4 * maxLogBacklog / len(filler) { // the pipe is full, and so is the backlog
			l.Info(filler)
		}
		for range 50 {
			session(t, p, b)
		}
		if n := p.Stats().LogDropped; n < 50 {
			t.Errorf("%d lines were dropped", n)
		}
		p.Stop()
		var reading sync.WaitGroup
		var read bytes.Buffer
		reading.Go(func() { _, _ = io.Copy(&read, from) }) // at last
		l.close()
		enginetest.CloseAll(t, to)
		reading.Wait()
		enginetest.CloseAll(t, from)
		if !strings.Contains(read.String(), "log lines left out") {
			t.Error("the log doesn't say that lines are missing")
		}
	})
}

// session has one client talk to the backend.
func session(t *testing.T, p *enginetest.Proxy, b *enginetest.Backend) {
	t.Helper()
	client := p.Dial()
	link := b.Accept()
	client.Say("ping")
	link.Hear("ping")
	link.Say("pong")
	client.Hear("pong")
	enginetest.CloseAll(t, client)
	link.HearEnd()
	enginetest.CloseAll(t, link)
}

// startDirect starts the command, which answers HTTP by itself and logs each request, and
// returns where it does, and where its operators are served.
func startDirect(t *testing.T, args ...string) (p *process, address, operators string) {
	t.Helper()
	p = startProcess(t, append(args, "--http", "127.0.0.1:0", "--http-direct-response", "hello", "--admin", "127.0.0.1:0", "--event-loops", "1")...)
	address = p.awaitLog(t, `msg=listening .*address=(\S+)`)[1]
	operators = p.awaitLog(t, `msg="admin listening" address=(\S+)`)[1]
	p.awaitLog(t, `msg=started`)
	return p, address, operators
}

// askOperators asks for what operators are told.
func askOperators(t *testing.T, method, url string, to any) {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	enginetest.Must(t, err)
	r.Header.Set("X-Proxy-Engine", "1")
	r.Close = true
	answer, err := http.DefaultClient.Do(r)
	enginetest.Must(t, err)
	defer enginetest.CloseAll(t, answer.Body)
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s", method, url, answer.Status)
	}
	enginetest.Must(t, json.NewDecoder(answer.Body).Decode(to))
}

// get makes n requests over one connection.
func get(t *testing.T, address string, n int) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	enginetest.Must(t, err)
	defer enginetest.CloseAll(t, c)
	enginetest.Must(t, c.SetDeadline(enginetest.Soon()))
	var writing sync.WaitGroup
	writing.Go(func() { _, _ = io.WriteString(c, strings.Repeat("GET /secret HTTP/1.1\r\nHost: a\r\n\r\n", n)) })
	defer writing.Wait()
	in := bufio.NewReader(c)
	for range n {
		answer, err := http.ReadResponse(in, nil)
		enginetest.Must(t, err)
		_, err = io.Copy(io.Discard, answer.Body)
		enginetest.Must(t, err)
	}
}

func TestOperatorsChangeTheLog(t *testing.T) {
	p, address, operators := startDirect(t)
	get(t, address, 1) // which has no line
	var now api.Log
	askOperators(t, http.MethodPost, "http://"+operators+"/log?level=debug&sessions=all", &now)
	if now != (api.Log{Level: "debug", Sessions: "all"}) {
		t.Errorf("POST /log: %+v", now)
	}
	p.awaitLog(t, `msg="log changed" to_level=debug sessions=all`)
	get(t, address, 1)
	if line := p.awaitLog(t, `msg="request ended".*`)[0]; !strings.Contains(line, "method=GET resource=a status=200") || strings.Contains(line, "secret") {
		t.Errorf("the line is %s", line)
	}
	p.awaitLog(t, `level=DEBUG msg="session ended" reason=client_closed`)
	p.signal(t, syscall.SIGTERM)
	if code := p.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// A process whose log nobody reads serves on, and ends when it is told to.
func TestProcessBehindAStuckLog(t *testing.T) {
	p, address, operators := startDirect(t, "--log-sessions", "all")
	var stats api.Stats
	for stats.LogDropped == 0 {
		get(t, address, 1000)
		askOperators(t, http.MethodGet, "http://"+operators+"/stats", &stats)
	}
	p.signal(t, syscall.SIGTERM)
	state, err := p.Process.Wait() // the pipe stays as it is
	enginetest.Must(t, err)
	if !state.Success() {
		t.Errorf("%v", state)
	}
}
