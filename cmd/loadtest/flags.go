//go:build linux

package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/proxy-engine/proxy-engine/loadtest"
	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/progress"
)

// common are the flags of every mode.
type common struct {
	targets     wordList
	allowRemote bool
	loops       int
	processes   int
	timeout     time.Duration
	pids        pidList
	sample      time.Duration
	json        bool
	html        string
	quiet       bool
}

func (c *common) define(f *flag.FlagSet) {
	f.Var(&c.targets, "target", "`ADDRESS:PORT` of the server under test (required); several, separated by commas, are used in turn")
	f.BoolVar(&c.allowRemote, "allow-remote", false, "permit targets that are not on loopback")
	f.IntVar(&c.loops, "loops", runtime.NumCPU(), "event loops of each generating process")
	f.IntVar(&c.processes, "processes", 0, "generating processes; 0: as many as the descriptor limit makes necessary")
	f.DurationVar(&c.timeout, "timeout", 10*time.Second, "longest time one exchange may take")
	f.Var(&c.pids, "pid", "process `IDS` of the server under test, separated by commas; their children count too")
	f.DurationVar(&c.sample, "sample", time.Second, "distance of the samples over time")
	f.BoolVar(&c.json, "json", false, "print the report as JSON")
	f.StringVar(&c.html, "html", "", "also write the report as a page to `FILE`")
	f.BoolVar(&c.quiet, "quiet", false, "show no progress")
}

// settings checks what the flags package can't.
func (c *common) settings() (loadtest.Common, error) {
	worker, err := workerCommand()
	if err != nil {
		return loadtest.Common{}, err
	}
	settings := loadtest.Common{
		Loops: c.loops, Processes: c.processes, Timeout: c.timeout, SampleEvery: c.sample,
		Server: measure.Processes{Roots: c.pids}, Worker: worker,
	}
	for _, text := range c.targets {
		target, err := loadtest.ParseTarget(text, c.allowRemote)
		if err != nil {
			return settings, err
		}
		settings.Targets = append(settings.Targets, target)
	}
	return settings, nil
}

// showProgress has a run show how far it is on standard error, unless it is to
// be quiet. The function returned ends the line.
func (c *common) showProgress(settings *loadtest.Common) (end func()) {
	if c.quiet {
		return func() {}
	}
	line := progress.New(os.Stderr, isTerminal(os.Stderr), func() int { return columns(os.Stderr) })
	settings.Progress = func(s progress.State) { line.Show(time.Now(), s) }
	return line.End
}

// isTerminal says whether somebody watches a file.
func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// columns is the width of a terminal.
func columns(f *os.File) int {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}

// wordList is a flag's value such as a,b; it may be given more than once.
type wordList []string

func (l *wordList) String() string { return strings.Join(*l, ",") }

// Set adds the words of the list.
func (l *wordList) Set(text string) error {
	for word := range strings.SplitSeq(text, ",") {
		*l = append(*l, strings.TrimSpace(word))
	}
	return nil
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
