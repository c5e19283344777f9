//go:build unix

package resolve

import (
	"fmt"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

// BenchmarkRoute is what routing costs an event loop with cached answers, the
// endpoint being a name: the resource id of a client, one of so many, is looked
// up. The goal is 5 million per second and core, without an allocation.
func BenchmarkRoute(b *testing.B) {
	for _, resources := range []int{1, 1_000, 50_000} {
		b.Run(fmt.Sprint(resources), func(b *testing.B) { benchmarkRoute(b, resources) })
	}
}

func benchmarkRoute(b *testing.B, resources int) {
	r := &resolving{addrs: []netip.Addr{netip.MustParseAddr("192.0.0.9")}, ttl: time.Hour}
	c := NewCache(answering(Result{Endpoint: "db:5432", TTL: time.Hour}, nil), CacheOptions{Lookup: r.lookup})
	local := c.Local("postgresql")
	ids := make([][]byte, resources)
	for i := range ids {
		ids[i] = fmt.Appendf(nil, "tenant-%d", i)
		if _, err := c.Fetch(b.Context(), db(string(ids[i]))); err != nil {
			b.Fatal(err)
		}
		local.Lookup(ids[i])
	}
	b.ReportAllocs()
	i, before := 0, cpuTime(b)
	for b.Loop() {
		if local.Lookup(ids[i]) == nil {
			b.Fatal("not cached")
		}
		if i++; i == len(ids) {
			i = 0
		}
	}
	b.ReportMetric(float64(b.N)/(cpuTime(b)-before).Seconds(), "routes/cpu-s")
}

// cpuTime is what the process has used of the processors: a figure that other
// processes on a busy machine disturb less than the time of day.
func cpuTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
