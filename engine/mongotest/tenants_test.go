package mongotest

import (
	"net"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/mongodb"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/mongotest/mongoprograms"
)

// eachTenant has a client of every tenant at work, at a server of its own. All
// use the same database, and any other, and log in as users of admin. apart has
// the proxy tell them apart, by what uri says of them.
func eachTenant(t *testing.T, apart change, uri func(p *proxy, tenant string) string) {
	t.Helper()
	tenants := map[string]*mongoprograms.Server{"shop": login(t, "admin"), "bank": login(t, "admin"), "mall": login(t, "admin")}
	eachDriver(t, func(t *testing.T, impl engine.Impl, d mongoprograms.Driver, own string) {
		p := startProxy(t, impl, routesTo(tenants), apart)
		for tenant, server := range tenants {
			r := run(t, d, mongoprograms.Job{
				URI: uri(p, tenant), Database: "same" + own, Another: "other" + own, Count: 20, ResolveTo: "127.0.0.1",
			})
			if r != worked(server, 20, 0) {
				t.Errorf("%s: %+v", tenant, r)
			}
		}
	})
}

// TestTenantsByHost tells clients apart by the host they connect to.
func TestTenantsByHost(t *testing.T) {
	ca := enginetest.NewAuthority(t)
	front := terminating(ca, "*.tenants.test")
	eachTenant(t, func(o *mongodb.Options, cfg *engine.Config) {
		front(o, cfg)
		o.ServerNamePattern = compiled(t, `^([a-z]+)\.tenants\.test$`)
	}, func(p *proxy, tenant string) string {
		_, port, err := net.SplitHostPort(p.Address())
		enginetest.Must(p.t, err)
		return uri("alice:secret@", net.JoinHostPort(tenant+".tenants.test", port), "", secured(ca)...)
	})
}

// TestTenantsByApplication tells clients apart by their application's name.
func TestTenantsByApplication(t *testing.T) {
	eachTenant(t, func(o *mongodb.Options, _ *engine.Config) {
		o.ApplicationPattern = compiled(t, "^tenant-(.+)$")
	}, func(p *proxy, tenant string) string {
		return p.uri("alice:secret@", "", "appName=tenant-"+tenant)
	})
}
