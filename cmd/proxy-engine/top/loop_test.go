package top

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/admin/api"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// fakeTerminal shows what it is sent to the test.
type fakeTerminal struct {
	t       *testing.T
	in      *io.PipeReader
	keys    *io.PipeWriter
	frames  chan string
	changes chan Change
	broken  atomic.Bool // takes nothing any more
	events  chan string // Raw, restore, Suspend
	width   atomic.Int32

	lines map[int]string // what stands on it; the test's goroutine
	sent  strings.Builder
}

func newFakeTerminal(t *testing.T) *fakeTerminal {
	f := &fakeTerminal{t: t, frames: make(chan string, 4096), changes: make(chan Change), events: make(chan string, 64), lines: make(map[int]string)}
	f.width.Store(100)
	f.in, f.keys = io.Pipe()
	return f
}

func (f *fakeTerminal) Read(p []byte) (int, error) { return f.in.Read(p) }

func (f *fakeTerminal) Write(p []byte) (int, error) {
	if f.broken.Load() {
		return 0, errors.New("broken")
	}
	f.frames <- string(p)
	return len(p), nil
}

func (f *fakeTerminal) Raw() (func() error, error) {
	f.events <- "raw"
	return func() error { f.events <- "restored"; return nil }, nil
}

func (f *fakeTerminal) Size() (int, int, error) { return int(f.width.Load()), 24, nil }
func (f *fakeTerminal) Changes() <-chan Change  { return f.changes }
func (f *fakeTerminal) Suspend()                { f.events <- "suspended" }

// drawnLine is one as the screen sends it.
var (
	drawnLine = regexp.MustCompile(`\x1b\[(\d+);1H`)
	anyEscape = regexp.MustCompile(`\x1b\[[0-9;?]*[a-zA-Z]`)
)

// show takes in what was sent.
func (f *fakeTerminal) show(frame string) {
	f.sent.WriteString(frame)
	if strings.Contains(frame, clearScreen) {
		f.lines = make(map[int]string)
	}
	places := drawnLine.FindAllStringSubmatchIndex(frame, -1)
	for i, p := range places {
		n, _ := strconv.Atoi(frame[p[2]:p[3]])
		end := len(frame)
		if i+1 < len(places) {
			end = places[i+1][0]
		}
		f.lines[n] = anyEscape.ReplaceAllString(frame[p[1]:end], "")
	}
}

func (f *fakeTerminal) text() string {
	var all strings.Builder
	for i := range 25 {
		all.WriteString(f.lines[i] + "\n")
	}
	return all.String()
}

// await reads frames until the screen has a text.
func (f *fakeTerminal) await(want string) {
	f.t.Helper()
	deadline := time.After(patience)
	for !strings.Contains(f.text(), want) {
		select {
		case frame := <-f.frames:
			f.show(frame)
		case <-deadline:
			f.t.Fatalf("no %q:\n%s", want, f.text())
		}
	}
}

func (f *fakeTerminal) press(keys string) {
	f.t.Helper()
	if _, err := io.WriteString(f.keys, keys); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fakeTerminal) event(want string) {
	f.t.Helper()
	select {
	case got := <-f.events:
		if got != want {
			f.t.Errorf("%s, want %s", got, want)
		}
	case <-time.After(patience):
		f.t.Fatalf("no %s", want)
	}
}

// proxy is an admin server that says what the examples do.
type proxy struct {
	*httptest.Server
	polls   atomic.Int64
	refused atomic.Bool // answers nothing but 503
	actions chan string
}

func newProxy(t *testing.T) *proxy {
	p := &proxy{actions: make(chan string, 16)}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.refused.Load() {
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	var body any
	switch r.URL.Path {
	case "/stats":
		body = example(listeners, 10+int(p.polls.Add(1))).stats
	case "/resources":
		body = example(resources, 10).resources
	case "/endpoints":
		body = example(endpoints, 10).endpoints
	case "/sessions":
		body = example(sessions, 10).sessions
	default:
		p.actions <- r.Method + " " + r.URL.String()
		body = api.Done{Status: "done", Count: 3}
	}
	_ = json.NewEncoder(w).Encode(body)
}

// running is a Run under test.
type running struct {
	*fakeTerminal
	*proxy
	cancel context.CancelFunc
	ended  chan error
}

func startRun(t *testing.T, change func(*Options)) *running {
	t.Helper()
	r := &running{fakeTerminal: newFakeTerminal(t), proxy: newProxy(t), ended: make(chan error, 1)}
	c, err := api.NewClient(api.ClientOptions{Address: r.Listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Client: c, Interval: time.Millisecond, Table: "resources"}
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	go func() { r.ended <- Run(ctx, r.fakeTerminal, o) }()
	t.Cleanup(func() {
		cancel()
		_ = r.keys.Close()
		c.Close()
	})
	return r
}

// wantEnd waits for Run's end, and checks that the terminal is as it was.
func (r *running) wantEnd() error {
	r.t.Helper()
	var err error
	deadline := time.After(patience)
	for ended := false; !ended; {
		select {
		case frame := <-r.frames:
			r.show(frame)
		case err = <-r.ended:
			ended = true
		case <-deadline:
			r.t.Fatal("it goes on")
		}
	}
	for len(r.frames) > 0 {
		r.show(<-r.frames)
	}
	r.event("raw")
	r.event("restored")
	if sent := r.sent.String(); !strings.HasPrefix(sent, enterScreen) || !r.broken.Load() && !strings.HasSuffix(sent, leaveScreen) {
		r.t.Errorf("the screen isn't left: %q", sent[max(len(sent)-40, 0):])
	}
	return err
}

func TestRunShowsTables(t *testing.T) {
	r := startRun(t, nil)
	r.await("acme.example")
	r.await("new 12/s")
	r.press("\t")
	r.await("open      drain")
	r.press("3")
	r.await("203.0.113.9:50123")
	r.press("\x1b[Z\x1b[Z")
	r.await("[1 resources 4]")
	r.press("q")
	if err := r.wantEnd(); err != nil {
		t.Error(err)
	}
}

func TestRunActs(t *testing.T) {
	for _, tt := range []struct{ keys, sees, want string }{
		{"\rw", "[y/n] wake http resource acme.example?", "POST /resources/wake?protocol=http&resource=acme.example"},
		{"kd", "[y/n] drain http resource acme.example?", "POST /resources/drain?protocol=http&resource=acme.example"},
		{"kb", "block", "POST /resources/block?protocol=http&resource=acme.example"},
		{"ku", "unblock", "POST /resources/unblock?protocol=http&resource=acme.example"},
		{"kp", "purge", "POST /resources/purge?resource=acme.example"},
		{"kc", "close all", "POST /sessions/close?protocol=http&resource=acme.example"},
		// The row is acted on that was chosen, by its name as it came.
		{"\x1b[B\x1b[Bkb", "block http resource evil?[2J", "POST /resources/block?protocol=http&resource=evil%1B%5B2J%1B%5D0%3Bowned%07%0D%0A%E2%80%AE.example"},
		{"2ka", "leave to its breaker endpoint 10.0.0.1:80", "POST /endpoints/force?endpoint=10.0.0.1%3A80&state=auto"},
		{"2ko", "force open", "POST /endpoints/force?endpoint=10.0.0.1%3A80&state=open"},
		{"2kc", "force closed", "POST /endpoints/force?endpoint=10.0.0.1%3A80&state=closed"},
		{"2kd", "drain endpoint", "POST /endpoints/force?endpoint=10.0.0.1%3A80&state=drain"},
		{"3\r", "close session 0-1 of 203.0.113.9:50123?", "POST /sessions/close?id=0-1"},
		{"4\r", "close all sessions of listener web?", "POST /sessions/close?listener=web"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			r := startRun(t, nil)
			r.await("acme.example")
			if table := tt.keys[:1]; table >= "2" && table <= "4" {
				r.press(table)
				r.await("[" + table + " " + []string{"endpoints 2", "sessions 2", "listeners 2"}[table[0]-'2'])
				tt.keys = tt.keys[1:]
			}
			r.press(tt.keys)
			r.await(tt.sees)
			if len(r.actions) > 0 {
				t.Fatal("done before it was confirmed")
			}
			r.press("y")
			r.await(": done (3)")
			if got := <-r.actions; got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			r.press("q")
			_ = r.wantEnd()
		})
	}
}

// TestRunAsksBefore: nothing but y does it.
func TestRunAsksBefore(t *testing.T) {
	r := startRun(t, nil)
	r.await("acme.example")
	for _, keys := range []string{"kdn", "kd\r", "kd\x1b", "kd\t", "kz", "k\x1b"} {
		r.press(keys)
		r.await("Tab tables")
	}
	r.press("q")
	_ = r.wantEnd()
	if len(r.actions) > 0 {
		t.Errorf("%s", <-r.actions)
	}
}

func TestRunOutlivesTheProxy(t *testing.T) {
	r := startRun(t, nil)
	r.await("acme.example")
	r.refused.Store(true)
	r.await("NO ANSWER from 127.0.0.1:")
	r.await("503 Service Unavailable: not now")
	r.await("acme.example")
	r.press("kdy")
	r.await("drain http resource acme.example: POST /resources/drain: 503")
	r.refused.Store(false)
	for strings.Contains(r.text(), "NO ANSWER") {
		r.show(<-r.frames)
	}
	r.press("\x03")
	if err := r.wantEnd(); err != nil {
		t.Error(err)
	}
}

func TestRunPauses(t *testing.T) {
	r := startRun(t, nil)
	r.await("new 12/s")
	r.press("p")
	r.await("PAUSED")
	r.press("/acme\r") // is there at once, whatever is under way
	r.await("[1 resources 1]")
	r.press("p")
	for strings.Contains(r.text(), "PAUSED") {
		r.show(<-r.frames)
	}
	before := r.polls.Load()
	for r.polls.Load() < before+3 {
		r.show(<-r.frames)
	}
	r.press("q")
	_ = r.wantEnd()
}

func TestRunSuspends(t *testing.T) {
	for name, how := range map[string]func(*running){
		"by a key":    func(r *running) { r.press("\x1a") },
		"by a signal": func(r *running) { r.changes <- Suspended },
	} {
		t.Run(name, func(t *testing.T) {
			r := startRun(t, nil)
			r.await("acme.example")
			how(r)
			r.event("raw")
			for _, want := range []string{"restored", "suspended"} {
				r.event(want)
			}
			r.lines = make(map[int]string)
			r.await("acme.example") // drawn anew, all of it
			r.press("q")
			_ = r.wantEnd()
			if n := strings.Count(r.sent.String(), enterScreen); n != 2 {
				t.Errorf("the screen was entered %d times", n)
			}
		})
	}
}

func TestRunResizes(t *testing.T) {
	r := startRun(t, nil)
	r.await("? help  q quit")
	r.width.Store(30)
	r.changes <- Resized
	r.await("Tab tables  s sort  r reverse~")
	r.press("q")
	_ = r.wantEnd()
}

func TestRunEnds(t *testing.T) {
	for name, how := range map[string]func(*running){
		"with its context":           func(r *running) { r.cancel() },
		"with the terminal":          func(r *running) { _ = r.keys.Close() },
		"when it takes nothing more": func(r *running) { r.broken.Store(true) },
	} {
		t.Run(name, func(t *testing.T) {
			r := startRun(t, nil)
			r.await("acme.example")
			how(r)
			if err := r.wantEnd(); (err != nil) != r.broken.Load() {
				t.Error(err)
			}
		})
	}
}

// TestRunRestoresWhenItPanics, be it in the loop or beside it.
func TestRunRestoresWhenItPanics(t *testing.T) {
	for name, how := range map[string]func(*loop){
		"loop":   func(l *loop) { l.model = nil },
		"beside": func(l *loop) { l.spawn(func() { panic("beside") }) },
	} {
		t.Run(name, func(t *testing.T) {
			f, p := newFakeTerminal(t), newProxy(t)
			c, err := api.NewClient(api.ClientOptions{Address: p.Listener.Addr().String()})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			defer f.keys.Close()
			defer func() {
				r := recover()
				f.event("raw")
				f.event("restored")
				if text, is := r.(string); name == "beside" && (!is || !strings.Contains(text, "loop_test.go")) || r == nil {
					t.Errorf("panicked with %v", r)
				}
			}()
			ctx, cancel := context.WithCancel(t.Context())
			l := newLoop(ctx, f, Options{Client: c, Interval: time.Second}, resources)
			_ = l.live(cancel, func() { how(l) })
		})
	}
}

func TestOnce(t *testing.T) {
	p := newProxy(t)
	c, err := api.NewClient(api.ClientOptions{Address: p.Listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var out strings.Builder
	o := Options{Client: c, Interval: time.Millisecond, Table: "resources", Color: true}
	if err := Once(t.Context(), &out, o); err != nil {
		t.Fatal(err)
	}
	if p.polls.Load() != 2 || strings.Contains(out.String(), "\x1b") {
		t.Errorf("%d polls: %q", p.polls.Load(), out.String())
	}
	golden(t, "once.txt", strings.ReplaceAll(out.String(), c.Address(), "ADDRESS"))

	p.refused.Store(true)
	out.Reset()
	if err := Once(t.Context(), &out, o); err == nil || out.Len() > 0 {
		t.Errorf("%v: %s", err, out.String())
	}
	if err := Once(t.Context(), &out, Options{Client: c, Table: "tables"}); err == nil || !strings.Contains(err.Error(), "resources, endpoints, sessions, listeners") {
		t.Error(err)
	}
}
