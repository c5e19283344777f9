//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"

	"github.com/proxy-engine/proxy-engine/loadtest/report"
)

// generate runs loadtest. That sessions failed is in the report; an error
// means that there is none.
func generate(ctx context.Context, words []string) (*report.Report, error) {
	command := exec.CommandContext(ctx, words[0], words[1:]...)
	var problems bytes.Buffer
	command.Stderr = &problems
	out, err := command.Output()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var r report.Report
	if json.Unmarshal(out, &r) != nil {
		return nil, fmt.Errorf("loadtest: %w: %s", err, problems.String())
	}
	return &r, nil
}
