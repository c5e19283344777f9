package http

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// understood is what a backend makes of a request.
type understood struct {
	method, target, host, body string
	framing                    string
	// fields are the end-to-end ones, "name: value" with canonical names;
	// trailers likewise.
	fields, trailers []string
	close            bool
}

// readWithNetHTTP reads all requests in wire with Go's parser.
func readWithNetHTTP(wire []byte) (all []understood, err error) {
	source := bufio.NewReader(bytes.NewReader(wire))
	for {
		if _, err := source.Peek(1); err == io.EOF {
			return all, nil
		}
		r, err := http.ReadRequest(source)
		if err != nil {
			return all, err
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return all, err
		}
		all = append(all, understood{
			method: r.Method, target: r.RequestURI, host: r.Host, body: string(body),
			framing: fmt.Sprint(r.ContentLength, r.TransferEncoding),
			fields:  sortedFields(r.Header), trailers: sortedFields(r.Trailer), close: r.Close,
		})
	}
}

// sortedFields returns a header's lines sorted by name, values in their order.
func sortedFields(h http.Header) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			all = append(all, name+": "+value)
		}
	}
	return all
}

// checkNetHTTP wants Go to read what is forwarded of in as one request, the
// one that Go reads in in itself, but for what is ours to change.
func checkNetHTTP(t *testing.T, in string, got outcome) {
	t.Helper()
	forwarded, err := readWithNetHTTP([]byte(got.head + got.body))
	if err != nil || len(forwarded) != 1 {
		t.Fatalf("%q: forwarded as %q, of which net/http reads %d: %v", in, got.head+got.body, len(forwarded), err)
	}
	direct, err := readWithNetHTTP([]byte(in[:got.consumed]))
	if err != nil {
		return // it is stricter in places: white space in an extension, for one
	}
	if len(direct) != 1 {
		t.Fatalf("%q: net/http reads %d", in[:got.consumed], len(direct))
	}
	want, is := direct[0], forwarded[0]
	if is.method != want.method || is.body != want.body || is.framing != want.framing || is.close {
		t.Fatalf("%q: forwarded as %+v, net/http understands %+v", in, is, want)
	}
	if !strings.HasSuffix(want.target, is.target) && !addsPath(want.target, is.target) {
		t.Fatalf("%q: target %q, net/http understands %q", in, is.target, want.target)
	}
	if !strings.EqualFold(is.host, want.host) {
		t.Fatalf("%q: host %q, net/http understands %q", in, is.host, want.host)
	}
	checkFields(t, in, is.fields, want.fields)
	checkFields(t, in, is.trailers, want.trailers)
}

// addsPath says that the path added to an absolute form is all that differs.
func addsPath(absolute, origin string) bool {
	return strings.HasSuffix(absolute, strings.TrimPrefix(origin, "/")) || origin == "*"
}

// checkFields wants nothing added, and nothing lost but what a proxy drops.
func checkFields(t *testing.T, in string, is, want []string) {
	t.Helper()
	var kept []string
	for _, line := range want {
		if slices.Contains(is, line) {
			kept = append(kept, line)
			continue
		}
		name, value, _ := strings.Cut(line, ": ")
		if lookup([]byte(name)) == nameOther && !namedAway(in, name) && otherTrailer([]byte(name)) == trailerPasses {
			t.Fatalf("%q: %q is lost, %q", in, name, value)
		}
	}
	is = slices.DeleteFunc(is, func(line string) bool {
		return line == "Connection: TE" || line == "Connection: Upgrade" || line == "Te: trailers"
	})
	kept = slices.DeleteFunc(kept, func(line string) bool {
		return line == "Connection: TE" || line == "Connection: Upgrade" || line == "Te: trailers"
	})
	if !slices.Equal(is, kept) {
		t.Fatalf("%q: fields %q, want %q", in, is, kept)
	}
}

// namedAway says, roughly, that a Connection field names the field.
func namedAway(in, name string) bool {
	for _, line := range strings.Split(strings.ToLower(in), "\r\n") {
		if list, found := strings.CutPrefix(line, "connection:"); found && lists([]byte(list), []byte(name)) {
			return true
		}
	}
	return false
}

func TestForwardedMeansTheSameToNetHTTP(t *testing.T) {
	for _, in := range append(slices.Clone(goodRequests), browserRequest) {
		if strings.HasPrefix(in, "\r\n") {
			continue // net/http doesn't take the empty line
		}
		checkNetHTTP(t, in, get(t, in))
	}
}
