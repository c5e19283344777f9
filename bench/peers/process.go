//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"syscall"
	"time"
)

// stopWithin is how long a process may take to end after SIGTERM.
const stopWithin = 3 * time.Second

// process is one this program started; with its children it forms a process
// group of its own.
type process struct {
	command *exec.Cmd
	output  bytes.Buffer // read only after done is closed
	done    chan struct{}
}

func start(words []string) (*process, error) {
	p := &process{command: exec.Command(words[0], words[1:]...), done: make(chan struct{})}
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
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

func (p *process) pid() int { return p.command.Process.Pid }

// ended returns nil while the process runs, and then an error with its words.
func (p *process) ended() error {
	select {
	case <-p.done:
		return fmt.Errorf("%s ended: %s", p.command.Path, p.output.String())
	default:
		return nil
	}
}

// stop ends the process and its group, politely first.
func (p *process) stop() {
	_ = p.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(stopWithin):
	}
	_ = syscall.Kill(-p.pid(), syscall.SIGKILL)
	<-p.done
}
