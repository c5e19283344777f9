package pgtest

import (
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
	"github.com/proxy-engine/proxy-engine/resolve"
)

// howSeen is how the server sees its client's connection: by TLS or not, and
// whose certificate it was shown.
const howSeen = "select concat_ws(' ', case when ssl then version else 'clear' end, client_dn) from pg_stat_ssl where pid = pg_backend_pid()"

// What the proxy says of a backend whose leg can't be encrypted as it must be.
const (
	noTLSThere    = "the server does not offer TLS, which the connection to it requires"
	notAsRequired = "the connection to the server can't be encrypted as configured"
)

// backendLeg is a way of speaking with a backend, and how it ends.
type backendLeg struct {
	name     string
	backends *tlsterm.Client
	verify   tlsterm.Verify // the listener's
	route    resolve.Result
	role     string
	// want is how the server sees it or, with a code, the server's message or
	// the proxy's detail.
	code, want string
}

// clientOf is a tlsterm.Client of the vault's authority, whose certificate is
// for this name.
func (v *vault) clientOf(name string) *tlsterm.Client {
	pair, _ := v.ca.Issue(name)
	return v.ca.Backends(func(o *tlsterm.ClientOptions) { o.Cert, o.Key = pair.Cert, pair.Key })
}

// TestTLSToTheBackend speaks with servers that offer TLS, insist on it, don't
// have it, or aren't who they should be, for clients in the clear.
func TestTLSToTheBackend(t *testing.T) {
	v := startVault(t)
	trusting, distrustful := v.ca.Backends(), enginetest.NewAuthority(t).Backends()
	right, wrong := v.clientOf(certified), v.clientOf("another")
	plain := renamed("alpha", "alpha")
	called := func(name string) resolve.Result { return v.route(engine.MetadataTLSName, name) }
	legs := []backendLeg{
		{"off", trusting, tlsterm.Off, v.route(), anybody, "", "clear"},
		{"prefer", trusting, tlsterm.Prefer, v.route(), anybody, "", "TLSv1.3"},
		{"prefer, without TLS there", trusting, tlsterm.Prefer, plain, role, "", "clear"},
		{"require", trusting, tlsterm.Require, v.route(), anybody, "", "TLSv1.3"},
		{"require, without TLS there", trusting, tlsterm.Require, plain, role, "57P03", noTLSThere},
		{"require, unknown CA", distrustful, tlsterm.Require, v.route(), anybody, "", "TLSv1.3"},
		{"verify-ca", trusting, tlsterm.VerifyCA, v.route(), anybody, "", "TLSv1.3"},
		{"verify-ca, another name", trusting, tlsterm.VerifyCA, called("other.test"), anybody, "", "TLSv1.3"},
		{"verify-ca, unknown CA", distrustful, tlsterm.VerifyCA, v.route(), anybody, "57P03", notAsRequired},
		{"verify-ca, without TLS there", trusting, tlsterm.VerifyCA, plain, role, "57P03", noTLSThere},
		{"verify-full by address", trusting, tlsterm.VerifyFull, v.route(), anybody, "", "TLSv1.3"},
		{"verify-full by name", trusting, tlsterm.VerifyFull, called(vaultName), anybody, "", "TLSv1.3"},
		{"verify-full, another name", trusting, tlsterm.VerifyFull, called("other.test"), anybody, "57P03", notAsRequired},
		{"verify-full, unknown CA", distrustful, tlsterm.VerifyFull, v.route(), anybody, "57P03", notAsRequired},
		{"the route wants TLS", trusting, tlsterm.Off, v.route(engine.MetadataTLS, "verify-full"), anybody, "", "TLSv1.3"},
		{"the route wants none", trusting, tlsterm.VerifyFull, v.route(engine.MetadataTLS, "off"), anybody, "", "clear"},
		{"by TLS only, off", trusting, tlsterm.Off, v.route(), encryptee, "28000", "no pg_hba.conf entry"},
		{"by TLS only, prefer", trusting, tlsterm.Prefer, v.route(), encryptee, "", "TLSv1.3"},
		{"by certificate only", right, tlsterm.VerifyFull, v.route(), certified, "", "TLSv1.3 /CN=certified"},
		{"by certificate only, without", trusting, tlsterm.VerifyFull, v.route(), certified, "28000", "connection requires a valid client certificate"},
		{"by certificate only, another's", wrong, tlsterm.VerifyFull, v.route(), certified, "28000", "authentication failed for user"},
		{"a certificate not asked for", wrong, tlsterm.VerifyFull, v.route(), anybody, "", "TLSv1.3 /CN=another"},
	}
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, leg := range legs {
			t.Run(leg.name, func(t *testing.T) { leg.check(t, impl) })
		}
	})
}

// check has a client in the clear connect.
func (l *backendLeg) check(t *testing.T, impl engine.Impl) {
	t.Helper()
	r := routes{"vault": l.route}
	p := startProxy(t, impl, r, resolving(r), encrypting(l.verify, l.backends))
	url := visitor(t, p.url("vault"), l.role) + "?sslmode=disable"
	if l.code == "" {
		if got := ask(t, connect(t, url), howSeen); got != l.want {
			t.Errorf("the server sees %q, want %q", got, l.want)
		}
		return
	}
	if e := refusedByPgx(t, url); e.Code != l.code || !strings.Contains(e.Message+e.Detail, l.want) {
		t.Errorf("refused with %+v, want %s: %s", e, l.code, l.want)
	}
}
