package mongotest

import (
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/mongodb"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/mongotest/mongoprograms"
)

// TestThreeDatabases reaches three servers through one listener, with cursors
// that fetch their documents in many pieces.
func TestThreeDatabases(t *testing.T) {
	eachDriver(t, func(t *testing.T, impl engine.Impl, d mongoprograms.Driver, own string) {
		p := startProxy(t, impl, toAll())
		for resource, server := range servers() {
			if r := run(t, d, mongoprograms.Job{URI: p.uri("", ""), Database: resource + own, Count: 300, Batch: 10}); r != worked(server, 300, 0) {
				t.Errorf("%s: %+v", resource, r)
			}
		}
	})
}

// login has only alice log in to a server, who stands in the database.
func login(t *testing.T, database string) *mongoprograms.Server {
	t.Helper()
	return ferret(t, mongoprograms.ServerOptions{Member: hidden, Database: database, User: "alice", Password: "secret"})
}

// TestLogIn reaches three servers by the databases that users log in to. Neither
// their names nor their passwords are known to the proxy.
func TestLogIn(t *testing.T) {
	logins := map[string]*mongoprograms.Server{"shop": login(t, "shop"), "bank": login(t, "bank"), "mall": login(t, "mall")}
	eachDriver(t, func(t *testing.T, impl engine.Impl, d mongoprograms.Driver, own string) {
		p := startProxy(t, impl, routesTo(logins))
		for resource, option := range map[string]string{"shop": "authMechanism=SCRAM-SHA-1", "bank": "authMechanism=SCRAM-SHA-256", "mall": "appName=any"} {
			j := mongoprograms.Job{URI: p.uri("alice:secret@", resource, option), Database: "any" + own, Count: 20, Workers: 5}
			if r := run(t, d, j); r != worked(logins[resource], 20, 5) {
				t.Errorf("%s, %s: %+v", resource, option, r)
			}
		}
		if r := run(t, d, mongoprograms.Job{URI: p.uri("alice:wrong@", "shop"), Database: "any" + own, Count: 20}); r.Error == "" || r.Found > 0 {
			t.Errorf("with a wrong password: %+v", r)
		}
		r := run(t, d, mongoprograms.Job{URI: p.uri("alice:secret@", ""), Database: "shop" + own, Count: 20})
		refusal{r.Code, "set authSource"}.check(t, "a user of admin", r) // not all drivers tell of a code there
	})
}

func routesTo(servers map[string]*mongoprograms.Server) *routes {
	r := &routes{at: make(map[string]string)}
	for resource, server := range servers {
		r.at[resource] = server.Address
	}
	return r
}

// allAtOnce has all drivers do a job at the same time, each at a server of its
// own: before the database's name comes the resource's.
func (p *proxy) allAtOnce(j mongoprograms.Job) {
	p.t.Helper()
	resources := map[mongoprograms.Driver]string{mongoprograms.Go: "shop", mongoprograms.Node: "bank", mongoprograms.Python: "mall"}
	for d, resource := range resources {
		own := j
		own.Database = resource + j.Database
		begin(p.t, d, own)
	}
	for d, resource := range resources {
		if r := finish(p.t, d); r != worked(servers()[resource], j.Count, j.Workers) {
			p.t.Errorf("%v: %+v", d, r)
		}
	}
}

// TestMonitoring has fifty workers of each driver at work at once, over as many
// connections, while it watches the proxy: nothing about it may seem to change.
func TestMonitoring(t *testing.T) {
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		enginetest.CheckLeaks(t)
		p := startProxy(t, impl, toAll())
		p.allAtOnce(mongoprograms.Job{
			URI: p.uri("", "", "maxPoolSize=50"), Database: "_monitoring_" + string(impl), Count: 20, Workers: 50, Beats: *beats,
		})
	})
}

// TestTopologyShown lets the backend say hello, which names a host that nobody
// can reach.
func TestTopologyShown(t *testing.T) {
	eachDriver(t, func(t *testing.T, impl engine.Impl, d mongoprograms.Driver, own string) {
		p := startProxy(t, impl, toAll(), func(o *mongodb.Options, _ *engine.Config) { o.ShowTopology = true })
		want := worked(world.shop, 20, 0)
		want.Msg, want.Hosts = "", true
		if r := run(t, d, mongoprograms.Job{URI: p.uri("", ""), Database: "shop" + own, Count: 20}); r != want {
			t.Errorf("%+v", r)
		}
	})
}

// TestLargeInsert sends 50 MB of documents by one insertMany: the longest message
// there may be, and another. All drivers do it at once.
func TestLargeInsert(t *testing.T) {
	const count = 50
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		enginetest.CheckLeaks(t)
		p := startProxy(t, impl, toAll())
		p.allAtOnce(mongoprograms.Job{URI: p.uri("", ""), Database: "_large_" + string(impl), Count: count, Size: 1_000_000})
	})
}

// TestCompressors has drivers offer to compress, which isn't taken up.
func TestCompressors(t *testing.T) {
	eachDriver(t, func(t *testing.T, impl engine.Impl, d mongoprograms.Driver, own string) {
		p := startProxy(t, impl, toAll())
		j := mongoprograms.Job{URI: p.uri("", "", "compressors=zlib"), Database: "shop" + own, Count: 20}
		if r := run(t, d, j); r != worked(world.shop, 20, 0) {
			t.Errorf("%+v", r)
		}
	})
}
