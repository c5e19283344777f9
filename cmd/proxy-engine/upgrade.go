package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// upgrader has a new process of the same program, as it is on disk by now, take over from
// this one: with the same arguments and environment and all sockets that are listened at, so that
// no client finds a door closed.
//
// It is code of our own, for tableflip holds duplicates of the sockets that it can't let go
// of (one whose listener a reload has closed would go on letting clients in, to
// nobody), starts no second process while a predecessor drains, for hours maybe, and
// can't change the environment, of which systemd's part is this process's alone.
type upgrader struct {
	log *slog.Logger
	// sockets returns those that are listened at, which are the caller's to close.
	sockets func() (*belongings, error)
	// replaced is called when a process, whose id it is told, has taken over.
	replaced func(pid int)
	busy     atomic.Bool // for good once replaced
}

// begin starts an upgrade, unless there is one. It is given up when ctx is done before the new
// process is ready, or after timeout.
func (u *upgrader) begin(ctx context.Context, timeout time.Duration) {
	if ctx.Err() != nil {
		u.log.Warn("no upgrade", "cause", context.Cause(ctx))
		return
	}
	if !u.busy.CompareAndSwap(false, true) {
		u.log.Warn("no upgrade: there is one already")
		return
	}
	go func() {
		u.log.Info("upgrading", "timeout", timeout)
		ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("it wasn't ready within %v", timeout))
		defer cancel()
		err := u.run(ctx)
		switch {
		case err == errEnding:
			u.log.Warn("no upgrade", "cause", err)
		case err != nil:
			u.busy.Store(false)
			u.log.Error("no upgrade: this process goes on", "cause", err)
		}
	}()
}

// run starts the new process and waits until it is ready.
func (u *upgrader) run(ctx context.Context) error {
	if os.Getpid() == 1 {
		return errors.New("this is process 1, with which the container ends: start a new container instead")
	}
	s, err := u.start()
	if err != nil {
		return err
	}
	if err := s.awaitReady(ctx); err != nil {
		return err
	}
	u.log.Info("upgraded: the new process lets clients in", "pid", s.cmd.Process.Pid)
	u.replaced(s.cmd.Process.Pid)
	if err := <-s.ended; err != nil {
		u.log.Error("the new process has ended", "cause", err)
	}
	return nil
}

// belongings are what a process leaves to the next: listeners' sockets, named as they are, and
// that of operators, nil for none.
type belongings struct {
	clients     []*os.File
	operators   *os.File
	address     string // --admin
	systemdPath bool   // a unix socket's path is systemd's to remove
}

// files says which are given in which order, behind the one that the new process tells when
// clients can come.
func (b *belongings) files(told *os.File) (*handOver, []*os.File) {
	given := &handOver{From: os.Getpid(), SystemdPath: b.systemdPath, Clients: make(map[string]int)}
	all := []*os.File{told}
	if b.operators != nil {
		given.Operators, all = b.address, append(all, b.operators)
	}
	slices.SortStableFunc(b.clients, func(a, b *os.File) int { return strings.Compare(a.Name(), b.Name()) })
	for _, f := range b.clients {
		given.Clients[f.Name()]++
	}
	return given, append(all, b.clients...)
}

func (b *belongings) close() {
	for _, f := range append(b.clients, b.operators) {
		_ = f.Close() // nil says so itself
	}
}

// successor is a process that is to take over.
type successor struct {
	cmd   *exec.Cmd
	ready *os.File
	ended chan error // has its end
}

// start starts a successor with all sockets.
func (u *upgrader) start() (*successor, error) {
	mine, err := u.sockets()
	if err != nil {
		return nil, err
	}
	defer mine.close()
	ready, told, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer told.Close()
	cmd, err := successorCommand(mine.files(told))
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		_ = ready.Close()
		return nil, err
	}
	s := &successor{cmd, ready, make(chan error, 1)}
	go func() { s.ended <- cmd.Wait() }()
	return s, nil
}

// successorCommand is that of a process like this one, which is given the files.
func successorCommand(given *handOver, files []*os.File) (*exec.Cmd, error) {
	text, err := json.Marshal(given)
	if err != nil {
		return nil, err
	}
	path, err := exec.LookPath(os.Args[0])
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path)
	cmd.Args = os.Args
	cmd.Env = append(environment(), handOverVariable+"="+string(text))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.ExtraFiles = files
	return cmd, nil
}

// environment is this process's, but for what systemd says to it alone.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, "WATCHDOG_PID=") })
}

// awaitReady waits until the process says that clients can come. If it fails, the process has
// ended.
func (s *successor) awaitReady(ctx context.Context) error {
	defer s.ready.Close()
	told := make(chan error, 1)
	go func() {
		_, err := s.ready.Read(make([]byte, 1))
		told <- err
	}()
	select {
	case err := <-told:
		if err == nil && ctx.Err() == nil {
			return nil
		}
	case <-ctx.Done():
	}
	_ = s.cmd.Process.Kill() // or it has ended by itself
	ended := <-s.ended
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if ended == nil {
		return errors.New("the new process has ended, with exit status 0, before clients could come")
	}
	return fmt.Errorf("the new process: %w", ended)
}
