package upstream

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestBlock(t *testing.T) {
	r := NewResources()
	enter := func() *Resource { return r.Enter("p", "a", Allowance{}, time.Now()) }
	there := enter()
	for range 2 { // again is no harm
		if err := r.Block("p", "a"); err != nil {
			t.Fatal(err)
		}
	}
	if enter() != nil || !r.Blocked("p", "a") || r.Sessions("p", "a") != 1 {
		t.Error("blocked, and somebody came in or went")
	}
	if r.Blocked("p", "b") || r.Blocked("q", "a") || r.Enter("p", "b", Allowance{}, time.Now()) == nil {
		t.Error("another resource is blocked")
	}
	r.Leave(there)
	if !r.Unblock("p", "a") || r.Unblock("p", "a") || r.Unblock("p", "never") {
		t.Error("what is unblocked was blocked, once")
	}
	if enter() == nil || r.blocks.n.Load() != 0 {
		t.Error("blocked still")
	}
}

// TestBlockedResourcesAreKept: they aren't forgotten, and bounded.
func TestBlockedResourcesAreKept(t *testing.T) {
	r := NewResources()
	for i := range maxBlocked {
		if err := r.Block("p", fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Block("p", "more"); !errors.Is(err, ErrTooManyBlocked) {
		t.Errorf("one too many: %v", err)
	}
	for i := range r.shards {
		r.shards[i].forgetIdle()
	}
	for i := range maxBlocked {
		if !r.Blocked("p", fmt.Sprint(i)) {
			t.Fatalf("%d is forgotten", i)
		}
	}
	if !r.Unblock("p", "7") || r.Block("p", "more") != nil {
		t.Error("one that is unblocked makes no room")
	}
}

func TestLastActivity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewResources()
		last := func() time.Time { return r.Stats()[0].LastActivity }
		if err := r.Block("p", "a"); err != nil || !last().IsZero() {
			t.Errorf("%v; active at %v before anybody came", err, last())
		}
		r.Unblock("p", "a")
		time.Sleep(time.Second)
		res := r.Enter("p", "a", Allowance{}, time.Now())
		came := time.Now()
		if !last().Equal(came) {
			t.Errorf("came at %v, active at %v", came, last())
		}
		time.Sleep(time.Hour)
		if !last().Equal(came) {
			t.Error("time alone is activity")
		}
		r.Leave(res)
		if !last().Equal(time.Now()) {
			t.Errorf("left at %v, active at %v", time.Now(), last())
		}
	})
}
