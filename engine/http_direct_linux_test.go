package engine_test

import (
	"io"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	codec "github.com/proxy-engine/proxy-engine/codecs/http"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/resolve"
)

func TestHTTPSettingsAreChecked(t *testing.T) {
	for want, change := range map[string]func(*engine.HTTP){
		`HTTP direct response: the status 199 isn't from 200 to 599`: func(h *engine.HTTP) { h.Direct = &codec.Static{Status: 199} },
		`HTTP direct response: "a\nb" can't be a Content-Type`:       func(h *engine.HTTP) { h.Direct = &codec.Static{Status: 200, Type: "a\nb"} },
		`HTTP: Via's pseudonym "a b" isn't a token`:                  func(h *engine.HTTP) { h.Via = "a b" },
	} {
		cfg := engine.DefaultConfig()
		cfg.Resolver = resolve.Fixed("")
		cfg.Listeners = []engine.Listener{{Name: codecs.HTTP.String(), Address: ":0", Front: engine.HTTPFront()}}
		change(&cfg.HTTP)
		if err := cfg.Validate(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// An answer over a standing connection allocates nothing.
func TestDirectAllocatesNothing(t *testing.T) {
	checkLeaks(t)
	direct := func(cfg *engine.Config) {
		cfg.HTTP.Direct = &codec.Static{Status: 202, Type: "text/plain", Body: []byte("taken")}
	}
	c := start(t, engine.Reactor, engine.HTTPFront(), resolve.Fixed("192.0.2.1:1"), direct).dial()
	request := []byte("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345")
	answer := make([]byte, len("HTTP/1.1 202 \r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\ntaken"))
	exchange := func() {
		if _, err := c.Write(request); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, answer); err != nil {
			t.Fatal(err)
		}
	}
	exchange()
	if n := mallocs(10_000, exchange); n >= 0.01 {
		t.Errorf("%v allocations per request", n)
	}
}
