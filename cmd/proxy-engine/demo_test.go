package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// TestDemo asks the demo, as a process of its own, for its hosts, and for one
// that is the next resolver's.
func TestDemo(t *testing.T) {
	own := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "my own") }))
	defer own.Close()
	p := startProcess(t, "--demo", "--http", "127.0.0.1:0", "--http-backend", own.Listener.Addr().String(),
		"--event-loops", "1")
	address := p.awaitLog(t, `msg=listening .*address=(\S+)`)[1]
	p.awaitLog(t, `msg=started`)
	for _, host := range demoHosts {
		r, body := ask(t, address, host)
		if r.StatusCode != 200 || !strings.HasPrefix(body, "This is "+host+". ") ||
			!strings.Contains(body, "\nGET /path HTTP/1.1\r\nHost: "+host+"\r\n") || !strings.Contains(body, "X-Forwarded-For: 127.0.0.1\r\n") {
			t.Errorf("%s: %d %q", host, r.StatusCode, body)
		}
	}
	if r, body := ask(t, address, "my.example"); r.StatusCode != 200 || body != "my own" {
		t.Errorf("the next resolver's: %d %q", r.StatusCode, body)
	}
	p.end(t)
}

func TestDemoAlone(t *testing.T) {
	d, err := startDemo(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range slices.Concat(demoHosts[:], []string{"gamma.localhost"}) {
		_, err := d.Resolve(t.Context(), resolve.Request{Protocol: codecs.HTTP.String(), Resource: host})
		if known := slices.Contains(demoHosts[:], host); (err == nil) != known || !known && resolve.KindOf(err) != resolve.NotFound {
			t.Errorf("%s: %v", host, err)
		}
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
