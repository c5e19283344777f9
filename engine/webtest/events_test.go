package webtest

import (
	"bufio"
	"fmt"
	"net/http"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// TestEvents has a server send an event only when the client has got the one
// before: an event that is held back would hold up all.
func TestEvents(t *testing.T) {
	const events = 200
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		got := make(chan int)
		backend := func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			for n := range events {
				fmt.Fprintf(w, "data: %d\n\n", n)
				w.(http.Flusher).Flush()
				select {
				case <-got:
				case <-r.Context().Done():
					return
				}
			}
		}
		p := startProxy(t, impl, only(serveGo(t, backend)))
		response, err := p.client(1).Do(p.request(http.MethodGet, host, "/events"))
		enginetest.Must(t, err)
		defer enginetest.CloseAll(t, response.Body)
		stream := bufio.NewScanner(response.Body)
		for n := range events {
			for _, want := range []string{fmt.Sprint("data: ", n), ""} {
				if !stream.Scan() || stream.Text() != want {
					t.Fatalf("got %q, want %q: %v", stream.Text(), want, stream.Err())
				}
			}
			got <- n
		}
		if stream.Scan() {
			t.Errorf("got %q behind the last event", stream.Text())
		}
	})
}
