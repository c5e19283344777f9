package smtptest

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxy-engine/proxy-engine/engine/enginetest"
)

// python is Debian's own, whatever comes first in PATH.
const python = "/usr/bin/python3"

// tryRun runs a program to its end and returns what it printed. Whether it
// failed is for the caller to judge.
func tryRun(t testing.TB, program string, args ...string) (printed string, failed error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*enginetest.Patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("%s: %v: %s", program, err, out)
	}
	return strings.TrimSpace(string(out)), err
}

// run is tryRun for what must succeed.
func run(t testing.TB, program string, args ...string) string {
	t.Helper()
	out, err := tryRun(t, program, args...)
	if err != nil {
		t.Fatalf("%s: %v: %s", program, err, out)
	}
	return out
}

// smtplib sends a message; see send.py.
func smtplib(t testing.TB, p *proxy, ehlo, settings string, recipients ...string) string {
	t.Helper()
	args := []string{filepath.Join("testdata", "python", "send.py"), p.port(), p.ca, ehlo, settings}
	return run(t, python, append(args, recipients...)...)
}

// nodemailer sends two messages; see send.js.
func nodemailer(t testing.TB, p *proxy, ehlo, settings, recipient string) string {
	t.Helper()
	return run(t, "node", filepath.Join("testdata", "node", "send.js"), p.port(), p.ca, ehlo, settings, recipient)
}

// swaks sends a message.
func swaks(t testing.TB, p *proxy, ehlo, recipient string, more ...string) string {
	t.Helper()
	return run(t, "swaks", append(swaksArgs(p, ehlo, recipient), more...)...)
}

func swaksArgs(p *proxy, ehlo, recipient string) []string {
	return []string{
		"--server", "127.0.0.1", "--port", p.port(), "--ehlo", ehlo, "--to", recipient,
		"--from", "swaks@shop.example", "--body", ".\nby swaks\n..\n.",
		"--header", "Message-Id: <swaks@shop.example>",
	}
}

// source sends many messages by sessions sessions at once.
func source(t testing.TB, p *proxy, sessions, messages, ehlo, recipient string) {
	t.Helper()
	run(t, "smtp-source", "-s", sessions, "-m", messages, "-l", "4000", "-f", "source@shop.example",
		"-t", recipient, "-M", ehlo, "inet:"+p.Address())
}
