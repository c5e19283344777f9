package redis

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/resolve/redis/redistest"
)

// patience is how long a test waits for what has to come.
const patience = 30 * time.Second

// instance is a Resolver with the cache of a proxy in front, and what it was
// told.
type instance struct {
	*Resolver
	*resolve.Cache
	told chan string // changed(resource)
	// doubts has one entry per doubt.
	doubts chan struct{}
}

// watched hears what the Cache hears, after it.
type watched struct {
	*Resolver
	i *instance
}

func (w watched) Notify(changed func(string)) {
	w.Resolver.Notify(func(resource string) {
		changed(resource)
		w.i.told <- resource
	})
}

func (w watched) NotifyDoubt(doubt func()) {
	w.Resolver.NotifyDoubt(func() {
		doubt()
		w.i.doubts <- struct{}{}
	})
}

// open starts an instance that ends with the test.
func open(t *testing.T, o Options) *instance {
	t.Helper()
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	i := &instance{Resolver: r, told: make(chan string, 4096), doubts: make(chan struct{}, 4096)}
	i.Cache = resolve.NewCache(watched{r, i}, resolve.CacheOptions{
		TTL: time.Hour, NegativeTTL: time.Hour, Guard: resolve.Guard{}, Timeout: patience,
	})
	return i
}

// on are the options for a server behind its Unix socket.
func on(s *redistest.Server) Options {
	return Options{Addresses: []string{s.Socket}, Unix: true, Instance: "a", Timeout: patience, ConnectTimeout: patience}
}

func request(resource string) resolve.Request {
	return resolve.Request{Protocol: "postgresql", Resource: resource}
}

// endpoint is where the cache says a resource is.
func (i *instance) endpoint(t *testing.T, resource string) string {
	t.Helper()
	route, err := i.Fetch(t.Context(), request(resource))
	if err != nil {
		t.Fatalf("Fetch(%q): %v", resource, err)
	}
	return route.Endpoint
}

func (i *instance) wantEndpoint(t *testing.T, resource, want string) {
	t.Helper()
	if got := i.endpoint(t, resource); got != want {
		t.Fatalf("%q is at %s, want %s", resource, got, want)
	}
}

func (i *instance) wantKind(t *testing.T, resource string, want resolve.Kind) error {
	t.Helper()
	_, err := i.Fetch(t.Context(), request(resource))
	if err == nil || resolve.KindOf(err) != want {
		t.Fatalf("Fetch(%q) fails with %v, want the kind %v", resource, err, want)
	}
	return err
}

// wantTold waits until the cache has been told that a resource changed.
func (i *instance) wantTold(t *testing.T, resource string) {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case got := <-i.told:
			if got == resource {
				return
			}
		case <-late:
			t.Fatalf("not told that %q has changed", resource)
		}
	}
}

// until waits for a condition that becomes true by what other goroutines or
// processes do.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("not after %v: %s", patience, what)
		}
	}
}

func (i *instance) connected() bool { return i.Resolver.Stats()["connected"].(bool) }

// wantConnects waits until the instance has connected for the nth time, and the
// cache knows.
func (i *instance) wantConnects(t *testing.T, n uint64) {
	t.Helper()
	until(t, "connected", func() bool { return i.Resolver.Stats()["connects"] == n })
}

// put writes the hash of a PostgreSQL database.
func put(s *redistest.Server, resource string, fields ...string) {
	s.Do(append([]string{"HSET", "proxy:route:postgresql:" + resource}, fields...)...)
}

// lines keeps what is logged.
type lines struct {
	mu   sync.Mutex
	text []string
}

func (l *lines) Enabled(context.Context, slog.Level) bool { return true }
func (l *lines) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *lines) WithGroup(string) slog.Handler            { return l }

func (l *lines) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool {
		text += " " + a.String()
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, text)
	return nil
}

// tcp is a client over an address, for modes without a Unix socket.
func tcp(t *testing.T, o rueidis.ClientOption) rueidis.Client {
	t.Helper()
	o.DisableCache = true
	c, err := rueidis.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}
