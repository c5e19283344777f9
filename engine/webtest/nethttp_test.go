package webtest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// TestAlternatingHosts has the requests for two backends, and for none, take
// turns on the same connections.
func TestAlternatingHosts(t *testing.T) {
	const requests, connections = 2000, 20
	answers := map[string]int{"alpha.test": 200, "beta.test": 200, "BETA.test:8080": 200, "gamma.test": 404}
	backend := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body) // what is missing shows
			fmt.Fprintf(w, "%s %s %s", name, r.URL.Path, body)
		}
	}
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routes{"alpha.test": serveGo(t, backend("alpha")), "beta.test": serveGo(t, backend("beta"))})
		client := p.client(connections)
		numbers := make(chan int)
		var asking sync.WaitGroup
		for range 2 * connections {
			asking.Go(func() {
				for n := range numbers {
					for host, status := range answers {
						if err := askHost(client, p, host, n, status); err != nil {
							t.Error(host, err)
						}
					}
				}
			})
		}
		for n := range requests / len(answers) {
			numbers <- n
		}
		close(numbers)
		asking.Wait()
		if n := p.Stats().Accepted; n > connections {
			t.Errorf("%d connections, though %d would do", n, connections)
		}
	})
}

// askHost sends a request of that number. Whom nobody knows is asked without a
// body: one that is still on its way costs the connection.
func askHost(client *http.Client, p *proxy, host string, n, status int) error {
	r := p.request(http.MethodPost, host, fmt.Sprint("/", n))
	body := ""
	if status == http.StatusOK {
		body = strings.Repeat("b", n)
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), length(n)
	}
	name, _, _ := strings.Cut(host, ".")
	return ask(client, r, status, fmt.Sprintf("%s /%d %s", strings.ToLower(name), n, body))
}

// length announces every other body of n bytes; the others are sent chunked.
func length(n int) int64 {
	if n%2 == 1 {
		return -1
	}
	return int64(n)
}

// ask sends a request and compares what comes back: the whole body if the
// status is 200.
func ask(client *http.Client, r *http.Request, status int, want string) error {
	response, err := client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != status || status == http.StatusOK && string(body) != want {
		return fmt.Errorf("got %s and %.80q, want %d and %.80q", response.Status, body, status, want)
	}
	return nil
}
