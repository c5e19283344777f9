package pgtest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// tlsCrowd is how many sessions sleep at once, and every third is cancelled.
const tlsCrowd = 12

// TestTLSCancel cancels queries of sessions over TLS with pgx, which encrypts
// its CancelRequest as the session is, and with psql, which sends it in the clear
// (that of version 17 does, too). Both must work where TLS is required.
func TestTLSCancel(t *testing.T) {
	v := startVault(t)
	server, backends := v.ca.Server(frontName), v.ca.Backends()
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, mode := range []postgres.TLSMode{postgres.TLSOffered, postgres.TLSRequired} {
			for _, verify := range []tlsterm.Verify{tlsterm.Off, tlsterm.VerifyFull} {
				t.Run(fmt.Sprintf("%v, backend %v", mode, verify), func(t *testing.T) {
					p := startProxy(t, impl, routes{"vault": v.route()}, terminating(mode, server), encrypting(verify, backends))
					url := with(t, visitor(t, p.url("vault"), anybody), "sslmode", "verify-full", "sslrootcert", v.ca.File)
					cancelSome(t, v, url)
					cancelSome(t, v, with(t, url, "sslnegotiation", "direct"))
					interrupt(t, v.admin(t), url)
					if n := p.Stats().Closed[engine.UnknownKey]; n != 0 {
						t.Errorf("%d cancel requests had an unknown key", n)
					}
				})
			}
		}
	})
}

// cancelSome cancels some of a crowd with pgx: those end and no others.
func cancelSome(t *testing.T, v *vault, url string) {
	t.Helper()
	all := make([]*sleeper, tlsCrowd)
	for i := range all {
		all[i] = startSleeper(t, url, fmt.Sprintf("crowd %d", i))
		if encrypted(all[i].conn) == nil {
			t.Fatal("the session is in the clear")
		}
	}
	server := v.admin(t)
	awaitSleeping(t, server, "crowd %", tlsCrowd)
	for i := 0; i < tlsCrowd; i += 3 {
		all[i].cancel(t)
		all[i].wantCancelled(t)
		if got, want := sleeping(t, server, "crowd %"), tlsCrowd-1-i/3; got != want {
			t.Errorf("after %d cancel requests %d queries run, want %d", i/3+1, got, want)
		}
	}
	for _, s := range all {
		s.cancel(t)
	}
	for _, s := range all {
		s.close(t)
	}
}

// interrupt presses Ctrl-C in a psql whose query the server runs.
func interrupt(t *testing.T, server *pgx.Conn, url string) {
	t.Helper()
	client := launch(t, enginetest.Patience, servers.farm.Program("psql"),
		psqlArguments(with(t, url, "application_name", "interrupted"), "-c", sleep)...)
	awaitSleeping(t, server, "interrupted", 1)
	enginetest.Must(t, client.cmd.Process.Signal(os.Interrupt))
	const want = "ERROR:  57014: canceling statement due to user request"
	if got := client.wait(t); got.code != 1 || !strings.Contains(got.stderr, want) {
		t.Errorf("psql's exit code is %d, and it says %q, want 1 and %q", got.code, got.stderr, want)
	}
}
