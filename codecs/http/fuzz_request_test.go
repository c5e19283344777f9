package http

import (
	"bytes"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/codectest"
)

// maxFuzzed bounds the inputs, in bytes: feeding them bytewise takes time that
// grows with their square, and the limits have tests of their own.
const maxFuzzed = 2048

// roomier limits are for what is passed on: it may have more fields.
var roomier = Limits{Fields: 2 * defaultFields}

// FuzzRequest holds requests to these properties, in arriving in chunks of the
// given sizes:
//   - what is understood and passed on doesn't depend on the chunks, nor does
//     whether it is refused;
//   - nothing of a refused head is passed on;
//   - net/http reads what is passed on as one request, with the method, target,
//     host, fields and body that it reads in the original;
//   - what is passed on is a fixed point: passed on again it is the same.
func FuzzRequest(f *testing.F) {
	for _, tt := range hostile {
		if len(tt.in) < maxFuzzed {
			f.Add([]byte(tt.in), []byte{7})
		}
	}
	for _, tt := range hostileBodies {
		if len(tt.in) < maxFuzzed {
			f.Add([]byte(chunkedHead+tt.in), []byte{3, 1})
		}
	}
	for _, in := range append(goodRequests, browserRequest) {
		f.Add([]byte(in), []byte{1, 40})
	}
	full := &Forwarding{Client: []byte("2001:db8::1"), Via: "proxy", RequestID: []byte("1")}
	p := NewParser(Limits{})
	f.Fuzz(func(t *testing.T, in, sizes []byte) {
		if len(in) > maxFuzzed {
			return
		}
		got := checkRequestSplits(t, p, in, sizes)
		if got.head == "" {
			return
		}
		if got.key != "" { // 1.0 without a host becomes 1.1 without, by the caller's leave
			again := passRequest(NewParser(roomier), plainForwarding, whole(got.head+got.body))
			checkFixedPoint(t, in, got, again)
			if got.key != again.key {
				t.Fatalf("%q: routed to %q, again to %q", in, got.key, again.key)
			}
		}
		if got.complete {
			checkNetHTTP(t, string(in), got)
			checkFull(t, in, passRequest(p, full, whole(string(in))))
		}
	})
}

// checkRequestSplits returns what becomes of in however it is cut.
func checkRequestSplits(t *testing.T, p *Parser, in, sizes []byte) outcome {
	want := passRequest(p, plainForwarding, [][]byte{in})
	for _, cut := range [][]byte{{1}, sizes} {
		got := passRequest(p, plainForwarding, codectest.Chop(in, cut))
		if want.why != OK && want.head == "" {
			// Which of two faults is seen first may depend on the cut.
			got.why = min(got.why, want.why)
			want.why = got.why
			if got.why == OK {
				t.Fatalf("%q: refused only when whole or only when cut by %v", in, cut)
			}
		}
		if got != want {
			t.Fatalf("%q cut by %v:\n got %+v\nwant %+v", in, cut, got, want)
		}
	}
	return want
}

// checkFixedPoint wants again, what was passed on of what was passed on of in,
// to be the same.
func checkFixedPoint(t *testing.T, in []byte, got, again outcome) {
	t.Helper()
	failed := got.why != OK // the body did, so that what is passed on ends within it
	if again.head != got.head || again.body != got.body || again.framing != got.framing ||
		again.why != OK || again.complete != got.complete && !failed {
		t.Fatalf("%q:\n     passed on as %+v\nwhich passes on as %+v", in, got, again)
	}
}

// checkFull wants a request with all fields of ours to be one for net/http.
func checkFull(t *testing.T, in []byte, got outcome) {
	t.Helper()
	all, err := readWithNetHTTP([]byte(got.head + got.body))
	if err != nil || len(all) != 1 || !bytes.Contains([]byte(got.head), []byte("X-Forwarded-For: 2001:db8::1\r\n")) {
		t.Fatalf("%q: forwarded as %q, of which net/http reads %d: %v", in, got.head, len(all), err)
	}
}
