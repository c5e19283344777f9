//go:build linux

package main

import (
	"flag"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest"
	"github.com/proxy-engine/proxy-engine/loadtest/measure"
)

// common are the flags of every mode.
type common struct {
	target      string
	allowRemote bool
	loops       int
	timeout     time.Duration
	pids        pidList
	json        bool
}

func (c *common) define(f *flag.FlagSet) {
	f.StringVar(&c.target, "target", "", "`ADDRESS:PORT` of the server under test (required)")
	f.BoolVar(&c.allowRemote, "allow-remote", false, "permit targets that are not on loopback")
	f.IntVar(&c.loops, "loops", runtime.NumCPU(), "event loops of the generator")
	f.DurationVar(&c.timeout, "timeout", 10*time.Second, "longest time one exchange may take")
	f.Var(&c.pids, "pid", "process `IDS` of the server under test, separated by commas; their children count too")
	f.BoolVar(&c.json, "json", false, "print the report as JSON")
}

// settings checks what the flags package can't.
func (c *common) settings() (loadtest.Common, error) {
	target, err := loadtest.ParseTarget(c.target, c.allowRemote)
	return loadtest.Common{
		Target: target, Loops: c.loops, Timeout: c.timeout,
		Server: measure.Processes{Roots: c.pids},
	}, err
}

// pidList is a flag's value such as 12,34; it may be given more than once.
type pidList []int

func (p *pidList) String() string { return strings.Trim(fmt.Sprint([]int(*p)), "[]") }

// Set adds the ids of the list.
func (p *pidList) Set(text string) error {
	for word := range strings.SplitSeq(text, ",") {
		pid, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || pid <= 0 {
			return fmt.Errorf("%q is no process id", word)
		}
		*p = append(*p, pid)
	}
	return nil
}
