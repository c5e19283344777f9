package webhook

import (
	"context"
	"crypto/hmac"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

const fullAnswer = `{"endpoint": "10.0.0.7:5432", "endpoints": ["10.0.0.8:5432"], "balance": "least-sessions",
	"metadata": {"database": "main"}, "timeout": "5s", "ttl": 60, "state": "cold", "wake": "https://api.internal/wake",
	"drain": "30s", "max_sessions": 100, "session_rate": 10}`

var fullResult = resolve.Result{
	Endpoint: "10.0.0.7:5432", Others: []string{"10.0.0.8:5432"}, Balance: resolve.LeastSessions,
	Metadata: map[string]string{"database": "main"}, Timeout: 5 * time.Second, TTL: time.Minute,
	State: resolve.Cold, Wake: "https://api.internal/wake", Drain: 30 * time.Second, MaxSessions: 100, SessionRate: 10,
}

// TestQuestion: everything known of a client is in the question, and who asks.
func TestQuestion(t *testing.T) {
	key := []byte("0123456789abcdef")
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		at := r.Header.Get(HeaderTimestamp)
		want := SignaturePrefix + Signature(key, at, body)
		if !hmac.Equal([]byte(want), []byte(r.Header.Get(HeaderSignature))) {
			t.Errorf("signature %q, want %q", r.Header.Get(HeaderSignature), want)
		}
		if seconds, err := strconv.ParseInt(at, 10, 64); err != nil || time.Since(time.Unix(seconds, 0)) > time.Hour {
			t.Errorf("timestamp %q", at)
		}
		if r.Method != "POST" || r.URL.String() != "/resolve" || r.Header.Get("Authorization") != "Bearer token" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
		}
		want2 := map[string]any{
			"event": "resolve", "protocol": "postgresql", "resource": `o"rders`, "client": "203.0.113.9:50112", "server_name": "sni",
			"identity": map[string]any{"subject": "CN=app", "common_name": "app", "dns_names": []any{"d"}, "emails": []any{"e"}, "uris": []any{"u"}, "ips": []any{"i"}, "fingerprint": "f"},
		}
		if got := object(t, body); !reflect.DeepEqual(got, want2) {
			t.Errorf("asked %v, want %v", got, want2)
		}
		_, _ = io.WriteString(w, fullAnswer)
	})
	r := asking(t, s, Options{Token: "token", Key: key})
	res, err := r.Resolve(t.Context(), resolve.Request{
		Protocol: "postgresql", Resource: `o"rders`, Client: netip.MustParseAddrPort("203.0.113.9:50112"), ServerName: "sni",
		Identity: &resolve.Identity{Subject: "CN=app", CommonName: "app", DNSNames: []string{"d"}, Emails: []string{"e"}, URIs: []string{"u"}, IPs: []string{"i"}, Fingerprint: "f"},
	})
	if err != nil || !reflect.DeepEqual(res, fullResult) {
		t.Errorf("Resolve = %+v, %v, want %+v", res, err, fullResult)
	}
}

// TestSignature holds the way it is made, by openssl's: printf '1767225600.{}' |
// openssl dgst -sha256 -hmac 0123456789abcdef
func TestSignature(t *testing.T) {
	const want = "99902517b3069f78750aa0520b0493482454c2d30a579c7acc839f3363ca1b88"
	if got := Signature([]byte("0123456789abcdef"), "1767225600", []byte("{}")); got != want {
		t.Errorf("Signature = %s, want %s", got, want)
	}
}

func TestErrors(t *testing.T) {
	o := Options{Messages: map[string]string{"suspended": "This project is paused."}}
	tests := []struct {
		name   string
		status int
		body   string
		want   resolve.Error
	}{
		{"404", 404, "", resolve.Error{Kind: resolve.NotFound}},
		{"403", 403, "<html>", resolve.Error{Kind: resolve.Forbidden}},
		{"503", 503, "{}", resolve.Error{Kind: resolve.Unavailable}},
		{"504", 504, "", resolve.Error{Kind: resolve.Timeout}},
		{"500", 500, "", resolve.Error{Kind: resolve.Internal}},
		{"429", 429, "", resolve.Error{Kind: resolve.Unavailable}},
		{"502", 502, "", resolve.Error{Kind: resolve.Unavailable}},
		{"401", 401, "", resolve.Error{Kind: resolve.Internal}},
		{"204", 204, "", resolve.Error{Kind: resolve.Internal}},
		{"302", 302, fullAnswer, resolve.Error{Kind: resolve.Internal}},
		{"a kind with 200", 200, `{"kind": "not_found", "ttl": "1s"}`, resolve.Error{Kind: resolve.NotFound, TTL: time.Second}},
		{"a kind with another status", 418, `{"kind": "forbidden"}`, resolve.Error{Kind: resolve.Forbidden}},
		{"a kind overrides", 404, `{"kind": "forbidden"}`, resolve.Error{Kind: resolve.Forbidden}},
		{"all fields", 403, `{"kind": "forbidden", "message_key": "suspended", "retry_after": 30, "ttl": -1}`,
			resolve.Error{Kind: resolve.Forbidden, Text: "This project is paused.", RetryAfter: 30 * time.Second, TTL: -time.Second}},
		{"a status and a message", 503, `{"message_key": "suspended"}`, resolve.Error{Kind: resolve.Unavailable, Text: "This project is paused."}},
		{"a message of its own", 403, `{"message_key": "<b>hello</b>"}`, resolve.Error{Kind: resolve.Forbidden}},
		{"too long a pause", 503, `{"retry_after": "1000h"}`, resolve.Error{Kind: resolve.Unavailable, RetryAfter: 24 * time.Hour}},
		{"a negative pause", 503, `{"retry_after": -5}`, resolve.Error{Kind: resolve.Unavailable}},
		{"an unknown kind", 403, `{"kind": "gone"}`, resolve.Error{Kind: resolve.Internal}},
		{"an unknown field", 200, `{"endpoint": "a:1", "max_session": 1}`, resolve.Error{Kind: resolve.Internal}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := asking(t, serve(t, saying(tt.status, tt.body)), o).Resolve(t.Context(), orders)
			got, ok := err.(*resolve.Error)
			if !ok || got.Kind != tt.want.Kind || got.Text != tt.want.Text || got.RetryAfter != tt.want.RetryAfter || got.TTL != tt.want.TTL {
				t.Errorf("got %+v, want %+v", err, tt.want)
			}
		})
	}
}

func TestRetryAfterHeader(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(503)
	})
	_, err := asking(t, s, Options{}).Resolve(t.Context(), orders)
	if _, retry := resolve.Advice(err); retry != 7*time.Second {
		t.Errorf("%v: retry after %v", err, retry)
	}
}

// TestKeepAlive: all questions go over one connection, also after errors.
func TestKeepAlive(t *testing.T) {
	var mu sync.Mutex
	from := make(map[string]bool)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		from[r.RemoteAddr] = true
		saying([]int{200, 404}[len(from)%2], fullAnswer)(w, r)
	})
	r := asking(t, s, Options{})
	for range 10 {
		_, _ = r.Resolve(t.Context(), orders)
	}
	if len(from) != 1 {
		t.Errorf("%d connections", len(from))
	}
}

// TestConcurrency: as many questions at once as may be; the others wait, within
// their context.
func TestConcurrency(t *testing.T) {
	arrived, let := make(chan bool), make(chan bool)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		arrived <- true
		<-let
		_, _ = io.WriteString(w, fullAnswer)
	})
	r := asking(t, s, Options{Concurrency: 2, Timeout: time.Hour})
	answers := make(chan error)
	for range 3 {
		go func() {
			_, err := r.Resolve(t.Context(), orders)
			answers <- err
		}()
	}
	<-arrived
	<-arrived
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := r.Resolve(ctx, orders)
	wantKind(t, err, resolve.Timeout)
	select {
	case <-arrived:
		t.Fatal("a third question at once")
	default:
	}
	let <- true
	<-arrived
	let <- true
	let <- true
	for range 3 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	if got := r.Stats(); got["webhook_calls"] != uint64(3) || got["webhook_active"] != 0 || got["webhook_waiting"] != int64(0) {
		t.Errorf("stats: %v", got)
	}
}

// TestNoProxy: no variable sends questions elsewhere.
func TestNoProxy(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	r := asking(t, serve(t, saying(200, fullAnswer)), Options{})
	if proxy := r.transport.Proxy; proxy != nil {
		t.Error("the transport has a proxy")
	}
}

func TestIDThatIsNoText(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("was asked") })
	_, err := asking(t, s, Options{}).Resolve(t.Context(), resolve.Request{Resource: "a\xff"})
	wantKind(t, err, resolve.NotFound)
}

// TestTLS: a certificate is verified, by the authorities given.
func TestTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(saying(200, fullAnswer))
	s.Config.ErrorLog = discard()
	s.StartTLS()
	defer s.Close()
	_, err := asking(t, s, Options{}).Resolve(t.Context(), orders)
	wantKind(t, err, resolve.Internal)
	trusted := asking(t, s, Options{Roots: rootsOf(s)})
	if _, err := trusted.Resolve(t.Context(), orders); err != nil {
		t.Error(err)
	}
	_ = trusted.Close()
}

// TestThroughCache: the whole way from a client's question to the route, and what
// of it is asked again.
func TestThroughCache(t *testing.T) {
	var asked atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		body, _ := io.ReadAll(r.Body)
		if object(t, body)["resource"] == "orders" {
			_, _ = io.WriteString(w, `{"endpoint": "192.0.0.9:5432", "endpoints": ["192.0.0.10:5432"]}`)
			return
		}
		saying(403, `{"message_key": "suspended"}`)(w, r)
	})
	u, err := url.Parse(s.URL + "?messages=" + url.QueryEscape(file(t, "suspended: This project is paused.\n")))
	if err != nil {
		t.Fatal(err)
	}
	r, err := resolve.Open(u.String(), resolve.OpenOptions{Schemes: map[string]resolve.OpenFunc{"http": Open}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.(io.Closer).Close()
	c := resolve.NewCache(resolve.Chain(r, resolve.Fixed("192.0.0.11:1")), resolve.CacheOptions{})
	for range 3 {
		route, err := c.Fetch(t.Context(), orders)
		if err != nil || route.Endpoint != "192.0.0.9:5432" || len(route.Alternatives) != 1 {
			t.Errorf("Fetch = %+v, %v", route, err)
		}
		_, err = c.Fetch(t.Context(), resolve.Request{Protocol: "postgresql", Resource: "other"})
		if text, _ := resolve.Advice(err); resolve.KindOf(err) != resolve.Forbidden || text != "This project is paused." {
			t.Errorf("%v, %q", err, text)
		}
	}
	if n := asked.Load(); n != 2 {
		t.Errorf("asked %d times", n)
	}
}

// TestErrorsHideURL: a path may be secret.
func TestErrorsHideURL(t *testing.T) {
	s := serve(t, nil)
	s.Close()
	r, err := New(s.URL+"/hunter2", Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Resolve(t.Context(), orders)
	wantKind(t, err, resolve.Unavailable)
	if strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
}
