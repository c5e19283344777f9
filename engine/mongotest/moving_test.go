package mongotest

import (
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/mongotest/mongoprograms"
)

// patientClient is one that asks again and again who the server is, over a
// connection that it keeps.
type patientClient struct {
	*mongoprograms.Client
	t *testing.T
}

// linger starts a client and has it do its first work, at a server.
func linger(t *testing.T, d mongoprograms.Driver, p *proxy, database string, at *mongoprograms.Server) patientClient {
	t.Helper()
	c := patientClient{launch(t, d), t}
	r, err := c.Do(batched(mongoprograms.Job{URI: p.uri("", "", "maxPoolSize=1"), Database: database, Count: 20, Stay: true}))
	enginetest.Must(t, err)
	if r != worked(at, 20, 0) {
		t.Fatalf("%+v", r)
	}
	return c
}

func (c patientClient) again() mongoprograms.Report {
	c.t.Helper()
	r, err := c.Again()
	enginetest.Must(c.t, err)
	return r
}

// TestBackendMoves changes where a database lives: connections that stand stay
// where they are, and new ones go to the new backend.
func TestBackendMoves(t *testing.T) {
	eachDriver(t, func(t *testing.T, impl engine.Impl, d mongoprograms.Driver, own string) {
		p := startProxy(t, impl, toAll())
		old := linger(t, d, p, "shop"+own, world.shop)
		p.move("shop", world.bank.Address)
		if r := run(t, d, mongoprograms.Job{URI: p.uri("", ""), Database: "shop" + own, Count: 20}); r != worked(world.bank, 20, 0) {
			t.Errorf("a new client: %+v", r)
		}
		if r := old.again(); r.Server != world.shop.PID || r.Error != "" {
			t.Errorf("the old client: %+v", r)
		}
		enginetest.Must(t, old.Wait())
	})
}

// TestBackendGoes ends a server under its client, which goes on once there is
// one again. Whoever comes meanwhile is told what is the matter.
func TestBackendGoes(t *testing.T) {
	eachDriver(t, func(t *testing.T, impl engine.Impl, d mongoprograms.Driver, own string) {
		server := ferret(t, mongoprograms.ServerOptions{Member: hidden})
		p := startProxy(t, impl, toAll().with(map[string]string{"shop": server.Address}))
		client := linger(t, d, p, "shop"+own, server)
		enginetest.Must(t, server.Stop())
		enginetest.Eventually(t, "the client is told", func() bool { return client.again().Code == 6 }) // once it knows which connections are closed
		r := run(t, d, mongoprograms.Job{URI: p.uri("", ""), Database: "shop" + own, Count: 20})
		refusal{6, "is not accepting connections"}.check(t, "a new client", r)
		p.move("shop", world.shop.Address)
		enginetest.Eventually(t, "the client goes on", func() bool {
			r := client.again() // drivers don't know at once which connections are closed
			return r.Server == world.shop.PID && r.Error == ""
		})
		enginetest.Must(t, client.Wait())
	})
}
