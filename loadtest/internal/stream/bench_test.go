package stream

import "testing"

// BenchmarkVerifier checks received bytes: that must be far faster than any
// proxy, or the generator is what is measured.
func BenchmarkVerifier(b *testing.B) {
	v := NewTailVerifier(NewPattern())
	b.SetBytes(ChunkSize)
	b.ReportAllocs()
	for b.Loop() {
		copy(v.Space(), v.Pattern.At(v.Received()))
		v.Filled(ChunkSize)
	}
}
