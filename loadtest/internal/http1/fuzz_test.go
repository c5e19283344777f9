package http1

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/loadtest/internal/stream"
)

// collect reads an answer whole, as Feed does, and keeps its body.
func collect(r *Response, wire []byte) (body []byte, used int, err error) {
	for used < len(wire) && r.stage < complete {
		n := 0
		if r.stage > inFields {
			var data []byte
			data, n, err = r.body(wire[used:])
			body = append(body, data...)
		} else {
			n, err = r.step(wire[used:])
		}
		used += n
		if err != nil {
			return nil, used, err
		}
	}
	_, err = r.End()
	return body, used, err
}

// theirs reads the answer to a GET with net/http.
func theirs(wire []byte) (*http.Response, []byte, error) {
	from := bufio.NewReader(bytes.NewReader(wire))
	for {
		response, err := http.ReadResponse(from, nil)
		if err != nil {
			return nil, nil, err
		}
		if response.StatusCode >= 200 {
			body, err := io.ReadAll(response.Body)
			return response, body, err
		}
	}
}

// beyondTheirs says whether net/http may refuse what is well framed: it has
// limits of its own on chunked bodies, and wants no framing fields announced as
// trailers.
func beyondTheirs(wire []byte) bool {
	return len(wire) > 2<<10 || bytes.Contains(bytes.ToLower(wire), []byte("trailer"))
}

// FuzzResponse checks that an answer is the same however it is cut, and that
// net/http reads the same status, body and reuse from what is accepted here.
func FuzzResponse(f *testing.F) {
	for _, c := range responseCases() {
		f.Add([]byte(c.wire), []byte{1, 0})
		f.Add([]byte(c.wire), []byte{5, 2, 30})
	}
	p := stream.NewPattern()
	f.Fuzz(func(t *testing.T, wire, sizes []byte) {
		r := NewResponse(p)
		whole := read(r, [][]byte{wire})
		cut := read(NewResponse(p), pieces(wire, sizes))
		if whole != cut {
			t.Fatalf("whole %+v, in pieces %+v", whole, cut)
		}
		if whole.err != nil || beyondTheirs(wire) {
			return
		}
		r.Reset()
		ours, used, err := collect(r, wire)
		if err != nil || used != whole.used || uint64(len(ours)) != whole.received {
			t.Fatalf("%d bytes in %d, %v; want %+v", len(ours), used, err, whole)
		}
		response, body, err := theirs(wire[:used])
		if err != nil {
			t.Fatalf("net/http: %v", err)
		}
		if response.StatusCode != whole.status || !bytes.Equal(ours, body) || response.Close == whole.reusable {
			t.Errorf("net/http: %d, %q, close %v; here %+v, %q", response.StatusCode, body, response.Close, whole, ours)
		}
	})
}

// FuzzRequests checks that requests are the same however they are cut, and that
// net/http, where it accepts the first one too, reads the same from it.
func FuzzRequests(f *testing.F) {
	for _, c := range requestCases() {
		if len(c.wire) > maxHead {
			continue // the fuzzer would spend its time on making them smaller
		}
		f.Add([]byte(c.wire), []byte{1, 0})
		f.Add([]byte(c.wire), []byte{5, 2, 30})
	}
	f.Fuzz(func(t *testing.T, wire, sizes []byte) {
		whole, err := readRequests([][]byte{wire})
		cut, cutErr := readRequests(pieces(wire, sizes))
		if !slices.Equal(whole, cut) || err != cutErr {
			t.Fatalf("whole %q, %v; in pieces %q, %v", whole, err, cut, cutErr)
		}
		compareFirst(t, wire)
	})
}

// compareFirst reads the first request here and with net/http.
func compareFirst(t *testing.T, wire []byte) {
	var r RequestReader
	n, e, err := r.Feed(wire)
	if e == Continue {
		var more int
		more, e, err = r.Feed(wire[n:])
		n += more
	}
	if e != Complete || err != nil || beyondTheirs(wire) {
		return
	}
	// net/http's server doesn't pass over empty lines; the RFC says one should.
	first := strings.TrimLeft(string(wire[:n]), "\r\n")
	request, err := http.ReadRequest(bufio.NewReader(strings.NewReader(first)))
	if err != nil {
		return // it also checks URLs and header values, which frame nothing
	}
	size, err := io.Copy(io.Discard, request.Body)
	if err != nil || uint64(size) != r.Received() {
		t.Errorf("net/http: a body of %d, %v; here %d", size, err, r.Received())
	}
	if request.Method != string(r.Method()) || request.RequestURI != string(r.Target()) || request.Close == r.KeepAlive() {
		t.Errorf("net/http: %s %s, close %v; here %s %s, keep %v", request.Method, request.RequestURI, request.Close,
			r.Method(), r.Target(), r.KeepAlive())
	}
}

// FuzzBody checks that the right body passes under every coding and cut, and
// that one altered byte of it never does.
func FuzzBody(f *testing.F) {
	f.Add(uint64(1), uint16(1024), byte(0), uint16(0), byte(0), []byte{7})
	f.Add(uint64(1<<60), uint16(100), byte(1), uint16(16), byte(1), []byte{1})
	f.Add(uint64(0), uint16(15), byte(2), uint16(14), byte(0x80), []byte{0})
	p := stream.NewPattern()
	f.Fuzz(func(t *testing.T, tag uint64, size uint16, coding byte, at uint16, flip byte, sizes []byte) {
		b := body(p, tag, int(size))
		var want error
		if int(at) < len(b) && flip != 0 {
			b[at] ^= flip
			want = WrongBody
		}
		wire := encode([]string{"length", "chunks", "end"}[coding%3], 200, b)
		r := NewResponse(p)
		r.Expect(tag, int(size))
		if got := read(r, pieces(wire, sizes)); got.err != want {
			t.Errorf("%+v, want %v", got, want)
		}
	})
}
