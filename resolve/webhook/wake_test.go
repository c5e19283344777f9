package webhook

import (
	"io"
	"net/http"
	"net/url"
	"reflect"
	"testing"

	"github.com/proxy-engine/proxy-engine/resolve"
)

func TestWake(t *testing.T) {
	var target string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		want := map[string]any{
			"event": "wake", "protocol": "postgresql", "resource": "orders", "endpoint": "10.0.0.7:5432",
			"wake": target, "metadata": map[string]any{"database": "main"},
		}
		if got := object(t, body); !reflect.DeepEqual(got, want) || r.Header.Get("Authorization") != "Bearer token" || r.URL.RawQuery != "id=7" {
			t.Errorf("told %v, want %v; %v %v", got, want, r.Header, r.URL)
		}
		w.WriteHeader(http.StatusAccepted)
	})
	target = s.URL + "/wake?id=7"
	res := resolve.Result{Endpoint: "10.0.0.7:5432", Wake: target, Metadata: map[string]string{"database": "main"}}
	w, err := NewWaker(Options{Token: "token", Origins: []string{s.URL}})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Wake(t.Context(), target, orders, res); err != nil {
		t.Error(err)
	}
	if err := asking(t, s, Options{Token: "token"}).Wake(t.Context(), orders, res); err != nil {
		t.Errorf("by a Resolver: %v", err)
	}
}

func TestWakeFails(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "/elsewhere")
		switch r.URL.Path {
		case "/suspended":
			saying(403, `{"message_key": "suspended"}`)(w, r)
		case "/elsewhere":
			t.Error("a redirect was followed")
		case "/redirect":
			w.WriteHeader(307)
		default:
			w.WriteHeader(404)
		}
	})
	w, err := NewWaker(Options{Origins: []string{s.URL}, Messages: map[string]string{"suspended": "It is paused."}})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for target, want := range map[string]resolve.Kind{
		s.URL + "/suspended":  resolve.Forbidden,
		s.URL + "/gone":       resolve.NotFound,
		s.URL + "/redirect":   resolve.Internal,
		"http://192.0.2.1/":   resolve.Internal, // isn't among the origins
		"file:///etc/passwd":  resolve.Internal,
		"https://u:p@a.b/":    resolve.Internal,
		"publish:wake":        resolve.Internal,
		"":                    resolve.Internal,
		"http://[::1":         resolve.Internal,
		"https" + s.URL[4:]:   resolve.Internal, // another origin
		s.URL + "0/suspended": resolve.Internal,
	} {
		err := w.Wake(t.Context(), target, orders, resolve.Result{})
		wantKind(t, err, want)
		if text, _ := resolve.Advice(err); (text == "It is paused.") != (want == resolve.Forbidden) {
			t.Errorf("%s: the client is told %q", target, text)
		}
	}
}

// TestTokenNeedsOrigins: a route mustn't say where the token goes.
func TestTokenNeedsOrigins(t *testing.T) {
	if _, err := NewWaker(Options{Token: "token"}); err == nil {
		t.Error("no error")
	}
	r, err := New("https://api.internal/resolve", Options{Token: "token"})
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, r.Wake(t.Context(), orders, resolve.Result{Wake: "https://elsewhere/"}), resolve.Internal)
}

func TestOrigin(t *testing.T) {
	for target, want := range map[string]string{
		"https://API.internal:443/x": "https://api.internal",
		"http://a:80":                "http://a",
		"http://a:443/":              "http://a:443",
		"https://[::1]:8443/?x":      "https://[::1]:8443",
		"ftp://a":                    "",
	} {
		if got := Origin(target); got != want {
			t.Errorf("Origin(%s) = %q, want %q", target, got, want)
		}
	}
	if _, err := url.Parse(Origin("https://[::1]:8443/")); err != nil {
		t.Error(err)
	}
}
