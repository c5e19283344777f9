// Command ferretdb is a FerretDB server with its SQLite backend, for tests. It
// listens on a free port of 127.0.0.1, prints the address and serves until its
// standard input ends, which ends its connections at once.
//
// It is built from FerretDB's inner packages because the outer one can neither
// authenticate by SCRAM nor play the member of a replica set; the path of this
// module is chosen so that it may.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"time"

	"github.com/FerretDB/FerretDB/internal/clientconn"
	"github.com/FerretDB/FerretDB/internal/clientconn/connmetrics"
	"github.com/FerretDB/FerretDB/internal/handler/registry"
	"github.com/FerretDB/FerretDB/internal/util/password"
	"github.com/FerretDB/FerretDB/internal/util/state"
)

// settings are the flags.
type settings struct {
	dir, database, user, password, member string
	cert, key                             string
}

func main() {
	var s settings
	flag.StringVar(&s.dir, "dir", "", "the folder of its databases")
	flag.StringVar(&s.database, "database", "", "the database of the user, none for no authentication")
	flag.StringVar(&s.user, "user", "", "the user")
	flag.StringVar(&s.password, "password", "", "the user's password")
	flag.StringVar(&s.member, "member", "", "the only host its hello tells of, as a replica set's; none for a standalone server")
	flag.StringVar(&s.cert, "cert", "", "the file of its certificate, none for no TLS")
	flag.StringVar(&s.key, "key", "", "the file of its key")
	flag.Parse()
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0) // FerretDB's own way leaves connections three more seconds
	}()
	if err := serve(s); err != nil {
		log.Fatal(err)
	}
}

func serve(s settings) error {
	provider, err := state.NewProvider("")
	if err != nil {
		return err
	}
	err = provider.Update(func(told *state.State) { told.DisableTelemetry(); told.TelemetryLocked = true })
	if err != nil {
		return err
	}
	metrics := connmetrics.NewListenerMetrics()
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	options := &registry.NewHandlerOpts{
		Logger: logger, ConnMetrics: metrics.ConnMetrics, StateProvider: provider,
		TCPHost: s.member, SQLiteURL: "file:" + s.dir + "/", SetupTimeout: time.Minute,
		SetupDatabase: s.database, SetupUsername: s.user, SetupPassword: password.WrapPassword(s.password),
		TestOpts: registry.TestOpts{
			CappedCleanupPercentage: 10, BatchSize: 1000, MaxBsonObjectSizeBytes: 16 << 20, EnableNewAuth: s.database != "",
		},
	}
	if s.member != "" {
		options.ReplSetName = "rs0"
	}
	handler, _, err := registry.NewHandler("sqlite", options)
	if err != nil {
		return err
	}
	how := &clientconn.NewListenerOpts{Mode: clientconn.NormalMode, Metrics: metrics, Handler: handler, Logger: logger}
	address := (*clientconn.Listener).TCPAddr
	if s.cert == "" {
		how.TCP = anyPort
	} else {
		how.TLS, how.TLSCertFile, how.TLSKeyFile = anyPort, s.cert, s.key
		address = (*clientconn.Listener).TLSAddr
	}
	listener, err := clientconn.Listen(how)
	if err != nil {
		return err
	}
	fmt.Println(address(listener))
	listener.Run(context.Background())
	return nil
}

// anyPort is where it listens.
const anyPort = "127.0.0.1:0"
