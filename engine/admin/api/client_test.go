package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs a server for the test and returns a client of it.
func serve(t *testing.T, token string, handler http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return dial(t, ClientOptions{Address: s.Listener.Addr().String(), Token: token})
}

func dial(t *testing.T, o ClientOptions) *Client {
	t.Helper()
	c, err := NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// methods are all of a client, each with what it must ask for.
var methods = []struct {
	name   string
	call   func(context.Context, *Client) (any, error)
	method string
	path   string
	query  url.Values
	answer string
	want   any
}{
	{"Stats", func(ctx context.Context, c *Client) (any, error) { return c.Stats(ctx) },
		"GET", "/stats", url.Values{}, `{"active":3,"unheard_of":1}`, Stats{Active: 3}},
	{"Sessions", func(ctx context.Context, c *Client) (any, error) {
		return c.Sessions(ctx, SessionFilter{Resource: "a&b", Protocol: "tcp", Listener: "l", Endpoint: "h:1", Client: "10.0.0.0/8", State: "relaying",
			MinAge: 90 * time.Second, MaxAge: time.Hour, Limit: 7})
	},
		"GET", "/sessions", url.Values{"resource": {"a&b"}, "protocol": {"tcp"}, "listener": {"l"}, "endpoint": {"h:1"}, "client": {"10.0.0.0/8"}, "state": {"relaying"},
			"min_age": {"1m30s"}, "max_age": {"1h0m0s"}, "limit": {"7"}},
		`{"sessions":[{"id":"0-1"}],"matching":2}`, Sessions{Sessions: []Session{{ID: "0-1"}}, Matching: 2}},
	{"CloseSessions", func(ctx context.Context, c *Client) (any, error) {
		return c.CloseSessions(ctx, SessionFilter{IDs: []string{"0-1", "1-2"}})
	},
		"POST", "/sessions/close", url.Values{"id": {"0-1", "1-2"}}, `{"status":"closed","count":2}`, Done{"closed", 2}},
	{"Resources", func(ctx context.Context, c *Client) (any, error) {
		return c.Resources(ctx, ResourceFilter{Name: "ac", Limit: 5})
	},
		"GET", "/resources", url.Values{"name": {"ac"}, "limit": {"5"}}, `[{"name":"acme","last_activity":null}]`, []Resource{{Name: "acme"}}},
	{"Wake", func(ctx context.Context, c *Client) (any, error) { return c.Wake(ctx, "tcp", "a b") },
		"POST", "/resources/wake", url.Values{"protocol": {"tcp"}, "resource": {"a b"}}, `{"status":"waking"}`, Done{Status: "waking"}},
	{"DrainResource", func(ctx context.Context, c *Client) (any, error) { return c.DrainResource(ctx, "tcp", "db") },
		"POST", "/resources/drain", url.Values{"protocol": {"tcp"}, "resource": {"db"}}, `{}`, Done{}},
	{"Block", func(ctx context.Context, c *Client) (any, error) { return c.Block(ctx, "tcp", "db") },
		"POST", "/resources/block", url.Values{"protocol": {"tcp"}, "resource": {"db"}}, `{}`, Done{}},
	{"Unblock", func(ctx context.Context, c *Client) (any, error) { return c.Unblock(ctx, "tcp", "db") },
		"POST", "/resources/unblock", url.Values{"protocol": {"tcp"}, "resource": {"db"}}, `{}`, Done{}},
	{"Purge", func(ctx context.Context, c *Client) (any, error) { return c.Purge(ctx, "db") },
		"POST", "/resources/purge", url.Values{"resource": {"db"}}, `{}`, Done{}},
	{"PurgeAll", func(ctx context.Context, c *Client) (any, error) { return c.PurgeAll(ctx) },
		"POST", "/resources/purge", url.Values{"all": {"true"}}, `{}`, Done{}},
	{"Endpoints", func(ctx context.Context, c *Client) (any, error) { return c.Endpoints(ctx) },
		"GET", "/endpoints", url.Values{}, `[{"name":"h:1"}]`, []Endpoint{{Name: "h:1"}}},
	{"ForceEndpoint", func(ctx context.Context, c *Client) (any, error) { return c.ForceEndpoint(ctx, "[::1]:5", ForceDrain) },
		"POST", "/endpoints/force", url.Values{"endpoint": {"[::1]:5"}, "state": {"drain"}}, `{}`, Done{}},
	{"Log", func(ctx context.Context, c *Client) (any, error) { return c.Log(ctx) },
		"GET", "/log", url.Values{}, `{"level":"info","sessions":"off"}`, Log{"info", "off"}},
	{"SetLog", func(ctx context.Context, c *Client) (any, error) { return c.SetLog(ctx, Log{Sessions: "all"}) },
		"POST", "/log", url.Values{"sessions": {"all"}}, `{"level":"info","sessions":"all"}`, Log{"info", "all"}},
	{"Reload", func(ctx context.Context, c *Client) (any, error) { return c.Reload(ctx) },
		"POST", "/config/reload", url.Values{}, `{"changed":["a"],"waiting":[]}`, Reload{[]string{"a"}, []string{}}},
	{"Drain", func(ctx context.Context, c *Client) (any, error) { return c.Drain(ctx) },
		"POST", "/drain", url.Values{}, `{"status":"draining","count":4}`, Done{"draining", 4}},
}

func TestMethods(t *testing.T) {
	for _, tt := range methods {
		t.Run(tt.name, func(t *testing.T) {
			var got *http.Request
			c := serve(t, "secret", func(w http.ResponseWriter, r *http.Request) {
				got = r
				_, _ = io.WriteString(w, tt.answer)
			})
			answer, err := tt.call(t.Context(), c)
			if err != nil || !reflect.DeepEqual(answer, tt.want) {
				t.Errorf("%+v, %v; want %+v", answer, err, tt.want)
			}
			if got.Method != tt.method || got.URL.Path != tt.path || !reflect.DeepEqual(got.URL.Query(), tt.query) {
				t.Errorf("%s %s, want %s %s %v", got.Method, got.URL, tt.method, tt.path, tt.query)
			}
			if acts := got.Header.Get("X-Proxy-Engine") != ""; acts != (tt.method == "POST") {
				t.Errorf("action header: %v", acts)
			}
			if got.Header.Get("Authorization") != "Bearer secret" || got.Host != "localhost" {
				t.Errorf("Authorization %q, Host %q", got.Header.Get("Authorization"), got.Host)
			}
		})
	}
}

// TestMethodsAreTested: a method without a row above fails here.
func TestMethodsAreTested(t *testing.T) {
	rows := map[string]bool{"Address": true, "Close": true}
	for _, tt := range methods {
		rows[tt.name] = true
	}
	for m := range reflect.TypeFor[*Client]().Methods() {
		if !rows[m.Name] {
			t.Errorf("%s isn't tested", m.Name)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		want   string
	}{
		{401, `{"error":"the token is missing or wrong"}`, "401 Unauthorized: the token is missing or wrong"},
		{404, "404 page not found\n", "404 Not Found: 404 page not found"}, // an older server
		{409, `{"error":"it isn't cold"}`, "409 Conflict: it isn't cold"},
		{500, "", "500 Internal Server Error"},
		{502, strings.Repeat("x", 4096), "502 Bad Gateway: " + strings.Repeat("x", maxMessage)},
		{302, "", "302 Found"}, // is not followed
	} {
		c := serve(t, "secret", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/stats" {
				t.Errorf("asked for %s", r.URL)
			}
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(tt.status)
			_, _ = io.WriteString(w, tt.body)
		})
		_, err := c.Stats(t.Context())
		var refused *StatusError
		if !errors.As(err, &refused) || refused.Code != tt.status || err.Error() != "GET /stats: "+tt.want {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
}

func TestNoTokenUnlessGiven(t *testing.T) {
	c := serve(t, "", func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header["Authorization"]) != 0 {
			t.Error("an Authorization header")
		}
		_, _ = io.WriteString(w, "{}")
	})
	if _, err := c.Drain(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	c := serve(t, "", func(w http.ResponseWriter, _ *http.Request) {
		spaces := bytes.Repeat([]byte(" "), 1<<20)
		for range maxAnswer>>20 + 1 {
			_, _ = w.Write(spaces)
		}
	})
	if _, err := c.Stats(t.Context()); err == nil || err.Error() != "GET /stats: the answer has more than 32 MiB" {
		t.Error(err)
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	for _, body := range []string{"", "<html>", `{"active":`, `[]`} {
		c := serve(t, "", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
		if s, err := c.Stats(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "GET /stats: ") || !reflect.DeepEqual(s, Stats{}) {
			t.Errorf("%q: %+v, %v", body, s, err)
		}
	}
}

func TestCancelled(t *testing.T) {
	asked := make(chan struct{})
	c := serve(t, "", func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	if _, err := c.Stats(ctx); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "http://") {
		t.Error(err)
	}
}

func TestTimeout(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer s.Close()
	c := dial(t, ClientOptions{Address: s.Listener.Addr().String(), Timeout: time.Millisecond})
	if _, err := c.Stats(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin.sock")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"active":1}`) }))
	_ = s.Listener.Close()
	s.Listener = ln
	s.Start()
	defer s.Close()
	c := dial(t, ClientOptions{Address: "unix:" + path})
	if got, err := c.Stats(t.Context()); err != nil || got.Active != 1 || c.Address() != "unix:"+path {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestIPv6(t *testing.T) {
	ln, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"active":1}`) }))
	_ = s.Listener.Close()
	s.Listener = ln
	s.Start()
	defer s.Close()
	if got, err := dial(t, ClientOptions{Address: ln.Addr().String()}).Stats(t.Context()); err != nil || got.Active != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestPlaces(t *testing.T) {
	for _, tt := range []struct{ text, network, address string }{
		{"127.0.0.1:9900", "tcp", "127.0.0.1:9900"},
		{"proxy.example:9900", "tcp", "proxy.example:9900"},
		{"[fe80::1%eth0]:9900", "tcp", "[fe80::1%eth0]:9900"},
		{":9900", "tcp", "localhost:9900"},
		{"0.0.0.0:9900", "tcp", "127.0.0.1:9900"},
		{"[::]:9900", "tcp", "[::1]:9900"},
		{"unix:/run/admin.sock", "unix", "/run/admin.sock"},
	} {
		if network, address, err := place(tt.text); err != nil || network != tt.network || address != tt.address {
			t.Errorf("%s: %s %s, %v", tt.text, network, address, err)
		}
	}
	for _, text := range []string{"", "9900", "host", "host:", "::1:9900x]", "unix:", "http://127.0.0.1:9900"} {
		if _, err := NewClient(ClientOptions{Address: text}); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
