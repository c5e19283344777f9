//go:build linux

// Package program runs the programs of a load test: servers under test and
// backends.
package program

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

const (
	// readyWithin is how long a program may take until it accepts connections.
	readyWithin = 10 * time.Second
	// readyEvery is the distance of tries.
	readyEvery = 10 * time.Millisecond
	// stopWithin is how long it may take to end after SIGTERM.
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

// Ready waits until somebody accepts connections at addr. It fails if the
// program ends, takes too long, or ctx ends.
func (p *Program) Ready(ctx context.Context, addr netip.AddrPort) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	ticker := time.NewTicker(readyEvery)
	defer ticker.Stop()
	for {
		conn, err := net.Dial("tcp", addr.String())
		if err == nil {
			return conn.Close()
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended: %s", p.command.Path, p.output.kept)
		case <-ctx.Done():
			return fmt.Errorf("%s accepts no connections at %v: %w", p.command.Path, addr, err)
		case <-ticker.C:
		}
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
