// Command proxy-engine runs the proxy: it turns flags, environment and a file
// into an engine's configuration, starts the engine and minds its signals.
//
// Every setting is a row of one table (table.go), from which the flags, the
// variables, the configuration file, the defaults, the help, docs/settings.md,
// the manual page, the shells' completions and --print-config are made.
package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
)

func main() {
	os.Exit(run(os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// run is main with its surroundings as arguments. It returns the exit code: 0,
// or 1 if the configuration is wrong or the engine doesn't start.
func run(args, env []string, stdout, stderr io.Writer) int {
	if sub, own := subcommandOf(args); sub != nil {
		return sub.run(own, env, stdout, stderr)
	}
	if len(args) == 1 && args[0] == cmdHelp {
		args = []string{"--" + cmdHelp}
	}
	var f findings
	c := read(args, env, &f)
	if c.table.describe(c.commands, stdout) {
		return 0
	}
	if c.commands.has(cmdPrintConfig) {
		// Before the faults are known: it helps to find them.
		c.table.printAs(c.commands[cmdPrintConfig], stdout)
	}
	log := newLogging(c.settings, stderr)
	defer log.close()
	c.open(nil, log.Logger, &f)
	operators := c.adminOptions(log.Logger, &f)
	if !f.report(log.Logger, log.writer) {
		_ = c.close(nil)
		return 1
	}
	p := &program{args: args, env: env, current: c, operatorOptions: operators, log: log}
	if err := p.act(stdout); err != nil {
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
func (p *program) act(stdout io.Writer) error {
	defer p.close()
	switch cmds := p.current.commands; {
	case cmds.has(cmdPrintConfig):
		printLimit(stdout, &p.current.cfg)
		return nil
	case cmds.has(cmdCheck):
		fmt.Fprintln(stdout, "the configuration is valid")
		return nil
	}
	return p.run()
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
