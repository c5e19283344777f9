//go:build linux

package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// machine describes what the results were measured on.
func machine() string {
	return fmt.Sprintf("Linux %s, %d x %s, %s, %s",
		firstLine("/proc/sys/kernel/osrelease"), runtime.NumCPU(),
		after("/proc/cpuinfo", "model name"), memory(), runtime.Version())
}

func memory() string {
	var kib uint64
	_, _ = fmt.Sscan(after("/proc/meminfo", "MemTotal"), &kib)
	return fmt.Sprintf("%.0f GiB", float64(kib)/(1<<20))
}

// loadAverage is the average of the last minute: what else the machine does
// shows in it.
func loadAverage() string {
	one, _, _ := strings.Cut(firstLine("/proc/loadavg"), " ")
	return one
}

func firstLine(path string) string {
	text, _ := os.ReadFile(path)
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

// after returns what follows "label :" in a file of such lines.
func after(path, label string) string {
	text, _ := os.ReadFile(path)
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(line, ":")
		if ok && strings.TrimSpace(name) == label {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
