package admin

import (
	"encoding/json"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/admin/api"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

func (s *site) stats() (v api.Stats) {
	s.t.Helper()
	enginetest.Must(s.t, json.Unmarshal([]byte(s.want(http.StatusOK, "GET", "/stats")), &v))
	return v
}

// What a session does shows while it does.
func TestStatsOfASession(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl, nil)
		before := time.Now()
		client, backend := s.session()
		var v api.Stats
		enginetest.Eventually(t, "the bytes are counted", func() bool { v = s.stats(); return v.FromClients == 4 })
		want := api.Listener{Name: enginetest.Listener, Protocol: "tcp", Address: s.Address(), Active: 1, Accepted: 1, FromClients: 4}
		if len(v.Listeners) != 1 || v.Listeners[0] != want {
			t.Errorf("listeners %+v, want %+v", v.Listeners, want)
		}
		if v.Version != "v1" || v.Impl != string(impl) || v.MaxSessions != engine.DefaultConfig().MaxSessions || v.Active != 1 {
			t.Errorf("got %+v", v)
		}
		if v.Time.Before(before) || v.Started.After(before) || v.Started.IsZero() {
			t.Errorf("started %v, taken %v; the test began in between, at %v", v.Started, v.Time, before)
		}
		sessions := 0
		for _, l := range v.Loops {
			sessions += l.Sessions
		}
		if wantLoops := impl == engine.Reactor; wantLoops != (len(v.Loops) == 2) || wantLoops != (sessions == 1) {
			t.Errorf("loops %+v", v.Loops)
		}
		enginetest.CloseAll(t, client, backend)
		s.AwaitActive(0)
	})
}

// The process tells what it takes.
func TestStatsOfTheProcess(t *testing.T) {
	v := start(t, engine.Goroutine, nil).stats().Process
	if v.Heap == 0 || v.Goroutines == 0 {
		t.Errorf("the runtime tells nothing: %+v", v)
	}
	if runtime.GOOS == "linux" && (v.CPU == 0 || v.Memory == 0 || v.Files == 0 || v.MaxFiles < v.Files) {
		t.Errorf("the system tells nothing: %+v", v)
	}
}

// A system that tells nothing of the process is no trouble.
func TestProcessWithoutFigures(t *testing.T) {
	p := newProcess()
	p.system.Unregister(p.collector)
	if v := p.figures(); v.CPU != 0 || v.MaxFiles != 0 || v.Goroutines == 0 {
		t.Errorf("got %+v", v)
	}
}

// Every series of TLS, links and loops is there before anything has happened.
func TestMetricsAreThereFromTheStart(t *testing.T) {
	s := start(t, engine.Goroutine, nil)
	s.wantMetrics(`proxy_engine_tls_handshakes_total{result="ok",side="client"} 0`,
		`proxy_engine_tls_handshakes_total{result="crowded",side="backend"} 0`,
		`proxy_engine_tls_sessions_total{resumed="true",side="backend",version="1.3"} 0`,
		`proxy_engine_http_links{state="in_use"} 0`, `proxy_engine_http_links_ended_total{reason="lost"} 0`,
		`proxy_engine_resolver_hits_total 0`,
		`proxy_engine_first_byte_seconds_count{listener="front",protocol="tcp"} 0`)
}
