package bench

import (
	"bytes"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/codecs/tcp"
)

// openings are how clients of each protocol begin: a new codec adds what its
// usual client says.
var openings = []opening{
	{
		name:     "tcp",
		front:    tcp.Front("shop"),
		resource: "shop",
	},
	{
		name:  "postgresql",
		front: postgres.Front(postgres.Options{}),
		// psql 15.
		client: [][]byte{
			[]byte("\x00\x00\x00\x08\x04\xd2\x16\x2f"),
			[]byte("\x00\x00\x00\x4d\x00\x03\x00\x00user\x00carol\x00database\x00shop\x00" +
				"application_name\x00psql\x00client_encoding\x00UTF8\x00\x00"),
		},
		resource: "shop",
		backend:  1,
	},
}

// opening is what a recorded client says until its resource is known.
type opening struct {
	name  string
	front codecs.Front
	// client is what it sends, one element for each time that it is then
	// silent until it is answered.
	client   [][]byte
	resource string
	// backend is the first element of client that the backend gets to hear,
	// unaltered.
	backend int
}

// route drives a new codec to the resource id, and returns what the last step
// left unconsumed.
func (o *opening) route() (c codecs.Codec, resource, rest []byte) {
	c = o.front.New()
	step := c.Start()
	for _, said := range o.client {
		step = c.Client(said)
		rest = said[step.Consumed:]
	}
	return c, step.Resource, rest
}

// open goes on to the bytes that open the backend.
func (o *opening) open() (toBackend []byte) {
	c, _, rest := o.route()
	return c.Open(rest, codecs.Target{}).ToBackend
}

// check says whether the codec does on its way what it is there for.
func (o *opening) check(tb testing.TB) {
	tb.Helper()
	if _, resource, _ := o.route(); string(resource) != o.resource {
		tb.Fatalf("the resource is %q, want %q", resource, o.resource)
	}
	want := bytes.Join(o.client[min(o.backend, len(o.client)):], nil)
	if got := o.open(); !bytes.Equal(got, want) {
		tb.Fatalf("the backend hears %q, want %q", got, want)
	}
}

// The whole way of a client to its backend allocates the codec and nothing
// else.
func TestRoutingAllocatesTheCodecOnly(t *testing.T) {
	for _, o := range openings {
		t.Run(o.name, func(t *testing.T) {
			o.check(t)
			var c codecs.Codec
			own := testing.AllocsPerRun(1000, func() { c = o.front.New() })
			if n := testing.AllocsPerRun(1000, func() { o.open() }); n != own {
				t.Errorf("%v allocations, of which %v are %T", n, own, c)
			}
		})
	}
}

// BenchmarkRouting goes from a new client to its resource id.
func BenchmarkRouting(b *testing.B) {
	for _, o := range openings {
		b.Run(o.name, func(b *testing.B) {
			o.check(b)
			b.ReportAllocs()
			for b.Loop() {
				o.route()
			}
		})
	}
}

// BenchmarkOpening goes on to the bytes that open the backend.
func BenchmarkOpening(b *testing.B) {
	for _, o := range openings {
		b.Run(o.name, func(b *testing.B) {
			o.check(b)
			b.ReportAllocs()
			for b.Loop() {
				o.open()
			}
		})
	}
}
