package webtest

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// TestCurl has curl ask for one thing after the other.
func TestCurl(t *testing.T) {
	const site = "http://" + host
	tests := []struct {
		name string
		args []string
		want string // of the output
		head string // a part of the response's head
	}{
		{"1.1", []string{site + "/file"}, file, "HTTP/1.1 200 OK"},
		{"1.0", []string{"-0", site + "/file"}, file, "Connection: close"},
		{"1.0 that goes on", []string{"-0", "-H", "Connection: keep-alive", site + "/file"}, file, "Connection: keep-alive"},
		{"chunked", []string{site + "/chunked"}, lines(100), "Transfer-Encoding: chunked"},
		{"chunked for 1.0", []string{"-0", site + "/chunked"}, lines(100), "Connection: close"},
		{"HEAD", []string{"-I", "-o", "/dev/null", site + "/file"}, "", "Content-Length: 36"},
		{"no content", []string{site + "/empty"}, "", "204 No Content"},
		{"a range", []string{"-r", "5-9", site + "/file"}, "56789", "Content-Range: bytes 5-9/36"},
		{"the last bytes", []string{"-r", "-3", site + "/file"}, "xyz", "206 Partial Content"},
		{"a range beyond", []string{"-r", "100-", site + "/file"}, "invalid range: failed to overlap\n", "416 Requested Range Not Satisfiable"},
		{"twice on a connection", []string{site + "/file", site + "/file"}, file + file, ""},
		{"an absolute target", []string{"--request-target", site + "/file", site}, file, ""},
		{"another host", []string{"http://nobody.test/"}, "", "404 Not Found"},
	}
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, only(serveGo(t, page)))
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				got := curl(t, p, nil, append([]string{"-D", "/dev/stderr"}, tt.args...)...)
				if body := got.succeeds(t); body != tt.want && tt.want != "" {
					t.Errorf("got %q, want %q", body, tt.want)
				}
				if !strings.Contains(got.stderr, tt.head) {
					t.Errorf("%q isn't in %q", tt.head, got.stderr)
				}
			})
		}
	})
}

// TestCurlExpects has curl wait for 100 Continue for longer than the test may
// take.
func TestCurlExpects(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, only(serveGo(t, page)))
		got := curl(t, p, strings.NewReader("some body"), "-v", "--expect100-timeout", "600",
			"-H", "Expect: 100-continue", "--data-binary", "@-", "http://"+host+"/seen")
		var u understood
		enginetest.Must(t, json.Unmarshal([]byte(got.succeeds(t)), &u))
		if u.Body != "some body" || !strings.Contains(got.stderr, "HTTP/1.1 100 Continue") {
			t.Errorf("the backend has got %q: %s", u.Body, got.stderr)
		}
	})
}

// TestCurlUpload uploads more than anybody would keep in memory, in chunks.
func TestCurlUpload(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, only(serveGo(t, page)))
		sum := checksum()
		stream := io.TeeReader(io.LimitReader(newPattern(), *upload), sum)
		got := curl(t, p, stream, "-T", "-", "http://"+host+"/sum").succeeds(t)
		if want := fmt.Sprintf("%d %08x [chunked]\n", *upload, sum.Sum32()); got != want {
			t.Errorf("the backend has got %q, curl has sent %q", got, want)
		}
	})
}

// TestCurlRefused has a server answer without reading what curl would upload.
func TestCurlRefused(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, only(serveGo(t, page)))
		stream := io.LimitReader(newPattern(), 64<<20)
		got := curl(t, p, stream, "-T", "-", "-w", "%{http_code}", "http://"+host+"/refused")
		if !strings.HasPrefix(got.stdout, "too much\n413") {
			t.Errorf("curl has got %q: %s", got.stdout, got.stderr)
		}
	})
}
