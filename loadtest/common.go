package loadtest

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/progress"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
	"github.com/proxy-engine/proxy-engine/loadtest/secure"
)

// Common are the settings of every mode.
type Common struct {
	// Targets are where to connect, in turn; see ParseTarget.
	Targets []netip.AddrPort
	// Loops is the number of event loops of each process; at least one is run.
	Loops int
	// Processes is the number of generating processes. 0 means this one alone
	// or, if it may not open enough descriptors, as many workers as it takes.
	Processes int
	// Timeout bounds each exchange, the connect and the handshake included.
	Timeout time.Duration
	// TLS is how the target is spoken to; nil in the clear.
	TLS *secure.Settings
	// Server is the server under test; without Roots it isn't measured.
	Server measure.Processes
	// SampleEvery is the distance of the report's samples over time; 0 means a
	// second.
	SampleEvery time.Duration

	// Worker is the command of a worker process, which must call ServeWorker.
	// Without it everything runs in this process.
	Worker []string `json:"-"`
	// Progress, if set, is told how far the run is a few times a second, one
	// call at a time.
	Progress func(progress.State) `json:"-"`
}

func (c *Common) common() *Common { return c }

func (c *Common) check() error {
	var problems []error
	if len(c.Targets) == 0 {
		problems = append(problems, errors.New("no target"))
	}
	for _, target := range c.Targets {
		if !target.IsValid() {
			problems = append(problems, errors.New("a target without address"))
		}
	}
	if c.Timeout <= 0 {
		problems = append(problems, fmt.Errorf("timeout %v: want more than 0", c.Timeout))
	}
	if c.TLS != nil {
		problems = append(problems, c.TLS.Check())
	}
	return errors.Join(append(problems, atLeast("processes", c.Processes, 0), atLeast("sample", c.SampleEvery, 0))...)
}

// targets names the targets for the report.
func (c *Common) targets() string {
	var words []string
	for _, target := range c.Targets {
		words = append(words, target.String())
	}
	return strings.Join(words, ",")
}

func (c *Common) settings(of ...report.Setting) []report.Setting {
	if len(c.Server.Roots) > 0 {
		of = append(of, setting("pid", joinInts(c.Server.Roots)))
	}
	if c.TLS != nil {
		of = append(of, setting("tls", c.TLS))
	}
	return append(of, setting("loops", c.Loops), setting("timeout", c.Timeout))
}

func setting(name string, value any) report.Setting {
	return report.Setting{Name: name, Value: fmt.Sprint(value)}
}

func joinInts(ns []int) string {
	var words []string
	for _, n := range ns {
		words = append(words, strconv.Itoa(n))
	}
	return strings.Join(words, ",")
}

// share returns the i-th of parts nearly equal parts of n.
func share(n, parts, i int) int { return n*(i+1)/parts - n*i/parts }

// atLeast reports an option below its smallest value.
func atLeast[T cmp.Ordered](name string, value, smallest T) error {
	if value < smallest {
		return fmt.Errorf("%s %v: want at least %v", name, value, smallest)
	}
	return nil
}
