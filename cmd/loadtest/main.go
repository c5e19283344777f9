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
	"strings"
	"syscall"

	"github.com/proxy-engine/proxy-engine/loadtest/backend"
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
	// The first signal ends the run and has it report, the second the process.
	context.AfterFunc(ctx, stop)
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
	for _, c := range commands() {
		if c.name == name {
			return c.run(ctx, rest, out)
		}
	}
	for _, m := range modes() {
		if m.name == name {
			return generate(ctx, m, rest, out)
		}
	}
	return usage(name)
}

// command is a subcommand that is no mode.
type command struct {
	name, help string // without help it isn't for people
	run        func(ctx context.Context, args []string, out io.Writer) error
}

func commands() []command {
	return []command{
		{"headline", "the published figures of the original proxy, measured here", headline},
		{"backend", "serve the other end: backend " + strings.Join(backend.Names(), "|"), serveBackend},
		{workerName, "", work},
	}
}

func usage(name string) error {
	text := "usage: loadtest MODE [flags]; loadtest MODE --help lists the flags\n"
	for _, m := range modes() {
		text += fmt.Sprintf("  %-8s  %s\n", m.name, m.help)
	}
	for _, c := range commands() {
		if c.help != "" {
			text += fmt.Sprintf("  %-8s  %s\n", c.name, c.help)
		}
	}
	if name != "" {
		text = fmt.Sprintf("no mode %q\n%s", name, text)
	}
	return usageError{errors.New(text)}
}

func generate(ctx context.Context, m mode, args []string, out io.Writer) error {
	f := flag.NewFlagSet("loadtest "+m.name, flag.ContinueOnError)
	var shared common
	var encryption tlsFlags
	shared.define(f)
	encryption.define(f)
	build := m.define(f)
	if err := parse(f, args); err != nil {
		return err
	}
	settings, err := shared.settings()
	if err == nil && len(settings.Targets) == 0 {
		err = errors.New("--target is missing")
	}
	var tlsErr error
	settings.TLS, tlsErr = encryption.parsed(f)
	end := shared.showProgress(&settings)
	g, modeErr := build(settings)
	if err := errors.Join(err, tlsErr, modeErr, checkPage(shared.html)); err != nil {
		return usageError{err}
	}
	runtime.GOMAXPROCS(procsFor(settings.Loops))
	r, err := g.Run(ctx)
	end()
	if err != nil {
		return err
	}
	return finish(r, shared, out)
}

// parse reads the flags of a subcommand, which takes nothing else.
func parse(f *flag.FlagSet, args []string) error {
	if err := f.Parse(args); err != nil {
		return usageError{err}
	}
	if f.NArg() > 0 {
		return usageError{fmt.Errorf("%s: unexpected %q", f.Name(), f.Args())}
	}
	return nil
}

// procsFor leaves the runtime two processors more than there are loops: a loop
// that waits in the kernel would otherwise have to win its own back.
func procsFor(loops int) int { return max(loops, 1) + 2 }

// finish hands the report out.
func finish(r *report.Report, c common, out io.Writer) error {
	if err := errors.Join(write(r, c.json, out), writePage(r, c.html)); err != nil {
		return err
	}
	if r.Failed() {
		return errFailed
	}
	return nil
}

func write(r interface{ WriteText(io.Writer) error }, asJSON bool, out io.Writer) error {
	if !asJSON {
		return r.WriteText(out)
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// checkPage sees before a run that its page can be written after it.
func checkPage(path string) error {
	if path == "" {
		return nil
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	return file.Close()
}

// writePage writes the report's page to a file, if there is to be one.
func writePage(r *report.Report, path string) error {
	if path == "" {
		return nil
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(r.WriteHTML(file), file.Close())
}
