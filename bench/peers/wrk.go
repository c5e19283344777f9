//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"regexp"
	"strconv"
	"time"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// wrkTool is wrk, the usual HTTP generator in C.
func wrkTool() tool {
	return tool{
		name:    "wrk",
		install: func(context.Context, string) (string, error) { return exec.LookPath("wrk") },
		version: func(binary string) []string { return []string{binary, "-v"} },
		parse:   parseWrk,
	}
}

func wrkCommand(o options, binary string, at netip.AddrPort, conns int) []string {
	return []string{
		binary, "-t", fmt.Sprint(o.threads), "-c", fmt.Sprint(conns), "-d", fmt.Sprint(seconds(o)),
		"--timeout", "10", "-H", "Host: " + httpHost, "http://" + at.String() + httpPath,
	}
}

// What wrk prints, such as
//
//	209715 requests in 2.03s, 231.86MB read
//	Socket errors: connect 0, read 1, write 0, timeout 2
//	Non-2xx or 3xx responses: 3
var (
	wrkTotal    = regexp.MustCompile(`(\d+) requests in ([\d.]+(?:us|ms|s|m|h)),`)
	wrkErrors   = regexp.MustCompile(`Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`)
	wrkRefusals = regexp.MustCompile(`Non-2xx or 3xx responses: (\d+)`)
)

func parseWrk(output string) (*report.Report, error) {
	total := wrkTotal.FindStringSubmatch(output)
	if total == nil {
		return nil, fmt.Errorf("unexpected output of wrk: %q", output)
	}
	requests, err := strconv.ParseUint(total[1], 10, 64)
	elapsed, badTime := time.ParseDuration(total[2])
	if err := errors.Join(err, badTime); err != nil {
		return nil, err
	}
	failures := sumOf(wrkErrors, output) + sumOf(wrkRefusals, output)
	return counted("wrk", requests, failures, elapsed)
}

// sumOf adds up the numbers of a line, if it is there.
func sumOf(line *regexp.Regexp, output string) uint64 {
	var sum uint64
	for i, text := range line.FindStringSubmatch(output) {
		if i > 0 {
			n, _ := strconv.ParseUint(text, 10, 64) // digits
			sum += n
		}
	}
	return sum
}
