package webhook

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/goleak"

	"github.com/proxy-engine/proxy-engine/resolve"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var orders = resolve.Request{Protocol: "postgresql", Resource: "orders"}

// serve runs a service until the end of the test.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// saying is a service that always gives the same answer.
func saying(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// asking returns a Resolver of a service, closed before it.
func asking(t *testing.T, s *httptest.Server, o Options) *Resolver {
	t.Helper()
	r, err := New(s.URL+"/resolve", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// object decodes a JSON object that a service was sent.
func object(t *testing.T, body []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		t.Errorf("sent %q: %v", body, err)
	}
	return m
}

// wantKind checks the kind of an error.
func wantKind(t *testing.T, err error, want resolve.Kind) {
	t.Helper()
	if err == nil || resolve.KindOf(err) != want {
		t.Errorf("error %v, want one of kind %v", err, want)
	}
}
