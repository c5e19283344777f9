package redis

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/redis/rueidis"

	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/resolve/redis/redistest"
)

// listen returns what is published on a channel of a server.
func listen(t *testing.T, s *redistest.Server, channel string) <-chan string {
	t.Helper()
	c := s.Client()
	heard, ready := make(chan string, 16), make(chan struct{})
	ctx := rueidis.WithOnSubscriptionHook(t.Context(), func(rueidis.PubSubSubscription) { close(ready) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = c.Receive(ctx, c.B().Subscribe().Channel(channel).Build(), func(m rueidis.PubSubMessage) { heard <- m.Message })
	}()
	t.Cleanup(func() {
		c.Close()
		<-done
	})
	<-ready
	return heard
}

// TestWakeByMessage: the platform hears of who is wanted, wakes it and writes
// that; the proxy hears of that.
func TestWakeByMessage(t *testing.T) {
	s := redistest.Start(t)
	put(s, "orders", "endpoint", here, "state", "cold", "wake", "publish")
	i := open(t, on(s))
	for wake, channel := range map[string]string{"publish": DefaultWakeChannel, "publish:zone 1": "zone 1"} {
		heard := listen(t, s, channel)
		if err := i.Wake(t.Context(), request("orders"), resolve.Result{Wake: wake}); err != nil {
			t.Fatal(err)
		}
		if got, want := <-heard, `{"protocol":"postgresql","resource":"orders","instance":"a"}`; got != want {
			t.Errorf("%s: published %s, want %s", wake, got, want)
		}
	}
	route, err := i.Fetch(t.Context(), request("orders"))
	if err != nil || route.State != resolve.Cold || route.Wake != "publish" {
		t.Fatalf("%+v, %v", route, err)
	}
	put(s, "orders", "state", "ready")
	i.wantTold(t, "orders")
	if route, err = i.Fetch(t.Context(), request("orders")); err != nil || route.State != resolve.Ready {
		t.Errorf("%+v, %v", route, err)
	}
}

// TestWakeUnheard: that nobody listens is logged.
func TestWakeUnheard(t *testing.T) {
	s := redistest.Start(t)
	log := &lines{}
	o := on(s)
	o.Logger = slog.New(log)
	i := open(t, o)
	if err := i.Wake(t.Context(), request("orders"), resolve.Result{Wake: "publish"}); err != nil {
		t.Fatal(err)
	}
	log.mu.Lock()
	defer log.mu.Unlock()
	if !strings.Contains(strings.Join(log.text, "\n"), "nobody listens") {
		t.Errorf("logged: %q", log.text)
	}
}

func TestWakeByURL(t *testing.T) {
	s := redistest.Start(t)
	failed := errors.New("no")
	o := on(s)
	var called string
	o.Hook = func(_ context.Context, url string, req resolve.Request, _ resolve.Result) error {
		called = url + " " + req.Resource
		return failed
	}
	i := open(t, o)
	if err := i.Wake(t.Context(), request("orders"), resolve.Result{Wake: "https://w.example/"}); !errors.Is(err, failed) || called != "https://w.example/ orders" {
		t.Errorf("%v, called with %q", err, called)
	}
	for _, bare := range []*instance{open(t, on(s)), i} {
		wake := "https://w.example/"
		if bare == i {
			wake = ""
		}
		if err := bare.Wake(t.Context(), request("orders"), resolve.Result{Wake: wake}); resolve.KindOf(err) != resolve.Internal || err == nil {
			t.Errorf("with nothing to wake with: %v", err)
		}
	}
}
