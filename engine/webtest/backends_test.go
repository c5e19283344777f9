package webtest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// visit is something asked of a backend, and what it answers.
type visit struct {
	method, path, body string
	header             [2]string // of the request
	status             int
	want               string
	length             int64 // as announced; -1 for none
}

// visitAll asks for one thing after the other, twice: connections to backends
// are used again where the backend goes on.
func visitAll(t *testing.T, p *proxy, visits []visit) {
	t.Helper()
	client := p.client(1)
	for range 2 {
		for _, v := range visits {
			got, err := v.make(client, p)
			if err != nil {
				t.Errorf("%s %s: %v", v.method, v.path, err)
				continue
			}
			if got.status != v.status || got.want != v.want || got.length != v.length {
				t.Errorf("%s %s: got %d of %d bytes, %.60q; want %d of %d bytes, %.60q",
					v.method, v.path, got.status, got.length, got.want, v.status, v.length, v.want)
			}
		}
	}
}

// make does it, and returns what it came to.
func (v visit) make(client *http.Client, p *proxy) (visit, error) {
	r := p.request(v.method, host, v.path)
	if v.body != "" {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(v.body)), int64(len(v.body))
	}
	if v.header[0] != "" {
		r.Header.Set(v.header[0], v.header[1])
	}
	response, err := client.Do(r)
	if err != nil {
		return visit{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return visit{status: response.StatusCode, want: string(body), length: response.ContentLength}, err
}

// lines are what servers write line by line.
func lines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	return b.String()
}

// largeFile is a folder with a file of a few MiB, and its content.
func largeFile(t *testing.T) (dir, content string) {
	t.Helper()
	var b bytes.Buffer
	_, err := io.CopyN(&b, newPattern(), 5<<20)
	enginetest.Must(t, err)
	dir = t.TempDir()
	enginetest.Must(t, os.Chmod(dir, 0o755)) // nginx may run as somebody else
	enginetest.Must(t, os.WriteFile(filepath.Join(dir, "large"), b.Bytes(), 0o644))
	return dir, b.String()
}

// TestNginx has nginx serve a file, and pass on what an application says as it
// comes.
func TestNginx(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		dir, large := largeFile(t)
		p := startProxy(t, impl, only(serveNginx(t, dir, serveGo(t, page)).addr))
		visitAll(t, p, []visit{
			{method: "GET", path: "/large", status: 200, want: large, length: 5 << 20},
			{method: "HEAD", path: "/large", status: 200, length: 5 << 20},
			{
				method: "GET", path: "/large", header: [2]string{"Range", "bytes=1000-2000000"},
				status: 206, want: large[1000:2000001], length: 1999001,
			},
			{method: "GET", path: "/app/chunked", status: 200, want: lines(100), length: -1},
			{method: "GET", path: "/app/file", status: 200, want: file, length: int64(len(file))},
			{method: "POST", path: "/app/reversed", body: "hello", status: 200, want: "olleh", length: 5},
			{method: "GET", path: "/app/empty", status: 204, length: 0},
		})
	})
}

func TestNode(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, only(serveNode(t).addr))
		visitAll(t, p, []visit{
			{method: "GET", path: "/chunked", status: 200, want: lines(1000), length: -1},
			{method: "GET", path: "/length", status: 200, want: "hello", length: 5},
			{method: "HEAD", path: "/length", status: 200, length: 5},
			{method: "POST", path: "/reversed", body: "hello", status: 200, want: "olleh", length: -1},
		})
	})
}

func TestGo(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, only(serveGo(t, page)))
		visitAll(t, p, []visit{
			{method: "GET", path: "/chunked", status: 200, want: lines(100), length: -1},
			{method: "GET", path: "/file", status: 200, want: file, length: int64(len(file))},
			{method: "HEAD", path: "/file", status: 200, length: int64(len(file))},
			{method: "POST", path: "/reversed", body: "hello", status: 200, want: "olleh", length: 5},
			{method: "GET", path: "/empty", status: 204, length: 0},
		})
	})
}

// TestPython has a server of HTTP/1.0, most of whose responses end with their
// connection.
func TestPython(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		dir, large := largeFile(t)
		p := startProxy(t, impl, only(servePython(t, dir).addr))
		visitAll(t, p, []visit{
			{method: "GET", path: "/large", status: 200, want: large, length: 5 << 20},
			{method: "HEAD", path: "/large", status: 200, length: 5 << 20},
			{method: "GET", path: "/eof", status: 200, want: lines(1000), length: -1},
			{method: "POST", path: "/", body: "hello", status: 200, want: "olleh", length: -1},
		})
	})
}
