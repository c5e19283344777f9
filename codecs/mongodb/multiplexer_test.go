package mongodb

import (
	"bytes"
	"slices"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// multiplexed is what has become of a client's bytes.
type multiplexed struct {
	m *multiplexer
	// resources are those of the requests that were routed, in order.
	resources []string
	// passed are those requests, and answers what was answered here.
	passed, answers []byte
	failure         codecs.Failure
	failed          bool
	left            []byte
}

// multiplex feeds a client's bytes in these chunks, and passes on what is routed.
func multiplex(t testing.TB, o Options, chunks ...[]byte) *multiplexed {
	t.Helper()
	o.Multiplex = true
	x := &multiplexed{m: Front(o).Multiplex.New().(*multiplexer)}
	b := x.m.Open(codecs.Target{})
	passing := 0
	for _, chunk := range chunks {
		x.left = append(x.left, chunk...)
		for len(x.left) > 0 && !x.failed {
			if passing > 0 {
				n := min(passing, len(x.left))
				x.passed, x.left = append(x.passed, x.left[:n]...), x.left[n:]
				passing -= n
				continue
			}
			step := x.m.Client(x.left)
			x.answers = append(x.answers, step.ToClient...)
			x.left = x.left[step.Consumed:]
			switch {
			case step.Action == codecs.Fail:
				x.failed, x.failure = true, step.Failure
			case step.Action == codecs.Route:
				x.resources = append(x.resources, string(step.Resource))
				passing = x.m.Size()
				b.Pass()
			}
			if step.Action == codecs.More && step.Consumed == 0 {
				break
			}
		}
	}
	return x
}

var multiplexings = []struct {
	name      string
	sent      []byte
	resources []string
	answers   []int32
}{
	{"two databases", join(find, msg(7, str("find", "x"), str("$db", "bank")), insert), []string{"shop", "bank", "shop"}, nil},
	{"served here", join(firstHello, nextHello, ping), nil, []int32{1, 2, 3}},
	{"between", join(find, ping, insert), []string{"shop", "shop"}, []int32{3}},
	{"endSessions", join(find, msg(9, array("endSessions"), str("$db", "admin"))), []string{"shop"}, []int32{9}},
	{"admin follows", join(find, msg(9, num("listDatabases", 1), str("$db", "admin"))), []string{"shop", "shop"}, nil},
	{"admin first", msg(9, num("listDatabases", 1), str("$db", "admin")), []string{"admin"}, nil},
	{"login", join(loginHello, find), []string{"shop", "shop"}, nil},
	{"documents before the command", flagged(0, 6, section1("documents", doc(num("n", 1))), section0(str("insert", "x"), str("$db", "bank"))), []string{"bank"}, nil},
}

func TestMultiplexed(t *testing.T) {
	for _, tt := range multiplexings {
		t.Run(tt.name, func(t *testing.T) {
			for chunks := range codectest.Splits(tt.sent) {
				x := multiplex(t, settings, chunks...)
				var to []int32
				for _, d := range decode(t, x.answers) {
					to = append(to, d.to)
				}
				if x.failed || len(x.left) > 0 || !slices.Equal(x.resources, tt.resources) || !slices.Equal(to, tt.answers) {
					t.Fatalf("%d chunks: failed %v %+v, %d bytes left, routed to %q, answered %v", len(chunks), x.failed, x.failure, len(x.left), x.resources, to)
				}
			}
		})
	}
}

// A long filter may stand before the $db.
func TestMultiplexedLateDatabase(t *testing.T) {
	long := msg(4, str("find", "things"), sub("filter", str("x", string(make([]byte, 1<<20)))), str("$db", "bank"))
	x := multiplex(t, settings, slices.Collect(slices.Chunk(long, 4096))...)
	if !slices.Equal(x.resources, []string{"bank"}) || !bytes.Equal(x.passed, long) {
		t.Errorf("%+v", x.resources)
	}
}

// branchOf returns a branch with requests that await replies.
func branchOf(t testing.TB, sent ...[]byte) codecs.Branch {
	t.Helper()
	m := newMultiplexer(settings.withDefaults())
	b := m.Open(codecs.Target{})
	for _, request := range sent {
		if step := m.Client(request); step.Action != codecs.Route {
			t.Fatalf("%+v", step)
		}
		b.Pass()
	}
	return b
}

// brought feeds a backend's bytes, and returns what the client gets.
func brought(b codecs.Branch, chunks ...[]byte) (client []byte, failed bool) {
	var left []byte
	for _, chunk := range chunks {
		left = append(left, chunk...)
		for len(left) > 0 {
			step := b.Backend(left)
			client, left = append(client, step.ToClient...), left[step.Consumed:]
			if step.Action == codecs.Fail {
				return client, true
			}
			if step.Consumed == 0 {
				break
			}
		}
	}
	return client, false
}

// A stream's replies name the request, or the reply before them.
func TestBranchReplies(t *testing.T) {
	stream := func(id, to int32, more bool) []byte {
		flags := []byte{0, 0, 0, 0}
		if more {
			flags[0] = byte(flagMoreToCome)
		}
		return packet(opMsg, id, to, string(flags)+section0(double("ok", 1)))
	}
	for _, tt := range []struct {
		name    string
		replies []byte
	}{
		{"out of order", join(answered(6), answered(4))},
		{"stream by reply", join(stream(50, 4, true), answered(6), stream(51, 50, true), stream(52, 51, false))},
		{"stream by request", join(stream(50, 4, true), stream(51, 4, true), stream(52, 4, false), answered(6))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for chunks := range codectest.Splits(tt.replies) {
				b := branchOf(t, find, insert)
				if got, failed := brought(b, chunks...); failed || !bytes.Equal(got, tt.replies) {
					t.Fatalf("failed %v, %d of %d bytes", failed, len(got), len(tt.replies))
				}
				if b.Within() || len(b.Refuse(nil, codecs.Failure{})) > 0 {
					t.Fatal("something is still awaited")
				}
			}
		})
	}
	if _, failed := brought(branchOf(t, find), answered(99)); !failed {
		t.Error("a reply to nobody passed")
	}
}

// The answer to a hello that logs in hides hosts and compression.
func TestBranchGreets(t *testing.T) {
	reply := answered(5, array("hosts", str("0", "hidden:1")), array("saslSupportedMechs", str("0", "SCRAM-SHA-256")), array("compression", str("0", "zlib")), double("ok", 1))
	for chunks := range codectest.Splits(reply) {
		got, failed := brought(branchOf(t, loginHello), chunks...)
		d := one(t, got)
		if failed || d.to != 5 || d.fields["hosts"] != nil || d.fields["compression"] != nil || d.fields["saslSupportedMechs"] == nil {
			t.Fatalf("%+v", d)
		}
	}
}

// A database that the resolver renames can't be had.
func TestBranchRenamed(t *testing.T) {
	m := newMultiplexer(settings.withDefaults())
	m.Client(find)
	b := m.Open(codecs.Target{Metadata: map[string]string{codecs.MetadataDatabase: "other"}})
	if step := b.Pass(); step.Action != codecs.Fail || step.Failure.Detail != detailRename {
		t.Errorf("%+v", step)
	}
}

// FuzzMultiplexer holds a client that sends in, in chunks of the given sizes, to
// these properties: the outcome doesn't depend on the chunks, every byte is
// passed on, answered or left, and what is refused has words to its request.
func FuzzMultiplexer(f *testing.F) {
	addMessages(f, func(b []byte) { f.Add(b, []byte{7}) })
	for _, tt := range multiplexings {
		f.Add(tt.sent, []byte{100, 3})
	}
	f.Fuzz(func(t *testing.T, in, sizes []byte) {
		if len(in) > maxFuzzed {
			return
		}
		whole := multiplex(t, Options{}, in)
		for _, sizes := range [][]byte{{1}, sizes} {
			x := multiplex(t, Options{}, codectest.Chop(in, sizes)...)
			if !slices.Equal(x.resources, whole.resources) || !bytes.Equal(x.passed, whole.passed) || !bytes.Equal(x.answers, whole.answers) ||
				x.failed != whole.failed || x.failure != whole.failure {
				t.Fatalf("whole %+v, in chunks of %v %+v", whole, sizes, x)
			}
		}
		decode(t, whole.answers)
		if whole.failed {
			if said := whole.m.Refuse(nil, whole.failure); len(said) > 0 {
				one(t, said)
			}
		}
	})
}

// FuzzBranch holds a backend's bytes, in chunks of the given sizes, to these
// properties: the outcome doesn't depend on the chunks, and the client gets
// nothing that the backend hasn't sent.
func FuzzBranch(f *testing.F) {
	f.Add(join(answered(4), answered(6)), []byte{3})
	f.Add(answered(99), []byte{1})
	f.Fuzz(func(t *testing.T, in, sizes []byte) {
		if len(in) > maxFuzzed {
			return
		}
		whole, failed := brought(branchOf(t, find, insert), in)
		if !bytes.HasPrefix(in, whole) {
			t.Fatalf("%q isn't what was sent: %q", whole, in)
		}
		for _, sizes := range [][]byte{{1}, sizes} {
			got, broke := brought(branchOf(t, find, insert), codectest.Chop(in, sizes)...)
			if !bytes.Equal(got, whole) || broke != failed {
				t.Fatalf("whole %q %v, in chunks %q %v", whole, failed, got, broke)
			}
		}
	})
}
