package multiplextest

import (
	"fmt"
	"testing"

	"github.com/proxy-engine/proxy-engine/codecs/mongodb"
	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/enginetest"
	"github.com/proxy-engine/proxy-engine/engine/mongotest/mongoprograms"
)

// One client of the Go driver, over one connection, uses three databases at three
// servers: inserts of some megabytes, and a cursor whose batches alternate with
// commands to the others.
func TestDriver(t *testing.T) {
	programs, err := mongoprograms.Build()
	enginetest.Must(t, err)
	t.Cleanup(func() { enginetest.Must(t, programs.Close()) })
	enginetest.EachVariant(t, func(t *testing.T, impl engine.Impl) {
		names := []string{"shop", "bank", "mall"}
		r := &routes{at: make(map[string]string)}
		want := mongoprograms.Report{Found: 3000, Retryable: true}
		for _, name := range names {
			server, err := programs.Start(mongoprograms.ServerOptions{Dir: t.TempDir()})
			enginetest.Must(t, err)
			t.Cleanup(func() { enginetest.Must(t, server.Stop()) })
			r.at[name] = server.Address
			want.Toured += fmt.Sprint(" ", server.PID)
		}
		p := enginetest.Start(t, enginetest.Config(impl, mongodb.Front(mongodb.Options{Multiplex: true}), r))
		got, err := programs.Run(t.Context(), mongoprograms.Go, mongoprograms.Job{
			URI: "mongodb://" + p.Address() + "/?maxPoolSize=1", Tour: names, Count: want.Found, Size: 2000, Batch: 500,
		})
		enginetest.Must(t, err)
		if got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}
