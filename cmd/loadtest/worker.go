//go:build linux

package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/proxy-engine/proxy-engine/loadtest"
)

// workerName is the subcommand of worker processes, which loadtest starts by
// itself when one process may not open enough descriptors.
const workerName = "worker"

// workerCommand is how they are started.
func workerCommand() ([]string, error) {
	self, err := os.Executable()
	return []string{self, workerName}, err
}

// work obeys the process that started this one, and nobody else: a worker that
// a signal stopped early would pass off less as all there was. It ends with its
// input.
func work(ctx context.Context, _ []string, out io.Writer) error {
	signal.Ignore(os.Interrupt, syscall.SIGTERM)
	runtime.GOMAXPROCS(procsFor(runtime.NumCPU()))
	return loadtest.ServeWorker(ctx, os.Stdin, out)
}
