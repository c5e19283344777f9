// Package webtest tests HTTP through the engine for real: the clients people
// use in front of it, the servers people use behind it, and peers that do what
// they shouldn't. Each test runs for both implementations. What must be
// installed, scripts/deps.sh installs.
//
// By hand, in other sizes:
//
//	go test ./engine/webtest -run Upload -v -args -upload 10737418240
//	go test ./engine/webtest -run Slow -v -args -download 10737418240
package webtest

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

// The sizes that may be had in larger by hand.
var (
	upload   = flag.Int64("upload", 1<<30, "bytes that curl uploads, chunked")
	download = flag.Int64("download", 1<<30, "bytes that a slow client downloads")
	echoed   = flag.Int64("echoed", 100<<20, "bytes that a WebSocket echoes")
)

func TestMain(m *testing.M) {
	flag.Parse()
	forgetEnvironment()
	if err := checkInstalled(); err != nil {
		fmt.Fprintln(os.Stderr, "webtest:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// forgetEnvironment keeps the user's proxies from the clients, which all know
// http_proxy and its kin.
func forgetEnvironment() {
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasSuffix(strings.ToLower(name), "_proxy") {
			os.Unsetenv(name)
		}
	}
	os.Setenv("LC_ALL", "C")
}
