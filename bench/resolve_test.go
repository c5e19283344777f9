package bench

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/proxy-engine/proxy-engine/resolve"
)

// endpoint is an address the guard lets pass.
const endpoint = "192.0.0.9:5432"

// orders is what everybody asks for.
var orders = resolve.Request{Protocol: "postgresql", Resource: "orders"}

// BenchmarkLocalHit is what routing costs an event loop nearly always.
func BenchmarkLocalHit(b *testing.B) {
	cache := newCache(b, resolve.CacheOptions{})
	local := cache.Local(orders.Protocol)
	resource := []byte(orders.Resource)
	b.ReportAllocs()
	for b.Loop() {
		if local.Lookup(resource) == nil {
			b.Fatal("not found")
		}
	}
}

// BenchmarkFetchHit finds a route in the cache that the loops share.
func BenchmarkFetchHit(b *testing.B) {
	benchmarkFetch(b, newCache(b, resolve.CacheOptions{}))
}

// BenchmarkFetchMiss asks a resolver that answers at once and whose answers
// aren't kept: who asks while another does shares that one's answer. asked/op
// is how many of the questions got as far as the resolver.
func BenchmarkFetchMiss(b *testing.B) {
	cache := newCache(b, resolve.CacheOptions{TTL: -1})
	benchmarkFetch(b, cache)
	b.ReportMetric(float64(cache.Stats().Asked)/float64(b.N), "asked/op")
}

// newCache returns a cache that has been asked once.
func newCache(tb testing.TB, o resolve.CacheOptions) *resolve.Cache {
	cache := resolve.NewCache(resolve.Fixed(endpoint), o)
	_, err := cache.Fetch(tb.Context(), orders)
	must(tb, err)
	return cache
}

// benchmarkFetch fetches from some goroutines per processor, and from one.
func benchmarkFetch(b *testing.B, cache *resolve.Cache) {
	b.SetParallelism(8)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := cache.Fetch(b.Context(), orders); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// A resolver's answer costs nothing that has to be collected, nor does one out
// of the shared cache. Package resolve's tests say the same of the loops' views.
func TestAnswersAllocateNothing(t *testing.T) {
	cache := newCache(t, resolve.CacheOptions{})
	answers := map[string]func() error{
		"shared cache": func() error {
			_, err := cache.Fetch(t.Context(), orders)
			return err
		},
	}
	for _, r := range resolvers(t) {
		answers[r.name] = func() error {
			_, err := r.Resolve(t.Context(), orders)
			return err
		}
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			if n := testing.AllocsPerRun(1000, func() { must(t, answer()) }); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

// BenchmarkResolve asks the resolvers themselves, without a cache.
func BenchmarkResolve(b *testing.B) {
	for _, r := range resolvers(b) {
		b.Run(r.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Resolve(b.Context(), orders); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// named is a resolver with its URL's scheme.
type named struct {
	resolve.Resolver
	name string
}

// resolvers are those that come with the engine.
func resolvers(tb testing.TB) []named {
	file, err := resolve.OpenFile(writeRoutes(tb, 10_000), resolve.OpenOptions{})
	must(tb, err)
	tb.Cleanup(func() { must(tb, file.Close()) })
	return []named{{resolve.Fixed(endpoint), "fixed"}, {file, "file"}}
}

// BenchmarkOpenFile reads a file of routes, as every new version of it is: ten
// times the routes must not cost much more than ten times as much, for the
// YAML parser alone is quadratic.
func BenchmarkOpenFile(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			path := writeRoutes(b, n)
			info, err := os.Stat(path)
			must(b, err)
			b.SetBytes(info.Size())
			b.ReportAllocs()
			for b.Loop() {
				file, err := resolve.OpenFile(path, resolve.OpenOptions{})
				must(b, err)
				must(b, file.Close())
			}
		})
	}
}

// writeRoutes writes a file with routes for n resources and for orders.
func writeRoutes(tb testing.TB, n int) (path string) {
	var routes bytes.Buffer
	fmt.Fprintf(&routes, "routes:\n  %s: {endpoint: %q}\n", orders.Resource, endpoint)
	for i := range n {
		fmt.Fprintf(&routes, "  db%d:\n    endpoint: %q\n    metadata: {database: x%d}\n", i, endpoint, i)
	}
	path = filepath.Join(tb.TempDir(), "routes.yaml")
	must(tb, os.WriteFile(path, routes.Bytes(), 0o600))
	return path
}

// BenchmarkGuard judges an address of each form.
func BenchmarkGuard(b *testing.B) {
	guard := resolve.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	for _, form := range []struct{ name, addr string }{
		{"IPv4", "8.8.8.8"},
		{"IPv6", "2a00::1"},
		{"opened", "10.0.0.1"},
		{"NAT64", "64:ff9b::8.8.8.8"},
		{"Teredo", "2001:0:808:808::f7f7:f7f7"},
		{"refused", "127.0.0.1"},
	} {
		addr := netip.MustParseAddr(form.addr)
		b.Run(form.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = guard.Check(addr)
			}
		})
	}
}
