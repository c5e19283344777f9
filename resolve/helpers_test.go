package resolve

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// fake is a Resolver that counts its calls per resource.
type fake struct {
	resolve func(ctx context.Context, req Request) (Result, error)

	mu    sync.Mutex
	calls map[string]int
}

func (f *fake) Resolve(ctx context.Context, req Request) (Result, error) {
	f.mu.Lock()
	if f.calls == nil {
		f.calls = make(map[string]int)
	}
	f.calls[req.Resource]++
	f.mu.Unlock()
	return f.resolve(ctx, req)
}

func (f *fake) called(resource string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[resource]
}

// answering returns a fake that always gives the same answer.
func answering(res Result, err error) *fake {
	return &fake{resolve: func(context.Context, Request) (Result, error) { return res, err }}
}

// public is a result the guard lets pass.
var public = Result{Endpoint: "192.0.0.9:5432"}

func db(resource string) Request { return Request{Protocol: "postgresql", Resource: resource} }

func noLookup(context.Context, string) ([]netip.Addr, time.Duration, error) {
	panic("no name is to be looked up")
}

// mustFetch fetches a route that has to be there.
func mustFetch(t *testing.T, c *Cache, resource string) *Route {
	t.Helper()
	route, err := c.Fetch(t.Context(), db(resource))
	if err != nil {
		t.Fatalf("Fetch(%q): %v", resource, err)
	}
	return route
}

// wantKind fetches a route that mustn't be there.
func wantKind(t *testing.T, c *Cache, resource string, want Kind) {
	t.Helper()
	route, err := c.Fetch(t.Context(), db(resource))
	if err == nil || route != nil || KindOf(err) != want {
		t.Fatalf("Fetch(%q) = %v, %v, want an error of kind %v", resource, route, err, want)
	}
}

// wantCalls checks how often a resource has been asked for.
func wantCalls(t *testing.T, f *fake, resource string, want int) {
	t.Helper()
	if got := f.called(resource); got != want {
		t.Fatalf("%q was resolved %d times, want %d", resource, got, want)
	}
}

// logRecorder hands log records to a test.
type logRecorder struct {
	slog.Handler
	records chan slog.Record
}

func newLogRecorder() *logRecorder {
	return &logRecorder{Handler: slog.DiscardHandler, records: make(chan slog.Record, 100)}
}

func (r *logRecorder) logger() *slog.Logger { return slog.New(r) }

func (r *logRecorder) Enabled(context.Context, slog.Level) bool { return true }

func (r *logRecorder) WithAttrs([]slog.Attr) slog.Handler { return r }

func (r *logRecorder) Handle(_ context.Context, record slog.Record) error {
	r.records <- record
	return nil
}

// attr returns the text of an attribute of a record, "" if it isn't there.
func attr(record slog.Record, key string) (text string) {
	record.Attrs(func(a slog.Attr) bool {
		if a.Key == key {
			text = a.Value.String()
		}
		return true
	})
	return text
}
