package introtest

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// sleeping is a resolver whose resource sleeps until it was woken.
type sleeping struct {
	endpoint string
	woken    atomic.Bool
}

// Resolve implements resolve.Resolver.
func (s *sleeping) Resolve(context.Context, resolve.Request) (resolve.Result, error) {
	r := resolve.Result{Endpoint: s.endpoint, State: resolve.Cold}
	if s.woken.Load() {
		r.State = resolve.Ready
	}
	return r, nil
}

// Wake implements resolve.Waker.
func (s *sleeping) Wake(context.Context, resolve.Request, resolve.Result) error {
	s.woken.Store(true)
	return nil
}

// Whether a backend that wants a header serves is looked at with one, which has no
// client to tell of.
func TestChecksHaveAHeader(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p, backend := start(t, impl, plain(), trusting, func(cfg *engine.Config) {
			cfg.Resolver = &sleeping{endpoint: string(cfg.Resolver.(resolve.Fixed))}
		})
		client := p.Dial()
		client.Say(toldV1 + "hello")
		check := backend.Accept()
		check.Hear("PROXY UNKNOWN\r\n")
		check.HearGone()
		link := backend.Accept()
		link.Hear(toldV1 + "hello")
		end(t, client, link)
	})
}
