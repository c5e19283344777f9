package resolve

import (
	"context"
	"testing"
)

func TestWithWake(t *testing.T) {
	const hook = "https://api.internal/wake"
	var calls []string
	woken := func(_ context.Context, url string, req Request, res Result) error {
		calls = append(calls, "hook "+url+" "+req.Resource+" "+res.Endpoint)
		return nil
	}
	own := teller{newFull("own", &calls), Result{Endpoint: "a:1", Wake: "publish"}}
	for _, tt := range []struct {
		r          Resolver
		wake, want string
	}{
		{Fixed("a:1"), hook, "hook " + hook + " orders a:1"},
		{own, "publish", "own Resolve, own Wake publish"},
		{Chain(Fixed("a:1"), own), hook, "hook " + hook + " orders a:1"},
	} {
		r := WithWake(tt.r, hook, woken)
		res, err := r.Resolve(t.Context(), db("orders"))
		if err != nil || res.Wake != tt.wake {
			t.Errorf("Resolve = %+v, %v, want %q to wake by", res, err, tt.wake)
		}
		if err := r.(Waker).Wake(t.Context(), db("orders"), res); err != nil {
			t.Error(err)
		}
		wantCalled(t, &calls, tt.want)
	}
	if _, err := WithWake(answering(Result{}, Errorf(NotFound, "")), hook, woken).Resolve(t.Context(), db("x")); KindOf(err) != NotFound {
		t.Error(err)
	}
}

func TestCheckWakeURL(t *testing.T) {
	for url, ok := range map[string]bool{
		"https://api.internal/wake?id=7": true,
		"http://127.0.0.1:8080":          true,
		"":                               false,
		"api.internal":                   false,
		"https:///wake":                  false,
		"file:///etc/passwd":             false,
		"https://user:pass@api.internal": false,
		"https://api.internal/#x":        false,
		"https://[::1/":                  false,
	} {
		if err := CheckWakeURL(url); (err == nil) != ok {
			t.Errorf("CheckWakeURL(%q): %v", url, err)
		}
	}
}

// TestFileWakes: a route's URL is what its resource is woken by.
func TestFileWakes(t *testing.T) {
	path := t.TempDir() + "/routes.yaml"
	write(t, path, "routes:\n  orders: {endpoint: 'a:1', state: cold, wake: 'https://api.internal/orders'}\n")
	var url string
	for _, wake := range []WakeFunc{nil, func(_ context.Context, to string, _ Request, _ Result) error { url = to; return nil }} {
		f, err := OpenFile(path, OpenOptions{Wake: wake})
		must(t, err)
		res, err := f.Resolve(t.Context(), db("orders"))
		must(t, err)
		if err := f.Wake(t.Context(), db("orders"), res); (err == nil) != (wake != nil) || res.State != Cold {
			t.Errorf("Wake: %v", err)
		}
		closeFile(t, f)
	}
	if url != "https://api.internal/orders" {
		t.Errorf("woken by %q", url)
	}
}
