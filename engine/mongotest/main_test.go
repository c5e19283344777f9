// Package mongotest tests MongoDB through the engine for real: FerretDB servers
// behind it, the Go driver, the Node driver and PyMongo in front of it. Each test
// runs for both implementations. What must be installed, scripts/deps.sh
// installs.
//
// By hand, for longer:
//
//	go test ./engine/mongotest -run Monitoring -v -args -heartbeat 10s -beats 13
package mongotest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/mongotest/mongoprograms"
)

var (
	beats     = flag.Int("beats", 6, "heartbeats awaited by TestMonitoring")
	heartbeat = flag.Duration("heartbeat", 500*time.Millisecond, "how often monitors ask; 500ms at least")
)

// world is what all tests share: the programs, three servers where nobody logs
// in, and a client of each driver, which starts slowly.
var world struct {
	programs         *mongoprograms.Programs
	shop, bank, mall *mongoprograms.Server
	clients          map[mongoprograms.Driver]*mongoprograms.Client
}

// hidden is the only host the servers' hello tells of. Nobody can reach it.
const hidden = "hidden.invalid:27017"

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mongotest:", err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	if world.programs, err = mongoprograms.Build(); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, world.programs.Close()) }()
	dir, err := os.MkdirTemp("", "mongotest-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for _, server := range []**mongoprograms.Server{&world.shop, &world.bank, &world.mall} {
		if *server, err = startIn(dir); err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, (*server).Stop()) }()
	}
	world.clients = make(map[mongoprograms.Driver]*mongoprograms.Client)
	for _, d := range mongoprograms.Drivers() {
		client, err := world.programs.Launch(context.Background(), d)
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, client.Wait()) }()
		world.clients[d] = client
	}
	return m.Run(), nil
}

// startIn starts a server with a folder of its own within dir.
func startIn(dir string) (*mongoprograms.Server, error) {
	own, err := os.MkdirTemp(dir, "")
	if err != nil {
		return nil, err
	}
	return world.programs.Start(mongoprograms.ServerOptions{Dir: own, Member: hidden})
}
