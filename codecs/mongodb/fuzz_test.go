package mongodb

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// maxFuzzed bounds the inputs, in bytes: feeding them bytewise takes time that
// grows with their square, and the limits have tests of their own.
const maxFuzzed = 2048

func addMessages(f *testing.F, add func([]byte)) {
	f.Helper()
	for _, tt := range served {
		add(tt.packet)
	}
	for _, tt := range routings {
		add(tt.packet)
	}
	for _, tt := range hostile {
		add(tt.packet[:min(len(tt.packet), 200)])
	}
}

func same(a, b *codectest.Session) bool {
	return a.Action == b.Action && a.Failure == b.Failure && bytes.Equal(a.Resource, b.Resource) &&
		bytes.Equal(a.ToClient, b.ToClient) && bytes.Equal(a.ToBackend, b.ToBackend)
}

// FuzzServing holds a client that sends in, in chunks of the given sizes, to
// these properties:
//   - the outcome doesn't depend on the chunks;
//   - what is routed is a valid name that stands in the input;
//   - the replies are to requests of the client, in their order;
//   - the backend hears exactly the request that was routed and what follows,
//     behind a hello of the client's if there is one;
//   - a failure has words.
func FuzzServing(f *testing.F) {
	addMessages(f, func(b []byte) { f.Add(b, []byte{7}) })
	f.Add(join(firstHello, ping, find), []byte{100, 3})
	f.Fuzz(func(t *testing.T, in, sizes []byte) {
		if len(in) > maxFuzzed {
			return
		}
		play := func(sizes []byte) *codectest.Session {
			s := codectest.Start(t, standing(Front(Options{}), nil))
			s.Client(codectest.Chop(in, sizes)...)
			return s
		}
		got := play(nil)
		for _, sizes := range [][]byte{{1}, sizes} {
			if s := play(sizes); !same(s, got) {
				t.Fatalf("whole %+v, in chunks of %v %+v", got, sizes, s)
			}
		}
		ids := requestIDs(in)
		for i, reply := range decode(t, got.ToClient) {
			for len(ids) > 0 && ids[0] != reply.to {
				ids = ids[1:]
			}
			if len(ids) == 0 {
				t.Fatalf("reply %d is to %d", i, reply.to)
			}
		}
		switch got.Action {
		case codecs.Route:
			checkRouted(t, in, got)
		case codecs.Fail:
			if said := got.Refuse(got.Failure); len(said) > 0 {
				one(t, said)
			}
		}
	})
}

// requestIDs returns the ids of the messages in b, by their lengths.
func requestIDs(b []byte) []int32 {
	var ids []int32
	for len(b) >= headerSize {
		ids = append(ids, int32(binary.LittleEndian.Uint32(b[4:])))
		size := binary.LittleEndian.Uint32(b)
		if size < headerSize || int64(size) > int64(len(b)) {
			break
		}
		b = b[size:]
	}
	return ids
}

func checkRouted(t *testing.T, in []byte, s *codectest.Session) {
	if !validDatabase(s.Resource) || !bytes.Contains(in, s.Resource) {
		t.Fatalf("resource %q", s.Resource)
	}
	want := s.FromClient
	first := want[:min(int(binary.LittleEndian.Uint32(want)), len(want))]
	byHello := saysHello(first)
	s.Open(codecs.Target{})
	heard := s.ToBackend
	if byHello {
		want = join(first, withoutHellos(want[len(first):]))
	} else {
		want = withoutHellos(want)
		heard = heard[len(heard)-len(withoutHellos(heard)):] // without what is replayed
	}
	if !bytes.HasPrefix(want, heard) || !bytes.Contains(in, s.ToBackend[:len(s.ToBackend)-len(heard)]) {
		t.Fatalf("the client said %q, the backend heard %q", want, s.ToBackend)
	}
}

// FuzzRouting builds a command of fields of the given types, with its $db among
// them, and wants it routed to that database if a server could have one of that
// name.
func FuzzRouting(f *testing.F) {
	f.Add("shop", []byte{2, 3, 16}, []byte{1, 8}, uint32(0), []byte{5})
	f.Add("", []byte{}, []byte{11}, uint32(1), []byte{1})
	f.Add("a.b", []byte{5, 15}, []byte{255}, uint32(2), []byte{30, 2})
	f.Fuzz(func(t *testing.T, database string, before, after []byte, flags uint32, sizes []byte) {
		if len(database)+20*(len(before)+len(after)) > maxFuzzed {
			return
		}
		fields := append([]field{num("find", 1)}, sample("before", before)...)
		fields = append(append(fields, str("$db", database)), sample("after", after)...)
		sections := []string{section0(fields...), section1("documents", doc(fields...))}
		if flags &= flagsKnown; flags&flagChecksum != 0 {
			sections = append(sections, "abcd")
		}
		s := codectest.Start(t, Front(Options{}))
		s.Client(codectest.Chop(flagged(flags, 9, sections...), sizes)...)
		valid := validDatabase([]byte(database))
		if routed := s.Action == codecs.Route; routed != valid || routed && string(s.Resource) != database {
			t.Fatalf("%q: action %d, resource %q, %+v", database, s.Action, s.Resource, s.Failure)
		}
	})
}

// sample returns a field of each type.
func sample(name string, types []byte) []field {
	values := []struct {
		kind  kind
		value string
	}{
		{kindDouble, "12345678"}, {kindString, "\x01\x00\x00\x00\x00"}, {kindDocument, string(doc(str("$db", "no")))},
		{kindArray, string(doc(num("0", 1)))}, {kindBinary, "\x03\x00\x00\x00\x80$db"}, {kindUndefined, ""},
		{kindObjectID, "123456789012"}, {kindBool, "\x01"}, {kindDate, "12345678"}, {kindNull, ""}, {kindRegex, "\x00\x00"},
		{kindPointer, "\x04\x00\x00\x00$db\x00123456789012"}, {kindCode, "\x02\x00\x00\x00a\x00"}, {kindSymbol, "\x02\x00\x00\x00a\x00"},
		{kindScoped, "\x0f\x00\x00\x00\x02\x00\x00\x00a\x00\x05\x00\x00\x00\x00"}, {kindInt32, "1234"}, {kindTimestamp, "12345678"},
		{kindInt64, "12345678"}, {kindDecimal, "1234567812345678"}, {kindMin, ""}, {kindMax, ""},
	}
	var fields []field
	for _, n := range types {
		v := values[int(n)%len(values)]
		fields = append(fields, raw(v.kind, name, v.value))
	}
	return fields
}

// FuzzStanding has a client and its backend talk through a session that stands:
//   - the outcome doesn't depend on the chunks either side's bytes come in;
//   - the backend hears what the client says, without its hellos, and of a
//     message that fails no more than a part;
//   - the client hears what the backend says, until an answer of ours comes in
//     between.
func FuzzStanding(f *testing.F) {
	addMessages(f, func(b []byte) { f.Add(b, []byte(ok), []byte{7}) })
	f.Add(join(request4, nextHello, insert), join(ok, exhaust(1, true), exhaust(2, false)), []byte{30})
	f.Add(join(databased("crm"), nextHello), []byte("HTTP/1.1"), []byte{30})
	f.Fuzz(func(t *testing.T, client, backend, sizes []byte) {
		if len(client)+len(backend) > maxFuzzed {
			return
		}
		play := func(sizes []byte) *codectest.Session {
			s := codectest.Start(t, standing(Front(Options{}), func(id string) bool { return id == "crm" }))
			s.Client(find)
			s.Open(codecs.Target{})
			s.Backend(ok)
			s.ToBackend, s.ToClient = nil, nil
			s.Client(codectest.Chop(client, sizes)...)
			s.Backend(codectest.Chop(backend, sizes)...)
			return s
		}
		got := play(nil)
		for _, sizes := range [][]byte{{1}, sizes} {
			if s := play(sizes); !same(s, got) {
				t.Fatalf("whole %+v, in chunks of %v %+v", got, sizes, s)
			}
		}
		heard := got.ToBackend
		if got.Action == codecs.Fail {
			heard = wholeMessages(heard) // what is broken counts for no hello
		}
		if want := withoutHellos(client); !bytes.HasPrefix(want, heard) {
			t.Fatalf("the client said %q, the backend heard %q", want, got.ToBackend)
		}
		if len(got.ToBackend) == len(client) && !bytes.HasPrefix(backend, got.ToClient) {
			t.Fatalf("the backend said %q, the client heard %q", backend, got.ToClient)
		}
	})
}

// wholeMessages cuts off what b ends with that isn't a whole message.
func wholeMessages(b []byte) []byte {
	at := 0
	for len(b)-at >= headerSize {
		size := int(binary.LittleEndian.Uint32(b[at:]))
		if size < headerSize || size > len(b)-at {
			break
		}
		at += size
	}
	return b[:at]
}

// withoutHellos returns what b says without its whole messages that are hellos.
func withoutHellos(b []byte) []byte {
	var rest []byte
	for len(b) >= headerSize {
		size := int(binary.LittleEndian.Uint32(b))
		if size < headerSize || size > len(b) {
			break
		}
		if !saysHello(b[:size]) {
			rest = append(rest, b[:size]...)
		}
		b = b[size:]
	}
	return append(rest, b...)
}

// saysHello reports whether a message's command is hello: the first name in the
// first document, where that is where it should be.
func saysHello(m []byte) bool {
	const first = headerSize + flagsSize
	at := first + 1 + 4
	switch {
	case len(m) <= first:
		return false
	case binary.LittleEndian.Uint32(m[12:]) == uint32(opQuery):
		at = first + bytes.IndexByte(m[first:], 0) + 1 + 8 + 4
	case binary.LittleEndian.Uint32(m[12:]) != uint32(opMsg) || m[first] != 0:
		return false
	}
	if len(m) <= at {
		return false
	}
	name, _, _ := bytes.Cut(m[at+1:], []byte{0})
	return isHello(name)
}

// FuzzElement reads a field: what has been said of its beginning must hold for
// the whole.
func FuzzElement(f *testing.F) {
	addMessages(f, func(b []byte) { f.Add(b[min(len(b), headerSize+flagsSize+5):]) })
	f.Fuzz(func(t *testing.T, in []byte) {
		in = in[:min(len(in), maxFuzzed)]
		last, said := readElement(in)
		for n := range in {
			e, v := readElement(in[:n])
			if v == short {
				continue
			}
			if v != said || v == fine && (e.size != last.size || e.kind != last.kind || !bytes.Equal(e.name, last.name) || !bytes.HasPrefix(last.value, e.value)) {
				t.Fatalf("of %d bytes: %+v (%d), of all %+v (%d)", n, e, v, last, said)
			}
		}
		if whole := said == fine && last.size <= len(in); whole && last.kind != kindEnd && 2+len(last.name)+len(last.value) != last.size {
			t.Fatalf("%+v has %d bytes", last, last.size)
		}
	})
}
