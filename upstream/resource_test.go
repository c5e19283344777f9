package upstream

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestResourceBoundsSessionsAtOnce(t *testing.T) {
	r := NewResources()
	now := time.Unix(1000, 0)
	two := Allowance{Sessions: 2}
	first, second := r.Enter("p", "a", two, now), r.Enter("p", "a", two, now)
	if first == nil || second == nil {
		t.Fatal("refused within the bound")
	}
	if r.Enter("p", "a", two, now) != nil {
		t.Error("a third of two was let in")
	}
	if r.Enter("q", "a", two, now) == nil || r.Enter("p", "b", two, now) == nil {
		t.Error("another resource was refused")
	}
	r.Leave(first)
	if r.Sessions("p", "a") != 1 || r.Enter("p", "a", two, now) == nil {
		t.Error("a place that was left is taken")
	}
}

func TestResourceBoundsRate(t *testing.T) {
	r := NewResources()
	now := r.born
	ten := Allowance{Rate: 10}
	enter := func() bool {
		res := r.Enter("p", "a", ten, now)
		r.Leave(res)
		return res != nil
	}
	for i := range 10 {
		if !enter() {
			t.Fatalf("number %d of 10 in a second was refused", i+1)
		}
	}
	if enter() {
		t.Error("an eleventh at once was let in")
	}
	for step, want := range []bool{false, true, false} { // every 50, 100, 150 ms
		now = now.Add(50 * time.Millisecond)
		if got := enter(); got != want {
			t.Errorf("%d ms later: %v, want %v", 50*(step+1), got, want)
		}
	}
	now = now.Add(time.Hour)
	let := 0
	for range 100 {
		if enter() {
			let++
		}
	}
	if let != 10 {
		t.Errorf("%d at once after an hour, want 10: allowance isn't saved up", let)
	}
}

func TestResourcesForgetIdleOnes(t *testing.T) {
	r := NewResources()
	busy := r.Enter("p", "busy", Allowance{}, time.Time{})
	for i := range 3 * shards * maxResources / 2 {
		r.Leave(r.Enter("p", fmt.Sprint(i), Allowance{}, time.Time{}))
	}
	kept := 0
	for i := range r.shards {
		kept += len(r.shards[i].m)
	}
	if kept > shards*maxResources+shards*maxResources/2 {
		t.Errorf("%d resources without sessions are kept", kept)
	}
	if r.Sessions("p", "busy") != 1 {
		t.Error("one with a session was forgotten")
	}
	r.Leave(busy)
}

func TestResourcesAtOnce(t *testing.T) {
	r := NewResources()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				if res := r.Enter("p", "a", Allowance{Sessions: 4}, time.Time{}); res != nil {
					if n := r.Sessions("p", "a"); n > 4 {
						t.Errorf("%d sessions of 4", n)
					}
					r.Leave(res)
				}
			}
		})
	}
	all.Wait()
	if n := r.Sessions("p", "a"); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}

func BenchmarkResourceEnter(b *testing.B) {
	r := NewResources()
	b.ReportAllocs()
	for b.Loop() {
		r.Leave(r.Enter("postgresql", "a-tenant", Allowance{Sessions: 100}, time.Time{}))
	}
}

func TestResourcesInUse(t *testing.T) {
	r := NewResources()
	enter := func(protocol, name string) *Resource { return r.Enter(protocol, name, Allowance{}, time.Time{}) }
	enter("p", "b")
	enter("p", "a")
	enter("p", "a")
	enter("q", "c")
	r.Leave(enter("p", "left"))
	got := r.InUse("p")
	slices.Sort(got)
	if !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("in use are %q, want a and b", got)
	}
}

// TestUsed: activity is noted to the second, and told of once in each interval.
func TestUsed(t *testing.T) {
	r := NewResources()
	res := r.Enter("p", "a", Allowance{}, r.born)
	const interval = time.Minute
	for _, step := range []struct {
		at, active time.Duration
		tell       bool
	}{
		{time.Second / 2, 1, false}, {10 * time.Second, 10 * time.Second, false}, {interval, interval, true},
		{interval + 1, interval, false}, {2*interval - 1, 2*interval - 1, false}, {2 * interval, 2*interval - 1, true},
	} {
		if tell := res.Used(step.at, interval); tell != step.tell {
			t.Errorf("at %v: told %v", step.at, tell)
		}
		if got := r.Stats()[0].LastActivity.Sub(r.born); got != step.active {
			t.Errorf("at %v: active at %v, want %v", step.at, got, step.active)
		}
	}
	if (*Resource)(nil).Used(time.Hour, interval) {
		t.Error("none is used")
	}
	if n := testing.AllocsPerRun(100, func() { res.Used(time.Hour, interval) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
