package smtp

import (
	"bytes"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
)

// inMessage is an envelope whose client may send a message.
func inMessage() *envelope {
	e := &envelope{c: &codec{cfg: newSettings(Options{})}}
	e.beginMessage()
	return e
}

// feed sends in to the envelope in chunks of the sizes, until the message ends
// or fails. It returns what was passed on, and what wasn't consumed.
func feed(e *envelope, in, sizes []byte) (passed, rest []byte, ended, failed bool) {
	var pending []byte
	for i := 0; len(in) > 0 || len(pending) > 0; i++ {
		n := len(in)
		if len(sizes) > 0 {
			n = min(n, int(sizes[i%len(sizes)])+1)
		}
		pending, in = append(pending, in[:n]...), in[n:]
		step := e.client(pending)
		passed = append(passed, step.ToBackend...)
		pending = pending[step.Consumed:]
		if failed = step.Action == codecs.Fail; failed || e.mode == modeCommands {
			return passed, append(bytes.Clone(pending), in...), !failed, failed
		}
		if len(in) == 0 && step.Consumed == 0 {
			break
		}
	}
	return passed, pending, false, false
}

func TestMessages(t *testing.T) {
	for _, tt := range []struct {
		in            string
		passed        int
		ended, failed bool
	}{
		{".\r\n", 3, true, false},
		{".\r\nQUIT\r\n", 3, true, false},
		{"a\r\n.\r\n.\r\n", 6, true, false},
		{"a\r\n..\r\n.\r\n", 10, true, false},
		{"a\r\n.b\r\n.c\r\n", 11, false, false},
		{"a.\r\n.\r\n", 7, true, false},
		{"a\r\r\n.\r\n", 7, true, false},
		{"a\n\r\n.\r\n", 7, true, false},
		{"a\r\n.", 3, false, false},
		{"a\r\n.\r", 3, false, false},
		{"\n..\n.b", 6, false, false},
		{".\n", 0, false, true},
		{".\r\r\n", 0, false, true},
		{"\n.\n", 1, false, true},
		{"\r.\r", 1, false, true},
		{"a\r\n.\n", 3, false, true},
		{"a\r\n.\rb", 3, false, true},
		{"a\n.\r\n", 2, false, true},
		{"a\r.\r\n", 2, false, true},
	} {
		for _, sizes := range [][]byte{nil, {0}, {1}, {2}, {0, 1}, {1, 0, 0}} {
			passed, _, ended, failed := feed(inMessage(), []byte(tt.in), sizes)
			if string(passed) != tt.in[:tt.passed] || ended != tt.ended || failed != tt.failed {
				t.Errorf("%q in %v: %q passed, ended %v, failed %v", tt.in, sizes, passed, ended, failed)
			}
		}
	}
}

func TestChunkSizes(t *testing.T) {
	for args, want := range map[string]int64{
		"0": 0, "10": 10, "10 LAST": 10, "010 last": 10, "999999999999999999": 999999999999999999,
		"1000000000000000000": -1, "": -1, "-1": -1, "+1": -1, "0x1": -1, "1 FIRST": -1, "1  LAST": -1, "1 LAST x": -1, "1_0": -1, " 1": -1,
	} {
		size, ok := parseChunk([]byte(args))
		if ok != (want >= 0) || ok && int64(size) != want {
			t.Errorf("%q: %d, %v", args, size, ok)
		}
	}
}
