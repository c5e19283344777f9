package mongodb

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/proxy-engine/proxy-engine/engine/mongotest/mongoprograms"
)

// patience is how long a program may take: far more than it needs.
const patience = 3 * time.Minute

// built builds the programs when they are first needed. They are removed in the
// end.
var built = sync.OnceValues(mongoprograms.Build)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if programs, err := built(); err == nil {
			programs.Close()
		}
		os.Exit(code)
	}))
}

func programs(t *testing.T) *mongoprograms.Programs {
	t.Helper()
	p, err := built()
	must(t, err)
	return p
}

// runClient runs a client program to its end. Which server it has been at is
// left out of the report.
func runClient(t *testing.T, d mongoprograms.Driver, j mongoprograms.Job) mongoprograms.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	j.Batch = max(10, j.Count/10)
	r, err := programs(t).Run(ctx, d, j)
	must(t, err)
	r.Server = 0
	return r
}

// ferret starts a FerretDB server, until the end of the test, and returns its
// address.
func ferret(t *testing.T, o mongoprograms.ServerOptions) string {
	t.Helper()
	o.Dir = t.TempDir()
	server, err := programs(t).Start(o)
	must(t, err)
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Log(err)
		}
	})
	return server.Address
}

// login has only alice log in, who stands in this database.
func login(database string) mongoprograms.ServerOptions {
	return mongoprograms.ServerOptions{Member: hidden, Database: database, User: "alice", Password: "secret"}
}
