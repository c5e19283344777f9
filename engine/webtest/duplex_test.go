package webtest

import (
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// restless is a deadline of bodies that only one that really rests may exceed,
// on a busy machine too.
const restless = 2 * time.Second

// TestDuplex has bytes go one way, one by one, for longer than a body may stall,
// while nothing goes the other way.
func TestDuplex(t *testing.T) {
	for name, direction := range map[string]func(client, link *enginetest.Conn) (from, to *enginetest.Conn){
		"the upload rests":   func(client, link *enginetest.Conn) (from, to *enginetest.Conn) { return link, client },
		"the response rests": func(client, link *enginetest.Conn) (from, to *enginetest.Conn) { return client, link },
	} {
		t.Run(name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				backend := enginetest.Listen(t)
				p := startProxy(t, impl, only(backend.Address()), func(cfg *engine.Config) { cfg.HTTP.Stall = restless })
				client := p.Dial()
				client.Say(chunked + "1\r\nx\r\n")
				link := backend.Accept()
				link.HearTo("1\r\nx\r\n")
				link.Say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\ny\r\n")
				client.HearTo("1\r\ny\r\n")
				stream(direction(client, link))
				client.Say("0\r\n\r\n")
				link.Hear("0\r\n\r\n")
				link.Say("0\r\n\r\n")
				client.Hear("0\r\n\r\n")
			})
		})
	}
}

// stream sends chunks, each when the one before has arrived, until a side that
// rests would have stalled.
func stream(from, to *enginetest.Conn) {
	const chunk = "1\r\nz\r\n"
	for start := time.Now(); time.Since(start) < restless+restless/4; {
		from.Say(chunk)
		to.Hear(chunk)
	}
}
