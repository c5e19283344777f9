package redis

import (
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/resolve/redis/redistest"
)

const ordersUse = "proxy:activity:postgresql:orders"

// quick are options with which the use is written soon.
func quick(s *redistest.Server, instance string) Options {
	o := on(s)
	o.Instance, o.ActivityInterval = instance, 10*time.Millisecond
	return o
}

// field reads one field of the hash of the use of orders.
func field(s *redistest.Server, name string) string { return s.Do("HGET", ordersUse, name) }

func wantField(t *testing.T, s *redistest.Server, name, want string) {
	t.Helper()
	until(t, name+" is "+want, func() bool { return field(s, name) == want })
}

// TestActivity: sessions are counted per instance and in all, a connection isn't
// activity, bytes are, and a proxy that ends takes its counts along.
func TestActivity(t *testing.T) {
	s := redistest.Start(t)
	a, b := open(t, quick(s, "a")), open(t, quick(s, "b"))
	begun := time.Now().UnixMilli()
	a.OnConnect(request("orders"), resolve.Result{})
	a.OnConnect(request("orders"), resolve.Result{})
	b.OnConnect(request("orders"), resolve.Result{})
	wantField(t, s, "sessions", "3")
	wantField(t, s, "sessions:a", "2")
	wantField(t, s, "sessions:b", "1")
	if got := field(s, "last_activity"); got != "" {
		t.Errorf("connecting is activity, at %s", got)
	}
	if at, err := strconv.ParseInt(field(s, "last_connect"), 10, 64); err != nil || at < begun-1000 {
		t.Errorf("the last session began at %d, %v, want %d or later", at, err, begun)
	}
	a.OnDisconnect(request("orders"), resolve.Result{}, 0, 0)
	wantField(t, s, "sessions", "2")
	if got := field(s, "last_activity"); got != "" {
		t.Errorf("the end of a session without bytes is activity, at %s", got)
	}
	a.Track(request("orders"), resolve.Result{}, 10, 10)
	until(t, "there was activity", func() bool { return field(s, "last_activity") != "" })
	b.OnDisconnect(request("orders"), resolve.Result{}, 0, 1)
	wantField(t, s, "sessions:b", "")
	wantField(t, s, "sessions", "1")
	if ttl, _ := strconv.ParseInt(s.Do("PTTL", ordersUse), 10, 64); ttl <= 0 || ttl > DefaultLease.Milliseconds() {
		t.Errorf("with sessions, the count holds for %d ms", ttl)
	}
	if err := a.Resolver.Close(); err != nil {
		t.Error(err)
	}
	wantField(t, s, "sessions", "0")
	if got := field(s, "sessions:a") + field(s, "lease:a"); got != "" {
		t.Errorf("of the instance that ended there is left %s", got)
	}
	if ttl, _ := strconv.ParseInt(s.Do("PTTL", ordersUse), 10, 64); ttl <= DefaultLease.Milliseconds() {
		t.Errorf("without sessions, the last use is known for %d ms", ttl)
	}
}

// TestActivityOfTheCrashed: the counts of an instance that says no more are
// dropped by the others, or with the key.
func TestActivityOfTheCrashed(t *testing.T) {
	s := redistest.Start(t)
	s.Do("HSET", ordersUse, "sessions:dead", "7", "lease:dead", "1", "last_activity", "junk")
	i := open(t, quick(s, "a"))
	i.OnConnect(request("orders"), resolve.Result{})
	i.Track(request("orders"), resolve.Result{}, 1, 1)
	wantField(t, s, "sessions", "1")
	if got := field(s, "sessions:dead") + field(s, "lease:dead"); got != "" {
		t.Errorf("of the dead there is left %s", got)
	}
}

// TestActivityAfterAbsence: what happened while Redis was away is written when
// it is back, and so are the counts an empty one has lost.
func TestActivityAfterAbsence(t *testing.T) {
	s := redistest.Start(t)
	i := open(t, quick(s, "a"))
	i.OnConnect(request("orders"), resolve.Result{})
	wantField(t, s, "sessions", "1")
	s.Kill()
	until(t, "the loss is known", func() bool { return !i.connected() })
	i.OnConnect(request("invoices"), resolve.Result{})
	s.Restart()
	wantField(t, s, "sessions", "1")
	until(t, "the other is counted too", func() bool { return s.Do("HGET", "proxy:activity:postgresql:invoices", "sessions") == "1" })
	if n := i.Resolver.Stats()["activity_resources"]; n != 2 {
		t.Errorf("%v resources with sessions, want 2", n)
	}
}

// TestActivityRefused: a key that is no hash is logged and given up.
func TestActivityRefused(t *testing.T) {
	s := redistest.Start(t)
	s.Do("SET", ordersUse, "x")
	log := &lines{}
	o := quick(s, "a")
	o.Logger = slog.New(log)
	i := open(t, o)
	i.Track(request("orders"), resolve.Result{}, 1, 1)
	until(t, "it is logged", func() bool {
		log.mu.Lock()
		defer log.mu.Unlock()
		return strings.Contains(strings.Join(log.text, "\n"), "can't be written")
	})
	until(t, "it is given up", func() bool { return i.Resolver.Stats()["activity_pending"] == 0 })
}

// TestNoActivity: with Activity "-" nothing is written.
func TestNoActivity(t *testing.T) {
	s := redistest.Start(t)
	o := quick(s, "a")
	o.Activity = noActivity
	i := open(t, o)
	i.OnConnect(request("orders"), resolve.Result{})
	i.Track(request("orders"), resolve.Result{}, 1, 1)
	i.OnDisconnect(request("orders"), resolve.Result{}, 1, 1)
	if err := i.Resolver.Close(); err != nil {
		t.Error(err)
	}
	if keys := s.Do("DBSIZE"); keys != "0" {
		t.Errorf("%s keys are there, want none", keys)
	}
}
