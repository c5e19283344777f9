package mysqltest

import (
	"crypto/x509"
	"path/filepath"
	"testing"

	driver "github.com/go-sql-driver/mysql"

	"github.com/proxy-engine/proxy-engine/codecs"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// TestVerified has each leg's certificate verified against an authority and by
// name: the proxy's by its clients, the servers' by the proxy.
func TestVerified(t *testing.T) {
	ca := enginetest.NewAuthority(t)
	certificate := ca.Server("127.0.0.1")
	dir := t.TempDir()
	enginetest.Must(t, writeCertificate(dir))
	servers, err := tlsterm.OpenClient(tlsterm.ClientOptions{CA: filepath.Join(dir, "cert.pem")})
	enginetest.Must(t, err)
	t.Cleanup(func() { enginetest.CloseAll(t, servers) })
	for name, trust := range map[string]*tlsterm.Client{"trusted": servers, "unknown authority": ca.Backends()} {
		routes := backends(codecs.RequireTLS)
		for resource, b := range routes {
			b.verify = tlsterm.VerifyFull
			routes[resource] = b
		}
		p := startProxy(t, lateOptions(), routes, func(cfg *engine.Config) {
			cfg.Listeners[0].TLS, cfg.TLS.Backends = certificate, trust
		})
		t.Run(name, func(t *testing.T) { p.checkVerified(t, ca, name == "trusted") })
	}
}

func (p *proxy) checkVerified(t *testing.T, ca *enginetest.Authority, trusted bool) {
	for _, database := range []string{"alpha", ""} {
		db := p.connect(t, func(c *driver.Config) {
			c.DBName, c.TLS = database, clientTLS()
			c.TLS.InsecureSkipVerify, c.TLS.ServerName, c.TLS.RootCAs = false, "127.0.0.1", ca.Roots()
		})
		if err := do(db, "use alpha"); trusted != (err == nil) || !trusted && number(err) != 1040 {
			t.Errorf("database %q: %v", database, err)
		}
		enginetest.CloseAll(t, db)
	}
	got, err := p.mariadbCLI(t, "select name from whoami", "-u"+userNative, "-p"+password, "-Dgamma", "--ssl-ca="+ca.File, "--ssl-verify-server-cert")
	if trusted && (err != nil || got != "gamma\n") || !trusted && err == nil {
		t.Errorf("mariadb: %q, %v", got, err)
	}
	stranger := p.connect(t, func(c *driver.Config) {
		c.TLS = clientTLS()
		c.TLS.InsecureSkipVerify, c.TLS.ServerName, c.TLS.RootCAs = false, "127.0.0.1", x509.NewCertPool()
	})
	if err := stranger.Ping(); err == nil || number(err) != 0 {
		t.Errorf("a client that trusts nobody: %v", err)
	}
}
