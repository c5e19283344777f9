package mongotest

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/mongodb"
	"github.com/proxy-engine/proxy-engine/codecs/naming"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/mongotest/mongoprograms"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// routes are the backends' addresses by resource, which may change.
type routes struct {
	mu sync.Mutex
	at map[string]string
	// refused are what the resolver says of resources without an address.
	refused map[string]resolve.Kind
	changed func(resource string)
}

var (
	_ resolve.Resolver = (*routes)(nil)
	_ resolve.Notifier = (*routes)(nil)
)

// Resolve implements resolve.Resolver.
func (r *routes) Resolve(_ context.Context, q resolve.Request) (resolve.Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if endpoint, known := r.at[q.Resource]; known {
		return resolve.Result{Endpoint: endpoint}, nil
	}
	if kind, known := r.refused[q.Resource]; known {
		return resolve.Result{}, resolve.Errorf(kind, "not for the client's eyes")
	}
	return resolve.Result{}, resolve.Errorf(resolve.NotFound, "no route")
}

// Notify implements resolve.Notifier.
func (r *routes) Notify(changed func(resource string)) { r.changed = changed }

// move changes where a resource lives.
func (r *routes) move(resource, address string) {
	r.mu.Lock()
	r.at[resource] = address
	r.mu.Unlock()
	r.changed(resource)
}

// toAll routes three resources to the three servers.
func toAll() *routes {
	return &routes{at: map[string]string{"shop": world.shop.Address, "bank": world.bank.Address, "mall": world.mall.Address}}
}

// servers are the three servers by resource.
func servers() map[string]*mongoprograms.Server {
	return map[string]*mongoprograms.Server{"shop": world.shop, "bank": world.bank, "mall": world.mall}
}

// proxy is an engine under test.
type proxy struct {
	*enginetest.Proxy
	*routes
	t *testing.T
}

// change changes how a proxy is set up.
type change func(*mongodb.Options, *engine.Config)

// startProxy runs a proxy until the end of the test, and then checks its
// accounts. By then its clients must have gone. A resource is what comes before
// the _ of a database's name, or all of it.
func startProxy(t *testing.T, impl engine.Impl, r *routes, changes ...change) *proxy {
	t.Helper()
	o := mongodb.Options{ResourcePattern: compiled(t, "^([a-z]+)(?:_.*)?$")}
	cfg := enginetest.Config(impl, mongodb.Front(o), r)
	for _, change := range changes {
		change(&o, &cfg)
	}
	cfg.Listeners[0].Front = mongodb.Front(o)
	return &proxy{enginetest.Start(t, cfg), r, t}
}

func compiled(t *testing.T, pattern string) *naming.Pattern {
	t.Helper()
	p, err := naming.CompilePattern(pattern)
	enginetest.Must(t, err)
	return p
}

// uri is a connection string.
func (p *proxy) uri(login, database string, options ...string) string {
	return uri(login, p.Address(), database, options...)
}

func uri(login, address, database string, options ...string) string {
	return "mongodb://" + login + address + "/" + database + "?" + strings.Join(append(options, fmt.Sprintf("heartbeatFrequencyMS=%d", heartbeat.Milliseconds())), "&")
}

// eachDriver runs a test for every implementation with each driver. own is part
// of a database's name and the test's alone.
func eachDriver(t *testing.T, body func(t *testing.T, impl engine.Impl, d mongoprograms.Driver, own string)) {
	t.Helper()
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, d := range mongoprograms.Drivers() {
			t.Run(d.String(), func(t *testing.T) {
				enginetest.CheckLeaks(t)
				body(t, impl, d, "_"+strings.NewReplacer("/", "_", " ", "_").Replace(t.Name()))
			})
		}
	})
}

// ferret starts a server that is the test's alone, until its end.
func ferret(t *testing.T, o mongoprograms.ServerOptions) *mongoprograms.Server {
	t.Helper()
	o.Dir = t.TempDir()
	server, err := world.programs.Start(o)
	enginetest.Must(t, err)
	t.Cleanup(func() { _ = server.Stop() }) // the test may have
	return server
}

// launch starts a client that is the test's alone, until its end at the latest.
func launch(t *testing.T, d mongoprograms.Driver) *mongoprograms.Client {
	t.Helper()
	client, err := world.programs.Launch(t.Context(), d)
	enginetest.Must(t, err)
	t.Cleanup(func() { _, _ = client.Kill(), client.Wait() }) // unless the test has
	return client
}

// begin gives the driver's shared client a job.
func begin(t *testing.T, d mongoprograms.Driver, j mongoprograms.Job) {
	t.Helper()
	enginetest.Must(t, world.clients[d].Begin(batched(j)))
}

// finish waits until the driver's shared client has done its job.
func finish(t *testing.T, d mongoprograms.Driver) mongoprograms.Report {
	t.Helper()
	report, err := world.clients[d].Report()
	enginetest.Must(t, err)
	return report
}

// run has the driver's shared client do a job.
func run(t *testing.T, d mongoprograms.Driver, j mongoprograms.Job) mongoprograms.Report {
	t.Helper()
	begin(t, d, j)
	return finish(t, d)
}

// batched has the job's cursor fetch its documents in ten pieces.
func batched(j mongoprograms.Job) mongoprograms.Job {
	if j.Batch == 0 {
		j.Batch = max(10, j.Count/10)
	}
	return j
}

// worked is the report of a client all whose work was done.
func worked(at *mongoprograms.Server, count, workers int) mongoprograms.Report {
	return mongoprograms.Report{Found: count, Modified: 1, Worked: workers, Msg: "isdbgrid", Server: at.PID, Retryable: true}
}

// with returns the routes with others.
func (r *routes) with(more map[string]string) *routes {
	maps.Copy(r.at, more)
	return r
}
