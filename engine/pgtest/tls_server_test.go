package pgtest

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"net/url"
	"os"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/pgtest/pgcluster"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// vault is a cluster that offers TLS, with a certificate for its address and for
// vaultName. It has a database "vault", and roles that differ in how they may
// come.
type vault struct {
	*pgcluster.Cluster
	t    *testing.T
	ca   *enginetest.Authority // of its certificate, and of its clients'
	pair tlsterm.Keypair       // its certificate
}

// vaultName is what clients may call it, too.
const vaultName = "vault.test"

// The vault's roles besides role, which has its password asked for.
const (
	anybody   = "anybody"   // comes as it likes
	encryptee = "encryptee" // by TLS only
	certified = "certified" // with a certificate for that name only
)

// vaultHBA is the pg_hba.conf.
const vaultHBA = `local   all all                     trust
hostssl all certified 127.0.0.0/8 trust clientcert=verify-full
hostssl all encryptee 127.0.0.0/8 trust
host    all anybody   127.0.0.0/8 trust
host    all app       127.0.0.0/8 scram-sha-256
`

// startVault starts one. It is gone with the test.
func startVault(t *testing.T) *vault {
	t.Helper()
	c, err := servers.farm.Start(t.Context(), pgcluster.Options{
		Name: "vault_" + rand.Text()[:8], Settings: map[string]string{"max_connections": "120"},
	})
	enginetest.Must(t, err)
	t.Cleanup(func() { enginetest.Must(t, c.Delete()) })
	v := &vault{Cluster: c, t: t, ca: enginetest.NewAuthority(t)}
	v.write("pg_hba.conf", []byte(vaultHBA))
	v.copyFile("ca.crt", v.ca.File)
	v.pair, _ = v.ca.Issue(frontName, called(vaultName))
	v.copyFile("server.crt", v.pair.Cert)
	v.copyFile("server.key", v.pair.Key)
	enginetest.Must(t, c.Exec(t.Context(), "postgres",
		"alter system set ssl = on", "alter system set ssl_ca_file = 'ca.crt'",
		"create role app login password '"+password+"'", "create role anybody login superuser",
		"create role encryptee login", "create role certified login", "create database vault"))
	enginetest.Must(t, c.Stop(t.Context(), pgcluster.Fast))
	enginetest.Must(t, c.Restart(t.Context()))
	return v
}

// called has a certificate be for this name, too.
func called(name string) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.DNSNames = append(c.DNSNames, name) }
}

func (v *vault) write(name string, content []byte) {
	v.t.Helper()
	enginetest.Must(v.t, v.WriteFile(name, content))
}

func (v *vault) copyFile(name, from string) {
	v.t.Helper()
	content, err := os.ReadFile(from)
	enginetest.Must(v.t, err)
	v.write(name, content)
}

// route leads to the vault; metadata are name and value by turns.
func (v *vault) route(metadata ...string) resolve.Result {
	r := resolve.Result{Endpoint: v.Endpoint(), Metadata: make(map[string]string)}
	for pair := range slices.Chunk(metadata, 2) {
		r.Metadata[pair[0]] = pair[1]
	}
	return r
}

// admin opens a session with the vault itself.
func (v *vault) admin(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := v.Connect(t.Context(), "vault")
	enginetest.Must(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// visitor is who comes without a password.
func visitor(t *testing.T, raw, name string) string { return as(t, raw, url.User(name)) }
