package main

import (
	"errors"
	"io"
	"log/slog"
	"slices"

	"github.com/proxy-engine/proxy-engine/engine"
)

// configuration is what the settings say at one time, and what was opened for it.
type configuration struct {
	*settings
	table    table
	commands commands
	cfg      engine.Config
}

// read takes the settings from arguments, environment and the file that either
// names. Nothing is opened yet.
func read(args, env []string, f *findings) *configuration {
	s := defaults()
	t := newTable(s)
	c := &configuration{settings: s, table: t, commands: t.parse(args, env, f)}
	s.complete()
	return c
}

// open makes the engine's configuration and opens what it needs: a resolver that
// differs from the one before, nil for none, and certificates.
func (c *configuration) open(before *configuration, log *slog.Logger, f *findings) {
	c.cfg = c.config(before, log, f)
}

// close lets go of what was opened, but for what another configuration, nil for none,
// uses on. Nothing may use it any more.
func (c *configuration) close(other *configuration) error {
	errs := []error{c.closeTLS(&c.cfg)}
	if other == nil || other.waker != c.waker {
		errs = append(errs, c.closeWaker())
		if r, ok := c.cfg.Resolver.(io.Closer); ok {
			errs = append(errs, r.Close())
		}
	}
	return errors.Join(errs...)
}

// changes are the flags of the settings that differ from those of another
// configuration: which are in force now, and which from the next start on.
func (c *configuration) changes(other *configuration) (now, later []string) {
	now, later = []string{}, []string{}
	rows := other.table.rows()
	for i, row := range c.table.rows() {
		switch {
		case row.value.String() == rows[i].value.String() && c.sameSecrets(row.flag, other):
		case row.fixed:
			later = append(later, row.flag)
		default:
			now = append(now, row.flag)
		}
	}
	return now, later
}

// sameSecrets says whether a setting has the same value as another configuration's also in
// what its text hides.
func (c *configuration) sameSecrets(flag string, other *configuration) bool {
	switch flag {
	case resolverFlag:
		return slices.Equal(c.resolvers, other.resolvers)
	case wakeHookFlag:
		return c.wakeHook == other.wakeHook
	}
	return true
}
