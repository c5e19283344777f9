package mongodb

import (
	"testing"
	"unsafe"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// The way to the resource id costs no allocation but the copy of the first
// hello, which the backend will hear, and the reply to it.
func TestAllocations(t *testing.T) {
	speculates := speculative(1, num("saslStart", 1), str("db", "shop"))
	saslStart := msg(1, num("saslStart", 1), str("$db", "shop"))
	served := Front(Options{}).New()
	stands := Front(Options{}).New()
	stands.Client(find)
	stands.Open(find, codecs.Target{})
	reply := answered(7, double("ok", 1))
	command := databased("shop")
	for _, tt := range []struct {
		name string
		run  func()
		want float64
	}{
		{"a hello that logs in", func() { served.Client(loginHello) }, 0},
		{"one that speculates", func() { served.Client(speculates) }, 0},
		{"saslStart", func() { served.Client(saslStart) }, 0},
		{"a command", func() { served.Client(find) }, 0},
		{"an insert", func() { served.Client(insert) }, 0},
		{"half a command", func() { served.Client(find[:len(find)-8]) }, 0},
		{"hello, the second time", func() { served.Client(nextHello) }, 1},
		{"a command while it stands", func() { stands.Client(command) }, 0},
		{"its reply", func() { stands.Backend(reply) }, 0},
		{"half a reply and the rest", func() { stands.Backend(reply[:30]); stands.Backend(reply[30:]) }, 0},
	} {
		if got := testing.AllocsPerRun(100, tt.run); got != tt.want {
			t.Errorf("%s: %v allocations, want %v", tt.name, got, tt.want)
		}
	}
}

// A session that stands keeps its codec.
func TestSize(t *testing.T) {
	if size := unsafe.Sizeof(codec{}); size > 144 {
		t.Errorf("a codec has %d bytes", size)
	}
}
