package coldtest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/resolve/webhook"
)

// hook is a web service that wakes resources, one call after the other.
type hook struct {
	*httptest.Server
	calls atomic.Int64
}

// startHook has a resource that p says is cold, without a way to wake it, woken by
// a call to a web service, which answers as the test says.
func startHook(t *testing.T, p *platform, answer http.HandlerFunc) (*hook, resolve.Resolver) {
	t.Helper()
	h := new(hook)
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.calls.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		answer(w, r)
	}))
	t.Cleanup(h.Close)
	waker, err := webhook.NewWaker(webhook.Options{Messages: map[string]string{"quota": "Your plan has no hours left."}})
	enginetest.Must(t, err)
	t.Cleanup(func() { enginetest.CloseAll(t, waker) })
	p.set(func(r *resolve.Result) { r.Wake = "" })
	return h, resolve.WithWake(p, h.URL+"/wake", waker.Wake)
}

// The wake hook of the configuration is called once for all.
func TestHookWakes(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := asleep(reserve(t))
		h, resolver := startHook(t, p, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusAccepted)
			trust(t, p.result.Endpoint)
		})
		proxy := startPostgres(t, impl, resolver, func(cfg *engine.Config) { cfg.ColdStart.Interval = 5 * time.Millisecond })
		for _, client := range come(proxy, 50) {
			client.Hear(welcome)
			enginetest.CloseAll(t, client)
		}
		if n := h.calls.Load(); n != 1 {
			t.Errorf("called %d times", n)
		}
	})
}

// When it says no, everybody who waits is told, in the words it chose.
func TestHookFails(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := asleep(reserve(t))
		everybody := make(chan struct{})
		var failed atomic.Pointer[time.Time]
		h, resolver := startHook(t, p, func(w http.ResponseWriter, _ *http.Request) {
			<-everybody
			now := time.Now()
			failed.Store(&now)
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"kind": "unavailable", "message_key": "quota"}`)
		})
		proxy := startPostgres(t, impl, resolver, nil)
		waiting := come(proxy, 200)
		enginetest.Eventually(t, "the hook is called", func() bool { return h.calls.Load() == 1 })
		close(everybody)
		for _, client := range waiting {
			hearRefusal(t, client, "Your plan has no hours left.")
		}
		t.Logf("all %d were told %v after the failure", len(waiting), time.Since(*failed.Load()).Round(time.Microsecond))
		proxy.AwaitClosed(engine.WakeFailed, uint64(len(waiting)))
		if n := h.calls.Load(); n != 1 {
			t.Errorf("called %d times", n)
		}
	})
}
