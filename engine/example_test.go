package engine_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// tenants is a Resolver of one's own: a map will do.
type tenants map[string]string

// Resolve implements resolve.Resolver.
func (t tenants) Resolve(_ context.Context, req resolve.Request) (resolve.Result, error) {
	endpoint, known := t[req.Resource]
	if !known {
		return resolve.Result{}, resolve.Errorf(resolve.NotFound, "no tenant %q", req.Resource)
	}
	return resolve.Result{Endpoint: endpoint}, nil
}

// A program embeds the engine with a Resolver of its own.
func Example() {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello ", r.Host) }))
	defer backend.Close()

	cfg := engine.DefaultConfig()
	cfg.Resolver = tenants{"alpha.example": strings.TrimPrefix(backend.URL, "http://")}
	cfg.Cache.Guard.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	cfg.Listeners = []engine.Listener{{Name: "web", Address: "127.0.0.1:0", Front: engine.HTTPFront()}}
	e, err := engine.New(cfg)
	if err == nil {
		err = e.Start()
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = e.Shutdown(context.Background()) }()

	for _, host := range []string{"alpha.example", "beta.example"} {
		req, _ := http.NewRequest("GET", "http://"+e.Addr("web").String(), nil)
		req.Host, req.Close = host, true
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(host, answer.StatusCode)
		_ = answer.Body.Close()
	}
	// Output:
	// alpha.example 200
	// beta.example 404
}
