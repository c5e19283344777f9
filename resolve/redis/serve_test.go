package redis

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
	"github.com/proxy-engine/proxy-engine/resolve/redis/redistest"
)

// The places the tests' resources have; addresses the guard lets pass.
const (
	here    = "192.0.0.9:5432"
	there   = "192.0.0.10:5432"
	nowhere = "192.0.0.10:1"
)

// TestMoves: every instance hears of a change of what it knows, without asking.
func TestMoves(t *testing.T) {
	s := redistest.Start(t)
	put(s, "orders", "endpoint", here)
	a, b := open(t, on(s)), open(t, on(s))
	a.wantEndpoint(t, "orders", here)
	b.wantEndpoint(t, "orders", here)
	writer := s.Client()
	defer writer.Close()
	begun := time.Now()
	redistest.Do(t, writer, "HSET", "proxy:route:postgresql:orders", "endpoint", there)
	a.wantTold(t, "orders")
	t.Logf("told %v after the write began", time.Since(begun))
	b.wantTold(t, "orders")
	a.wantEndpoint(t, "orders", there)
	b.wantEndpoint(t, "orders", there)
	if asked := a.asked.Load(); asked != 2 {
		t.Errorf("asked %d times, want 2", asked)
	}
}

// TestLatencyOfPush measures, for the record, how long a change takes from its
// write to the caches.
func TestLatencyOfPush(t *testing.T) {
	s := redistest.Start(t)
	i := open(t, on(s))
	writer := s.Client()
	defer writer.Close()
	var worst, sum time.Duration
	const moves = 200
	for n := range moves {
		place := []string{here, there}[n%2]
		redistest.Do(t, writer, "HSET", "proxy:route:postgresql:orders", "endpoint", place)
		if n > 0 {
			i.wantTold(t, "orders")
		}
		i.wantEndpoint(t, "orders", place)
		begun := time.Now()
		redistest.Do(t, writer, "HSET", "proxy:route:postgresql:orders", "state", "ready", "endpoint", nowhere)
		i.wantTold(t, "orders")
		took := time.Since(begun)
		worst, sum = max(worst, took), sum+took
		i.wantEndpoint(t, "orders", nowhere)
	}
	t.Logf("%d changes seen %v after their write began on average, %v at worst", moves, sum/moves, worst)
}

// TestComesAndGoes: what isn't there is asked for once, and its creation, its end
// and its running out are told.
func TestComesAndGoes(t *testing.T) {
	s := redistest.Start(t)
	i := open(t, on(s))
	i.wantKind(t, "orders", resolve.NotFound)
	i.wantKind(t, "orders", resolve.NotFound)
	if asked := i.asked.Load(); asked != 1 {
		t.Errorf("asked %d times for what isn't there, want once", asked)
	}
	put(s, "orders", "endpoint", here)
	i.wantTold(t, "orders")
	i.wantEndpoint(t, "orders", here)
	s.Do("DEL", "proxy:route:postgresql:orders")
	i.wantTold(t, "orders")
	i.wantKind(t, "orders", resolve.NotFound)
	put(s, "orders", "endpoint", here)
	i.wantTold(t, "orders")
	i.wantEndpoint(t, "orders", here)
	s.Do("PEXPIRE", "proxy:route:postgresql:orders", "1")
	i.wantTold(t, "orders")
	until(t, "the resource has run out", func() bool {
		_, err := i.Fetch(t.Context(), request("orders"))
		return resolve.KindOf(err) == resolve.NotFound && err != nil
	})
}

// TestFlushed: a flush is told as doubt.
func TestFlushed(t *testing.T) {
	s := redistest.Start(t)
	put(s, "orders", "endpoint", here)
	i := open(t, on(s))
	i.wantEndpoint(t, "orders", here)
	drain(i.doubts)
	s.Do("FLUSHALL")
	<-i.doubts
	i.wantKind(t, "orders", resolve.NotFound)
}

func drain(c chan struct{}) {
	for len(c) > 0 {
		<-c
	}
}

// TestPurgeChannel: a resource, or all, published on the channel are forgotten;
// and an instance's Purge reaches the others.
func TestPurgeChannel(t *testing.T) {
	s := redistest.Start(t)
	put(s, "orders", "endpoint", here)
	a, b := open(t, on(s)), open(t, on(s))
	for n, purge := range []func(){
		func() { s.Do("PUBLISH", DefaultPurgeChannel, "orders") },
		func() { s.Do("PUBLISH", DefaultPurgeChannel, "*") },
		func() { b.Cache.Purge("orders") },
		func() { b.Resolver.Purge("orders") },
		func() { b.Resolver.Purge("") },
	} {
		a.wantEndpoint(t, "orders", here)
		purge()
		a.wantTold(t, []string{"orders", "", "orders", "orders", ""}[n])
		if got := a.Local("postgresql").Lookup([]byte("orders")); got != nil {
			t.Fatalf("purge %d: still there", n)
		}
	}
}

// TestAway: a Redis that is killed leaves what is cached served, and anything
// else fails at once; when it is there again, so are answers and push.
func TestAway(t *testing.T) {
	s := redistest.Start(t)
	put(s, "orders", "endpoint", here)
	i := open(t, on(s))
	i.wantEndpoint(t, "orders", here)
	s.Kill()
	until(t, "the loss is known", func() bool { return !i.connected() })
	i.wantEndpoint(t, "orders", here)
	if err := i.wantKind(t, "invoices", resolve.Unavailable); !strings.Contains(err.Error(), errAway.Error()) {
		t.Errorf("without an attempt: %v", err)
	}
	i.wantEndpoint(t, "orders", here)
	if err := i.Wake(t.Context(), request("orders"), resolve.Result{Wake: "publish"}); resolve.KindOf(err) != resolve.Unavailable {
		t.Errorf("Wake while away: %v", err)
	}
	i.Resolver.Purge("orders") // only logged

	s.Restart()
	put(s, "orders", "endpoint", there)
	put(s, "invoices", "endpoint", here)
	i.wantConnects(t, 2)
	i.wantEndpoint(t, "orders", there)
	i.wantEndpoint(t, "invoices", here)
	put(s, "orders", "endpoint", here)
	i.wantTold(t, "orders")
	i.wantEndpoint(t, "orders", here)
}

// TestStartsWithoutRedis: that it is away at the start is no error.
func TestStartsWithoutRedis(t *testing.T) {
	s := redistest.Start(t)
	s.Kill()
	i := open(t, on(s))
	i.wantKind(t, "orders", resolve.Unavailable)
	s.Restart()
	put(s, "orders", "endpoint", here)
	i.wantConnects(t, 1)
	i.wantEndpoint(t, "orders", here)
}

// TestHangs: a Redis that is there and says nothing counts as away.
func TestHangs(t *testing.T) {
	s := redistest.Start(t)
	put(s, "orders", "endpoint", here)
	o := on(s)
	o.Timeout, o.ConnectTimeout = time.Second, time.Second
	i := open(t, o)
	i.wantEndpoint(t, "orders", here)
	s.Signal(syscall.SIGSTOP)
	defer s.Signal(syscall.SIGCONT)
	i.wantKind(t, "invoices", resolve.Unavailable)
	until(t, "the silence is noticed", func() bool { return !i.connected() })
	i.wantEndpoint(t, "orders", here)
	s.Signal(syscall.SIGCONT)
	put(s, "invoices", "endpoint", there)
	i.wantConnects(t, 2)
	i.wantEndpoint(t, "invoices", there)
}

// TestFaultyRecords: who asks gets no detail beyond the kind's, the log does.
func TestFaultyRecords(t *testing.T) {
	s := redistest.Start(t)
	log := &lines{}
	o := on(s)
	o.Logger = slog.New(log)
	i := open(t, o)
	put(s, "faulty", "endpoint", here, "stat", "cold")
	put(s, "blocked", "state", "blocked")
	s.Do("SET", "proxy:route:postgresql:text", "x")
	i.wantKind(t, "faulty", resolve.Internal)
	i.wantKind(t, "blocked", resolve.Forbidden)
	i.wantKind(t, "text", resolve.Internal)
	i.wantKind(t, strings.Repeat("x", maxResource+1), resolve.NotFound)
	log.mu.Lock()
	all := strings.Join(log.text, "\n")
	log.mu.Unlock()
	if !strings.Contains(all, `key=proxy:route:postgresql:faulty`) || !strings.Contains(all, `"stat": unknown`) {
		t.Errorf("logged:\n%s", all)
	}
	s.Do("HDEL", "proxy:route:postgresql:faulty", "stat")
	i.wantTold(t, "faulty")
	i.wantEndpoint(t, "faulty", here)
}

// TestHostileNames: what a client calls its resource leads to no other key.
func TestHostileNames(t *testing.T) {
	s := redistest.Start(t)
	s.Do("HSET", "proxy:route:mysql:orders", "endpoint", here)
	s.Do("HSET", "proxy:route:postgresql:a:b", "endpoint", here)
	s.Do("HSET", "secret", "endpoint", here)
	i := open(t, on(s))
	for _, name := range []string{"a:b", "../mysql:orders", ":mysql:orders", "*", "orders\r\nGET secret", "\x00", "{secret}", strings.Repeat("%", 1000)} {
		i.wantKind(t, name, resolve.NotFound)
	}
	s.Do("HSET", "proxy:route:postgresql:a%3Ab", "endpoint", there)
	i.wantTold(t, "a:b")
	i.wantEndpoint(t, "a:b", there)
}

// TestLogin: a password that is wrong fails the start, and isn't shown.
func TestLogin(t *testing.T) {
	s := redistest.Start(t)
	s.Do("ACL", "SETUSER", "proxy", "on", ">s3cret", "allkeys", "allchannels", "+@all")
	s.Do("ACL", "SETUSER", "narrow", "on", ">s3cret", "allkeys", "allchannels", "+@all", "-client|tracking")
	s.Do("ACL", "SETUSER", "default", "off")
	o := on(s)
	o.Username, o.Password = "proxy", "s3cret"
	i := open(t, o)
	i.wantKind(t, "orders", resolve.NotFound)
	for user, password := range map[string]string{"proxy": "wr0ng", "": "", "narrow": "s3cret"} {
		o.Username, o.Password = user, password
		r, err := New(o)
		if err == nil {
			t.Errorf("%q gets in", user)
			_ = r.Close()
			continue
		}
		if strings.Contains(err.Error(), "wr0ng") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

// TestDatabasesApart: another database's keys aren't this one's.
func TestDatabasesApart(t *testing.T) {
	s := redistest.Start(t)
	put(s, "orders", "endpoint", here)
	u, err := url.Parse("redis+unix://" + s.Socket + "?db=3&client_name=p1")
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(u, resolve.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.(*Resolver).Close()
	if _, err := r.Resolve(t.Context(), request("orders")); resolve.KindOf(err) != resolve.NotFound {
		t.Errorf("in database 3: %v", err)
	}
	if list := s.Do("CLIENT", "LIST"); !strings.Contains(list, "name=p1") {
		t.Errorf("the client's name isn't in\n%s", list)
	}
}

// TestEndsWithContext: who doesn't want to wait needn't.
func TestEndsWithContext(t *testing.T) {
	s := redistest.Start(t)
	r := open(t, on(s))
	s.Signal(syscall.SIGSTOP)
	defer s.Signal(syscall.SIGCONT)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := r.Resolver.Resolve(ctx, request("orders")); err == nil {
		t.Error("no error")
	}
}
