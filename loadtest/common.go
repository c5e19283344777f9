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
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// Common are the settings of every mode.
type Common struct {
	// Target is where to connect; see ParseTarget.
	Target netip.AddrPort
	// Loops is the number of event loops; at least one is run.
	Loops int
	// Timeout bounds each exchange, the connect included.
	Timeout time.Duration
	// Server is the server under test; without Roots it isn't measured.
	Server measure.Processes
}

func (c Common) check() error {
	var problems []error
	if !c.Target.IsValid() {
		problems = append(problems, errors.New("no target"))
	}
	if c.Timeout <= 0 {
		problems = append(problems, fmt.Errorf("timeout %v: want more than 0", c.Timeout))
	}
	return errors.Join(problems...)
}

// loops returns how many of the loops have something to do, of n sessions.
func (c Common) loops(n int) int { return max(min(c.Loops, n), 1) }

func (c Common) settings(of ...report.Setting) []report.Setting {
	if len(c.Server.Roots) > 0 {
		of = append(of, report.Setting{Name: "pid", Value: joinInts(c.Server.Roots)})
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
