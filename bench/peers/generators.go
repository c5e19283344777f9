//go:build linux

package main

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/measure"
	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// ours is the name of our generator where it is compared with others.
const ours = "loadtest"

// tool is a load generator that isn't ours.
type tool struct {
	name string
	// install returns the path of its binary: it finds it, or makes it in a
	// folder.
	install func(ctx context.Context, dir string) (string, error)
	// version is the command that prints it, given the binary.
	version func(binary string) []string
	// parse reads what it prints.
	parse func(output string) (*report.Report, error)
}

// rival is a tool with a command line that does what our generator does in the
// same row.
type rival struct {
	tool
	command func(o options, binary string, at netip.AddrPort) []string
}

func generatorRows() []row {
	const conns = 50
	return []row{
		{
			id: "gen-rr", title: "1 KiB, 50 connections", workload: workGenerators, backend: backendEcho,
			load:    wholeSeconds(timed("rr", conns, "--payload", "1KiB")),
			metrics: []metric{rateOf("operations")}, takes: generatorTakes,
			rival: &rival{epollTool(), func(o options, binary string, at netip.AddrPort) []string {
				return epollCommand(o, binary, at, conns, 1024)
			}},
		},
		{
			id: "gen-http", title: "HTTP keep-alive, 1 KiB, 50 connections", workload: workGenerators, backend: backendHTTP,
			// wrk looks at no more than the status.
			load:    wholeSeconds(timed("http", conns, requestWords("status")...)),
			metrics: []metric{rateOf("requests")}, takes: generatorTakes,
			rival: &rival{wrkTool(), func(o options, binary string, at netip.AddrPort) []string {
				return wrkCommand(o, binary, at, conns)
			}},
		},
	}
}

// wholeSeconds measures for whole seconds: wrk can't do otherwise.
func wholeSeconds(load func(options) []string) func(options) []string {
	return func(o options) []string {
		o.duration = time.Duration(seconds(o)) * time.Second
		return load(o)
	}
}

// seconds is the measured time, rounded up.
func seconds(o options) int { return int((o.duration + time.Second - 1) / time.Second) }

func generatorTakes(o options) time.Duration {
	return o.warmUp() + time.Duration(seconds(o))*time.Second
}

// counted is the report of a tool, which tells no more than that: how many
// operations it completed in which time, and how many connections failed.
func counted(mode string, operations, failures uint64, elapsed time.Duration) (*report.Report, error) {
	if operations == 0 || elapsed <= 0 {
		return nil, fmt.Errorf("%s: %d operations in %v", mode, operations, elapsed)
	}
	r := &report.Report{Mode: mode, Elapsed: elapsed, Counts: report.Counts{Operations: operations}}
	r.Failures[measure.Other] = failures
	return r, nil
}
