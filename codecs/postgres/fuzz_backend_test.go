package postgres

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// FuzzBackend holds the hand-over to these properties, in being a backend that
// answers with in, in chunks of the given sizes:
//   - every byte reaches the client or is held back, in order, and little is
//     held back;
//   - the relay begins with the same byte, and the key is named with the same
//     byte, whatever the chunks;
//   - the key is the one pgx's decoder reads, and the relay begins where it
//     reads ReadyForQuery.
func FuzzBackend(f *testing.F) {
	for _, in := range [][]byte{
		join(authOK, parameter, key, ready),
		join(negotiate, authOK, longKey, ready),
		join(key, longKey, ready, key),
		join(noSuchRole, ready),
		join(typed('K', pid+"abc"), ready),
		[]byte("Ecould not fork new process for connection\n\x00"),
		[]byte("R\x00\x00\x00\x03....."),
		[]byte("N\x00\x10\x00\x00Z\x00\x00\x00\x05I"),
	} {
		f.Add(in, []byte{7, 1})
	}
	f.Fuzz(func(t *testing.T, in, sizes []byte) {
		if len(in) > maxFuzzed {
			return
		}
		want := answer(t, in, []byte{1})
		for _, other := range [][]byte{sizes, nil} {
			checkAnswer(t, want, answer(t, in, other), other)
		}
		checkMessages(t, in, want)
	})
}

// answered is what came of a backend's bytes. Positions count the bytes fed
// until the event, 0 when there was none.
type answered struct {
	relayAt, keyAt int
	key            []byte
	held           int
	// fed has the position behind each chunk.
	fed []int
}

func answer(t *testing.T, in, sizes []byte) answered {
	s := opened(t)
	var a answered
	at := 0
	for _, chunk := range codectest.Chop(in, sizes) {
		s.Backend(chunk)
		at += len(chunk)
		a.fed = append(a.fed, at)
		if a.relayAt == 0 && s.Action == codecs.Relay {
			a.relayAt = at
		}
		if a.keyAt == 0 && len(s.Issued) > 0 {
			a.keyAt, a.key = at, s.Issued[0]
		}
		a.held = max(a.held, len(s.FromBackend))
	}
	if heard := join(s.ToClient, s.FromBackend); !bytes.Equal(heard, in) {
		t.Fatalf("of %q the client heard %q and %q is held back", in, s.ToClient, s.FromBackend)
	}
	if len(s.Issued) > 1 {
		t.Fatalf("%d keys were issued", len(s.Issued))
	}
	if a.held > typedHeader+maxKey-1 {
		t.Fatalf("%d bytes were held back", a.held)
	}
	return a
}

// checkAnswer compares with the bytewise answer: an event comes with the chunk
// that has its byte.
func checkAnswer(t *testing.T, bytewise, got answered, sizes []byte) {
	for _, event := range []struct {
		name      string
		want, got int
	}{
		{"relay", bytewise.relayAt, got.relayAt},
		{"key", bytewise.keyAt, got.keyAt},
	} {
		if want := chunkEnd(got.fed, event.want); event.got != want {
			t.Fatalf("chunks of %v: %s at %d, want %d", sizes, event.name, event.got, want)
		}
	}
	if !bytes.Equal(bytewise.key, got.key) {
		t.Fatalf("chunks of %v: key %q, want %q", sizes, got.key, bytewise.key)
	}
}

// chunkEnd returns the end of the chunk that has the byte at position at.
func chunkEnd(fed []int, at int) int {
	if at == 0 {
		return 0
	}
	i, _ := slices.BinarySearch(fed, at)
	return fed[i]
}

// checkMessages reads in as pgx does, as far as it can.
func checkMessages(t *testing.T, in []byte, got answered) {
	frontend := pgproto3.NewFrontend(bytes.NewReader(in), nil)
	frontend.SetMaxBodyLen(maxFuzzed)
	var key []byte
	for at := 0; ; {
		message, err := frontend.Receive()
		if err != nil {
			return
		}
		size := 1 + int(binary.BigEndian.Uint32(in[at+1:]))
		switch m := message.(type) {
		case *pgproto3.BackendKeyData:
			if key == nil && len(m.SecretKey) >= 4 && len(m.SecretKey) <= 256 {
				key = append(binary.BigEndian.AppendUint32(nil, m.ProcessID), m.SecretKey...)
			}
		case *pgproto3.ReadyForQuery:
			if got.relayAt != at+typedHeader || !bytes.Equal(got.key, key) {
				t.Fatalf("relay at %d with key %q, pgx reads ready at %d, key %q", got.relayAt, got.key, at, key)
			}
			return
		}
		at += size
	}
}
