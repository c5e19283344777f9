// Package top shows a proxy in a terminal: what its admin server says, over and over
// again.
//
// Polls bring snapshots (poll.go); the model (model.go) is what the screen shows of
// them and what keys have made of that (press.go); view (view.go) makes lines of it,
// and the screen (screen.go) writes those that have changed. One goroutine, that of
// Run, has the model; polls, actions and the reading of keys have goroutines that
// tell it what they have got.
package top

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/proxy-engine/proxy-engine/engine/admin/api"
)

// Options are those of Run and Once.
type Options struct {
	// Client asks the proxy.
	Client *api.Client
	// Interval is the time between two polls, more than 0.
	Interval time.Duration
	// Table is the name of the one that is shown first: one of Tables.
	Table string
	// Color says that the terminal has, and people want, colours.
	Color bool
}

// Tables are the names of the tables there are.
func Tables() []string {
	var names []string
	for t := range tables {
		names = append(names, t.String())
	}
	return names
}

// tableNamed returns the table of a name.
func tableNamed(name string) (table, error) {
	for t := range tables {
		if t.String() == name {
			return t, nil
		}
	}
	return 0, fmt.Errorf("table %q: want one of %s", name, strings.Join(Tables(), ", "))
}

// Run shows the proxy in a terminal until the user has enough, the terminal is gone
// or ctx is done, which is no error. It leaves the terminal as it was, even if it
// panics. Its goroutines end with it, but for one that reads the terminal: that
// ends when Read does.
func Run(ctx context.Context, t Terminal, o Options) error {
	first, err := tableNamed(o.Table)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	return newLoop(ctx, t, o, first).live(cancel, func() {})
}

// onceWidth is the width of what Once prints, in columns.
const onceWidth = 160

// Once prints one frame with all rows of the table, without escape sequences. It
// polls twice, an interval apart, for there are no rates before.
func Once(ctx context.Context, out io.Writer, o Options) error {
	t, err := tableNamed(o.Table)
	if err != nil {
		return err
	}
	m := newModel(o.Client.Address(), t)
	m.take(poll(ctx, o.Client, t))
	if m.trouble == nil {
		select {
		case <-time.After(o.Interval):
			m.take(poll(ctx, o.Client, t))
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if m.trouble != nil {
		return m.trouble
	}
	_, err = io.WriteString(out, once(m))
	return errors.Join(err, m.now.listErr)
}

// once is the frame as text: no row is chosen, and no keys are named.
func once(m *model) string {
	m.resize(onceWidth, maxListed+frameLines+len(m.head()))
	m.index = -1
	lines := view(m)
	lines = lines[:len(lines)-1]
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.String() + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
