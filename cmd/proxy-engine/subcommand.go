package main

import (
	"fmt"
	"io"
)

// subcommand is a first argument that makes the program something else than the
// proxy. It has flags of its own.
type subcommand struct {
	name string
	// usage is a sentence, and what more there is to say.
	usage string
	// table has its flags, bound to where their values go.
	table func() table
	// run is main of the subcommand.
	run func(args, env []string, stdout, stderr io.Writer) int
}

// subcommandList has the subcommands in the order of the help.
func subcommandList() []subcommand {
	return []subcommand{
		{name: cmdTop, usage: topUsage, table: func() table { return newTopTable(new(topSettings)) }, run: runTop},
	}
}

// subcommandOf returns the one that arguments ask for, and its own arguments; nil if
// they are the proxy's. "help NAME" is "NAME --help".
func subcommandOf(args []string) (*subcommand, []string) {
	if len(args) >= 2 && args[0] == cmdHelp {
		args = []string{args[1], "--" + cmdHelp}
	}
	if len(args) == 0 {
		return nil, nil
	}
	for _, s := range subcommandList() {
		if s.name == args[0] {
			return &s, args[1:]
		}
	}
	return nil, nil
}

// printHelp prints the help of the subcommand alone.
func (s *subcommand) printHelp(w io.Writer) {
	fmt.Fprintf(w, "Usage: proxy-engine %s [--flag value]...\n\n", s.name)
	printFilled(w, "", s.usage)
	fmt.Fprintln(w)
	for _, row := range s.table().rows() {
		row.printHelp(w)
	}
}

// parseOwn sets the values of a subcommand's table from arguments and environment,
// and says whether the help was asked for.
func (t table) parseOwn(args, env []string, f *findings) (help bool) {
	flags := flagParser{table: t, rest: args, findings: f, commands: make(commands)}
	flags.parse()
	for name := range flags.commands {
		if name != cmdHelp {
			f.faultf("--%s: is the proxy's own", name)
		}
	}
	vars := variablesOf(env)
	for _, row := range t.rows() {
		if row.source == fromDefault {
			row.setFromEnv(vars, f)
		}
	}
	return flags.commands.has(cmdHelp)
}
