package engine

import (
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/resolve"
)

func TestTelemetryLines(t *testing.T) {
	route := &resolve.Route{Request: resolve.Request{Resource: "alpha.example"}, Result: resolve.Result{State: resolve.Cold}}
	got := string(appendTelemetry(nil, route, true, 1234567*time.Nanosecond))
	want := "X-Proxy-Resource: alpha.example\r\nX-Proxy-Cached: true\r\nX-Proxy-Cold-Start: true\r\nX-Proxy-Upstream-Ms: 1.235\r\n"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
