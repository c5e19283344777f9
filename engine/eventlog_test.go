package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// logTest is an eventLog that keeps its lines.
type logTest struct {
	*eventLog
	out bytes.Buffer
}

func newLogTest(mode SessionLogMode, sample int) *logTest {
	l := new(logTest)
	handler := slog.NewJSONHandler(&l.out, &slog.HandlerOptions{Level: slog.LevelDebug})
	l.eventLog = newEventLog(slog.New(handler), SessionLog{mode, sample})
	return l
}

// lines returns what was logged since the last call, without the time.
func (l *logTest) lines(t *testing.T) (all []map[string]any) {
	t.Helper()
	for line := range bytes.Lines(l.out.Bytes()) {
		var fields map[string]any
		if err := json.Unmarshal(line, &fields); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		delete(fields, "time")
		all = append(all, fields)
	}
	l.out.Reset()
	return all
}

// one returns the only line that was logged.
func (l *logTest) one(t *testing.T) map[string]any {
	t.Helper()
	all := l.lines(t)
	if len(all) != 1 {
		t.Fatalf("%d lines, want one: %v", len(all), all)
	}
	return all[0]
}

var (
	logListener = &Listener{Name: "pg"}
	logClient   = netip.MustParseAddrPort("192.0.2.1:40000")
	logRoute    = &resolve.Route{
		Request: resolve.Request{Resource: "shop"}, Result: resolve.Result{Endpoint: "db:5432"},
	}
)

func TestLinesOfSessions(t *testing.T) {
	var served, refused timings
	served.add(phaseDetect, 3*time.Microsecond)
	served.add(phaseOpen, 10*time.Microsecond)
	refused.add(phaseConnect, 7*time.Microsecond)
	for name, c := range map[string]struct {
		end  ending
		want map[string]any
	}{
		"ordinary": {
			ending{reason: ClientClosed, state: Relaying, route: logRoute, age: time.Second, times: served, fromClient: 5, toClient: 7},
			map[string]any{
				"level": "INFO", "reason": "client_closed", "state": "relaying", "resource": "shop", "endpoint": "db:5432", "age": 1e9,
				"from_client": 5.0, "to_client": 7.0, "phases": map[string]any{"detect": 3000.0, "open": 10000.0},
			},
		},
		"fault": {
			ending{reason: ConnectFailed, state: Connecting, route: logRoute, times: refused, cause: errors.New("no way")},
			map[string]any{
				"level": "WARN", "reason": "connect_failed", "state": "connecting", "resource": "shop", "endpoint": "db:5432", "age": 0.0,
				"from_client": 0.0, "to_client": 0.0, "phases": map[string]any{"connect": 7000.0}, "cause": "no way",
			},
		},
		"before a route": {
			ending{reason: DetectTimeout, state: Detecting},
			map[string]any{"level": "WARN", "reason": "detect_timeout", "state": "detecting", "age": 0.0, "from_client": 0.0, "to_client": 0.0},
		},
		"an HTTP connection": {
			ending{reason: ClientClosed, web: true},
			map[string]any{"level": "DEBUG", "reason": "client_closed", "state": "detecting", "age": 0.0, "from_client": 0.0, "to_client": 0.0},
		},
		"one whose request says why": {
			ending{reason: FirstByteTimeout, web: true, told: true},
			map[string]any{"level": "DEBUG", "reason": "first_byte_timeout", "state": "detecting", "age": 0.0, "from_client": 0.0, "to_client": 0.0},
		},
		"one without a request": {
			ending{reason: HandshakeFailed, web: true},
			map[string]any{"level": "WARN", "reason": "handshake_failed", "state": "detecting", "age": 0.0, "from_client": 0.0, "to_client": 0.0},
		},
	} {
		l := newLogTest(LogAll, 1)
		c.end.listener, c.end.client = logListener, logClient
		l.ended(&c.end)
		c.want["msg"], c.want["listener"], c.want["client"] = "session ended", "pg", "192.0.2.1:40000"
		checkLine(t, name, l.one(t), c.want)
	}
}

func checkLine(t *testing.T, name string, got, want map[string]any) {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(want)) {
		g, _ := json.Marshal(got[key])
		w, _ := json.Marshal(want[key])
		if !bytes.Equal(g, w) {
			t.Errorf("%s: %s is %s, want %s", name, key, g, w)
		}
		delete(got, key)
	}
	if len(got) > 0 {
		t.Errorf("%s: more than wanted: %v", name, got)
	}
}

func TestLinesOfRequests(t *testing.T) {
	var times timings
	times.add(phaseResolve, 4*time.Microsecond)
	for name, c := range map[string]struct {
		record requestRecord
		route  *resolve.Route
		want   map[string]any
	}{
		"served": {
			requestRecord{method: "GET", status: 404, whole: true, firstByte: 9, spoke: true, times: times}, logRoute,
			map[string]any{
				"level": "INFO", "msg": "request ended", "status": 404.0, "endpoint": "db:5432", "first_byte": 9.0,
				"phases": map[string]any{"resolve": 4000.0},
			},
		},
		"refused": {
			requestRecord{method: "GET", status: 502, refused: true, refusal: refusal{ConnectRefused, errors.New("nobody")}}, logRoute,
			map[string]any{
				"level": "WARN", "msg": "request refused", "status": 502.0, "endpoint": "db:5432", "reason": "connect_refused", "cause": "nobody",
			},
		},
		"broken off by the client": {
			requestRecord{method: "GET", refusal: refusal{reason: ClientGone}}, nil,
			map[string]any{"level": "INFO", "msg": "request ended", "reason": "client_gone"},
		},
		"broken off by a fault": {
			requestRecord{method: "GET", status: 200, refusal: refusal{reason: StallTimeout}}, nil,
			map[string]any{"level": "WARN", "msg": "request ended", "reason": "stall_timeout", "status": 200.0},
		},
	} {
		l := newLogTest(LogAll, 1)
		l.request(&requestEnding{
			requestRecord: &c.record, listener: logListener, client: logClient, resource: []byte("shop"), route: c.route,
			total: 11, fromClient: 1, toClient: 2,
		})
		maps.Copy(c.want, map[string]any{
			"listener": "pg", "client": "192.0.2.1:40000", "method": "GET", "resource": "shop", "total": 11.0, "from_client": 1.0, "to_client": 2.0,
		})
		checkLine(t, name, l.one(t), c.want)
	}
}

func TestMethodNames(t *testing.T) {
	for method, want := range map[string]string{"GET": "GET", "PROPFIND": "PROPFIND", "get": otherMethod, "": otherMethod, "HUNTER2": otherMethod} {
		if got := methodName([]byte(method)); got != want {
			t.Errorf("%q: %q, want %q", method, got, want)
		}
	}
}

// end logs the end of a session for a reason.
func (l *logTest) end(reason Reason) {
	l.ended(&ending{listener: logListener, client: logClient, reason: reason})
}

func TestSessionLogModes(t *testing.T) {
	const ends = 10
	for _, c := range []struct {
		mode             SessionLogMode
		sample           int
		ordinary, faults int
	}{
		{LogOff, 1, 0, 0},
		{LogErrors, 1, 0, ends},
		{LogSampled, 4, 3, ends}, // the 1st, 5th and 9th
		{LogSampled, 1, ends, ends},
		{LogAll, 0, ends, ends},
	} {
		l := newLogTest(c.mode, c.sample)
		for range ends {
			l.end(BackendClosed)
		}
		ordinary := len(l.lines(t))
		for _, reason := range []Reason{NotFound, ConnectFailed} { // each below its limit
			for range ends / 2 {
				l.end(reason)
			}
		}
		if faults := len(l.lines(t)); ordinary != c.ordinary || faults != c.faults {
			t.Errorf("%v, one in %d: %d ordinary ends and %d faults, want %d and %d", c.mode, c.sample, ordinary, faults, c.ordinary, c.faults)
		}
	}
}

// A request that is refused by a multiplexed session follows the mode too.
func TestRefusedRequestsFollowTheMode(t *testing.T) {
	for mode, want := range map[SessionLogMode]int{LogOff: 0, LogErrors: 1, LogSampled: 1, LogAll: 1} {
		l := newLogTest(mode, 1000)
		l.refused(logListener, logClient, "shop", NotFound, nil)
		if got := len(l.lines(t)); got != want {
			t.Errorf("%v: %d lines, want %d", mode, got, want)
		}
	}
}

func TestSessionLogModeNames(t *testing.T) {
	for mode := range sessionLogModes {
		if back, err := ParseSessionLogMode(mode.String()); err != nil || back != mode {
			t.Errorf("%v: %v, %v", mode, back, err)
		}
	}
	if _, err := ParseSessionLogMode("some"); err == nil {
		t.Error("some is a mode")
	}
	if s := sessionLogModes.String(); s != "unknown" {
		t.Errorf("no mode: %s", s)
	}
}

func TestSetSessionLog(t *testing.T) {
	l := newLogTest(LogOff, 0)
	e := &Engine{log: l.eventLog}
	for how, ok := range map[SessionLog]bool{
		{LogSampled, 0}: false, {LogSampled, -1}: false, {sessionLogModes, 1}: false, {LogSampled, 1}: true, {LogAll, 0}: true,
	} {
		before := e.SessionLog()
		err := e.SetSessionLog(how)
		switch now := e.SessionLog(); {
		case (err == nil) != ok:
			t.Errorf("%+v: %v", how, err)
		case ok && now != how, !ok && now != before:
			t.Errorf("%+v: %+v is in force", how, now)
		}
	}
}

// The limit holds per reason and second, and what it has left out is told next. Ordinary
// ends have none.
func TestLinesOfFaultsAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogTest(LogAll, 1)
		for range 3 * linesPerSecond {
			l.end(NotFound)
			l.end(ClientClosed)
		}
		l.end(Forbidden)
		if got, want := len(l.lines(t)), linesPerSecond+3*linesPerSecond+1; got != want {
			t.Errorf("%d lines in the first second, want %d", got, want)
		}
		time.Sleep(time.Second)
		l.end(NotFound)
		if got := l.one(t)["suppressed"]; got != float64(2*linesPerSecond) {
			t.Errorf("suppressed: %v", got)
		}
		l.end(NotFound)
		if got, told := l.one(t)["suppressed"]; told {
			t.Errorf("suppressed, told twice: %v", got)
		}
	})
}

// Refused requests and ended sessions of one reason share its limit.
func TestRequestsShareTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogTest(LogErrors, 1)
		for range linesPerSecond {
			l.end(NotFound)
			l.refused(logListener, logClient, "shop", NotFound, nil)
		}
		if got := len(l.lines(t)); got != linesPerSecond {
			t.Errorf("%d lines, want %d", got, linesPerSecond)
		}
	})
}

func TestCausesAreBounded(t *testing.T) {
	l := newLogTest(LogErrors, 1)
	l.ended(&ending{listener: logListener, client: logClient, reason: ResolveFailed, cause: errors.New(strings.Repeat("x", 10*maxCause))})
	if cause := l.one(t)["cause"].(string); len(cause) != maxCause {
		t.Errorf("a cause of %d bytes", len(cause))
	}
}

// Who has no line costs nothing.
func TestNoLineAllocatesNothing(t *testing.T) {
	record := requestRecord{method: "GET", status: 200, whole: true}
	host := []byte("shop")
	for name, l := range map[string]*logTest{
		"off": newLogTest(LogOff, 1), "errors": newLogTest(LogErrors, 1), "sampled": newLogTest(LogSampled, 1<<40),
	} {
		ends := func() {
			l.ended(&ending{listener: logListener, client: logClient, route: logRoute, reason: ClientClosed})
			l.request(&requestEnding{requestRecord: &record, listener: logListener, client: logClient, resource: host, route: logRoute})
		}
		ends() // the first is a sample
		if n := testing.AllocsPerRun(100, ends); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
