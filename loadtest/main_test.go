//go:build linux

package loadtest

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain also is the worker process of the tests that start some.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == workerCommand()[1] {
		if err := ServeWorker(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	// A process under the race detector rests for a second before it exits.
	os.Setenv("GORACE", "atexit_sleep_ms=0")
	goleak.VerifyTestMain(m)
}

func workerCommand() []string { return []string{os.Args[0], "worker"} }
