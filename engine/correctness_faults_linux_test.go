package engine_test

import (
	"io"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
)

// A bug in a codec costs the session in which it shows, and no other.
func TestPanicEndsItsSessionOnly(t *testing.T) {
	for _, method := range []string{"new", "start", "client", "open", "backend", "refuse"} {
		t.Run(method, func(t *testing.T) {
			eachVariant(t, func(t *testing.T, impl engine.Impl) {
				testPanic(t, impl, script{panics: method})
			})
		})
	}
	t.Run("what the client says", func(t *testing.T) {
		eachVariant(t, func(t *testing.T, impl engine.Impl) {
			b := serve(t, echo)
			p := start(t, impl, script{}.front(), names{"some": at(b.addr)})
			sane := p.dial()
			must(t, say(sane, "some\n"))
			must(t, ask(sane, "hello"))
			const bad = 20
			for range bad {
				c := p.dial()
				must(t, say(c, "panic\n"))
				hearNothing(t, c)
			}
			must(t, ask(sane, "still there?"))
			sane.Close()
			p.stop(closings{engine.Panicked: bad, engine.ClientClosed: 1})
		})
	})
}

func testPanic(t *testing.T, impl engine.Impl, s script) {
	answers := names{"some": at(serve(t, echo).addr)}
	if s.panics == "refuse" {
		answers = names{}
	}
	p := start(t, impl, s.front(), answers)
	const sessions = 5
	for range sessions {
		c := p.dial()
		// Behind the line is what the backend echoes, and Backend hears.
		_ = say(c, "some\nhello")
		hearNothing(t, c)
	}
	p.stop(closings{engine.Panicked: sessions})
}

// hearNothing reads up to the connection's end, of whatever kind.
func hearNothing(t *testing.T, c io.ReadCloser) {
	t.Helper()
	if got, err := io.ReadAll(c); len(got) > 0 || err != nil && !isReset(err) {
		t.Errorf("heard %q and %v, want the connection closed", got, err)
	}
	c.Close()
}
