package engine_test

import (
	"errors"
	"net"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine"
)

// An orderly end has no deadline, however slowly the other side reads what
// came before it; not even when both directions have ended.
func TestSlowReaderAfterBothEnds(t *testing.T) {
	t.Run("the client reads", func(t *testing.T) { testSlowEnd(t, false) })
	t.Run("the backend reads", func(t *testing.T) { testSlowEnd(t, true) })
}

func testSlowEnd(t *testing.T, backendReads bool) {
	const size = 16 << 20
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		accepted := make(chan *net.TCPConn, 1)
		over, end := gate()
		b := serve(t, func(c *net.TCPConn) error {
			accepted <- c
			<-over
			return nil
		})
		defer end()
		p := start(t, impl, script{}.front(), names{"some": at(b.addr)}, func(cfg *engine.Config) { cfg.Timeouts.Flush = shortly })
		reader := p.dial()
		must(t, say(reader, "some\n"))
		writer := <-accepted
		want := engine.ClientClosed
		if backendReads {
			reader, writer, want = writer, reader, engine.BackendClosed
		}
		must(t, errors.Join(reader.CloseWrite(), hearEnd(writer)))
		stream := newPattern(51)
		sent := async(func() error { return stream.sendAndEnd(writer, size) })
		// The reader reads no more than it takes for the writer's end to be
		// with the proxy.
		offset := int64(0)
		eventually(t, "the writer's end is with the proxy", func() bool {
			if len(sent) > 0 && unsent(writer) == 0 {
				return true
			}
			n, err := reader.Read(make([]byte, 16<<10))
			offset += int64(n)
			must(t, err)
			return false
		})
		awaitFlushTimeout(t, p)
		must(t, stream.checkFrom(offset, reader, size))
		must(t, errors.Join(<-sent, hearEnd(reader)))
		end()
		p.stop(closings{want: 1, engine.NotFound: 1})
	})
}

// awaitFlushTimeout waits until Timeouts.Flush is over: a refused client that
// doesn't close is closed then.
func awaitFlushTimeout(t *testing.T, p *proxy) {
	t.Helper()
	c := p.dial()
	must(t, say(c, "missing\n"))
	must(t, hear(c, refusal(codecs.NotFound, "", "missing")))
	eventually(t, "a refused client is closed", func() bool { return p.Stats().Closed[engine.NotFound] > 0 })
}
