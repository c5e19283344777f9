package enginetest_test

import (
	"context"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// asking is a codec that stays and whose client may want other resources: those
// that want names, of which the line behind is to be granted.
func asking(want ...string) *lines {
	c := &lines{opens: codecs.Stand, commands: commands{}}
	for _, resource := range want {
		c.commands[resource] = codecs.Step{Action: codecs.Route, Resource: []byte(resource), ToBackend: []byte("HALF OF ")}
	}
	return c
}

// answers is a resolver: a resource's answer, once gate lets it pass if that
// isn't nil. The session's first resource, some, needn't wait.
type answers struct {
	results map[string]resolve.Result
	gate    chan struct{}
}

// Resolve implements resolve.Resolver.
func (a *answers) Resolve(ctx context.Context, q resolve.Request) (resolve.Result, error) {
	if q.Resource != "some" && a.gate != nil {
		select {
		case <-a.gate:
		case <-ctx.Done():
			return resolve.Result{}, ctx.Err()
		}
	}
	if result, known := a.results[q.Resource]; known {
		return result, nil
	}
	return resolve.Result{}, resolve.Errorf(resolve.NotFound, "no route")
}

// startAsking runs a proxy by whose answers some and also are at its backend, and
// other is not.
func startAsking(t *testing.T, impl engine.Impl, c *lines, a *answers, changes ...func(*engine.Config)) *proxy {
	t.Helper()
	other := enginetest.Listen(t)
	return start(t, impl, c, append(changes, func(cfg *engine.Config) {
		here := string(cfg.Resolver.(resolve.Fixed))
		a.results = map[string]resolve.Result{
			"some":      {Endpoint: here},
			"also":      {Endpoint: here, Metadata: map[string]string{codecs.MetadataDatabase: "renamed"}},
			"encrypted": {Endpoint: here, Metadata: map[string]string{engine.MetadataTLS: "verify-full"}},
			"strange":   {Endpoint: here, Metadata: map[string]string{engine.MetadataTLS: "perhaps"}},
			"draining":  {Endpoint: here, State: resolve.Draining},
			"other":     {Endpoint: other.Address()},
		}
		cfg.Resolver = a
	})...)
}

// granted is what the client and the backend hear of one thing granted.
const (
	grantedClient  = "granted renamed thing\n"
	grantedBackend = "HALF OF THING\n"
)

// Another resource of the same backend is granted, at once or when it has been
// looked up, however the client's bytes come.
func TestRouteToTheSameBackend(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startAsking(t, impl, asking("also"), &answers{})
		client, backend := p.session()
		for range 2 {
			client.Say("before\nalso\nthing\nbehind\n")
			backend.Hear("BEFORE\n" + grantedBackend + "BEHIND\n")
			client.Hear(grantedClient)
		}
		client.Say("also\nthing\nalso\nthing\nalso\nthing\nal")
		backend.Hear(grantedBackend + grantedBackend + grantedBackend)
		client.Hear(grantedClient + grantedClient + grantedClient)
		client.Say("so\n")
		backend.Hear("HALF OF ")
		client.Say("thing\n")
		backend.Hear("THING\n")
		backend.Say("ANSWER\n")
		client.Hear("answer\n")
		end(client, backend)
		p.AwaitClosed(engine.ClientClosed, 1)
	})
}

// While it is looked up both sides wait, and other sessions don't.
func TestRouteWaits(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		a := &answers{gate: make(chan struct{})}
		p := startAsking(t, impl, asking("also"), a)
		client, backend := p.session()
		client.Say("also\nthing\n")
		backend.Hear("HALF OF ")
		client.Say("behind\n")
		backend.Say("MEANWHILE\n")
		p.exchange()
		close(a.gate)
		backend.Hear("THING\nBEHIND\n")
		client.Hear(grantedClient + "meanwhile\n")
		end(client, backend)
	})
}

// What isn't at the same backend, reached in the same way, is refused; the
// backend, which has half a line, is reset.
func TestRouteRefused(t *testing.T) {
	for _, tt := range []struct {
		wanted string
		kind   codecs.Kind
		reason engine.Reason
	}{
		{"other", codecs.Forbidden, engine.Forbidden},
		{"encrypted", codecs.Forbidden, engine.Forbidden},
		{"strange", codecs.Internal, engine.InternalError},
		{"draining", codecs.Unavailable, engine.Unavailable},
		{"unknown", codecs.NotFound, engine.NotFound},
	} {
		t.Run(tt.wanted, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				p := startAsking(t, impl, asking(tt.wanted), &answers{}, func(cfg *engine.Config) {
					cfg.TLS.Backends = enginetest.NewAuthority(t).Backends()
				})
				for i := range uint64(2) { // looked up, and from the cache
					client, backend := p.session()
					client.Say(tt.wanted + "\nthing\n")
					client.Hear(refusal(tt.kind))
					client.HearEnd()
					enginetest.Must(t, client.Close())
					if said := backend.HearReset(); said != "HALF OF " && said != "" {
						t.Errorf("the backend got %q", said)
					}
					p.AwaitClosed(tt.reason, i+1)
				}
			})
		})
	}
}

func TestRouteTimesOut(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startAsking(t, impl, asking("also"), &answers{gate: make(chan struct{})}, func(cfg *engine.Config) {
			cfg.Timeouts.Resolve = time.Second / 10
		})
		client, backend := p.session()
		client.Say("also\nthing\n")
		client.Hear(refusal(codecs.Timeout))
		client.HearEnd()
		enginetest.Must(t, client.Close())
		backend.HearReset()
		p.AwaitClosed(engine.ResolveTimeout, 1)
	})
}

// A side that ends meanwhile is noticed behind the answer, which makes no
// difference to what it has sent.
func TestRouteWhileASideEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		leave  func(t *testing.T, client, backend *enginetest.Conn)
		check  func(client, backend *enginetest.Conn)
		reason engine.Reason
	}{
		"the client": {
			func(t *testing.T, client, _ *enginetest.Conn) { enginetest.Must(t, client.CloseWrite()) },
			func(_, backend *enginetest.Conn) { backend.Hear("THING\nBEHIND\n"); backend.HearEnd() },
			engine.ClientClosed,
		},
		"the backend": {
			func(t *testing.T, _, backend *enginetest.Conn) {
				backend.Say("LAST\n")
				enginetest.Must(t, backend.CloseWrite())
			},
			func(client, _ *enginetest.Conn) { client.Hear(grantedClient + "last\n"); client.HearEnd() },
			engine.BackendClosed,
		},
		"the client, broken": {
			func(_ *testing.T, client, _ *enginetest.Conn) { client.Reset() },
			func(_, backend *enginetest.Conn) { backend.HearReset() },
			engine.ClientReset,
		},
	} {
		t.Run(name, func(t *testing.T) {
			enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
				a := &answers{gate: make(chan struct{})}
				p := startAsking(t, impl, asking("also"), a)
				client, backend := p.session()
				client.Say("also\nthing\nbehind\n")
				backend.Hear("HALF OF ")
				tt.leave(t, client, backend)
				p.exchange()
				close(a.gate)
				tt.check(client, backend)
				_, _ = client.Close(), backend.Close()
				enginetest.Eventually(t, "the session has ended", func() bool { return p.Stats().Active == 0 })
				if n := p.Stats().Closed[tt.reason]; n == 0 {
					t.Errorf("not as %v", tt.reason)
				}
			})
		})
	}
}

// A proxy that is shut down needn't wait for an answer.
func TestRouteWhileDraining(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startAsking(t, impl, asking("also"), &answers{gate: make(chan struct{})})
		client, backend := p.session()
		client.Say("also\nthing\n")
		backend.Hear("HALF OF ")
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.Shutdown(over); err == nil {
			t.Error("Shutdown ended a session and says nothing")
		}
		client.HearGone()
		backend.HearGone()
		if n := p.Stats().Closed[engine.Drained]; n != 1 {
			t.Errorf("%d sessions were drained", n)
		}
	})
}
