//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	head "github.com/proxy-engine/proxy-engine/loadtest/headline"
)

// headline measures the published figures. Unless it is told where a proxy
// runs, it starts proxy-engine itself.
func headline(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("loadtest headline", flag.ContinueOnError)
	var shared common
	shared.define(f)
	sessions := f.Int("sessions", head.Original.Sessions, "sessions to hold; fewer if the machine has no room")
	ramp := f.Int("ramp", 8000, "sessions opened per second")
	duration := f.Duration("duration", 10*time.Second, "how long the connection rate is measured")
	engine := f.String("proxy-engine", "", "`BINARY` to start; the one beside this program, or in PATH, if empty")
	if err := parse(f, args); err != nil {
		return err
	}
	settings, err := shared.settings()
	if err := errors.Join(err, checkPage(shared.html)); err != nil {
		return usageError{err}
	}
	h := head.Headline{Common: settings, Sessions: *sessions, Ramp: *ramp, Duration: *duration}
	if h.Loadtest, h.ProxyEngine, err = binaries(*engine); err != nil {
		return err
	}
	runtime.GOMAXPROCS(procsFor(settings.Loops))
	end := shared.showProgress(&h.Common)
	r, err := h.Run(ctx)
	end()
	if err != nil {
		return err
	}
	if err := errors.Join(write(r, shared.json, out), writePage(r.Hold, shared.html)); err != nil {
		return err
	}
	if r.Failed() {
		return errFailed
	}
	return nil
}

// binaries finds this program and proxy-engine.
func binaries(engine string) (self, proxy string, err error) {
	if self, err = os.Executable(); err != nil || engine != "" {
		return self, engine, err
	}
	const name = "proxy-engine"
	if proxy, err = exec.LookPath(filepath.Join(filepath.Dir(self), name)); err == nil {
		return self, proxy, nil
	}
	if proxy, err = exec.LookPath(name); err != nil {
		err = fmt.Errorf("%s is neither beside this program nor in PATH: say where with --%s", name, name)
	}
	return self, proxy, err
}
