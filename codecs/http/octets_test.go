package http

import (
	"bytes"
	"testing"
)

// TestControlAt puts every octet at every place of a word and its rest, with
// neighbours that could make a mark false.
func TestControlAt(t *testing.T) {
	for _, neighbour := range []byte{' ', 0x7e, 0x80, 0xff, 0xa0} {
		for at := range 20 {
			b := bytes.Repeat([]byte{neighbour}, 20)
			for c := range 256 {
				b[at] = byte(c)
				want := 20
				if c < ' ' || c == 0x7f {
					want = at
				}
				if got := controlAt(b); got != want {
					t.Fatalf("%q: %d, want %d", b, got, want)
				}
			}
		}
	}
}

func TestToken(t *testing.T) {
	for c := range 256 {
		_, isSeparator := map[byte]bool{
			'"': true, '(': true, ')': true, ',': true, '/': true, ':': true, ';': true, '<': true, '=': true,
			'>': true, '?': true, '@': true, '[': true, '\\': true, ']': true, '{': true, '}': true,
		}[byte(c)]
		want := c > ' ' && c < 0x7f && !isSeparator
		if got := isToken([]byte{byte(c)}); got != want {
			t.Errorf("%#x is a token: %v", c, got)
		}
	}
	if isToken(nil) {
		t.Error("nothing is a token")
	}
}

// TestKnownNames looks every known name up, and its like.
func TestKnownNames(t *testing.T) {
	for size, names := range knownNames {
		for _, known := range names {
			if len(known.lower) != size {
				t.Errorf("%s stands among names of %d", known.lower, size)
			}
			upper := bytes.ToUpper([]byte(known.lower))
			if got := lookup(upper); got != known.is {
				t.Errorf("%s: %d, want %d", upper, got, known.is)
			}
			if got := lookup(append(upper, 'X')); got != nameOther && got != nameForwardedOther {
				t.Errorf("%sX: %d", upper, got)
			}
			under := bytes.ReplaceAll(upper, []byte{'-'}, []byte{'_'})
			if got := lookup(under); !bytes.Equal(under, upper) && got != nameStray && got != nameSmuggled {
				t.Errorf("%s: %d", under, got)
			}
		}
	}
}

func TestAcceptsJSON(t *testing.T) {
	for accept, want := range map[string]bool{
		"application/json":                          true,
		"Application/json;q=1":                      true,
		"text/html, application/problem+json ;q=.5": true,
		"application/vnd.api+json; q=0.001":         true,
		"application/json;q=0":                      false,
		"application/json; charset=x; Q=0.000":      false,
		"application/json;q=0, a/b+json":            false,
		"application/jsonx":                         false,
		"text/json":                                 false,
		"*/*":                                       false,
		"":                                          false,
		"json":                                      false,
	} {
		if got := acceptsJSON([]byte(accept)); got != want {
			t.Errorf("%q: %v", accept, got)
		}
	}
}
