//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// loadtestWords is the command that measures a row against a server.
func loadtestWords(binary string, r row, o options, at server) []string {
	words := append([]string{binary}, r.load(o)...)
	words = append(words, "--target", at.addr().String(), "--loops", fmt.Sprint(o.threads))
	if ids := at.pids(); len(ids) > 0 {
		words = append(words, "--pid", strings.Trim(strings.ReplaceAll(fmt.Sprint(ids), " ", ","), "[]"))
	}
	return append(words, "--json", "--quiet")
}

// runLoadtest runs our generator. That sessions failed is in the report; an error
// means that there is none.
func runLoadtest(ctx context.Context, words []string) (*report.Report, error) {
	out, err := output(ctx, words)
	var r report.Report
	if json.Unmarshal([]byte(out), &r) != nil {
		return nil, fmt.Errorf("loadtest: %w", err)
	}
	if r.Interrupted {
		return nil, errors.New("loadtest was interrupted")
	}
	return &r, nil
}

// run runs the tool. As with loadtest, it may have something to report though
// it failed.
func (t tool) run(ctx context.Context, words []string) (*report.Report, error) {
	out, err := output(ctx, words)
	r, badOutput := t.parse(out)
	if badOutput != nil {
		return nil, errors.Join(err, badOutput)
	}
	return r, nil
}

// output returns what a command prints, and its error with what it complains
// of.
func output(ctx context.Context, words []string) (string, error) {
	command := exec.CommandContext(ctx, words[0], words[1:]...)
	var problems bytes.Buffer
	command.Stderr = &problems
	out, err := command.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, strings.TrimSpace(problems.String()))
	}
	return string(out), err
}
