//go:build linux

// Package program runs the programs of a load test: servers under test and
// backends.
package program

import (
	"bytes"
	"fmt"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

const (
	// stopWithin is how long a program may take to end after SIGTERM.
	stopWithin = 5 * time.Second
	// keptOutput is how much of its output is kept, for the error if it ends.
	keptOutput = 64 << 10
)

// Program is a process this one has started. With its children it forms a
// process group of its own, out of the terminal's reach: Ctrl-C is for us.
type Program struct {
	command *exec.Cmd
	output  tail          // read only after done is closed
	done    chan struct{} // closed when it has ended
}

// Start starts a command. The caller ends it with Stop.
func Start(words ...string) (*Program, error) {
	p := &Program{command: exec.Command(words[0], words[1:]...), done: make(chan struct{})}
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// Its children may hold its output open longer than it lives.
	p.command.WaitDelay = stopWithin
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.command.Wait()
		close(p.done)
	}()
	return p, nil
}

// PID returns its process id.
func (p *Program) PID() int { return p.command.Process.Pid }

// Ended returns nil while the program runs, and then an error with the end of
// what it has printed.
func (p *Program) Ended() error {
	select {
	case <-p.done:
		return fmt.Errorf("%s ended: %s", p.command.Path, p.output.kept)
	default:
		return nil
	}
}

// Stop ends the program and its group, politely first.
func (p *Program) Stop() {
	_ = p.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(stopWithin):
	}
	_ = syscall.Kill(-p.PID(), syscall.SIGKILL)
	<-p.done
}

// tail keeps the end of what is written to it.
type tail struct{ kept []byte }

func (t *tail) Write(b []byte) (int, error) {
	t.kept = append(t.kept, b...)
	if over := len(t.kept) - keptOutput; over > 0 {
		t.kept = bytes.Clone(t.kept[over:])
	}
	return len(b), nil
}

// StopAll stops programs at the same time, and waits for all.
func StopAll(programs []*Program) {
	var group sync.WaitGroup
	for _, p := range programs {
		group.Go(p.Stop)
	}
	group.Wait()
}
