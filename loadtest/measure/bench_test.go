package measure

import (
	"testing"
	"time"
)

// BenchmarkLatencies records a latency, which a generator does per exchange.
func BenchmarkLatencies(b *testing.B) {
	l := NewLatencies()
	d := time.Duration(0)
	b.ReportAllocs()
	for b.Loop() {
		d = (d + 977) % (10 * time.Millisecond)
		l.Add(d)
	}
}
