package admin

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is an engine with its admin server.
type site struct {
	*enginetest.Proxy
	t       *testing.T
	admin   *Server
	backend *enginetest.Backend
	client  *http.Client
	token   string
}

func start(t *testing.T, impl engine.Impl, change func(*Options)) *site {
	t.Helper()
	backend := enginetest.Listen(t)
	p := enginetest.Start(t, enginetest.Config(impl, tcp.Front("db"), resolve.Fixed(backend.Address())))
	o := Options{
		Address: "127.0.0.1:0", Top: 20, Version: "v1", Settings: func() string { return "demo: true\n" }, Logger: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&o)
	}
	s, err := Start(p.Engine, o)
	enginetest.Must(t, err)
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, s.Addr().Network(), s.Addr().String())
	}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		s.Close(t.Context())
	})
	return &site{p, t, s, backend, &http.Client{Transport: transport, Timeout: enginetest.Patience}, o.Token}
}

// ask makes a request and returns the status and body of its answer.
func (s *site) ask(method, path string, headers ...string) (int, string) {
	s.t.Helper()
	r, err := http.NewRequest(method, "http://localhost"+path, nil)
	enginetest.Must(s.t, err)
	for i := 0; i < len(headers); i += 2 {
		if r.Header.Set(headers[i], headers[i+1]); headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	answer, err := s.client.Do(r)
	enginetest.Must(s.t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	enginetest.Must(s.t, err)
	return answer.StatusCode, string(body)
}

func (s *site) want(status int, method, path string, headers ...string) string {
	s.t.Helper()
	got, body := s.ask(method, path, headers...)
	if got != status {
		s.t.Errorf("%s %s %q: %d, want %d: %s", method, path, headers, got, status, body)
	}
	return body
}

// session connects a client through to the backend.
func (s *site) session() (client, backend *enginetest.Conn) {
	client = s.Dial()
	client.Say("ping")
	backend = s.backend.Accept()
	backend.Hear("ping")
	return client, backend
}

func TestMetricsOfASession(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl, nil)
		client, backend := s.session()
		s.wantMetrics(`proxy_engine_sessions_active{listener="front",protocol="tcp"} 1`,
			`proxy_engine_resource_sessions{protocol="tcp",resource="db"} 1`,
			`proxy_engine_resource_sent_bytes_total{protocol="tcp",resource="db"} 4`,
			`proxy_engine_phase_duration_seconds_count{phase="connecting"} 1`)
		enginetest.CloseAll(t, client, backend)
		s.AwaitActive(0)
		s.wantMetrics(`proxy_engine_sessions_active{listener="front",protocol="tcp"} 0`,
			`proxy_engine_sessions_accepted_total{listener="front",protocol="tcp"} 1`,
			`proxy_engine_bytes_total{direction="from_client",listener="front",protocol="tcp"} 4`,
			`proxy_engine_resource_sent_bytes_total{protocol="tcp",resource="db"} 4`,
			`proxy_engine_resource_sessions{protocol="other",resource="other"} 0`,
			`proxy_engine_endpoint_sent_bytes_total{endpoint="`+s.backend.Address()+`"} 4`,
			`proxy_engine_breakers{phase="closed"} 1`, `proxy_engine_breakers{phase="half_open"} 0`,
			`proxy_engine_build_info{version="v1"} 1`)
	})
}

func (s *site) wantMetrics(lines ...string) {
	s.t.Helper()
	for _, line := range lines {
		enginetest.Eventually(s.t, "there is the line "+line, func() bool {
			return strings.Contains(s.want(http.StatusOK, "GET", "/metrics"), "\n"+line+"\n")
		})
	}
}

func TestMetricsAreClean(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl, nil)
		faults, err := testutil.GatherAndLint(newRegistry(newCollector(s, "v1", 20)))
		enginetest.Must(t, err)
		for _, f := range faults {
			if strings.HasPrefix(f.Metric, "proxy_engine_") {
				t.Errorf("%s: %s", f.Metric, f.Text)
			}
		}
	})
}

// Names from clients can't break a scrape, and their number can't make it grow.
func TestTop(t *testing.T) {
	rows := []row{
		{labels: []string{"a\xff"}, fromClient: 5}, {labels: []string{"a\ufffd"}, fromClient: 4},
		{labels: []string{other}, fromClient: 3}, {labels: []string{"b"}, fromClient: 2}, {labels: []string{"c"}, sessions: 7},
	}
	got := make(map[string]row)
	for _, r := range top(legible(rows), 3, []string{other}) {
		got[r.labels[0]] = r
	}
	if len(got) != 3 || got["a\ufffd"].fromClient != 9 || got[other].fromClient != 3 || got[other].sessions != 7 || got["b"].fromClient != 2 {
		t.Errorf("%v", got)
	}
}

// The counter of the others never falls, whoever comes among the top, and has
// what they move while they aren't.
func TestOthersNeverFall(t *testing.T) {
	var o others
	scrape := func(a, b float64) float64 {
		rows := []row{{labels: []string{"a"}, toClient: a}, {labels: []string{"b"}, toClient: b}}
		total := sum(rows)
		all := top(rows, 1, []string{other})
		o.settle(all, total)
		return all[0].toClient
	}
	for i, step := range []struct{ a, b, want float64 }{
		{10, 5, 15}, // nobody was among the top before
		{20, 6, 16}, // a was
		{20, 30, 40},
		{25, 40, 45}, // b was
		{0, 40, 45},  // a was forgotten
		{3, 40, 48},
	} {
		if got := scrape(step.a, step.b); got != step.want {
			t.Errorf("scrape %d: %v, want %v", i, got, step.want)
		}
	}
}

// Scrapes disturb no session.
func TestScrapesUnderLoad(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl, nil)
		const sessions, scrapes = 200, 20
		stop := make(chan struct{})
		var running sync.WaitGroup
		for range sessions {
			client, backend := s.session()
			running.Go(func() { exchange(t, client, backend, stop) })
		}
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for range scrapes {
			s.want(http.StatusOK, "GET", "/metrics")
			s.want(http.StatusOK, "GET", "/stats")
			<-tick.C
		}
		close(stop)
		running.Wait()
		s.AwaitActive(0)
		if st := s.Stats(); st.Accepted != sessions || st.Closed[engine.ClientClosed] != sessions {
			t.Errorf("%d sessions, %d ended in order", st.Accepted, st.Closed[engine.ClientClosed])
		}
	})
}

// exchange has both sides talk until stop, when the client leaves.
func exchange(t *testing.T, client, backend net.Conn, stop <-chan struct{}) {
	defer backend.Close()
	defer backend.Read(make([]byte, 1)) // until the client's end has come through
	defer client.Close()
	buf := make([]byte, 4)
	for {
		for _, pair := range [][2]net.Conn{{client, backend}, {backend, client}} {
			if _, err := pair[0].Write([]byte("ping")); err != nil {
				t.Errorf("write: %v", err)
				return
			}
			if _, err := io.ReadFull(pair[1], buf); err != nil {
				t.Errorf("read: %v", err)
				return
			}
		}
		select {
		case <-stop:
			return
		default:
		}
	}
}

func TestDraining(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl, nil)
		client, backend := s.session()
		s.want(http.StatusOK, "GET", "/readyz")
		s.Retire()
		s.want(http.StatusServiceUnavailable, "GET", "/readyz")
		late, its := s.session() // is let in all the same
		enginetest.CloseAll(t, late, its)
		ended := enginetest.Async(func() error { return s.Shutdown(context.Background()) })
		enginetest.Eventually(t, "not ready", func() bool { status, _ := s.ask("GET", "/readyz"); return status == http.StatusServiceUnavailable })
		s.want(http.StatusOK, "GET", "/healthz")
		s.wantMetrics("proxy_engine_draining 1")
		enginetest.CloseAll(t, client, backend)
		enginetest.Must(t, <-ended)
		s.want(http.StatusOK, "GET", "/stats")
	})
}

func TestGuard(t *testing.T) {
	s := start(t, engine.Goroutine, nil)
	s.want(http.StatusForbidden, "GET", "/stats", "Host", "evil.example")
	s.want(http.StatusForbidden, "GET", "/healthz", "Host", "evil.example:9900")
	s.want(http.StatusForbidden, "GET", "/stats", "Host", "127.0.0.1.evil.example")
	for _, host := range []string{"127.0.0.1", "127.0.0.1:9900", "localhost:1", "[::1]:1", "[::1]"} {
		s.want(http.StatusOK, "GET", "/stats", "Host", host)
	}
	for _, path := range []string{"/stats", "/debug/pprof/profile?seconds=1"} {
		s.want(http.StatusForbidden, "GET", path, "Sec-Fetch-Site", "cross-site")
	}
	for _, site := range []string{"same-origin", "none"} {
		s.want(http.StatusOK, "GET", "/stats", "Sec-Fetch-Site", site)
	}
	s.want(http.StatusOK, "GET", "/", "Sec-Fetch-Site", "cross-site")
	s.want(http.StatusForbidden, "POST", "/resources/purge?all=true")
	s.want(http.StatusOK, "POST", "/resources/purge?all=true", actionHeader, "1")
	s.want(http.StatusMethodNotAllowed, "GET", "/resources/purge?all=true")
	s.want(http.StatusNotFound, "GET", "/nothing")
}

func TestToken(t *testing.T) {
	s := start(t, engine.Goroutine, func(o *Options) { o.Token = "secret" })
	for _, path := range []string{"/stats", "/metrics", "/config", "/debug/pprof/", "/openapi.json", "/nothing"} {
		s.want(http.StatusUnauthorized, "GET", path)
		s.want(http.StatusUnauthorized, "GET", path, "Authorization", "Bearer secre")
		s.want(http.StatusUnauthorized, "GET", path, "Authorization", "Basic secret")
	}
	s.want(http.StatusOK, "GET", "/healthz")
	s.want(http.StatusOK, "GET", "/stats", "Authorization", "bearer secret", "Host", "proxy.example")
	s.want(http.StatusUnauthorized, "POST", "/resources/purge?all=true", actionHeader, "1")
	s.want(http.StatusOK, "POST", "/resources/purge?resource=db", "Authorization", "Bearer secret")
}

func TestBeyondLoopback(t *testing.T) {
	for address, fine := range map[string]bool{
		"0.0.0.0:1": false, ":1": false, "[::]:1": false, "10.0.0.1:1": false,
		"127.0.0.2:1": true, "[::1]:1": true, "[::ffff:127.0.0.1]:1": true, "localhost:1": true, "unix:/x": true,
	} {
		if err := (Options{Address: address}).Validate(); (err == nil) != fine {
			t.Errorf("%s without a token: %v", address, err)
		}
		if err := (Options{Address: address, Token: "x"}).Validate(); err != nil {
			t.Errorf("%s with a token: %v", address, err)
		}
	}
}

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin")
	s := start(t, engine.Goroutine, func(o *Options) { o.Address = "unix:" + path })
	s.want(http.StatusOK, "GET", "/stats", "Host", "anything")
	s.want(http.StatusForbidden, "POST", "/resources/purge?all=true", "Host", "anything")
	if _, err := listenUnix(path); err == nil {
		t.Error("the socket of another was taken")
	}
}

// A socket that a dead process has left is replaced.
func TestUnixSocketLeft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	enginetest.Must(t, err)
	left.SetUnlinkOnClose(false)
	enginetest.Must(t, left.Close())
	ln, err := listenUnix(path)
	enginetest.Must(t, err)
	enginetest.Must(t, ln.Close())
}
