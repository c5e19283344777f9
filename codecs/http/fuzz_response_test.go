package http

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// exchangeOf makes the exchange that a fuzzer chooses.
func exchangeOf(flags byte) (ex Exchange) {
	ex = Exchange{Minor: flags & 1, KeepAlive: flags&2 != 0, Head: flags&4 != 0}
	if flags&8 != 0 {
		ex.upgrade.set([]byte("websocket"))
	}
	return ex
}

// FuzzResponse holds responses to the properties of FuzzRequest, but that
// net/http reads in what is passed on what was meant by the original.
func FuzzResponse(f *testing.F) {
	for _, tt := range hostileResponses {
		if len(tt.in) < maxFuzzed {
			f.Add([]byte(tt.in), []byte{7}, byte(3))
		}
	}
	for i, in := range append(goodResponses, serverResponse,
		"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x00") {
		f.Add([]byte(in), []byte{1, 40}, byte(3))
		f.Add([]byte(in), []byte{9}, byte(8+i))
	}
	p := NewParser(Limits{})
	f.Fuzz(func(t *testing.T, in, sizes []byte, flags byte) {
		if len(in) > maxFuzzed {
			return
		}
		ex := exchangeOf(flags)
		got := checkResponseSplits(t, p, ex, in, sizes)
		if got.head == "" || !got.complete && got.framing == NoBody {
			return
		}
		again := passResponse(NewParser(roomier), ex, whole(got.head+got.body))
		if got.framing == Chunked && ex.Minor == 0 {
			// Without its chunks it ends with the connection, wherever that is.
			again.framing, again.complete = Chunked, got.complete
		}
		checkFixedPoint(t, in, got, again)
		if got.complete {
			checkClient(t, in, ex, got)
		}
	})
}

func checkResponseSplits(t *testing.T, p *Parser, ex Exchange, in, sizes []byte) outcome {
	want := passResponse(p, ex, [][]byte{in})
	for _, cut := range [][]byte{{1}, sizes} {
		got := passResponse(p, ex, codectest.Chop(in, cut))
		if want.why != OK && got.why != OK && want.body == "" && want.head == got.head {
			continue // which of two faults is seen first may depend on the cut
		}
		if got != want {
			t.Fatalf("%q cut by %v:\n got %+v\nwant %+v", in, cut, got, want)
		}
	}
	return want
}

// checkClient wants net/http to read what is passed on as its client does.
func checkClient(t *testing.T, in []byte, ex Exchange, got outcome) {
	t.Helper()
	method := "GET"
	if ex.Head {
		method = "HEAD"
	}
	source := bufio.NewReader(strings.NewReader(got.head + got.body))
	response, err := http.ReadResponse(source, &http.Request{Method: method})
	for err == nil && response.StatusCode < 200 && response.StatusCode != 101 {
		response, err = http.ReadResponse(source, &http.Request{Method: method})
	}
	if err != nil {
		t.Fatalf("%q: passed on as %q: %v", in, got.head+got.body, err)
	}
	if response.StatusCode == 101 {
		return
	}
	body, err := io.ReadAll(response.Body)
	if rest, _ := io.ReadAll(source); err != nil || len(rest) > 0 {
		t.Fatalf("%q: passed on as %q: %v, then %q", in, got.head+got.body, err, rest)
	}
	plain := passResponse(NewParser(Limits{}), Exchange{Head: ex.Head, upgrade: ex.upgrade}, [][]byte{in})
	if string(body) != plain.body {
		t.Fatalf("%q: a client reads %q, one of 1.0 %q", in, body, plain.body)
	}
	if closes := response.Close; ex.Minor == 1 && closes == got.keeps {
		t.Fatalf("%q: the connection goes on: %v, passed on as %q", in, got.keeps, got.head)
	}
	if lines := slices.Collect(bytes.SplitSeq([]byte(got.head), []byte("\n"))); !allEnd(lines) {
		t.Fatalf("%q: passed on as %q", in, got.head)
	}
}

// allEnd says that all lines, cut at LF, end in CR.
func allEnd(lines [][]byte) bool {
	for _, line := range lines[:len(lines)-1] {
		if !bytes.HasSuffix(line, []byte("\r")) {
			return false
		}
	}
	return true
}
