package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

func TestTTLWithinBounds(t *testing.T) {
	for _, tt := range []struct {
		record int
		o      Options
		want   time.Duration
	}{
		{60, Options{}, time.Minute},
		{0, Options{}, DefaultMinTTL},
		{0, Options{MinTTL: 10 * time.Second}, 10 * time.Second},
		{0, Options{MinTTL: -1}, -1},
		{86400, Options{}, DefaultMaxTTL},
		{86400, Options{MaxTTL: time.Hour}, time.Hour},
		{1 << 31, Options{}, DefaultMinTTL}, // RFC 2181 section 8
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newFake(t, newZone(t, fmt.Sprintf("db.test. %d IN A 192.0.0.9", tt.record)), tt.o)
			wantTTL(t, r, "db.test", tt.want)
		})
	}
}

func TestTTLIsTheLeastOfAllRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFake(t, newZone(t, "db.test. 100 IN CNAME a.test.", "a.test. 20 IN CNAME b.test.", "b.test. 50 IN A 192.0.0.9"), Options{})
		wantTTL(t, r, "db.test", 20*time.Second)
	})
}

// TestCache: a name is asked for once while its answer holds, and what is left
// of that is told.
func TestCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := newZone(t, "db.test. 60 IN A 192.0.0.9")
		r := newFake(t, z, Options{})
		wantTTL(t, r, "db.test.", 60*time.Second)
		z.wantQuestions(t, "db.test. A", "db.test. AAAA")
		time.Sleep(59 * time.Second)
		wantTTL(t, r, "DB.test.", time.Second)
		z.wantQuestions(t)
		time.Sleep(time.Second)
		wantTTL(t, r, "db.test.", 60*time.Second)
		z.wantQuestions(t, "db.test. A", "db.test. AAAA")
	})
}

// TestRebinding: the addresses change when their TTL is over, not before.
func TestRebinding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := newZone(t, "db.test. 5 IN A 192.0.0.9")
		r := newFake(t, z, Options{})
		wantAddrs(t, r, "db.test", "192.0.0.9")
		z.set(t, "db.test. 5 IN A 127.0.0.1")
		time.Sleep(5*time.Second - 1)
		wantAddrs(t, r, "db.test", "192.0.0.9")
		time.Sleep(time.Nanosecond)
		wantAddrs(t, r, "db.test", "127.0.0.1")
	})
}

func wantMissing(t *testing.T, r *Resolver, name, why string, ttl time.Duration) {
	t.Helper()
	addrs, got, err := r.Lookup(t.Context(), name)
	var fault *net.DNSError
	if addrs != nil || !errors.As(err, &fault) || !fault.IsNotFound || fault.Err != why || got != ttl {
		t.Fatalf("Lookup(%q) = %v, %v, %v; want %s for %v", name, addrs, got, err, why, ttl)
	}
}

// TestNegativeCache: that a name or an address is missing holds as long as the
// zone's SOA record says, within bounds.
func TestNegativeCache(t *testing.T) {
	for _, tt := range []struct {
		o    Options
		want time.Duration
	}{
		{Options{}, 7 * time.Second},
		{Options{NegativeTTL: 3 * time.Second}, 3 * time.Second},
		{Options{MinTTL: 8 * time.Second}, 8 * time.Second},
		{Options{NegativeTTL: -1}, -1},
	} {
		synctest.Test(t, func(t *testing.T) {
			z := newZone(t, "text.test. 60 IN TXT no-address")
			r := newFake(t, z, tt.o)
			wantMissing(t, r, "db.test.", "no such host", tt.want)
			wantMissing(t, r, "text.test.", "the name has no address", tt.want)
			z.set(t, "db.test. 60 IN A 192.0.0.9", "text.test. 60 IN A 192.0.0.9")
			if tt.want > 0 {
				time.Sleep(tt.want - 1)
				wantMissing(t, r, "db.test.", "no such host", 1)
				time.Sleep(time.Nanosecond)
			}
			wantTTL(t, r, "db.test.", time.Minute)
			wantTTL(t, r, "text.test.", time.Minute)
		})
	}
}

func servfail(_, answer *dns.Msg) {
	answer.Rcode, answer.Answer, answer.Ns = dns.RcodeServerFailure, nil, nil
}

func wantFailure(t *testing.T, r *Resolver, name, why string) {
	t.Helper()
	_, ttl, err := r.Lookup(t.Context(), name)
	var fault *net.DNSError
	if !errors.As(err, &fault) || fault.IsNotFound || !fault.IsTemporary || !strings.Contains(fault.Err, why) || ttl > failureTTL {
		t.Fatalf("Lookup(%q) fails with %v for %v; want %s", name, err, ttl, why)
	}
}

// TestStaleOnFailure: while the servers fail, what was known serves on, and they
// are asked again each second.
func TestStaleOnFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := newZone(t, "db.test. 60 IN A 192.0.0.9")
		r := newFake(t, z, Options{StaleFor: 10 * time.Second})
		wantTTL(t, r, "db.test.", time.Minute)
		z.alter(servfail)
		time.Sleep(time.Minute)
		z.questions()
		for range 10 {
			wantTTL(t, r, "db.test.", failureTTL)
			if len(z.questions()) == 0 {
				t.Fatal("the servers aren't asked again")
			}
			wantTTL(t, r, "db.test.", failureTTL)
			z.wantQuestions(t)
			time.Sleep(failureTTL)
		}
		wantFailure(t, r, "db.test.", "SERVFAIL")
		z.alter(nil)
		time.Sleep(failureTTL)
		wantTTL(t, r, "db.test.", time.Minute)
	})
}

// TestNotStaleOnceGone: that a name doesn't exist any more isn't a failure.
func TestNotStaleOnceGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := newZone(t, "db.test. 60 IN A 192.0.0.9")
		r := newFake(t, z, Options{})
		wantTTL(t, r, "db.test.", time.Minute)
		z.set(t)
		time.Sleep(time.Minute)
		wantMissing(t, r, "db.test.", "no such host", 7*time.Second)
	})
}

// TestOneFamilyFails: the other's addresses are there, for a short time.
func TestOneFamilyFails(t *testing.T) {
	fail := func(family uint16) func(q, answer *dns.Msg) {
		return func(q, answer *dns.Msg) {
			if q.Question[0].Qtype == family {
				servfail(q, answer)
			}
		}
	}
	for _, tt := range []struct {
		fails uint16
		want  string
	}{{dns.TypeAAAA, "192.0.0.9"}, {dns.TypeA, "2001:1::1"}} {
		synctest.Test(t, func(t *testing.T) {
			z := newZone(t, "db.test. 60 IN A 192.0.0.9", "db.test. 60 IN AAAA 2001:1::1")
			z.alter(fail(tt.fails))
			r := newFake(t, z, Options{})
			if ttl := wantAddrs(t, r, "db.test", tt.want); ttl != halfTTL {
				t.Errorf("half of the addresses hold for %v", ttl)
			}
			z.alter(nil)
			time.Sleep(halfTTL)
			wantAddrs(t, r, "db.test", "2001:1::1 192.0.0.9")
		})
	}
	t.Run("nothing is known of the name", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			z := newZone(t, "db.test. 60 IN AAAA 2001:1::1", "text.test. 60 IN TXT x")
			z.alter(fail(dns.TypeAAAA))
			wantFailure(t, newFake(t, z, Options{}), "text.test.", "SERVFAIL")
		})
	})
}

// TestOneFamilyIsSilent: the other's addresses don't wait for it for long.
func TestOneFamilyIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := newZone(t, "db.test. 60 IN A 192.0.0.9")
		r := newFake(t, z, Options{})
		r.exchange = func(ctx context.Context, _, _ string, q *dns.Msg) (*dns.Msg, error) {
			if q.Question[0].Qtype == dns.TypeAAAA {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return z.answer(q), nil
		}
		start := time.Now()
		wantTTL(t, r, "db.test", halfTTL)
		if waited := time.Since(start); waited != patience {
			t.Errorf("waited %v", waited)
		}
		synctest.Wait() // the other question was given up
	})
}

// TestSilentServers: a lookup that nobody answers ends in time, as a timeout.
func TestSilentServers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFake(t, nil, Options{})
		r.exchange = func(ctx context.Context, _, _ string, _ *dns.Msg) (*dns.Msg, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		start := time.Now()
		_, _, err := r.Lookup(t.Context(), "db.test")
		var fault *net.DNSError
		if waited := time.Since(start); !errors.As(err, &fault) || !fault.IsTimeout || waited != DefaultTimeout {
			t.Errorf("after %v: %v", waited, err)
		}
	})
}

// TestLeaving: who doesn't wait any longer doesn't end the others' question.
func TestLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := newZone(t, "db.test. 60 IN A 192.0.0.9")
		r := newFake(t, z, Options{})
		r.exchange = func(_ context.Context, _, _ string, q *dns.Msg) (*dns.Msg, error) {
			time.Sleep(time.Second)
			return z.answer(q), nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		left := make(chan error, 1)
		go func() {
			_, _, err := r.Lookup(ctx, "db.test.")
			left <- err
		}()
		wantAddrs(t, r, "db.test.", "192.0.0.9")
		if err := <-left; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who left is given %v", err)
		}
		z.wantQuestions(t, "db.test. A", "db.test. AAAA")
	})
}

// TestSingleFlight: many resources on one host are one question.
func TestSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := newZone(t, "db.test. 60 IN A 192.0.0.9")
		r := newFake(t, z, Options{})
		answer := r.exchange
		r.exchange = func(ctx context.Context, network, server string, q *dns.Msg) (*dns.Msg, error) {
			time.Sleep(time.Second)
			return answer(ctx, network, server, q)
		}
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() { wantAddrs(t, r, "db.test.", "192.0.0.9") })
		}
		all.Wait()
		z.wantQuestions(t, "db.test. A", "db.test. AAAA")
	})
}

// TestNamesAreBounded: the name that was asked for last stays.
func TestNamesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := newZone(t, "db.test. 60 IN A 192.0.0.9")
		r := newFake(t, z, Options{MaxNames: 3})
		for i := range 10 {
			wantAddrs(t, r, "db.test.", "192.0.0.9")
			wantMissing(t, r, fmt.Sprintf("n%d.test.", i), "no such host", 7*time.Second)
			if n := r.cache.size(); n > 3 {
				t.Fatalf("%d names are kept", n)
			}
		}
		if n := strings.Count(strings.Join(z.questions(), "\n"), "db.test. A\n"); n != 1 {
			t.Errorf("the name in use was asked for %d times", n)
		}
	})
}

// TestAnswersAreCopies: who sorts what he got doesn't change it for others.
func TestAnswersAreCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newFake(t, newZone(t, "db.test. 60 IN A 192.0.0.9"), Options{})
		addrs, _, err := r.Lookup(t.Context(), "db.test")
		if err != nil {
			t.Fatal(err)
		}
		addrs[0] = netip.Addr{}
		wantAddrs(t, r, "db.test", "192.0.0.9")
	})
}
