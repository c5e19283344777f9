//go:build linux

package loadtest

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/mongodb"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/mongotest/mongoprograms"
	"github.com/proxy-engine/proxy-engine/loadtest/client"
	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// startMongo starts a real server, until the end of the test.
func startMongo(t *testing.T) *mongoprograms.Server {
	t.Helper()
	programs, err := mongoprograms.Build()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = programs.Close() })
	server, err := programs.Start(mongoprograms.ServerOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	return server
}

// two is a resolver that knows the databases alpha and beta, at one server.
type two string

// Resolve implements resolve.Resolver.
func (s two) Resolve(_ context.Context, q resolve.Request) (resolve.Result, error) {
	if q.Resource != "alpha" && q.Resource != "beta" {
		return resolve.Result{}, resolve.Errorf(resolve.NotFound, "no route")
	}
	return resolve.Result{Endpoint: string(s)}, nil
}

func mongoLoad(target string, conns int, c client.MongoDBCommand) MongoDB {
	return MongoDB{
		Exchanges: exchangesTo(commonTo(netip.MustParseAddrPort(target)), conns), Databases: []string{"alpha", "beta"}, Command: c,
	}
}

func TestMongoDB(t *testing.T) {
	server := startMongo(t)
	p := enginetest.Start(t, enginetest.Config(engine.Reactor, mongodb.Front(mongodb.Options{}), two(server.Address)))
	for name, target := range map[string]string{"directly": server.Address, "by a proxy": p.Address()} {
		t.Run(name, func(t *testing.T) {
			for _, command := range []client.MongoDBCommand{client.Ping, client.Find} {
				r, err := mongoLoad(target, 4, command).Run(t.Context())
				clean(t, r, err)
				equal(t, "established", r.Sessions.Established, 4)
				equal(t, "latencies", r.Latency.Count(), r.Operations)
			}
		})
		t.Run(name+", new connections", func(t *testing.T) {
			load := mongoLoad(target, 2, client.Ping)
			load.NewConnections = true
			r, err := load.Run(t.Context())
			clean(t, r, err)
			equal(t, "alive", r.Sessions.Alive, r.Sessions.Wanted)
		})
		t.Run(name+", open loop in processes", func(t *testing.T) {
			load := mongoLoad(target, 4, client.Find)
			load.Common, load.Arrivals = sharded(load.Common), 500
			r, err := load.Run(t.Context())
			clean(t, r, err)
			equal(t, "latencies", r.Latency.Count(), 50)
		})
	}
	t.Run("no such database", func(t *testing.T) {
		load := mongoLoad(p.Address(), 2, client.Find)
		load.Databases = []string{"gamma"}
		r, err := load.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n := r.Failures[measure.Rejected]; n == 0 || r.Answers["MongoDB error 26"] != n {
			t.Errorf("failures %v, answers %v", r.Failures, r.Answers)
		}
	})
	t.Run("the server dies", func(t *testing.T) {
		load := mongoLoad(server.Address, 4, client.Ping)
		load.WarmUp, load.Duration = 0, time.Hour
		progressed := make(chan struct{})
		load.Progress = onceAfter(100, progressed)
		stopped := enginetest.Async(func() error {
			<-progressed
			return server.Stop()
		})
		r, err := load.Run(t.Context())
		if died := <-stopped; died != nil {
			t.Error(died)
		}
		if err != nil || !r.Failed() || r.Failures.Total() < 4 || r.Sessions.Alive != 0 {
			t.Errorf("%v, failures %v, sessions %+v", err, r.Failures, r.Sessions)
		}
	})
}
