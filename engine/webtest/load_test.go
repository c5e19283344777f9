package webtest

import (
	"regexp"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// TestWrk has every request of a short run answered well.
func TestWrk(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, only(serveGo(t, page)))
		out := run(t, "wrk", "-t1", "-c32", "-d1s", "-H", "Host: "+host, p.url("/file")).succeeds(t)
		if strings.Contains(out, "Socket errors") || strings.Contains(out, "Non-2xx") || !strings.Contains(out, "requests in") {
			t.Error(out)
		}
		if n := p.Stats().Requests; n < 32 {
			t.Errorf("the proxy has counted %d requests: %s", n, out)
		}
	})
}

// TestH2load pipelines too: wrk doesn't.
func TestH2load(t *testing.T) {
	good := regexp.MustCompile(`5000 total, 5000 started, 5000 done, 5000 succeeded, 0 failed, 0 errored, 0 timeout`)
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, only(serveGo(t, page)))
		for _, pipelined := range []string{"1", "8"} {
			out := run(t, "h2load", "--h1", "-n5000", "-c20", "-t1", "-m", pipelined,
				"--connect-to", p.Address(), "http://"+host+"/file").succeeds(t)
			if !good.MatchString(out) {
				t.Errorf("%s at once: %s", pipelined, out)
			}
		}
		if n := p.Stats().Requests; n != 10000 {
			t.Errorf("the proxy has counted %d requests, want 10000", n)
		}
	})
}
