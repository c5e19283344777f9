package main

import (
	"fmt"
	"strings"
)

// source says where a setting's value comes from.
type source uint8

const (
	fromDefault source = iota
	fromFile
	fromEnv
	fromFlag
)

// String returns the source's name, as the dump of the configuration has it.
func (s source) String() string {
	return [...]string{"default", "file", "environment", "flag"}[s]
}

// findings are the faults of a configuration, all of them, and what is no
// fault but should be known.
type findings struct {
	errs     []error
	warnings []string
	unread   bool // the configuration file, of which nothing is known
}

// fault adds an error, or each of those that errors.Join has joined.
func (f *findings) fault(err error) {
	f.errs = append(f.errs, parts(err)...)
}

func parts(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

func (f *findings) faultf(format string, args ...any) { f.fault(fmt.Errorf(format, args...)) }

func (f *findings) warnf(format string, args ...any) {
	f.warnings = append(f.warnings, fmt.Sprintf(format, args...))
}

// parse sets the table's values from arguments, environment and the file that
// either names, and returns the commands among the arguments. A flag takes
// precedence over the environment, that over the file, that over the default.
func (t table) parse(args, env []string, f *findings) commands {
	flags := flagParser{table: t, rest: args, findings: f, commands: make(commands)}
	flags.parse()
	t.parseEnv(env, f)
	t.parseFile(f)
	return flags.commands
}

// set takes the value or notes what is wrong with it.
func (s *setting) set(name, text string, f *findings) {
	for _, item := range s.value.split(text) {
		switch err := s.value.Set(item); {
		case err != nil && s.quiet:
			f.faultf("%s: %w", name, err)
		case err != nil:
			f.faultf("%s %q: %w", name, item, err)
		}
	}
}

// parseEnv takes the variables of settings no flag has set. An empty variable
// counts as unset, which is what ${NAME:-} in a compose file leaves.
func (t table) parseEnv(env []string, f *findings) {
	vars := variablesOf(env)
	for _, row := range t.rows() {
		if row.source == fromDefault {
			row.setFromEnv(vars, f)
		}
	}
	t.checkForeign(vars, f)
}

// variablesOf are the environment's variables that aren't empty.
func variablesOf(env []string) map[string]string {
	vars := make(map[string]string)
	for _, entry := range env {
		if name, text, _ := strings.Cut(entry, "="); text != "" {
			vars[name] = text
		}
	}
	return vars
}

// setFromEnv takes the setting's variable. If it has two, both must say the
// same.
func (s *setting) setFromEnv(vars map[string]string, f *findings) {
	for _, name := range s.variables() {
		text, isSet := vars[name]
		if !isSet {
			continue
		}
		before := s.value.String()
		s.set(name, text, f)
		if s.source == fromEnv && s.value.String() != before {
			f.faultf("%s=%s and %s=%s differ: one engine drives all listeners; leave one of them out",
				s.variable, vars[s.variable], name, text)
		}
		s.source, s.variable = fromEnv, name
	}
}
