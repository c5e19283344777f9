package webtest

import (
	"net/http"
	"sync"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// TestClosingBackend has a backend that says nothing of closing after every
// response, and does. What may be asked again is: nobody gets an error.
func TestClosingBackend(t *testing.T) {
	const clients, requests = 8, 100
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := startCutter(t)
		backend.next(fine, false)
		p := startProxy(t, impl, only(backend.Addr().String()))
		client := p.client(clients)
		var asking sync.WaitGroup
		for range clients {
			asking.Go(func() {
				for range requests {
					if err := ask(client, p.request(http.MethodGet, host, "/"), http.StatusOK, "fine"); err != nil {
						t.Error(err)
					}
				}
			})
		}
		asking.Wait()
	})
}
