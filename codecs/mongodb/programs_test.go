package mongodb

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/proxy-engine/proxy-engine/engine/mongotest/mongoprograms"
)

// The drivers and servers are here for the recording of transcripts only: what
// they do with a proxy between them is tested in engine/mongotest.

// patience is how long a program may take: far more than it needs.
const patience = 3 * time.Minute

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func programs(t *testing.T) *mongoprograms.Programs {
	t.Helper()
	p, err := mongoprograms.Build()
	must(t, err)
	t.Cleanup(func() { must(t, p.Close()) })
	return p
}

// runClient runs a client program to its end.
func runClient(t *testing.T, p *mongoprograms.Programs, d mongoprograms.Driver, uri string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := p.Run(ctx, d, mongoprograms.Job{URI: uri, Database: "shop", Count: 2, Batch: 10, Beats: 2})
	must(t, err)
	if r.Error != "" {
		t.Fatalf("%+v", r)
	}
}

// ferret starts a FerretDB server, until the end of the test, and returns its
// address. If it logs in, only alice may, who stands in the database shop.
func ferret(t *testing.T, p *mongoprograms.Programs, logsIn bool) string {
	t.Helper()
	o := mongoprograms.ServerOptions{Dir: t.TempDir()}
	if logsIn {
		o.Database, o.User, o.Password = "shop", "alice", "secret"
	}
	server, err := p.Start(o)
	must(t, err)
	t.Cleanup(func() { must(t, server.Stop()) })
	return server.Address
}
