//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"syscall"
	"time"
)

const (
	// readyWithin is how long a peer may take until it accepts connections.
	readyWithin = 10 * time.Second
	// stopWithin is how long it may take to end after SIGTERM.
	stopWithin = 3 * time.Second
)

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

// ready waits until something accepts connections at addr.
func (p *process) ready(ctx context.Context, addr netip.AddrPort) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		conn, err := net.Dial("tcp", addr.String())
		if err == nil {
			return conn.Close()
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended: %s", p.command.Path, p.output.String())
		case <-ctx.Done():
			return fmt.Errorf("%s accepts no connections at %v: %w", p.command.Path, addr, err)
		case <-ticker.C:
		}
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

// freePort returns an address nobody listens at. The port lies below the
// range the kernel takes clients' ports from, so that none of them takes it
// meanwhile.
func freePort() (netip.AddrPort, error) {
	for port := 12000 + os.Getpid()%10000; port < 32000; port++ {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port)), listener.Close()
		}
	}
	return netip.AddrPort{}, errors.New("no free port below 32000")
}
