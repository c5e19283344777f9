// Package coldtest has resources that sleep until a client wants them, several
// endpoints per resource, and limits of single resources, through the engine.
//
// By hand, with more clients at once (10,000 fit into 20,000 descriptors as long as
// the service keeps up):
//
//	go test ./engine/coldtest -run 'ServiceWakes|DatabaseWakes' -v -args -clients 10000
package coldtest

import (
	"context"
	"flag"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/codecs/tcp"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// clients is how many wait at once in the tests of bursts; more are for a run by
// hand.
var clients = flag.Int("clients", 200, "clients at once")

// platform is a resolver whose resources sleep: Result says how they are found,
// wake is what waking does.
type platform struct {
	wakes atomic.Int64

	mu     sync.Mutex
	result resolve.Result
	wake   func(context.Context) error
}

var _ resolve.Waker = (*platform)(nil)

// asleep has every resource sleep at endpoint.
func asleep(endpoint string) *platform {
	return &platform{
		result: resolve.Result{Endpoint: endpoint, State: resolve.Cold, Wake: "hook"},
		wake:   func(context.Context) error { return nil },
	}
}

// set changes what is answered from now on.
func (p *platform) set(change func(*resolve.Result)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.result)
}

// Resolve implements resolve.Resolver.
func (p *platform) Resolve(context.Context, resolve.Request) (resolve.Result, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.result, nil
}

// Wake implements resolve.Waker.
func (p *platform) Wake(ctx context.Context, _ resolve.Request, _ resolve.Result) error {
	p.wakes.Add(1)
	return p.wake(ctx)
}

func (p *platform) wantWakes(t *testing.T, want int64) {
	t.Helper()
	if got := p.wakes.Load(); got != want {
		t.Errorf("woken %d times, want %d", got, want)
	}
}

// hang is a wake that never ends by itself.
func hang(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// startTCP has a proxy route every TCP client to what p says.
func startTCP(t *testing.T, impl engine.Impl, p resolve.Resolver, change func(*engine.Config)) *enginetest.Proxy {
	t.Helper()
	cfg := enginetest.Config(impl, tcp.Front("resource"), p)
	if change != nil {
		change(&cfg)
	}
	return enginetest.Start(t, cfg)
}

// startPostgres is startTCP for clients of PostgreSQL, who are told what is wrong.
func startPostgres(t *testing.T, impl engine.Impl, p resolve.Resolver, change func(*engine.Config)) *enginetest.Proxy {
	t.Helper()
	cfg := enginetest.Config(impl, postgres.Front(postgres.Options{}), p)
	if change != nil {
		change(&cfg)
	}
	return enginetest.Start(t, cfg)
}

// startup is PostgreSQL's first message, of a user who wants the database of that
// name.
const startup = "\x00\x00\x00\x12\x00\x03\x00\x00user\x00app\x00\x00"

// welcome is what a server says to a client it trusts.
const welcome = "R\x00\x00\x00\x08\x00\x00\x00\x00Z\x00\x00\x00\x05I"

// hearRefusal has a client hear that it is refused, in which words, and leave.
func hearRefusal(t *testing.T, client *enginetest.Conn, words string) {
	t.Helper()
	client.HearTo(words)
	client.HearEnd()
	enginetest.CloseAll(t, client)
}
