package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// Each client gets to the backend it names; what it sends ahead gets there
// too, and a greeting comes before everything.
func TestRoutesByName(t *testing.T) {
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		answer := func(who string) *backend {
			return serve(t, func(c *net.TCPConn) error {
				return errors.Join(hear(c, "who are you?"), say(c, who), hearEnd(c))
			})
		}
		p := start(t, impl, script{greeting: "welcome\n"}.front(), names{
			"a": at(answer("I'm a").addr),
			"b": at(answer("I'm b").addr),
		})
		const rounds = 20 // the first of each name is looked up, the others are cached
		for range rounds {
			for _, name := range []string{"a", "b"} {
				c := p.dial()
				must(t, hear(c, "welcome\n"))
				must(t, say(c, name+"\nwho are you?"))
				must(t, hear(c, "I'm "+name))
				must(t, c.CloseWrite())
				must(t, hearEnd(c))
				c.Close()
			}
		}
		p.stop(closings{engine.ClientClosed: 2 * rounds})
	})
}

// A client that doesn't wait for the backend: everything it has sent arrives,
// in order, however long resolving takes.
func TestClientSpeaksAhead(t *testing.T) {
	const size = 1 << 20
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		up := newPattern(11)
		b := serve(t, func(c *net.TCPConn) error { return up.checkAndEnd(c, size) })
		asked := make(chan struct{}, 1)
		mayGo, answer := gate()
		defer answer()
		p := start(t, impl, script{}.front(), names{"slow": hangs(asked, mayGo, at(b.addr))})
		c := p.dial()
		must(t, say(c, "slow\n"))
		sent := async(func() error { return up.sendAndEnd(c, size) })
		<-asked
		answer()
		must(t, <-sent)
		must(t, hearEnd(c))
		p.stop(closings{engine.ClientClosed: 1})
	})
}

// Setup and relay don't care how the bytes are cut.
func TestOneByteAtATime(t *testing.T) {
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		b := serve(t, func(c *net.TCPConn) error {
			return errors.Join(sayBytewise(c, "hello, this is the backend\n"), echo(c))
		})
		p := start(t, impl, script{banner: true}.front(), names{"some": at(b.addr)})
		c := p.dial()
		must(t, sayBytewise(c, "some name\n"))
		must(t, hear(c, "hello, this is the backend\n"))
		for range 3 {
			must(t, sayBytewise(c, "and so on"))
			must(t, hear(c, "and so on"))
		}
		must(t, c.CloseWrite())
		must(t, hearEnd(c))
		p.stop(closings{engine.ClientClosed: 1})
	})
}

// sayBytewise makes a segment of every byte.
func sayBytewise(w io.Writer, text string) error {
	for i := range len(text) {
		if err := say(w, text[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// Whatever keeps a client from its backend, it is told in its own protocol, in
// words that give nothing away, and counted.
func TestRefusals(t *testing.T) {
	closed := unreachable(t)
	answers := names{
		"forbidden":   fails(resolve.Forbidden),
		"unavailable": fails(resolve.Unavailable),
		"timeout":     fails(resolve.Timeout),
		"internal":    fails(resolve.Internal),
		"nowhere":     at(closed),
		"draining": func(ctx context.Context) (resolve.Result, error) {
			r, err := at(closed)(ctx)
			r.State = resolve.Draining
			return r, err
		},
		"panics":   func(context.Context) (resolve.Result, error) { panic("a resolver's bug") },
		"nonsense": func(context.Context) (resolve.Result, error) { return resolve.Result{Endpoint: "no port"}, nil },
	}
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		want := closings{}
		p := start(t, impl, script{}.front(), answers)
		for _, tt := range []struct {
			line   string
			words  string
			reason engine.Reason
		}{
			{"missing", refusal(codecs.NotFound, "", "missing"), engine.NotFound},
			{"forbidden", refusal(codecs.Forbidden, "", "forbidden"), engine.Forbidden},
			{"unavailable", refusal(codecs.Unavailable, "", "unavailable"), engine.Unavailable},
			{"timeout", refusal(codecs.Timeout, "", "timeout"), engine.ResolveTimeout},
			{"internal", refusal(codecs.Internal, "", "internal"), engine.ResolveFailed},
			{"nowhere", refusal(codecs.Unavailable, "", "nowhere"), engine.ConnectRefused},
			{"draining", refusal(codecs.Unavailable, "", "draining"), engine.Unavailable},
			{"panics", refusal(codecs.Internal, "", "panics"), engine.ResolveFailed},
			{"nonsense", refusal(codecs.Internal, "", "nonsense"), engine.ResolveFailed},
			{"bad " + digit(codecs.Malformed), refusal(codecs.Malformed, "as said", ""), engine.Malformed},
			{"bad " + digit(codecs.Unsupported), refusal(codecs.Unsupported, "as said", ""), engine.Unsupported},
			{"cancel unknown", refusal(codecs.NotFound, "", ""), engine.UnknownKey},
		} {
			c := p.dial()
			must(t, say(c, tt.line+"\n"))
			if err := errors.Join(hear(c, tt.words), hearEnd(c)); err != nil {
				t.Errorf("%s: %v", tt.line, err)
			}
			c.Close()
			want[tt.reason]++
		}
		p.stop(want)
	})
}

func digit(k codecs.Kind) string { return string(rune('0' + k)) }

// A refusal reaches also those who go on sending for a while: unread bytes
// don't turn it into a reset.
func TestRefusalReachesAClientThatGoesOn(t *testing.T) {
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := start(t, impl, script{}.front(), names{})
		c := p.dial()
		must(t, say(c, "missing\n"))
		must(t, newPattern(12).send(c, 8<<20))
		must(t, hear(c, refusal(codecs.NotFound, "", "missing")))
		must(t, hearEnd(c))
		c.Close()
		p.stop(closings{engine.NotFound: 1})
	})
}

// A client that never closes after its refusal is closed when its time to read
// it is over.
func TestRefusalHasADeadline(t *testing.T) {
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := start(t, impl, script{}.front(), names{}, func(cfg *engine.Config) { cfg.Timeouts.Flush = shortly })
		c := p.dial()
		must(t, say(c, "missing\n"))
		must(t, hear(c, refusal(codecs.NotFound, "", "missing")))
		p.awaitActive(0)
		p.stop(closings{engine.NotFound: 1})
	})
}

// shortly is a deadline that is waited for.
const shortly = 100 * time.Millisecond

// A side that has the codec ask for more than it may keep is refused, however
// much it sends.
func TestOversizedInput(t *testing.T) {
	refused := refusal(codecs.Malformed, "message too long", "")
	t.Run("client's", func(t *testing.T) {
		eachVariant(t, func(t *testing.T, impl engine.Impl) {
			p := start(t, impl, script{hungry: "client"}.front(), names{})
			for _, size := range []int64{scriptPending, scriptPending + 1, 2 * scriptPending, 8 << 20} {
				c := p.dial()
				must(t, newPattern(13).send(c, size))
				must(t, hear(c, refused))
				must(t, hearEnd(c))
				c.Close()
			}
			// One byte less is no fault yet.
			c := p.dial()
			must(t, newPattern(13).send(c, scriptPending-1))
			must(t, c.CloseWrite())
			must(t, hearEnd(c))
			c.Close()
			p.stop(closings{engine.Malformed: 4, engine.ClientGone: 1})
		})
	})
	t.Run("backend's", func(t *testing.T) {
		eachVariant(t, func(t *testing.T, impl engine.Impl) {
			b := serve(t, func(c *net.TCPConn) error {
				// How far it gets before it is closed isn't known.
				_ = newPattern(14).send(c, 8<<20)
				return nil
			})
			p := start(t, impl, script{hungry: "backend"}.front(), names{"some": at(b.addr)})
			c := p.dial()
			must(t, say(c, "some\n"))
			must(t, hear(c, refusal(codecs.Unavailable, "", "some")))
			must(t, hearEnd(c))
			c.Close()
			p.stop(closings{engine.BackendMalformed: 1})
		})
	})
}

// A deadline isn't put off by a peer that keeps its codec busy.
func TestEndlessInputHasADeadline(t *testing.T) {
	t.Run("client's", func(t *testing.T) {
		eachVariant(t, func(t *testing.T, impl engine.Impl) {
			p := start(t, impl, script{greedy: "client"}.front(), names{}, func(cfg *engine.Config) { cfg.Timeouts.Detect = shortly })
			c := p.dial()
			flooded := flood(c)
			must(t, hear(c, refusal(codecs.Timeout, "no complete request in time", "")))
			c.Close()
			<-flooded
			p.stop(closings{engine.DetectTimeout: 1})
		})
	})
	t.Run("backend's", func(t *testing.T) {
		eachVariant(t, func(t *testing.T, impl engine.Impl) {
			b := serve(t, func(c *net.TCPConn) error { <-flood(c); return nil })
			p := start(t, impl, script{greedy: "backend"}.front(), names{"some": at(b.addr)}, func(cfg *engine.Config) { cfg.Timeouts.Open = shortly })
			c := p.dial()
			must(t, say(c, "some\n"))
			must(t, hear(c, refusal(codecs.Timeout, "", "some")))
			c.Close()
			p.stop(closings{engine.OpenTimeout: 1})
		})
	})
}

// flood writes until that fails.
func flood(c *net.TCPConn) <-chan error {
	return async(func() error { return newPattern(15).send(c, 1<<62) })
}

// A backend that is connected and says nothing has a deadline too.
func TestSilentBackendHasADeadline(t *testing.T) {
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		b := serve(t, func(c *net.TCPConn) error { return hearRest(c) })
		p := start(t, impl, script{banner: true}.front(), names{"some": at(b.addr)}, func(cfg *engine.Config) { cfg.Timeouts.Open = shortly })
		c := p.dial()
		must(t, say(c, "some\n"))
		must(t, hear(c, refusal(codecs.Timeout, "", "some")))
		c.Close()
		p.stop(closings{engine.OpenTimeout: 1})
	})
}

// A request by key gets to the backend that issued it, as soon as the client
// knows the key, and for as long as the session that owns it lives.
func TestRouteByKey(t *testing.T) {
	eachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := start(t, impl, script{banner: true}.front(), names{
			"a": at(serve(t, keeper("a")).addr),
			"b": at(serve(t, keeper("b")).addr),
		})
		const rounds = 200 // on either loop, and so fast that they find a key that comes late
		for range rounds {
			for _, name := range []string{"a", "b"} {
				owner := p.dial()
				must(t, say(owner, name+"\nplease"))
				key, err := hearLine(owner)
				must(t, err)
				c := p.dial()
				must(t, say(c, "cancel "+strings.TrimPrefix(key, "key ")+"\ncancel"))
				must(t, hear(c, "cancelled at "+name+"\n"))
				must(t, errors.Join(c.Close(), owner.Close()))
			}
		}
		p.awaitActive(0)
		c := p.dial()
		must(t, say(c, "cancel a1\n"))
		must(t, hear(c, refusal(codecs.NotFound, "", "")))
		must(t, hearEnd(c))
		c.Close()
		p.stop(closings{engine.ClientClosed: 4 * rounds, engine.UnknownKey: 1})
	})
}

// keeper is a backend's handler that issues a key to each of its sessions, and
// takes requests to cancel.
func keeper(name string) func(c *net.TCPConn) error {
	var issued atomic.Int64
	return func(c *net.TCPConn) error {
		first := make([]byte, len("please"))
		if _, err := io.ReadFull(c, first); err != nil {
			return err
		}
		if string(first) == "cancel" {
			return errors.Join(say(c, "cancelled at "+name+"\n"), hearEnd(c))
		}
		key := fmt.Sprint(name, issued.Add(1))
		return errors.Join(say(c, "key "+key+"\n"), hearEnd(c))
	}
}
