//go:build linux

// Command loadtest generates load for a server and reports what it costs the
// server, and runs the backends the load is sent to. See package loadtest.
//
//	loadtest backend echo --listen 127.0.0.1:9000 &
//	loadtest rr --target 127.0.0.1:9000 --payload 1KiB --conns 50
//
// Exit status: 0 when everything succeeded, 1 when a session failed or nothing
// could be measured, 2 when the command line is wrong.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// errFailed says that the report, already printed, shows failures.
var errFailed = errors.New("not everything succeeded")

// usageError is a mistake on the command line.
type usageError struct{ error }

// Unwrap lets flag.ErrHelp be recognised.
func (e usageError) Unwrap() error { return e.error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "loadtest:", err)
		os.Exit(status(err))
	}
}

func status(err error) int {
	if _, ok := errors.AsType[usageError](err); ok {
		return 2
	}
	return 1
}

func run(ctx context.Context, args []string, out io.Writer) error {
	name, rest := firstWord(args)
	if name == "backend" {
		return serveBackend(ctx, rest, out)
	}
	for _, m := range modes() {
		if m.name == name {
			return generate(ctx, m, rest, out)
		}
	}
	return usage(name)
}

func usage(name string) error {
	text := "usage: loadtest MODE [flags]; loadtest MODE --help lists the flags\n"
	for _, m := range modes() {
		text += fmt.Sprintf("  %-8s %s\n", m.name, m.help)
	}
	text += "  backend  serve the other end: backend echo|sink|flood\n"
	if name != "" {
		text = fmt.Sprintf("no mode %q\n%s", name, text)
	}
	return usageError{errors.New(text)}
}

func generate(ctx context.Context, m mode, args []string, out io.Writer) error {
	f := flag.NewFlagSet("loadtest "+m.name, flag.ContinueOnError)
	var shared common
	shared.define(f)
	build := m.define(f)
	if err := f.Parse(args); err != nil {
		return usageError{err}
	}
	settings, err := shared.settings()
	g, modeErr := build(settings)
	if err := errors.Join(err, modeErr); err != nil {
		return usageError{err}
	}
	runtime.GOMAXPROCS(procsFor(settings.Loops))
	r, err := g.Run(ctx)
	if err != nil {
		return err
	}
	return finish(r, shared.json, out)
}

// procsFor leaves the runtime two processors more than there are loops: a loop
// that waits in the kernel would otherwise have to win its own back.
func procsFor(loops int) int { return max(loops, 1) + 2 }

func finish(r *report.Report, asJSON bool, out io.Writer) error {
	if err := write(r, asJSON, out); err != nil {
		return err
	}
	if r.Failed() {
		return errFailed
	}
	return nil
}

func write(r *report.Report, asJSON bool, out io.Writer) error {
	if !asJSON {
		return r.WriteText(out)
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}
