// Command proxy-engine runs the proxy: it turns flags, environment and a file
// into an engine's configuration, starts the engine and minds its signals.
//
// Every setting is a row of one table (table.go), from which the flags, the
// variables, the configuration file, the defaults, the help, docs/settings.md,
// the manual page, the shells' completions and --print-config are made.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/proxy-engine/proxy-engine/engine"
	"github.com/proxy-engine/proxy-engine/engine/admin"
)

func main() {
	os.Exit(run(os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// run is main with its surroundings as arguments. It returns the exit code: 0,
// or 1 if the configuration is wrong or the engine doesn't start.
func run(args, env []string, stdout, stderr io.Writer) int {
	s := defaults()
	t := newTable(s)
	var f findings
	cmds := t.parse(args, env, &f)
	s.complete()
	if t.describe(cmds, stdout) {
		return 0
	}
	if cmds.has(cmdPrintConfig) {
		// Before the faults are known: it helps to find them.
		t.printAs(cmds[cmdPrintConfig], stdout)
	}
	log := s.newLogger(stderr)
	cfg := s.config(log, &f)
	operators := s.adminOptions(t, log, &f)
	if c, ok := cfg.Resolver.(io.Closer); ok {
		defer c.Close()
	}
	defer s.closeTLS(&cfg)
	defer s.closeWaker()
	if !f.report(log, stderr) {
		return 1
	}
	if err := act(cmds, cfg, operators, s.drain, log, stdout); err != nil {
		log.Error("ended", "cause", err)
		return 1
	}
	return 0
}

// describe serves the commands that are about the program, whatever its
// configuration: it says whether there was one.
func (t table) describe(cmds commands, w io.Writer) bool {
	switch shell := cmds[cmdCompletion]; {
	case cmds.has(cmdHelp):
		t.printHelp(w)
	case cmds.has(cmdVersion):
		fmt.Fprintln(w, version())
	case cmds.has(cmdMan):
		t.printMan(w, buildDate())
	case shell != "":
		return t.printCompletion(w, shell)
	default:
		return false
	}
	return true
}

// act does what is asked for with a valid configuration: runs, unless a command
// says otherwise.
func act(cmds commands, cfg engine.Config, operators admin.Options, drain time.Duration, log *slog.Logger, stdout io.Writer) error {
	switch {
	case cmds.has(cmdPrintConfig):
		printLimit(stdout, &cfg)
		return nil
	case cmds.has(cmdCheck):
		fmt.Fprintln(stdout, "the configuration is valid")
		return nil
	}
	return serve(cfg, operators, drain, log)
}

// report tells everything that was found and returns whether all is well.
func (f *findings) report(log *slog.Logger, stderr io.Writer) bool {
	for _, w := range f.warnings {
		log.Warn(w)
	}
	for _, err := range f.errs {
		fmt.Fprintf(stderr, "proxy-engine: %v\n", err)
	}
	return len(f.errs) == 0
}

// serve runs the engine until a signal ends it. Operators are served until it has
// drained.
func serve(cfg engine.Config, operators admin.Options, drain time.Duration, log *slog.Logger) error {
	// A log whose reader is gone must not end every session.
	signal.Ignore(syscall.SIGPIPE)
	signals := make(chan os.Signal, 4)
	// For good: a signal that comes while the process ends must not kill it.
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, statsSignal)

	if err := fitSessions(&cfg, log); err != nil {
		return err
	}
	raiseProcs(&cfg)
	e, err := engine.New(cfg)
	if err != nil {
		return err
	}
	if err := e.Start(); err != nil {
		return err
	}
	stopAdmin, err := startAdmin(e, operators, log)
	if err != nil {
		stopped, cancel := context.WithCancel(context.Background())
		cancel()
		_ = e.Shutdown(stopped)
		return err
	}
	defer stopAdmin()
	log.Info("started", "version", version(), "impl", string(cfg.Impl), "event_loops", cfg.EventLoops)
	s := supervisor{proxy: e, log: log, drain: drain, signals: signals, actions: map[os.Signal]func(){
		statsSignal: func() { logStats(log, e.Stats()) },
	}}
	if err := s.run(); err != nil {
		return fmt.Errorf("the engine failed: %w", err)
	}
	return nil
}
