package figurestest

import (
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/admin"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

const (
	crowd     = 1000 // sessions
	exchanges = 20   // of each
	scrapes   = 10   // at least, meanwhile
)

// A scrape every 100 ms disturbs none of a thousand sessions that exchange bytes, and
// what it tells never falls.
func TestScrapesAmongSessions(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		s := start(t, impl, tcp.Front("db"))
		server, err := admin.Start(s.Engine, admin.Options{Address: "127.0.0.1:0", Top: 20, Settings: func() string { return "" }, Logger: slog.New(slog.DiscardHandler)})
		enginetest.Must(t, err)
		t.Cleanup(func() { server.Close(t.Context()) })
		var over atomic.Bool
		scraped := enginetest.Async(func() error { return scrapeUntil(t, server.Addr().String(), &over) })
		var clients, backends []*enginetest.Conn
		for range crowd {
			client := s.Dial()
			client.Say("hi")
			backend := s.backend.Accept()
			backend.Hear("hi")
			clients, backends = append(clients, client), append(backends, backend)
		}
		var all sync.WaitGroup
		for i := range clients {
			all.Go(func() {
				for range exchanges {
					passes(clients[i], backends[i], 1000)
					passes(backends[i], clients[i], 1000)
				}
			})
		}
		all.Wait()
		over.Store(true)
		enginetest.Must(t, <-scraped)
		s.awaitMoved(crowd*(2+exchanges*1000), crowd*exchanges*1000)
		for i := range clients {
			enginetest.CloseAll(t, clients[i], backends[i])
		}
		s.AwaitActive(0)
	})
}

// scrapeUntil scrapes every 100 ms until over, and often enough.
func scrapeUntil(t *testing.T, address string, over *atomic.Bool) error {
	transport := new(http.Transport)
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: enginetest.Patience}
	beat := time.NewTicker(100 * time.Millisecond)
	defer beat.Stop()
	last := 0.0
	for n := 0; n < scrapes || !over.Load(); n++ {
		<-beat.C
		answer, err := client.Get("http://" + address + "/metrics")
		if err != nil {
			return err
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil {
			return err
		}
		now, err := valueOf(string(body), `proxy_engine_bytes_total{direction="from_client",listener="front",protocol="tcp"} `)
		if err != nil {
			return err
		}
		if now < last {
			t.Errorf("%g bytes after %g", now, last)
		}
		last = now
	}
	return nil
}

// valueOf is the value of a series.
func valueOf(text, series string) (float64, error) {
	_, rest, _ := strings.Cut(text, "\n"+series)
	value, _, _ := strings.Cut(rest, "\n")
	return strconv.ParseFloat(value, 64)
}
