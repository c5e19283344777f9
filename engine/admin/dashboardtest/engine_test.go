package dashboardtest

import (
	"log/slog"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/admin"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// The page shows what an engine really does, and does to it what was confirmed.
func TestEngine(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		backend := enginetest.Listen(t)
		e := enginetest.Start(t, enginetest.Config(impl, tcp.Front("db"), resolve.Fixed(backend.Address())))
		s, err := admin.Start(e.Engine, admin.Options{
			Address: "127.0.0.1:0", Token: "s3cret", Top: 10, Version: "v9", Settings: func() string { return "demo: true\n" },
			Logger: slog.New(slog.DiscardHandler),
		})
		enginetest.Must(t, err)
		t.Cleanup(func() { s.Close(t.Context()) })
		client := e.Dial()
		client.Say("ping")
		link := backend.Accept()
		link.Hear("ping")

		p := open(t, "http://"+s.Addr().String())
		p.until("q('#token').open")
		p.fill("#token-input", "s3cret\r")
		p.until("text('#state') === 'ready' && text('#chart-sessions .figure') === '1'")
		p.until("row('db').querySelector('.active').textContent === '1' && text('#resources-count') === '1'")
		p.until("text('#endpoints-table').includes(" + quoted(backend.Address()) + ") && row('closed') !== undefined")
		p.until("text('#listeners-table').includes('front')")
		p.pressRow("#resources-table", "db")
		p.choose("Purge")
		p.confirmed()
		p.until("!q('#confirm').open && text('#toast').startsWith('Purge db (tcp): purged')")
		enginetest.CloseAll(t, client)
		link.HearEnd()
		enginetest.CloseAll(t, link)
		p.until("text('#chart-sessions .figure') === '0' && text('#closes-table').includes('client closed')")
	})
}
