//go:build linux

package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"runtime"
	"strings"

	"github.com/proxy-engine/proxy-engine/loadtest/backend"
)

// serveBackend runs a built-in backend until ctx ends. Its first line of
// output tells where it listens.
func serveBackend(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("loadtest backend "+strings.Join(backend.Names(), "|"), flag.ContinueOnError)
	listen := f.String("listen", "127.0.0.1:0", "`ADDRESS:PORT`; port 0 is a free one")
	loops := f.Int("loops", runtime.NumCPU(), "event loops")
	name, args := firstWord(args)
	if err := f.Parse(args); err != nil {
		return usageError{err}
	}
	kind, err := backend.ParseKind(name)
	if err != nil {
		return usageError{err}
	}
	at, err := netip.ParseAddrPort(*listen)
	if err != nil {
		return usageError{err}
	}
	return serve(ctx, backend.Config{Kind: kind, Addr: at, Loops: *loops}, out)
}

func serve(ctx context.Context, c backend.Config, out io.Writer) error {
	runtime.GOMAXPROCS(procsFor(c.Loops))
	server, err := backend.Listen(c)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "listening on %s\n", server.Addr())
	return server.Serve(ctx)
}

// firstWord takes the subcommand off the arguments, if there is one.
func firstWord(args []string) (string, []string) {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return "", args
	}
	return args[0], args[1:]
}
