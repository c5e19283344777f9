package pgtest

import (
	"bytes"
	"context"
	"crypto/md5"
	"fmt"
	"io"
	"os/exec"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/codecs/postgres"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/tlsterm"
)

// TestTLSPgbench runs pgbench with TLS on both legs, one session for all
// transactions and one for each.
func TestTLSPgbench(t *testing.T) {
	v := startVault(t)
	server, backends := v.ca.Server(frontName), v.ca.Backends()
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		p := startProxy(t, impl, routes{"vault": v.route()}, terminating(postgres.TLSRequired, server), encrypting(tlsterm.VerifyFull, backends))
		url := with(t, visitor(t, p.url("vault"), anybody), "sslmode", "verify-full", "sslrootcert", v.ca.File)
		initialize(t, url)
		for _, b := range benchRuns {
			t.Run(b.name, func(t *testing.T) {
				if done := transactions(t, startPgbench(t, url, 0, b.args...)); done != benchClients*benchTransactions {
					t.Errorf("%d transactions, want %d", done, benchClients*benchTransactions)
				}
			})
		}
	})
}

// TestTLSCopy has psql copy rows in and out again, and compares them; with TLS
// of either version on the client's leg, and with TLS on both.
func TestTLSCopy(t *testing.T) {
	v := startVault(t)
	server, backends := v.ca.Server(frontName), v.ca.Backends()
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		for _, verify := range []tlsterm.Verify{tlsterm.Off, tlsterm.VerifyFull} {
			p := startProxy(t, impl, routes{"vault": v.route()}, terminating(postgres.TLSRequired, server), encrypting(verify, backends))
			for _, version := range []string{"TLSv1.2", "TLSv1.3"} {
				t.Run(fmt.Sprintf("%s, backend %v", version, verify), func(t *testing.T) {
					copyThere(t, with(t, visitor(t, p.url("vault"), anybody),
						"sslmode", "verify-full", "sslrootcert", v.ca.File, "ssl_max_protocol_version", version))
				})
			}
		}
	})
}

// copyThere copies rows into a table and back with one psql.
func copyThere(t *testing.T, url string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), enginetest.Patience+time.Duration(*copySize>>20)*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, servers.farm.Program("psql"), psqlArguments(url,
		"-c", "create temp table copied (row text)", "-c", `\copy copied from pstdin`, "-c", `\copy copied to pstdout`)...)
	in, out, errs := md5.New(), md5.New(), new(bytes.Buffer)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = io.TeeReader(newRows(*copySize), in), out, errs
	started := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatalf("psql: %v: %s", err, errs)
	}
	t.Logf("%d bytes each way in %v", *copySize, time.Since(started))
	if got, want := out.Sum(nil), in.Sum(nil); !bytes.Equal(got, want) {
		t.Errorf("what came out has the checksum %x, what went in %x", got, want)
	}
}
